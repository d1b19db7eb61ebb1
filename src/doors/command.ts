/** The door cls-flow/command: the room behind rules for its arguments. */
import {
  callback,
  checked,
  count,
  giving,
  listOf,
  members,
  object,
  oneOf,
  optional,
  text,
  whole,
  word32,
  yesOrNo,
} from '../argument.ts';
import * as room from '../command/index.ts';
import { aMessage, aNetns, aTransport, words } from './values.ts';

export * from '../command/index.ts';

const queues = whole(1, 0xffff);
const anOnlooker = members({
  txQueues: optional(queues),
  watch: optional(members({ refused: optional(callback), made: optional(callback) })),
  created: optional(callback),
  sent: optional(callback),
});
const aRun = members({
  transport: aTransport,
  readBatch: optional(callback),
  seq: optional(count),
  modelledOnly: optional(yesOrNo),
  oldJson: optional(yesOrNo),
  misunderstood: optional(callback),
});
const aLine = members({ words: listOf(text) });
const aTrial = members({ run: callback, assume: callback });

export const buildsNothing = checked(room.buildsNothing, { words: listOf(text) });
export const countOptions = checked(room.countOptions, { args: listOf(text) });
export const describeMessage = checked(room.describeMessage, { message: aMessage });
export const emptySelector = checked(room.emptySelector, { protocol: word32 });
export const emulated = checked(room.emulated, { netns: aNetns, onlooker: optional(anOnlooker) });
export const endsCommand = checked(room.endsCommand, { word: text });
export const isDeviceName = checked(room.isDeviceName, { name: text });
export const judge = checked(room.judge, { netns: aNetns, onlooker: optional(anOnlooker) });
export const kindOf = checked(room.kindOf, { text });
export const listedCommands = checked(room.listedCommands, {
  text,
  kind: oneOf('dump', 'listing'),
  nameless: optional(text),
});
export const listingOf: typeof room.listingOf = (shown, device) => {
  callback(shown, 'shown');
  text(device, 'device');
  return room.listingOf(giving(shown, text, 'shown'), device);
};
export const makeDevice = checked(room.makeDevice, {
  netns: aNetns,
  device: members({ name: text, txQueues: optional(queues) }),
  ifindex: optional(word32),
});
export const namespaceOption = checked(room.namespaceOption, { args: listOf(text) });
export const onlyLists = checked(room.onlyLists, { words: listOf(text) });
export const runAssumed: typeof room.runAssumed = (lines, fresh) => {
  listOf(aLine)(lines, 'lines');
  callback(fresh, 'fresh');
  return room.runAssumed(lines, giving(fresh, aTrial, 'fresh'));
};
export const runScript = checked(room.runScript, { text, transport: aTransport });
export const runTc = checked(room.runTc, { args: listOf(text), run: aRun });
const aReading = members({ nameless: optional(text) });
export const scriptLines = checked(room.scriptLines, { text, reading: optional(aReading) });
export const setUpScript: typeof room.setUpScript = (script, fresh, onlooker, reading) => {
  text(script, 'text');
  callback(fresh, 'fresh');
  optional(anOnlooker)(onlooker, 'onlooker');
  optional(aReading)(reading, 'reading');
  return room.setUpScript(script, giving(fresh, aNetns, 'fresh'), onlooker, reading);
};
export const wordsAt = checked(room.wordsAt, { words: listOf(text), index: count });
export const takeSelectors = checked(room.takeSelectors, {
  words,
  selector: object,
  texts: members({ parent: text, preference: text, maxPreference: count, exclusive: callback }),
});
