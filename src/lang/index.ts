/**
 * The words people type and read: cutting a line into words, tc's numbers, one call for text and JSON, bytes that
 * claim to be UTF-8, and making foreign text safe to show. Knows nothing of packets or netlink.
 */
export { ipv6Bytes, ipv6LastWord, tcIpv4 } from './address.ts';
export { counted, grouped, groupedCount } from './counted.ts';
export { escapeLines, escapeRest, escapeText } from './escape.ts';
export { nearest } from './nearest.ts';
export { type Address, addressText, covers, type Prefix, parseAddress, parsePrefix } from './prefix.ts';
export { type Json, Printer, type Style } from './printer.ts';
export { parseProtocol, protocolName } from './protocol.ts';
export { type Span, wordSpans } from './spans.ts';
export { type BatchLine, batchLines, shellQuoted, shellWords } from './split.ts';
export { TC_OPTIONS } from './tc-options.ts';
export {
  getClassid,
  getQdiscHandle,
  getRate,
  getRate64,
  getS32,
  getSize,
  getTime,
  getTime64,
  getU8,
  getU16,
  getU32,
  getU64,
  getUnsigned,
  hex8,
  hexText,
  rateText,
  sizeText,
  strtod,
  strtoul,
  time64Text,
  timeText,
  UNITS,
} from './units.ts';
export { decodeUtf8, encodeUtf8 } from './utf8.ts';
export { matches, type NotModelled, Words } from './words.ts';
