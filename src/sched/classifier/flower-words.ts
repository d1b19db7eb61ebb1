import { getU8, getU16, getU32, parseProtocol, type Words } from '../../lang/index.ts';
import type { AttrWriter, Codec } from '../../netlink/index.ts';
import { ETH_P, ETH_P_ALL, IPPROTO, isVlan } from '../../packet/index.ts';
import { takePart } from '../flow/index.ts';
import type { Talk } from '../notation.ts';
import { flowParts } from './flow.ts';
import { TCA_FLOWER } from './flower-attributes.ts';
import { ClsFlag } from './kind.ts';
import { maskBytes, tcPrefix } from './prefix.ts';
import { takeClassid, unknownWord } from './words.ts';

const MAC = 6;
const TCP_FLAGS = 0xfff;

/** What the words said so far, as far as later words or the end depend on it. */
interface Spoken {
  readonly w: AttrWriter;
  readonly talk: Talk;
  /** The filter's protocol. */
  readonly protocol: number;
  /** The EtherType that addresses and `ip_proto` are about: that behind the tag, once it was told. */
  ethType: number;
  ipProto: number;
  flags: number;
  /** `num_of_vlans` was given: tags may be named whatever the filter's protocol. */
  tagsCounted: boolean;
  /** What is not modelled, with its argument. */
  readonly typed: string[];
}

interface Option {
  readonly word: string;
  readonly exact?: boolean;
  speak(words: Words, s: Spoken): void;
}

const flag = (word: string, bit: number): Option => ({
  word,
  speak: (_, s) => {
    s.flags |= bit;
  },
});

/** Takes the words behind the one taken last. */
type TakeArguments = (words: Words, s: Spoken) => void;

const one: TakeArguments = (words) => void words.next();
const tagCount: TakeArguments = (words, s) => {
  words.next();
  s.tagsCounted = true;
};
/** Later words are about this type. */
const innerType: TakeArguments = (words, s) => {
  s.ethType = parseProtocol(words.next()) ?? s.ethType;
};

const LSE = ['depth', 'label', 'tc', 'bos', 'ttl'];
/** `lse depth N label N …`, as often as it comes. */
const labels: TakeArguments = (words) => {
  while (words.take('lse')) {
    while (LSE.some((word) => words.take(word))) words.next();
  }
};

/** The options that tc has and that are not modelled, with what they take. */
const left = (word: string, take = one, exact = false): Option => ({
  word,
  exact,
  speak(words, s) {
    words.leaveOut(`flower "${word}"`);
    const start = words.at;
    take(words, s);
    s.typed.push([word, ...words.list.slice(start, words.at)].join(' '));
  },
});
const leftExact = (word: string, take = one): Option => left(word, take, true);

