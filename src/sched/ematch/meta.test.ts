import { describe, expect, test } from 'vitest';
import { AROUND, matches, payloadOf, printedOf, recordedPacket, refusalOf, treeOf } from '../../../test/ematches.ts';
import { EGRESS, envOf, ethernet, hex, INGRESS, packetOf } from '../../../test/frames.ts';
import { Errno } from '../../errors.ts';
import { Input } from '../../packet/index.ts';
import { compileMatch, UNKNOWABLE_META } from './index.ts';

const errnoOf = (payload: Uint8Array): unknown => {
  try {
    compileMatch(payload, AROUND, envOf());
  } catch (error) {
    return (error as { errno?: unknown }).errno;
  }
  return 0;
};

/** Recorded with the packet of recordedPacket(). */
describe('meta', () => {
  test.each([
    ['meta(pkt_len gt 0)', true],
    ['meta(pkt_len eq 72)', true],
    ['meta(pkt_len eq 58)', false],
    ['meta(data_len eq 0)', true],
    ['meta(mac_len eq 14)', true],
    ['meta(vlan eq 0)', false],
    ['not meta(vlan eq 0)', true],
    ['meta(rt_iif eq 0)', false],
    ['meta(sk_family eq 17)', true],
    ['meta(nf_mark eq 0)', true],
    ['meta(priority eq 0)', true],
    ['meta(tc_index eq 0)', true],
    ['meta(pkt_type eq 3)', true],
    ['meta(pkt_type eq 0)', false],
    ['meta(dev eq 7)', true],
    ['meta("d0" eq dev)', true],
    ['meta("d" eq dev shift 1)', true],
    ['meta("d1" eq dev)', false],
    ['meta("zzz" gt dev)', true],
    ['meta(loadavg_1 gt 0)', false],
    ['not meta(loadavg_1 gt 0)', true],
    ['meta(sk_state eq 0)', false],
    ['meta(0x10 eq 16)', true],
  ])('%s is %s', (expr, matched) => {
    expect(matches(expr)).toBe(matched);
  });

  test('quirk 29: protocol is the two bytes as a little-endian machine reads them', () => {
    expect(matches('meta(protocol eq 8)')).toBe(true);
    expect(matches('meta(protocol eq 0x0800)')).toBe(false);
  });

  test('the tag in metadata is whole, and its type is the protocol', () => {
    const tagged = packetOf(ethernet('8100', `a0640800 4500${'00'.repeat(40)}`), INGRESS);
    expect(matches('meta(vlan eq 100)', tagged)).toBe(false);
    expect(matches('meta(vlan eq 0xa064)', tagged)).toBe(true);
    expect(matches('meta(vlan mask 0xfff eq 100)', tagged)).toBe(true);
    expect(matches('meta(protocol eq 0x81)', tagged)).toBe(true);
    expect(matches('cmp(u16 at 12 layer link eq 0x0800)', tagged)).toBe(true);
    expect(matches('cmp(u8 at 0 layer network eq 0x45)', tagged)).toBe(true);
  });

  test('shift comes before mask, whatever the order of the words', () => {
    const p = recordedPacket();
    p.mark = 0x1234;
    expect(matches('meta(nf_mark shift 8 mask 0xf eq 2)', p)).toBe(true);
    expect(matches('meta(nf_mark mask 0xf shift 8 eq 2)', p)).toBe(true);
  });

  test('a number of four bytes is compared unsigned, and one of eight in full', () => {
    const p = recordedPacket();
    p.mark = -1;
    expect(matches('meta(nf_mark gt 0x7fffffff)', p)).toBe(true);
    const eight = treeOf([4, hex('0c000100 0c100000 00100000 0c000300 ffffffff00000000')]);
    const nine = treeOf([4, hex('0c000100 0c100000 00100000 0c000300 ffffffff01000000')]);
    expect(compileMatch(eight, AROUND, envOf()).match(p)).toBe(true);
    expect(compileMatch(nine, AROUND, envOf()).match(p)).toBe(false);
  });

  test('what is told of a packet is known', () => {
    const p = recordedPacket();
    expect(matches('meta(rt_classid eq 9)', p)).toBe(false);
    p.rtClassid = 9;
    p.given |= Input.RT_CLASSID;
    expect(matches('meta(rt_classid eq 9)', p)).toBe(true);
    expect(UNKNOWABLE_META).toContain('sk_rcvbuf');
    expect(UNKNOWABLE_META).not.toContain('nf_mark');
  });

  test('random depends on everything that came before', () => {
    expect(compileMatch(payloadOf('meta(random lt 5)'), AROUND, envOf()).scope).toBe('all');
    expect(compileMatch(payloadOf('meta(nf_mark lt 5)'), AROUND, envOf()).scope).toBe('packet');
  });

  test('the flow hash is computed once and stays with the packet', () => {
    const p = packetOf(ethernet('0800', `4500001c00000000401100000a0000010a000002${'00'.repeat(8)}`), EGRESS);
    const positive = treeOf([4, hex('0c000100 2f100001 00100000 08000300 00000000')]);
    expect(compileMatch(positive, AROUND, envOf()).match(p)).toBe(true);
    expect(p.hash).not.toBe(0);
  });

  test.each([
    ['meta(nf_mark mask 0xff gt 3)', 'meta(nf_mark mask 0x000000ff gt 3)'],
    ['meta(fwmark eq 1)', 'meta(nf_mark eq 1)'],
    ['meta(priority mask 0xffff shift 8 eq 0x11)', 'meta(priority shift 8 mask 0x0000ffff eq 17)'],
    ['meta(priority gt nf_mark)', 'meta(priority gt nf_mark)'],
    ['meta("d0" eq dev)', 'meta(d0 eq dev)'],
    ['meta("\\001x" eq dev)', 'meta(01 78 ".x" eq dev)'],
    ['meta(priority eq 4294967295)', 'meta(priority eq -1)'],
    ['meta(priority eq 4294967296)', 'meta(priority eq 0)'],
  ])('%s prints as %s', (expr, text) => {
    expect(printedOf(payloadOf(expr))).toBe(text);
  });

  test('quirk 23: a string on the right is refused by the kernel', () => {
    expect(errnoOf(payloadOf('meta(dev eq "d0")'))).toBe(Errno.EINVAL);
    expect(errnoOf(payloadOf('meta("d0" eq dev)'))).toBe(0);
  });

  test.each([
    ['no header', '', Errno.EINVAL],
    ['a short header', '08000100 0c100000', Errno.ERANGE],
    ['two types', '0c000100 05100000 05000000', Errno.EINVAL],
    ['a type that there is not', '0c000100 05200000 05200000', Errno.EINVAL],
    ['an id that there is not', '0c000100 30100000 00100000', Errno.EINVAL],
    ['route capabilities', '0c000100 23100000 00100000', Errno.EOPNOTSUPP],
    ['a mark as a string', '0c000100 0c000000 00000000', Errno.EOPNOTSUPP],
    ['an empty value', '0c000100 0c100000 00100000 04000300', Errno.EINVAL],
    ['a number of five bytes', '0c000100 0c100000 00100000 09000300 0102030405000000', Errno.EINVAL],
    ['bit 11 of an id', '0c000100 0c180000 00100000', 0],
  ])('%s: errno', (_, data, errno) => {
    expect(errnoOf(treeOf([4, hex(data)]))).toBe(errno);
  });

  test.each([
    ['meta(bogus eq 1)', 'meta: unknown meta id\n\n... >>meta(bogus eq 1)<< ...\n... meta(>>bogus<< eq 1)...'],
    ['meta(priority)', 'meta: missing operand\n... >>meta(priority)<< ...\n... meta(>>priority<<)...'],
    ['meta(priority eq)', 'meta: missing rvalue\n... >>meta(priority eq)<< ...\n... meta(>>priority<< eq)...'],
    ['meta(priority zz 1)', 'meta: invalid operand\n... >>meta(priority zz 1)<< ...\n... meta(priority >>zz<< 1)...'],
    [
      'meta(priority lt -1)',
      'meta: unknown meta id\n\n... >>meta(priority lt -1)<< ...\n... meta(priority lt >>-1<<)...',
    ],
  ])('%s is refused', (expr, message) => {
    expect(refusalOf(expr)).toBe(message);
  });

  test('meta(list) shows the ids and refuses', () => {
    expect(refusalOf('meta(list)')).toContain(
      '\nRouting:\n  rt_classid       INT        Routing ClassID (cls_route)\n',
    );
    expect(refusalOf('meta(list)')).toContain('  dev              INT,VAR    Device the packet is on\n');
  });
});
