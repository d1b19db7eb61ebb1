/**
 * The flow classifier (net/sched/cls_flow.c and tc's f_flow.c): keys, options in three notations, the rules of a
 * change, the arithmetic, and the life of a list of filters. Control throws KernelError or UsageError; classify() never.
 */
export { type Arithmetic, classid, divide, Mode, mapLine, placeInClass } from './classid.ts';
export { FlowClassifier, type Listener } from './classifier.ts';
export { classExactness, classRests, type Known, keyExactness, knownBits } from './exactness.ts';
export { type FlowConfig, type FlowFilter, optionsOf, type Place, settle } from './filter.ts';
export {
  ADDRESS_KEYS,
  ALL_KEYS,
  hostRule,
  KEYS,
  Key,
  type KeySource,
  keyMask,
  keySource,
  keysOf,
  NEEDS_DISSECT,
  readKey,
  TUPLE_KEYS,
} from './key.ts';
export {
  dumpFlow,
  FLOW,
  type FlowOptions,
  type FlowPart,
  type FlowParts,
  flowPayload,
  NO_PARTS,
  parseFlowHandle,
  parseFlowOptions,
  printFlow,
  readFlowOptions,
  speakFlow,
  TCA_FLOW,
  takePart,
} from './options.ts';
