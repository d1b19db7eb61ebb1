import { describe, expect, test } from 'vitest';
import { AROUND, matches, payloadOf, printedOf, recordedPacket, refusalOf, treeOf } from '../../../test/ematches.ts';
import { envOf, ethernet, hex, packetOf } from '../../../test/frames.ts';
import { Errno } from '../../errors.ts';
import { compileMatch } from './index.ts';

describe('ipset', () => {
  test('asks the set of that name, dimension by dimension', () => {
    expect(matches('ipset(friends dst,dst)')).toBe(true);
    expect(matches('ipset(friends src)')).toBe(false);
  });

  test('asks only of whole IPv4 and IPv6 headers', () => {
    const p = recordedPacket();
    p.end = p.network + 19;
    expect(matches('ipset(friends dst)', p)).toBe(false);
    expect(matches('ipset(friends dst)', packetOf(ethernet('0806', '00'.repeat(50))))).toBe(false);
  });

  test('prints the name of the set, and gives up where there is none', () => {
    expect(printedOf(payloadOf('ipset(friends src,dst)'))).toBe('ipset(friends src,dst)');
    expect(printedOf(treeOf([8, hex('0900 01 02')]))).toBe('ipset(');
  });

  test('refuses what tc refuses', () => {
    expect(refusalOf('ipset(foo src)')).toMatch(
      /^ipset: unknown set name 'foo'\n.*\n\.\.\. ipset\(>>foo<< src\)\.\.\.$/,
    );
    expect(refusalOf('ipset(friends)')).toMatch(/^ipset: missing set flags\n/);
    expect(refusalOf('ipset(friends up)')).toMatch(/^You must specify .*\nipset: error parsing set flags\n/);
    expect(refusalOf('ipset(friends src,src,src,src,src,src,src)')).toMatch(/^Can't be more src\/dst options than 6/);
    expect(refusalOf(`ipset(${'x'.repeat(32)} src)`)).toMatch(/^ipset: set name too long \(max 31\)\n/);
  });

  test.each([
    ['an unknown set', '0900 01 02', Errno.ENOENT],
    ['a short structure', '0300', Errno.EINVAL],
    ['a long structure', '03000102 00000000', Errno.EINVAL],
  ])('%s is refused', (_, data, errno) => {
    const payload = treeOf([8, hex(data)]);
    expect(() => compileMatch(payload, AROUND, envOf())).toThrow(expect.objectContaining({ errno }));
  });
});
