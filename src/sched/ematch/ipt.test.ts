import { describe, expect, test } from 'vitest';
import { AROUND, refusalOf, treeOf } from '../../../test/ematches.ts';
import { envOf } from '../../../test/frames.ts';
import { Errno } from '../../errors.ts';
import { AttrWriter } from '../../netlink/index.ts';
import { compileMatch, dumpMatch } from './index.ts';

function iptOf(name: string, revision: number, hook: number): Uint8Array {
  const w = new AttrWriter();
  w.nest(1, () => w.u32(hook));
  w.nest(2, () => w.bytes(new TextEncoder().encode(`${name}\0`)));
  w.nest(3, () => w.u8(revision));
  w.nest(4, () => w.u8(2));
  w.nest(5, () => w.u32(0));
  return w.done();
}

describe('ipt', () => {
  test('words end as in tc where the xtables match is not installed', () => {
    expect(refusalOf('ipt(-6 -m foo)')).toBe(' failed to find match foo\n');
    expect(refusalOf('ipt(foo)')).toBe(' failed to parse parameters (ipt)');
  });

  test.each([
    ['policy before routing', iptOf('policy', 0, 0), Errno.EOPNOTSUPP],
    ['policy after routing', iptOf('policy', 0, 4), Errno.EINVAL],
    ['addrtype', iptOf('addrtype', 1, 4), Errno.EOPNOTSUPP],
    ['another match', iptOf('mark', 1, 0), Errno.EINVAL],
    ['nothing', new Uint8Array(0), Errno.EINVAL],
  ])('%s is refused', (_, data, errno) => {
    expect(() => compileMatch(treeOf([9, data]), AROUND, envOf())).toThrow(expect.objectContaining({ errno }));
  });

  test('says by name what it cannot do', () => {
    const payload = treeOf([9, iptOf('policy', 0, 0)]);
    expect(() => compileMatch(payload, AROUND, envOf())).toThrow('ematch ipt with match "policy" cannot be emulated');
    expect(dumpMatch(payload)).toEqual(payload);
  });
});
