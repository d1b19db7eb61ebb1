import { Input } from '../../packet/index.ts';
import { tcH, tcMajor, tcMinor } from '../../u32.ts';
import { By, type Placed, type Placing } from './kind.ts';

/** The socket named a class of this qdisc (SO_PRIORITY), or an action did: every such qdisc looks there first. */
export function prioritised({ priority, handle, packet }: Placing): boolean {
  packet.readsOnWay(Input.PRIORITY);
  return tcMajor(priority) === tcMajor(handle);
}

/** tbf, red, sfb: X:1. */
export function onlyChild(at: Placing): Placed {
  return at.inClass(tcH(tcMajor(at.handle), 1), By.ONLY_CHILD);
}

/** mq, multiq: the band of the transmit queue that was chosen for the packet; the first if there is none. */
export function byQueue(at: Placing, bands: number): Placed {
  at.packet.readsOnWay(Input.QUEUE);
  const { queue } = at.packet;
  const band = queue < bands ? queue : 0;
  return at.inClass(tcH(tcMajor(at.handle), band + 1), By.QUEUE);
}

/** net/sched/sch_drr.c: drr_classify(), net/sched/sch_qfq.c: qfq_classify() — no default: what has no class is dropped. */
export function ownClass(at: Placing): Placed {
  const { priority, handle } = at;
  if (prioritised(at) && at.level(priority) >= 0) return at.inClass(priority, By.PRIORITY);
  const { matched, taken, classid } = at.ask(handle);
  if (taken) return at.taken();
  if (!matched) return at.nowhere(By.NO_FILTER_MATCHED);
  return at.level(classid) < 0 ? at.nowhere(By.CLASS_MISSING) : at.inClass(classid, By.FILTER);
}

/**
 * net/sched/sch_prio.c: prio_classify(), net/sched/sch_ets.c: ets_classify() — of the class id only the minor counts;
 * one that is no band goes where priority 0 goes, whatever the packet's own.
 */
export function byPriomap(at: Placing, bands: number, priomap: readonly number[]): Placed {
  const { priority, handle } = at;
  const major = tcMajor(handle);
  const named = prioritised(at);
  let classid = priority;
  if (!named) {
    const answer = at.ask(handle);
    if (answer.taken) return at.taken();
    if (!answer.matched) {
      const band = priomap[tcMajor(priority) === 0 ? priority & 0xf : 0] ?? 0;
      return at.inClass(tcH(major, band + 1), By.PRIOMAP);
    }
    classid = answer.classid;
  }
  const minor = tcMinor(classid);
  return minor < 1 || minor > bands
    ? at.inClass(tcH(major, (priomap[0] ?? 0) + 1), By.PRIOMAP_OF_PRIORITY_0)
    : at.inClass(tcH(major, minor), named ? By.PRIORITY : By.FILTER);
}

/**
 * net/sched/sch_sfq.c: sfq_classify(), net/sched/sch_fq_codel.c: fq_codel_classify() — one filter is enough, and what
 * none takes is dropped; so is what is sent to a bucket that is not there.
 */
export function byBucket(at: Placing, buckets: number): Placed {
  const { priority, handle } = at;
  const minor = tcMinor(priority);
  if (prioritised(at) && minor >= 1 && minor <= buckets) return at.inBucket(minor - 1, By.PRIORITY);
  if (!at.filtered(handle)) return at.inBucket(-1, By.INTERNAL_HASH);
  const { matched, taken, classid } = at.ask(handle);
  if (taken) return at.taken();
  if (!matched) return at.nowhere(By.NO_FILTER_MATCHED);
  const chosen = tcMinor(classid);
  return chosen < 1 || chosen > buckets ? at.nowhere(By.BUCKET_OUT_OF_RANGE) : at.inBucket(chosen - 1, By.FILTER);
}
