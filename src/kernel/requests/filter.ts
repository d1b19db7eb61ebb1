import { Errno, KernelError } from '../../errors.ts';
import { MAGIC_BLOCK, NLM_F, RTM, TCMSG, writeTc } from '../../netlink/index.ts';
import { swab16, tcMinor } from '../../u32.ts';
import type { Chain } from '../chain/index.ts';
import { createClassifier } from '../classifier.ts';
import { majorOf } from '../device.ts';
import { bindActions } from '../filter-actions.ts';
import { type FilterPlace, findBlock, findQdisc } from '../place.ts';
import type { FilterBlock, KernelProto } from '../proto.ts';
import type { Call, Reply } from '../reply.ts';
import { flushChain, type State } from '../state.ts';
import {
  DUMP_POLICY,
  kindFits,
  kindText,
  LEFTOVER,
  RTM_TCA_POLICY,
  readRequest,
  TCA_TYPE,
  type TcRequest,
  u32Of,
  writeString,
} from '../validate.ts';

type KernelChain = Chain<KernelProto>;

const NEED_CREATE = 'Need both RTM_NEWTFILTER and NLM_F_CREATE to create a new filter';
const NOT_FOUND = 'Filter with specified priority/protocol not found';
const OTHER_KIND = 'Specified filter kind does not match existing one';
const NO_CHAIN = 'Cannot find specified filter chain';
const ZERO_PREF = 'Invalid filter command with priority of zero';
/** TC_ACT_EXT_VAL_MASK */
const CHAIN_MAX = 0x0fffffff;

/** A request about filters, read. */
interface FilterRequest extends TcRequest {
  readonly pref: number;
  /** Host order; 0: any. */
  readonly protocol: number;
  /** null: not given. */
  readonly kind: string | null;
}

function read(call: Call): FilterRequest {
  const request = readRequest(call.message, RTM_TCA_POLICY);
  if (request.leftover) call.warning = LEFTOVER;
  const kind = request.attributes.get(TCA_TYPE.KIND);
  return {
    ...request,
    pref: request.info >>> 16,
    protocol: swab16(request.info & 0xffff),
    kind: kind === undefined ? null : kindText(kind),
  };
}

/** What all three requests check in this order: qdisc, length of the kind's name, class, block. */
function filterPlace(state: State, request: FilterRequest): FilterPlace {
  const { q, parent } = findQdisc(state, request);
  const kind = request.attributes.get(TCA_TYPE.KIND);
  if (kind && !kindFits(kind)) throw new KernelError(Errno.EINVAL, 'Specified TC filter name too long');
  return findBlock(state, q, parent);
}

/** TCA_CHAIN, or 0. */
export function chainIndex(request: TcRequest): number {
  const index = u32Of(request.attributes, TCA_TYPE.CHAIN) ?? 0;
  if (index > CHAIN_MAX) throw new KernelError(Errno.EINVAL, 'Specified chain index exceeds upper limit');
  return index;
}

/** net/sched/cls_api.c: tc_new_tfilter() */
export function newFilter(state: State, call: Call): void {
  const request = read(call);
  if (request.pref === 0 && !call.has(NLM_F.CREATE)) throw new KernelError(Errno.ENOENT, ZERO_PREF);
  const where = filterPlace(state, request);
  where.block.classid = where.parent;
  const chain = where.block.obtain(chainIndex(request));
  try {
    const { proto, created } = findOrCreate(state, call, request, where, chain);
    try {
      change(state, call, request, where, chain, proto);
    } catch (error) {
      if (created) removeProto(where.block, chain, proto);
      throw error;
    }
  } finally {
    where.block.release(chain);
  }
}

/** The proto of the request's preference, or a new one at its place. */
function findOrCreate(
  state: State,
  call: Call,
  request: FilterRequest,
  where: FilterPlace,
  chain: KernelChain,
): { proto: KernelProto; created: boolean } {
  const { protocol, kind } = request;
  const pref = request.pref || chain.autoPref();
  const found = request.pref === 0 ? null : chain.find(pref, protocol);
  if (found !== null) return { proto: found, created: false };
  if (kind === null || protocol === 0) {
    throw new KernelError(Errno.EINVAL, 'Filter kind and protocol must be specified');
  }
  if (!call.has(NLM_F.CREATE)) throw new KernelError(Errno.ENOENT, NEED_CREATE, 'filter-create-flag');
  const classifier = createClassifier(kind, pref, state, where.q, where.block);
  if (classifier === null)
    throw new KernelError(Errno.ENOENT, 'TC classifier not found', 'filter-kind-unknown', 'kind');
  const proto = { pref, protocol, kind, number: -1, classifier };
  chain.add(proto);
  return { proto, created: true };
}

