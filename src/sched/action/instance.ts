import type { Env } from '../../env.ts';
import { type AttrWriter, TCA_STATS } from '../../netlink/index.ts';
import type { Packet } from '../../packet/index.ts';
import type { Verdict } from '../../verdict.ts';
import type { Act, Result, World } from '../notation.ts';
import { Estimator } from './estimator.ts';
import type { Runnable } from './exec.ts';
import { type Action, type ActionPlace, Counters, type Gen, NO_GEN, type Tm } from './kind.ts';
import { ActFlag, TCA_ACT } from './list.ts';

const NS_PER_SECOND = 1e9;
/** USER_HZ: clock_t. */
const USER_HZ = 100;
const HW_STATS_ANY = 3;
const U32 = 2 ** 32;

/** struct tc_action: one action under its index, shared by all filters that name it. */
export class Instance implements Runnable {
  readonly kind: Action<unknown>;
  readonly index: number;
  /** What its kind settled. */
  value: unknown;
  readonly counters = new Counters();
  /** tcfa_refcnt and tcfa_bindcnt: all that hold it, and the filters among them. */
  refs = 1;
  binds = 0;
  cookie: Uint8Array | undefined;
  hwStats = HW_STATS_ANY;
  flags = 0;
  /** Lets go of the chain that it goes to. */
  release: (() => void) | null = null;
  private readonly env: Env;
  private readonly world: World;
  private readonly installed: number;
  private lastUsed: number;
  private firstUsed: number | null = null;
  private estimator: Estimator | null = null;
  private act: Act = () => 0;

  constructor(kind: Action<unknown>, index: number, value: unknown, world: World, env: Env) {
    this.kind = kind;
    this.index = index;
    this.value = value;
    this.world = world;
    this.env = env;
    this.installed = this.lastUsed = env.now();
  }

  /** Every verdict that it may give. */
  get verdicts(): readonly Verdict[] {
    return this.kind.verdicts?.(this.value) ?? [(this.kind.gen(this.value) ?? NO_GEN).action];
  }

  /** Puts a settled value in place, with what the request says around it. */
  become(value: unknown, place: ActionPlace): void {
    if (place.estimation !== null) this.estimator = new Estimator(place.estimation, this.counters, this.env);
    this.counters.estimator = this.estimator;
    this.value = value;
    this.release?.();
    this.release = place.goto < 0 ? null : (place.chains?.hold(place.goto) ?? null);
    this.build();
  }

  private build(): void {
    const gen = { ...(this.kind.gen(this.value) ?? NO_GEN), index: this.index };
    const value = this.kind.stamp(this.value, gen, undefined, this.counters);
    this.act = this.kind.compile(value, this.world, this.env, this.counters);
  }

  get skipped(): boolean {
    return (this.flags & ActFlag.SKIP_SW) !== 0;
  }

  /** tcf_lastuse_update(), bstats_update(), and the kind's own ->act(). */
  run(p: Packet, result: Result): Verdict {
    const now = this.env.now();
    this.lastUsed = now;
    this.firstUsed ??= now;
    this.counters.bytes += p.hookLength;
    this.counters.packets++;
    return this.act(p, result);
  }

  /** net/sched/act_api.c: tcf_action_dump_1() */
  dump(w: AttrWriter): void {
    w.put(TCA_ACT.kind, this.kind.kind);
    w.nest(TCA_ACT.stats[0], () => this.dumpStats(w));
    if (this.cookie !== undefined) w.put(TCA_ACT.cookie, this.cookie);
    if (this.hwStats !== HW_STATS_ANY) w.put(TCA_ACT.hwStats, { value: this.hwStats, selector: HW_STATS_ANY });
    if (this.flags !== 0) w.put(TCA_ACT.flags, { value: this.flags, selector: this.flags });
    w.put(TCA_ACT.inHwCount, 0);
    w.nest(TCA_ACT.options[0], () => this.dumpOptions(w));
  }

  /** tcf_action_dump_old(): the options alone. */
  dumpOptions(w: AttrWriter): void {
    const { action, capab } = this.kind.gen(this.value) ?? NO_GEN;
    const gen: Gen = { index: this.index, capab, action, refcnt: this.refs, bindcnt: this.binds };
    this.kind.dump(this.kind.stamp(this.value, gen, this.times(), this.counters), w);
  }

  /** tcf_action_copy_stats() */
  private dumpStats(w: AttrWriter): void {
    const { bytes, packets, drops, overlimits } = this.counters;
    w.put(TCA_STATS.basic, { bytes: BigInt(bytes), packets: packets % U32 });
    w.put(TCA_STATS.basicHw, { bytes: 0n, packets: 0 });
    if (this.estimator !== null) w.put(TCA_STATS.rate, this.rate());
    w.put(TCA_STATS.queue, { qlen: 0, backlog: 0, drops, requeues: 0, overlimits });
  }

  private rate(): { bps: number; pps: number } {
    return {
      bps: Math.min(this.estimator?.bytesPerSecond() ?? 0, U32 - 1),
      pps: Math.min(this.estimator?.packetsPerSecond() ?? 0, U32 - 1),
    };
  }

  /** struct tc_stats, which filters with old-style police show: tcf_exts_dump_stats(). 40 bytes. */
  dumpOldStats(w: AttrWriter): void {
    const { bytes, packets, drops, overlimits } = this.counters;
    const { bps, pps } = this.rate();
    w.u64(BigInt(bytes));
    for (const word of [packets % U32, drops, overlimits, bps, pps, 0, 0]) w.u32(word);
    w.zeros(4);
  }

  /** include/net/act_api.h: tcf_tm_dump() — in jiffies, then in clock_t. */
  private times(): Tm {
    const { hz } = this.env;
    const now = this.env.now();
    const jiffies = (ns: number): number => Math.floor(ns * (hz / NS_PER_SECOND));
    const ago = (then: number): bigint => BigInt(Math.floor(((jiffies(now) - jiffies(then)) * USER_HZ) / hz));
    const firstuse = this.firstUsed === null ? 0n : ago(this.firstUsed);
    return { install: ago(this.installed), lastuse: ago(this.lastUsed), expires: 0n, firstuse };
  }
}
