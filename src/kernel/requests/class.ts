import { Errno, KernelError } from '../../errors.ts';
import { NLM_F, RTM, TC_H, TCMSG, writeTc } from '../../netlink/index.ts';
import { tcH, tcMajor, tcMinor } from '../../u32.ts';
import { type Class, majorOf, type Qdisc } from '../device.ts';
import type { Call, Reply } from '../reply.ts';
import type { State } from '../state.ts';
import { writeNoStats, writeZeroStats } from '../stats.ts';
import { LEFTOVER, RTM_TCA_POLICY, readRequest, TCA_TYPE, type TcRequest, writeString } from '../validate.ts';
import { defaultChild } from './qdisc.ts';

/** A class: one that a user made, or the minor of one that is always there. */
type Found = Class | number;

/** A request about classes, its ids completed. */
interface ClassRequest {
  readonly request: TcRequest;
  readonly q: Qdisc;
  readonly parent: number;
  readonly classid: number;
  readonly found: Found | null;
}

/** net/sched/sch_api.c: tc_ctl_tclass(), steps 1 and 2: which qdisc, which class. */
function locate(state: State, call: Call): ClassRequest {
  const request = readRequest(call.message, RTM_TCA_POLICY);
  if (request.leftover) call.warning = LEFTOVER;
  const device = state.device(request.ifindex);
  const rootHandle = device.root?.handle ?? 0;
  let { parent } = request;
  let handle = majorOf(request.handle);
  if (parent !== TC_H.ROOT) {
    const major = majorOf(parent);
    if (handle !== 0 && major !== 0) {
      if (handle !== major) throw new KernelError(Errno.EINVAL, '', 'other-major', 'classid');
    } else handle = major || handle || rootHandle;
    if (parent !== 0) parent = (handle | tcMinor(parent)) >>> 0;
  } else handle ||= rootHandle;
  const q = device.lookup(handle);
  if (q === null) throw new KernelError(Errno.ENOENT, '', 'qdisc-not-found', 'parent');
  if (!q.kind.classful) throw new KernelError(Errno.EINVAL, '', 'not-classful', 'parent');
  const rootOnly = request.handle === 0 && parent === TC_H.ROOT;
  const classid = request.handle !== 0 || rootOnly ? (handle | tcMinor(request.handle)) >>> 0 : 0;
  return { request, q, parent, classid, found: classid === 0 ? null : find(q, classid) };
}

/** ->find() */
function find(q: Qdisc, classid: number): Found | null {
  if (q.kind.classes !== null) return q.classes.get(classid);
  return q.has(classid) ? q.bandOf(classid) + 1 : null;
}

/** tc_ctl_tclass(), RTM_NEWTCLASS */
export function newClass(state: State, call: Call): void {
  const { request, q, parent, classid, found } = locate(state, call);
  if (found === null && !call.has(NLM_F.CREATE)) throw new KernelError(Errno.ENOENT, '', 'class-not-found', 'handle');
  if (found !== null && call.has(NLM_F.EXCL)) throw new KernelError(Errno.EEXIST, '', 'class-exists', 'handle');
  const { attributes } = request;
  if (attributes.has(TCA_TYPE.INGRESS_BLOCK) || attributes.has(TCA_TYPE.EGRESS_BLOCK)) {
    throw new KernelError(Errno.EOPNOTSUPP, 'Shared blocks are not supported for classes');
  }
  const options = attributes.get(TCA_TYPE.OPTIONS) ?? null;
  const result =
    q.kind.classes === null ? changeBand(q, found, options) : settleClass(state, q, parent, classid, found, options);
  if (typeof result !== 'number') call.made = { class: result };
  call.notify(() => ({ type: RTM.NEWTCLASS, payload: classMessage(q, result) }), 0);
}

/** ->change() of a kind whose classes are its bands. */
function changeBand(q: Qdisc, found: Found | null, options: Uint8Array | null): Found {
  const change = q.kind.bands?.change ?? null;
  if (change === null) throw new KernelError(Errno.EOPNOTSUPP, '', 'own-classes', 'parent');
  const band = typeof found === 'number' ? found : 0;
  q.settings = change.settle(q.settings, band, options);
  return band;
}

/** ->change() of a kind whose users make the classes. */
function settleClass(
  state: State,
  q: Qdisc,
  parent: number,
  classid: number,
  found: Found | null,
  options: Uint8Array | null,
): Class {
  const kind = q.kind.classes;
  if (kind === null || typeof found === 'number') throw new KernelError(Errno.EOPNOTSUPP);
  const named = kind.tree ? q.classes.get(parent) : null;
  // hfsc's top classes hang below the class that stands for the qdisc.
  const above = named ?? q.classes.get(q.handle);
  const id = classid || freeClassid(q);
  const othersWeigh = q.weight - (found === null ? 0 : kind.weight(found.settings));
  const settings = kind.settle(found?.settings ?? null, options, {
    device: q.device,
    handle: q.handle,
    parent,
    qdisc: q.settings,
    classid: id,
    above: named?.settings ?? null,
    depth: above === null ? 0 : depthOf(above) + 1,
    othersWeigh,
  });
  if (found === null && tcMajor(id ^ q.handle) !== 0) throw new KernelError(Errno.EINVAL, '', 'other-major', 'classid');
  q.weight = othersWeigh + kind.weight(settings);
  if (found !== null) {
    found.settings = settings;
    return found;
  }
  return addClass(state, q, id, above, settings);
}

