import { Errno, KernelError } from '../../errors.ts';
import { AttrReader, AttrWriter, bytes, NLM_F, RTM, TC_H, typedWords, writeTc } from '../../netlink/index.ts';
import { type BandKind, DEFAULTS, findQdisc, type QdiscKind } from '../../sched/qdisc/index.ts';
import { tcMinor } from '../../u32.ts';
import { type Device, majorOf, Qdisc } from '../device.ts';
import { estimationOf } from '../filter-actions.ts';
import type { Call, Reply } from '../reply.ts';
import type { State } from '../state.ts';
import { writeZeroStats } from '../stats.ts';
import {
  kindText,
  LEFTOVER,
  RTM_TCA_POLICY,
  readRequest,
  TCA_TYPE,
  type TcRequest,
  u32Of,
  writeString,
} from '../validate.ts';

const INVALID_NAME = 'Invalid qdisc name';
/** TC_H_MAJ(TC_H_INGRESS): the handle of every ingress and clsact qdisc. */
const INGRESS_HANDLE = 0xffff0000;

/** A request about qdiscs, read. */
interface QdiscRequest extends TcRequest {
  readonly device: Device;
  readonly kind: string | null;
  /** `parent` is the hook of ingress and clsact. */
  readonly ingress: boolean;
}

function read(state: State, call: Call): QdiscRequest {
  const request = readRequest(call.message, RTM_TCA_POLICY);
  if (request.leftover) call.warning = LEFTOVER;
  const device = state.device(request.ifindex);
  const kind = request.attributes.get(TCA_TYPE.KIND);
  return {
    ...request,
    device,
    kind: kind === undefined ? null : kindText(kind),
    ingress: request.parent === TC_H.INGRESS,
  };
}

/** net/sched/sch_api.c: tc_modify_qdisc() — add, replace, change, link. */
export function newQdisc(state: State, call: Call): void {
  const request = read(state, call);
  openQueues(request);
  const { device, handle, kind } = request;
  if (request.parent === 0) {
    if (handle === 0) throw new KernelError(Errno.EINVAL, 'Handle cannot be zero');
    changeQdisc(call, request, device.lookup(handle));
    return;
  }
  const above = aboveOf(request, 'Failed to find specified qdisc');
  if (above?.kind.ingress) throw new KernelError(Errno.EOPNOTSUPP, 'Cannot add children to ingress/clsact qdisc');
  let q = hangingAt(request, above);
  if (request.ingress) device.hasIngressQueue = true;
  if (q?.handle === 0) q = null; // a default one, which does not count
  if (q === null || handle === 0 || q.handle !== handle) {
    if (handle !== 0) {
      if (q !== null && !call.has(NLM_F.REPLACE)) {
        throw new KernelError(Errno.EEXIST, 'NLM_F_REPLACE needed to override', 'qdisc-exists', 'parent');
      }
      if (tcMinor(handle) !== 0) throw new KernelError(Errno.EINVAL, 'Invalid minor handle');
      if (device.lookup(handle) !== null) {
        throw new KernelError(
          Errno.EINVAL,
          'Cannot move an existing qdisc to a different parent',
          'qdisc-moved',
          'handle',
        );
      }
    }
    const instead = q !== null && handle === 0 && replaces(call, kind, q);
    if (handle !== 0 || q === null || instead) {
      if (!call.has(NLM_F.CREATE) && !instead) {
        throw new KernelError(
          Errno.ENOENT,
          'Qdisc not found. To create specify NLM_F_CREATE flag',
          'qdisc-not-found',
          'handle',
        );
      }
      create(state, call, request, above);
      return;
    }
  }
  changeQdisc(call, request, q);
}

/** A device that nobody described has the transmit queues that are named: two where a qdisc needs several. */
function openQueues({ device, parent, kind }: QdiscRequest): void {
  if (!device.queuesOpen) return;
  const above = device.lookup(majorOf(parent));
  const named = isOfQueues(above?.kind) ? Math.min(tcMinor(parent), MOST_QUEUES) : 1;
  const needed = isOfQueues(findQdisc(kind ?? '')) ? 2 : 1;
  const queues = Math.max(device.txQueues, named, needed);
  if (queues === device.txQueues) return;
  device.txQueues = queues;
  if (device.root !== null) device.root.refs = rootReferences(device.root);
  for (const q of device.all()) {
    if (!isOfQueues(q.kind)) continue;
    q.settings = q.kind.bands?.ofQueues?.(queues);
    fillBands(q);
  }
}

