import type { Env } from '../env.ts';
import { Ct, type Device, ETH_P, ETH_P_ALL, type Exactness, FlowKeys, type Packet, weaker } from '../packet/index.ts';
import type { FlowPlan } from '../sched/classifier/index.ts';
import { classExactness, type FlowFilter, hostRule, Key, type Known, Mode, readKey } from '../sched/flow/index.ts';
import { tcMajor } from '../u32.ts';
import { UNSPEC, type Verdict } from '../verdict.ts';
import { HostOf } from './flows.ts';
import type { Connection } from './following.ts';
import { jhash, type Scratch } from './hash.ts';
import { type Fields, typeConstant } from './headers.ts';
import { Cell, type Layout, LOG_COUNTER, majorAt, reasonAt } from './layout.ts';
import { type Asking, isPlaceable, matchCode } from './match.ts';
import {
  add,
  and,
  type Code,
  constant,
  eq,
  get,
  isZero,
  load32,
  or,
  remainder,
  select,
  shiftLeft,
  shiftRight,
  when,
  xor,
} from './wasm.ts';

/** A filter of a chain as the loop is to ask it. */
export interface PlannedFilter extends FlowPlan {
  /** EtherType that it is attached to, host order. */
  readonly protocol: number;
}

/** What a filter says of a packet. */
export interface Answer {
  /** Address of the counter. */
  readonly counter: Code;
  /** One of HostOf; NONE: the packet got no class. */
  readonly host: number;
  /** Address of the cell that counts how far the result can be trusted; 0: as most. */
  readonly trust: Code;
}

/** What the code of filters has around it. */
export interface Around {
  readonly fields: Fields;
  /** null: packets have no connection. */
  readonly connection: Connection | null;
  readonly scratch: Scratch;
  readonly layout: Layout;
  readonly facts: Facts;
  /** Filters are few: each may have code of its own for packets that lack what its keys read. */
  readonly twice: boolean;
  /** Goes to the plain engine. */
  readonly plain: Code;
  readonly answer: (answer: Answer) => Code;
}

/** What the answers of filters rest on besides the packet's headers. */
export interface Facts {
  readonly env: Env;
  readonly known: Known;
  readonly device: Device;
  /** An IPv4 packet of which nothing is told, and no headers: what keys are that the loop need not read. */
  readonly blank: { readonly packet: Packet; readonly keys: FlowKeys };
  /** No result is better than assumed. */
  readonly assumed: boolean;
  /** How far the results of most filters can be trusted: these are not counted one by one. */
  readonly usual: Exactness;
  /** Reasons for having no class, by number. */
  readonly reasons: string[];
  /** Why a packet of this verdict has no class; null: it has one. */
  readonly reasonOf: (verdict: Verdict) => string | null;
}

const CELLS: Readonly<Record<Exactness, number>> = {
  exact: Cell.EXACTNESS,
  assumed: Cell.EXACTNESS + 4,
  unknowable: Cell.EXACTNESS + 8,
};

/** Filters one after the other, numbered from `first`; falls through where none answers. */
export function filtersCode(filters: readonly PlannedFilter[], first: number, around: Around): Code {
  return filters.map((planned, i) => filterCode(planned, first + i, around));
}

function filterCode(planned: PlannedFilter, number: number, around: Around): Code {
  const { filter, protocol, match, verdict } = planned;
  const { fields, plain } = around;
  // `continue`: whatever it writes, only the filter that ends the search counts.
  const body = verdict === UNSPEC ? [] : verdict === 'opaque' ? plain : answerCode(filter, verdict, number, around);
  const asking = askingOf(around);
  const hidden = match === 'opaque' || (match !== null && !isPlaceable(match, asking.device));
  const asked = match === null ? body : hidden ? plain : when(matchCode(match, asking), body);
  return protocol === ETH_P_ALL ? asked : when(eq(get(fields.outer), typeConstant(protocol)), asked);
}

const askingOf = ({ fields, scratch, plain, facts: { device } }: Around): Asking => ({
  ...{ fields, plain, device, scratch: scratch.a },
});

