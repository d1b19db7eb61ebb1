/** The door cls-flow/replay: the room behind rules for its arguments. */
import {
  callback,
  checked,
  checkedClass,
  count,
  listOf,
  made,
  members,
  object,
  oneOf,
  optional,
  orNull,
  recordOf,
  text,
} from '../argument.ts';
import * as room from '../replay/index.ts';
import { Run } from '../run.ts';
import { aFrame } from './values.ts';

export * from '../replay/index.ts';

export const explain = checked(room.explain, { run: made(Run), frame: aFrame });
export const explainText = checked(room.explainText, {
  explanation: members({
    packet: count,
    length: count,
    captured: count,
    flow: orNull(text),
    pref: orNull(count),
    headers: listOf(object),
    filters: listOf(object),
    given: recordOf(text),
    classid: orNull(text),
    exactness: orNull(text),
    hook: text,
    era: text,
    verdict: text,
    reason: optional(orNull(text)),
    missing: optional(listOf(text)),
  }),
});
export const engineFor = checked(room.engineFor, { run: made(Run), frame: aFrame });
const wanted = oneOf('auto', 'plain', 'compiled');
export const Replay = checkedClass(room.Replay, { run: made(Run), wanted, each: optional(orNull(callback)) });
export const Replaying = checkedClass(room.Replaying, {
  run: made(Run),
  wanted,
  each: orNull(callback),
  make: orNull(callback),
});
