import type { Env } from '../src/env.ts';
import { UsageError } from '../src/errors.ts';
import { Printer, shellWords, Words } from '../src/lang/index.ts';
import { AttrWriter, type Draw } from '../src/netlink/index.ts';
import type { Packet } from '../src/packet/index.ts';
import { compileMatch, EMATCHES, type Ematch, matchPart } from '../src/sched/ematch/index.ts';
import type { World } from '../src/sched/notation.ts';
import { EGRESS, envOf, ethernet, packetOf } from './frames.ts';

/** Two devices, and a set that holds whoever is the destination. */
export const AROUND: World = {
  device: (ifindex) => ({ 7: 'd0', 8: 'd1' })[ifindex] ?? null,
  set: (key) => (key === 'friends' || key === 3 ? FRIENDS : null),
  action: () => null,
};

const FRIENDS = { index: 3, name: 'friends', has: (_: Packet, _dimensions: number, source: number) => source === 0 };

/**
 * The UDP packet that the kernel's answers about ematches were recorded with: 192.168.1.2 port 0xabcd to port 53,
 * 58 bytes, on its way out, received before on another device.
 */
export function recordedPacket(): Packet {
  const header = '4500003a 00000000 40110000 c0a80102 0a000001 abcd0035 00260000';
  const p = packetOf(ethernet('0800', header + '00'.repeat(30)), EGRESS);
  p.macLen = 14;
  p.pktType = 3;
  p.dev = 7;
  p.socket = Array.from({ length: 17 }, (_, id) => (id === 16 ? 17 : undefined));
  return p;
}

/** What tc makes of `match WORDS divisor 1`: the payload, and the words it leaves. */
export function spoken(line: string, kinds: readonly Ematch[] = EMATCHES): { payload: Uint8Array; rest: string } {
  const words = new Words([...shellWords(line), 'divisor', '1']);
  const w = new AttrWriter();
  matchPart(AROUND, kinds).speak(words, w);
  return { payload: w.done(), rest: words.list.slice(words.at).join(' ') };
}

/** An expression as one word. */
export function payloadOf(expr: string, kinds?: readonly Ematch[]): Uint8Array {
  return spoken(`'${expr.replaceAll("'", "'\\''")}'`, kinds).payload;
}

/** tc's words against an expression, without the line that they all end with. */
export function refusalOf(expr: string): string {
  try {
    payloadOf(expr);
  } catch (error) {
    if (error instanceof UsageError) return error.message.replace(/\nIllegal "ematch"$/, '');
    throw error;
  }
  return 'accepted';
}

/** What tc prints of a payload, without the blanks around. */
export function printedOf(payload: Uint8Array, kinds: readonly Ematch[] = EMATCHES): string {
  const out = new Printer();
  matchPart(AROUND, kinds).print(payload, out);
  return out.toString().trim();
}

export function matches(expr: string, p: Packet = recordedPacket(), env: Env = envOf()): boolean {
  return compileMatch(payloadOf(expr), AROUND, env).match(p);
}

/** A nest of one match, or of several joined with AND, from their kinds and data. */
export function treeOf(
  ...elements: readonly (readonly [kind: number, data: Uint8Array, flags?: number])[]
): Uint8Array {
  const w = new AttrWriter();
  w.nest(1, () => {
    w.u16(elements.length);
    w.u16(0);
  });
  w.nest(2, () => {
    for (const [index, [kind, data, flags]] of elements.entries()) {
      w.nest(index + 1, () => {
        for (const half of [0, kind, flags ?? (index === elements.length - 1 ? 0 : 1), 0]) w.u16(half);
        w.bytes(data);
      });
    }
  });
  return w.done();
}

/** The same numbers every time. */
export function drawFrom(seed: number): Draw {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
