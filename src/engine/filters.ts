import type { Env } from '../env.ts';
import {
  Ct,
  type Device,
  ETH_P,
  ETH_P_ALL,
  type Exactness,
  type FlowKeys,
  Input,
  type Packet,
} from '../packet/index.ts';
import type { FlowPlan } from '../sched/classifier/index.ts';
import type { MatchPlan } from '../sched/ematch/index.ts';
import {
  classRests,
  type FlowFilter,
  hostRule,
  KEYS,
  Key,
  type Known,
  knownBits,
  Mode,
  readKey,
  TUPLE_KEYS,
} from '../sched/flow/index.ts';
import { tcMajor } from '../u32.ts';
import { UNSPEC, type Verdict } from '../verdict.ts';
import { HostOf } from './flows.ts';
import { jhash, type Scratch } from './hash.ts';
import { type Fields, typeConstant } from './headers.ts';
import { type Layout, LOG_COUNTER, majorAt, RESTS_MAX, reasonAt, restsCell } from './layout.ts';
import { type Asking, isPlaceable, matchCode, readsHeader, readsHeaderCode } from './match.ts';
import type { Connection } from './tracking.ts';
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
  set,
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
  /** Address of the cell that counts what the result rests on; 0: on what most do. */
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
  /** A local that is not 0 once a match has read the transport header; null: none does, or it is for the plain engine. */
  readonly header: number | null;
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
  /** What the classes of most filters rest on: these are not counted one by one. Without a class it is nothing. */
  readonly usual: number;
  /** What other results rest on, by number of its cell. */
  readonly rests: Resting[];
  /** Reasons for having no class, by number. */
  readonly reasons: string[];
  /** Why a packet of this verdict has no class; null: it has one. */
  readonly reasonOf: (verdict: Verdict) => string | null;
}

/** Bits of Input that a result rests on, and whether it is a class. */
export interface Resting {
  readonly inputs: number;
  readonly isClass: boolean;
}

/** Address of the cell that counts such results; 0: they are not counted one by one. null: there are no more cells. */
function cellOf(inputs: number, isClass: boolean, { usual, rests }: Facts): number | null {
  if (inputs === (isClass ? usual : 0)) return 0;
  let number = rests.findIndex((known) => known.inputs === inputs && known.isClass === isClass);
  if (number < 0) number = rests.push({ inputs, isClass }) - 1;
  return number < RESTS_MAX - 1 ? restsCell(number + 1) : null;
}

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
  const asked = match === null ? body : matchedCode(match, body, asking, around);
  return protocol === ETH_P_ALL ? asked : when(eq(get(fields.outer), typeConstant(protocol)), asked);
}

function matchedCode(match: MatchPlan | 'opaque', body: Code, asking: Asking, { header, plain }: Around): Code {
  if (match === 'opaque' || !isPlaceable(match, asking.device)) return plain;
  if (!readsHeader(match)) return when(matchCode(match, asking), body);
  if (header === null) return plain;
  return [set(header, or(get(header), readsHeaderCode(match, asking))), when(matchCode(match, asking), body)];
}

const askingOf = ({ fields, scratch, plain, facts: { device } }: Around): Asking => ({
  ...{ fields, plain, device, scratch: scratch.a },
});

