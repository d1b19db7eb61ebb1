/** The door cls-flow/shell: the room behind rules for its arguments. */
import { callback, checked, count, listOf, members, optional, recordOf, text, yesOrNo } from '../argument.ts';
import * as room from '../shell/index.ts';

export * from '../shell/index.ts';

const theirOptions = members({
  name: text,
  path: text,
  args: optional(listOf(text)),
  env: optional(recordOf(text)),
  files: members({ read: callback, is: callback, list: callback }),
  kernel: callback,
  textTools: callback,
  device: optional(text),
  maxSteps: optional(count),
  signal: optional(members({ aborted: yesOrNo })),
});

export const simulate = checked(room.simulate, { text, options: theirOptions });