/** In the order in which tc tries them: a prefix takes the first that fits. */
const OPTIONS: readonly Option[] = [
  { word: 'classid', speak: speakClassid },
  { word: 'flowid', speak: speakClassid },
  left('hw_tc'),
  left('ip_flags'),
  flag('verbose', ClsFlag.VERBOSE),
  flag('skip_hw', ClsFlag.SKIP_HW),
  flag('skip_sw', ClsFlag.SKIP_SW),
  ...['ct_state', 'ct_zone', 'ct_mark', 'ct_label'].map((word) => left(word)),
  { word: 'indev', speak: speakIndev },
  leftExact('num_of_vlans', tagCount),
  { word: 'vlan_id', speak: speakVlanId },
  { word: 'vlan_prio', speak: speakVlanPrio },
  { word: 'vlan_ethtype', speak: speakVlanType },
  ...['cvlan_id', 'cvlan_prio'].map((word) => left(word)),
  left('cvlan_ethtype', innerType),
  left('mpls', labels),
  ...['mpls_label', 'mpls_tc', 'mpls_bos', 'mpls_ttl'].map((word) => left(word)),
  { word: 'dst_mac', speak: (words, { w }) => speakMac(words, w, 'dst_mac', TCA_FLOWER.ethDst, TCA_FLOWER.ethDstMask) },
  { word: 'src_mac', speak: (words, { w }) => speakMac(words, w, 'src_mac', TCA_FLOWER.ethSrc, TCA_FLOWER.ethSrcMask) },
  { word: 'ip_proto', speak: speakIpProto },
  { word: 'ip_tos', speak: (words, { w }) => speakByte(words, w, 'ip_tos', TCA_FLOWER.ipTos, TCA_FLOWER.ipTosMask) },
  { word: 'ip_ttl', speak: (words, { w }) => speakByte(words, w, 'ip_ttl', TCA_FLOWER.ipTtl, TCA_FLOWER.ipTtlMask) },
  { word: 'dst_ip', speak: (words, s) => speakAddress(words, s, 'dst') },
  { word: 'src_ip', speak: (words, s) => speakAddress(words, s, 'src') },
  { word: 'dst_port', speak: (words, s) => speakPort(words, s, 'dst') },
  { word: 'src_port', speak: (words, s) => speakPort(words, s, 'src') },
  { word: 'tcp_flags', speak: speakTcpFlags },
  ...['type', 'code'].map((word) => left(word)),
  leftExact('l2tpv3_sid'),
  ...['arp_tip', 'arp_sip', 'arp_op', 'arp_tha', 'arp_sha'].map((word) => left(word)),
  leftExact('pppoe_sid'),
  leftExact('ppp_proto', innerType),
  ...['enc_dst_ip', 'enc_src_ip', 'enc_key_id', 'enc_dst_port', 'enc_tos', 'enc_ttl'].map((word) => left(word)),
  ...['geneve_opts', 'vxlan_opts', 'erspan_opts'].map((word) => left(word)),
  leftExact('gtp_opts'),
  { word: 'action', speak: (words, { w, talk }) => takePart(words, w, TCA_FLOWER.act[0], flowParts(talk).action) },
];

function speakIndev(words: Words, { w, talk }: Spoken): void {
  const device = words.next().slice(0, 15);
  talk.mention?.(device);
  w.put(TCA_FLOWER.indev, device);
}

/** tc/f_flower.c: flower_parse_opt() — the payload of TCA_OPTIONS, which is sent even where there are no words. */
export function speakFlower(words: Words, w: AttrWriter, talk: Talk, protocol: number): void {
  const s: Spoken = { w, talk, protocol, ethType: protocol, ipProto: 0xff, flags: 0, tagsCounted: false, typed: [] };
  while (!words.done) {
    const word = words.next();
    const option = OPTIONS.find((row) => (row.exact ? words.wasExactly(row.word) : words.was(row.word)));
    if (option === undefined) throw unknownWord(words, word, USAGE);
    option.speak(words, s);
  }
  w.put(TCA_FLOWER.flags, s.flags);
  if (protocol !== ETH_P_ALL) w.put(TCA_FLOWER.ethType, protocol);
  if (s.typed.length > 0) w.put(TCA_FLOWER.typed, s.typed.join('\n'));
}

const USAGE = [
  'Usage: ... flower [ MATCH ]... [ skip_sw | skip_hw ] [ verbose ] [ classid CLASSID ] [ action ... ]',
  'MATCH is one of indev vlan_id vlan_prio vlan_ethtype dst_mac src_mac ip_proto ip_tos ip_ttl dst_ip src_ip',
  '         dst_port src_port tcp_flags, with its argument',
].join('\n');

function speakClassid(words: Words, { w }: Spoken): void {
  w.put(TCA_FLOWER.classid, takeClassid(words));
}

/** The filter's protocol must be that of a tag. */
function needTag(words: Words, { protocol, tagsCounted }: Spoken, word: string): void {
  if (isVlan(protocol) || tagsCounted) return;
  throw words.error(`Can't set "${word}" if ethertype isn't 802.1Q or 802.1AD and num_of_vlans is 0`);
}

function speakVlanId(words: Words, s: Spoken): void {
  const text = words.next();
  needTag(words, s, 'vlan_id');
  const id = getU16(text, 10);
  if (id === undefined || id > 0xfff) throw words.error('Illegal "vlan_id"');
  s.w.put(TCA_FLOWER.vlanId, id);
}

