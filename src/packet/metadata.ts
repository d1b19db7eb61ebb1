import { UsageError } from '../errors.ts';
import { getUnsigned, parseAddress, parsePrefix } from '../lang/index.ts';
import { AddrType, type FlowKeys } from './flow-keys.ts';
import { Input } from './inputs.ts';
import { Ct, Direction, Linear, type Packet, PktType } from './packet.ts';
import { PrefixRules } from './prefix-rules.ts';

/** What a packet was given besides its frame: one change of a Packet. */
export type Apply = (p: Packet) => void;

/** Values that a capture does not hold, as the user tells them; names as in the golden records' context. */
export interface Metadata {
  /** `--set`: for all packets. */
  readonly all: Apply | null;
  /** By packet number, counted from 1 over all files. */
  readonly byPacket: ReadonlyMap<number, readonly Apply[]>;
  /** By address, in the order given; a later one beats an earlier. */
  readonly byPrefix: PrefixRules<Apply>;
}

export const NO_METADATA: Metadata = { all: null, byPacket: new Map(), byPrefix: new PrefixRules() };

/** One row for each name: how its value is read, and what it does. `bit` marks it as told. */
interface Field {
  readonly bit: number;
  readonly parse: (value: unknown) => Apply;
}

/** Properties of a Packet that are one 32-bit word. */
type WordProperty =
  | 'mark'
  | 'priority'
  | 'iif'
  | 'dev'
  | 'skUid'
  | 'skGid'
  | 'rtClassid'
  | 'hash'
  | 'queue'
  | 'sk'
  | 'dst'
  | 'nfct';

function wordField(bit: number, property: WordProperty): Field {
  return {
    bit,
    parse: (value) => {
      const word = unsigned(value, 0xffffffff) | 0;
      return (p) => {
        p[property] = word;
      };
    },
  };
}

const FIELDS: Readonly<Record<string, Field>> = {
  mark: wordField(Input.MARK, 'mark'),
  priority: wordField(Input.PRIORITY, 'priority'),
  iif: wordField(Input.IIF, 'iif'),
  skUid: wordField(Input.SK_UID, 'skUid'),
  skGid: wordField(Input.SK_GID, 'skGid'),
  rtClassid: wordField(Input.RT_CLASSID, 'rtClassid'),
  hash: wordField(Input.HASH, 'hash'),
  queue: wordField(Input.QUEUE, 'queue'),
  foldSk: wordField(Input.FOLD_SK, 'sk'),
  foldDst: wordField(Input.FOLD_DST, 'dst'),
  foldNfct: wordField(Input.FOLD_NFCT, 'nfct'),
  protocol: {
    bit: 0,
    parse: (value) => {
      const number = unsigned(value, 0xffff);
      return (p) => {
        p.protocol = number;
      };
    },
  },
  vlan: { bit: 0, parse: parseVlan },
  vlanOffload: {
    bit: 0,
    parse: (value) => {
      if (value !== true && value !== false) throw new UsageError('expected true or false');
      return (p) => {
        p.vlanOffload = value;
      };
    },
  },
  dev: wordField(Input.DEV, 'dev'),
  pktType: {
    bit: Input.PKT_TYPE,
    parse: (value) => {
      const type = pktType(value);
      return (p) => {
        p.pktType = type;
      };
    },
  },
  conntrack: { bit: 0, parse: parseConntrack },
  linear: { bit: Input.LINEAR | Input.LINEAR_HEADER, parse: parseLinear },
  transport: { bit: Input.TRANSPORT, parse: parseTransport },
};

/** The names that `--set` and `--meta` take. */
export const METADATA_NAMES: readonly string[] = Object.keys(FIELDS);

/** Adds one object of a `--meta` file: `packet` or `prefix`, and the values. Throws UsageError. */
export function parseMetadata(objects: Iterable<unknown>): Pick<Metadata, 'byPacket' | 'byPrefix'> {
  const byPacket = new Map<number, Apply[]>();
  const byPrefix = new PrefixRules<Apply>();
  for (const object of objects) {
    const { packet, prefix, ...values } = record(object);
    const apply = parseValues(values);
    if (packet !== undefined && prefix === undefined) {
      const number = unsigned(packet, Number.MAX_SAFE_INTEGER, 1);
      const earlier = byPacket.get(number);
      if (earlier === undefined) byPacket.set(number, [apply]);
      else earlier.push(apply);
    } else if (prefix !== undefined && packet === undefined) {
      const parsed = typeof prefix === 'string' ? parsePrefix(prefix) : null;
      if (parsed === null) throw new UsageError(`"prefix" is no address prefix: ${JSON.stringify(prefix)}`);
      byPrefix.add(parsed, apply);
    } else {
      throw new UsageError('expected either "packet" or "prefix" to say which packets are meant');
    }
  }
  return { byPacket, byPrefix };
}

