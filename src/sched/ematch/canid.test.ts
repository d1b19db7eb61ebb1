import { describe, expect, test } from 'vitest';
import { AROUND, payloadOf, printedOf, refusalOf, treeOf } from '../../../test/ematches.ts';
import { envOf, hex } from '../../../test/frames.ts';
import { createPacket } from '../../env.ts';
import { Errno } from '../../errors.ts';
import type { Packet } from '../../packet/index.ts';
import { compileMatch, dumpMatch } from './index.ts';

/** A CAN frame as the kernel has it: the id first, little-endian. */
function canPacket(id: string): Packet {
  const p = createPacket(envOf());
  p.data = hex(`${id} 08000000 0000000000000000`);
  p.end = p.len = p.data.length;
  return p;
}

const matches = (expr: string, id: string): boolean =>
  compileMatch(payloadOf(expr), AROUND, envOf()).match(canPacket(id));

/** linux/can.h: bit 31 of an id says that it has 29 bits rather than 11. */
describe('canid', () => {
  test.each([
    ['canid(sff 0x123)', '23010000', true],
    ['canid(sff 0x123)', '24010000', false],
    ['canid(sff 0x123)', '23010080', false],
    ['canid(sff 0x7ff:0x70)', '70000000', true],
    ['canid(sff 0x0:0x0)', '23010000', true],
    ['canid(eff 0x123)', '23010080', true],
    ['canid(eff 0x123)', '23010000', false],
    ['canid(eff 0x12345678:0xff)', '78000080', true],
    ['canid(sff 1 eff 2)', '02000080', true],
  ])('%s for id %s is %s', (expr, id, matched) => {
    expect(matches(expr, id)).toBe(matched);
  });

  test('a packet shorter than a frame is none', () => {
    const p = canPacket('23010000');
    p.end -= 1;
    p.len -= 1;
    expect(compileMatch(payloadOf('canid(sff 0x123)'), AROUND, envOf()).match(p)).toBe(false);
  });

  test('prints in capitals; the kernel dumps long ids first', () => {
    const payload = payloadOf('canid(sff 0x7ff:0x70 eff 0x1234567)');
    expect(printedOf(payload)).toBe('canid(sff 0x7FF:0x70 eff 0x1234567)');
    expect(printedOf(dumpMatch(payload) ?? payload)).toBe('canid(eff 0x1234567 sff 0x7FF:0x70)');
  });

  test('refuses what tc refuses, and shows the words from there on', () => {
    expect(refusalOf('canid(foo 1)')).toMatch(/^canid: invalid key\n.*\n\.\.\. canid\(>>foo<< 1\)\.\.\.$/);
    expect(refusalOf('canid(sff 1 eff)')).toBe('canid: missing argument\n... >>canid(sff 1 eff)<< ...');
    expect(refusalOf('canid(sff zz eff)')).toMatch(
      /^canid: Improperly formed CAN ID & mask\n\n.*\(>>zz<< eff\)\.\.\.$/s,
    );
    expect(refusalOf(`canid(${'sff 1 '.repeat(401)})`)).toMatch(/^canid: Too many arguments on input\n/);
  });

  test.each([0, 7, 501 * 8])('%i bytes of rules are EINVAL', (length) => {
    const payload = treeOf([7, new Uint8Array(length)]);
    expect(() => compileMatch(payload, AROUND, envOf())).toThrow(expect.objectContaining({ errno: Errno.EINVAL }));
  });
});
