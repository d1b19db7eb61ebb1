import type { Env } from '../../env.ts';
import { encodeUtf8 } from '../../lang/index.ts';
import { FlowKeys, Input, isReadable, isVlan, outerProtocol, type Packet, Reader } from '../../packet/index.ts';
import { be16, swab16 } from '../../u32.ts';
import type { Scope, World } from '../notation.ts';

/** A 64-bit number as two int32: what an int32 collector fills in place. */
export class Wide {
  hi = 0;
  lo = 0;
}

/** META_COLLECTOR(int_…): false: not available, so the match fails whatever it asks. */
type Collect = (p: Packet, out: Wide) => boolean;
/** META_COLLECTOR(var_…): null: not available. */
type CollectBytes = (p: Packet) => Uint8Array | null;

/** One TCF_META_ID_*. */
export interface MetaId {
  readonly id: number;
  /** tc's word; '' where tc has none. */
  readonly name: string;
  readonly description: string;
  readonly scope: Scope;
  readonly int: (env: Env) => Collect;
  /** Absent: there is no string of this kind. */
  readonly bytes?: (world: World) => CollectBytes;
}

/** A number of the packet; `input`: a bit of Input, if a capture does not hold it. */
function u32(read: (p: Packet) => number, input = 0): (env: Env) => Collect {
  return () => (p, out) => {
    if (input !== 0) p.reads(input, Reader.MATCH);
    out.hi = 0;
    out.lo = read(p);
    return true;
  };
}

/** What no capture holds and no option gives: not available here. */
function unknown(input: number): () => Collect {
  return () => (p) => {
    p.reads(input, Reader.MATCH);
    return false;
  };
}

/** META_COLLECTOR(int_random): 64 bits, drawn like all numbers that the kernel draws for this packet. */
function random(): Collect {
  return (p, out) => {
    p.reads(Input.RANDOM, Reader.MATCH);
    out.hi = p.random();
    out.lo = p.random();
    return true;
  };
}

/** META_COLLECTOR(int_dev) */
function device(): Collect {
  return (p, out) => {
    p.reads(Input.DEV, Reader.MATCH);
    out.hi = 0;
    out.lo = p.dev;
    return p.dev !== 0;
  };
}

/** META_COLLECTOR(var_dev): the name's bytes, kept from one packet to the next. */
function deviceName(world: World): CollectBytes {
  let dev = 0;
  let name: Uint8Array | null = null;
  return (p) => {
    if (p.dev === 0) p.reads(Input.DEV, Reader.MATCH);
    if (p.dev === dev) return name;
    dev = p.dev;
    const text = world.device(dev);
    name = text === null ? null : encodeUtf8(text);
    return name;
  };
}

/** META_COLLECTOR(int_rtclassid): a packet without a route has none. */
function routeClass(): Collect {
  return (p, out) => {
    p.reads(Input.RT_CLASSID, Reader.MATCH);
    out.hi = 0;
    out.lo = p.rtClassid;
    return (p.given & Input.RT_CLASSID) !== 0;
  };
}

/** META_COLLECTOR(int_vlan_tag): priority and number, of the tag in metadata or of the bytes at data + 12. */
function vlan(): Collect {
  return (p, out) => {
    out.hi = 0;
    out.lo = p.vlanTci;
    if (p.vlanTci >= 0) return true;
    if (!isReadable(p, p.at, 16) || !isVlan(be16(p.data, p.at + 12))) return false;
    out.lo = be16(p.data, p.at + 14);
    return true;
  };
}

/** META_COLLECTOR(int_rxhash): skb_get_hash() */
function rxhash(env: Env): Collect {
  const keys = new FlowKeys();
  return (p, out) => {
    p.reads(Input.HASH, Reader.MATCH);
    if ((p.given & Input.HASH) === 0) p.reads(Input.RXHASH_KEY, Reader.MATCH);
    if (p.hash === 0) p.hash = env.era.rxhash(p, keys, env.rxhashKey);
    out.hi = 0;
    out.lo = p.hash;
    return true;
  };
}

/** META_COLLECTOR(int_sk_…): numbers of the packet's socket, as far as they were told; negative ones are 64 bits wide. */
function socket(id: number): (env: Env) => Collect {
  return () => (p, out) => {
    const value = p.socket?.[id];
    if (value === undefined) {
      p.reads(Input.SOCKET, Reader.MATCH);
      return false;
    }
    out.hi = value < 0 ? -1 : 0;
    out.lo = value | 0;
    return true;
  };
}

const ANY_DEVICE = encodeUtf8('any');

/** META_COLLECTOR(var_sk_bound_if) */
function boundName(world: World): CollectBytes {
  return (p) => {
    const bound = p.socket?.[SK_BOUND_IF];
    if (bound === undefined) {
      p.reads(Input.SOCKET, Reader.MATCH);
      return null;
    }
    if (bound === 0) return ANY_DEVICE;
    const name = world.device(bound);
    return name === null ? null : encodeUtf8(name);
  };
}