const isOfQueues = (kind: QdiscKind | null | undefined): boolean => (kind?.bands?.ofQueues ?? null) !== null;

/** More than any card has; what a typing error names is not made. */
const MOST_QUEUES = 1024;

/**
 * What "this magic test" of tc_modify_qdisc() comes to: one of another kind takes the place, unless the request may
 * only replace. So `add` without a handle replaces (quirk 49), and so does `change`.
 */
function replaces(call: Call, kind: string | null, q: Qdisc): boolean {
  if (kind === null || kind === q.kind.kind) return false;
  if (call.has(NLM_F.CREATE)) return call.has(NLM_F.REPLACE) || call.has(NLM_F.EXCL);
  return isChange(call);
}

/** No flag says what to do: `tc qdisc change`. */
function isChange(call: Call): boolean {
  return !call.has(NLM_F.CREATE) && !call.has(NLM_F.REPLACE) && !call.has(NLM_F.EXCL);
}

/** The qdisc whose class `parent` names; null: root or the ingress hook. */
function aboveOf({ device, parent, ingress }: QdiscRequest, missing: string): Qdisc | null {
  if (parent === TC_H.ROOT || ingress) return null;
  const above = device.lookup(majorOf(parent));
  if (above === null) throw new KernelError(Errno.ENOENT, missing, 'qdisc-not-found', 'parent');
  return above;
}

/** What is there now. */
function hangingAt({ device, parent, ingress }: QdiscRequest, above: Qdisc | null): Qdisc | null {
  if (above !== null) return leafOf(above, parent);
  return ingress ? device.ingress : device.root;
}

/** qdisc_leaf() — what hangs on a class; null: nothing. */
function leafOf(q: Qdisc, classid: number): Qdisc | null {
  if (!q.kind.classful)
    throw new KernelError(Errno.EOPNOTSUPP, 'Parent qdisc is not classful', 'not-classful', 'parent');
  if (!q.has(classid)) throw new KernelError(Errno.ENOENT, 'Specified class not found', 'class-not-found', 'parent');
  return q.leaf(classid);
}

/** net/sched/sch_api.c: qdisc_change() and what tc_modify_qdisc() checks before it. */
function changeQdisc(call: Call, request: QdiscRequest, q: Qdisc | null): void {
  if (q === null) throw new KernelError(Errno.ENOENT, 'Specified qdisc not found', 'qdisc-not-found', 'handle');
  if (call.has(NLM_F.EXCL))
    throw new KernelError(Errno.EEXIST, 'Exclusivity flag on, cannot modify', 'qdisc-exists', 'handle');
  if (request.kind !== null && request.kind !== q.kind.kind)
    throw new KernelError(Errno.EINVAL, INVALID_NAME, 'qdisc-other-kind', 'kind');
  const { attributes } = request;
  const options = attributes.get(TCA_TYPE.OPTIONS);
  if (options !== undefined) {
    if (!q.kind.changes) throw new KernelError(Errno.EINVAL, 'Change operation not supported by specified qdisc');
    if (attributes.has(TCA_TYPE.INGRESS_BLOCK) || attributes.has(TCA_TYPE.EGRESS_BLOCK)) {
      throw new KernelError(Errno.EOPNOTSUPP, 'Change of blocks is not supported');
    }
    q.settings = q.kind.settle(q.settings, options, { device: q.device, handle: q.handle, parent: q.parent });
    fillBands(q);
  }
  q.sizeTable = sizeTableOf(request);
  if (attributes.has(TCA_TYPE.RATE)) q.estimated = true;
  call.made = { qdisc: q };
  call.notify(() => ({ type: RTM.NEWQDISC, payload: qdiscMessage(q, request.parent) }));
}

/** The qdisc is made, then hung where it belongs. */
function create(state: State, call: Call, request: QdiscRequest, above: Qdisc | null): void {
  const q = createQdisc(state, request);
  try {
    graft(state, call, request, above, q);
    call.made = { qdisc: q };
  } catch (error) {
    state.destroy(q);
    throw error;
  }
}

