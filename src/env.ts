import type { Era } from './era.ts';
import { jhash2, type SipKey } from './hash/index.ts';
import { Packet } from './packet/index.ts';

/** Everything the kernel takes from outside. Nothing else may. */
export interface Env {
  /** Nanoseconds since the first packet: capture time, never the wall clock. */
  now(): number;
  /**
   * The `step`-th number of `stream`, an int32. Addressed, not streamed: two workers draw the same hashrnd
   * without talking (docs/adr/003).
   */
  random(stream: number, step: number): number;
  /** Jiffies per second: CONFIG_HZ. */
  readonly hz: number;
  readonly era: Era;
  /** Key of the flow hash (`rxhash`): the kernel's hashrnd in net/core/flow_dissector.c. */
  readonly rxhashKey: SipKey;
  /** Key of addr_fold(): flow_keys_secret in net/sched/cls_flow.c. */
  readonly foldKey: SipKey;
}

/** Streams of Env.random that are not a filter's: filters use the number of their creation, counted from 1. */
export const Stream = { RXHASH_KEY: -1, FOLD_KEY: -2, TIPC: -3 } as const;

/** Debian's and most distributions' CONFIG_HZ on x86-64. */
export const HZ = 250;

/** Draws from a seed that the user stated: the same seed gives the same numbers everywhere. */
export function seededRandom(seed: number): (stream: number, step: number) => number {
  const address = new Int32Array(2);
  return (stream, step) => {
    address[0] = stream;
    address[1] = step;
    return jhash2(address, 2, seed);
  };
}

/** A 128-bit key out of a seeded stream. */
export function drawKey(random: (stream: number, step: number) => number, stream: number): SipKey {
  return { k0lo: random(stream, 0), k0hi: random(stream, 1), k1lo: random(stream, 2), k1hi: random(stream, 3) };
}

/** The clock a run drives: set to each packet's capture time before it is classified. */
export interface Clock {
  /** Nanoseconds since the first packet. */
  now: number;
}

export interface EnvOptions {
  readonly era: Era;
  /** Feeds everything random that is not given. */
  readonly seed: number;
  readonly clock?: Clock;
  readonly rxhashKey?: SipKey | undefined;
  readonly foldKey?: SipKey | undefined;
}

/** An Env whose secrets are given or drawn from a stated seed. */
export function createEnv(options: EnvOptions): Env {
  const clock = options.clock ?? { now: 0 };
  const random = seededRandom(options.seed);
  return {
    now: () => clock.now,
    random,
    hz: HZ,
    era: options.era,
    rxhashKey: options.rxhashKey ?? drawKey(random, Stream.RXHASH_KEY),
    foldKey: options.foldKey ?? drawKey(random, Stream.FOLD_KEY),
  };
}

/** A packet buffer whose pointers are null under this environment's fold. */
export function createPacket(env: Env): Packet {
  let drawn = 0;
  return new Packet(env.era.fold(0, 0, env.foldKey), () => env.random(Stream.TIPC, drawn++));
}
