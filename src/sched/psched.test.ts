import { expect, test } from 'vitest';
import {
  getSizeAndCell,
  Linklayer,
  lengthToTime,
  linklayerName,
  NO_RATE,
  nsToTicks,
  rateConfig,
  ratespecOf,
  rateTable,
  ticksToNs,
  timeToLength,
  withLinklayer,
  xmitSize,
  xmitTime,
} from './psched.ts';

const MBIT = 125_000;

test('10 KiB at 1 Mbit are 1280000 ticks of 64 ns, and back', () => {
  expect(xmitTime(MBIT, 10240)).toBe(1_280_000);
  expect(xmitSize(MBIT, 1_280_000)).toBe(10240);
});

test('times are cut to whole microseconds before they become ticks', () => {
  expect(xmitTime(3_000_000, 10)).toBe(Math.floor(3 * 15.625));
});

test('a size may name its cell, a power of two', () => {
  expect(getSizeAndCell('15k')).toEqual({ size: 15360, cellLog: -1 });
  expect(getSizeAndCell('15k/8')).toEqual({ size: 15360, cellLog: 3 });
  expect([getSizeAndCell('15k/7'), getSizeAndCell('x/8'), getSizeAndCell('1/')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

const WORDS = { rate: BigInt(MBIT), mpu: 0, overhead: 0, cellLog: -1, mtu: 0, linklayer: Linklayer.ETHERNET };

test('cells are as wide as the mtu needs, and cost what their last byte costs', () => {
  const { spec, table } = rateTable(WORDS);
  expect(spec).toEqual({ cellLog: 3, linklayer: 1, overhead: 0, cellAlign: -1, mpu: 0, rate: MBIT });
  const cells = new Uint32Array(table.buffer);
  expect([cells[0], cells[255]]).toEqual([xmitTime(MBIT, 8), xmitTime(MBIT, 2048)]);
});

test('ATM cells: 48 bytes in 53, and a link layer that shows in the table', () => {
  const { spec, table } = rateTable({ ...WORDS, linklayer: Linklayer.ATM });
  expect(new Uint32Array(table.buffer)[0]).toBe(xmitTime(MBIT, 53));
  expect(withLinklayer({ ...spec, linklayer: 0 }, table).linklayer).toBe(Linklayer.ATM);
  expect(withLinklayer({ ...rateTable(WORDS).spec, linklayer: 0 }, rateTable(WORDS).table).linklayer).toBe(
    Linklayer.ETHERNET,
  );
  expect(withLinklayer(NO_RATE, table)).toBe(NO_RATE);
  expect([0, 1, 2, 3].map(linklayerName)).toEqual(['unspec', 'ethernet', 'atm', 'unknown']);
});

test('the kernel’s reckoning: nanoseconds of a length, length of nanoseconds', () => {
  const config = rateConfig({ ...NO_RATE, rate: MBIT, linklayer: 1 });
  expect(lengthToTime(config, 1500)).toBe(12_000_000n);
  expect(timeToLength(config, 12_000_000n)).toBe(1500n);
  expect(lengthToTime(rateConfig({ ...NO_RATE, rate: MBIT, linklayer: 2, overhead: 10, mpu: 64 }), 30)).toBe(848_000n);
});

test('a 64-bit rate counts if it is larger, and dumps as all ones', () => {
  const config = rateConfig({ ...NO_RATE, rate: 0xffffffff }, 5_000_000_000n);
  expect(config.rate).toBe(5_000_000_000n);
  expect(ratespecOf(config).rate).toBe(0xffffffff);
});

test('a tick is 64 ns', () => {
  expect(ticksToNs(3)).toBe(192n);
  expect(nsToTicks(255n)).toBe(3);
});