/** The values of one object, to be applied together. Names in camel case, or with hyphens as tc writes its keys. */
export function parseValues(values: Readonly<Record<string, unknown>>): Apply {
  let all: Apply | null = null;
  for (const [written, value] of Object.entries(values)) {
    const name = written.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (field === undefined) {
      throw new UsageError(`unknown name "${written}"`, -1, `known names: ${METADATA_NAMES.join(', ')}`);
    }
    const apply = told(field, written, value);
    all = all === null ? apply : both(all, apply);
  }
  return all ?? (() => undefined);
}

function told(field: Field, name: string, value: unknown): Apply {
  let apply: Apply;
  try {
    apply = field.parse(value);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${name}: ${error.message}`);
    throw error;
  }
  return (p) => {
    apply(p);
    p.given |= field.bit;
  };
}

const both =
  (first: Apply, second: Apply): Apply =>
  (p) => {
    first(p);
    second(p);
  };

/**
 * Applies what was told of packet `number`: for all, then by prefix, then by number. A prefix means the source or
 * the destination address that `keys` (dissected) found.
 */
export function applyMetadata(metadata: Metadata, number: number, p: Packet, keys: FlowKeys): void {
  metadata.all?.(p);
  if (metadata.byPrefix.length > 0) for (const apply of touching(metadata.byPrefix, keys)) apply(p);
  for (const apply of metadata.byPacket.get(number) ?? NONE) apply(p);
}

const NONE: readonly Apply[] = [];

function touching(rules: PrefixRules<Apply>, { addrType, addr }: FlowKeys): readonly Apply[] {
  if (addrType === AddrType.IPV4) return rules.covering(4, addr, [0, 1]);
  return addrType === AddrType.IPV6 ? rules.covering(6, addr, [0, 4]) : NONE;
}

function parseVlan(value: unknown): Apply {
  if (value === null) {
    return (p) => {
      p.vlanTci = -1;
    };
  }
  const { proto, tci } = record(value);
  const vlanProto = unsigned(proto, 0xffff);
  const vlanTci = unsigned(tci, 0xffff);
  return (p) => {
    p.vlanProto = vlanProto;
    p.vlanTci = vlanTci;
  };
}

/** The kernel's words for the types, as skbedit knows some of them, or the number: three bits. */
const PKT_TYPES: readonly unknown[] = Object.keys(PktType).map((name) => name.toLowerCase());

function pktType(value: unknown): number {
  const index = PKT_TYPES.indexOf(value);
  return index < 0 ? unsigned(value, 7) : index;
}

/** 1: all bytes are in the linear part of the kernel's buffer; 0: the headers only. */
function parseLinear(value: unknown): Apply {
  const linear = value === true || (value !== false && unsigned(value, 1) === 1) ? Linear.ALL : Linear.HEADERS;
  return (p) => {
    p.linear = linear;
  };
}

/** Where the transport header begins: at the network header, or so many bytes behind it. */
function parseTransport(value: unknown): Apply {
  const offset = unsigned(value, 0xffff);
  return (p) => {
    p.transport = p.network + offset;
  };
}

function parseConntrack(value: unknown): Apply {
  const { direction, original, reply } = record(value);
  if (direction !== 'original' && direction !== 'reply') {
    throw new UsageError('"direction" must be "original" or "reply"');
  }
  const ct = new Ct();
  ct.direction = direction === 'original' ? Direction.ORIGINAL : Direction.REPLY;
  const tuple = record(direction === 'original' ? original : reply);
  ct.src.set(address(tuple.src));
  ct.dst.set(address(tuple.dst));
  ct.srcAll = unsigned(tuple.srcAll, 0xffff);
  ct.dstAll = unsigned(tuple.dstAll, 0xffff);
  return (p) => {
    p.ct = ct;
  };
}

function address(value: unknown): readonly number[] {
  const parsed = typeof value === 'string' ? parseAddress(value) : null;
  if (parsed === null) throw new UsageError(`no address: ${JSON.stringify(value)}`);
  return parsed.words;
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UsageError('expected an object');
  return value as Record<string, unknown>;
}

/** A whole number, or its text as tc reads it: 0x… is hexadecimal and 0… octal. */
function unsigned(value: unknown, max: number, min = 0): number {
  const number = typeof value === 'string' ? getUnsigned(value, max) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max) return number;
  throw new UsageError(`expected a whole number from ${min} to ${max}, not ${JSON.stringify(value)}`);
}
