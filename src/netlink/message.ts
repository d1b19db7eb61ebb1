import { FormatError } from '../errors.ts';
import { le16, le32 } from '../u32.ts';
import { AttrWriter, align4, bytes, type Decoded, decode, NLA_F_NESTED, s32, string, table, u32 } from './attr.ts';

/** include/uapi/linux/netlink.h: types of control messages. */
export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;

/** NLM_F_*: the same bit means different things in a get, a new and an answer. */
export const NLM_F = {
  REQUEST: 1,
  MULTI: 2,
  ACK: 4,
  ECHO: 8,
  DUMP_INTR: 0x10,
  /** Get requests. */
  ROOT: 0x100,
  MATCH: 0x200,
  DUMP: 0x300,
  /** New requests. */
  REPLACE: 0x100,
  EXCL: 0x200,
  CREATE: 0x400,
  APPEND: 0x800,
  /** Acknowledgements. */
  CAPPED: 0x100,
  ACK_TLVS: 0x200,
} as const;

export const NLMSG_HDRLEN = 16;

/** One netlink message: struct nlmsghdr and what follows it. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  readonly pid: number;
  readonly payload: Uint8Array;
}

/**
 * The messages of one datagram, in order; payloads are views of it. Where the bytes stop being messages a
 * FormatError with the offset is thrown, after the whole ones before it were given (the kernel stops silently there).
 */
export function* splitMessages(datagram: Uint8Array): Generator<Message> {
  for (let at = 0; at < datagram.length; ) {
    const left = datagram.length - at;
    if (left < NLMSG_HDRLEN) throw new FormatError(at, `a message header of 16 bytes expected, ${left} left`);
    const length = le32(datagram, at) >>> 0;
    if (length < NLMSG_HDRLEN || length > left) {
      throw new FormatError(at, `a message length of 16 to ${left} expected, not ${length}`);
    }
    yield {
      type: le16(datagram, at + 4),
      flags: le16(datagram, at + 6),
      seq: le32(datagram, at + 8) >>> 0,
      pid: le32(datagram, at + 12) >>> 0,
      payload: datagram.subarray(at + NLMSG_HDRLEN, at + length),
    };
    at += align4(length);
  }
}

/** Appends one message; the next one may follow. */
export function writeMessage(message: Message, w: AttrWriter): void {
  writeHeader(message, message.payload.length, w);
  w.bytes(message.payload);
  w.zeros(align4(message.payload.length) - message.payload.length);
}

function writeHeader(message: Omit<Message, 'payload'>, payloadLength: number, w: AttrWriter): void {
  w.u32(NLMSG_HDRLEN + payloadLength);
  w.u16(message.type);
  w.u16(message.flags);
  w.u32(message.seq);
  w.u32(message.pid);
}

/** One datagram of the messages given. */
export function joinMessages(messages: Iterable<Message>): Uint8Array {
  const w = new AttrWriter();
  for (const message of messages) writeMessage(message, w);
  return w.done();
}

/** enum nlmsgerr_attrs: the extended acknowledgement. */
export const NLMSGERR_ATTR = {
  message: [1, string],
  offset: [2, u32],
  cookie: [3, bytes],
  policy: [4 | NLA_F_NESTED, bytes],
  missType: [5, u32],
  missNest: [6, u32],
} as const;
export type Extack = Decoded<typeof NLMSGERR_ATTR>;
const EXTACK = table(NLMSGERR_ATTR);

/** What an NLMSG_ERROR, or the NLMSG_DONE at the end of a dump, says. */
export interface Ack {
  /** 0: done. */
  readonly errno: number;
  readonly extack: Extack;
}

/** Reads an NLMSG_ERROR or NLMSG_DONE; a FormatError (offset in the payload) if it is too short. */
export function readAck(message: Message): Ack {
  const { payload, flags, type } = message;
  const echo = type === NLMSG.ERROR ? NLMSG_HDRLEN : 0;
  if (payload.length < 4 + echo) throw new FormatError(0, `${4 + echo} bytes expected, ${payload.length} there`);
  const errno = -s32.read(payload, 0, 4) || 0;
  if ((flags & NLM_F.ACK_TLVS) === 0) return { errno, extack: {} };
  const capped = type === NLMSG.DONE || (flags & NLM_F.CAPPED) !== 0;
  const at = 4 + (capped ? echo : align4(le32(payload, 4) >>> 0));
  return { errno, extack: decode(EXTACK, payload, Math.min(at, payload.length)) };
}

function hasTlvs(extack: Extack): boolean {
  return Object.keys(extack).length > 0;
}

/**
 * net/netlink/af_netlink.c: netlink_ack() — the answer to `request`. An error carries the whole request, a success
 * only its header; extack attributes follow if there are any (the requester asked for them, as tc does).
 */
export function ackMessage(request: Message, errno: number, extack: Extack = {}): Message {
  const w = new AttrWriter();
  w.u32(-errno);
  writeHeader(request, request.payload.length, w);
  if (errno !== 0) {
    w.bytes(request.payload);
    w.zeros(align4(request.payload.length) - request.payload.length);
  }
  if (hasTlvs(extack)) EXTACK.write(extack, w);
  const flags = (errno === 0 ? NLM_F.CAPPED : 0) | (hasTlvs(extack) ? NLM_F.ACK_TLVS : 0);
  return { type: NLMSG.ERROR, flags, seq: request.seq, pid: request.pid, payload: w.done() };
}

/** netlink_dump_done(): the end of a dump, with the error it ended in, if any. */
export function doneMessage(request: Message, errno = 0, extack: Extack = {}): Message {
  const w = new AttrWriter();
  w.u32(-errno);
  if (hasTlvs(extack)) EXTACK.write(extack, w);
  const flags = NLM_F.MULTI | (hasTlvs(extack) ? NLM_F.ACK_TLVS : 0);
  return { type: NLMSG.DONE, flags, seq: request.seq, pid: request.pid, payload: w.done() };
}
