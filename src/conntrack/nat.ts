import { UsageError } from '../errors.ts';
import { type Address, covers, type Prefix, parseAddress, parsePrefix } from '../lang/index.ts';
import { hasPorts, isIcmp, type Tuple } from './tuple.ts';

/**
 * One rule of a router's nat table. What a rule does not mention it does not look at. `snat` changes sources after
 * routing (masquerade is the same with the address of the interface), `dnat` destinations before it; a packet that
 * a `notrack` rule matches is not tracked at all.
 */
export interface NatRule {
  readonly kind: 'snat' | 'dnat' | 'notrack';
  readonly family?: 4 | 6;
  readonly protocol?: number;
  readonly source?: Prefix;
  readonly sourcePort?: number;
  readonly destination?: Prefix;
  readonly destinationPort?: number;
  /** First and last, where they are several. */
  readonly destinationPorts?: readonly [number, number];
  /** Addresses that the rule does not take. */
  readonly notSource?: readonly Prefix[];
  readonly notDestination?: readonly Prefix[];
  /**
   * The device that packets leave by (`snat`) or come in by (`dnat`, `notrack`), as the rule names it; absent: any. A tuple
   * has no device: prefixes say as much of it as is known, and whoever has the packet asks isFor().
   */
  readonly devices?: DeviceNames;
  /** Destinations that packets reach without leaving through the router's outside: their source stays. */
  readonly inside?: readonly Prefix[];
  /** Absent: the rule translates into an address that is not known, unless it is exempt. */
  readonly to?: Address;
  /** So many leading bits are those of `to`, and the others stay (netmap); absent: all. */
  readonly toBits?: number;
  /** What it takes stays as it is: no later rule is asked. */
  readonly isExempt?: boolean;
  /** It asks for more than stands here, or is not the only one: what comes of it is assumed. */
  readonly isAssumed?: boolean;
  /** First and last of the ports to use. */
  readonly toPorts?: readonly [number, number];
  /** The port is drawn anew for each flow (`random`, `fully-random`). */
  readonly random?: boolean;
}

/** Names of devices; `not`: all but these. A `+` or `*` at the end of a name stands for any rest. */
export interface DeviceNames {
  readonly names: readonly string[];
  readonly not: boolean;
}

/** Whether a rule is for packets of this device. */
export function isFor({ names, not }: DeviceNames, device: string): boolean {
  for (const name of names) if (isNamed(name, device)) return !not;
  return not;
}

function isNamed(name: string, device: string): boolean {
  const last = name.length - 1;
  if (name !== device && name[last] !== '+' && name[last] !== '*') return false;
  return name === device || device.lastIndexOf(name.slice(0, last), 0) === 0;
}

/** What translate() did to a tuple. UNKNOWN: into what is not known; ASSUMED: if it did at all. */
export const Translated = { NO: 0, YES: 1, PORT_GUESSED: 2, PORT_RANDOM: 4, UNKNOWN: 8, ASSUMED: 16 } as const;

const GRAMMAR = 'masquerade PREFIX to ADDR | snat PREFIX to ADDR[:PORT-PORT] | dnat ADDR[:PORT] to ADDR[:PORT]';

/** Destinations that no router passes on: multicast, broadcast, link-local. */
export const NEVER_FORWARDED: readonly Prefix[] = [
  '224.0.0.0/4',
  '255.255.255.255',
  '169.254.0.0/16',
  'ff00::/8',
  'fe80::/10',
].map(knownPrefix);

/**
 * Reads one `--nat` rule: `masquerade PREFIX to ADDR`, `snat PREFIX to ADDR[:PORT-PORT]` or
 * `dnat ADDR[:PORT] to ADDR[:PORT]`; an IPv6 address with a port stands in brackets. Throws a UsageError whose
 * `word` counts the words of `text` from 0.
 */
