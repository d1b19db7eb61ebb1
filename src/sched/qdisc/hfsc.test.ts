import { expect, test } from 'vitest';
import {
  answer,
  classPlace,
  fact,
  kindOf,
  payloadOf,
  refusal,
  shown,
  shownClass,
  spoken,
  spokenClass,
  written,
} from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([
  ['', '0600020000000000'],
  ['default 30', '0600020030000000'],
  ['d a', '060002000a000000'],
])('tc qdisc add … hfsc %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('hfsc', line))).toBe(bytes);
});

test.each([
  ['default 10000', '1: HFSC: Illegal "default"'],
  ['default 1:30', '1: HFSC: Illegal "default"'],
  ['default 1 default 2', '1: HFSC: Double "default"'],
  ['foo', '1: HFSC: What is "foo" ?'],
  ['help', '1: '],
  ['he', '1: '],
])('tc qdisc add … hfsc %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('hfsc', line))).toBe(words);
});

test.each([
  ['sc rate 1mbit', '2400020010000100000000000000000048e8010010000200000000000000000048e80100'],
  ['ls rate 1mbit ul rate 2mbit', '2400020010000200000000000000000048e8010010000300000000000000000090d00300'],
  ['rt m1 1mbit d 10ms m2 500kbit', '140002001000010048e801001027000024f40000'],
  ['ls m2 5mbit', '1400020010000200000000000000000068890900'],
  ['sc umax 1500b dmax 30ms rate 1mbit', '2400020010000100000000005046000048e8010010000200000000005046000048e80100'],
  ['sc umax 15000b dmax 3ms rate 1mbit', '2400020010000100404b4c00b80b000048e8010010000200404b4c00b80b000048e80100'],
  ['sc dmax 10ms rate 1mbit', '2400020010000100000000001027000048e8010010000200000000001027000048e80100'],
  ['r m2 1mbit', '1400020010000100000000000000000048e80100'],
])('tc class add … hfsc %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spokenClass('hfsc', line))).toBe(bytes);
});

test.each([
  ['', '1: HFSC: no parameters given'],
  ['ul rate 1mbit', '1: HFSC: Upper-limit Service Curve without Link-Share Service Curve'],
  ['rt m1 1mbit', '255: Command line is not complete. Try option "help"'],
  ['sc umax 1500 rate 1mbit', '1: HFSC: umax given but dmax is zero.\nHFSC: Illegal "sc"'],
  ['sc m1 x m2 1mbit', '1: HFSC: Illegal "m1"\nHFSC: Illegal "sc"'],
  ['rt d x m2 1mbit', '1: HFSC: Illegal "d"\nHFSC: Illegal "dmax"\nHFSC: Illegal "rt"'],
  ['rt rate x', '1: HFSC: Illegal "rate"\nHFSC: Illegal "rt"'],
  ['rt umax 1 dmax x', '1: HFSC: Illegal "dmax"\nHFSC: Illegal "rt"'],
  ['rt', '255: Command line is not complete. Try option "help"'],
  ['rt foo', '1: HFSC: Illegal "rt"'],
  ['rt m1 0 m2 0', '1: HFSC: Service Curve has two zero slopes\nHFSC: Illegal "rt"'],
  ['foo', '1: HFSC: What is "foo" ?'],
  ['help', '1: '],
])('tc class add … hfsc %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spokenClass('hfsc', line))).toBe(words);
});

test.each([
  ['', {}, ''],
  ['default 30', {}, 'default 30 '],
])('hfsc %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('hfsc', line, show)).toBe(text);
});

test.each([
  ['sc rate 1mbit', {}, 'sc m1 0bit d 0us m2 1Mbit '],
  [
    'rt m1 1mbit d 10ms m2 500kbit ls m2 1mbit ul rate 2mbit',
    {},
    'rt m1 1Mbit d 10ms m2 500Kbit ls m1 0bit d 0us m2 1Mbit ul m1 0bit d 0us m2 2Mbit ',
  ],
])('hfsc %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shownClass('hfsc', line, show)).toBe(text);
});

const settleClass = (line: string, place: object = {}) =>
  kindOf('hfsc').classes?.settle(null, payloadOf(spokenClass('hfsc', line)), { ...classPlace('hfsc'), ...place });

test('the class that a new one hangs below must be there (hfsc_change_class())', () => {
  const line = 'sc rate 1mbit';
  expect(answer(() => settleClass(line, { parent: 0xffffffff }))).toEqual([Errno.EEXIST, '']);
  expect(answer(() => settleClass(line, { parent: 0x10099, above: null }))).toEqual([Errno.ENOENT, '']);
  expect(answer(() => settleClass(line, { classid: 0x20001 }))).toEqual([Errno.EINVAL, '']);
  expect(answer(() => settleClass(line))).toBe('accepted');
});

test('a class that gets classes below shares links by its real-time curve (hfsc_upgrade_rt())', () => {
  const classes = kindOf('hfsc').classes;
  const dump = (leaf: boolean) =>
    written((w) => classes?.dump(settleClass('rt m2 1mbit'), w, { depth: 0, leaf, height: leaf ? 0 : 1 }));
  const curve = { m1: 0, d: 0, m2: 125000 };
  const read = (bytes: Uint8Array) => classes?.codec.read(bytes, 4, bytes.length);
  expect(read(dump(true))).toEqual({ rsc: curve });
  expect(read(dump(false))).toEqual({ rsc: curve, fsc: curve });
});
