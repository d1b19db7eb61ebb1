/** The door cls-flow/packet: the room behind rules for its arguments. */
import {
  callback,
  checked,
  checkedClass,
  count,
  finite,
  iterable,
  made,
  members,
  numbers,
  object,
  oneOf,
  optional,
  text,
  whole,
  word32,
  yesOrNo,
} from '../argument.ts';
import * as room from '../packet/index.ts';
import { aDevice, aFrame, aMetadata, aPacket, aSipKey, flowKeys } from './values.ts';

export * from '../packet/index.ts';

const anExactness = oneOf('exact', 'assumed', 'unknowable');

export const Packet = checkedClass(room.Packet, { nullFold: optional(word32), random: optional(callback) });
export const applyMetadata = checked(room.applyMetadata, {
  metadata: aMetadata,
  number: count,
  packet: aPacket,
  keys: flowKeys,
});
export const byteAt = checked(room.byteAt, { packet: aPacket, position: whole(-0x80000000, Number.MAX_SAFE_INTEGER) });
export const describe = checked(room.describe, { text });
export const describeFrame = checked(room.describeFrame, { text });
export const dissect: typeof room.dissect = (packet, keys, options) => {
  aPacket(packet, 'packet');
  flowKeys(keys, 'keys');
  if (typeof options?.stopAtLabel !== 'boolean' || typeof options.compressedPpp !== 'boolean') {
    dissectOptions(options, 'options');
  }
  room.dissect(packet, keys, options);
};
const dissectOptions = members({ stopAtLabel: yesOrNo, compressedPpp: yesOrNo });
export const dissectSeed = checked(room.dissectSeed, { packet: aPacket, keys: flowKeys });
export const enter = checked(room.enter, { frame: aFrame, packet: made(room.Packet), device: aDevice });
export const exactnessOf = checked(room.exactnessOf, { rests: word32 });
export const flowText = checked(room.flowText, { protocol: count, ports: word32, source: text, destination: text });
export const foldAddress = checked(room.foldAddress, { words: numbers, from: count });
const aHook = oneOf(...room.HOOKS);
export const hasConnection = checked(room.hasConnection, { hook: aHook });
export const toldByFrame = checked(room.toldByFrame, { hook: aHook });
export const hookRowOf = checked(room.hookRowOf, { key: text });
export const hasSpi = checked(room.hasSpi, { protocol: count });
export const innerProtocol = checked(room.innerProtocol, { packet: aPacket });
export const inputNames = checked(room.inputNames, { rests: word32 });
export const ipProtocol = checked(room.ipProtocol, { word: text });
export const ipProtocolName = checked(room.ipProtocolName, { protocol: count });
export const isReadable = checked(room.isReadable, {
  packet: aPacket,
  position: finite,
  length: finite,
  reader: optional(whole(0, 7)),
});
export const isVlan = checked(room.isVlan, { type: word32 });
export const layerStart = checked(room.layerStart, { packet: aPacket, layer: count });
export const leave = checked(room.leave, { packet: aPacket, frame: aFrame, direction: oneOf('egress', 'ingress') });
export const missingOf = checked(room.missingOf, { counts: made(Map) });
export const missingText = checked(room.missingText, {
  missing: members({ input: text, packets: count }),
  readBy: numbers,
  byRules: optional(yesOrNo),
});
export const outerProtocol = checked(room.outerProtocol, { packet: aPacket });
export const parseMetadata = checked(room.parseMetadata, { objects: iterable });
export const parseValues = checked(room.parseValues, { values: object });
export const portsText = checked(room.portsText, { protocol: count, ports: word32 });
export const readsLinear = checked(room.readsLinear, { packet: aPacket, position: finite, length: finite });
export const rxhash = checked(room.rxhash, { keys: flowKeys, key: aSipKey });
export const rxhashSeed = checked(room.rxhashSeed, { keys: flowKeys, dissected: yesOrNo, secret: word32 });
export const weaker = checked(room.weaker, { a: anExactness, b: anExactness });
