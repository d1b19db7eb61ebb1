import { type DeviceNames, isFor, type NatRule } from '../conntrack/index.ts';
import { type Address, covers, type Prefix, parseAddress, parsePrefix } from '../lang/index.ts';
import {
  type Asked,
  type BaseChain,
  type Chains,
  chainsOf,
  empties,
  type NatStep,
  type NetfilterCommand,
  type Step,
} from '../netfilter/index.ts';
import { addressesOf, type DeviceAddress } from './addresses.ts';

/** What one rule of a nat table does, with all that is asked on the way to it. */
interface Found {
  readonly hook: BaseChain['hook'];
  readonly family: BaseChain['family'];
  readonly asked: readonly Asked[];
  /** null: the packet is left as it is. */
  readonly nat: NatStep | null;
}

/** What is known of the router besides its rules. */
interface Router {
  readonly addresses: readonly DeviceAddress[];
  /** The devices that rules of source NAT name: those of the outside. */
  readonly outside: readonly DeviceNames[];
  /** Nobody else's rules are left. */
  readonly isComplete: boolean;
}

/** Jumps may not go round: net/netfilter/x_tables.c. */
const DEEPEST = 16;

/** Addresses that only the inside has: RFC 1918, RFC 6598, RFC 4193. */
const PRIVATE: readonly Prefix[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
].flatMap((text) => parsePrefix(text) ?? []);

/**
 * The rules of NAT that a script's iptables and nft commands leave, as the tracker asks them. A tuple has no device:
 * what a rule says of one is put into prefixes, by the addresses that the script gives devices (`ip addr add`); where it
 * gives none, private addresses are those of the inside, and what comes of it is assumed. So it is where the script does
 * not empty the nat table first (others may have rules there), and where a rule asks what a tuple does not say. The address
 * of a masquerading device that the script does not give is not known: `to` is absent.
 *
 * @example
 * const tracker = new Tracker({ rules: natRulesOf(simulated.commands) });
 */
export function natRulesOf(commands: readonly NetfilterCommand[]): readonly NatRule[] {
  const found = foundIn(chainsOf(commands));
  if (!found.some(({ nat }) => nat !== null)) return [];
  const router: Router = {
    addresses: addressesOf(commands),
    outside: found.flatMap(({ hook, nat, asked }) =>
      hook === 'postrouting' && nat !== null ? asked.flatMap((one) => (one.kind === 'out' ? [one] : [])) : [],
    ),
    isComplete: empties(commands, ['nat']),
  };
  const rules = found.flatMap((one) => ruleOf(one, router));
  return router.isComplete ? rules : rules.map((rule) => ({ ...rule, isAssumed: true }));
}

/** In the order in which they are asked. */
function foundIn(chains: Chains): Found[] {
  const found: Found[] = [];
  for (const base of chains.bases) {
    if (base.hook !== 'prerouting' && base.hook !== 'postrouting') continue;
    const add = (asked: readonly Asked[], nat: NatStep | null): void => {
      if (base.isNat || nat?.to === 'notrack') found.push({ hook: base.hook, family: base.family, asked, nat });
    };
    follow(chains, base, base.name, [], [], add);
  }
  return found;
}

/** Goes through a chain and those that it jumps to, with what is asked before. */
function follow(
  chains: Chains,
  base: BaseChain,
  chain: string,
  before: readonly Asked[],
  way: readonly string[],
  add: (asked: readonly Asked[], nat: NatStep | null) => void,
): void {
  if (way.includes(chain) || way.length === DEEPEST) return;
  for (const { steps } of chains.rules(base.table, chain) ?? []) {
    const asked = [...before];
    const take = (step: Step): void => {
      if (step.kind === 'translate') add([...asked], step);
      else if (step.kind === 'accept' || step.kind === 'drop') add([...asked], null);
      // Where it goes on behind the jump is left out.
      else if (step.kind === 'return') add(way.length === 0 ? [...asked] : [...asked, RETURNS], null);
      else if (step.kind === 'jump' || step.kind === 'goto')
        follow(chains, base, step.chain, asked, [...way, chain], add);
      else if (step.kind === 'choice') {
        for (const one of step.of) {
          const length = asked.push(...one.asked);
          take(one.done);
          asked.length = length - one.asked.length;
        }
      } else if ('not' in step) asked.push(step);
    };
    for (const step of steps) take(step);
  }
}