/** The second half of tc_new_tfilter(): the filter's handle, then the classifier's own rules. */
function change(
  state: State,
  call: Call,
  request: FilterRequest,
  where: FilterPlace,
  chain: KernelChain,
  proto: KernelProto,
): void {
  if (request.kind !== null && request.kind !== proto.kind)
    throw new KernelError(Errno.EINVAL, OTHER_KIND, 'filter-other-kind', 'kind');
  const exists = proto.classifier.has(request.handle);
  if (!exists && !call.has(NLM_F.CREATE)) throw new KernelError(Errno.ENOENT, NEED_CREATE, 'filter-create-flag');
  if (exists && call.has(NLM_F.EXCL))
    throw new KernelError(Errno.EEXIST, 'Filter already exists', 'filter-exists', 'handle');
  if (chain.template !== null && chain.template !== proto.kind) {
    throw new KernelError(Errno.EINVAL, 'Chain template is set to a different filter kind');
  }
  const handle = proto.classifier.change(request.handle, {
    options: request.attributes.get(TCA_TYPE.OPTIONS) ?? null,
    qdisc: where.q?.handle ?? 0,
    parent: where.parent,
    chain: chain.index,
    pref: proto.pref,
    bind: (actions) =>
      bindActions(state, {
        ...actions,
        rate: request.attributes.get(TCA_TYPE.RATE) ?? null,
        block: where.block,
        ingress: where.q === null || where.q.kind.ingress,
        call,
      }),
  });
  if (where.q !== null) where.q.bypassed = false;
  call.made = { proto, handle };
  call.notify(() => ({ type: RTM.NEWTFILTER, payload: filterMessage(where, chain, proto, handle) }));
}

/** tcf_proto_put() of the last reference. */
function removeProto(block: FilterBlock, chain: KernelChain, proto: KernelProto): void {
  chain.remove(proto);
  proto.classifier.destroy();
  block.release(chain);
}

/** net/sched/cls_api.c: tc_del_tfilter() */
export function deleteFilter(state: State, call: Call): void {
  const request = read(call);
  const { pref, protocol, kind, handle } = request;
  if (pref === 0 && (protocol !== 0 || handle !== 0 || kind !== null)) {
    throw new KernelError(Errno.ENOENT, 'Cannot flush filters with protocol, handle or kind set');
  }
  const where = filterPlace(state, request);
  const chain = where.block.find(chainIndex(request));
  if (chain === null) {
    if (pref === 0) return;
    throw new KernelError(Errno.ENOENT, NO_CHAIN, 'chain-not-found', 'chain');
  }
  if (pref === 0) {
    notifyChain(call, where, chain);
    flushChain(where.block, chain);
    return;
  }
  const proto = findProto(chain, request);
  if (handle === 0) {
    call.notify(() => ({ type: RTM.DELTFILTER, payload: filterMessage(where, chain, proto, 0) }));
    removeProto(where.block, chain, proto);
    return;
  }
  if (!proto.classifier.has(handle)) throw new KernelError(Errno.ENOENT, NO_HANDLE, 'filter-not-found', 'handle');
  const payload = filterMessage(where, chain, proto, handle);
  const last = proto.classifier.delete(handle);
  call.notify(() => ({ type: RTM.DELTFILTER, payload }));
  if (last && !state.env.era.emptyProtoStays) removeProto(where.block, chain, proto);
}

const NO_HANDLE = 'Specified filter handle not found';

/** The proto that a delete or get means, in the kernel's order of checks. */
function findProto(chain: KernelChain, { pref, protocol, kind }: FilterRequest): KernelProto {
  const proto = chain.find(pref, protocol);
  if (proto === null) throw new KernelError(Errno.ENOENT, NOT_FOUND, 'filter-not-found', 'pref');
  if (kind !== null && kind !== proto.kind)
    throw new KernelError(Errno.EINVAL, OTHER_KIND, 'filter-other-kind', 'kind');
  return proto;
}

