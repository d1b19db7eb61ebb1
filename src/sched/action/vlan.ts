import type { Era } from '../../era.ts';
import { Errno, FatalUsageError, KernelError } from '../../errors.ts';
import { getU8, getU16, parseProtocol, protocolName, type Words } from '../../lang/index.ts';
import { be16 as codecBe16, type Decoded, struct, table, u8, u16, u32 } from '../../netlink/index.ts';
import { ETH_HLEN, ETH_P, isVlan, type Packet, VLAN_HLEN } from '../../packet/index.ts';
import { be16 } from '../../u32.ts';
import { Verdict } from '../../verdict.ts';
import { put16, readable } from './bytes.ts';
import { checkControl, printControl, takeControlOr } from './control.ts';
import {
  type Action,
  atIngress,
  BARE,
  Counters,
  dumpRows,
  GEN,
  NO_GEN,
  NOBODY,
  PARMS,
  printTail,
  skip,
  TM,
  takeIndex,
  usage,
} from './kind.ts';
import { lladdr, macAddress, macText } from './mac.ts';

/** net/sched/act_vlan.c, tc/m_vlan.c: takes tags and Ethernet headers off, and puts them on. */

const VLAN = struct({ ...GEN, vAction: u32 });

/** include/uapi/linux/tc_act/tc_vlan.h: TCA_VLAN_* */
const TCA_VLAN = {
  tm: [1, TM],
  parms: [2, VLAN],
  id: [3, u16],
  protocol: [4, codecBe16],
  priority: [6, u8],
  ethDst: [7, macAddress],
  ethSrc: [8, macAddress],
} as const;
type Vlan = Decoded<typeof TCA_VLAN>;
const NO_VLAN = { ...NO_GEN, vAction: 0 };

/** TCA_VLAN_ACT_*, from 1; in the order in which tc tries them. */
const WORDS = ['pop', 'push', 'modify', 'pop_eth', 'push_eth'];
const Act = { POP: 1, PUSH: 2, MODIFY: 3, POP_ETH: 4, PUSH_ETH: 5 } as const;

const VID_MASK = 0x0fff;
const PRIO_SHIFT = 13;
const PRIO_MASK = 0xe000;
const ETH_P_802_3_MIN = 0x0600;

const USAGE = [
  'Usage: ... vlan pop|pop_eth [ CONTROL ] [ index INDEX ]',
  '       ... vlan push|modify id ID [ protocol 802.1Q|802.1ad ] [ priority 0-7 ] [ CONTROL ] [ index INDEX ]',
  '       ... vlan push_eth dst_mac ADDRESS src_mac ADDRESS [ CONTROL ] [ index INDEX ]',
].join('\n');

interface Spoken {
  vAction: number;
  id?: number;
  protocol?: number;
  priority?: number;
  ethDst?: Uint8Array;
  ethSrc?: Uint8Array;
}

function tagged(vAction: number): boolean {
  return vAction === Act.PUSH || vAction === Act.MODIFY;
}

function takeMac(words: Words, what: string): Uint8Array {
  const text = words.next();
  const mac = lladdr(text);
  if (mac !== undefined) return mac;
  const part = text.split(':').find((byte) => lladdr(byte) === undefined);
  const { message, word } = words.invalid(`${what} is invalid`);
  throw new FatalUsageError(`"${part}" is invalid lladdr.\n${message}`, word);
}

interface Option {
  readonly word: string;
  readonly fits: (vAction: number) => boolean;
  readonly refusal: string;
  speak(words: Words, s: Spoken): void;
}

const TAGGED = { fits: tagged, refusal: 'only valid for push/modify' } as const;
const FRAMED = { fits: (vAction: number) => vAction === Act.PUSH_ETH, refusal: 'only valid for push_eth' } as const;

