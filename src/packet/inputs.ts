import { counted } from '../lang/index.ts';
import type { Exactness } from './exactness.ts';

/**
 * What a capture does not hold, one bit each: the bits of Packet.given (its value is known) and of Packet.rests
 * (a result rests on it, and it is not known).
 */
export const Input = {
  MARK: 1 << 0,
  PRIORITY: 1 << 1,
  IIF: 1 << 2,
  RT_CLASSID: 1 << 3,
  SK_UID: 1 << 4,
  SK_GID: 1 << 5,
  HASH: 1 << 6,
  FOLD_SK: 1 << 7,
  FOLD_DST: 1 << 8,
  FOLD_NFCT: 1 << 9,
  QUEUE: 1 << 10,
  TC_INDEX: 1 << 11,
  PKT_TYPE: 1 << 12,
  SOCKET: 1 << 13,
  ROUTE: 1 << 14,
  DEV: 1 << 15,
  MAC_LEN: 1 << 16,
  /** Where the transport header begins, at ingress. */
  TRANSPORT: 1 << 17,
  /** Whether the transport header is in the linear part. */
  LINEAR_HEADER: 1 << 18,
  /** Whether the payload is in the linear part. */
  LINEAR: 1 << 19,
  NAT: 1 << 20,
  CONNMARK: 1 << 21,
  SEED: 1 << 22,
  RXHASH_KEY: 1 << 23,
  FOLD_KEY: 1 << 24,
  /** A number that the kernel draws while it reads the packet. */
  RANDOM: 1 << 25,
  /** Numbers that actions draw: results are right if they are those that the seed gives. */
  DRAWN: 1 << 26,
  LOADAVG: 1 << 27,
  /** Bytes of the packet that the capture left out. */
  CUT: 1 << 28,
  /** Memory beside the packet. */
  MEMORY: 1 << 29,
  /** What a script builds on and does not make. */
  SET_UP: 1 << 30,
  /** Which connections a full table kept. */
  FULL_TABLE: 1 << 31,
} as const;

/** Who reads an input, for the text. */
export const Reader = { FLOW: 0, FW: 1, U32: 2, FLOWER: 3, MATCH: 4, ACTION: 5, QDISC: 6, ROUTER: 7 } as const;
export type Reader = (typeof Reader)[keyof typeof Reader];

const READER_NAMES: readonly string[] = [
  'flow filters',
  'fw filters',
  'u32 filters',
  'flower filters',
  'ematches',
  'actions',
  'qdiscs',
  'headers behind the router',
];

export const READERS = READER_NAMES.length;

interface InputRow {
  readonly bit: number;
  readonly name: string;
  /** How sure a result is that rests on it. */
  readonly exactness: Exclude<Exactness, 'exact'>;
  /** What the reader found instead. */
  readonly met: string;
  /** The option that gives it; null: none does. */
  readonly option: string | null;
  /** What that option gives, in the plural where it may differ from packet to packet. */
  readonly what?: string;
}

/** Inputs of one name are one to the user. */
const INPUTS: readonly InputRow[] = [
  set(Input.MARK, 'mark', 'mark 0', 'mark', 'marks'),
  set(Input.PRIORITY, 'priority', 'priority 0', 'priority', 'priorities'),
  set(Input.IIF, 'iif', 'no incoming device', 'iif', 'it'),
  set(Input.RT_CLASSID, 'rtclassid', 'no route class', 'rtClassid', 'it'),
  set(Input.SK_UID, 'sk-uid', 'no socket', 'skUid', 'users'),
  set(Input.SK_GID, 'sk-gid', 'no socket', 'skGid', 'groups'),
  set(Input.HASH, 'rxhash', 'no flow hash of a card or a socket', 'hash', 'it'),
  set(Input.FOLD_SK, 'socket pointer', 'no socket', 'foldSk', 'it'),
  set(Input.FOLD_DST, 'route pointer', 'no route', 'foldDst', 'it'),
  set(Input.FOLD_NFCT, 'conntrack pointer', 'no connection', 'foldNfct', 'it'),
  set(Input.QUEUE, 'queue', 'a transmit queue that nobody knows', 'queue', 'queues'),
  { bit: Input.TC_INDEX, name: 'tc_index', exactness: 'assumed', met: 'tc_index 0', option: null },
  set(Input.PKT_TYPE, 'pkt_type', 'packets for this host', 'pktType', 'types'),
  { bit: Input.SOCKET, name: 'socket', exactness: 'assumed', met: 'no socket', option: null },
  { bit: Input.ROUTE, name: 'route', exactness: 'assumed', met: 'no route', option: null },
  set(Input.DEV, 'dev', 'a device without a known index', 'dev', 'it'),
  { bit: Input.MAC_LEN, name: 'mac_len', exactness: 'assumed', met: 'packets made on this machine', option: null },
  set(Input.TRANSPORT, 'transport', 'a transport header that a driver sets', 'transport', 'it'),
  {
    ...set(Input.LINEAR_HEADER, 'linear', 'bytes that may be in page fragments', 'linear', 'it'),
    option: '--set linear=1',
  },
  {
    bit: Input.LINEAR,
    name: 'linear',
    exactness: 'unknowable',
    met: 'bytes that may be in page fragments',
    option: '--set linear=1',
    what: 'it',
  },
  {
    bit: Input.NAT,
    name: 'NAT',
    exactness: 'assumed',
    met: 'connections without known translation',
    option: '--nat or --conntrack',
    what: 'it',
  },
  {
    bit: Input.CONNMARK,
    name: 'conntrack',
    exactness: 'assumed',
    met: 'no known connection mark',
    option: '--conntrack',
    what: 'marks',
  },
  {
    bit: Input.FULL_TABLE,
    name: 'full conntrack table',
    exactness: 'assumed',
    met: 'a connection table that was full',
    option: '--conntrack-max',
  },
  { bit: Input.SEED, name: 'seed', exactness: 'assumed', met: 'a drawn hash seed', option: '--hashrnd', what: 'it' },
  {
    bit: Input.RXHASH_KEY,
    name: 'rxhash key',
    exactness: 'unknowable',
    met: "the kernel's secret key",
    option: '--rxhash-key',
    what: 'it',
  },
  {
    bit: Input.FOLD_KEY,
    name: 'fold key',
    exactness: 'unknowable',
    met: "kernel pointers under the kernel's secret key",
    option: '--fold-key',
    what: 'it',
  },
  { bit: Input.RANDOM, name: 'random', exactness: 'unknowable', met: 'random numbers of the kernel', option: null },
  {
    bit: Input.DRAWN,
    name: 'drawn numbers',
    exactness: 'assumed',
    met: 'numbers drawn from the seed',
    option: '--seed',
    what: 'it',
  },
  { bit: Input.LOADAVG, name: 'loadavg', exactness: 'unknowable', met: 'the load of the machine', option: null },
  {
    bit: Input.CUT,
    name: 'captured bytes',
    exactness: 'unknowable',
    met: 'bytes that were not captured',
    option: null,
  },
  {
    bit: Input.SET_UP,
    name: 'set-up',
    exactness: 'assumed',
    met: 'a set-up that the script does not make',
    option: null,
  },
  { bit: Input.MEMORY, name: 'memory', exactness: 'unknowable', met: 'memory beside the packet', option: null },
];

