import { Errno, KernelError } from '../../errors.ts';
import { MAGIC_BLOCK, NLM_F, RTM, TCMSG, writeTc } from '../../netlink/index.ts';
import { findClassifier } from '../../sched/classifier/index.ts';
import type { Chain } from '../chain/index.ts';
import { type FilterPlace, findBlock, findQdisc } from '../place.ts';
import type { KernelProto } from '../proto.ts';
import type { Call, Reply } from '../reply.ts';
import { flushChain, type State } from '../state.ts';
import {
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
import { chainIndex, dumpPlace, notifyChain } from './filter.ts';

type KernelChain = Chain<KernelProto>;

/** What new, delete and get of a chain begin with. */
function begin(state: State, call: Call): { request: TcRequest; where: FilterPlace; index: number } {
  const request = readRequest(call.message, RTM_TCA_POLICY);
  if (request.leftover) call.warning = LEFTOVER;
  const { q, parent } = findQdisc(state, request);
  const where = findBlock(state, q, parent);
  return { request, where, index: chainIndex(request) };
}

/** net/sched/cls_api.c: tc_ctl_chain(), RTM_NEWCHAIN */
export function newChain(state: State, call: Call): void {
  const { request, where, index } = begin(state, call);
  const { block } = where;
  const known = block.find(index);
  if (known !== null && !known.hidden)
    throw new KernelError(Errno.EEXIST, 'Filter chain already exists', 'chain-exists', 'chain');
  if (known === null && !call.has(NLM_F.CREATE)) {
    throw new KernelError(Errno.ENOENT, 'Need both RTM_NEWCHAIN and NLM_F_CREATE to create a new chain');
  }
  checkTemplate(request);
  const chain = block.obtain(index);
  chain.explicit = true;
  call.notify(() => ({ type: RTM.NEWCHAIN, payload: chainMessage(where, chain) }), NLM_F.CREATE | NLM_F.EXCL);
}

/** tc_chain_tmplt_add() — no classifier here knows templates, so a kind is refused either way. */
function checkTemplate({ attributes }: TcRequest): void {
  const kind = attributes.get(TCA_TYPE.KIND);
  if (kind === undefined) return;
  if (!kindFits(kind)) throw new KernelError(Errno.EINVAL, 'Specified TC chain template name too long');
  if (findClassifier(kindText(kind)) === null)
    throw new KernelError(Errno.ENOENT, 'TC classifier not found', 'filter-kind-unknown', 'kind');
  throw new KernelError(Errno.EOPNOTSUPP, 'Chain templates are not supported with specified classifier');
}

/** The chain that a delete or get means; one that only actions name is not there for users. */
function findChain(where: FilterPlace, index: number): KernelChain {
  const chain = where.block.find(index);
  if (chain === null || chain.hidden)
    throw new KernelError(Errno.EINVAL, 'Cannot find specified filter chain', 'chain-not-found', 'chain');
  return chain;
}

/** tc_ctl_chain(), RTM_DELCHAIN: the filters go first. */
export function deleteChain(state: State, call: Call): void {
  const { where, index } = begin(state, call);
  const chain = findChain(where, index);
  notifyChain(call, where, chain);
  const explicit = chain.explicit;
  chain.explicit = false;
  const payload = chainMessage(where, chain);
  flushChain(where.block, chain);
  if (explicit) call.notify(() => ({ type: RTM.DELCHAIN, payload }), 0);
}

/** tc_ctl_chain(), RTM_GETCHAIN: the answer has the request's type. */
export function getChain(state: State, call: Call): void {
  const { where, index } = begin(state, call);
  call.answer({ type: RTM.GETCHAIN, payload: chainMessage(where, findChain(where, index), call.warning) });
}

/** net/sched/cls_api.c: tc_dump_chain() */
export function* dumpChains(state: State, call: Call): Generator<Reply> {
  if (!TCMSG.fits(call.message.payload.length)) return;
  const request = readRequest(call.message, RTM_TCA_POLICY);
  if (request.leftover) call.warning = LEFTOVER;
  const where = dumpPlace(state, request);
  if (where === null) return;
  const only = u32Of(request.attributes, TCA_TYPE.CHAIN);
  for (const chain of where.block.chains) {
    if (chain.hidden || (only !== undefined && only !== chain.index)) continue;
    yield { type: RTM.NEWCHAIN, payload: chainMessage(where, chain) };
  }
}

/** net/sched/cls_api.c: tc_chain_fill_node() — names the qdisc, whichever class or hook was asked about. */
function chainMessage({ q, block }: FilterPlace, chain: KernelChain, warning = ''): Uint8Array {
  const tcm = {
    ifindex: q === null ? MAGIC_BLOCK : q.device.ifindex,
    handle: 0,
    parent: q === null ? block.index : q.handle,
    info: 0,
  };
  return writeTc(tcm, (w) => {
    w.nest(TCA_TYPE.CHAIN, () => w.u32(chain.index));
    if (chain.template !== null) writeString(w, TCA_TYPE.KIND, chain.template);
    if (warning !== '') writeString(w, TCA_TYPE.EXT_WARN_MSG, warning);
  });
}
