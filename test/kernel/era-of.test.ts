import { expect, test } from 'vitest';
import { asEraSays, inPlaceOf } from './era-of.ts';

/** How 6.12.117 and 6.1.192 ended the list that TCA_HW_OFFLOAD of four bytes asks for. */
const TEXT = '600100' + '00deffffff27000100417474726962757465206661696c656420706f6c6963792076616c69646174696f6e0000';
const KERNEL_6_12 = `500000000300020228000000${TEXT}08000200240000000c0004800800010001000000`;
const KERNEL_6_1 = `3c0000000300020228000000${TEXT}`;

const answered = (version: string, hex: string): string =>
  [asEraSays(version, { port: 1, answers: [[Buffer.from(hex, 'hex')]] }).answers[0]]
    .flatMap((given) => (typeof given === 'object' ? given : []))
    .map((datagram) => datagram.toString('hex'))
    .join('');

test('what ended a list is its text alone, as on 6.1', () => {
  expect(answered('6.12.117', KERNEL_6_12)).toBe(KERNEL_6_1);
  expect(answered('6.12.117', KERNEL_6_1)).toBe(KERNEL_6_1);
  expect(answered('6.1.192', KERNEL_6_12)).toBe(KERNEL_6_12);
});

test('6.12 is not asked about what it does otherwise', () => {
  const filter =
    'chain 0 pref 1 flow map key mark action pedit ex munge ip ttl set 5 retain 0x1 pass action vlan push id 4 pipe';
  expect(inPlaceOf('6.1.192', filter)).toBe(filter);
  expect(inPlaceOf('6.12.117', filter)).toBe(
    'chain 0 pref 1 flow map key mark action csum ip4h pass action vlan push id 4 pipe',
  );
});
