import { Listener, runTc } from '../../src/command/index.ts';
import type { Era } from '../../src/era.ts';
import type { SipKey } from '../../src/hash/index.ts';
import type { DeviceSpec, FilterName } from '../../src/kernel/index.ts';
import { shellWords } from '../../src/lang/index.ts';
import { joinMessages, NLM_F, RTM, writeTc } from '../../src/netlink/index.ts';
import { masked } from '../golden/times.ts';
import type { Btf } from './btf.ts';
import { HOOKS, type Hook, OWNERS, pack, type SentFrame } from './classify.ts';
import type { RunningKernel } from './harness.ts';
import { type Fold, type KernelPacket, PacketReader } from './sk-buff.ts';
import {
  Answer,
  type Attached,
  answerSize,
  around,
  Control,
  entries,
  guestScript,
  LEFT_BYTES,
  packetSize,
  readBtf,
  seedAt,
  sipKeyAt,
  Visit,
  visitSize,
  visits,
  watchPlan,
} from './watch.ts';

/** A setup of filters on one hook, in tc's words from behind `filter add dev … parent …`, and what is sent past it. */
export interface ChainCase {
  readonly hook: Hook;
  readonly filters: readonly string[];
  readonly frames: readonly SentFrame[];
}

/** What one flow classifier said, as golden/chain.ts has it. */
export interface ChainStep {
  readonly chain: number;
  readonly pref: number;
  readonly verdict: number;
  readonly classid: number;
}

/** What filters and actions may have changed of a packet. */
export interface Changed {
  readonly mark: number;
  readonly priority: number;
  readonly protocol: string;
  readonly len: number;
  readonly networkOffset: number;
  readonly vlanTag: { readonly proto: string; readonly tci: number } | null;
  readonly pktType: number;
  /** From the MAC header on, LEFT_BYTES at most. Hex. */
  readonly bytes: string;
}

/** One packet's way through all of a setup. */
export interface ChainAnswer {
  /** The packet as it came; `socket`: it had one. */
  readonly before: Omit<KernelPacket, 'pointers'> & { readonly socket: boolean };
  /** Nanoseconds since the first packet of the boot that was asked about. */
  readonly time: number;
  readonly trace: readonly ChainStep[];
  readonly verdict: number;
  readonly classid: number;
  readonly after: Changed;
}

/** All that a kernel answered about one setup. What is bytes is hex, so that it can be kept. */
export interface ChainAnswers {
  readonly port: number;
  /** To each request, all in one. */
  readonly replies: readonly string[];
  /** Of the filters that were asked, by seedName(). */
  readonly seeds: Readonly<Record<string, number>>;
  /** null: the kernel dropped it before any filter. */
  readonly frames: readonly (ChainAnswer | null)[];
  /** Packets that mirred sent to COPIES. */
  readonly copies: number;
  /** The list of filters when all is over, ages left out. */
  readonly list: string;
  readonly rxhashKey: SipKey;
  readonly foldKey: SipKey;
}

/** Where mirred sends copies to; nobody else sends there. */
const COPIES = { name: 'd1', ifindex: 8, kind: 'dummy' } as const;

/** The devices of a setup, those that requests may name. */
export const CHAIN_DEVICES: readonly DeviceSpec[] = [
  { name: 'lo', ifindex: 1, kind: 'loopback' },
  { name: 'd0', ifindex: 7, kind: 'dummy' },
  COPIES,
  { name: 'v0', ifindex: 20, kind: 'dummy' },
  { name: 'v1', ifindex: 21, kind: 'dummy' },
];

/** How many filters of one classifier may have a seed. */
export const SEEDED_FILTERS = 3;
const VISITS_PER_FRAME = 40;

export const seedName = ({ chain, pref, handle }: Omit<FilterName, 'parent'>): string =>
  `chain ${chain} pref ${pref} handle ${handle}`;

/** The commands of a setup, as one would type them behind `tc`. */
export function commandsOf({ hook, filters }: Pick<ChainCase, 'hook' | 'filters'>): string[] {
  const { qdisc, filtersOn } = HOOKS[hook];
  return [qdisc, ...filters.map((filter) => `filter add ${filtersOn} ${filter}`)];
}