function answerCode(filter: FlowFilter, verdict: Verdict, number: number, around: Around): Code {
  const { facts } = around;
  const reason = facts.reasonOf(verdict);
  if (reason !== null) {
    const counter = constant(reasonAt(reasonNumber(reason, facts)));
    return around.answer({ counter, host: HostOf.NONE, trust: constant(0) });
  }
  const absences = absentCode(filter, around);
  const of = (isThere: boolean, trust: Code): Code => classCode(filter, number, isThere, trust, around) ?? around.plain;
  const [there, absent] = [trustCode(filter, true, around), trustCode(filter, false, around)];
  if (absences.length === 0) return of(true, there);
  const isAbsent = absences.reduce(or);
  // Twice the code, and 4 to 8 % of the loop's time less than to ask for each key whether it is there.
  if (around.twice) return [when(isAbsent, of(false, absent)), of(true, there)];
  return of(false, select(isAbsent, absent, there));
}

/** The class; `isThere`: all that the keys read is in the headers. null: a key is not for this loop. */
function classCode(filter: FlowFilter, number: number, isThere: boolean, trust: Code, around: Around): Code | null {
  const { layout } = around;
  const value = valueCode(filter, number, isThere, around);
  if (value === null) return null;
  const minor = and(add(value.code, constant(filter.baseclass & 0xffff)), constant(0xffff));
  const counter = add(constant(majorAt(layout, tcMajor(filter.baseclass))), shiftLeft(minor, constant(LOG_COUNTER)));
  return [value.before, around.answer({ counter, host: hostOf(filter, around), trust })];
}

/** run.ts, share() */
function hostOf({ keymask }: FlowFilter, { connection }: Around): number {
  const { isDestination, isTuple } = hostRule(keymask);
  if (connection !== null && isTuple) return isDestination ? HostOf.TUPLE_DST : HostOf.TUPLE_SRC;
  return isDestination ? HostOf.DST : HostOf.SRC;
}

/** Address of the cell that counts how far the result can be trusted; 0: as most. */
function trustCode(filter: FlowFilter, isThere: boolean, { facts, connection }: Around): Code {
  const cell = (tuple: Exactness | null): Code => {
    const exactness = exactnessOf(filter, facts, isThere, tuple);
    return constant(exactness === facts.usual ? 0 : CELLS[exactness]);
  };
  if (connection === null) return cell(null);
  const { known, assumed } = connection;
  return select(get(known), select(get(assumed), cell('assumed'), cell('exact')), cell(null));
}

function reasonNumber(reason: string, { reasons }: Facts): number {
  if (!reasons.includes(reason)) reasons.push(reason);
  return reasons.indexOf(reason);
}

/** sched/flow/classid.ts, classid() up to the base class; null: a key is not for this loop. */
function valueCode(
  filter: FlowFilter,
  number: number,
  isThere: boolean,
  around: Around,
): { before: Code; code: Code } | null {
  const { keys, mode } = filter;
  const words = (mode === Mode.HASH ? keys : keys.slice(0, 1)).map((key) => {
    const { connection } = around;
    const otherwise = keyCode(key, isThere, around);
    const tuple = connection === null || otherwise === null ? null : tupleCode(key, connection);
    return connection === null || tuple === null || otherwise === null
      ? otherwise
      : select(get(connection.known), tuple, otherwise);
  });
  if (!words.every((word) => word !== null)) return null;
  const { scratch, layout } = around;
  const [first = constant(0)] = words;
  if (mode !== Mode.HASH) return { before: [], code: divided(mapLine(filter, first), filter.divisor) };
  const seed = load32(constant(layout.seeds + 4 * number));
  return { before: jhash(words, seed, scratch), code: divided(get(scratch.c), filter.divisor) };
}

/** sched/flow/classid.ts, mapLine() */
function mapLine({ mask, xor: toggled, rshift, addend }: FlowFilter, key: Code): Code {
  const masked = mask >>> 0 === 0xffffffff ? key : and(key, constant(mask));
  const flipped = toggled === 0 ? masked : xor(masked, constant(toggled));
  const shifted = (rshift & 31) === 0 ? flipped : shiftRight(flipped, constant(rshift));
  return addend === 0 ? shifted : add(shifted, constant(addend));
}

function divided(value: Code, divisor: number): Code {
  const by = divisor >>> 0;
  if (by === 0) return value;
  return (by & (by - 1)) === 0 ? and(value, constant(by - 1)) : remainder(value, constant(by));
}

