import { createEnv, type Env } from '../src/env.ts';
import { ERAS } from '../src/era.ts';
import { Printer, type Style, shellWords, Words } from '../src/lang/index.ts';
import { AttrWriter } from '../src/netlink/index.ts';
import type { Packet } from '../src/packet/index.ts';
import {
  type ActionShow,
  ActionTable,
  BARE,
  type Bound,
  printActions,
  speakActions,
} from '../src/sched/action/index.ts';
import type { Result, World } from '../src/sched/notation.ts';
import type { Verdict } from '../src/verdict.ts';

/** Copies that mirred sent, and a network namespace with two devices around them. */
export interface Around {
  readonly world: World;
  readonly copies: string[];
}

export function around(devices: Readonly<Record<number, string>> = { 7: 'd0', 8: 'd1' }): Around {
  const copies: string[] = [];
  const world: World = {
    device: (ifindex) => devices[ifindex] ?? null,
    set: () => null,
    action: () => null,
    copied: (_p, ifindex, direction) => void copies.push(`${direction} ${ifindex}`),
  };
  return { world, copies };
}

/** A namespace's actions, its clock in nanoseconds, and what filters bound so far held. */
export interface Bench extends Around {
  readonly clock: { now: number };
  readonly env: Env;
  readonly table: ActionTable;
  readonly held: number[];
  /** Binds the words of `action …` as a filter does. */
  bind(line: string, clsact?: boolean, estimation?: { interval: number; ewmaLog: number }): Bound;
}

export function bench(): Bench {
  const { world, copies } = around();
  const clock = { now: 0 };
  const env = createEnv({ era: ERAS['6.1'], seed: 1, clock });
  const table = new ActionTable(world, env);
  const held: number[] = [];
  const hold = (index: number) => {
    held.push(index);
    return () => void held.splice(held.indexOf(index), 1);
  };
  const bind: Bench['bind'] = (line, clsact = false, estimation) =>
    table.bind({ act: spoken(line) }, { chains: { hold }, clsact, estimation: estimation ?? null });
  return { world, copies, clock, env, table, held, bind };
}

/** The payload of TCA_FLOW_ACT (or TCA_ACT_TAB) that words make; stderr goes to `notes`. */
export function spoken(line: string, notes: string[] = []): Uint8Array {
  const w = new AttrWriter();
  const ask = {
    ifindex: (name: string) => ({ d0: 7, d1: 8 })[name] ?? 0,
    warn: (text: string) => void notes.push(text),
  };
  speakActions(new Words(shellWords(line)), w, ask);
  return w.done();
}

export const SHOW: ActionShow = { ...BARE, device: (ifindex) => ({ 7: 'd0', 8: 'd1' })[ifindex] ?? null };

/** What tc shows of a filter's actions. */
export function shown(bound: Bound, show: ActionShow = SHOW, style: Style = 'text'): string {
  const w = new AttrWriter();
  bound.dump(w, 9, 10);
  const out = new Printer(style);
  if (style !== 'text') out.open('{');
  printActions(w.done().subarray(4), out, show, true);
  if (style !== 'text') out.close();
  return out.toString();
}

/** The verdict for a packet. */
export function ask(bound: Bound, p: Packet): Verdict {
  const result: Result = { classid: 0, handle: 0 };
  return bound.act(p, result);
}