function speakVlanPrio(words: Words, s: Spoken): void {
  const text = words.next();
  needTag(words, s, 'vlan_prio');
  const prio = getU8(text, 10);
  if (prio === undefined || prio > 7) throw words.error('Illegal "vlan_prio"');
  s.w.put(TCA_FLOWER.vlanPrio, prio);
}

function speakVlanType(words: Words, s: Spoken): void {
  const text = words.next();
  if (!isVlan(s.ethType)) needTag(words, { ...s, protocol: s.ethType }, 'vlan_ethtype');
  const type = parseProtocol(text);
  if (type === null) throw words.invalid('invalid vlan_ethtype');
  s.w.put(TCA_FLOWER.vlanEthType, type);
  s.ethType = type;
}

type FlowerAttribute = readonly [number, unknown];
type NumberRow = readonly [number, Codec<number>];

/** flower_parse_eth_addr() — `ADDRESS`, `ADDRESS/BITS` or `ADDRESS/MASK`. */
function speakMac(words: Words, w: AttrWriter, name: string, value: FlowerAttribute, mask: FlowerAttribute): void {
  const text = words.next();
  const slash = text.indexOf('/');
  const put = ([type]: FlowerAttribute, bytes: Uint8Array): void => w.nest(type, () => w.bytes(bytes));
  put(value, lladdr(words, slash < 0 ? text : text.slice(0, slash), name));
  if (slash < 0) {
    put(mask, maskBytes(8 * MAC, MAC));
    return;
  }
  const bits = getU32(text.slice(slash + 1), 10);
  put(mask, bits === undefined ? lladdr(words, text.slice(slash + 1), name) : maskBytes(bits, MAC));
}

/** iproute2 lib/ll_addr.c: ll_addr_a2n() — up to six numbers in hex; tc leaves garbage in those that are missing. */
function lladdr(words: Words, text: string, name: string): Uint8Array {
  const address = new Uint8Array(MAC);
  for (const [i, part] of text.split(':').slice(0, MAC).entries()) {
    const byte = /^\s*(?:0x)?[0-9a-f]+/i.test(part) ? Number.parseInt(part, 16) : 256;
    if (byte > 255) throw words.error(`"${part}" is invalid lladdr.\nIllegal "${name}"`);
    address[i] = byte;
  }
  return address;
}

const PROTOCOLS: readonly (readonly [name: string, number: number, ethType: number])[] = [
  ['tcp', IPPROTO.TCP, 0],
  ['udp', IPPROTO.UDP, 0],
  ['sctp', IPPROTO.SCTP, 0],
  ['icmp', IPPROTO.ICMP, ETH_P.IPV4],
  ['icmpv6', IPPROTO.ICMPV6, ETH_P.IPV6],
];
const L2TP = 115;

/** flower_parse_ip_proto() — a name or a number in hex. */
function speakIpProto(words: Words, s: Spoken): void {
  const text = words.next();
  const row = PROTOCOLS.find(([name]) => words.was(name));
  const wrongType = (s.ethType !== ETH_P.IPV4 && s.ethType !== ETH_P.IPV6) || (row?.[2] || s.ethType) !== s.ethType;
  if (wrongType) throw words.error('Illegal "eth_type" for ip proto\nIllegal "ip_proto"');
  const number = row?.[1] ?? (words.wasExactly('l2tp') ? L2TP : getU8(text, 16));
  if (number === undefined) throw words.error('Illegal "ip_proto"');
  s.w.put(TCA_FLOWER.ipProto, number);
  s.ipProto = number;
}

/** flower_parse_ip_tos_ttl() — the value in decimal or else in hex, the mask in hex. */
function speakByte(words: Words, w: AttrWriter, name: string, value: NumberRow, mask: NumberRow): void {
  const [text = '', maskText] = splitAt(words.next(), '/');
  const number = getU8(text, 10) ?? getU8(text, 16);
  const bits = maskText === undefined ? 0xff : getU8(maskText, 16);
  if (number === undefined || bits === undefined) throw words.error(`Illegal "${name}"`);
  w.put(value, number);
  w.put(mask, bits);
}

