import { describe, expect, it } from 'vitest';
import { type KeyValues, mapOf } from './maps.ts';

/** A host for each address. */
function hosts(...addresses: readonly string[]): KeyValues {
  const values = addresses.map((text) =>
    Int32Array.of(text.split('.').reduce((all, part) => (all << 8) | Number(part), 0)),
  );
  return {
    subjects: values.length,
    active: values.map(() => true),
    hosts: Int32Array.from(values.keys()),
    values,
  };
}

const range = (count: number, at: (i: number) => string): KeyValues =>
  hosts(...Array.from({ length: count }, (_, i) => at(i)));
const filterOf = (seen: KeyValues, most = 65536, few = 0): string | undefined => mapOf('dst', seen, most, few)?.filter;

describe('a map of dense addresses', () => {
  it('takes the whole range, where silent hosts may be', () => {
    expect(filterOf(range(60, (i) => `192.168.7.${65 + i}`))).toBe('map key dst and 0x3f divisor 64');
    expect(filterOf(range(10, (i) => `10.0.0.${20 * i + 1}`))).toBe('map key dst and 0xff divisor 256');
    expect(filterOf(range(2000, (i) => `100.64.${i >> 8}.${i & 255}`))).toBe('map key dst and 0x7ff divisor 2048');
  });

  it('passes over a few hosts outside of the range', () => {
    const seen = range(301, (i) => (i < 300 ? `10.0.${i >> 8}.${i & 255}` : '172.16.1.1'));
    expect(mapOf('dst', seen, 65536, 3)).toMatchObject({
      filter: 'map key dst and 0x1ff divisor 512',
      sharing: 2,
      atOnce: 2,
    });
  });

  it('shifts bits out that are 0 in all addresses', () => {
    expect(filterOf(range(256, (i) => `10.0.${i >> 6}.${(4 * i) & 255}`))).toBe(
      'map key dst and 0x3fc rshift 2 divisor 256',
    );
  });

  it('counts from the lowest address on where a power of two is too many', () => {
    const seen = range(300, (i) => `10.0.${(200 + i) >> 8}.${(200 + i) & 255}`);
    expect(filterOf(seen, 400)).toBe('map key dst addend -10.0.0.200 divisor 300');
    expect(filterOf(seen, 200)).toBeUndefined();
  });

  it('is none where addresses are not dense, or nobody is there', () => {
    expect(filterOf(range(60, (i) => `${11 + i}.${(i * 77) & 255}.3.${i}`))).toBeUndefined();
    expect(filterOf(hosts())).toBeUndefined();
  });
});