export function parseNat(text: string): NatRule {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const [kind = '', match = '', to = '', target = ''] = words;
  if (kind !== 'masquerade' && kind !== 'snat' && kind !== 'dnat') throw usage(`"${kind}" is not a kind of NAT`, 0);
  const missing = Math.min(words.length, 3);
  if (match === '') throw usage(`${kind}: what it applies to is missing`, missing);
  if (to !== 'to') throw usage(to === '' ? '"to" is missing' : `"${to}" stands where "to" is expected`, 2);
  if (target === '') throw usage('the address to translate to is missing', missing);
  if (words.length > 4) throw usage(`"${words[4]}" is one word too many`, 4);
  const rule = kind === 'dnat' ? parseDnat(match, target) : parseSnat(kind, match, target);
  if (rule.to?.family !== rule.family) throw usage('IPv4 and IPv6 do not translate into each other', 3);
  return rule;
}

function parseSnat(kind: string, match: string, target: string): NatRule {
  const source = parsePrefix(match);
  if (source === null) throw usage(`"${match}" is not an address or prefix`, 1);
  const { address, ports } = parseTarget(target, 3);
  if (kind === 'masquerade' && ports !== null) throw usage('masquerade takes no ports', 3);
  const rule = { kind: 'snat', family: source.address.family, source, inside: [source], to: address } as const;
  return ports === null ? rule : { ...rule, toPorts: ports };
}

function parseDnat(match: string, target: string): NatRule {
  const from = parseTarget(match, 1);
  const to = parseTarget(target, 3);
  for (const [ports, word] of [
    [from.ports, 1],
    [to.ports, 3],
  ] as const) {
    if (ports !== null && ports[0] !== ports[1]) throw usage('dnat takes a single port', word);
  }
  const length = from.address.family === 4 ? 32 : 128;
  return {
    kind: 'dnat',
    family: from.address.family,
    destination: { address: from.address, length },
    to: to.address,
    ...(from.ports !== null && { destinationPort: from.ports[0] }),
    ...(to.ports !== null && { toPorts: to.ports }),
  };
}

/** `ADDR`, `ADDR:PORT`, `ADDR:PORT-PORT`; IPv6 with ports as `[ADDR]:PORT`. */
function parseTarget(text: string, word: number): { address: Address; ports: readonly [number, number] | null } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  const plain = text.split(':');
  const [host, ports] = bracketed
    ? [bracketed[1] ?? '', bracketed[2]]
    : plain.length === 2
      ? [plain[0] ?? '', plain[1]]
      : [text, undefined];
  const address = parseAddress(host);
  if (address === null) throw usage(`"${host}" is not an address`, word);
  return { address, ports: ports === undefined ? null : parsePorts(ports, word) };
}

function parsePorts(text: string, word: number): readonly [number, number] {
  const [first = '', last = first, ...rest] = text.split('-');
  const ports = [Number(first), Number(last)] as const;
  const valid = [first, last].every((port) => /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535);
  if (!valid || rest.length > 0 || ports[0] > ports[1])
    throw usage(`"${text}" is not a port or a range of ports`, word);
  return ports;
}

function usage(message: string, word: number): UsageError {
  return new UsageError(message, word, GRAMMAR);
}

function knownPrefix(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === null) throw new UsageError(`"${text}" is not a prefix`);
  return prefix;
}

/**
 * Rules that were given stand in the place of those that a script makes. What they cannot say, the device, they have of the
 * script's, where those of their kind all name the same.
 */
export function withDevices(given: readonly NatRule[], made: readonly NatRule[]): readonly NatRule[] {
  return given.map((rule) => {
    const [first, ...others] = made.filter(({ kind, isExempt }) => kind === rule.kind && !isExempt);
    const name = JSON.stringify(first?.devices);
    const isOne = first?.devices !== undefined && others.every(({ devices }) => JSON.stringify(devices) === name);
    return isOne ? { ...rule, devices: first.devices } : rule;
  });
}