function set(bit: number, name: string, met: string, field: string, what: string): InputRow {
  return { bit, name, exactness: 'assumed', met, option: `--set ${field}=`, what };
}

const UNKNOWABLE = INPUTS.reduce((mask, { bit, exactness }) => (exactness === 'unknowable' ? mask | bit : mask), 0);

/** How far a result can be trusted that rests on these inputs. */
export function exactnessOf(rests: number): Exactness {
  if (rests === 0) return 'exact';
  return (rests & UNKNOWABLE) === 0 ? 'assumed' : 'unknowable';
}

/** The names of inputs, each once, in the order of their rows. */
export function inputNames(rests: number): string[] {
  return [...new Set(INPUTS.filter(({ bit }) => (rests & bit) !== 0).map(({ name }) => name))];
}

/** An input that was not given, and how many packets' results rest on it. */
export interface Missing {
  readonly input: string;
  readonly packets: number;
  /** The option that gives it; null: none does. */
  readonly option: string | null;
}

/** Those of a run; `counts`: packets by the inputs that they rest on. */
export function missingOf(counts: ReadonlyMap<number, number>): Missing[] {
  const found = new Map<string, { input: string; packets: number; option: string | null }>();
  for (const { name, option } of INPUTS) {
    if (found.has(name)) continue;
    const mask = maskOf(name);
    let packets = 0;
    for (const [rests, count] of counts) if ((rests & mask) !== 0) packets += count;
    if (packets > 0) found.set(name, { input: name, packets, option });
  }
  return [...found.values()].sort((a, b) => b.packets - a.packets);
}

function maskOf(name: string): number {
  return INPUTS.reduce((mask, row) => (row.name === name ? mask | row.bit : mask), 0);
}

/**
 * `4879 packets: fw filters met mark 0; tell marks with --set mark= or --meta`; `readBy`: see Packet; `byRules`: marks are those
 * of the script's rules. Nothing of a full table:
 * a note of its own says more of it.
 */
export function missingText({ input, packets }: Missing, readBy: ArrayLike<number>, byRules = false): string {
  const row = INPUTS.find(({ name }) => name === input);
  if (row === undefined || row.bit === Input.FULL_TABLE) return '';
  if (row.bit === Input.SET_UP)
    return `${counted(packets, 'packet')}: the script builds on a set-up that it does not make`;
  const names = READER_NAMES.filter((_, reader) => ((readBy[reader] ?? 0) & maskOf(input)) !== 0);
  // The compiled engine, which has flow filters only, does not note them.
  const who = names.length === 0 ? 'flow filters' : names.join(' and ');
  const meta = row.option?.startsWith('--set') ? ' or --meta' : '';
  const hint = row.option === null ? 'no option gives it' : `tell ${row.what} with ${row.option}${meta}`;
  const met = byRules && row.bit === Input.MARK ? "marks of the script's rules, which are assumed" : row.met;
  return `${counted(packets, 'packet')}: ${who} met ${met}; ${hint}`;
}