const RETURNS: Asked = { kind: 'unknown', words: 'return', not: false };

/** Rules for one: as many as its conditions need. */
function ruleOf({ hook, family, asked, nat }: Found, router: Router): NatRule[] {
  const isSource = hook === 'postrouting';
  const kind = nat?.to === 'notrack' ? 'notrack' : isSource ? 'snat' : 'dnat';
  const start: NatRule = { kind, ...(nat === null ? { isExempt: true } : {}) };
  const families = family === 'both' ? [start] : [{ ...start, family: family === 'ip' ? (4 as const) : (6 as const) }];
  let rules: NatRule[] = families;
  for (const one of asked) rules = rules.flatMap((rule) => narrowed(rule, one, isSource));
  // An exception that may not hold is none.
  if (nat === null) return rules.filter(({ isAssumed }) => !isAssumed);
  return rules
    .flatMap((rule) => translated(rule, nat, router, isSource))
    .flatMap((rule) => (isSource ? fromInside(rule, router) : fromDevice(rule, router)));
}

/** The rule where this is asked too; none: never both. */
function narrowed(rule: NatRule, asked: Asked, isSource: boolean): NatRule[] {
  const { not } = asked;
  switch (asked.kind) {
    case 'source':
    case 'destination': {
      const { prefixes } = asked;
      const own = rule[asked.kind];
      const notName = asked.kind === 'source' ? 'notSource' : 'notDestination';
      if (not) return [{ ...rule, [notName]: [...(rule[notName] ?? []), ...prefixes] }];
      return prefixes.flatMap((prefix) => {
        const both = own === undefined ? prefix : narrower(own, prefix);
        return both === null ? [] : withFamily({ ...rule, [asked.kind]: both }, both.address.family);
      });
    }
    case 'family':
      if (not) return [{ ...rule, isAssumed: true }];
      return asked.numbers.length > 1
        ? [rule]
        : asked.numbers.flatMap((number) => withFamily(rule, number === 4 ? 4 : 6));
    case 'protocol':
      if (not) return [{ ...rule, isAssumed: true }];
      return asked.numbers.flatMap((protocol) =>
        rule.protocol === undefined || rule.protocol === protocol ? [{ ...rule, protocol }] : [],
      );
    case 'dport':
      if (not) return [{ ...rule, isAssumed: true }];
      return asked.ranges.map(([first, last]) =>
        first === last ? { ...rule, destinationPort: first } : { ...rule, destinationPorts: [first, last] },
      );
    case 'out':
    case 'in':
      if ((asked.kind === 'out') !== isSource) return [{ ...rule, isAssumed: true }];
      return [{ ...rule, devices: { names: asked.names, not }, ...(rule.devices && { isAssumed: true }) }];
    case 'state':
      // Only the first packet of a connection comes to a nat table.
      return [asked.states.includes('new') !== not ? rule : { ...rule, isAssumed: true }];
    default:
      return [{ ...rule, isAssumed: true }];
  }
}

function withFamily(rule: NatRule, family: 4 | 6): NatRule[] {
  return rule.family === undefined || rule.family === family ? [{ ...rule, family }] : [];
}

/** The one of two prefixes that lies in the other; null: they have nothing in common. */
function narrower(one: Prefix, other: Prefix): Prefix | null {
  const [wide, narrow] = one.length <= other.length ? [one, other] : [other, one];
  return covers(wide, narrow.address.family, narrow.address.words) ? narrow : null;
}

/** The rule with what it translates into. */
function translated(rule: NatRule, { to, target, random }: NatStep, router: Router, isSource: boolean): NatRule[] {
  const common: NatRule = random ? { ...rule, random } : rule;
  if (to === 'notrack') return [rule];
  if (to === 'netmap') {
    const prefix = parsePrefix(target);
    if (prefix === null) return [{ ...common, isAssumed: true }];
    return withFamily({ ...common, to: prefix.address, toBits: prefix.length }, prefix.address.family);
  }
  const { address, ports, isRead } = targetOf(target);
  const withPorts: NatRule = { ...common, ...(ports && { toPorts: ports }), ...(isRead ? {} : { isAssumed: true }) };
  if (address !== null) return withFamily({ ...withPorts, to: address }, address.family);
  if (to !== 'masquerade' && to !== 'redirect') return [withPorts];
  const families = rule.family === undefined ? ([4, 6] as const) : [rule.family];
  return families.map((family) => {
    const own = ownAddress(rule.devices, family, router, isSource);
    return { ...withPorts, family, ...(own && { to: own }) };
  });
}

