/** The door cls-flow/lint: the room behind rules for its arguments. */
import { checked, count, listOf, members, object, oneOf, optional, orNull, recordOf, text } from '../argument.ts';
import * as room from '../lint/index.ts';

export * from '../lint/index.ts';

const aSeverity = oneOf(...room.SEVERITIES, 'off');
const aBesides = optional(
  members({ hosts: optional(orNull(count)), txQueues: optional(count), severities: optional(recordOf(aSeverity)) }),
);

export const check = checked(room.check, {
  text,
  besides: aBesides,
});
export const checkSimulated = checked(room.checkSimulated, {
  simulated: members({ texts: object, commands: listOf(object), unchecked: listOf(object) }),
  besides: aBesides,
});
export const mended = checked(room.mended, {
  text,
  report: members({ findings: listOf(object) }),
  file: optional(orNull(text)),
});
export const mendedFiles = checked(room.mendedFiles, {
  report: members({ findings: listOf(object), script: members({ texts: object }) }),
});
export const pageOf = checked(room.pageOf, { code: text });