const SK_BOUND_IF = 19;

function row(id: number, name: string, description: string, int: (env: Env) => Collect): MetaId {
  return { id, name, description, scope: 'packet', int };
}

function sk(id: number, name: string, description: string): MetaId {
  return row(id, name, description, socket(id));
}

/**
 * include/uapi/linux/tc_ematch/tc_em_meta.h: TCF_META_ID_* that net/sched/em_meta.c has collectors for, in the order
 * and under the headings of tc's list. 35, route
 * capabilities, is unsupported.
 */
export const META_SECTIONS: readonly { readonly title: string; readonly ids: readonly MetaId[] }[] = [
  {
    title: 'Generic',
    ids: [
      { ...row(1, 'random', 'Random value (32 bit)', random), scope: 'all' },
      row(2, 'loadavg_1', 'Load average in last minute', unknown(Input.LOADAVG)),
      row(3, 'loadavg_5', 'Load average in last 5 minutes', unknown(Input.LOADAVG)),
      row(4, 'loadavg_15', 'Load average in last 15 minutes', unknown(Input.LOADAVG)),
    ],
  },
  {
    title: 'Interfaces',
    ids: [{ ...row(5, 'dev', 'Device the packet is on', device), bytes: deviceName }],
  },
  {
    title: 'Packet attributes',
    ids: [
      row(
        6,
        'priority',
        'Priority of packet',
        u32((p) => p.priority, Input.PRIORITY),
      ),
      // Quirk 29: the number is the two bytes of the packet read by a little-endian machine.
      row(
        7,
        'protocol',
        'Link layer protocol',
        u32((p) => swab16(outerProtocol(p))),
      ),
      row(
        8,
        'pkt_type',
        'Packet type (uni|multi|broad|...)cast',
        u32((p) => p.pktType, Input.PKT_TYPE),
      ),
      row(
        9,
        'pkt_len',
        'Length of packet',
        u32((p) => p.len),
      ),
      row(
        10,
        'data_len',
        'Length of data in packet',
        u32(() => 0, Input.LINEAR),
      ),
      row(
        11,
        'mac_len',
        'Length of link layer header',
        u32((p) => p.macLen, Input.MAC_LEN),
      ),
    ],
  },
  {
    title: 'Netfilter',
    ids: [
      row(
        12,
        'nf_mark',
        'Netfilter mark',
        u32((p) => p.mark, Input.MARK),
      ),
      row(
        12,
        'fwmark',
        'Alias for nf_mark',
        u32((p) => p.mark, Input.MARK),
      ),
    ],
  },
  {
    title: 'Traffic Control',
    ids: [
      row(
        13,
        'tc_index',
        'TC Index',
        u32((p) => p.tcIndex, Input.TC_INDEX),
      ),
    ],
  },
  {
    title: 'Routing',
    ids: [
      row(14, 'rt_classid', 'Routing ClassID (cls_route)', routeClass),
      row(15, 'rt_iif', 'Incoming interface index', unknown(Input.ROUTE)),
      row(46, 'vlan', 'Vlan tag', vlan),
    ],
  },
  {
    title: 'Sockets',
    ids: [
      sk(16, 'sk_family', 'Address family'),
      sk(17, 'sk_state', 'State'),
      sk(18, 'sk_reuse', 'Reuse Flag'),
      { ...sk(SK_BOUND_IF, 'sk_bind_if', 'Bound interface'), bytes: boundName },
      sk(20, 'sk_refcnt', 'Reference counter'),
      sk(21, 'sk_shutdown', 'Shutdown mask'),
      sk(22, 'sk_proto', 'Protocol'),
      sk(23, 'sk_type', 'Type'),
      sk(24, 'sk_rcvbuf', 'Receive buffer size'),
      sk(25, 'sk_rmem', 'RMEM'),
      sk(26, 'sk_wmem', 'WMEM'),
      sk(27, 'sk_omem', 'OMEM'),
      sk(28, 'sk_wmem_queue', 'WMEM queue'),
      sk(30, 'sk_snd_queue', 'Send queue length'),
      sk(29, 'sk_rcv_queue', 'Receive queue length'),
      sk(31, 'sk_err_queue', 'Error queue length'),
      sk(32, 'sk_fwd_alloc', 'Forward allocations'),
      sk(33, 'sk_sndbuf', 'Send buffer size'),
    ],
  },
];

/** Those that the kernel has and tc has no words for. */
const WORDLESS: readonly MetaId[] = [
  ...[34, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45].map((id) => sk(id, '', '')),
  row(47, '', '', rxhash),
];

export const META_IDS: readonly MetaId[] = [...META_SECTIONS.flatMap(({ ids }) => ids), ...WORDLESS];

/** Words for what no capture holds: load averages, routes and sockets. Not available unless told, so no match. */
export const UNKNOWABLE_META: readonly string[] = META_IDS.filter(
  ({ id, name }) => name !== '' && (/^(loadavg|sk)_/.test(name) || id === 14 || id === 15),
).map(({ name }) => name);
