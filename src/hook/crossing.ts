import { type Frame, Heading } from '../capture/index.ts';
import {
  type Address,
  Fragment,
  Headers,
  hasPorts,
  isIcmp,
  type NatRule,
  NEVER_FORWARDED,
  type Prefix,
  Rewriter,
  readAddresses,
  readPacket,
  sameTuple,
  type Tracker,
  Tuple,
} from '../conntrack/index.ts';
import { addressText, covers } from '../lang/index.ts';
import { Input, type Packet, Reader } from '../packet/index.ts';
import type { CapturedRow, ReasonRow } from '../report/index.ts';
import { be32 } from '../u32.ts';

/** A side of the router: `lan` before its NAT, where the hosts are, `wan` behind it. */
export type HookSide = 'lan' | 'wan';

/** Where packets were captured. `here`: at the very hook, so that headers stand as they are there. */
export type Captured = HookSide | 'here';

export interface CrossingOptions {
  readonly hook: 'egress' | 'ingress';
  /** The side of the device whose filters are asked; null: nobody knows, and packets were captured `here`. */
  readonly side: HookSide | null;
  /** Of all packets, or by interface: its name, or its number in Linux cooked captures (SLL2). */
  readonly captured: Captured | ReadonlyMap<string, Captured>;
  /** Only packets of this interface; null: of all. */
  readonly interface: string | null;
  /** `in`: all came in where they were captured. `both`: that is to be found out of each. */
  readonly direction: 'in' | 'out' | 'both';
  /** Where the hosts are. */
  readonly hosts: readonly Prefix[];
  /** The router's rules. */
  readonly nat: readonly NatRule[];
  /** Where packets were captured was guessed. */
  readonly isGuessed?: boolean;
}

/** Why a packet of the capture does not come to the hook. */
export const NOT_AT_HOOK = {
  interface: 'captured on another interface',
  otherSide: 'captured on the other side of the router, too',
  in: 'comes in: this hook sees what goes out',
  out: 'goes out: this hook sees what comes in',
  wrongSide: 'has the addresses of the other side of the router',
  router: 'is for the router itself',
  stays: 'stays on its side of the router',
} as const;

const LINKTYPE_SLL2 = 276;
const MOST_NAMES = 8;

/** Where packets of an interface go to, seen from the hosts. */
type Towards = 'wan' | 'lan' | 'nowhere' | 'unknown';

/**
 * The way from where packets were captured to the hook: arrive() says whether a packet comes there, cross() gives it the
 * headers that it has there. The kernel's order: PREROUTING, routing, POSTROUTING, egress; ingress comes before all of them.
 */
export class Crossing {
  readonly options: CrossingOptions;
  /** Packets that may go either way, and are taken to come to the hook. */
  undirected = 0;
  /** Packets that were given other addresses than they were captured with. */
  translated = 0;
  /** The last one was. */
  isTranslated = false;
  /** Whose packet it is that crossed last, by its address behind the router; null: as the packet says. */
  host: Int32Array | null = null;
  /** Names of interfaces whose packets do not count: the first of them. */
  private readonly otherNames = new Set<string>();
  /** The interface that is asked for could not be told: packets came without a name. */
  private isUnnamed = false;
  private readonly heading: Heading;
  /** Prefixes behind which the hosts are, as each side sees them. */
  private readonly inside: Readonly<Record<HookSide, readonly Prefix[]>>;
  /** Those of them that NAT's rules name: a packet of one side has none of the other's. */
  private readonly ofNat: Readonly<Record<HookSide, readonly Prefix[]>>;
  /** Packets were captured on the hook's own side as well: what was seen on the other one is the same again. */
  private readonly hasOwnSide: boolean;
  private readonly rewriter = new Rewriter();
  private readonly headers = new Headers();
  /** The addresses of the packet that arrives, where it is IP. */
  private readonly tuple = new Tuple();
  private isIp = false;
  private readonly before = new Tuple();
  private readonly after = new Tuple();

  constructor(options: CrossingOptions) {
    const { captured, side, direction, hosts, nat } = options;
    this.options = options;
    this.heading = direction === 'both' ? Heading.UNKNOWN : direction === 'in' ? Heading.IN : Heading.OUT;
    this.ofNat = { lan: nat.flatMap(hostsOf), wan: nat.flatMap(outsideOf) };
    this.inside = { lan: [...hosts, ...this.ofNat.lan], wan: [...hosts, ...this.ofNat.wan] };
    const wanted = options.interface;
    const sides =
      typeof captured === 'string'
        ? [captured]
        : [...captured].flatMap(([name, one]) => (wanted === null || wanted === name ? [one] : []));
    this.hasOwnSide = sides.some((one) => one === side || one === 'here');
  }

