import { describe, expect, test } from 'vitest';
import { AROUND, drawFrom, payloadOf, printedOf, recordedPacket, treeOf } from '../../../test/ematches.ts';
import { EGRESS, envOf, ethernet, INGRESS, packetOf } from '../../../test/frames.ts';
import { KernelError } from '../../errors.ts';
import { struct, u16 } from '../../netlink/index.ts';
import { compileMatch, dumpMatch, EMATCHES, type EmatchKind, ematch, numberOf } from './index.ts';

describe('an ematch of one’s own', () => {
  const CODEC = struct({ least: u16, pad: u16 });
  const long: EmatchKind<{ least: number; pad: number }> = {
    kind: 'long',
    id: 77,
    usage: 'Usage: long(BYTES)',
    codec: CODEC,
    scope: () => 'packet',
    speak(args, w) {
      const arg = args.next();
      const least = arg === undefined ? undefined : numberOf(arg);
      if (least === undefined) throw args.error('long: how long?', arg);
      CODEC.write({ least: Number(least), pad: 0 }, w);
    },
    dump: (value, w) => CODEC.write(value, w),
    print({ least }, write) {
      write(String(least));
      return true;
    },
    compile:
      ({ least }) =>
      (p) =>
        p.len >= least,
  };
  const kinds = [...EMATCHES, ematch(long)];

  test('takes one file and one row: it is spoken, printed, dumped and run', () => {
    const payload = payloadOf('cmp(u8 at 0 eq 0x45) and not long(73)', kinds);
    expect(printedOf(payload, kinds)).toBe('cmp(u8 at 0 layer 1 eq 69)\n  AND NOT long(73)');
    expect(dumpMatch(payload, kinds)).toEqual(payload);
    expect(compileMatch(payload, AROUND, envOf(), kinds).match(recordedPacket())).toBe(true);
    expect(() => payloadOf('long(x)', kinds)).toThrow('long: how long?\n... >>long(x)<< ...\n... long(>>x<<)...');
  });

  test('is unknown without the row', () => {
    expect(() => payloadOf('long(73)')).toThrow('Unknown ematch "long"');
    expect(printedOf(payloadOf('long(73)', kinds))).toBe('[unknown ematch 77]');
  });
});

/** Random data of the kinds that have words: what is printed can be spoken again, and then stays. */
test('words → bytes → text → words settle after one turn', () => {
  const draw = drawFrom(3);
  const pick = (...words: string[]): string => words[draw(words.length)] ?? '';
  const n = (): string => String(draw(2) === 0 ? draw(70000) : draw(2 ** 31));
  const layer = (): string => pick('', ' layer link', ' layer 1', ' layer t');
  const kinds = [
    () =>
      `cmp(${pick('u8', 'u16', 'u32')} at ${n()}${layer()} mask ${n()} ${pick('', 'trans ')}${pick('eq', 'lt', 'gt')} ${n()})`,
    () => `nbyte(${pick('abc', 'x', 'zz9')} at ${n()}${layer()})`,
    () => `meta(${pick('nf_mark', 'vlan', 'dev')} shift ${draw(9)} mask ${n()} gt ${pick('priority', n())})`,
    () => `canid(${pick('sff', 'eff')} ${draw(2000).toString(16)}:${draw(2000).toString(16)} sff 1)`,
    () => `ipset(friends ${pick('src', 'dst', 'src,dst')})`,
  ];
  const expr = (depth: number): string => {
    const terms = Array.from({ length: 1 + draw(3) }, () => {
      const term = depth > 0 && draw(3) === 0 ? `(${expr(depth - 1)})` : (kinds[draw(kinds.length)] ?? expr)(depth);
      return `${pick('', '', 'not ')}${term}`;
    });
    return terms.reduce((all, term) => `${all} ${pick('and', 'or')} ${term}`);
  };
  for (let round = 0; round < 300; round++) {
    const payload = payloadOf(expr(3));
    const text = printedOf(payload);
    const words = text.replaceAll(/nbyte\((?:[0-9a-f]{2} )+("[^"]*")/g, 'nbyte($1');
    const again = payloadOf(words.replaceAll('"', ''));
    expect(again).toEqual(payload);
    expect(printedOf(again)).toBe(text);
    expect(dumpMatch(dumpMatch(payload) ?? payload)).toEqual(dumpMatch(payload));
  }
});

/** The bytes around a packet must make no difference. */
test('no kind reads outside the packet', () => {
  const draw = drawFrom(11);
  const env = envOf();
  const kinds = EMATCHES.filter(({ kind }) => kind !== 'ipt' && kind !== 'ipset');
  for (let round = 0; round < 2000; round++) {
    const kind = kinds[draw(kinds.length)] as (typeof kinds)[number];
    const payload = treeOf([kind.id, kind.sample(draw)]);
    let match: ReturnType<typeof compileMatch>['match'];
    try {
      ({ match } = compileMatch(payload, AROUND, env));
    } catch (error) {
      expect(error).toBeInstanceOf(KernelError);
      continue;
    }
    const bytes = ethernet(draw(2) === 0 ? '0800' : '8100', '45000800 4500'.repeat(1 + draw(8)));
    const device = draw(2) === 0 ? INGRESS : EGRESS;
    const answers = [0x00, 0xff, 0x45].map((canary) => {
      const p = packetOf(bytes, device, env);
      const around = new Uint8Array(bytes.length + 512).fill(canary);
      around.set(bytes, 256);
      p.data = around;
      for (const field of ['head', 'at', 'end', 'network'] as const) p[field] += 256;
      for (const field of ['mac', 'addresses', 'transport'] as const) if (p[field] >= 0) p[field] += 256;
      p.hash = 1;
      return match(p);
    });
    expect(new Set(answers).size).toBe(1);
  }
});
