import { Errno, KernelError } from '../../errors.ts';
import { addressText, type Printer, protocolName } from '../../lang/index.ts';
import { type AttrWriter, decode } from '../../netlink/index.ts';
import { ETH_P, IPPROTO, isVlan, type Packet, Reader } from '../../packet/index.ts';
import { be32, classidText } from '../../u32.ts';
import { UNSPEC, Verdict } from '../../verdict.ts';
import { type Bound, LowestFree } from '../action/index.ts';
import { Asks, type Result, type Talk } from '../notation.ts';
import { flowParts } from './flow.ts';
import { FLOWER, type FlowerOptions, TCA_FLOWER } from './flower-attributes.ts';
import {
  ADDR_IPV4,
  ADDR_IPV6,
  bytesIn,
  COMPARED,
  FIELD,
  type Field,
  FlowerDissector,
  KEY_SIZE,
  numberIn,
} from './flower-key.ts';
import { speakFlower } from './flower-words.ts';
import {
  bindClassid,
  ClsFlag,
  type FilterChange,
  type FilterFacts,
  type FilterTest,
  flagsValid,
  type Host,
  iifOf,
  indev,
  type KernelClassifier,
  type Kind,
  letGo,
  offload,
  type Survey,
  surveyWith,
  TCA_OPTIONS,
  withActions,
} from './kind.ts';
import { plainHandle, printPlaces } from './words.ts';

/** tc/f_flower.c: flower_filter_util; net/sched/cls_flower.c: cls_fl_ops. Of some words only that they are there is known. */
export const flower: Kind = {
  kind: 'flower',
  speak(handle, words, w, talk, protocol) {
    const number = handle === null ? 0 : plainHandle(handle);
    w.nest(TCA_OPTIONS, () => speakFlower(words, w, talk, protocol));
    return number;
  },
  print: (handle, options, out, talk) => print(handle, decode(FLOWER, options), out, talk),
  create: (host) => new FlowerFilters(host),
};

/** flower_print_opt() */
function print(handle: number, o: FlowerOptions, out: Printer, talk: Talk): void {
  if (handle !== 0) out.put('handle', handle, `handle 0x${handle.toString(16)} `);
  if (o.classid !== undefined) out.put('classid', classidText(o.classid), `classid ${classidText(o.classid)} `);
  const line = (name: string, value: string | number): void => out.put(name, value, `\n  ${name} ${value}`);
  if (o.indev !== undefined) line('indev', o.indev);
  out.open('{', 'keys');
  if (o.vlanId !== undefined) line('vlan_id', o.vlanId);
  if (o.vlanPrio !== undefined) line('vlan_prio', o.vlanPrio);
  if (o.vlanEthType !== undefined) line('vlan_ethtype', protocolName(o.vlanEthType));
  if (o.ethDst !== undefined) line('dst_mac', macText(o.ethDst, o.ethDstMask));
  if (o.ethSrc !== undefined) line('src_mac', macText(o.ethSrc, o.ethSrcMask));
  if (o.ethType !== undefined) line('eth_type', TYPE_NAMES[o.ethType] ?? o.ethType.toString(16).padStart(4, '0'));
  if (o.ipProto !== undefined) line('ip_proto', PROTO_NAMES[o.ipProto] ?? o.ipProto.toString(16).padStart(2, '0'));
  masked(out, 'ip_tos', o.ipTos, o.ipTosMask, 0xff);
  masked(out, 'ip_ttl', o.ipTtl, o.ipTtlMask, 0xff);
  const six = o.ethType === ETH_P.IPV6;
  const dst = six ? addressLine(o.ipv6Dst, o.ipv6DstMask) : addressLine(o.ipv4Dst, o.ipv4DstMask);
  const src = six ? addressLine(o.ipv6Src, o.ipv6SrcMask) : addressLine(o.ipv4Src, o.ipv4SrcMask);
  if (dst !== null) line('dst_ip', dst);
  if (src !== null) line('src_ip', src);
  const ports = portNames(o.ipProto);
  if (ports !== null) {
    masked(out, 'dst_port', o[ports.dst], o[ports.dstMask], 0xffff);
    masked(out, 'src_port', o[ports.src], o[ports.srcMask], 0xffff);
  }
  printRange(out, 'dst_port', o.dstMin, o.dstMax);
  printRange(out, 'src_port', o.srcMin, o.srcMax);
  if (o.tcpFlags !== undefined) {
    const mask = o.tcpFlagsMask === undefined ? '' : `/${o.tcpFlagsMask.toString(16)}`;
    line('tcp_flags', `0x${o.tcpFlags.toString(16)}${mask}`);
  }
  for (const typed of o.typed?.split('\n') ?? []) printTyped(typed, out);
  out.close();
  printFlags(o, out);
  if (o.act !== undefined) flowParts(talk).action.print(o.act, out);
}

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [ETH_P.IPV4]: 'ipv4',
  [ETH_P.IPV6]: 'ipv6',
  [ETH_P.ARP]: 'arp',
  [ETH_P.RARP]: 'rarp',
};
const PROTO_NAMES: Readonly<Record<number, string>> = {
  [IPPROTO.TCP]: 'tcp',
  [IPPROTO.UDP]: 'udp',
  [IPPROTO.SCTP]: 'sctp',
  [IPPROTO.ICMP]: 'icmp',
  [IPPROTO.ICMPV6]: 'icmpv6',
  115: 'l2tp',
};