const OPTIONS: readonly Option[] = [
  {
    ...TAGGED,
    word: 'id',
    speak(words, s) {
      const id = getU16(words.next());
      if (id === undefined) throw words.invalid('id is invalid');
      s.id = id;
    },
  },
  {
    ...TAGGED,
    word: 'protocol',
    speak(words, s) {
      const protocol = parseProtocol(words.next());
      if (protocol === null) throw words.invalid('protocol is invalid');
      s.protocol = protocol;
    },
  },
  {
    ...TAGGED,
    word: 'priority',
    speak(words, s) {
      const priority = getU8(words.next());
      if (priority === undefined || priority > 7) throw words.invalid('prio is invalid');
      s.priority = priority;
    },
  },
  {
    ...FRAMED,
    word: 'dst_mac',
    speak(words, s) {
      s.ethDst = takeMac(words, 'dst_mac');
    },
  },
  {
    ...FRAMED,
    word: 'src_mac',
    speak(words, s) {
      s.ethSrc = takeMac(words, 'src_mac');
    },
  },
];

/** One word of parse_vlan()'s loop; false: it is none of vlan's. */
function takeWord(words: Words, s: Spoken): boolean {
  const what = WORDS.findIndex((word) => words.take(word));
  if (what >= 0) {
    if (s.vAction !== 0) {
      throw words.error(`unexpected "${words.list[words.at - 1] ?? ''}" - action already specified`, USAGE);
    }
    s.vAction = what + 1;
    return true;
  }
  const option = OPTIONS.find(({ word }) => words.take(word));
  if (option !== undefined) {
    if (!option.fits(s.vAction)) throw words.invalid(option.refusal);
    option.speak(words, s);
    return true;
  }
  if (words.take('help')) throw usage(words, USAGE);
  return false;
}

function checkSpoken(words: Words, s: Spoken): void {
  const name = WORDS[s.vAction - 1] ?? '';
  const missing = tagged(s.vAction)
    ? s.id === undefined && 'id'
    : s.vAction === Act.PUSH_ETH && ((s.ethDst === undefined && 'dst_mac') || (s.ethSrc === undefined && 'src_mac'));
  if (missing) throw words.error(`${missing} needs to be set for ${name}`, USAGE);
  if (s.protocol !== undefined && !isVlan(s.protocol)) throw words.error('protocol not supported', USAGE);
}

export const vlan: Action<Vlan> = {
  ...PARMS,
  kind: 'vlan',
  codec: table(TCA_VLAN),
  scope: () => 'packet',
  speak(words, w, { warn } = NOBODY) {
    skip(words);
    const s: Spoken = { vAction: 0 };
    while (takeWord(words, s));
    const action = takeControlOr(words, Verdict.PIPE, warn);
    const index = takeIndex(words, 'vlan: Illegal "index"') ?? 0;
    checkSpoken(words, s);
    const { vAction, ...rest } = s;
    const names = ['parms', 'id', 'protocol', 'priority', 'ethDst', 'ethSrc'] as const;
    dumpRows(TCA_VLAN, names, { ...rest, parms: { ...NO_VLAN, action, index, vAction } }, w);
  },
  settle({ parms = NO_VLAN, id, protocol, priority, ethDst, ethSrc }, _old, place) {
    const { vAction } = parms;
    if (WORDS[vAction - 1] === undefined) throw new KernelError(Errno.EINVAL);
    if (tagged(vAction)) {
      if (id === undefined) throw new KernelError(Errno.EINVAL);
      if (id >= VID_MASK) throw new KernelError(Errno.ERANGE);
      if (protocol !== undefined && !isVlan(protocol)) throw new KernelError(Errno.EPROTONOSUPPORT);
    }
    if (vAction === Act.PUSH_ETH && (ethDst === undefined || ethSrc === undefined)) {
      throw new KernelError(Errno.EINVAL);
    }
    checkControl(parms.action, place);
    if (vAction === Act.PUSH_ETH && ethDst !== undefined && ethSrc !== undefined) return { parms, ethDst, ethSrc };
    if (!tagged(vAction) || id === undefined) return { parms };
    const prio = priority ?? (vAction === Act.PUSH ? 0 : undefined);
    return { parms, id, protocol: protocol ?? ETH_P.VLAN, ...(prio === undefined ? {} : { priority: prio }) };
  },
  dump(value, w) {
    dumpRows(TCA_VLAN, ['parms', 'id', 'protocol', 'priority', 'ethDst', 'ethSrc', 'tm'], value, w);
  },
  print({ parms = NO_VLAN, id, protocol, priority, ethDst, ethSrc, tm }, out, show = BARE) {
    const name = WORDS[parms.vAction - 1] ?? '(null)';
    out.put('kind', 'vlan', 'vlan ');
    out.put('vlan_action', name, ` ${name}`);
    if (tagged(parms.vAction)) {
      if (id !== undefined) out.put('id', id, ` id ${id}`);
      if (protocol !== undefined) out.put('protocol', protocolName(protocol), ` protocol ${protocolName(protocol)}`);
      if (priority !== undefined) out.put('priority', priority, ` priority ${priority}`);
    } else if (parms.vAction === Act.PUSH_ETH) {
      if (ethDst !== undefined) out.put('dst_mac', macText(ethDst), ` dst_mac ${macText(ethDst)}`);
      if (ethSrc !== undefined) out.put('src_mac', macText(ethSrc), ` src_mac ${macText(ethSrc)}`);
    }
    printControl(out, ' ', parms.action, '');
    printTail(out, parms, tm, show);
  },
  /** net/sched/act_vlan.c: tcf_vlan_act() */
  compile(value, _world, env, counters = new Counters()) {
    const { parms = NO_VLAN } = value;
    const { action } = parms;
    const edit = editOf(value, env.era);
    return (p) => {
      if (edit(p)) return action;
      counters.drops++;
      return Verdict.SHOT;
    };
  },
};

