/** Chains of protos: who is asked, in which order. */
export { Chain, type ChainResult, type Classifier, ETH_P_ALL, type Proto } from './chain.ts';
