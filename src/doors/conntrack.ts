/** The door cls-flow/conntrack: the room behind rules for its arguments. */
import {
  byte,
  checked,
  checkedClass,
  count,
  iterable,
  listOf,
  made,
  members,
  numbers,
  oneOf,
  optional,
  text,
  whole,
  word16,
  word32,
  yesOrNo,
} from '../argument.ts';
import * as room from '../conntrack/index.ts';
import { aPacket, aPrefix, family, linesIn } from './values.ts';

export * from '../conntrack/index.ts';

const anAddress = members({ family, words: numbers });
const someDevices = members({ names: listOf(text), not: yesOrNo });
const aRule = members({
  kind: oneOf('snat', 'dnat', 'notrack'),
  family: optional(family),
  protocol: optional(byte),
  source: optional(aPrefix),
  sourcePort: optional(word16),
  destination: optional(aPrefix),
  destinationPort: optional(word16),
  destinationPorts: optional(listOf(word16)),
  notSource: optional(listOf(aPrefix)),
  notDestination: optional(listOf(aPrefix)),
  devices: optional(someDevices),
  inside: optional(listOf(aPrefix)),
  to: optional(anAddress),
  toBits: optional(whole(0, 128)),
  isExempt: optional(yesOrNo),
  isAssumed: optional(yesOrNo),
  toPorts: optional(listOf(word16)),
  random: optional(yesOrNo),
});
const anEntry = members({ original: made(room.Tuple), reply: made(room.Tuple), mark: word32 });
const trackerOptions = members({
  rules: optional(listOf(aRule)),
  table: optional(listOf(anEntry)),
  max: optional(whole(0, room.MAX_MAX)),
});

export const Tracker = checkedClass(room.Tracker, { options: optional(trackerOptions) });
export const hasPorts = checked(room.hasPorts, { proto: byte });
export const invert = checked(room.invert, { tuple: made(room.Tuple), into: made(room.Tuple) });
export const isFor = checked(room.isFor, { devices: someDevices, device: text });
export const isIcmp = checked(room.isIcmp, { proto: byte });
export const parseAddress = checked(room.parseAddress, { text });
export const listedEntries: typeof room.listedEntries = (lines) => {
  iterable(lines, 'lines');
  return room.listedEntries(linesIn(lines));
};
export const parseListing = checked(room.parseListing, { text });
export const parseNat = checked(room.parseNat, { text });
export const parsePrefix = checked(room.parsePrefix, { text });
export const sameTuple = checked(room.sameTuple, { a: made(room.Tuple), b: made(room.Tuple) });
const someHeaders = made(room.Headers);
export const readAddresses = checked(room.readAddresses, { headers: someHeaders, tuple: made(room.Tuple) });
export const readPacket = checked(room.readPacket, { packet: aPacket, headers: someHeaders });
export const withDevices = checked(room.withDevices, { given: listOf(aRule), made: listOf(aRule) });
export const sizesOf = checked(room.sizesOf, { width: oneOf(1, 4), entries: count });
export const transitionOf = checked(room.transitionOf, {
  kind: count,
  state: count,
  direction: oneOf(0, 1),
  replied: yesOrNo,
});
export const wordsOf = checked(room.wordsOf, { width: oneOf(1, 4) });