/** `ADDRESS`, `ADDRESS:PORT-PORT`, `:PORT`, `[ADDRESS]:PORT`. A range of addresses leaves the choice to the kernel. */
function targetOf(text: string): {
  readonly address: Address | null;
  readonly ports: readonly [number, number] | null;
  readonly isRead: boolean;
} {
  const whole = parseAddress(text);
  if (whole !== null) return { address: whole, ports: null, isRead: true };
  const [, bracketed, plain, ports] = /^(?:\[(.*)\]|([^:]*))(?::([\d-]+)(?:\/\d+)?)?$/.exec(text) ?? [];
  const address = parseAddress(bracketed ?? plain ?? '');
  const [first = Number.NaN, last = first] = (ports ?? '').split('-').map(Number);
  const range = ports !== undefined && first <= last ? ([first, last] as const) : null;
  return { address, ports: range, isRead: address !== null || (plain === '' && (text === '' || range !== null)) };
}

/** Masquerading takes the first address of the one device that it can be. */
function ownAddress(
  devices: DeviceNames | undefined,
  family: 4 | 6,
  { addresses, outside }: Router,
  isSource: boolean,
): Address | null {
  const isMeant = (device: string): boolean => {
    if (devices !== undefined) return device !== 'lo' && isFor(devices, device);
    return isSource && outside.some((one) => isFor(one, device));
  };
  const own = addresses.filter(({ device, prefix }) => prefix.address.family === family && isMeant(device));
  const names = new Set(own.map(({ device }) => device));
  return names.size === 1 ? (own[0]?.prefix.address ?? null) : null;
}

/**
 * Source NAT takes what comes from the inside and leaves by the outside: without a source in the rule, the networks of the
 * router's other devices.
 */
function fromInside(rule: NatRule, { addresses }: Router): NatRule[] {
  const { devices, family, source } = rule;
  const isHere = ({ address }: Prefix): boolean => family === undefined || address.family === family;
  const known = addresses
    .filter(({ device }) => device !== 'lo' && devices !== undefined && !isFor(devices, device))
    .map(({ prefix }) => prefix)
    .filter(isHere);
  if (source !== undefined) return [{ ...rule, inside: [source, ...known] }];
  const networks = known.length > 0 ? known : PRIVATE.filter(isHere);
  const isGuess = known.length === 0 ? { isAssumed: true } : {};
  return networks.flatMap((network) =>
    withFamily({ ...rule, source: network, inside: networks, ...isGuess }, network.address.family),
  );
}

/** Which packets come in by a device: those for its addresses outside, those of its networks inside. */
function fromDevice(rule: NatRule, { addresses, outside }: Router): NatRule[] {
  const { devices, family, source, destination } = rule;
  if (devices === undefined || source !== undefined || destination !== undefined) return [rule];
  const own = addresses.filter(
    ({ device, prefix }) => isFor(devices, device) && (family ?? prefix.address.family) === prefix.address.family,
  );
  const isOutside = outside.some((one) => !one.not && one.names.some((name) => isFor(devices, name)));
  if (own.length === 0) {
    const here = PRIVATE.filter(({ address }) => (family ?? address.family) === address.family);
    if (isOutside) return [{ ...rule, notSource: here, isAssumed: true }];
    return here.flatMap((network) => withFamily({ ...rule, source: network, isAssumed: true }, network.address.family));
  }
  return own.flatMap(({ device, prefix }) => {
    const { address } = prefix;
    const host = { address, length: address.family === 4 ? 32 : 128 };
    const isOut = isOutside || outside.some((one) => isFor(one, device));
    return withFamily(isOut ? { ...rule, destination: host } : { ...rule, source: prefix }, address.family);
  });
}