  /** What of it a summary says; null: every packet came to the hook as it stands. */
  summary(elsewhere: readonly ReasonRow[]): CapturedRow | null {
    if (this.takesAll && elsewhere.length === 0) return null;
    const { captured, side, interface: name, direction, hosts, isGuessed } = this.options;
    return {
      at: typeof captured === 'string' ? captured : Object.fromEntries(captured),
      ...(isGuessed ? { guessed: true } : {}),
      side,
      ...(name === null ? {} : { interface: name }),
      ...(this.isUnnamed ? { unnamed: true } : {}),
      ...(this.otherNames.size === 0 ? {} : { otherInterfaces: [...this.otherNames] }),
      direction,
      ...(hosts.length === 0 ? {} : { hosts: hosts.map(prefixText) }),
      undirected: this.takesAll ? 0 : this.undirected,
      translated: this.translated,
      elsewhere,
    };
  }

  /** Nothing is asked of an Ethernet packet whose record says nothing of its direction: every packet comes to the hook. */
  get takesAll(): boolean {
    const { captured, interface: name, direction, hosts, side } = this.options;
    const knowsHosts = hosts.length > 0 || (side !== null && this.inside[side].length > 0);
    return captured === 'here' && name === null && direction === 'both' && !knowsHosts;
  }

  /** Connections decide what becomes of packets' addresses, or whose they are. */
  get needsConnections(): boolean {
    const { side, nat } = this.options;
    return side !== null && (nat.length > 0 || !this.hasOwnSide);
  }

  /** Why the packet does not come to the hook; null: it does. */
  arrive(frame: Frame, p: Packet): string | null {
    const captured = this.capturedAt(frame);
    if (captured === null) {
      if (this.otherNames.size < MOST_NAMES) this.otherNames.add(interfaceOf(frame));
      return NOT_AT_HOOK.interface;
    }
    const { hook, side } = this.options;
    const isOwn = captured === 'here' || captured === side;
    if (!isOwn && this.hasOwnSide) return NOT_AT_HOOK.otherSide;
    this.isIp = readPacket(p, this.headers);
    if (this.isIp) readAddresses(this.headers, this.tuple);
    if (captured !== 'here' && this.isOfOther(captured)) return NOT_AT_HOOK.wrongSide;
    const known = this.headingOf(frame, p);
    const heading = known === Heading.UNKNOWN ? this.headingByAddress(captured, isOwn) : known;
    if (heading === null || (!isOwn && !this.isForwarded)) return NOT_AT_HOOK.stays;
    if (heading === Heading.UNKNOWN) {
      this.undirected++;
      return null;
    }
    // What comes in on one side goes out on the other.
    const wanted = (hook === 'egress') === isOwn ? Heading.OUT : Heading.IN;
    if (heading === wanted) return null;
    return hook === 'egress' ? NOT_AT_HOOK.in : NOT_AT_HOOK.out;
  }

  private capturedAt(frame: Frame): Captured | null {
    const { captured, interface: wanted } = this.options;
    if (wanted === null && typeof captured === 'string') return captured;
    const name = interfaceOf(frame);
    if (wanted !== null && name !== '' && name !== wanted) return null;
    this.isUnnamed ||= wanted !== null && name === '';
    if (typeof captured === 'string') return captured;
    // A file without names is one interface's.
    const [only = null, ...others] = name === '' ? captured.values() : [];
    return captured.get(name) ?? (others.length === 0 ? only : null);
  }

  /** The device by which a packet came in that passes the router; '' or null: it is not known. */
  incoming(frame: Frame): string | null {
    const { captured, side, hook, interface: only } = this.options;
    const at = this.capturedAt(frame);
    if (hook !== 'egress' || at === null || at === 'here' || at === side) return null;
    const [name = null, ...others] = typeof captured === 'string' ? [] : captured.keys();
    return frame.interface.name || only || (others.length === 0 ? name : null);
  }

  /** What was said of all packets, what the record or its link header says, or whose address the frame is from. */
  private headingOf({ interface: { mac } }: Frame, p: Packet): Heading {
    if (this.heading !== Heading.UNKNOWN) return this.heading;
    if (p.heading !== Heading.UNKNOWN || mac === undefined || p.addresses < 0) return p.heading;
    if (p.addresses + 12 > p.end) return Heading.UNKNOWN;
    return mac.every((byte, i) => byte === p.data[p.addresses + 6 + i]) ? Heading.OUT : Heading.IN;
  }

  /** Which way the packet goes where it was captured, by its hosts; null: it goes no way. */
  private headingByAddress(captured: Captured, isOwn: boolean): Heading | null {
    const side = captured === 'here' ? this.options.side : captured;
    if (side === null || this.inside[side].length === 0) return Heading.UNKNOWN;
    const towards = this.towards(side);
    if (towards === 'nowhere') return null;
    if (towards === 'unknown') return isOwn ? Heading.UNKNOWN : null;
    return towards === side ? Heading.OUT : Heading.IN;
  }

