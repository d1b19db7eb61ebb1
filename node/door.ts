/** The door cls-flow/node: the room behind rules for its arguments. */
import {
  bytes,
  callback,
  checked,
  checkedClass,
  made,
  members,
  oneOf,
  optional,
  orNull,
  path,
  whole,
  yesOrNo,
} from '../src/argument.ts';
import * as room from './index.ts';

export * from './index.ts';

export const CaptureFile = checkedClass(room.CaptureFile, {
  path,
  options: optional(members({ room: optional(bytes), split: optional(callback) })),
});
export const ExistsError = checkedClass(room.ExistsError, { path });
export const WriteError = checkedClass(room.WriteError, { path, reason: made(Error), left: oneOf('old', 'part') });
export const FileSource = checkedClass(room.FileSource, { path, splitter: optional(orNull(callback)) });
export const openFile = checked(room.openFile, { path });
export const readFrames = checked(room.readFrames, { path, onFrame: callback, onBatch: optional(callback) });
export const writeAtomically = checked(room.writeAtomically, {
  path,
  produce: callback,
  options: optional(members({ isNew: optional(yesOrNo), mode: optional(whole(0, 0o7777)) })),
});