/** A router's rules, in the order in which they are asked. */
export class Nat {
  readonly told: boolean;
  /** Rules are not evaluated in all that they ask: even what no rule takes may have been translated. */
  readonly isAssumed: boolean;
  private readonly dnat: readonly NatRule[];
  private readonly snat: readonly NatRule[];
  private readonly notrack: readonly NatRule[];

  constructor(rules: readonly NatRule[]) {
    this.told = rules.length > 0;
    this.isAssumed = rules.some((rule) => rule.isAssumed);
    this.dnat = rules.filter((rule) => rule.kind === 'dnat');
    this.snat = rules.filter((rule) => rule.kind === 'snat');
    this.notrack = rules.filter((rule) => rule.kind === 'notrack');
  }

  untracked(tuple: Tuple): boolean {
    return this.notrack.some((rule) => !rule.isAssumed && applies(rule, tuple));
  }

  /** Is `words` an address that translated packets carry as their source? */
  isOutside(family: number, words: Int32Array): boolean {
    return this.snat.some((rule) => isTo(rule, family, words));
  }

  /**
   * Could a packet with this tuple be one that the router has translated already, or the answer to one? Then what
   * it was before is not to be seen in it.
   */
  mayBeTranslated(tuple: Tuple): boolean {
    const { family } = tuple;
    if (this.isAssumed || this.isOutside(family, tuple.src) || this.isOutside(family, tuple.dst)) return true;
    if (this.snat.some((rule) => isUnknown(rule, family))) return true;
    return this.dnat.some(
      (rule) =>
        isUnknown(rule, family) ||
        isAt(rule, family, tuple.dst, tuple.dstAll) ||
        isAt(rule, family, tuple.src, tuple.srcAll),
    );
  }

  /**
   * Is a packet with this tuple, and this inverse, an answer to the inside? Addresses that are translated on their way
   * out cannot be reached from outside, but for what a dnat rule lets in.
   */
  isAnswer(tuple: Tuple, inverse: Tuple): boolean {
    if (this.dnat.some((rule) => isAt(rule, tuple.family, tuple.dst, tuple.dstAll))) return false;
    const taken = (rule: NatRule): boolean =>
      rule.source !== undefined && applies(rule, inverse) && leaves(rule, inverse);
    const first = this.snat.find(taken);
    return first !== undefined && !first.isExempt;
  }

  /** Changes `tuple`, as its sender made it, into what leaves the router; says how in bits of Translated. */
  translate(tuple: Tuple): number {
    const destination = this.dnat.find((rule) => applies(rule, tuple) && canSetPorts(rule, tuple));
    let done: number = destination === undefined ? Translated.NO : setDestination(destination, tuple);
    const source = this.snat.find((rule) => applies(rule, tuple) && canSetPorts(rule, tuple) && leaves(rule, tuple));
    if (source !== undefined) done |= setSource(source, tuple);
    return done;
  }
}

function applies(rule: NatRule, tuple: Tuple): boolean {
  if (rule.family !== undefined && rule.family !== tuple.family) return false;
  if (rule.protocol !== undefined && rule.protocol !== tuple.proto) return false;
  if (rule.source !== undefined && !covers(rule.source, tuple.family, tuple.src)) return false;
  if (rule.destination !== undefined && !covers(rule.destination, tuple.family, tuple.dst)) return false;
  if ((rule.notSource ?? []).some((prefix) => covers(prefix, tuple.family, tuple.src))) return false;
  if ((rule.notDestination ?? []).some((prefix) => covers(prefix, tuple.family, tuple.dst))) return false;
  const { sourcePort, destinationPort, destinationPorts } = rule;
  if (sourcePort === undefined && destinationPort === undefined && destinationPorts === undefined) return true;
  if (!hasPorts(tuple.proto)) return false;
  const [first, last] = destinationPorts ?? [0, 0xffff];
  if (tuple.dstAll < first || tuple.dstAll > last) return false;
  return (sourcePort ?? tuple.srcAll) === tuple.srcAll && (destinationPort ?? tuple.dstAll) === tuple.dstAll;
}