/** net/sched/sch_api.c: qdisc_create() */
function createQdisc(state: State, request: QdiscRequest): Qdisc {
  const { device, parent, attributes } = request;
  const kind = findQdisc(request.kind ?? '');
  if (kind === null)
    throw new KernelError(Errno.ENOENT, 'Specified qdisc kind is unknown', 'qdisc-kind-unknown', 'kind');
  if (request.ingress && !kind.ingress) {
    throw new KernelError(Errno.EINVAL, 'Specified parent ID is reserved for ingress and clsact Qdiscs');
  }
  const handle = request.ingress ? INGRESS_HANDLE : request.handle || state.allocateHandle(device);
  const blocks = blockIndexes(request, kind);
  const sizeTable = sizeTableOf(request);
  const options = attributes.get(TCA_TYPE.OPTIONS) ?? null;
  const q = new Qdisc(kind, device, handle, parent, kind.settle(null, options, { device, handle, parent }));
  q.sizeTable = sizeTable;
  q.estimated = estimates(attributes.get(TCA_TYPE.RATE), kind);
  if (kind.filters !== 'none') q.block = state.takeBlock(blocks.ingress);
  if (kind.egress) q.egressBlock = state.takeBlock(blocks.egress);
  addRootClass(q);
  fillBands(q);
  device.hash(q);
  return q;
}

/** Whether an estimator is asked for, and can be had. */
function estimates(rate: Uint8Array | undefined, kind: QdiscKind): boolean {
  if (rate === undefined) return false;
  if (kind.bands?.perQueue === true) {
    throw new KernelError(Errno.EOPNOTSUPP, 'Cannot attach rate estimator to a multi-queue root qdisc');
  }
  if (estimationOf(rate) === null) throw new KernelError(Errno.EINVAL, 'Failed to generate new estimator');
  return true;
}

/** qdisc_block_indexes_set() */
function blockIndexes({ attributes }: TcRequest, kind: QdiscKind): { ingress: number; egress: number } {
  const of = (type: number, name: string, supported: boolean): number => {
    const index = u32Of(attributes, type);
    if (index === undefined) return 0;
    if (index === 0) throw new KernelError(Errno.EINVAL, `${name} block index cannot be 0`);
    if (!supported) throw new KernelError(Errno.EOPNOTSUPP, `${name} block sharing is not supported`);
    return index;
  };
  return {
    ingress: of(TCA_TYPE.INGRESS_BLOCK, 'Ingress', kind.ingress),
    egress: of(TCA_TYPE.EGRESS_BLOCK, 'Egress', kind.egress),
  };
}

const TCA_STAB_BASE = 1;
const SIZESPEC_SIZE = 24;

/** qdisc_get_stab(): the base is what dumps show. One that came as words stays words. */
function sizeTableOf({ attributes }: TcRequest): Uint8Array | null {
  const stab = attributes.get(TCA_TYPE.STAB);
  if (stab === undefined) return null;
  if (typedWords(stab) !== null) return stab;
  let base: Uint8Array | null = null;
  for (const reader = new AttrReader(stab); reader.next(); ) {
    if (reader.type === TCA_STAB_BASE) base = reader.payload().slice(0, SIZESPEC_SIZE);
  }
  if (base === null || base.length < SIZESPEC_SIZE) {
    throw new KernelError(Errno.EINVAL, 'Size table base attribute is missing');
  }
  const w = new AttrWriter();
  w.put([TCA_STAB_BASE, bytes], base);
  return w.done();
}

/** hfsc_init_qdisc(): the class that stands for the qdisc itself; its filters are the qdisc's. */
function addRootClass(q: Qdisc): void {
  const settings = q.kind.classes?.root ?? null;
  if (settings === null) return;
  q.classes.add({ id: q.handle, above: null, settings, block: null, leaf: null, children: 1, filters: 0, root: true });
}

/** prio_tune() and its like: every class that is always there has something below it. */
function fillBands(q: Qdisc): void {
  const { bands } = q.kind;
  if (bands === null || bands.child === 'none') return;
  const count = q.bandCount;
  q.bands.length = Math.min(q.bands.length, count);
  while (q.bands.length < count) {
    const classid = (q.handle | (q.bands.length + 1)) >>> 0;
    q.bands.push(defaultChild(q, classid, bands.child));
  }
}

