/** The door cls-flow/flow: the room behind rules for its arguments. */
import {
  bytes,
  callback,
  checked,
  checkedClass,
  giving,
  members,
  numbers,
  optional,
  orNull,
  text,
  whole,
  word16,
  word32,
  yesOrNo,
} from '../argument.ts';
import * as room from '../sched/flow/index.ts';
import {
  aFlowFilter,
  aKey,
  anEnv,
  anEra,
  aPacket,
  arithmetic,
  flowKeys,
  flowOptions,
  flowParts,
  known,
  printer,
  spec,
  words,
  writer,
} from './values.ts';

export * from '../sched/flow/index.ts';

const aSettling = members({
  env: anEnv,
  qdisc: word32,
  sharedBlock: yesOrNo,
  userNamespace: yesOrNo,
  build: callback,
  stream: word32,
  hashrnd: optional(word32),
});
const aBuilt = members({ match: callback, act: callback });

export const FlowClassifier = checkedClass(room.FlowClassifier, { env: anEnv });
export const classExactness = checked(room.classExactness, {
  filter: aFlowFilter,
  packet: aPacket,
  keys: flowKeys,
  env: anEnv,
  known,
});
export const classRests = checked(room.classRests, {
  filter: aFlowFilter,
  packet: aPacket,
  keys: flowKeys,
  env: anEnv,
  given: word32,
});
export const classid = checked(room.classid, { filter: arithmetic, keys: numbers });
export const divide = checked(room.divide, { filter: arithmetic, value: word32 });
export const dumpFlow = checked(room.dumpFlow, { options: flowOptions, w: writer });
export const flowPayload = checked(room.flowPayload, { spec, parts: optional(flowParts) });
export const hostRule = checked(room.hostRule, { mask: word32 });
export const keyExactness = checked(room.keyExactness, {
  key: aKey,
  packet: aPacket,
  keys: flowKeys,
  env: anEnv,
  known,
});
export const keyMask = checked(room.keyMask, { key: aKey });
export const keySource = checked(room.keySource, { key: aKey, packet: aPacket, keys: flowKeys, era: anEra });
export const keysOf = checked(room.keysOf, { mask: word32 });
export const knownBits = checked(room.knownBits, { known });
export const mapLine = checked(room.mapLine, { filter: arithmetic, key: word32 });
export const optionsOf = checked(room.optionsOf, { filter: aFlowFilter, hz: whole(1, 1_000_000) });
export const parseFlowHandle = checked(room.parseFlowHandle, { text });
export const parseFlowOptions = checked(room.parseFlowOptions, { spec, parts: optional(flowParts) });
export const placeInClass = checked(room.placeInClass, { filter: arithmetic, value: word32 });
export const printFlow = checked(room.printFlow, {
  handle: word32,
  options: flowOptions,
  out: printer,
  parts: optional(flowParts),
});
export const readFlowOptions = checked(room.readFlowOptions, { payload: bytes, checkShift: yesOrNo });
export const readKey = checked(room.readKey, { key: aKey, packet: aPacket, keys: flowKeys, era: anEra });
export const settle: typeof room.settle = (old, handle, options, place) => {
  orNull(aFlowFilter)(old, 'old');
  word32(handle, 'handle');
  flowOptions(options, 'options');
  aSettling(place, 'place');
  return room.settle(old, handle, options, { ...place, build: giving(place.build, aBuilt, 'place.build') });
};
export const speakFlow = checked(room.speakFlow, { words, w: writer, parts: optional(flowParts) });
export const takePart = checked(room.takePart, { words, w: writer, type: word16, part: members({ speak: callback }) });
