/** The door cls-flow/lint: the room behind rules for its arguments. */
import {
  checked,
  count,
  listOf,
  members,
  object,
  oneOf,
  optional,
  orNull,
  recordOf,
  text,
  yesOrNo,
} from '../argument.ts';
import * as room from '../lint/index.ts';

export * from '../lint/index.ts';

const aSeverity = oneOf(...room.SEVERITIES, 'off');

export const check = checked(room.check, {
  text,
  besides: optional(
    members({ hosts: optional(orNull(count)), txQueues: optional(count), severities: optional(recordOf(aSeverity)) }),
  ),
});
export const mended = checked(room.mended, {
  text,
  report: members({ findings: listOf(object), script: members({ dump: yesOrNo }) }),
});
export const pageOf = checked(room.pageOf, { code: text });
