/** The door cls-flow/qdisc: the room behind rules for its arguments. */
import { checked, oneOf, text } from '../argument.ts';
import * as room from '../sched/qdisc/index.ts';

export * from '../sched/qdisc/index.ts';

export const findClass = checked(room.findClass, { kind: text });
export const findQdisc = checked(room.findQdisc, { kind: text });
export const isRetired = checked(room.isRetired, { kind: text, object: oneOf('qdisc', 'class') });
