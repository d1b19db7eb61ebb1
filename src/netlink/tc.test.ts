import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KernelError } from '../errors.ts';
import { filterInfo, infoPreference, infoProtocol, RTM, readTc, TC_H, TCA, typeName, writeTc } from './tc.ts';

const message = (payload: Uint8Array) => ({ type: RTM.NEWTFILTER, flags: 0, seq: 0, pid: 0, payload });
const fromHex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

// What tc 6.1.0 sent for `tc filter add dev d0 parent 1: protocol ip prio 10 handle 1 flow hash`, after its header.
const PAYLOAD = '0000000007000000010000000000010008000a0009000100666c6f77000000000c0002000800020001000000';

test('a recorded filter request is read', () => {
  expect(readTc(message(fromHex(PAYLOAD)))).toEqual({
    ifindex: 7,
    handle: 1,
    parent: 0x00010000,
    info: 0x000a0008,
    attributes: { kind: 'flow', options: fromHex('0800020001000000') },
    leftover: false,
  });
});

test('and written the same', () => {
  const payload = writeTc({ ifindex: 7, handle: 1, parent: 0x00010000, info: filterInfo(10, 0x0800) }, (w) => {
    w.put(TCA.kind, 'flow');
    w.put(TCA.options, fromHex('0800020001000000'));
  });
  expect(Buffer.from(payload).toString('hex')).toBe(PAYLOAD);
});

test('info holds the preference and the protocol in network order', () => {
  expect(filterInfo(1, 0x0800)).toBe(0x00010008);
  expect(filterInfo(0xffff, 0x0003)).toBe(0xffff0300);
  expect([infoPreference(0xffff0300), infoProtocol(0xffff0300)]).toEqual([0xffff, 3]);
});

// Both texts were recorded from Linux 6.1.192.
test('what the kernel refuses is refused in its words', () => {
  expect(() => readTc(message(new Uint8Array(19)))).toThrow('Invalid header length');
  expect(() => readTc(message(fromHex(`${'00'.repeat(20)}05000b0001000000`)))).toThrow(
    new KernelError(34, 'Attribute failed policy validation'),
  );
});

test('bytes after the last attribute are noticed, not refused', () => {
  expect(readTc(message(fromHex(`${PAYLOAD}0102`))).leftover).toBe(true);
});

test('types and special parents have the kernel’s numbers', () => {
  expect([typeName(44), typeName(102), typeName(7)]).toEqual(['RTM_NEWTFILTER', 'RTM_GETCHAIN', '7']);
  expect([TC_H.MIN_INGRESS, TC_H.MIN_EGRESS]).toEqual([0xfffffff2, 0xfffffff3]);
});

test('random payloads are read or refused with an errno', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (payload) => {
      try {
        readTc(message(payload));
      } catch (error) {
        expect(error).toBeInstanceOf(KernelError);
      }
    }),
  );
});