/** sched/flow/key.ts, readKey(), of a packet with a connection; null: it is another key. */
function tupleCode(key: Key, { src, dst, ports }: Connection): Code | null {
  switch (key) {
    case Key.NFCT_SRC:
      return get(src);
    case Key.NFCT_DST:
      return get(dst);
    case Key.NFCT_PROTO_SRC:
      return shiftRight(get(ports), constant(16));
    case Key.NFCT_PROTO_DST:
      return and(get(ports), constant(0xffff));
    default:
      return null;
  }
}

/** sched/flow/key.ts, readKey(), of a packet without a connection; null: the plain engine reads it. */
function keyCode(key: Key, isThere: boolean, { fields, facts }: Around): Code | null {
  const { src, dst, proto, ports } = fields;
  const { env, device, blank } = facts;
  const unless = (read: number, value: Code, pointer: Code): Code =>
    isThere ? value : select(get(read), value, pointer);
  const socket = constant(blank.packet.sk);
  switch (key) {
    case Key.SRC:
    case Key.NFCT_SRC:
      return unless(src, get(src), socket);
    case Key.DST:
    case Key.NFCT_DST:
      return unless(dst, get(dst), routePointer(fields, facts));
    case Key.PROTO:
      return get(proto);
    case Key.PROTO_SRC:
    case Key.NFCT_PROTO_SRC:
      return unless(ports, shiftRight(get(ports), constant(16)), socket);
    case Key.PROTO_DST:
    case Key.NFCT_PROTO_DST:
      return unless(ports, and(get(ports), constant(0xffff)), routePointer(fields, facts));
    case Key.VLAN_TAG:
      return device.vlan === 'offload' ? get(fields.vlan) : null;
    case Key.RXHASH:
      return null;
    default:
      return constant(readKey(key, blank.packet, blank.keys, env.era));
  }
}

/** What `dst` falls back on: it depends on the packet's EtherType. */
function routePointer({ isV6 }: Fields, { env, blank: { packet, keys } }: Facts): Code {
  const of = (type: number): Code => {
    packet.protocol = type;
    return constant(readKey(Key.DST, packet, keys, env.era));
  };
  // IPv4 last: it is what the packet is for everybody else.
  return select(get(isV6), of(ETH_P.IPV6), of(ETH_P.IPV4));
}

/**
 * How far a result of the filter can be trusted; `isThere`: all that its keys read is in the headers; `tuple`: how far
 * the connection's can, null: there is none.
 */
export function exactnessOf(
  filter: FlowFilter,
  { env, known, assumed, blank: { packet, keys } }: Pick<Facts, 'env' | 'known' | 'assumed' | 'blank'>,
  isThere: boolean,
  tuple: Exactness | null,
): Exactness {
  packet.ct = tuple === null ? null : Object.assign(new Ct(), { exactness: tuple });
  const exactness = classExactness(filter, packet, isThere ? THERE : keys, env, known);
  packet.ct = null;
  return assumed ? weaker(exactness, 'assumed') : exactness;
}

/** Headers of which everything is there. */
const THERE = Object.assign(new FlowKeys(), { src: 1, dst: 1, ports: 0x10001 });

/** Whether what a key reads is absent, so that it falls back on a pointer; one condition for each such key. */
function absentCode({ keys, mode }: FlowFilter, { fields: { src, dst, ports }, connection }: Around): Code[] {
  const ofHeaders = { [Key.SRC]: src, [Key.DST]: dst, [Key.PROTO_SRC]: ports, [Key.PROTO_DST]: ports };
  const ofTuple = {
    ...{ [Key.NFCT_SRC]: src, [Key.NFCT_DST]: dst },
    ...{ [Key.NFCT_PROTO_SRC]: ports, [Key.NFCT_PROTO_DST]: ports },
  };
  const asked = mode === Mode.HASH ? keys : keys.slice(0, 1);
  const readBy = (locals: Partial<Record<Key, number>>): number[] => [
    ...new Set(asked.map((key) => locals[key]).filter((local) => local !== undefined)),
  ];
  if (connection === null) return readBy({ ...ofHeaders, ...ofTuple }).map((local) => isZero(get(local)));
  return [
    ...readBy(ofHeaders).map((local) => isZero(get(local))),
    ...readBy(ofTuple).map((local) => isZero(or(get(local), get(connection.known)))),
  ];
}
