import path from 'node:path';
import type { Era } from '../../../src/era.ts';
import { classText } from '../../../src/u32.ts';
import { readFramesOf } from '../../golden/records.ts';
import { ChainBench, type ChainCase, commandsOf } from '../chains.ts';
import {
  Bench,
  type Classified,
  HOOK_NAMES,
  HOOKS,
  type Hook,
  OWNERS,
  type SentFrame,
  type TriedFilter,
} from '../classify.ts';
import { converse, type SessionAnswers } from '../control.ts';
import { asEraSays, eraOf, inPlaceOf } from '../era-of.ts';
import type { RunningKernel } from '../harness.ts';
import { ROOT } from '../root.ts';
import type { KernelPacket } from '../sk-buff.ts';
import { compareChain } from './chain-compare.ts';
import { shrinkChain } from './chain-shrink.ts';
import { type Comparison, compare, type Difference } from './compare.ts';
import { type AskSessions, compareControl, shrinkSession } from './control.ts';
import { randomFilter } from './filters.ts';
import { randomFrame } from './frames.ts';
import { Random } from './random.ts';
import { keep, type RegressRecord } from './record.ts';
import { randomSession } from './requests.ts';
import { randomCase } from './setups.ts';
import { type Case, shrink } from './shrink.ts';
import { WITNESSES } from './witness.ts';

/** A question to the kernel: as many filters as a packet may see at once, and frames enough to be worth the start. */
const FILTERS = 250;
const FRAMES = 2000;
const SESSIONS = 100;
/** Setups of filters and actions, and the packets past each: long enough for what counts packets, and many setups. */
const SETUPS = 60;
const SETUP_FRAMES = 150;

/** A run ends when all numbers are reached, or the minutes are over. */
export interface Goal {
  readonly minutes: number;
  readonly pairs: number;
  readonly chains: number;
  readonly messages: number;
}

/** What is asked about next, over and over. */
const TURNS = ['pairs', 'chains', 'pairs', 'chains', 'pairs', 'messages'] as const;
type Kind = (typeof TURNS)[number];

/** One run of random questions against one kernel. */
export class Run {
  private readonly k: RunningKernel;
  private readonly era: Era;
  private readonly bench: Bench;
  private readonly chainBench: ChainBench;
  /** One for each kind: how many questions there are of one changes nothing in the others. */
  private readonly random: Readonly<Record<Kind, Random>>;
  private readonly most: number;
  private readonly captured: readonly Uint8Array[];
  private readonly count = {
    pairs: 0,
    chains: 0,
    setups: 0,
    asked: 0,
    frames: 0,
    filters: 0,
    unknowable: 0,
    messages: 0,
    differences: 0,
    told: 0,
  };

  private constructor(k: RunningKernel, era: Era, benches: [Bench, ChainBench], seed: number, tell: number) {
    this.k = k;
    this.era = era;
    [this.bench, this.chainBench] = benches;
    this.random = { pairs: new Random(seed), chains: new Random(~seed), messages: new Random(seed ^ 0x55555555) };
    this.most = tell;
    this.captured = readFramesOf(path.join(ROOT, 'examples'), 'household.pcapng');
    const { bootSeconds, about } = k;
    const boot = `booted in ${bootSeconds.toFixed(1)} s`;
    console.log(`${about.package} (Linux ${about.version}), ${boot}; era ${era.name}, seed ${seed}`);
  }

  /** `tell`: how many differences are told in full; the others are counted. */
  static async open(k: RunningKernel, seed: number, tell: number): Promise<Run> {
    const era = eraOf(k.about.version);
    return new Run(k, era, [await Bench.open(k, era), await ChainBench.open(k, era)], seed, tell);
  }

  /** How many differences there were. */
  async until({ minutes, ...goal }: Goal): Promise<number> {
    const start = performance.now();
    const seconds = (): number => (performance.now() - start) / 1000;
    const spent = { pairs: 0, chains: 0, messages: 0 };
    for (let round = 0; seconds() < minutes * 60; round++) {
      const open = TURNS.filter((kind) => this.count[kind] < goal[kind]);
      if (open.length === 0) break;
      const turn = TURNS[round % TURNS.length];
      const kind = turn !== undefined && open.includes(turn) ? turn : (open[0] ?? 'pairs');
      const before = seconds();
      await this.question(kind);
      spent[kind] += seconds() - before;
    }
    this.sum(spent);
    return this.count.differences;
  }

  private question(kind: Kind): Promise<void> {
    if (kind === 'chains') return this.chains();
    if (kind === 'messages') return this.control();
    return this.classes(HOOK_NAMES[(this.count.frames / FRAMES) % HOOK_NAMES.length] ?? 'egress');
  }

  private sum(spent: Readonly<Record<Kind, number>>): void {
    const { pairs, chains, setups, asked, frames, filters, unknowable, messages, differences } = this.count;
    const rate = (count: number, seconds: number): string =>
      `${seconds.toFixed(1)} s${seconds > 0 ? ` (${Math.round(count / seconds)}/s)` : ''}`;
    console.log(
      `Linux ${this.k.about.version}: ${pairs} pairs (${frames} frames, ${filters} filters; ${asked} answered, ${pairs - asked} ` +
        `rightly not asked, ${unknowable} more cannot be known) in ${rate(pairs, spent.pairs)}, ` +
        `${chains} chain pairs (${setups} setups) in ${rate(chains, spent.chains)}, ` +
        `${messages} messages in ${rate(messages, spent.messages)}; ${differences} differ`,
    );
  }