function addClass(state: State, q: Qdisc, id: number, above: Class | null, settings: unknown): Class {
  const block = q.kind.filters === 'classes' ? state.takeBlock() : null;
  const cl: Class = { id, above, settings, block, leaf: defaultChild(q, id), children: 0, filters: 0, root: false };
  q.classes.add(cl);
  if (above === null) return cl;
  above.children++;
  // A class that gets its first child is inner from now on: what hung on it is gone.
  if (above.leaf !== null) state.destroy(above.leaf);
  above.leaf = null;
  return cl;
}

/** Number of classes above; the root class that stands for the qdisc does not count. */
function depthOf(cl: Class): number {
  let depth = -1;
  for (let at: Class | null = cl; at !== null && !at.root; at = at.above) depth++;
  return depth;
}

/** `handle 0`: a minor from 8000 on that is free; only kinds that make one up get here. */
function freeClassid(q: Qdisc): number {
  for (let minor = 0x8000; minor < 0x10000; minor++) {
    const id = tcH(tcMajor(q.handle), minor);
    if (q.classes.get(id) === null) return id;
  }
  throw new KernelError(Errno.ENOSPC);
}

/** tc_ctl_tclass(), RTM_DELTCLASS: not while it has classes below it, or filters name it. */
export function deleteClass(state: State, call: Call): void {
  const { q, found } = locate(state, call);
  if (found === null) throw new KernelError(Errno.ENOENT, '', 'class-not-found', 'handle');
  if (typeof found === 'number') throw new KernelError(Errno.EOPNOTSUPP);
  if (found.children > 0 || found.filters > 0 || found.root)
    throw new KernelError(Errno.EBUSY, '', 'class-busy', 'handle');
  const payload = classMessage(q, found);
  q.classes.remove(found);
  q.weight -= q.kind.classes?.weight(found.settings) ?? 0;
  if (found.leaf !== null) state.destroy(found.leaf);
  if (found.block !== null) state.dropBlock(found.block);
  const { above } = found;
  if (above !== null && --above.children === 0 && !above.root) above.leaf = defaultChild(q, above.id);
  call.notify(() => ({ type: RTM.DELTCLASS, payload }), 0);
}

/** tc_ctl_tclass(), RTM_GETTCLASS */
export function getClass(state: State, call: Call): void {
  const { q, found } = locate(state, call);
  if (found === null) throw new KernelError(Errno.ENOENT, '', 'class-not-found', 'handle');
  call.notify(() => ({ type: RTM.NEWTCLASS, payload: classMessage(q, found) }), 0);
}

/** net/sched/sch_api.c: tc_fill_tclass() with the kind's ->dump(). */
function classMessage(q: Qdisc, found: Found): Uint8Array {
  return typeof found === 'number' ? bandMessage(q, found) : madeMessage(q, found);
}

function madeMessage(q: Qdisc, cl: Class): Uint8Array {
  const tcm = {
    ifindex: q.device.ifindex,
    handle: cl.id,
    parent: cl.above?.id ?? TC_H.ROOT,
    info: cl.children === 0 ? (cl.leaf?.handle ?? 0) : 0,
  };
  return writeTc(tcm, (w) => {
    const { classes } = q.kind;
    const node = {
      depth: Math.max(0, depthOf(cl)),
      leaf: cl.children === 0,
      // Only hfsc looks.
      get height() {
        return heightOf(q, cl);
      },
    };
    writeString(w, TCA_TYPE.KIND, q.kind.kind);
    classes?.dump(cl.settings, w, node);
    writeZeroStats(w, false, classes?.writeStats && ((own) => classes.writeStats?.(cl.settings, own, node)));
  });
}

function heightOf(q: Qdisc, cl: Class): number {
  const ways = [...q.classes.walk()].map((other) => {
    let steps = 0;
    let at: Class | null = other;
    for (; at !== null && at !== cl; at = at.above) steps++;
    return at === null ? 0 : steps;
  });
  return Math.max(0, ...ways);
}

function bandMessage(q: Qdisc, minor: number): Uint8Array {
  const tcm = {
    ifindex: q.device.ifindex,
    handle: (q.handle | minor) >>> 0,
    parent: q.kind.bands?.root ? TC_H.ROOT : q.handle,
    info: q.bands[minor - 1]?.handle ?? 0,
  };
  return writeTc(tcm, (w) => {
    writeString(w, TCA_TYPE.KIND, q.kind.kind);
    q.kind.bands?.change?.dump(q.settings, minor, w);
    if (q.oneChild) writeNoStats(w);
    else writeZeroStats(w, false);
  });
}

/** net/sched/sch_api.c: tc_dump_tclass() */
export function* dumpClasses(state: State, call: Call): Generator<Reply> {
  if (!TCMSG.fits(call.message.payload.length)) return;
  const { ifindex, parent } = readRequest(call.message, RTM_TCA_POLICY);
  const device = state.devices.get(ifindex);
  if (device === undefined) return;
  for (const q of [device.root, ...device.listed(), device.ingress]) {
    if (q === null || q.invisible || (parent !== 0 && majorOf(parent) !== q.handle)) continue;
    yield* classesOf(q);
  }
}

/** ->walk() */
function* classesOf(q: Qdisc): Generator<Reply> {
  for (const cl of q.classes.walk()) yield { type: RTM.NEWTCLASS, payload: classMessage(q, cl) };
  if (!q.kind.bands?.listed) return;
  for (let minor = 1; minor <= q.bandCount; minor++) yield { type: RTM.NEWTCLASS, payload: classMessage(q, minor) };
}
