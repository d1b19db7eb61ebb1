/** Chains of protos: who is asked, in which order. */
export { Block } from './block.ts';
export {
  Chain,
  type ChainResult,
  type Classifier,
  type FindChain,
  type Proto,
  type Visit,
} from './chain.ts';