/** What it does to a packet; false where the kernel gives up. */
function editOf(value: Vlan, { pushMovesNetwork }: Era): (p: Packet) => boolean {
  const { parms = NO_VLAN, id = 0, protocol = 0, priority, ethDst, ethSrc } = value;
  switch (parms.vAction) {
    case Act.POP:
      return pop;
    case Act.PUSH:
      return (p) => push(p, protocol, id | ((priority ?? 0) << PRIO_SHIFT), pushMovesNetwork);
    case Act.MODIFY:
      return (p) => modify(p, protocol, id, priority);
    case Act.POP_ETH:
      return popEthernet;
    default:
      return (p) => ethDst !== undefined && ethSrc !== undefined && pushEthernet(p, ethDst, ethSrc);
  }
}

/** Moves the start of the packet's data: `len` follows, the length that police and counters ask about does not. */
function grow(p: Packet, bytes: number): void {
  p.len += bytes;
  p.grown += bytes;
}

/** net/core/skbuff.c: skb_vlan_pop() — the next tag of the frame, if any, moves into metadata. */
function pop(p: Packet): boolean {
  if (p.vlanTci >= 0) p.vlanTci = -1;
  else if (!isVlan(p.protocol)) return true;
  else if (takeTag(p) < 0) return false;
  if (!isVlan(p.protocol)) return true;
  const type = p.protocol;
  const tci = takeTag(p);
  if (tci < 0) return false;
  p.vlanProto = type;
  p.vlanTci = tci;
  return true;
}

/**
 * net/core/skbuff.c: __skb_vlan_pop() — takes the frame's first tag out and returns its TCI; -1: it is not there. At
 * ingress the link header is in front of data for the time being.
 */
function takeTag(p: Packet): number {
  const { mac } = p;
  if (mac < 0 || !readable(p, mac, ETH_HLEN + VLAN_HLEN)) return -1;
  const ingress = atIngress(p);
  p.own();
  const tag = p.mac + ETH_HLEN;
  const tci = be16(p.data, tag);
  p.data.copyWithin(p.mac + VLAN_HLEN, p.mac, p.mac + 12);
  const type = be16(p.data, tag + 2);
  p.mac += VLAN_HLEN;
  p.head = p.addresses = p.mac;
  p.protocol = encapsulated(p, type, tag + VLAN_HLEN);
  if (p.network - p.mac < ETH_HLEN) p.network = p.mac + ETH_HLEN;
  p.macLen = p.network - p.mac;
  const before = p.at;
  p.at = ingress ? p.mac + p.macLen : p.mac;
  grow(p, before - p.at);
  return tci;
}

