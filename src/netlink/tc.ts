import { Errno, KernelError } from '../errors.ts';
import { swab16 } from '../u32.ts';
import {
  AttrReader,
  AttrWriter,
  atMost,
  bytes,
  type Decoded,
  FAILED_POLICY,
  flag,
  nest,
  s32,
  string,
  struct,
  table,
  u8,
  u16,
  u32,
} from './attr.ts';
import type { Message } from './message.ts';

/** include/uapi/linux/rtnetlink.h: the traffic control messages. */
export const RTM = {
  NEWQDISC: 36,
  DELQDISC: 37,
  GETQDISC: 38,
  NEWTCLASS: 40,
  DELTCLASS: 41,
  GETTCLASS: 42,
  NEWTFILTER: 44,
  DELTFILTER: 45,
  GETTFILTER: 46,
  NEWACTION: 48,
  DELACTION: 49,
  GETACTION: 50,
  NEWCHAIN: 100,
  DELCHAIN: 101,
  GETCHAIN: 102,
} as const;

/** `RTM_NEWTFILTER`, or the number where there is no name. */
export function typeName(type: number): string {
  const name = Object.entries(RTM).find(([, number]) => number === type)?.[0];
  return name === undefined ? String(type) : `RTM_${name}`;
}

/** Parents that are no class (include/uapi/linux/pkt_sched.h): TC_H_ROOT, TC_H_CLSACT with its two hooks. */
export const TC_H = {
  UNSPEC: 0,
  ROOT: 0xffffffff,
  INGRESS: 0xfffffff1,
  MIN_INGRESS: 0xfffffff2,
  MIN_EGRESS: 0xfffffff3,
} as const;

/** TCM_IFINDEX_MAGIC_BLOCK: `ifindex` of a request about a shared block, whose index stands in `parent`. */
export const MAGIC_BLOCK = -1;

/** struct tcmsg. `info` of a filter is its preference and its protocol: filterInfo(). */
export const TCMSG = struct({ family: u8, pad1: u8, pad2: u16, ifindex: s32, handle: u32, parent: u32, info: u32 });
export type Tcmsg = Pick<ReturnType<typeof TCMSG.read>, 'ifindex' | 'handle' | 'parent' | 'info'>;

/** net/sched/sch_api.c: rtm_tca_policy — TCA_*; KIND decides what OPTIONS means. */
export const TCA = {
  kind: [1, string],
  options: [2, bytes],
  stats: [3, bytes],
  xstats: [4, bytes],
  rate: [5, atMost(2)],
  fcnt: [6, bytes],
  stats2: [7, bytes],
  stab: [8, nest],
  pad: [9, bytes],
  dumpInvisible: [10, flag],
  chain: [11, u32],
  hwOffload: [12, bytes],
  ingressBlock: [13, u32],
  egressBlock: [14, u32],
  dumpFlags: [15, bytes],
  extWarnMsg: [16, bytes],
} as const;
const TCA_TABLE = table(TCA, FAILED_POLICY);

/**
 * The words of what is not modelled, as typed: an attribute that no kernel knows. It stands in the place of the bytes
 * that tc would send, between our tc and the emulated kernel only.
 */
export const TYPED = [0x3fff, string] as const;

/** The words in a nest; null: there are none. */
export function typedWords(nest: Uint8Array | undefined | null): string | null {
  if (!nest) return null;
  const reader = new AttrReader(nest);
  while (reader.next()) if (reader.type === TYPED[0]) return TYPED[1].read(reader.data, reader.at, reader.end);
  return null;
}

/** A traffic control message: qdisc, class, filter or chain. */
export interface TcMessage extends Tcmsg {
  readonly attributes: Decoded<typeof TCA>;
  /** Bytes followed the last attribute: the kernel goes on, and says so if it has nothing else to say. */
  readonly leftover: boolean;
}

/** The kernel's nlmsg_parse_deprecated() of such a message: KernelError with its words where it refuses. */
export function readTc(message: Message): TcMessage {
  const { payload } = message;
  if (!TCMSG.fits(payload.length)) throw new KernelError(Errno.EINVAL, 'Invalid header length');
  const { ifindex, handle, parent, info } = TCMSG.read(payload, 0, payload.length);
  const reader = new AttrReader(payload, TCMSG.size);
  while (reader.next());
  const attributes = TCA_TABLE.read(payload, TCMSG.size, payload.length);
  return { ifindex, handle, parent, info, attributes, leftover: reader.rest > 0 };
}

/** The payload of such a message: struct tcmsg, then what `attributes` writes, in its order. */
export function writeTc(tcm: Tcmsg, attributes: (w: AttrWriter) => void): Uint8Array {
  const w = new AttrWriter();
  TCMSG.write({ family: 0, pad1: 0, pad2: 0, ...tcm }, w);
  attributes(w);
  return w.done();
}

/** tcm_info of a filter: preference in the upper half, protocol in network byte order in the lower. Host order in. */
export function filterInfo(preference: number, protocol: number): number {
  return ((preference << 16) | swab16(protocol)) >>> 0;
}

export function infoPreference(info: number): number {
  return info >>> 16;
}

export function infoProtocol(info: number): number {
  return swab16(info & 0xffff);
}
