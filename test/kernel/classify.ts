import type { Era } from '../../src/era.ts';
import type { SipKey } from '../../src/hash/index.ts';
import type { Btf } from './btf.ts';
import type { RunningKernel } from './harness.ts';
import { type KernelPacket, PacketReader } from './sk-buff.ts';
import {
  type Attached,
  Control,
  entries,
  guestScript,
  readBtf,
  seedAt,
  sipKeyAt,
  Visit,
  visitSize,
  visits,
  watchPlan,
} from './watch.ts';

/** Where frames meet filters; the devices and queueing disciplines of each are those of the golden records. */
export const HOOKS = {
  ingress: {
    links: ['link set lo up'],
    device: 'lo',
    filtersOn: 'dev lo parent ffff:',
    qdisc: 'qdisc add dev lo ingress',
    handle: 0xffff0000,
  },
  egress: {
    links: ['link add d0 index 7 type dummy', 'link set d0 up'],
    device: 'd0',
    filtersOn: 'dev d0 parent 1:',
    qdisc: 'qdisc add dev d0 root handle 1: drr',
    handle: 0x00010000,
  },
  'veth-ingress': {
    links: ['link add v0 index 20 type veth peer name v1 index 21', 'link set v0 up', 'link set v1 up'],
    device: 'v0',
    filtersOn: 'dev v1 parent ffff:',
    qdisc: 'qdisc add dev v1 ingress',
    handle: 0xffff0000,
  },
  'veth-egress': {
    links: ['link add v0 index 20 type veth peer name v1 index 21', 'link set v0 up', 'link set v1 up'],
    device: 'v0',
    filtersOn: 'dev v0 parent 1:',
    qdisc: 'qdisc add dev v0 root handle 1: drr',
    handle: 0x00010000,
  },
} as const;
export type Hook = keyof typeof HOOKS;
export const HOOK_NAMES = Object.keys(HOOKS) as Hook[];

/** A frame to be sent by a raw packet socket. */
export interface SentFrame {
  readonly bytes: Uint8Array;
  readonly mark: number;
  readonly priority: number;
  /** Which of OWNERS opened the socket. */
  readonly owner: number;
}

/** User and group (of the file system) of the sockets that frames are sent by. */
export const OWNERS: readonly (readonly [number, number])[] = [
  [0, 0],
  [1000, 100],
  [70000, 4294967294],
];

/** A filter in tc's words; `protocol` as after tc's word of that name. */
export interface TriedFilter {
  readonly protocol: string;
  readonly options: string;
}

/** What one filter said of one frame. */
export interface Answer {
  readonly filter: number;
  readonly classid: number;
  readonly verdict: number;
  readonly hashrnd: number;
}

export interface Classified {
  /** By frame; null: the kernel dropped it before any filter. */
  readonly packets: readonly (KernelPacket | null)[];
  /** By frame: what filters said, those not asked (another protocol) left out. */
  readonly answers: readonly (readonly Answer[])[];
  readonly rxhashKey: SipKey;
  readonly foldKey: SipKey;
  /** What tc and ip had to say, errors of refused filters too. */
  readonly said: string;
  readonly seconds: Readonly<Record<string, number>>;
}

const FIRST_PREF = 2;
/** Lines of the batch that stand before the filters: the queueing discipline and the filter that sees everything. */
const LINES_BEFORE = 2;
/** Preferences are 16 bits and the first and the last are ours. */
export const MAX_FILTERS = 1000;

/** Classifies in one kernel: holds the watching program made for it. */
export class Bench {
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
    this.programs = [visits(btf)];
  }

  static async open(k: RunningKernel, era: Era): Promise<Bench> {
    return new Bench(k, era, await readBtf(k));
  }

  /** Every filter asked about every frame: each stands at a preference of its own and ends in `action continue`. */
  async classify(hook: Hook, filters: readonly TriedFilter[], frames: readonly SentFrame[]): Promise<Classified> {
    const { links, device, filtersOn, qdisc } = HOOKS[hook];
    const room = { visits: (frames.length + 1) * (filters.length + 1), packets: frames.length + 1 };
    const watching = watchPlan(this.btf, this.programs, room);
    const add = (pref: number, protocol: string, rest: string): string =>
      `filter add ${filtersOn} handle 1 pref ${pref} protocol ${protocol} ${rest}`;
    const plan = {
      ...watching.plan,
      links,
      device,
      filters: [
        qdisc,
        add(1, 'all', 'flow map key mark action continue'),
        ...filters.map((filter, i) => add(FIRST_PREF + i, filter.protocol, `flow ${filter.options} action continue`)),
        add(FIRST_PREF + filters.length, 'all', 'matchall action drop'),
      ],
      sockets: OWNERS,
    };
    const files = { ...watching.files, 'plan.json': JSON.stringify(plan), frames: pack(frames) };
    const job = await this.k.run(guestScript('classify.py'), files, 300);
    if (job.exit !== 0) throw new Error(`classify.py ended with ${job.exit}: ${job.stderr}`);
    const report = JSON.parse(job.file('report.json').toString('utf8')) as Report;
    const unseen = new Set(report.unseen);
    const control = job.file('control');
    const foldKey = sipKeyAt(control, Control.foldKey);
    const fold = (pointer: bigint): number =>
      this.era.fold(Number(BigInt.asIntN(32, pointer)), Number(BigInt.asIntN(32, pointer >> 32n)), foldKey) >>> 0;
    const packets = job.file('packets');
    const size = this.reader.size;
    return {
      packets: frames.map((_, i) =>
        unseen.has(i + 1) ? null : this.reader.read(packets.subarray((i + 1) * size, (i + 2) * size), fold),
      ),
      answers: answersOf(job.file('visits'), frames.length, filters.length),
      rxhashKey: sipKeyAt(control, Control.rxhashKey),
      foldKey,
      said: report.said,
      seconds: report.seconds,
    };
  }
}

interface Report {
  readonly said: string;
  readonly errors: readonly (readonly [number, number])[];
  readonly unseen: readonly number[];
  readonly seconds: Readonly<Record<string, number>>;
}

/** As watch.py reads them. */
export function pack(frames: readonly SentFrame[]): Buffer {
  return Buffer.concat(
    frames.flatMap(({ bytes, mark, priority, owner }) => {
      const head = Buffer.alloc(16);
      for (const [i, word] of [bytes.length, mark, priority, owner].entries()) head.writeUInt32LE(word >>> 0, 4 * i);
      return [head, bytes];
    }),
  );
}

function answersOf(noted: Buffer, frames: number, filters: number): Answer[][] {
  const answers: Answer[][] = Array.from({ length: frames }, () => []);
  for (const visit of entries(noted, visitSize(1))) {
    const filter = (visit.readUInt32LE(Visit.pref) >>> 16) - FIRST_PREF;
    if (filter < 0 || filter >= filters) continue;
    answers[visit.readUInt32LE(Visit.frame) - 1]?.push({
      filter,
      classid: visit.readUInt32LE(Visit.classid),
      verdict: visit.readInt32LE(Visit.verdict),
      hashrnd: seedAt(visit).hashrnd,
    });
  }
  return answers;
}

/** Filters that tc could not add, by number, with the first thing that was said of each. */
export function refusals(said: string): Map<number, string> {
  const refused = new Map<number, string>();
  let reason = '';
  for (const line of said.split('\n')) {
    const failed = /^Command failed -:(\d+)$/.exec(line.trim());
    if (failed === null) reason ||= line.trim();
    else {
      refused.set(Number(failed[1]) - LINES_BEFORE - 1, reason);
      reason = '';
    }
  }
  return refused;
}