function answerCode(filter: FlowFilter, verdict: Verdict, number: number, around: Around): Code {
  const { facts } = around;
  const reason = facts.reasonOf(verdict);
  const counter = reason === null ? null : constant(reasonAt(reasonNumber(reason, facts)));
  const of = (isThere: boolean, trust: Code): Code =>
    counter === null
      ? (classCode(filter, number, isThere, trust, around) ?? around.plain)
      : around.answer({ counter, host: HostOf.NONE, trust });
  const there = trustCode(filter, PRESENT, reason === null, around);
  const absent = absentTrust(filter, reason === null, around);
  if (there === null || absent === null) return around.plain;
  const absences = absentCode(filter, around);
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

/** Address of the cell that counts what the result rests on; 0: on what most do. null: there is no cell for it. */
function trustCode(filter: FlowFilter, present: Present, isClass: boolean, around: Around): Code | null {
  const { facts, connection } = around;
  const cell = (tuple: Exactness | null): Code | null =>
    cellCode(restsOf(filter, facts, present, tuple), isClass, around);
  const none = cell(null);
  if (connection === null || none === null) return none;
  const [guessed, sure] = [cell('assumed'), cell('exact')];
  if (guessed === null || sure === null) return null;
  const { known, assumed } = connection;
  return select(get(known), select(get(assumed), guessed, sure), none);
}

/** The same of a packet that lacks some of what the keys read: each falls back on a pointer of its own. */
function absentTrust(filter: FlowFilter, isClass: boolean, around: Around): Code | null {
  const { fields } = around;
  const read = FIELDS.filter((field) => askedKeys(filter).some((key) => fieldOf(key) === field));
  const of = (present: Present, left: readonly (typeof FIELDS)[number][]): Code | null => {
    const [field, ...rest] = left;
    if (field === undefined) return trustCode(filter, present, isClass, around);
    const [there, absent] = [of(present, rest), of({ ...present, [field]: false }, rest)];
    return there === null || absent === null ? null : select(get(fields[field]), there, absent);
  };
  return of(PRESENT, read);
}

/** The same of a result that rests on these inputs, and on the transport header if a match has read it. */
export function cellCode(
  inputs: number,
  isClass: boolean,
  { header, facts }: Pick<Around, 'header' | 'facts'>,
): Code | null {
  const cell = cellOf(inputs, isClass, facts);
  if (header === null || cell === null) return cell === null ? null : constant(cell);
  const more = cellOf(inputs | Input.LINEAR_HEADER, isClass, facts);
  return more === null ? null : select(get(header), constant(more), constant(cell));
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
  const { value } = KEYS[key];
  if (value.of === 'tuple address') return get(value.end === 'src' ? src : dst);
  return value.of === 'tuple port' ? halfOf(ports, value.end) : null;
}

/** One of both 16-bit values. */
const halfOf = (ports: number, end: 'src' | 'dst'): Code =>
  end === 'src' ? shiftRight(get(ports), constant(16)) : and(get(ports), constant(0xffff));

/** sched/flow/key.ts, readKey(), of a packet without a connection; null: the plain engine reads it. */
function keyCode(key: Key, isThere: boolean, { fields, facts }: Around): Code | null {
  const { env, device, blank } = facts;
  const unless = (read: number, value: Code, end: 'src' | 'dst'): Code =>
    isThere ? value : select(get(read), value, end === 'src' ? constant(blank.packet.sk) : routePointer(fields, facts));
  const { value } = KEYS[key];
  switch (value.of) {
    case 'address':
    case 'tuple address':
      return unless(fields[value.end], get(fields[value.end]), value.end);
    case 'port':
    case 'tuple port':
      return unless(fields.ports, halfOf(fields.ports, value.end), value.end);
    case 'protocol':
      return get(fields.proto);
    case 'vlan tag':
      return device.vlan === 'offload' ? get(fields.vlan) : null;
    case 'metadata':
    case 'conntrack pointer':
      return constant(readKey(key, blank.packet, blank.keys, env.era));
    // Whatever else there may be one day: the plain engine knows it.
    default:
      return null;
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
 * What a result of the filter rests on besides what every result does; `present`: which headers that its keys read are there; `tuple`: how far the
 * connection's can be trusted, null: there is none.
 */
export function restsOf(
  filter: FlowFilter,
  { env, known, blank: { packet, keys } }: Pick<Facts, 'env' | 'known' | 'blank'>,
  present: Present,
  tuple: Exactness | null,
): number {
  packet.ct = tuple === null ? null : Object.assign(new Ct(), { exactness: tuple });
  Object.assign(keys, { src: +present.src, dst: +present.dst, ports: present.ports ? 0x10001 : 0 });
  const rests = classRests(filter, packet, keys, env, knownBits(known));
  keys.reset();
  packet.ct = null;
  return rests;
}

/** Which headers a packet has, of those that keys read. */
type Present = Readonly<Record<(typeof FIELDS)[number], boolean>>;
const FIELDS = ['src', 'dst', 'ports'] as const;
export const PRESENT: Present = { src: true, dst: true, ports: true };

/** The header that a key reads, which may be absent; null: it reads another thing. */
function fieldOf(key: Key): (typeof FIELDS)[number] | null {
  const { value } = KEYS[key];
  if (value.of === 'address' || value.of === 'tuple address') return value.end;
  return value.of === 'port' || value.of === 'tuple port' ? 'ports' : null;
}

const isOfTuple = (key: Key): boolean => (TUPLE_KEYS & (1 << key)) !== 0;

const askedKeys = ({ keys, mode }: FlowFilter): readonly Key[] => (mode === Mode.HASH ? keys : keys.slice(0, 1));

/** Whether what a key reads is absent, so that it falls back on a pointer; one condition for each such key. */
function absentCode(filter: FlowFilter, { fields, connection }: Around): Code[] {
  const readBy = (isRead: (key: Key) => boolean): number[] =>
    FIELDS.filter((field) => askedKeys(filter).some((key) => fieldOf(key) === field && isRead(key))).map(
      (field) => fields[field],
    );
  if (connection === null) return readBy(() => true).map((local) => isZero(get(local)));
  return [
    ...readBy((key) => !isOfTuple(key)).map((local) => isZero(get(local))),
    ...readBy(isOfTuple).map((local) => isZero(or(get(local), get(connection.known)))),
  ];
}