/** It translates into what is not known. */
function isUnknown({ family, to, isExempt }: NatRule, of: number): boolean {
  return to === undefined && !isExempt && (family === undefined || family === of);
}

/** iptables and nft refuse a rule with ports for anything that has none. */
function canSetPorts(rule: NatRule, tuple: Tuple): boolean {
  return rule.toPorts === undefined || hasPorts(tuple.proto);
}

/** Does the packet leave through the outside? What is for the router itself or for the inside does not. */
function leaves(rule: NatRule, tuple: Tuple): boolean {
  const stays = (prefix: Prefix): boolean => covers(prefix, tuple.family, tuple.dst);
  if (isTo(rule, tuple.family, tuple.dst)) return false;
  return !NEVER_FORWARDED.some(stays) && !(rule.inside ?? []).some(stays);
}

/** An address that the rule translates into. */
function isTo({ to, toBits }: NatRule, family: number, words: Int32Array): boolean {
  return to !== undefined && covers({ address: to, length: toBits ?? 128 }, family, words);
}

function isAt(rule: NatRule, family: number, words: Int32Array, port: number): boolean {
  return isTo(rule, family, words) && (rule.toPorts?.[0] ?? port) === port;
}

/** include/linux/netfilter/x_tables.h: netmap keeps the bits behind `toBits`. */
function setAddress({ to, toBits = 128 }: NatRule, words: Int32Array): void {
  for (const [i, word] of (to?.words ?? []).entries()) {
    const left = toBits - 32 * i;
    const mask = left >= 32 ? -1 : left <= 0 ? 0 : ~(0xffffffff >>> left);
    words[i] = (word & mask) | ((words[i] ?? 0) & ~mask);
  }
}

const sureness = ({ to, isAssumed }: NatRule): number =>
  (to === undefined ? Translated.UNKNOWN : 0) | (isAssumed ? Translated.ASSUMED : 0);

function setDestination(rule: NatRule, tuple: Tuple): number {
  if (rule.isExempt) return Translated.NO;
  setAddress(rule, tuple.dst);
  if (rule.toPorts !== undefined) tuple.dstAll = rule.toPorts[0];
  return Translated.YES | sureness(rule);
}

/**
 * Stands for the address of a router that is not known: all hosts behind it have the same one, and it is none of theirs.
 * The dummy address of RFC 7600, and one of the discard prefix of RFC 6666.
 */
export const STAND_IN: Readonly<Record<4 | 6, string>> = { 4: '192.0.0.8', 6: '100::' };

const STAND_INS: readonly Address[] = [STAND_IN[4], STAND_IN[6]].map((text) => knownPrefix(text).address);

function standIn(family: 4 | 6): Address {
  const [v4, v6] = STAND_INS;
  return (family === 4 ? v4 : v6) as Address;
}

/**
 * net/netfilter/nf_nat_core.c: nf_nat_l4proto_unique_tuple(), as far as it can be foretold: a port within the range
 * is kept if nobody else has it, a range of one port leaves no choice, anything else is the kernel's to draw.
 */
function setSource(rule: NatRule, tuple: Tuple): number {
  if (rule.isExempt) return Translated.NO;
  if (rule.to === undefined) tuple.src.set(standIn(tuple.family).words);
  else setAddress(rule, tuple.src);
  const done = Translated.YES | sureness(rule);
  if (!hasPorts(tuple.proto) && !isIcmp(tuple.proto)) return done;
  const [first, last] = rule.toPorts ?? [0, 0xffff];
  const kept = tuple.srcAll >= first && tuple.srcAll <= last;
  if (!kept) tuple.srcAll = first;
  if (first === last) return done;
  const drawn = rule.random === true || !kept;
  return done | Translated.PORT_GUESSED | (drawn ? Translated.PORT_RANDOM : 0);
}