  /** One question about classes. */
  private async classes(hook: Hook): Promise<void> {
    const filters = Array.from({ length: FILTERS }, () => randomFilter(this.random.pairs));
    const frames = Array.from({ length: FRAMES }, () => randomFrame(this.random.pairs, this.captured));
    const compared = await this.ask(hook, filters, frames);
    this.count.pairs += compared.pairs;
    this.count.asked += compared.asked;
    this.count.unknowable += compared.unknowable;
    this.count.frames += frames.length;
    this.count.filters += filters.length;
    this.count.differences += compared.differences.length + compared.verdicts.length + compared.misplaced.length;
    for (const { filter, kernel, ours } of compared.verdicts) {
      if (this.enough()) break;
      const words = filters[filter] ?? { protocol: '', options: '' };
      const about = `kernel: ${kernel ?? 'accepted'}; we: ${ours ?? 'accepted'}`;
      this.keep([command(hook, words), about], {
        ...this.stamp(about),
        kind: 'words',
        hook,
        filter: words,
        refused: kernel,
      });
    }
    for (const { frame, what, context } of compared.misplaced) {
      if (this.enough()) break;
      const hex = hexOf(frames[frame]?.bytes);
      this.keep([`${hook}: ${hex}`, what], { ...this.stamp(what), kind: 'place', hook, frame: hex, context });
    }
    for (const { frame, filter } of distinct(compared.differences)) {
      if (this.enough()) break;
      const found = { frame: frames[frame], filter: filters[filter] };
      if (found.frame && found.filter) await this.tell(hook, { frame: found.frame, filter: found.filter });
    }
  }

  private async ask(hook: Hook, filters: readonly TriedFilter[], frames: readonly SentFrame[]): Promise<Comparison> {
    return compare(this.era, hook, filters, frames, await this.bench.classify(hook, filters, frames));
  }

  /** Makes a case small, prints it as commands and hex, and keeps it. */
  private async tell(hook: Hook, found: Case): Promise<void> {
    const question = async (filters: readonly TriedFilter[], frames: readonly SentFrame[]) =>
      (await this.ask(hook, filters, frames)).differences;
    const { frame, filter } = await shrink(found, question);
    const theirs = await this.bench.classify(hook, [filter], [frame]);
    const [difference] = compare(this.era, hook, [filter], [frame], theirs).differences;
    const packet = theirs.packets[0];
    if (difference === undefined || !packet) {
      console.log(`${command(hook, found.filter)}\n  ${hexOf(found.frame.bytes)}\n  differed once and not again`);
      return;
    }
    const about = `kernel: ${name(difference.kernel)}; we: ${name(difference.ours)}`;
    const { bytes, mark, priority } = frame;
    this.keep(
      [HOOKS[hook].qdisc, command(hook, filter), `frame ${hexOf(bytes)} mark ${mark} priority ${priority}`, about],
      this.pairRecord(about, hook, { frame, filter }, packet, theirs, difference),
    );
  }

  private pairRecord(
    about: string,
    hook: Hook,
    { frame, filter }: Case,
    packet: KernelPacket,
    { rxhashKey, foldKey }: Classified,
    { kernel, hashrnd, before }: Pick<Difference, 'kernel' | 'hashrnd' | 'before'>,
  ): RegressRecord {
    const { pointers, context, dataAt, hash, macLen, pktType } = packet;
    return {
      ...this.stamp(about),
      kind: 'pair',
      hook,
      filter,
      hashrnd,
      before,
      frame: hexOf(frame.bytes),
      mark: frame.mark,
      priority: frame.priority,
      owner: OWNERS[frame.owner] ?? [0, 0],
      context,
      socket: pointers.sk !== 0n,
      dataAt,
      hash,
      macLen,
      pktType,
      rxhashKey,
      foldKey,
      classid: kernel,
    };
  }

  /** Asks what differs from kernel to kernel, and keeps the answers; how many of them are not ours. */
  async witness(): Promise<number> {
    for (const { about, hook, filter, frame: hex } of WITNESSES) {
      const frame: SentFrame = { bytes: Buffer.from(hex, 'hex'), mark: 0, priority: 0, owner: 0 };
      const theirs = await this.bench.classify(hook, [filter], [frame]);
      const [packet] = theirs.packets;
      const [answer] = theirs.answers[0] ?? [];
      if (!packet || answer === undefined) throw new Error(`${about}: the kernel dropped the frame`);
      const asked = { kernel: answer.classid, hashrnd: answer.hashrnd, before: 0 };
      this.count.differences += compare(this.era, hook, [filter], [frame], theirs).differences.length;
      this.keep([command(hook, filter), about], this.pairRecord(about, hook, { frame, filter }, packet, theirs, asked));
    }
    return this.count.differences;
  }

