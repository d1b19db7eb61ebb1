import { describe, expect, test } from 'vitest';
import { around, bench, SHOW, shown, spoken } from '../../../test/actions.ts';
import { EGRESS, ethernet, INGRESS, ipv4, packetOf, ports } from '../../../test/frames.ts';
import { KernelError, UsageError } from '../../errors.ts';
import { Printer, Words } from '../../lang/index.ts';
import { AttrWriter, type Draw, decode, encode } from '../../netlink/index.ts';
import { BARE, Counters, NO_GEN } from './kind.ts';
import { ACTIONS } from './kinds.ts';
import { ACT, printActions, speakActions } from './list.ts';

/** A repeatable source of numbers (xorshift32). */
function drawing(seed: number): Draw {
  let state = seed | 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** Lines whose print, read as words again, says the same: tc prints more than it takes of most other kinds. */
const LINES = [
  'gact pass random determ drop 10 index 3',
  'gact jump 3',
  'gact goto chain 4095',
  'skbedit queue_mapping 1 priority 2:ffff mark 7/0xff ptype host inheritdsfield drop index 9',
  'vlan push id 100 protocol 802.1ad priority 3 continue',
  'vlan modify id 7',
  'vlan pop_eth reclassify',
  'vlan push_eth dst_mac 02:00:00:00:00:02 src_mac 02:00:00:00:00:01',
  'sample rate 100 group 5 trunc 64 drop',
  'connmark zone 3 pass',
  'nat egress 10.0.0.0/24 192.168.7.0 pipe',
  'ctinfo dscp 0xfc000000 0x1 cpmark 0xff zone 4',
  'mirred ingress mirror dev d1 drop',
  'tunnel_key set src_ip 1.1.1.1 dst_ip 2.2.2.2 id 5 dst_port 4789 ttl 9 nocsum drop',
  'tunnel_key unset',
  'ct commit zone 2 mark 5/0xff nat src addr 1.1.1.1-1.1.1.9 port 1-2',
  'csum ip4h and tcp drop',
  'simple sdata hello',
  'police rate 1mbit burst 10k mtu 1600 peakrate 2mbit overhead 24 linklayer atm conform-exceed drop/pipe',
  'pedit ex munge ip src set 1.2.3.4 munge tcp dport set 80 munge ip6 src set ::1 pipe',
  'ife encode allow mark use prio 3 dst 02:00:00:00:00:02 type 0x1234',
  'skbmod set dmac 02:00:00:00:00:02 etype 0x0800 drop',
];

describe('words, bytes, options and prints', () => {
  test.each(LINES)('%s settles after one turn', (line) => {
    const { table, world } = bench();
    const bound = table.bind(
      { act: spoken(`action ${line}`) },
      { chains: { hold: () => () => {} }, clsact: true, estimation: null },
    );
    const instance = bound.instances[0];
    if (instance === undefined) throw new Error('no action');
    const { kind, value } = instance;
    // What the kernel settled, sent again as it is, settles to the same.
    const again = decode(kind.codec, encode(kind.codec, value));
    expect(again).toEqual(value);
    const place = { chains: { hold: () => () => {} }, goto: -1, clsact: true, estimation: null, world };
    if (kind.kind !== 'police') expect(kind.settle(again, null, place)).toEqual(value);
    expect(shown(bound).length).toBeGreaterThan(20);
    expect(() => JSON.parse(shown(bound, { ...SHOW, stats: true }, 'json'))).not.toThrow();
  });

  test('every kind has a row, under a name of its own', () => {
    expect(new Set(ACTIONS.map(({ kind }) => kind)).size).toBe(21);
  });
});

/** What may come out of a refused request. */
function typed(body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!(error instanceof KernelError || error instanceof UsageError)) throw error;
  }
}

describe('anything at all', () => {
  test.each(ACTIONS.map((kind) => [kind.kind, kind] as const))(
    '%s: random options never give an untyped error',
    (_, kind) => {
      const draw = drawing(kind.kind.length * 7919);
      const { world } = around();
      const { env } = bench();
      for (let i = 0; i < 400; i++) {
        const bytes = i % 2 === 0 ? encode(kind.codec, kind.codec.sample(draw)) : randomBytes(draw);
        typed(() => {
          const request = decode(kind.codec, bytes);
          kind.print(request, new Printer(i % 3 === 0 ? 'json' : 'text'), { ...BARE, stats: true, details: true });
          const place = { chains: { hold: () => () => {} }, goto: -1, clsact: true, estimation: null, world };
          kind.check(request, place);
          const value = kind.settle(request, null, place);
          const counters = new Counters();
          kind.dump(kind.stamp(value, NO_GEN, undefined, counters), new AttrWriter());
          const act = kind.compile(value, world, env, counters);
          for (const device of [INGRESS, EGRESS]) {
            for (const frame of frames(draw)) act(packetOf(frame, device), { classid: 0, handle: 0 });
          }
        });
      }
    },
  );

  test('random lists decode, print and bind with typed errors only', () => {
    const draw = drawing(4242);
    const { table } = bench();
    for (let i = 0; i < 2000; i++) {
      const tab = i % 2 === 0 ? randomBytes(draw) : mutated(spoken(`action ${LINES[i % LINES.length]}`), draw);
      typed(() => printActions(tab, new Printer('text'), { ...BARE, stats: true }));
      typed(() => {
        const at = { chains: { hold: () => () => {} }, clsact: true, estimation: null };
        table.release(table.bind({ act: tab }, at));
      });
      typed(() => decode(ACT, tab));
    }
    expect(ACTIONS.flatMap(({ kind }) => table.list(kind))).toEqual([]);
  });

  test('random words are understood or refused, never worse', () => {
    const draw = drawing(99);
    const vocabulary = [...new Set(LINES.flatMap((line) => line.split(' '))), '-1', '', '/', 'x'.repeat(40)];
    for (let i = 0; i < 3000; i++) {
      const words = Array.from({ length: 1 + draw(9) }, () => vocabulary[draw(vocabulary.length)] ?? '');
      typed(() => speakActions(new Words(words), new AttrWriter()));
    }
  });
});

function randomBytes(draw: Draw): Uint8Array {
  const w = new AttrWriter();
  for (let i = draw(4); i >= 0; i--) {
    w.nest(draw(14), () => w.bytes(Uint8Array.from({ length: draw(64) }, () => draw(256))));
  }
  return w.done();
}

function mutated(bytes: Uint8Array, draw: Draw): Uint8Array {
  const copy = bytes.slice(0, draw(4) === 0 ? draw(bytes.length + 1) : bytes.length);
  for (let i = draw(4); i > 0 && copy.length > 0; i--) copy[draw(copy.length)] = draw(256);
  return copy;
}

function frames(draw: Draw): Uint8Array[] {
  const whole = ethernet('8100', `0064 0800 ${ipv4('10.0.0.1', '10.0.0.2', 6, ports(1, 2))}`);
  return [whole, whole.subarray(0, 20 + draw(whole.length - 20)), ethernet('0800', '45')];
}