/** A tc that only speaks: its requests, with the numbers of the devices that a setup has. */
class Speaker extends Listener {
  override readonly links = {
    index: (name: string): number => CHAIN_DEVICES.find((device) => device.name === name)?.ifindex ?? 0,
    name: (): null => null,
  };
}

/** The requests of a setup; what tc's words do not allow is no request. */
export function requestsOf(setup: Pick<ChainCase, 'hook' | 'filters'>): Uint8Array[] {
  const speaker = new Speaker();
  for (const command of commandsOf(setup)) runTc(shellWords(command), { transport: speaker });
  return speaker.requests.map((message, i) => joinMessages([{ ...message, seq: i + 1, pid: 0 }]));
}

/** The request for a list of all filters of a setup. */
export function listRequest(hook: Hook): Uint8Array {
  const [, dev = ''] = HOOKS[hook].filtersOn.split(' ');
  const ifindex = CHAIN_DEVICES.find(({ name }) => name === dev)?.ifindex ?? 0;
  const payload = writeTc({ ifindex, handle: 0, parent: HOOKS[hook].handle, info: 0 }, () => {});
  return joinMessages([{ type: RTM.GETTFILTER, flags: NLM_F.REQUEST | NLM_F.DUMP, seq: 1, pid: 0, payload }]);
}

/** Bytes that were answered to a list, ages of actions left out. */
export function ageless(datagrams: readonly Uint8Array[]): string {
  return datagrams.map((each) => masked(each).toString('hex')).join('');
}

interface CaseReport {
  readonly port: number;
  readonly answers: readonly (readonly string[] | number)[];
  readonly after: readonly (readonly string[] | number)[];
  readonly copies: number;
  readonly unseen: readonly number[];
}

/** Puts packets past setups in one kernel: holds the watching programs made for it. */
export class ChainBench {
  private readonly k: RunningKernel;
  private readonly era: Era;
  private readonly btf: Btf;
  private readonly reader: PacketReader;
  private readonly programs: readonly Attached[];

  private constructor(k: RunningKernel, era: Era, btf: Btf) {
    this.k = k;
    this.era = era;
    this.btf = btf;
    this.reader = new PacketReader(btf);
    this.programs = [...around(btf), visits(btf, SEEDED_FILTERS)];
  }

  static async open(k: RunningKernel, era: Era): Promise<ChainBench> {
    return new ChainBench(k, era, await readBtf(k));
  }

  async ask(cases: readonly ChainCase[]): Promise<ChainAnswers[]> {
    const frames = cases.flatMap((each) => each.frames);
    const room = {
      visits: VISITS_PER_FRAME * frames.length + 1000,
      packets: frames.length + 1,
      answers: frames.length + 1,
    };
    const watching = watchPlan(this.btf, this.programs, room, SEEDED_FILTERS);
    const plan = { ...watching.plan, sockets: OWNERS, cases: cases.map(casePlan) };
    const files = {
      ...watching.files,
      'control.py': guestScript('control.py'),
      'plan.json': JSON.stringify(plan),
      frames: pack(frames),
    };
    const job = await this.k.run(guestScript('chains.py'), files, 600);
    if (job.exit !== 0) throw new Error(`chains.py ended with ${job.exit}: ${job.stderr}`);
    const control = job.file('control');
    if (control.readUInt32LE(Control.visits) === room.visits) throw new Error('more visits than were expected');
    const noted: Noted = {
      visits: byFrame(entries(job.file('visits'), visitSize(SEEDED_FILTERS)), frames.length),
      packets: entries(job.file('packets'), this.reader.size).slice(1),
      answers: entries(job.file('answers'), answerSize(this.btf)).slice(1),
      rxhashKey: sipKeyAt(control, Control.rxhashKey),
      foldKey: sipKeyAt(control, Control.foldKey),
    };
    const reports = JSON.parse(job.file('report.json').toString('utf8')) as CaseReport[];
    let first = 0;
    return cases.map((each, i) => {
      const from = first;
      first += each.frames.length;
      return this.read(each, reports[i] ?? { port: 0, answers: [], after: [], copies: 0, unseen: [] }, noted, from);
    });
  }

