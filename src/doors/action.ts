/** The door cls-flow/action: the room behind rules for its arguments. */
import {
  anything,
  bytes,
  callback,
  checked,
  checkedClass,
  count,
  listOf,
  made,
  members,
  optional,
  text,
  word32,
  yesOrNo,
} from '../argument.ts';
import * as room from '../sched/action/index.ts';
import { anEnv, aPacket, aResult, aWorld, printer, words, writer } from './values.ts';

export * from '../sched/action/index.ts';

const anAsk = members({ ifindex: callback, warn: callback });
const aShow = members({ stats: yesOrNo, details: yesOrNo, raw: yesOrNo, iec: yesOrNo, device: callback });

export const ActionTable = checkedClass(room.ActionTable, { world: aWorld, env: anEnv });
export const Bound = checkedClass(room.Bound, { instances: listOf(made(room.Instance)), police: yesOrNo });
export const Instance = checkedClass(room.Instance, {
  kind: members({ kind: text, compile: callback, scope: callback, gen: callback }),
  index: word32,
  value: anything,
  world: aWorld,
  env: anEnv,
});
export const actionPart = checked(room.actionPart, { ask: optional(anAsk), show: optional(aShow) });
export const dumpActions = checked(room.dumpActions, {
  instances: listOf(made(room.Instance)),
  w: writer,
  first: optional(count),
});
export const execActions = checked(room.execActions, {
  actions: listOf(members({ skipped: yesOrNo, run: callback })),
  packet: aPacket,
  result: aResult,
});
export const findAction = checked(room.findAction, { kind: text, is: optional(callback) });
export const policePart = checked(room.policePart, { show: optional(aShow) });
export const printActions = checked(room.printActions, {
  payload: bytes,
  out: printer,
  show: optional(aShow),
  bind: optional(yesOrNo),
});
export const speakActions = checked(room.speakActions, { words, w: writer, ask: optional(anAsk) });
