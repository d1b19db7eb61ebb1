/** The door cls-flow/lang: the room behind rules for its arguments. */
import {
  anything,
  bytes,
  checked,
  checkedClass,
  checkPart,
  count,
  either,
  finite,
  listOf,
  numbers,
  oneOf,
  optional,
  text,
  word32,
  yesOrNo,
} from '../argument.ts';
import * as room from '../lang/index.ts';
import { aPrefix, family } from './values.ts';

export * from '../lang/index.ts';

export const Printer = checkedClass(room.Printer, {
  style: optional(oneOf('text', 'json', 'pretty')),
  old: optional(yesOrNo),
});
export const Words = checkedClass(room.Words, { list: listOf(text), at: optional(count) });
export const addressText = checked(room.addressText, { family, words: numbers });
export const batchLines = checked(room.batchLines, { text });
export const grouped = checked(room.grouped, { count: finite });
export const groupedCount = checked(room.groupedCount, { count: finite, noun: text });
export const counted = checked(room.counted, { count: finite, noun: text });
export const covers = checked(room.covers, { prefix: aPrefix, family: finite, words: numbers });
export const decodeUtf8: typeof room.decodeUtf8 = (data, at, end) => {
  bytes(data, 'bytes');
  checkPart(data.length, at, end);
  return room.decodeUtf8(data, at, end);
};
export const encodeUtf8 = checked(room.encodeUtf8, { text });
export const escapeLines = checked(room.escapeLines, { text });
export const escapeRest = checked(room.escapeRest, { text });
export const escapeText = checked(room.escapeText, { text });
export const getClassid = checked(room.getClassid, { text });
export const getQdiscHandle = checked(room.getQdiscHandle, { text });
export const getRate = checked(room.getRate, { text });
export const getRate64 = checked(room.getRate64, { text });
export const getS32 = checked(room.getS32, { text, base: optional(oneOf(0, 10, 16)) });
export const getSize = checked(room.getSize, { text });
export const getTime = checked(room.getTime, { text });
export const getTime64 = checked(room.getTime64, { text });
export const getU16 = checked(room.getU16, { text, base: optional(oneOf(0, 10, 16)) });
export const getU32 = checked(room.getU32, { text, base: optional(oneOf(0, 10, 16)) });
export const getU64 = checked(room.getU64, { text, base: optional(oneOf(0, 10, 16)) });
export const getU8 = checked(room.getU8, { text, base: optional(oneOf(0, 10, 16)) });
export const getUnsigned = checked(room.getUnsigned, { text, max: count, base: optional(oneOf(0, 10, 16)) });
export const hex8 = checked(room.hex8, { value: word32 });
export const hexText = checked(room.hexText, { value: word32 });
export const ipv6Bytes = checked(room.ipv6Bytes, { text });
export const ipv6LastWord = checked(room.ipv6LastWord, { text });
export const matches = checked(room.matches, { word: text, keyword: text });
export const nearest = checked(room.nearest, { word: text, known: listOf(text) });
export const parseAddress = checked(room.parseAddress, { text });
export const parsePrefix = checked(room.parsePrefix, { text });
export const parseProtocol = checked(room.parseProtocol, { word: text });
export const protocolName = checked(room.protocolName, { protocol: count });
export const rateText = checked(room.rateText, {
  rate: either((value) => typeof value === 'bigint', anything, count),
  iec: optional(yesOrNo),
});
export const shellQuoted = checked(room.shellQuoted, { word: text });
export const shellWords = checked(room.shellWords, { line: text });
export const wordSpans = checked(room.wordSpans, { source: text, shell: optional(yesOrNo) });
export const sizeText = checked(room.sizeText, { size: finite });
export const strtod = checked(room.strtod, { text });
export const strtoul = checked(room.strtoul, { text, base: oneOf(0, 10, 16) });
export const tcIpv4 = checked(room.tcIpv4, { text });
export const time64Text = checked(room.time64Text, { time: finite });
export const timeText = checked(room.timeText, { time: finite });
