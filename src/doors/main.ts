/** The door cls-flow: the room behind rules for its arguments. */
import {
  byte,
  bytes,
  callback,
  checked,
  checkedClass,
  finite,
  listOf,
  made,
  members,
  object,
  optional,
  orNull,
  text,
  word32,
  yesOrNo,
} from '../argument.ts';
import * as room from '../index.ts';
import {
  aClock,
  aDevice,
  aMetadata,
  aNetns,
  anEnv,
  anEra,
  aPlace,
  aSipKey,
  flowOptions,
  known,
  sets,
} from './values.ts';

export * from '../index.ts';
export { openCapture } from './capture.ts';
export { wordsAt } from './command.ts';
export { parseListing, parseNat, Tracker } from './conntrack.ts';
export { FlowClassifier, parseFlowOptions } from './flow.ts';
export { describeFrame, parseMetadata, parseValues } from './packet.ts';
export { PacketIndex, summarise } from './report.ts';

const aPlan = members({
  spec: text,
  options: flowOptions,
  payload: optional(bytes),
  hashrnd: optional(word32),
});
const runOptions = members({
  env: anEnv,
  clock: aClock,
  device: aDevice,
  filters: listOf(aPlan),
  kernel: optional(members({ netns: aNetns, place: aPlace, assumed: optional(listOf(text)) })),
  around: optional(members({ sets: optional(sets), copied: optional(callback) })),
  known,
  metadata: aMetadata,
  tracker: orNull(made(room.Tracker)),
  sharing: yesOrNo,
});

const inFile = listOf(members({ file: text }));
const aChecked = members({
  findings: listOf(members({ code: text, file: text, edits: listOf(object) })),
  notModelled: inFile,
  unchecked: inFile,
  files: inFile,
});

export const ArgumentError = checkedClass(room.ArgumentError, { field: text, message: text });
export const FormatError = checkedClass(room.FormatError, { offset: finite, message: text });
export const KernelError = checkedClass(room.KernelError, {
  errno: word32,
  extack: optional(text),
  code: optional(text),
  attribute: optional(orNull(text)),
});
export const LimitError = checkedClass(room.LimitError, { offset: finite, message: text });
export const NoPacketError = checkedClass(room.NoPacketError, { message: text });
export const QuestionError = checkedClass(room.QuestionError, {
  field: text,
  problem: text,
  options: optional(members({ word: optional(finite), hint: optional(text), reason: optional(orNull(made(Error))) })),
});
export const SourceError = checkedClass(room.SourceError, { message: text });
export const Run = checkedClass(room.Run, { options: runOptions });
export const UsageError = checkedClass(room.UsageError, {
  message: text,
  word: optional(finite),
  hint: optional(text),
  exit: optional(byte),
  code: optional(orNull(text)),
});
export const annotationsOf = checked(room.annotationsOf, { checked: aChecked });
export const classText = checked(room.classText, { classid: word32 });
export const createEnv = checked(room.createEnv, {
  options: members({
    era: anEra,
    seed: word32,
    clock: optional(aClock),
    rxhashKey: optional(aSipKey),
    foldKey: optional(aSipKey),
  }),
});
export const createPacket = checked(room.createPacket, { env: anEnv });
export const isShellScript = checked(room.isShellScript, { text });
export const planFilter = checked(room.planFilter, {
  spec: text,
  options: optional(members({ sets: optional(sets), hashrnd: optional(word32) })),
});
export const sarifOf = checked(room.sarifOf, { checked: aChecked, separator: optional(text) });
export const verdictName = checked(room.verdictName, { verdict: word32 });
