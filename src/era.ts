import { type SipKey, siphash1u64Low } from './hash/index.ts';
import { dissect, dissectSeed, type FlowKeys, innerProtocol, type Packet, rxhash, rxhashSeed } from './packet/index.ts';

/** One row of kernel behaviour. Packet-level functions, and plain facts that sched/ reads. */
export interface Era extends Rules {
  readonly name: EraName;
}

interface Rules {
  readonly kernel: string;
  /** skb_flow_dissect_flow_keys() as the classifier calls it. */
  dissect(p: Packet, keys: FlowKeys): void;
  /** The software flow hash: dissects into `keys`, then hashes. int32; never 0 from 4.2 on. */
  rxhash(p: Packet, keys: FlowKeys, secret: SipKey): number;
  /** net/sched/cls_flow.c: addr_fold() of the pointer hi:lo. */
  fold(lo: number, hi: number, secret: SipKey): number;
  /** Whether fold() hides the pointer behind a secret, so that even a null pointer's fold cannot be known. */
  readonly foldIsSecret: boolean;
  /** The EtherType that `dst` falls back with and that chooses the conntrack family, host order. */
  etherType(p: Packet): number;
  /** TCA_FLOW_RSHIFT above 31 is refused (ERANGE). */
  readonly rshiftChecked: boolean;
  /** Actions are set up before ematches, so their error comes first. */
  readonly actionsFirst: boolean;
  /** A tag that `vlan push` puts into the frame moves the network header along. */
  readonly pushMovesNetwork: boolean;
  /** A packet that mirred sends to another device keeps its connection. */
  readonly mirredKeepsConnection: boolean;
  /** Deleting the last filter of a proto leaves the empty proto behind. */
  readonly emptyProtoStays: boolean;
  /** The compiled engine dissects the common frames as this kernel does; false: the plain engine takes every packet. */
  readonly compilable: boolean;
}

const FLAT = { stopAtLabel: false, compressedPpp: false };
const LABEL = { stopAtLabel: true, compressedPpp: false };
const FLAT_PFC = { stopAtLabel: false, compressedPpp: true };
const LABEL_PFC = { stopAtLabel: true, compressedPpp: true };

const xorFold = (lo: number, hi: number): number => lo ^ hi;

const MODERN = {
  etherType: innerProtocol,
  rshiftChecked: true,
  actionsFirst: false,
  pushMovesNetwork: false,
  mirredKeepsConnection: false,
  emptyProtoStays: false,
  compilable: true,
} as const;

/** Since 6.1.180: folded pointers are a secret of the boot. */
const HIDDEN = {
  ...MODERN,
  dissect: (p: Packet, keys: FlowKeys) => dissect(p, keys, FLAT),
  rxhash: (p: Packet, keys: FlowKeys, secret: SipKey) => {
    dissect(p, keys, LABEL);
    return rxhash(keys, secret);
  },
  fold: siphash1u64Low,
  foldIsSecret: true,
} as const;

/** The first is what `--era` means when it is not given. */
const ROWS = {
  '6.1': {
    ...HIDDEN,
    name: '6.1',
    kernel: 'Linux 6.1.192: pointers folded by SipHash under a key of the boot',
  },
  '6.1.170': {
    ...MODERN,
    name: '6.1.170',
    kernel: 'Linux 6.1.170: pointers folded by xor, PPPoE with compressed protocol fields dissected',
    dissect: (p, keys) => dissect(p, keys, FLAT_PFC),
    rxhash: (p, keys, secret) => {
      dissect(p, keys, LABEL_PFC);
      return rxhash(keys, secret);
    },
    fold: xorFold,
    foldIsSecret: false,
  },
  '6.12': {
    ...HIDDEN,
    name: '6.12',
    kernel: 'Linux 6.12.117: as 6.1.192, but for the network header behind a second tag',
    pushMovesNetwork: true,
  },
  seed: {
    name: 'seed',
    kernel: 'about Linux 3.14',
    dissect: (p, keys) => void dissectSeed(p, keys),
    rxhash: (p, keys, secret) => rxhashSeed(keys, dissectSeed(p, keys), secret.k0lo),
    fold: xorFold,
    foldIsSecret: false,
    etherType: (p) => p.protocol,
    rshiftChecked: false,
    actionsFirst: true,
    pushMovesNetwork: false,
    mirredKeepsConnection: true,
    emptyProtoStays: true,
    compilable: false,
  },
} as const satisfies Readonly<Record<string, Rules & { readonly name: string }>>;

export type EraName = keyof typeof ROWS;
export const ERAS: Readonly<Record<EraName, Era>> = ROWS;
