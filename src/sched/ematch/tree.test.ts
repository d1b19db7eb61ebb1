import { describe, expect, test } from 'vitest';
import { AROUND, drawFrom, matches, payloadOf, printedOf, recordedPacket, treeOf } from '../../../test/ematches.ts';
import { envOf, hex } from '../../../test/frames.ts';
import { Errno, KernelError } from '../../errors.ts';
import { Printer } from '../../lang/index.ts';
import { AttrWriter } from '../../netlink/index.ts';
import { compileMatch, dumpMatch, matchPart } from './index.ts';

const T = 'cmp(u8 at 0 eq 0x45)';
const F = 'cmp(u8 at 9 eq 6)';

/** Recorded in Linux 6.1. */
describe('a tree is walked as the kernel walks it', () => {
  test.each([
    [`${T} and ${F}`, false],
    [`${T} or ${F}`, true],
    [`${F} or ${T} and ${F}`, false],
    [`${T} or ${T} and ${F}`, true],
    [`(${T} or ${F}) and ${F}`, false],
    [`not (${F} or ${F}) and ${T}`, true],
    [`${F} and ${T} or ${T}`, false],
    [`${T} and (${F} or ${T}) and not ${F}`, true],
    [`not (not (${T} and ${F}))`, false],
  ])('%s is %s', (expr, matched) => {
    expect(matches(expr)).toBe(matched);
  });

  test('quirk 22: more than 32 groups inside each other match whatever they hold', () => {
    const nested = (depth: number) => `${'('.repeat(depth)}${F}${')'.repeat(depth)}`;
    expect(matches(nested(32))).toBe(false);
    expect(matches(nested(33))).toBe(true);
  });

  test('an element joined to nothing ends the walk', () => {
    const [data, wrong] = [hex('45000000 00000000 0000 01 01'), hex('44000000 00000000 0000 01 01')];
    expect(compileMatch(treeOf([1, data, 1]), AROUND, envOf()).match(recordedPacket())).toBe(true);
    expect(compileMatch(treeOf([1, wrong, 2]), AROUND, envOf()).match(recordedPacket())).toBe(false);
  });
});

/** The list is laid out breadth first within a group, groups in the order in which they are met. */
test('groups follow the list that names them', () => {
  const expr = `${T} and (${F} or (${T} and ${T})) and (${F})`;
  const data = { T: '45000000 00000000 0000 01 01', F: '06000000 00000000 0900 01 01' };
  const container = (first: number) => hex(`${first.toString(16).padStart(2, '0')}000000`);
  expect(payloadOf(expr)).toEqual(
    treeOf(
      [1, hex(data.T), 1],
      [0, container(3), 1],
      [0, container(7), 0],
      [1, hex(data.F), 2],
      [0, container(5), 0],
      [1, hex(data.T), 1],
      [1, hex(data.T), 0],
      [1, hex(data.F), 0],
    ),
  );
});

const CMP = hex('45000000 00000000 0000 01 01');

/** net/sched/ematch.c: tcf_em_tree_validate(), tcf_em_validate() */
describe('a tree is refused as the kernel refuses it', () => {
  test.each<[string, Uint8Array, number]>([
    ['nothing', new Uint8Array(0), Errno.EINVAL],
    ['no list', hex('08000100 01000000'), Errno.EINVAL],
    ['a short header', hex('06000100 01000000 04000200'), Errno.ERANGE],
    ['a list that is no nest', hex('08000100 00000000 06000200 00000000'), Errno.ERANGE],
    ['fewer elements than said', hex('08000100 01000000 04000200'), Errno.EINVAL],
    ['more elements than said', hex('08000100 00000000 10000200 0c000100 0000010000000000'), Errno.EINVAL],
    ['an element out of turn', hex('08000100 01000000 10000200 0c000200 0000010000000000'), Errno.EINVAL],
    ['a flag on an element', hex('08000100 01000000 10000200 0c000180 0000010000000000'), Errno.EINVAL],
    ['a short element', hex('08000100 01000000 0c000200 08000100 00000100'), Errno.EINVAL],
    ['relation 3', treeOf([1, CMP, 3]), Errno.EINVAL],
    ['a kind that there is not', treeOf([6, CMP]), Errno.ENOENT],
    ['short data', treeOf([1, CMP.subarray(0, 8)]), Errno.EINVAL],
    ['a simple one', treeOf([1, CMP, 8]), Errno.EINVAL],
    ['a container without a reference', treeOf([0, hex('0000')]), Errno.EINVAL],
    ['a container that holds itself', treeOf([0, hex('00000000')], [1, CMP]), Errno.EINVAL],
    ['a container of what is not there', treeOf([0, hex('02000000')], [1, CMP]), Errno.EINVAL],
    ['the first fault of several', treeOf([6, CMP], [1, CMP, 3]), Errno.ENOENT],
  ])('%s', (_, payload, errno) => {
    expect(() => compileMatch(payload, AROUND, envOf())).toThrow(expect.objectContaining({ errno }));
  });

  test('an empty tree matches everything and is not dumped', () => {
    const payload = hex('08000100 00000000 04000200');
    expect(compileMatch(payload, AROUND, envOf()).match(recordedPacket())).toBe(true);
    expect(dumpMatch(payload)).toBeNull();
  });

  test('a tree that would cost a packet millions of steps is refused', () => {
    const pairs = Array.from({ length: 24 }, (_, i) => [2 * i + 2, 2 * i + 2]).flat();
    const containers = pairs.map((first, i) => [0, hex(`${first.toString(16).padStart(2, '0')}000000`), i % 2 ? 0 : 1]);
    const payload = treeOf(...(containers as [number, Uint8Array, number][]), [1, CMP, 0]);
    expect(() => compileMatch(payload, AROUND, envOf())).toThrow(/takes over 1048576 steps/);
    expect(printedOf(payload).length).toBeLessThan(3 << 20);
  });
});

