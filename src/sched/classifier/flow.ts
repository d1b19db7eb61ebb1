import { decode } from '../../netlink/index.ts';
import { FLOW, type FlowParts, NO_PARTS, parseFlowHandle, printFlow, speakFlow } from '../flow/index.ts';
import type { ClassifierKind } from '../notation.ts';

const TCA_OPTIONS = 2;

/** What a flow filter may hold besides its own options. */
const PARTS: FlowParts = NO_PARTS;

/** tc/f_flow.c: flow_filter_util */
export const flow: ClassifierKind = {
  kind: 'flow',
  speak(handle, words, w) {
    const number = handle === null ? 0 : parseFlowHandle(handle);
    w.nest(TCA_OPTIONS, () => speakFlow(words, w, PARTS));
    return number;
  },
  print: (handle, options, out) => printFlow(handle, decode(FLOW, options), out, PARTS),
};
