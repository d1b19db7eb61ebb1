import { describe, expect, test } from 'vitest';
import { ask, bench, shown } from '../../../test/actions.ts';
import { EGRESS, ethernet, INGRESS, ipv4, packetOf } from '../../../test/frames.ts';
import { Words } from '../../lang/index.ts';
import { AttrWriter } from '../../netlink/index.ts';
import { Verdict } from '../../verdict.ts';
import { speakPolice, TCA_POLICE } from './police.ts';

/** An IPv4 packet of `length` bytes with its Ethernet header. */
function packet(length: number, device = EGRESS) {
  const p = packetOf(ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 17, '0'.repeat(16))), device);
  p.len = device === INGRESS ? length - 14 : length;
  return p;
}

describe('police', () => {
  test('lets a burst through and then what the rate allows', () => {
    const { bind, clock } = bench();
    // 1 Mbit/s is 125 bytes a millisecond: 1000 bytes take 8 ms; 2000 bytes of burst are two packets.
    const bound = bind('action police rate 1mbit burst 2000 conform-exceed drop/ok');
    const { OK, SHOT } = Verdict;
    const at = (ms: number): number => {
      clock.now = ms * 1e6;
      return ask(bound, packet(1000));
    };
    expect([at(0), at(0), at(0), at(7.9), at(8), at(8), at(1000), at(1000), at(1000)]).toEqual([
      OK,
      OK,
      SHOT,
      SHOT,
      OK,
      SHOT,
      OK,
      OK,
      SHOT,
    ]);
    expect(bound.instances[0]?.counters).toMatchObject({ packets: 9, drops: 4, overlimits: 4 });
    expect(bound.scope).toBe('all');
  });

  test('adds overhead to each packet and counts cells of ATM', () => {
    const fits = (line: string, count: number): number => {
      const bound = bench().bind(line);
      return Array.from({ length: count }, () => ask(bound, packet(100))).filter((v) => v === Verdict.OK).length;
    };
    expect(fits('action police rate 8mbit burst 1000 drop', 20)).toBe(10);
    expect(fits('action police rate 8mbit burst 1000 overhead 100 drop', 20)).toBe(5);
    // 100 bytes are three cells of 53.
    expect(fits('action police rate 8mbit burst 1000 linklayer atm drop', 20)).toBe(6);
    expect(fits('action police rate 8mbit burst 1000 mpu 250 drop', 20)).toBe(4);
  });

  test('without a rate only looks at the length, with the link header at ingress', () => {
    const bound = bench().bind('action police mtu 1000 conform-exceed drop/pipe');
    expect([999, 1000, 1001].map((length) => ask(bound, packet(length)))).toEqual([
      Verdict.PIPE,
      Verdict.PIPE,
      Verdict.SHOT,
    ]);
    expect([1000, 1001].map((length) => ask(bound, packet(length, INGRESS)))).toEqual([Verdict.PIPE, Verdict.SHOT]);
  });

  test('has no packets to spend at first where it counts packets, and a hundred a second later', () => {
    const { bind, clock } = bench();
    const bound = bind('action police pkts_rate 100 pkts_burst 10 conform-exceed drop/ok');
    expect(ask(bound, packet(60))).toBe(Verdict.SHOT);
    clock.now = 10e6;
    expect([ask(bound, packet(60)), ask(bound, packet(60))]).toEqual([Verdict.OK, Verdict.SHOT]);
    clock.now = 10e9;
    const burst = Array.from({ length: 12 }, () => ask(bound, packet(60)));
    expect(burst.filter((verdict) => verdict === Verdict.OK)).toHaveLength(10);
  });

  test('a peak rate limits what a full bucket lets go at once', () => {
    const { bind, clock } = bench();
    const bound = bind('action police rate 8mbit burst 10000 peakrate 16mbit mtu 1500 conform-exceed drop/ok');
    expect([ask(bound, packet(1000)), ask(bound, packet(1000))]).toEqual([Verdict.OK, Verdict.SHOT]);
    clock.now = 250_000;
    expect(ask(bound, packet(1000))).toBe(Verdict.OK);
  });

  test('an average rate asks the estimator, which takes a second to notice', () => {
    const { bind, clock } = bench();
    const bound = bind('action police avrate 8kbit conform-exceed drop/ok', false, { interval: -2, ewmaLog: 1 });
    const verdicts = Array.from({ length: 16 }, (_, i) => {
      clock.now = i * 100e6;
      return ask(bound, packet(1000));
    });
    expect(verdicts.slice(0, 3)).toEqual([Verdict.OK, Verdict.OK, Verdict.OK]);
    expect(verdicts.at(-1)).toBe(Verdict.SHOT);
  });

  test('an average rate without an estimator is refused', () => {
    expect(() => bench().bind('action police avrate 1mbit conform-exceed drop/pass')).toThrow(
      expect.objectContaining({ errno: 22, extack: '' }),
    );
  });

  test('a rate without its table is out of memory, says the kernel', () => {
    const { table } = bench();
    const w = new AttrWriter();
    w.nest(1, () => {
      w.nest(1, () => w.bytes(new TextEncoder().encode('police\0')));
      const rate = { cellLog: 3, linklayer: 1, overhead: 0, cellAlign: -1, mpu: 0, rate: 1000 };
      const none = { ...rate, rate: 0, cellLog: 0, linklayer: 0, cellAlign: 0 };
      const counts = { index: 0, action: 0, limit: 0, burst: 0, mtu: 0, refcnt: 0, bindcnt: 0, capab: 0 };
      w.nest(2, () => w.put(TCA_POLICE.tbf, { ...counts, rate, peakrate: none }));
    });
    const at = { chains: { hold: () => () => {} }, clsact: false, estimation: null };
    expect(() => table.bind({ act: w.done() }, at)).toThrow(expect.objectContaining({ errno: 12 }));
  });

  test('shows what a real tc showed', () => {
    const bound = bench().bind('action police rate 10mbit burst 15k peakrate 20mbit mtu 1600 conform-exceed drop');
    expect(shown(bound)).toBe(
      '\n\taction order 1:  police 0x1 rate 10Mbit burst 15Kb mtu 1600b peakrate 20Mbit action drop overhead 0b \n\tref 1 bind 1 \n',
    );
    expect(shown(bench().bind('action police pkts_rate 100 pkts_burst 10 conform-exceed drop'))).toBe(
      '\n\taction order 1:  police 0x1 rate 0bit burst 0b mtu 4096Mb pkts_rate 100 pkts_burst 10 action drop overhead 0b \n\tref 1 bind 1 \n',
    );
  });

  test('old-style police is dumped without a kind, and its numbers as struct tc_stats', () => {
    const { table } = bench();
    const w = new AttrWriter();
    speakPolice(new Words(['mtu', '50', 'drop']), w);
    const bound = table.bind(
      { police: w.done() },
      { chains: { hold: () => () => {} }, clsact: false, estimation: null },
    );
    ask(bound, packet(60));
    const out = new AttrWriter();
    bound.dump(out, 9, 10);
    expect(new DataView(out.done().buffer).getUint16(2, true)).toBe(10);
    const stats = new AttrWriter();
    bound.dumpStats(stats);
    const view = new DataView(stats.done().buffer);
    // Header of 4; bytes, packets, drops, overlimits.
    expect([stats.length, view.getUint16(2, true), view.getUint32(4, true)]).toEqual([44, 3, 60]);
    expect([12, 16, 20].map((at) => view.getUint32(at, true))).toEqual([1, 1, 1]);
  });

  test('quirk 32: jump and trap are no words of police', () => {
    expect(() => bench().bind('action police rate 1mbit burst 10k trap jump 1')).not.toThrow();
    const bound = bench().bind('action police rate 1mbit burst 10k trap jump 1');
    expect(bound.instances.map(({ kind }) => kind.kind)).toEqual(['police', 'gact', 'gact']);
  });
});