/** include/linux/if_vlan.h: vlan_set_encap_proto() */
function encapsulated(p: Packet, type: number, payload: number): number {
  if (type >= ETH_P_802_3_MIN) return type;
  return payload + 2 <= p.end && be16(p.data, payload) === 0xffff ? 0x0001 : 0x0004;
}

/**
 * net/core/skbuff.c: skb_vlan_push() — the tag in metadata, if any, moves into the frame; since 6.10 the network header
 * then begins at that tag, and so does the data of a packet that was received.
 */
function push(p: Packet, protocol: number, tci: number, movesNetwork: boolean): boolean {
  if (p.vlanTci >= 0 && !insertTag(p, movesNetwork)) return false;
  p.vlanProto = protocol;
  p.vlanTci = tci;
  return true;
}

/** include/linux/if_vlan.h: __vlan_insert_tag() */
function insertTag(p: Packet, movesNetwork: boolean): boolean {
  if (p.mac < 0 || !readable(p, p.mac + 12, 2)) return false;
  const ingress = atIngress(p);
  p.makeRoom(VLAN_HLEN);
  p.data.copyWithin(p.mac - VLAN_HLEN, p.mac, p.mac + 12);
  p.mac -= VLAN_HLEN;
  p.head = p.addresses = p.mac;
  put16(p, p.mac + 12, p.vlanProto);
  put16(p, p.mac + 14, p.vlanTci);
  p.protocol = p.vlanProto;
  if (movesNetwork) p.network -= VLAN_HLEN;
  else p.macLen += VLAN_HLEN;
  if (ingress && !movesNetwork) return true;
  p.at = ingress ? p.network : p.mac;
  grow(p, VLAN_HLEN);
  return true;
}

/** A packet without a tag stays as it is; the tag ends up in metadata wherever it was. */
function modify(p: Packet, protocol: number, id: number, priority: number | undefined): boolean {
  if (p.vlanTci < 0 && !isVlan(p.protocol)) return true;
  const old = p.vlanTci >= 0 ? p.vlanTci : takeTag(p);
  if (old < 0) return false;
  const tci = (old & ~VID_MASK) | id;
  p.vlanTci = priority === undefined ? tci : (tci & ~PRIO_MASK) | (priority << PRIO_SHIFT);
  p.vlanProto = protocol;
  return true;
}

/** net/core/skbuff.c: skb_eth_pop() — not from a packet with a tag, wherever that is. */
function popEthernet(p: Packet): boolean {
  if (p.vlanTci >= 0 || isVlan(p.protocol) || p.mac < 0 || p.network - p.mac < ETH_HLEN) return false;
  p.own();
  if (!atIngress(p)) {
    p.at = p.mac + ETH_HLEN;
    grow(p, -ETH_HLEN);
  }
  p.head = p.mac = p.addresses = p.mac + ETH_HLEN;
  p.macLen = p.network - p.mac;
  return true;
}

/** net/core/skbuff.c: skb_eth_push() — only in front of a packet without a link header, which at ingress stands before data. */
function pushEthernet(p: Packet, dst: Uint8Array, src: Uint8Array): boolean {
  if (p.vlanTci >= 0 || p.network !== p.at || atIngress(p)) return false;
  p.makeRoom(ETH_HLEN);
  const start = p.network - ETH_HLEN;
  p.data.set(dst, start);
  p.data.set(src, start + 6);
  put16(p, start + 12, p.protocol);
  p.head = p.mac = p.addresses = p.at = start;
  p.macLen = ETH_HLEN;
  grow(p, ETH_HLEN);
  return true;
}
