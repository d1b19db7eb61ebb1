import type { AskedFilter, Elsewhere, Fate, FilterId, Journey, ListRun, Step } from '../../../src/kernel/index.ts';
import { classidText, classText, tcMajor, tcMinor } from '../../../src/u32.ts';
import { Verdict, verdictName } from '../../../src/verdict.ts';
import type { Call } from '../calls.ts';
import type { Event } from '../note-reader.ts';
import { deviceName } from './devices.ts';

const ROOT = 0xffffffff;
const CLSACT_EGRESS = 0xfff3;
/** net/sch_generic.h: __NET_XMIT_BYPASS and __NET_XMIT_STOLEN beside NET_XMIT_SUCCESS. */
const RETURNS: ReadonlyMap<number, Fate['enqueueReturn']> = new Map([
  [0x10000, '0x10000'],
  [0x20000, '0x20000'],
]);
const TAKEN: readonly number[] = [Verdict.STOLEN, Verdict.QUEUED, Verdict.TRAP];
const HOOK_TAKEN: readonly number[] = [...TAKEN, Verdict.CONSUMED];
/** Queues of many flows, whose classes are their buckets. */
const BUCKETS: readonly string[] = ['sfq', 'fq_codel'];
/** A band that is not there is that of priority 0. */
const BANDS: readonly string[] = ['prio', 'ets'];
const ONE_CHILD: readonly string[] = ['tbf', 'red'];

/** What a run came to. */
interface Run {
  readonly run: ListRun;
  readonly verdict: number;
  readonly classid: number;
  /** The filter that answered; null: none did. */
  readonly filter: FilterId | null;
}

/** Tells a packet's way in the words of the records: what was called, in which order, with what result. */
export class Reading {
  private readonly mark: number;
  private readonly priority: number;
  private elsewhere: Elsewhere[] = [];

  /** As the sender set them. */
  constructor(mark: number, priority: number) {
    this.mark = mark;
    this.priority = priority;
  }

  /** `sent`: the call with which the device was handed the packet. What lo sends comes in again while that runs. */
  journey(sent: Call, device: string): Journey {
    this.elsewhere = [];
    const journey = device === 'lo' ? this.received(sent) : this.transmitted(sent);
    return this.elsewhere.length === 0 ? journey : { ...journey, sentElsewhere: this.elsewhere };
  }

  private received({ inner }: Call): Journey {
    const [list] = inner.filter(({ what }) => what === 'list');
    const run = list === undefined ? null : this.run(list);
    const ingressHook = run === null ? [] : [run.run];
    const verdict = verdictName((run?.verdict ?? Verdict.UNSPEC) as Verdict);
    const fate = run && this.hookEnd(run, 'ingress');
    return { ingressHook, fate: fate ?? { fate: 'passed', hook: 'ingress', verdict } };
  }

  private transmitted({ inner }: Call): Journey {
    const list = inner.find(({ what, enter }) => what === 'list' && tcMinor(enter.handle) === CLSACT_EGRESS);
    const run = list === undefined ? null : this.run(list);
    const hooked = run === null ? {} : { egressHook: [run.run] };
    const end = run && this.hookEnd(run, 'egress');
    if (end) return { ...hooked, path: [], fate: end };
    const root = inner.find(({ what }) => what === 'enqueue');
    if (root === undefined) return { ...hooked, path: [], fate: { fate: 'sent' } };
    const path: Step[] = [];
    const fate = this.enqueued(root, path);
    return { ...hooked, path, fate };
  }

  private hookEnd(run: Run, hook: 'ingress' | 'egress'): Fate | null {
    if (run.verdict === Verdict.SHOT) return { fate: 'dropped', hook, by: 'filter action', ...filterOf(run) };
    return HOOK_TAKEN.includes(run.verdict) ? { ...this.taken(run), hook } : null;
  }

  /** An action has sent it elsewhere, or keeps it. */
  private taken(run: Run): Fate {
    const said = { verdict: verdictName(run.verdict as Verdict), ...filterOf(run) };
    const last = this.elsewhere.at(-1);
    const redirected = last?.how === 'redirect' && run.verdict !== Verdict.TRAP;
    return redirected ? { fate: 'redirected', ...said, to: last.device } : { fate: 'stolen', ...said };
  }

  /** One qdisc, and those below it. */
  private enqueued(call: Call, path: Step[]): Fate {
    const { enter, inner } = call;
    // drr, prio and others ask even where there is no list.
    const lists = inner.filter((each) => each.what === 'list' && each.enter.handle !== 0).map((list) => this.run(list));
    const step: Step = {
      qdisc: handleText(enter.handle),
      kind: enter.kind,
      parent: enter.parent === ROOT ? 'root' : classText(enter.parent),
      ...(enter.mark === this.mark ? {} : { mark: enter.mark }),
      ...(enter.priority === this.priority ? {} : { priority: enter.priority }),
      classify: lists.map(({ run }) => run),
    };
    const last = lists.at(-1) ?? null;
    const child = inner.find(({ what }) => what === 'enqueue');
    if (child === undefined) {
      path.push(step);
      return this.end(call, last);
    }
    const by = chosenBy(enter, child.enter.parent, last);
    path.push({
      ...step,
      class: classText(child.enter.parent),
      by,
      ...(by === 'filter' && last ? filterOf(last) : {}),
    });
    return this.enqueued(child, path);
  }

