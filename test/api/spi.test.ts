import { describe, expect, it } from 'vitest';
import { explain, type Question } from '../../src/api/index.ts';
import { explainText } from '../../src/replay/index.ts';

const PORTS: Question = { filters: ['hash keys src,proto-src,proto-dst divisor 16'] };

describe('quirk 90: the ports of ESP and AH are the halves of an SPI', () => {
  it.each([
    ['esp 192.0.2.1 > 192.0.2.2 spi 0x12345678', '0x00001234', '0x00005678'],
    ['ah 2001:db8::1 > 2001:db8::2 spi 0x100', '0x00000000', '0x00000100'],
  ])('%s, and they are called so', async (words, upper, lower) => {
    const found = await explain(words, PORTS);
    expect(found.flow).toBe(words);
    expect(found.headers.at(-1)?.outcome).toBe(words.slice(words.indexOf('spi')));
    expect(found.filters[0]?.keys.slice(1)).toMatchObject([
      { name: 'proto-src', value: upper, source: 'headers', note: 'upper half of the SPI' },
      { name: 'proto-dst', value: lower, source: 'headers', note: 'lower half of the SPI' },
    ]);
    expect(explainText(found)).not.toMatch(/ports|:4660/);
  });
});

describe('an SPI that is left out', () => {
  it('makes unknowable what rests on it, and says how to write it', async () => {
    const found = await explain('esp 192.0.2.1 > 192.0.2.2', PORTS);
    expect(found).toMatchObject({
      exactness: 'unknowable',
      missing: ['seed', 'spi'],
      flow: 'esp 192.0.2.1 > 192.0.2.2',
    });
    expect(explainText(found)).toContain('not given: seed, spi)\n  write it behind the addresses, like: esp ');
  });

  it('is not missed where no key asks for it', async () => {
    const found = await explain('ah 192.0.2.1 > 192.0.2.2', { filters: ['map key dst and 0xff'] });
    expect([found.exactness, found.missing, found.hint]).toEqual(['exact', undefined, undefined]);
  });
});