/** __mask_bits() — how many leading bits are set; null: none, or others behind a gap. */
function prefixLength(mask: Uint8Array): number | null {
  const text = Array.from(mask, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return /^1+0*$/.test(text) ? text.lastIndexOf('1') + 1 : null;
}

function hexPairs(address: Uint8Array): string {
  return Array.from(address, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function withMask(text: string, mask: Uint8Array, maskText: string): string {
  const bits = prefixLength(mask);
  if (bits === null) return `${text}/${maskText}`;
  return bits < 8 * mask.length ? `${text}/${bits}` : text;
}

function macText(address: Uint8Array, mask: Uint8Array | undefined): string {
  return mask === undefined ? hexPairs(address) : withMask(hexPairs(address), mask, hexPairs(mask));
}

function addressLine(address: Uint8Array | undefined, mask: Uint8Array | undefined): string | null {
  return address === undefined || mask === undefined ? null : withMask(ipText(address), mask, ipText(mask));
}

function ipText(address: Uint8Array): string {
  const words = Array.from({ length: address.length >> 2 }, (_, i) => be32(address, 4 * i));
  return addressText(address.length === 4 ? 4 : 6, words);
}

/** print_masked_u8(), print_masked_be16() */
function masked(out: Printer, name: string, value: number | undefined, mask = 0, all = 0): void {
  if (value === undefined) return;
  const partial = mask !== all;
  out.put(name, value, `\n  ${name} ${value}${partial ? `/0x${mask.toString(16)}` : ''}`);
  if (partial) out.member(`${name}_mask`, mask.toString(16));
}

function printRange(out: Printer, name: string, min: number | undefined, max: number | undefined): void {
  if (min === undefined || max === undefined) return;
  out.text(`\n  ${name} ${min}-${max}`);
  out.member(name, { start: min, end: max });
}

/** An option that is not modelled: its word, and what stood behind it. */
function printTyped(typed: string, out: Printer): void {
  const [word = '', ...rest] = typed.split(' ');
  out.put(word, rest.join(' '), `\n  ${typed}`);
}

function printFlags({ flags = 0, inHwCount = 0 }: FlowerOptions, out: Printer): void {
  printPlaces(flags, out, (name) => `\n  ${name}`);
  if ((flags & ClsFlag.IN_HW) !== 0) out.put('in_hw_count', inHwCount, ` in_hw_count ${inHwCount}`);
}

interface PortNames {
  readonly src: 'tcpSrc' | 'udpSrc' | 'sctpSrc';
  readonly dst: 'tcpDst' | 'udpDst' | 'sctpDst';
  readonly srcMask: 'tcpSrcMask' | 'udpSrcMask' | 'sctpSrcMask';
  readonly dstMask: 'tcpDstMask' | 'udpDstMask' | 'sctpDstMask';
}

/** Each transport protocol has port attributes of its own; null: none. */
function portNames(ipProto: number | undefined): PortNames | null {
  switch (ipProto) {
    case IPPROTO.TCP:
      return { src: 'tcpSrc', dst: 'tcpDst', srcMask: 'tcpSrcMask', dstMask: 'tcpDstMask' };
    case IPPROTO.UDP:
      return { src: 'udpSrc', dst: 'udpDst', srcMask: 'udpSrcMask', dstMask: 'udpDstMask' };
    case IPPROTO.SCTP:
      return { src: 'sctpSrc', dst: 'sctpDst', srcMask: 'sctpSrcMask', dstMask: 'sctpDstMask' };
    default:
      return null;
  }
}

/** What a filter compares: struct fl_flow_key twice. */
class Match {
  readonly value = new Uint8Array(KEY_SIZE);
  readonly mask = new Uint8Array(KEY_SIZE);
  /** Some port is compared with a range. */
  ranged = false;

  set(field: Field, value: number, mask = 0xffffffff): void {
    this.write(this.value, field, value);
    this.write(this.mask, field, mask);
  }

  private write(key: Uint8Array, field: Field, value: number): void {
    const [offset, size] = FIELD[field];
    for (let i = 0; i < size; i++) key[offset + i] = value >>> (8 * (size - 1 - i));
  }

  setBytes(field: Field, value: Uint8Array | undefined, mask: Uint8Array | undefined): void {
    if (value === undefined) return;
    const [offset] = FIELD[field];
    this.value.set(value, offset);
    this.mask.set(mask ?? new Uint8Array(value.length).fill(0xff), offset);
  }

  has(field: Field): boolean {
    return bytesIn(this.mask, field).some((byte) => byte !== 0);
  }

  /** fl_mask_lookup(). `end`: how many bytes of the key are compared. */
  fits(key: Uint8Array, end: number = COMPARED): boolean {
    for (let i = 0; i < end; i++) {
      if (((byteOf(key, i) ^ byteOf(this.value, i)) & byteOf(this.mask, i)) !== 0) return false;
    }
    return !this.ranged || end < COMPARED || (this.within(key, 'src') && this.within(key, 'dst'));
  }

  private within(key: Uint8Array, side: 'src' | 'dst'): boolean {
    const max = numberIn(this.value, side === 'src' ? 'srcMax' : 'dstMax');
    if (max === 0) return true;
    const port = numberIn(key, side === 'src' ? 'srcPort' : 'dstPort');
    return port >= numberIn(this.value, side === 'src' ? 'srcMin' : 'dstMin') && port <= max;
  }

  /** What it asks, but for the EtherType, which is that of its list. */
  get tests(): FilterTest[] {
    const fields = (Object.keys(FIELD) as Field[]).filter((field) => FIELD[field][0] < COMPARED && field !== 'nProto');
    const equal = fields
      .filter((field) => this.has(field))
      .map((field) => ({ field, mask: hexOf(this.mask, field), value: hexOf(this.value, field) }));
    return [...equal, ...this.rangeTests('src'), ...this.rangeTests('dst')];
  }

  private rangeTests(side: 'src' | 'dst'): FilterTest[] {
    const to = numberIn(this.value, side === 'src' ? 'srcMax' : 'dstMax');
    const from = numberIn(this.value, side === 'src' ? 'srcMin' : 'dstMin');
    return to === 0 ? [] : [{ field: side === 'src' ? 'srcPort' : 'dstPort', from, to }];
  }

  /** Filters with one mask are asked together. */
  get maskName(): string {
    return this.mask.join();
  }

  /** Two filters of one mask with this name are the same filter to the kernel. */
  get keyName(): string {
    return this.value.map((byte, i) => byte & byteOf(this.mask, i)).join();
  }
}

function hexOf(key: Uint8Array, field: Field): string {
  return `0x${Array.from(bytesIn(key, field), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

function byteOf(data: Uint8Array, at: number): number {
  return data[at] ?? 0;
}

/** struct cls_fl_filter */
interface FlowerFilter {
  readonly handle: number;
  /** What is compared. A packet that does not fit it is not the filter's, also where something is left. */
  readonly match: Match;
  readonly left: Left | null;
  readonly classid: number;
  readonly flags: number;
  readonly actions: Bound;
  readonly unbind: () => void;
}

/** What a filter asks besides, and what is not modelled: words of our tc, or attributes of another. */
type Left = Pick<FlowerOptions, 'typed' | 'unknown'>;

function leftOf({ typed, unknown }: FlowerOptions): Left | null {
  if (typed === undefined && unknown === undefined) return null;
  return { ...(typed === undefined ? {} : { typed }), ...(unknown === undefined ? {} : { unknown }) };
}

/** They say which headers there are, so that what is compared behind the link header is no longer sure. */
const LAYERS = /^(?:num_of_vlans|cvlan_|mpls|pppoe_|ppp_)/m;

/** How many bytes of a packet's key decide that it is not the filter's, whatever is left. */
function sureBytes({ typed = '', unknown }: Left): number {
  return unknown !== undefined || LAYERS.test(typed) ? FIELD.nProto[0] : COMPARED;
}

/** What is asked besides, by its words where they are known. */
function leftTests(left: Left | null): FilterTest[] {
  if (left === null) return [];
  const typed = left.typed?.split('\n') ?? [];
  return [...typed.map((words) => ({ opaque: words })), ...(left.unknown ?? []).map(() => ({ opaque: 'attributes' }))];
}

/** ct_state and its like look at the connection; attributes of another tc may. */
const asksOf = (left: Left | null): number =>
  left !== null && (left.unknown !== undefined || /^ct_/m.test(left.typed ?? '')) ? Asks.TUPLE : 0;

/** Filters that look at the same things have one mask: of what is left, the names; `values`: with what they are compared. */
function leftName(left: Left | null, values: boolean): string {
  if (left === null) return '';
  const typed = left.typed?.split('\n').map((line) => (values ? line : line.split(' ', 1)[0])) ?? [];
  const unknown = left.unknown?.map(({ type, payload }) => (values ? `${type}=${payload}` : `${type}`)) ?? [];
  return ['', ...typed.sort(), ...unknown.sort()].join('\n');
}

const maskNameOf = ({ match, left }: Pick<FlowerFilter, 'match' | 'left'>): string =>
  match.maskName + leftName(left, false);
const keyNameOf = ({ match, left }: Pick<FlowerFilter, 'match' | 'left'>): string =>
  match.keyName + leftName(left, true);

/** struct fl_flow_mask: the filters that look at the same bits. */
interface Mask {
  readonly name: string;
  readonly filters: FlowerFilter[];
  /** The device that a packet came in on is one of those. */
  readonly ofDevice: boolean;
  /** How many filters have each key. */
  readonly keys: Map<string, number>;
}

/** net/sched/cls_flower.c as a tcf_proto. */
class FlowerFilters implements KernelClassifier {
  readonly flow = null;
  private readonly host: Host;
  /** In the order in which they came into being: that is the order in which they are asked. */
  private readonly masks: Mask[] = [];
  private readonly byMask = new Map<string, Mask>();
  private readonly byHandle = new Map<number, FlowerFilter>();
  private readonly free = new LowestFree();
  private readonly dissector = new FlowerDissector();

  constructor(host: Host) {
    this.host = host;
  }

  /** fl_classify() — the first that fits answers, also if its actions say continue. */
  classify(p: Packet, result: Result): Verdict {
    if (this.masks.length === 0) return UNSPEC;
    const key = this.dissector.dissect(p);
    for (const { filters, ofDevice } of this.masks) {
      if (ofDevice) this.dissector.put('iif', iifOf(p, Reader.FLOWER));
      for (const filter of filters) {
        const { left } = filter;
        if (!filter.match.fits(key, left === null ? COMPARED : sureBytes(left))) continue;
        if ((filter.flags & ClsFlag.SKIP_SW) !== 0) break;
        if (left !== null) return Verdict.UNKNOWABLE;
        result.classid = filter.classid;
        result.handle = filter.handle;
        return filter.actions.act(p, result);
      }
    }
    return UNSPEC;
  }

  private all(): FlowerFilter[] {
    return [...this.byHandle.values()].sort((a, b) => a.handle - b.handle);
  }

  private find(handle: number): FlowerFilter | null {
    return this.byHandle.get(handle) ?? null;
  }

  has(handle: number): boolean {
    return this.find(handle) !== null;
  }

  /** fl_change() — a change must look at the same bits as before. */
  change(handle: number, request: FilterChange): number {
    if (request.options === null) throw new KernelError(Errno.EINVAL);
    const o = decode(FLOWER, request.options);
    const flags = o.flags ?? 0;
    if (!flagsValid(flags)) throw new KernelError(Errno.EINVAL);
    const old = this.find(handle);
    const filter = withActions(this.host, request, { act: o.act }, (actions) => {
      const asks = { match: settle(o, this.host), left: leftOf(o) };
      this.check(asks, old);
      const settled = {
        handle: handle || this.free.take((one) => this.byHandle.has(one)),
        ...asks,
        classid: o.classid ?? 0,
        flags: offload(flags),
      };
      return { ...settled, actions, unbind: bindClassid(this.host, o.classid) };
    });
    this.insert(filter, old);
    return filter.handle;
  }

  /** fl_check_assign_mask(), fl_ht_insert_unique() */
  private check(asks: Pick<FlowerFilter, 'match' | 'left'>, old: FlowerFilter | null): void {
    const mask = maskNameOf(asks);
    if (old !== null) {
      if (maskNameOf(old) !== mask) throw new KernelError(Errno.EINVAL);
      return;
    }
    const isThere = this.byMask.get(mask)?.keys.has(keyNameOf(asks)) ?? false;
    if (isThere) throw new KernelError(Errno.EEXIST, '', 'filter-exists');
  }

  private insert(filter: FlowerFilter, old: FlowerFilter | null): void {
    const name = maskNameOf(filter);
    let mask = this.byMask.get(name);
    if (mask === undefined) {
      mask = { name, filters: [], keys: new Map(), ofDevice: filter.match.has('iif') };
      this.masks.push(mask);
      this.byMask.set(name, mask);
    }
    this.byHandle.set(filter.handle, filter);
    countKey(mask, filter, 1);
    if (old === null) mask.filters.push(filter);
    else {
      countKey(mask, old, -1);
      mask.filters.splice(mask.filters.indexOf(old), 1, filter);
      letGo(this.host, old);
    }
  }

  /** fl_delete() — a mask goes with its last filter. */
  delete(handle: number): boolean {
    const filter = this.find(handle);
    const mask = filter === null ? undefined : this.byMask.get(maskNameOf(filter));
    if (filter !== null && mask !== undefined) {
      mask.filters.splice(mask.filters.indexOf(filter), 1);
      countKey(mask, filter, -1);
      this.byHandle.delete(handle);
      this.free.release(handle);
      if (mask.filters.length === 0) this.dropMask(mask);
      letGo(this.host, filter);
    }
    return this.masks.length === 0;
  }

  private dropMask(mask: Mask): void {
    this.masks.splice(this.masks.indexOf(mask), 1);
    this.byMask.delete(mask.name);
  }

  handles(): readonly number[] {
    return this.all().map(({ handle }) => handle);
  }

  /** fl_dump() */
  dump(handle: number, w: AttrWriter): void {
    const filter = this.find(handle);
    if (filter === null) return;
    w.nest(TCA_OPTIONS, () => {
      FLOWER.write(optionsOf(filter, this.host), w);
      filter.actions.dump(w, TCA_FLOWER.act[0], 0);
    });
    filter.actions.dumpStats(w);
  }

  facts(): FilterFacts[] {
    return this.all().map(({ handle, classid, match, left, flags, actions }) => {
      const tests = [...match.tests, ...leftTests(left)];
      const takesAll = tests.length === 0 && (flags & ClsFlag.SKIP_SW) === 0 && !actions.goesOn;
      return { handle, classid: classid || null, takesAll, tests, actions };
    });
  }

  survey(): Survey[] {
    return this.all().map(({ left, actions }) => surveyWith('packet', actions, asksOf(left)));
  }

  destroy(): void {
    for (const filter of this.all()) letGo(this.host, filter);
    this.masks.splice(0);
    this.byMask.clear();
    this.byHandle.clear();
  }
}

function countKey({ keys }: Mask, filter: FlowerFilter, by: 1 | -1): void {
  const name = keyNameOf(filter);
  const count = (keys.get(name) ?? 0) + by;
  if (count > 0) keys.set(name, count);
  else keys.delete(name);
}

/** fl_set_key() — what the request's attributes mean; those that do not fit its EtherType or protocol mean nothing. */
function settle(o: FlowerOptions, host: Host): Match {
  const m = new Match();
  if (o.indev !== undefined) m.set('iif', indev(o.indev, host, Errno.EINVAL));
  m.setBytes('ethDst', o.ethDst, o.ethDstMask);
  m.setBytes('ethSrc', o.ethSrc, o.ethSrcMask);
  setType(m, o);
  const type = numberIn(m.value, 'nProto');
  if (type === ETH_P.IPV4 || type === ETH_P.IPV6) {
    if (o.ipProto !== undefined) m.set('ipProto', o.ipProto);
    if (o.ipTos !== undefined) m.set('ipTos', o.ipTos, o.ipTosMask);
    if (o.ipTtl !== undefined) m.set('ipTtl', o.ipTtl, o.ipTtlMask);
  }
  setAddresses(m, o);
  setPorts(m, o);
  return m;
}

/** The type behind the tag is the packet's; without one nothing is said of it. */
function setType(m: Match, { ethType, vlanId, vlanPrio, vlanEthType }: FlowerOptions): void {
  if (ethType === undefined) return;
  if (!isVlan(ethType)) {
    m.set('nProto', ethType);
    return;
  }
  if (vlanId !== undefined) m.set('vlanId', vlanId & 0xfff, 0xfff);
  if (vlanPrio !== undefined) m.set('vlanPrio', vlanPrio & 7, 7);
  m.set('vlanTpid', ethType);
  if (vlanEthType === undefined) return;
  m.set('vlanNext', vlanEthType);
  if (!isVlan(vlanEthType)) m.set('nProto', vlanEthType);
}

function setAddresses(m: Match, o: FlowerOptions): void {
  if (o.ipv4Src !== undefined || o.ipv4Dst !== undefined) {
    m.set('addrType', ADDR_IPV4);
    m.setBytes('src', o.ipv4Src, o.ipv4SrcMask);
    m.setBytes('dst', o.ipv4Dst, o.ipv4DstMask);
  } else if (o.ipv6Src !== undefined || o.ipv6Dst !== undefined) {
    m.set('addrType', ADDR_IPV6);
    m.setBytes('src', o.ipv6Src, o.ipv6SrcMask);
    m.setBytes('dst', o.ipv6Dst, o.ipv6DstMask);
  }
}

/** fl_set_key_port_range() too. */
function setPorts(m: Match, o: FlowerOptions): void {
  const names = m.has('ipProto') ? portNames(o.ipProto) : null;
  if (names === null) return;
  const [src, dst] = [o[names.src], o[names.dst]];
  if (src !== undefined) m.set('srcPort', src, o[names.srcMask]);
  if (dst !== undefined) m.set('dstPort', dst, o[names.dstMask]);
  if (o.ipProto === IPPROTO.TCP && o.tcpFlags !== undefined) m.set('tcpFlags', o.tcpFlags, o.tcpFlagsMask);
  const range = (min: 'srcMin' | 'dstMin', max: 'srcMax' | 'dstMax', extack: string): void => {
    const [from, to] = [o[min], o[max]];
    if (from === undefined || to === undefined) return;
    if (to <= from) throw new KernelError(Errno.EINVAL, extack);
    m.set(min, from);
    m.set(max, to);
    m.ranged = true;
  };
  range('dstMin', 'dstMax', 'Invalid destination port range (min must be strictly smaller than max)');
  range('srcMin', 'srcMax', 'Invalid source port range (min must be strictly smaller than max)');
}

/** fl_dump_key() — what is masked out is not told. */
function optionsOf({ match, left, classid, flags }: FlowerFilter, host: Host): FlowerOptions {
  const { value, mask } = match;
  const number = <N extends string>(name: N, field: Field): Partial<Record<N, number>> =>
    match.has(field) ? ({ [name]: numberIn(value, field) } as Record<N, number>) : {};
  const pair = <N extends string, M extends string>(name: N, maskName: M, field: Field) =>
    match.has(field) ? { [name]: numberIn(value, field), [maskName]: numberIn(mask, field) } : {};
  const raw = (name: string, maskName: string, field: Field, size?: number) =>
    match.has(field) ? { [name]: bytesIn(value, field, size), [maskName]: bytesIn(mask, field, size) } : {};
  const names = portNames(numberIn(value, 'ipProto'));
  const six = numberIn(value, 'addrType') === ADDR_IPV6;
  const [family, size] = six ? ['ipv6', 16] : ['ipv4', 4];
  const ifindex = numberIn(value, 'iif');
  return {
    ...(classid === 0 ? {} : { classid }),
    ...(ifindex === 0 ? {} : { indev: host.world.device(ifindex) ?? '' }),
    ...raw('ethDst', 'ethDstMask', 'ethDst'),
    ...raw('ethSrc', 'ethSrcMask', 'ethSrc'),
    ...number('ethType', 'nProto'),
    ...number('vlanId', 'vlanId'),
    ...number('vlanPrio', 'vlanPrio'),
    ...number('vlanEthType', 'vlanNext'),
    ...number('ipProto', 'ipProto'),
    ...pair('ipTos', 'ipTosMask', 'ipTos'),
    ...pair('ipTtl', 'ipTtlMask', 'ipTtl'),
    ...raw(`${family}Src`, `${family}SrcMask`, 'src', size),
    ...raw(`${family}Dst`, `${family}DstMask`, 'dst', size),
    ...(names === null ? {} : pair(names.src, names.srcMask, 'srcPort')),
    ...(names === null ? {} : pair(names.dst, names.dstMask, 'dstPort')),
    ...pair('tcpFlags', 'tcpFlagsMask', 'tcpFlags'),
    ...number('dstMin', 'dstMin'),
    ...number('dstMax', 'dstMax'),
    ...number('srcMin', 'srcMin'),
    ...number('srcMax', 'srcMax'),
    flags,
    inHwCount: 0,
    ...left,
  };
}