/** tfilter_notify_chain(): one message for each proto that goes. */
export function notifyChain(call: Call, where: FilterPlace, chain: KernelChain): void {
  for (const proto of chain.protos) {
    call.notify(() => ({ type: RTM.DELTFILTER, payload: filterMessage(where, chain, proto, 0) }));
  }
}

/** net/sched/cls_api.c: tc_get_tfilter() */
export function getFilter(state: State, call: Call): void {
  const request = read(call);
  if (request.pref === 0) throw new KernelError(Errno.ENOENT, ZERO_PREF);
  const where = filterPlace(state, request);
  const chain = where.block.find(chainIndex(request));
  // Quirk 45: a delete says ENOENT here.
  if (chain === null) throw new KernelError(Errno.EINVAL, NO_CHAIN, 'chain-not-found', 'chain');
  const proto = findProto(chain, request);
  if (!proto.classifier.has(request.handle))
    throw new KernelError(Errno.ENOENT, NO_HANDLE, 'filter-not-found', 'handle');
  call.answer({ type: RTM.NEWTFILTER, payload: filterMessage(where, chain, proto, request.handle) });
}

/** net/sched/cls_api.c: tcf_fill_node() — handle 0: the proto itself, without options. */
function filterMessage(where: FilterPlace, chain: KernelChain, proto: KernelProto, handle: number): Uint8Array {
  const { q, parent, block } = where;
  const tcm = {
    ifindex: q === null ? MAGIC_BLOCK : q.device.ifindex,
    handle,
    parent: q === null ? block.index : parent,
    info: ((proto.pref << 16) | swab16(proto.protocol)) >>> 0,
  };
  return writeTc(tcm, (w) => {
    writeString(w, TCA_TYPE.KIND, proto.kind);
    w.nest(TCA_TYPE.CHAIN, () => w.u32(chain.index));
    if (handle !== 0) proto.classifier.dump(handle, w);
  });
}

/** net/sched/cls_api.c: tc_dump_tfilter() — nothing, rather than an error, where there is nothing to list. */
export function* dumpFilters(state: State, call: Call): Generator<Reply> {
  if (!TCMSG.fits(call.message.payload.length)) return;
  const request = readRequest(call.message, DUMP_POLICY);
  if (request.leftover) call.warning = LEFTOVER;
  const flags = request.attributes.get(TCA_TYPE.DUMP_FLAGS);
  const terse = ((flags?.[0] ?? 0) & TERSE) !== 0;
  const where = dumpPlace(state, request);
  if (where === null) return;
  const only = u32Of(request.attributes, TCA_TYPE.CHAIN);
  const pref = request.info >>> 16;
  const protocol = swab16(request.info & 0xffff);
  for (const chain of where.block.chains) {
    if (only !== undefined && only !== chain.index) continue;
    for (const proto of chain.protos) {
      if ((pref !== 0 && pref !== proto.pref) || (protocol !== 0 && protocol !== proto.protocol)) continue;
      yield { type: RTM.NEWTFILTER, payload: filterMessage(where, chain, proto, 0) };
      for (const handle of proto.classifier.handles()) {
        // flow has no ->terse_dump(): the dump breaks off (quirk 43).
        if (terse) throw new KernelError(Errno.EMSGSIZE);
        yield { type: RTM.NEWTFILTER, payload: filterMessage(where, chain, proto, handle) };
      }
    }
  }
}

/** TCA_DUMP_FLAGS_TERSE */
const TERSE = 1;
/** What a dump lists: the block that the parent names, or null. Its parent is that of the last filter added. */
export function dumpPlace(state: State, request: TcRequest): FilterPlace | null {
  if (request.ifindex === MAGIC_BLOCK) {
    const block = state.sharedBlock(request.parent);
    return block === null ? null : { q: null, parent: request.parent, block };
  }
  const device = state.devices.get(request.ifindex);
  if (device === undefined) return null;
  const q = request.parent === 0 ? device.root : device.lookup(majorOf(request.parent));
  if (q === null || (tcMinor(request.parent) !== 0 && !q.has(request.parent))) return null;
  const block = q.blockAt(request.parent);
  if (block === null) return null;
  return { q: block.shared ? null : q, parent: block.classid, block };
}