  /** In a qdisc that handed the packet to no other. */
  private end({ enter, leave }: Call, last: Run | null): Fate {
    const qdisc = handleText(enter.handle);
    const where = { qdisc, kind: enter.kind };
    const enqueueReturn = RETURNS.get(leave.gave);
    if (enqueueReturn !== undefined) return this.lost(enter, { ...where, enqueueReturn }, last);
    if (leave.gave !== 0) throw new Error(`${enter.kind} gave ${leave.gave}: a queue is full`);
    if (enter.kind === 'htb') return { fate: 'direct', qdisc, by: directBy(enter, last) };
    const hangs = enter.parent === ROOT ? {} : { class: classText(enter.parent) };
    return { fate: 'queued', ...where, ...hangs, ...bucket(enter, last) };
  }

  private lost(enter: Event, where: Partial<Fate>, last: Run | null): Fate {
    if (last !== null && TAKEN.includes(last.verdict)) return { ...this.taken(last), ...where };
    if (last?.verdict === Verdict.SHOT) return { fate: 'dropped', ...where, by: 'filter action', ...filterOf(last) };
    const matched = last !== null && last.verdict >= 0;
    if (enter.kind === 'hfsc') {
      const classid = matched ? { classid: classText(last.classid) } : {};
      return { fate: 'dropped', ...where, by: 'no default class', ...classid };
    }
    if (!matched) return { fate: 'dropped', ...where, by: 'no filter matched' };
    const by = BUCKETS.includes(enter.kind) ? 'bucket out of range' : 'class missing';
    return { fate: 'dropped', ...where, by, classid: classText(last.classid), ...filterOf(last) };
  }

  private run({ enter, leave, inner }: Call): Run {
    const filters: AskedFilter[] = [];
    let filter: FilterId | null = null;
    for (const [at, call] of inner.entries()) {
      if (call.what !== 'filter') continue;
      const id = filterId(call.leave);
      const { gave, classid } = call.leave;
      this.copies(copiesBefore(inner, at), id, gave);
      filters.push({ ...id, ret: gave, ...(gave < 0 ? {} : { classid: classText(classid) }) });
      if (gave >= 0) filter = id;
    }
    const run: ListRun = {
      at: classidText(enter.handle),
      ...(enter.handle === enter.parent ? {} : { qdisc: handleText(enter.parent) }),
      filters,
      verdict: verdictName(leave.gave as Verdict),
      ...(leave.gave < 0 ? {} : { classid: classText(leave.classid) }),
      ...(enter.mark === this.mark ? {} : { markBefore: enter.mark }),
      ...(enter.priority === this.priority ? {} : { priorityBefore: enter.priority }),
      ...(leave.mark === enter.mark ? {} : { markAfter: leave.mark }),
      ...(leave.priority === enter.priority ? {} : { priorityAfter: leave.priority }),
    };
    return { run, verdict: leave.gave, classid: leave.classid, filter };
  }

  /** What a filter's actions sent to other devices; of a packet that they took, the last was the packet itself. */
  private copies(sent: readonly Call[], by: FilterId, verdict: number): void {
    const redirects = verdict === Verdict.STOLEN || verdict === Verdict.CONSUMED;
    for (const [i, call] of sent.entries()) {
      const how = redirects && i === sent.length - 1 ? 'redirect' : 'mirror';
      const device = deviceName(call.enter.ifindex);
      const journey = new Reading(this.mark, this.priority).journey(call, device);
      this.elsewhere.push({ device, how, by, ...journey });
    }
  }
}

const handleText = (handle: number): string => `${tcMajor(handle).toString(16)}:`;
const filterOf = ({ filter }: Run): { filter?: FilterId } => (filter === null ? {} : { filter });

function filterId({ kind, pref, protocol, chain, flow }: Event): FilterId {
  const alone = kind === 'flow' && flow.length === 1 ? { handle: `0x${(flow[0]?.handle ?? 0).toString(16)}` } : {};
  const place = { kind, pref, protocol: `0x${protocol.toString(16).padStart(4, '0')}` };
  return { ...place, ...(chain === 0 ? {} : { chain }), ...alone };
}

/** The calls of an earlier filter end where that filter does. */
function copiesBefore(inner: readonly Call[], at: number): Call[] {
  const before = inner.slice(0, at).map(({ what }) => what);
  return inner.slice(before.lastIndexOf('filter') + 1, at).filter(({ what }) => what === 'xmit');
}

/** How a qdisc came to the class that it handed the packet to. */
function chosenBy({ kind, handle, priority }: Event, classid: number, last: Run | null): NonNullable<Step['by']> {
  if (ONE_CHILD.includes(kind)) return 'only child';
  const prioritised = last === null && tcMajor(priority) === tcMajor(handle);
  const named = prioritised ? priority : last !== null && last.verdict >= 0 ? last.classid : null;
  const by = prioritised ? 'priority' : 'filter';
  if (BANDS.includes(kind)) {
    if (named === null) return 'priomap';
    return tcMinor(named) === tcMinor(classid) ? by : 'priomap of priority 0';
  }
  return named === classid ? by : 'default';
}

/** htb's queue past all classes: X:0 was named, or nothing that is there, and no default. */
function directBy({ handle, priority }: Event, last: Run | null): 'default' | 'filter' | 'priority' {
  if (last === null && priority === handle) return 'priority';
  return last !== null && last.verdict >= 0 && last.classid === handle ? 'filter' : 'default';
}

function bucket({ kind, handle, priority }: Event, last: Run | null): Partial<Fate> {
  if (!BUCKETS.includes(kind)) return {};
  if (last !== null) return { bucket: tcMinor(last.classid) - 1, bucketBy: 'filter', ...filterOf(last) };
  const prioritised = tcMajor(priority) === tcMajor(handle) && tcMinor(priority) > 0;
  return prioritised ? { bucket: tcMinor(priority) - 1, bucketBy: 'priority' } : { bucketBy: 'internal hash' };
}
