import { tcH, tcMajor, tcMinor } from '../../u32.ts';
import type { Bucket, ChosenBy, LostBy, Placement, Placing } from '../notation.ts';

/** The one queue there is. */
export const QUEUED: Placement = { to: 'queue', bucket: null };
/** An action of the last list took the packet. */
export const TAKEN: Placement = { to: 'action' };

export const inClass = (classid: number, by: ChosenBy): Placement => ({ to: 'class', classid, by });
export const inBucket = (bucket: Bucket): Placement => ({ to: 'queue', bucket });
export const nowhere = (by: LostBy): Placement => ({ to: 'nowhere', by });

/** The qdisc's own hash chose, with a key that nobody is told. */
export const OWN_HASH: Placement = inBucket({ bucket: null, bucketBy: 'internal hash' });

/** The socket named a class of this qdisc (SO_PRIORITY), or an action did. */
export function prioritised({ priority, handle }: Placing): boolean {
  return tcMajor(priority) === tcMajor(handle);
}

/** tbf, red, sfb: X:1. */
export function onlyChild({ handle }: Placing): Placement {
  return inClass(tcH(tcMajor(handle), 1), 'only child');
}

/** mq, multiq: the band of the transmit queue that was chosen for the packet; the first if there is none. */
export function byQueue({ handle, packet }: Placing, bands: number): Placement {
  const band = packet.queue < bands ? packet.queue : 0;
  return inClass(tcH(tcMajor(handle), band + 1), 'queue');
}

/** net/sched/sch_drr.c: drr_classify(), net/sched/sch_qfq.c: qfq_classify() — no default: what has no class is dropped. */
export function ownClass(at: Placing): Placement {
  const { priority, handle } = at;
  if (prioritised(at) && at.level(priority) >= 0) return inClass(priority, 'priority');
  const { matched, taken, classid } = at.ask(handle);
  if (taken) return TAKEN;
  if (!matched) return nowhere('no filter matched');
  return at.level(classid) < 0 ? nowhere('class missing') : inClass(classid, 'filter');
}

/**
 * net/sched/sch_prio.c: prio_classify(), net/sched/sch_ets.c: ets_classify() — of the class id only the minor counts;
 * one that is no band goes where priority 0 goes, whatever the packet's own.
 */
export function byPriomap(at: Placing, bands: number, priomap: readonly number[]): Placement {
  const { priority, handle } = at;
  const named = prioritised(at);
  const band = (index: number, by: ChosenBy): Placement => inClass(tcH(tcMajor(handle), index + 1), by);
  let classid = priority;
  if (!named) {
    const answer = at.ask(handle);
    if (answer.taken) return TAKEN;
    if (!answer.matched) return band(priomap[tcMajor(priority) === 0 ? priority & 0xf : 0] ?? 0, 'priomap');
    classid = answer.classid;
  }
  const minor = tcMinor(classid);
  if (minor < 1 || minor > bands) return band(priomap[0] ?? 0, 'priomap of priority 0');
  return band(minor - 1, named ? 'priority' : 'filter');
}

/**
 * net/sched/sch_sfq.c: sfq_classify(), net/sched/sch_fq_codel.c: fq_codel_classify() — one filter is enough, and what
 * none takes is dropped; so is what is sent to a bucket that is not there.
 */
export function byBucket(at: Placing, buckets: number): Placement {
  const { priority, handle } = at;
  const minor = tcMinor(priority);
  if (prioritised(at) && minor >= 1 && minor <= buckets) return inBucket({ bucket: minor - 1, bucketBy: 'priority' });
  if (!at.filtered(handle)) return OWN_HASH;
  const { matched, taken, classid } = at.ask(handle);
  if (taken) return TAKEN;
  if (!matched) return nowhere('no filter matched');
  const chosen = tcMinor(classid);
  if (chosen < 1 || chosen > buckets) return nowhere('bucket out of range');
  return inBucket({ bucket: chosen - 1, bucketBy: 'filter' });
}