  /** NAT tells it: a capture of both sides does not name its interfaces. */
  private isOfOther(side: HookSide): boolean {
    const { lan, wan } = this.ofNat;
    const [own, other] = side === 'lan' ? [lan, wan] : [wan, lan];
    return this.isIp && isWith(other, this.tuple) && !isWith(own, this.tuple);
  }

  private towards(side: HookSide): Towards {
    if (!this.isIp) return 'unknown';
    const { family, src, dst } = this.tuple;
    const isInside = (words: Int32Array): boolean => this.inside[side].some((prefix) => covers(prefix, family, words));
    const [from, to] = [isInside(src), isInside(dst)];
    if (from && to) return 'nowhere';
    if (from) return 'wan';
    return to ? 'lan' : 'unknown';
  }

  /** No router passes on what is not IP, nor what is for all. */
  private get isForwarded(): boolean {
    if (!this.isIp) return false;
    const { family, dst } = this.tuple;
    return !NEVER_FORWARDED.some((prefix) => covers(prefix, family, dst));
  }

  /**
   * Gives a packet that arrived the headers that it has at the hook. `tracker`: it tracked the packet last; null: it has no
   * connection, and its addresses stay. Returns why it does not come there after all; null: it does.
   */
  cross(frame: Frame, p: Packet, tracker: Tracker | null): string | null {
    const { before, after } = this;
    const { hook, side } = this.options;
    const known = tracker === null ? null : tracker.across(before, after);
    this.isTranslated = false;
    this.host = known === null || side === null ? null : isFromHosts(hook, side) ? before.src : after.dst;
    const captured = this.capturedAt(frame);
    if (captured === null || captured === 'here' || captured === side) return null;
    if (known !== null && known !== 'nothing' && this.isForRouter()) return NOT_AT_HOOK.router;
    const isForth = hook === 'egress';
    const hops = isForth ? 1 : -1;
    const [from, to] = isForth ? [before, after] : [after, before];
    if (known === null || sameTuple(from, to)) this.rewriter.pass(p, hops, null, null);
    else {
      this.translated++;
      this.isTranslated = true;
      this.rewriter.pass(p, hops, from, to);
      if (known === 'addresses') p.guessed = portsOf(p, this.headers);
    }
    p.hasGuessedAddresses = known === 'nothing';
    if (known === 'nothing') p.restsOn(Input.NAT, Reader.ROUTER);
    return null;
  }

  /** Its connection ends at the router's own address outside: it is not passed on. */
  private isForRouter(): boolean {
    const { family, dst } = this.after;
    return this.ofNat.wan.some((prefix) => covers(prefix, family, dst));
  }
}

/** What comes to a hook goes one way: out to the wan from a host, or the other way to a host. */
function isFromHosts(hook: 'egress' | 'ingress', side: HookSide): boolean {
  return (hook === 'egress') === (side === 'wan');
}

/** Where the packet has ports, or an ICMP id; -1: nowhere. */
function portsOf(p: Packet, headers: Headers): number {
  if (!readPacket(p, headers) || headers.fragment === Fragment.LATER) return -1;
  if (hasPorts(headers.proto)) return headers.transport;
  return isIcmp(headers.proto) ? headers.transport + 4 : -1;
}

/** Whether the packet is from or for one of the prefixes. */
export function isWith(prefixes: readonly Prefix[], { family, src, dst }: Tuple): boolean {
  return prefixes.some((prefix) => covers(prefix, family, src) || covers(prefix, family, dst));
}

/** The addresses of the inside that a rule of NAT is about. */
export function hostsOf({ kind, source, inside, to }: NatRule): readonly Prefix[] {
  if (kind === 'snat') return inside ?? (source === undefined ? [] : [source]);
  return kind === 'dnat' && to !== undefined ? [single(to)] : [];
}

/** The router's own addresses outside. */
export function outsideOf({ kind, destination, to }: NatRule): readonly Prefix[] {
  if (kind === 'snat') return to === undefined ? [] : [single(to)];
  return kind === 'dnat' && destination !== undefined ? [destination] : [];
}

const single = (address: Address): Prefix => ({ address, length: address.family === 4 ? 32 : 128 });

/** Interfaces of cooked captures have numbers only. */
export function interfaceOf({ interface: { name }, linkType, data, at, end }: Frame): string {
  return linkType === LINKTYPE_SLL2 && at + 8 <= end ? String(be32(data, at + 4)) : name;
}

const prefixText = ({ address: { family, words }, length }: Prefix): string =>
  `${addressText(family, words)}/${length}`;
