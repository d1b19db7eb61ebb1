import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '../errors.ts';
import {
  ackMessage,
  doneMessage,
  joinMessages,
  type Message,
  NLM_F,
  NLMSG,
  readAck,
  splitMessages,
} from './message.ts';

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const fromHex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

// Recorded on Linux 6.1.192: `tc filter add dev d0 parent 1: protocol ip prio 10 handle 1 flow hash` (no keys) and its answer.
const REQUEST = fromHex(
  '3c0000002c00050602f15365000000000000000007000000010000000000010008000a0009000100666c6f77000000000c0002000800020001000000',
);
const REFUSAL = fromHex(
  '500000000200000002f1536502000000eaffffff3c0000002c00050602f15365000000000000000007000000010000000000010008000a0009000100666c6f77000000000c0002000800020001000000',
);

function only(datagram: Uint8Array): Message {
  const [message] = [...splitMessages(datagram)];
  if (message === undefined) throw new Error('no message');
  return message;
}

test('a recorded request comes apart', () => {
  expect(only(REQUEST)).toMatchObject({
    type: 44,
    flags: NLM_F.REQUEST | NLM_F.ACK | NLM_F.EXCL | NLM_F.CREATE,
    seq: 0x6553f102,
    pid: 0,
  });
});

test('a recorded refusal is read, and written the same', () => {
  expect(readAck(only(REFUSAL))).toEqual({ errno: 22, extack: {} });
  const ours = ackMessage({ ...only(REQUEST), pid: 2 }, 22);
  // The kernel echoes the request with the port it came from as 0; only the answer's own header names the port.
  expect(hex(joinMessages([{ ...ackMessage(only(REQUEST), 22), pid: 2 }]))).toBe(hex(REFUSAL));
  expect(ours.pid).toBe(2);
});

test('a success carries the header only, and says so', () => {
  const ack = ackMessage(only(REQUEST), 0);
  expect(ack.payload).toHaveLength(20);
  expect(ack.flags).toBe(NLM_F.CAPPED);
  expect(readAck(ack)).toEqual({ errno: 0, extack: {} });
});

test.each([0, 2])('errno %d with a text is read back', (errno) => {
  const ack = ackMessage(only(REQUEST), errno, { message: 'TC classifier not found', offset: 36 });
  expect(readAck(ack)).toEqual({ errno, extack: { message: 'TC classifier not found', offset: 36 } });
});

test('a dump ends with DONE, with an error or without', () => {
  expect(readAck(doneMessage(only(REQUEST)))).toEqual({ errno: 0, extack: {} });
  const failed = doneMessage(only(REQUEST), 90, { message: 'x' });
  expect([failed.type, failed.flags]).toEqual([NLMSG.DONE, NLM_F.MULTI | NLM_F.ACK_TLVS]);
  expect(readAck(failed)).toEqual({ errno: 90, extack: { message: 'x' } });
});

test('messages in one datagram are aligned to four bytes', () => {
  const message = { type: 1, flags: 2, seq: 3, pid: 4, payload: Uint8Array.of(5) };
  const datagram = joinMessages([message, message]);
  expect(datagram).toHaveLength(40);
  expect([...splitMessages(datagram)]).toEqual([message, message]);
});

test('any messages survive', () => {
  const u16 = fc.nat(0xffff);
  const u32 = fc.nat(0x7fffffff);
  const message = fc.record({ type: u16, flags: u16, seq: u32, pid: u32, payload: fc.uint8Array({ maxLength: 40 }) });
  fc.assert(
    fc.property(fc.array(message), (messages) => {
      expect([...splitMessages(joinMessages(messages))]).toEqual(messages);
    }),
  );
});

test.each([
  ['half a header', '3c000000', 0],
  ['a length below 16', '0f00000000000000000000000000000000000000', 0],
  ['a length beyond the end of the second message', `10${'00'.repeat(15)}20${'00'.repeat(15)}`, 16],
])('%s is damage, with its offset', (_, text, offset) => {
  expect(() => [...splitMessages(fromHex(text))]).toThrow(expect.objectContaining({ name: 'FormatError', offset }));
});

test('random bytes come apart or are a FormatError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (data) => {
      try {
        for (const message of splitMessages(data)) readAck({ ...message, type: NLMSG.ERROR });
      } catch (error) {
        if (!(error instanceof FormatError)) expect(error).toMatchObject({ name: 'KernelError' });
      }
    }),
  );
});
