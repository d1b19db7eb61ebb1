/** The door cls-flow/netlink: the room behind rules for its arguments. */
import {
  anything,
  bytes,
  callback,
  checked,
  checkedClass,
  checkPart,
  count,
  iterable,
  listOf,
  members,
  object,
  optional,
  orNull,
  type Rule,
  recordOf,
  text,
  whole,
  word16,
  word32,
} from '../argument.ts';
import { ArgumentError } from '../errors.ts';
import * as room from '../netlink/index.ts';
import { aCodec, aMessage, fixedCodec, printer, writer } from './values.ts';

export * from '../netlink/index.ts';

/** The number of an attribute and its codec. */
const aRow: Rule = (value, field) => {
  listOf(anything)(value, field);
  const [number, codec] = value as readonly unknown[];
  word16(number, `${field}[0]`);
  aCodec(codec, `${field}[1]`);
};

export const AttrReader = checkedClass(room.AttrReader, { data: bytes, at: optional(count), end: optional(count) });
export const ackMessage = checked(room.ackMessage, { request: aMessage, errno: word32, extack: optional(object) });
export const align4 = checked(room.align4, { length: word32 });
export const atMost = checked(room.atMost, { most: count });
export const bits = checked(room.bits, { whole: fixedCodec, widths: recordOf(whole(1, 32)) });
export const decode: typeof room.decode = (codec, data, at, end, extack) => {
  aCodec(codec, 'codec');
  bytes(data, 'data');
  checkPart(data.length, at, end);
  optional(text)(extack, 'extack');
  return room.decode(codec, data, at, end, extack);
};
export const doneMessage = checked(room.doneMessage, {
  request: aMessage,
  errno: optional(word32),
  extack: optional(object),
});
/** The codec alone knows which values it can write. */
export const encode: typeof room.encode = (codec, value) => {
  aCodec(codec, 'codec');
  try {
    return room.encode(codec, value);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new ArgumentError('value', 'the codec cannot write it');
  }
};
export const filterInfo = checked(room.filterInfo, { preference: word16, protocol: word16 });
export const hexOf = checked(room.hexOf, { bytes });
export const infoPreference = checked(room.infoPreference, { info: word32 });
export const infoProtocol = checked(room.infoProtocol, { info: word32 });
export const joinMessages: typeof room.joinMessages = (messages) => {
  iterable(messages, 'messages');
  return room.joinMessages(every(messages));
};

function* every(messages: Parameters<typeof room.joinMessages>[0]): Generator<room.Message> {
  let at = 0;
  for (const message of messages) {
    aMessage(message, `messages[${at++}]`);
    yield message;
  }
}

export const list = checked(room.list, { item: aCodec, max: count });
export const nested = checked(room.nested, { codec: aCodec });
export const printStats = checked(room.printStats, { payload: bytes, prefix: text, out: printer });
export const readAck = checked(room.readAck, { message: aMessage });
export const readTc = checked(room.readTc, { message: aMessage });
export const splitMessages = checked(room.splitMessages, { datagram: bytes });
export const struct = checked(room.struct, { fields: recordOf(fixedCodec), size: optional(count) });
export const table = checked(room.table, { rows: recordOf(aRow), extack: optional(text) });
export const typeName = checked(room.typeName, { type: count });
export const typedWords = checked(room.typedWords, { nest: optional(orNull(bytes)) });
export const validBits = checked(room.validBits, { bits: members({ value: word32, selector: word32 }), known: word32 });
export const writeMessage = checked(room.writeMessage, { message: aMessage, w: writer });
export const writeTc = checked(room.writeTc, {
  tcm: members({ ifindex: word32, handle: word32, parent: word32, info: word32 }),
  attributes: callback,
});