  /** One question about whole setups, whose actions change packets and send them from chain to chain. */
  private async chains(): Promise<void> {
    const { version } = this.k.about;
    const cases = Array.from({ length: SETUPS }, (_, i) => {
      const hook = HOOK_NAMES[i % HOOK_NAMES.length] ?? 'egress';
      const made = randomCase(this.random.chains, hook, SETUP_FRAMES, this.captured);
      return { ...made, filters: made.filters.map((filter) => inPlaceOf(version, filter)) };
    });
    const compared = await this.askChains(cases);
    this.count.setups += cases.length;
    for (const [i, { pairs, unknowable, difference }] of compared.entries()) {
      this.count.chains += pairs;
      this.count.unknowable += unknowable;
      const found = cases[i];
      if (difference === null || found === undefined) continue;
      this.count.differences++;
      if (!this.enough()) await this.tellChain(found, difference.what);
    }
  }

  private async askChains(cases: readonly ChainCase[]) {
    const theirs = await this.chainBench.ask(cases);
    return cases.flatMap((each, i) => {
      const answers = theirs[i];
      return answers === undefined ? [] : [{ ...compareChain(this.era, each, answers), answers }];
    });
  }

  /** Makes a setup small that still differs in the same thing, prints it as commands and hex, and keeps it. */
  private async tellChain(found: ChainCase, what: string): Promise<void> {
    const small = await shrinkChain(found, async (cases) =>
      (await this.askChains(cases)).map(({ difference }, i) => {
        if (difference?.what !== what) return null;
        return difference.frame === null ? (cases[i]?.frames.length ?? 0) : difference.frame + 1;
      }),
    );
    const [again] = await this.askChains([small]);
    const commands = commandsOf(small);
    if (again === undefined || again.difference === null) {
      console.log(`${commands.join('\n  ')}\n  differed once in its ${what} and not again`);
      return;
    }
    const { kernel, ours } = again.difference;
    const about = `${what}: kernel: ${kernel}; we: ${ours}`;
    const frames = small.frames.map(({ bytes, mark, priority, owner }) => {
      return { frame: hexOf(bytes), mark, priority, owner: OWNERS[owner] ?? ([0, 0] as const) };
    });
    const sent = frames.map(({ frame, mark, priority }) => `frame ${frame} mark ${mark} priority ${priority}`);
    const { hook, filters } = small;
    this.keep([...commands, ...sent, about], {
      ...this.stamp(about),
      kind: 'chain',
      hook,
      filters,
      frames,
      answers: again.answers,
    });
  }

  /** One question about control messages. */
  private async control(): Promise<void> {
    const sessions = Array.from({ length: SESSIONS }, () => randomSession(this.random.messages));
    const question: AskSessions = async (asked) => compareControl(this.era, asked, await this.converse(asked));
    const differences = await question(sessions);
    this.count.messages += sessions.reduce((sum, session) => sum + session.length, 0);
    this.count.differences += differences.length;
    for (const { session, datagram } of differences) {
      if (this.enough()) break;
      const found = await shrinkSession((sessions[session] ?? []).slice(0, datagram + 1), question);
      const theirs = await this.converse([found]);
      const [difference] = compareControl(this.era, [found], theirs);
      if (difference === undefined) continue;
      const datagrams = found.slice(0, difference.datagram + 1).map(hexOf);
      this.keep(
        [...datagrams.map((each) => `send ${each}`), `kernel ${difference.kernel}`, `we     ${difference.ours}`],
        {
          ...this.stamp(`we: ${difference.ours}`),
          kind: 'control',
          port: theirs[0]?.port ?? 0,
          datagrams,
          answer: difference.kernel,
        },
      );
    }
  }

  private async converse(sessions: readonly (readonly Uint8Array[])[]): Promise<SessionAnswers[]> {
    const answers = await converse(this.k, sessions);
    return answers.map((session) => asEraSays(this.k.about.version, session));
  }

  private enough(): boolean {
    return this.count.told++ >= this.most;
  }

  private stamp(about: string) {
    const date = new Date().toISOString().slice(0, 10);
    return { about, kernel: this.k.about.version, era: this.era.name, date };
  }

  private keep(lines: readonly string[], kept: RegressRecord): void {
    const file = keep(kept);
    console.log([...lines, file === null ? 'kept before' : path.relative(ROOT, file)].join('\n  '));
  }
}

/** The first difference of each filter: others of the same filter mostly have the same cause. */
function distinct(all: readonly Difference[]): Difference[] {
  const seen = new Map<number, Difference>();
  for (const difference of all) if (!seen.has(difference.filter)) seen.set(difference.filter, difference);
  return [...seen.values()];
}

function command(hook: Hook, { protocol, options }: TriedFilter): string {
  return `filter add ${HOOKS[hook].filtersOn} pref 2 handle 1 protocol ${protocol} flow ${options}`;
}

const name = (classid: number | null): string => (classid === null ? 'not asked' : classText(classid));
const hexOf = (bytes: Uint8Array = new Uint8Array(0)): string => Buffer.from(bytes).toString('hex');
