/** The door cls-flow/qdisc: the room behind rules for its arguments. */
import { callback, checked, oneOf, optional, text } from '../argument.ts';
import * as room from '../sched/qdisc/index.ts';

export * from '../sched/qdisc/index.ts';

export const findClass = checked(room.findClass, { kind: text, is: optional(callback) });
export const findQdisc = checked(room.findQdisc, { kind: text, is: optional(callback) });
export const isHook = checked(room.isHook, { is: callback });
export const isRetired = checked(room.isRetired, {
  kind: text,
  object: oneOf('qdisc', 'class'),
  is: optional(callback),
});
