import { decode } from '../../netlink/index.ts';
import { actionPart, policePart } from '../action/index.ts';
import { matchPart } from '../ematch/index.ts';
import { FLOW, type FlowParts, parseFlowHandle, printFlow, speakFlow } from '../flow/index.ts';
import type { ClassifierKind, Talk } from '../notation.ts';

const TCA_OPTIONS = 2;

/** What a flow filter may hold besides its own options, as this process speaks and prints it. */
export function flowParts(talk: Talk): FlowParts {
  const show = { ...talk.show, device: (ifindex: number) => talk.device(ifindex) };
  const world = {
    device: (ifindex: number) => talk.device(ifindex),
    set: (key: string | number) => talk.set(key),
    action: () => null,
  };
  return { match: matchPart(world), action: actionPart(talk, show), police: policePart(show) };
}

/** tc/f_flow.c: flow_filter_util */
export const flow: ClassifierKind = {
  kind: 'flow',
  speak(handle, words, w, talk) {
    const number = handle === null ? 0 : parseFlowHandle(handle);
    w.nest(TCA_OPTIONS, () => speakFlow(words, w, flowParts(talk)));
    return number;
  },
  print: (handle, options, out, talk) => printFlow(handle, decode(FLOW, options), out, flowParts(talk)),
};