function splitAt(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

const ADDRESS_ATTRIBUTES = {
  src: { 4: [TCA_FLOWER.ipv4Src, TCA_FLOWER.ipv4SrcMask], 6: [TCA_FLOWER.ipv6Src, TCA_FLOWER.ipv6SrcMask] },
  dst: { 4: [TCA_FLOWER.ipv4Dst, TCA_FLOWER.ipv4DstMask], 6: [TCA_FLOWER.ipv6Dst, TCA_FLOWER.ipv6DstMask] },
} as const;

/** flower_parse_ip_addr() */
function speakAddress(words: Words, { w, ethType }: Spoken, side: 'src' | 'dst'): void {
  const text = words.next();
  const family = ethType === ETH_P.IPV4 ? 4 : ethType === ETH_P.IPV6 ? 6 : null;
  if (family === null) throw words.error(`Illegal "${side}_ip"`);
  const prefix = tcPrefix(text, family);
  const name = family === 4 ? 'inet' : 'inet6';
  if (prefix === undefined) throw words.exits(`Error: ${name} prefix is expected rather than "${text}".`);
  const [value, mask] = ADDRESS_ATTRIBUTES[side][family];
  w.nest(value[0], () => w.bytes(prefix.bytes));
  w.nest(mask[0], () => w.bytes(maskBytes(prefix.bits, prefix.bytes.length)));
}

const PORT_ATTRIBUTES: Readonly<Record<number, Record<'src' | 'dst', readonly [NumberRow, NumberRow]>>> = {
  [IPPROTO.TCP]: {
    src: [TCA_FLOWER.tcpSrc, TCA_FLOWER.tcpSrcMask],
    dst: [TCA_FLOWER.tcpDst, TCA_FLOWER.tcpDstMask],
  },
  [IPPROTO.UDP]: {
    src: [TCA_FLOWER.udpSrc, TCA_FLOWER.udpSrcMask],
    dst: [TCA_FLOWER.udpDst, TCA_FLOWER.udpDstMask],
  },
  [IPPROTO.SCTP]: {
    src: [TCA_FLOWER.sctpSrc, TCA_FLOWER.sctpSrcMask],
    dst: [TCA_FLOWER.sctpDst, TCA_FLOWER.sctpDstMask],
  },
};
const RANGE_ATTRIBUTES = {
  src: [TCA_FLOWER.srcMin, TCA_FLOWER.srcMax],
  dst: [TCA_FLOWER.dstMin, TCA_FLOWER.dstMax],
} as const;

/** flower_parse_port() — `PORT`, `FROM-TO`, or `PORT/MASK` in any base. */
function speakPort(words: Words, { w, ipProto }: Spoken, side: 'src' | 'dst'): void {
  const text = words.next();
  const illegal = `Illegal "${side}_port"`;
  const rows = PORT_ATTRIBUTES[ipProto]?.[side];
  const [from = '', to] = splitAt(text, '-');
  const [min, max] = [getU16(from, 10), to === undefined ? undefined : getU16(to, 10)];
  if (min !== undefined && max !== undefined) {
    if (max <= min) throw words.error(`max value should be greater than min value\n${illegal}`);
    if (rows === undefined) throw words.error(illegal);
    w.put(RANGE_ATTRIBUTES[side][0], min);
    w.put(RANGE_ATTRIBUTES[side][1], max);
    return;
  }
  const [portText = '', maskText] = splitAt(text, '/');
  const port = maskText === undefined ? (to === undefined ? min : undefined) : getU16(portText);
  const mask = maskText === undefined ? undefined : getU16(maskText);
  if (rows === undefined || port === undefined || (maskText !== undefined && mask === undefined)) {
    throw words.error(illegal);
  }
  w.put(rows[0], port);
  if (mask !== undefined) w.put(rows[1], mask);
}

/** flower_parse_tcp_flags() */
function speakTcpFlags(words: Words, { w }: Spoken): void {
  const [text = '', maskText] = splitAt(words.next(), '/');
  const value = getU16(text, 16);
  const mask = maskText === undefined ? TCP_FLAGS : getU16(maskText, 16);
  if (value === undefined || value > TCP_FLAGS || mask === undefined || mask > TCP_FLAGS) {
    throw words.error('Illegal "tcp_flags"');
  }
  w.put(TCA_FLOWER.tcpFlags, value);
  w.put(TCA_FLOWER.tcpFlagsMask, mask);
}