/** net/sched/sch_generic.c: qdisc_create_dflt() — handle 0; a fifo below a class shows in no list. */
export function defaultChild(q: Qdisc, classid: number, which: Exclude<BandKind['child'], 'none'> = 'fifo'): Qdisc {
  const kind: QdiscKind = DEFAULTS[which];
  const { device } = q;
  const settings = kind.settle(null, null, { device, handle: 0, parent: classid });
  const child = new Qdisc(kind, device, 0, classid, settings, which !== 'default');
  device.hash(child);
  return child;
}

/** net/sched/sch_api.c: qdisc_graft() — hangs `q` (null: the default) in the place of what is there. */
function graft(state: State, call: Call, request: QdiscRequest, above: Qdisc | null, q: Qdisc | null): void {
  const { device, parent } = request;
  const old = above === null ? graftTop(state, device, q, request.ingress) : graftClass(above, parent, q);
  if (q !== null) q.parent = parent;
  notifyGraft(call, request, old, q);
  if (old !== null) state.destroy(old);
}

/** dev->qdisc or the ingress queue. */
function graftTop(state: State, device: Device, q: Qdisc | null, ingress: boolean): Qdisc | null {
  if (ingress || q?.kind.ingress) {
    if (!device.hasIngressQueue)
      throw new KernelError(Errno.ENOENT, 'Device does not have an ingress queue', 'qdisc-not-found', 'parent');
    const old = device.ingress;
    device.ingress = q;
    return old;
  }
  const old = device.root;
  device.root = q;
  if (q !== null) {
    device.unhash(q);
    q.refs = rootReferences(q);
  } else activate(state, device);
  return old;
}

/** ->graft() of the kind above. */
function graftClass(above: Qdisc, classid: number, q: Qdisc | null): Qdisc | null {
  if (!above.grafts) throw new KernelError(Errno.EOPNOTSUPP);
  if (!above.has(classid))
    throw new KernelError(Errno.ENOENT, 'Specified class not found', 'class-not-found', 'parent');
  if (q?.kind.sendsAtOnce === true) throw new KernelError(Errno.EINVAL, 'Cannot assign noqueue to a class');
  const cl = above.classes.get(classid);
  if (cl !== null) {
    if (cl.children > 0) throw new KernelError(Errno.EINVAL, '', 'class-is-inner', 'parent');
    const old = cl.leaf;
    cl.leaf = q ?? defaultChild(above, classid);
    return old;
  }
  const band = above.bandOf(classid);
  const old = above.bands[band] ?? null;
  while (above.bands.length < band) above.bands.push(null);
  above.bands[band] = q ?? (above.kind.bands?.leavesNoop === true ? null : defaultChild(above, classid));
  return old;
}

/** One for each transmit queue, one for dev->qdisc; ->attach() of mq gives the queues its children instead. */
function rootReferences({ kind, device }: Qdisc): number {
  return kind.bands?.perQueue === true ? 1 : device.txQueues + 1;
}

/** net/sched/sch_generic.c: dev_activate() with attach_default_qdiscs() — what a device that is up has by itself. */
export function activate(state: State, device: Device): void {
  if (!device.up || device.root !== null) return;
  const kind: QdiscKind =
    DEFAULTS[device.kind !== 'ether' ? 'queueless' : device.txQueues > 1 ? 'multiqueue' : 'default'];
  const settings = kind.settle(null, null, { device, handle: 0, parent: TC_H.ROOT });
  const q = new Qdisc(kind, device, 0, TC_H.ROOT, settings);
  q.refs = rootReferences(q);
  if (kind.filters !== 'none') q.block = state.takeBlock();
  device.root = q;
  fillBands(q);
}

/** qdisc_notify(): what went, and what came. Default qdiscs are not worth a word. */
function notifyGraft(call: Call, { parent }: QdiscRequest, old: Qdisc | null, q: Qdisc | null): void {
  const visible = (one: Qdisc | null): one is Qdisc => one !== null && one.handle !== 0;
  if (visible(old) && !visible(q)) call.notify(() => ({ type: RTM.DELQDISC, payload: qdiscMessage(old, parent) }), 0);
  if (visible(q)) {
    call.notify(() => ({ type: RTM.NEWQDISC, payload: qdiscMessage(q, parent) }), visible(old) ? NLM_F.REPLACE : 0);
  }
}

