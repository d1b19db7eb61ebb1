import { createEnv, createPacket, type Env } from '../../../src/env.ts';
import type { Era } from '../../../src/era.ts';
import type { Visit } from '../../../src/kernel/chain/index.ts';
import { Netns, type Place } from '../../../src/kernel/index.ts';
import { FlowKeys, type Packet } from '../../../src/packet/index.ts';
import { Verdict, verdictName } from '../../../src/verdict.ts';
import {
  ageless,
  CHAIN_DEVICES,
  type ChainAnswer,
  type ChainAnswers,
  type ChainCase,
  type ChainStep,
  type Changed,
  listRequest,
  requestsOf,
  seedName,
} from '../chains.ts';
import { HOOKS, type Hook, type SentFrame } from '../classify.ts';
import { LEFT_BYTES } from '../watch.ts';
import { fill } from './compare.ts';

/** How a setup went: what was compared, and the first thing on which the kernel and we do not agree. */
export interface ChainComparison {
  /** Packets compared, those included that differ. */
  readonly pairs: number;
  /** Packets left out, those included that come behind the first that cannot be known. */
  readonly unknowable: number;
  readonly difference: ChainDifference | null;
}

export interface ChainDifference {
  /** The packet on whose way it was; null: not on a packet's way. */
  readonly frame: number | null;
  readonly what: string;
  readonly kernel: string;
  readonly ours: string;
}

/** The kernel and we on one setup: replies to its requests, each packet's way, copies, and the list of filters in the end. */
export function compareChain(era: Era, asked: ChainCase, theirs: ChainAnswers): ChainComparison {
  const emulated = new EmulatedCase(era, asked.hook, theirs);
  const refused = emulated.setUp(asked, theirs);
  if (refused !== null) return { pairs: 0, unknowable: 0, difference: refused };
  let pairs = 0;
  for (const [i, frame] of asked.frames.entries()) {
    const answer = theirs.frames[i] ?? null;
    if (answer === null) continue;
    const difference = emulated.passes(frame, answer);
    if (difference === 'unknowable') return { pairs, unknowable: asked.frames.length - i, difference: null };
    pairs++;
    if (difference !== null) return { pairs, unknowable: 0, difference: { ...difference, frame: i } };
  }
  return { pairs, unknowable: 0, difference: emulated.over(theirs) };
}

/** Setting up takes the kernel some time, in which its buckets of packets fill; how long is not measured, nor does it count. */
const SINCE_SETUP = 1e9;

/** Our kernel with one setup in it. */
class EmulatedCase {
  private readonly hook: Hook;
  private readonly clock = { now: 0 };
  private readonly env: Env;
  private readonly netns: Netns;
  private readonly place: Place;
  private readonly p: Packet;
  private readonly flow = new FlowKeys();
  private copies = 0;

  constructor(era: Era, hook: Hook, { seeds, rxhashKey, foldKey }: ChainAnswers) {
    this.hook = hook;
    this.env = createEnv({ era, seed: 0, clock: this.clock, rxhashKey, foldKey });
    this.netns = new Netns({
      env: this.env,
      devices: CHAIN_DEVICES,
      hashrnd: (filter) => seeds[seedName(filter)],
      copied: () => {
        this.copies++;
      },
    });
    const [, dev = ''] = HOOKS[hook].filtersOn.split(' ');
    this.place = { dev, hook: hook.endsWith('ingress') ? 'ingress' : 'egress' };
    this.p = createPacket(this.env);
  }

  setUp(asked: ChainCase, { port, replies }: ChainAnswers): ChainDifference | null {
    for (const [i, request] of requestsOf(asked).entries()) {
      const ours = Buffer.concat(this.netns.request(request, port)).toString('hex');
      const kernel = replies[i] ?? '';
      if (ours !== kernel) return { frame: null, what: `reply ${i}`, kernel, ours };
    }
    return null;
  }

  /** What differs on a packet's way; null: nothing. */
  passes(frame: SentFrame, answer: ChainAnswer): Omit<ChainDifference, 'frame'> | 'unknowable' | null {
    const { p } = this;
    const { socket, ...before } = answer.before;
    const pointers = { sk: socket ? 1n : 0n, dst: 0n, nfct: 0n };
    this.clock.now = SINCE_SETUP + answer.time;
    fill(p, frame, { ...before, pointers }, this.flow, this.env);
    if (this.flow.drawn) return 'unknowable';
    p.hash = before.hash;
    p.dev = this.netns.links.index(this.place.dev);
    const trace: ChainStep[] = [];
    const visit: Visit = (chain, { pref, classifier }, verdict, { classid }) => {
      const { flow } = classifier as { flow?: unknown };
      if (flow) trace.push({ chain: chain.index, pref, verdict, classid: classid >>> 0 });
    };
    const { verdict, result } = this.netns.classify(p, this.place, visit);
    const ours = { trace, verdict, classid: result.classid >>> 0, after: changed(p) };
    return firstDifference(ours, answer);
  }

  /** What differs when all packets are through. */
  over({ port, copies, list }: ChainAnswers): ChainDifference | null {
    if (copies !== this.copies) {
      return { frame: null, what: 'copies', kernel: String(copies), ours: String(this.copies) };
    }
    const ours = ageless(this.netns.request(listRequest(this.hook), port));
    return ours === list ? null : { frame: null, what: 'list', kernel: list, ours };
  }
}

type Way = Pick<ChainAnswer, 'trace' | 'verdict' | 'classid' | 'after'>;

function firstDifference(ours: Way, kernel: Way): Omit<ChainDifference, 'frame'> | null {
  const rows: [string, unknown, unknown][] = [
    ['trace', traceText(kernel.trace, ours.trace), traceText(ours.trace, ours.trace)],
    ['verdict', verdictName(kernel.verdict), verdictName(ours.verdict)],
    ['classid', kernel.verdict < 0 ? null : kernel.classid, ours.verdict < 0 ? null : ours.classid],
    ...(gone(kernel.verdict) ? [] : changes(kernel.after, ours.after)),
  ];
  const found = rows.find(([, a, b]) => JSON.stringify(a) !== JSON.stringify(b));
  return found === undefined
    ? null
    : { what: found[0], kernel: JSON.stringify(found[1]), ours: JSON.stringify(found[2]) };
}

function changes(kernel: Changed, ours: Changed): [string, unknown, unknown][] {
  return (Object.keys(ours) as (keyof Changed)[]).map((name) => [name, kernel[name], ours[name]]);
}

/** Nobody sees a dropped packet again; one that is consumed is on its way elsewhere. */
const gone = (verdict: number): boolean => verdict === Verdict.SHOT || verdict === Verdict.CONSUMED;

/** Before some filter has said a class, what the kernel has for one is whatever was there. */
function traceText(trace: readonly ChainStep[], ours: readonly ChainStep[]): string[] {
  return trace.map(({ chain, pref, verdict, classid }, i) => {
    const unsaid = ours[i]?.classid === 0;
    return `chain ${chain} pref ${pref}: ${verdictName(verdict)} ${unsaid ? 'no class' : classid.toString(16)}`;
  });
}

function changed(p: Packet): Changed {
  const hex = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`;
  const data = Buffer.from(p.data.subarray(p.mac, p.end));
  return {
    mark: p.mark >>> 0,
    priority: p.priority >>> 0,
    protocol: hex(p.protocol),
    len: p.len,
    networkOffset: p.network - p.at,
    vlanTag: p.vlanTci < 0 ? null : { proto: hex(p.vlanProto), tci: p.vlanTci },
    pktType: p.pktType,
    bytes: data.subarray(0, LEFT_BYTES).toString('hex'),
  };
}