/** Recorded: tc 6.1. */
describe('a tree is printed as tc prints it', () => {
  const text = (expr: string): string => {
    const out = new Printer();
    matchPart(AROUND).print(payloadOf(expr), out);
    return out.toString();
  };

  test('a match alone', () => {
    expect(text('cmp(u8 at 8 layer 1 eq 64)')).toBe('\n  cmp(u8 at 8 layer 1 eq 64)\n');
  });

  test('groups', () => {
    expect(
      text('not (u32(u16 0x1122 0xffff at 4) or nbyte("a\\x00b" at 12 layer 1)) and meta(nf_mark mask 0xff gt 24)'),
    ).toBe(`
  NOT (
    u32(11220000/ffff0000 at 4)
    OR nbyte(61 00 62 "a.b" at 12 layer 1)
  ) AND meta(nf_mark mask 0x000000ff gt 24)
`);
  });

  test('groups within groups', () => {
    const expr =
      'not (meta(rt_iif eq 2) and (cmp(u8 at 0 eq 1)) or not ((cmp(u8 at 1 eq 2)) and u32(u8 1 1 at 0))) and ';
    expect(text(`${expr}meta(rt_classid eq 9)`)).toBe(`
  NOT (
    meta(rt_iif eq 2)
    AND (
      cmp(u8 at 0 layer 1 eq 1)
    ) OR NOT (
      (
        cmp(u8 at 1 layer 1 eq 2)
      ) AND u32(01000000/01000000 at 0)
    )   ) AND meta(rt_classid eq 9)
`);
  });

  test('as a string in JSON, and past it in the old form', () => {
    const payload = payloadOf('meta("\\"" eq dev)');
    const [now, old] = [new Printer('json'), new Printer('json', true)];
    for (const out of [now, old]) {
      out.open('{');
      matchPart(AROUND).print(payload, out);
      out.close();
    }
    expect(JSON.parse(now.toString())).toEqual({ match: 'meta(" eq dev)' });
    expect(old.toString()).toBe('{\n  meta(" eq dev)\n}');
  });

  test('a reference back or nowhere ends the text', () => {
    expect(printedOf(treeOf([0, hex('00000000')])).length).toBeLessThan(100);
    expect(printedOf(treeOf([0, hex('09000000')], [1, CMP]))).toBe('(');
  });
});

describe('random bytes', () => {
  test('never give an untyped error, and what is taken dumps to what is taken', () => {
    const draw = drawFrom(7);
    const env = envOf();
    for (let round = 0; round < 3000; round++) {
      const elements = Array.from({ length: 1 + draw(4) }, (_, i) => {
        const data = Uint8Array.from({ length: draw(40) }, () => (draw(2) === 0 ? draw(256) : draw(3)));
        return [draw(11), data, draw(8) === 0 ? draw(32) : i % 3] as const;
      });
      const payload = treeOf(...elements);
      if (draw(3) === 0) payload[draw(payload.length)] = draw(256);
      printedOf(payload);
      try {
        const { match } = compileMatch(payload, AROUND, env);
        match(recordedPacket());
        const dumped = dumpMatch(payload);
        if (dumped !== null) expect(dumpMatch(dumped)).toEqual(dumped);
      } catch (error) {
        expect(error).toBeInstanceOf(KernelError);
      }
    }
  });

  test('cut anywhere', () => {
    const payload = payloadOf('cmp(u8 at 0 eq 1) and (nbyte(abc at 1) or canid(sff 1)) or meta(dev eq 1)');
    for (let end = 0; end < payload.length; end++) {
      const cut = payload.slice(0, end);
      printedOf(cut);
      expect(() => compileMatch(cut, AROUND, envOf())).toThrow(KernelError);
    }
  });
});

test('spoken into a writer that is in use', () => {
  const w = new AttrWriter();
  w.u32(7);
  expect(payloadOf(T)).toHaveLength(8 + 4 + 4 + 8 + 12);
  expect(w.length).toBe(4);
});