/** net/sched/sch_api.c: tc_get_qdisc() — the qdisc a get or delete means, checked in the kernel's order. */
function named(request: QdiscRequest): { q: Qdisc; above: Qdisc | null } {
  const { device, parent, handle, kind } = request;
  let q: Qdisc | null;
  let above: Qdisc | null = null;
  if (parent === 0) {
    q = device.lookup(handle);
    if (q === null)
      throw new KernelError(Errno.ENOENT, 'Failed to find qdisc with specified handle', 'qdisc-not-found', 'handle');
  } else {
    // Any class id of major ffff means the ingress queue here.
    const ingress = parent !== TC_H.ROOT && majorOf(parent) === INGRESS_HANDLE;
    if (!ingress) above = aboveOf(request, 'Failed to find qdisc with specified classid');
    if (ingress && device.hasIngressQueue && device.ingress === null) {
      // The queue is there, with noop on it.
      if (handle !== 0) throw new KernelError(Errno.EINVAL, 'Invalid handle');
      if (kind !== null && kind !== 'noop')
        throw new KernelError(Errno.EINVAL, INVALID_NAME, 'qdisc-other-kind', 'kind');
      throw new KernelError(Errno.ENOENT, 'Cannot delete qdisc with handle of zero', 'qdisc-not-found', 'parent');
    }
    q = ingress ? device.ingress : hangingAt(request, above);
    if (q === null)
      throw new KernelError(
        Errno.ENOENT,
        'Cannot find specified qdisc on specified device',
        'qdisc-not-found',
        'parent',
      );
    if (handle !== 0 && q.handle !== handle) throw new KernelError(Errno.EINVAL, 'Invalid handle');
  }
  if (kind !== null && kind !== q.kind.kind)
    throw new KernelError(Errno.EINVAL, INVALID_NAME, 'qdisc-other-kind', 'kind');
  return { q, above };
}

/** tc_get_qdisc(), RTM_DELQDISC */
export function deleteQdisc(state: State, call: Call): void {
  const request = read(state, call);
  const { q, above } = named(request);
  if (request.parent === 0) throw new KernelError(Errno.EINVAL, 'Classid cannot be zero');
  if (q.handle === 0)
    throw new KernelError(Errno.ENOENT, 'Cannot delete qdisc with handle of zero', 'qdisc-not-found', 'parent');
  graft(state, call, { ...request, ingress: q.kind.ingress }, above, null);
}

/** tc_get_qdisc(), RTM_GETQDISC */
export function getQdisc(state: State, call: Call): void {
  const request = read(state, call);
  call.notify(() => ({ type: RTM.NEWQDISC, payload: qdiscMessage(named(request).q, request.parent) }), 0);
}

/** net/sched/sch_api.c: tc_fill_qdisc() */
export function qdiscMessage(q: Qdisc, parent: number): Uint8Array {
  const tcm = { ifindex: q.device.ifindex, handle: q.handle, parent, info: q.refs };
  return writeTc(tcm, (w) => {
    writeString(w, TCA_TYPE.KIND, q.kind.kind);
    const { block, egressBlock } = q;
    if (q.kind.ingress && block?.shared) w.nest(TCA_TYPE.INGRESS_BLOCK, () => w.u32(block.index));
    if (egressBlock?.shared) w.nest(TCA_TYPE.EGRESS_BLOCK, () => w.u32(egressBlock.index));
    q.kind.dump(q.settings, w);
    w.nest(TCA_TYPE.HW_OFFLOAD, () => w.u8(0));
    const { sizeTable } = q;
    if (sizeTable !== null) w.nest(TCA_TYPE.STAB, () => w.bytes(sizeTable));
    writeZeroStats(w, q.estimated);
  });
}

/** net/sched/sch_api.c: tc_dump_qdisc() — every device, whichever was asked about: tc picks out its own. */
export function* dumpQdiscs(state: State, call: Call): Generator<Reply> {
  const request = readRequest(call.message, RTM_TCA_POLICY);
  const invisible = request.attributes.has(TCA_TYPE.DUMP_INVISIBLE);
  for (const device of state.devices.values()) {
    for (const q of [device.root, ...device.listed(), device.ingress]) {
      if (q === null || (q.invisible && !invisible)) continue;
      yield { type: RTM.NEWQDISC, payload: qdiscMessage(q, q.parent) };
    }
  }
}