  private read({ frames }: ChainCase, report: CaseReport, noted: Noted, first: number): ChainAnswers {
    const { rxhashKey, foldKey } = noted;
    const unseen = new Set(report.unseen);
    const seeds: Record<string, number> = {};
    const fold: Fold = (pointer) =>
      this.era.fold(Number(BigInt.asIntN(32, pointer)), Number(BigInt.asIntN(32, pointer >> 32n)), foldKey) >>> 0;
    const answers = frames.map((_, i) => {
      const at = first + i;
      for (const visit of noted.visits[at] ?? []) noteSeeds(visit, seeds);
      return unseen.has(at + 1) ? null : this.answerAt(noted, at, fold);
    });
    return {
      port: report.port,
      replies: report.answers.map(repliesText),
      seeds,
      frames: answers,
      copies: report.copies,
      list: report.after
        .map((each) =>
          typeof each === 'number' ? `errno ${each}` : ageless(each.map((hex) => Buffer.from(hex, 'hex'))),
        )
        .join(''),
      rxhashKey,
      foldKey,
    };
  }

  private answerAt(noted: Noted, at: number, fold: Fold): ChainAnswer {
    const { pointers, ...before } = this.reader.read(noted.packets[at] ?? Buffer.alloc(0), fold);
    const answer = noted.answers[at] ?? Buffer.alloc(0);
    const size = packetSize(this.btf);
    const { context, dataAt, pktType } = this.reader.read(answer.subarray(Answer.packet, Answer.packet + size), fold);
    const { mark, priority, protocol, len, networkOffset, vlanTag } = context;
    const left = answer.subarray(Answer.packet + size, Answer.packet + size + Math.min(dataAt + len, LEFT_BYTES));
    return {
      before: { ...before, socket: pointers.sk !== 0n },
      time: Number(answer.readBigUInt64LE(Answer.time) - (noted.answers[0]?.readBigUInt64LE(Answer.time) ?? 0n)),
      trace: (noted.visits[at] ?? []).map(stepOf),
      verdict: answer.readInt32LE(Answer.verdict),
      classid: answer.readUInt32LE(Answer.classid),
      after: { mark, priority, protocol, len, networkOffset, vlanTag, pktType, bytes: left.toString('hex') },
    };
  }
}

/** What the programs noted in one run: by frame. */
interface Noted {
  readonly visits: readonly (readonly Buffer[])[];
  readonly packets: readonly Buffer[];
  readonly answers: readonly Buffer[];
  readonly rxhashKey: SipKey;
  readonly foldKey: SipKey;
}

/** As chains.py takes it. */
function casePlan(each: ChainCase) {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return {
    device: HOOKS[each.hook].device,
    copies: COPIES.name,
    requests: requestsOf(each).map(hex),
    frames: each.frames.length,
    after: [hex(listRequest(each.hook))],
  };
}

function byFrame(visited: readonly Buffer[], frames: number): Buffer[][] {
  const sorted: Buffer[][] = Array.from({ length: frames }, () => []);
  for (const visit of visited) sorted[visit.readUInt32LE(Visit.frame) - 1]?.push(visit);
  return sorted;
}

function stepOf(visit: Buffer): ChainStep {
  return {
    chain: visit.readUInt32LE(Visit.chain),
    pref: visit.readUInt32LE(Visit.pref) >>> 16,
    verdict: visit.readInt32LE(Visit.verdict),
    classid: visit.readUInt32LE(Visit.classid),
  };
}

function noteSeeds(visit: Buffer, seeds: Record<string, number>): void {
  const { chain, pref } = stepOf(visit);
  for (let i = 0; i < SEEDED_FILTERS; i++) {
    const { handle, hashrnd } = seedAt(visit, i);
    if (handle !== 0) seeds[seedName({ chain, pref, handle })] = hashrnd;
  }
}

function repliesText(given: readonly string[] | number): string {
  return typeof given === 'number' ? `cannot be sent: errno ${given}` : given.join('');
}
