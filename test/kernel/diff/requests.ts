import {
  type AttrWriter,
  filterInfo,
  joinMessages,
  NLM_F,
  RTM,
  TC_H,
  TCA,
  writeTc,
} from '../../../src/netlink/index.ts';
import { ALL_KEYS, TCA_FLOW } from '../../../src/sched/flow/index.ts';
import type { Random } from './random.ts';

const DRR = 0x00010000;
const INGRESS = 0xffff0000;
const D0 = 7;
const D1 = 8;
const REQUESTS = 40;

/** Requests about filters in one namespace, most of them sensible: some qdiscs first, then filters come, change and go. */
export function randomSession(r: Random): Uint8Array[] {
  const setup = [qdisc(D0, 'drr', DRR, TC_H.ROOT), qdisc(D1, r.once(2) ? 'ingress' : 'clsact', INGRESS, TC_H.INGRESS)];
  const messages = [...setup, ...Array.from({ length: REQUESTS }, () => filterRequest(r))];
  return messages.map((message, i) => {
    const datagram = joinMessages([{ ...message, seq: i + 1, pid: 0 }]);
    return i < setup.length || !r.once(20) ? datagram : damaged(r, datagram);
  });
}

interface Request {
  readonly type: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

const ADD = NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL;

function qdisc(ifindex: number, kind: string, handle: number, parent: number): Request {
  const payload = writeTc({ ifindex, handle, parent, info: 0 }, (w) => w.put(TCA.kind, kind));
  return { type: RTM.NEWQDISC, flags: ADD, payload };
}

/** Flags of `add`, `change`, `replace`, `append`-like requests, and of some that tc never sends. */
const NEW_FLAGS = [
  NLM_F.CREATE | NLM_F.EXCL,
  NLM_F.CREATE | NLM_F.EXCL,
  NLM_F.CREATE,
  NLM_F.CREATE,
  0,
  NLM_F.CREATE | NLM_F.REPLACE,
  NLM_F.EXCL,
  NLM_F.REPLACE,
];

function filterRequest(r: Random): Request {
  const ack = r.once(10) ? 0 : NLM_F.ACK;
  const flags = NLM_F.REQUEST | ack;
  switch (r.below(10)) {
    case 0:
      return { type: RTM.DELTFILTER, flags, payload: filter(r, r.once(3)) };
    case 1:
      return { type: RTM.GETTFILTER, flags, payload: filter(r, r.once(3)) };
    case 2:
      return { type: RTM.GETTFILTER, flags: NLM_F.REQUEST | NLM_F.DUMP, payload: filter(r, false) };
    case 3:
      return chainRequest(r, flags);
    default:
      return { type: RTM.NEWTFILTER, flags: flags | r.pick(NEW_FLAGS), payload: filter(r, true) };
  }
}

/** Chains that exist without filters, listed and removed. */
function chainRequest(r: Random, flags: number): Request {
  const dump = r.once(3);
  const payload = writeTc({ ...place(r), handle: 0, info: 0 }, (w) => {
    if (!r.once(4)) w.put(TCA.chain, r.below(4));
  });
  if (dump) return { type: RTM.GETCHAIN, flags: NLM_F.REQUEST | NLM_F.DUMP, payload };
  const type = r.pick([RTM.NEWCHAIN, RTM.DELCHAIN, RTM.GETCHAIN]);
  return { type, flags: type === RTM.NEWCHAIN ? flags | r.pick(NEW_FLAGS) : flags, payload };
}

function place(r: Random): { ifindex: number; parent: number } {
  if (r.once(40)) return { ifindex: r.pick([0, 1, 99, D0, D1]), parent: r.word() };
  const places: readonly (readonly [number, number])[] = [
    [D0, DRR],
    [D0, DRR],
    [D0, 0],
    [D1, INGRESS],
    [D1, TC_H.MIN_INGRESS],
    [D1, TC_H.MIN_EGRESS],
    [D0, DRR + 1],
  ];
  const [ifindex, parent] = r.pick(places);
  return { ifindex, parent };
}

function filter(r: Random, whole: boolean): Uint8Array {
  const preference = r.once(20) ? r.below(0x10000) : r.below(4);
  const protocol = r.pick([0x0003, 0x0003, 0x0003, 0x0800, 0x86dd, 0]);
  const handle = r.once(20) ? r.word() : r.below(4);
  return writeTc({ ...place(r), handle, info: filterInfo(preference, protocol) }, (w) => {
    if (whole && !r.once(30)) w.put(TCA.kind, r.once(40) ? 'nosuch' : 'flow');
    if (r.once(5)) w.put(TCA.chain, r.below(4));
    if (whole && !r.once(30)) w.nest(TCA.options[0], () => options(r, w));
  });
}

/** Attributes of a flow filter: mostly keys first and whole words, else in any order and of any length. */
function options(r: Random, w: AttrWriter): void {
  const map = r.once(2);
  if (!r.once(10)) w.put(TCA_FLOW.keys, keys(r, map));
  if (!r.once(6)) w.put(TCA_FLOW.mode, r.once(20) ? r.word() : map ? 0 : 1);
  const numbers = [
    TCA_FLOW.rshift,
    TCA_FLOW.addend,
    TCA_FLOW.mask,
    TCA_FLOW.xor,
    TCA_FLOW.divisor,
    TCA_FLOW.perturb,
  ] as const;
  for (let i = r.below(5); i > 0; i--) {
    const row = r.pick(numbers);
    const value = row === TCA_FLOW.rshift && !r.once(8) ? r.below(32) : r.word();
    if (r.once(25)) w.nest(row[0] | (r.once(3) ? 0x8000 : 0), () => w.bytes(r.bytes(r.below(9))));
    else w.put(row, value);
  }
  if (r.once(3)) w.put(TCA_FLOW.baseclass, r.once(3) ? r.word() : (r.below(4) << 16) | r.below(20));
  if (r.once(20)) w.nest(r.below(40), () => w.bytes(r.bytes(r.below(12))));
}

function keys(r: Random, map: boolean): number {
  if (r.once(20)) return r.word();
  const one = (): number => 1 << r.pick(ALL_KEYS);
  return map && !r.once(10) ? one() : one() | one() | one();
}

/** A bit turned, a word changed, or the end cut off; the header's length is left as it may be. */
function damaged(r: Random, datagram: Uint8Array): Uint8Array {
  const bytes = Buffer.from(datagram);
  const at = 16 + r.below(bytes.length - 16);
  switch (r.below(3)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << r.below(8));
      return bytes;
    case 1:
      if (at + 4 <= bytes.length) bytes.writeUInt32LE(r.word(), at & ~3);
      return bytes;
    default:
      bytes.writeUInt32LE(at, 0);
      return bytes.subarray(0, at);
  }
}
