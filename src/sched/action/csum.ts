import { matches, type Words } from '../../lang/index.ts';
import { type Decoded, struct, table, u32 } from '../../netlink/index.ts';
import { ETH_P, IPPROTO, innerProtocol, type Packet } from '../../packet/index.ts';
import { be16, u8 } from '../../u32.ts';
import { Verdict } from '../../verdict.ts';
import { fold, ipTruncated, ipVersion, put16, readable, sumWords } from './bytes.ts';
import { checkControl, printControl, takeControlOr } from './control.ts';
import {
  type Action,
  BARE,
  Counters,
  dumpRows,
  GEN,
  NO_GEN,
  NOBODY,
  PARMS,
  printIndex,
  printTm,
  TM,
  takeIndex,
  usage,
} from './kind.ts';

/** net/sched/act_csum.c, tc/m_csum.c: computes checksums anew. */

const CSUM = struct({ ...GEN, updateFlags: u32 });

/** include/uapi/linux/tc_act/tc_csum.h: TCA_CSUM_* */
const TCA_CSUM = { parms: [1, CSUM], tm: [2, TM] } as const;
type Csum = Decoded<typeof TCA_CSUM>;
const NO_CSUM = { ...NO_GEN, updateFlags: 0 };

/** TCA_CSUM_UPDATE_FLAG_*, bit by bit: what tc prints, and the words it takes in its order. */
const TARGETS = [
  { name: 'iph', words: ['iph', 'ip4h', 'ipv4h'] },
  { name: 'icmp', words: ['icmp'] },
  { name: 'igmp', words: ['igmp'] },
  { name: 'tcp', words: ['tcp'] },
  { name: 'udp', words: ['udp'] },
  { name: 'udplite', words: ['udplite'] },
  { name: 'sctp', words: ['sctp'] },
];
const Flag = { IPV4HDR: 1, ICMP: 2, IGMP: 4, TCP: 8, UDP: 16, UDPLITE: 32, SCTP: 64 } as const;
/** Words that mean nothing. */
const FILLERS = ['and', 'or', '+'];

const USAGE = 'Usage: ... csum ip4h|icmp|igmp|tcp|udp|udplite|sctp [ and ... ] [ CONTROL ] [ index INDEX ]';

function takeTargets(words: Words): number {
  let flags = 0;
  for (; !words.done; words.next()) {
    const word = words.peek();
    const bit = TARGETS.findIndex((row) => row.words.some((keyword) => matches(word, keyword)));
    if (bit >= 0) flags |= 1 << bit;
    else if (!FILLERS.some((keyword) => matches(word, keyword))) break;
  }
  return flags;
}

export const csum: Action<Csum> = {
  ...PARMS,
  kind: 'csum',
  codec: table(TCA_CSUM),
  scope: () => 'packet',
  speak(words, w, { warn } = NOBODY) {
    let updateFlags = 0;
    while (words.take('csum')) {
      words.need();
      updateFlags |= takeTargets(words);
    }
    if (words.take('help')) throw usage(words, USAGE);
    if (updateFlags === 0) throw words.error('Illegal csum construct, empty <UPDATE> list');
    const action = takeControlOr(words, Verdict.OK, warn);
    const index = takeIndex(words, 'Illegal "index" (%s) <csum>') ?? 0;
    w.put(TCA_CSUM.parms, { ...NO_CSUM, action, index, updateFlags });
  },
  settle({ parms = NO_CSUM }, _old, place) {
    checkControl(parms.action, place);
    return { parms };
  },
  dump: (value, w) => dumpRows(TCA_CSUM, ['parms', 'tm'], value, w),
  print({ parms = NO_CSUM, tm }, out, show = BARE) {
    const names = TARGETS.filter((_, bit) => parms.updateFlags & (1 << bit)).map(({ name }) => name);
    const text = names.length === 0 ? '?empty' : names.join(', ');
    out.put('kind', 'csum', 'csum ');
    out.put('csum', text, `(${text}) `);
    printControl(out, 'action ', parms.action, '\n');
    printIndex(out, parms, '\tindex ');
    printTm(out, tm, show);
    out.text('\n');
  },
  /**
   * net/sched/act_csum.c: tcf_csum_act() — a checksum over bytes that were not captured stays as it is; SCTP's, which
   * no key or ematch looks at, does too.
   */
  compile({ parms = NO_CSUM }, _world, _env, counters = new Counters()) {
    const { action, updateFlags } = parms;
    return (p) => {
      if (ipTruncated(p)) {
        counters.drops++;
        return Verdict.SHOT;
      }
      const version = ipVersion(p);
      if (version !== 0) {
        p.own();
        if (version === 4) updateIpv4(p, updateFlags);
        else updateIpv6(p, updateFlags);
      }
      return action;
    };
  },
};

function updateIpv4(p: Packet, flags: number): void {
  const { network } = p;
  const size = (u8(p.data, network) & 0xf) * 4;
  const length = be16(p.data, network + 2) - size;
  const fragment = (be16(p.data, network + 6) & 0x1fff) !== 0;
  const sum = sumWords(p, network + 12, 8);
  if (!fragment) updatePayload(p, flags, u8(p.data, network + 9), network + size, length, sum);
  if (!(flags & Flag.IPV4HDR) || size < 20 || !readable(p, network, size)) return;
  put16(p, network + 10, 0);
  put16(p, network + 10, ~fold(sumWords(p, network, size)));
}

/** tcf_csum_ipv6(): hop-by-hop, destination and routing headers are walked over; others end it. */
function updateIpv6(p: Packet, flags: number): void {
  const { network } = p;
  let at = network + 40;
  let next = u8(p.data, network + 6);
  const end = at + be16(p.data, network + 4);
  while ([IPPROTO.HOPOPTS, IPPROTO.ROUTING, IPPROTO.DSTOPTS].some((header) => header === next)) {
    if (!readable(p, at, 8)) return;
    next = u8(p.data, at);
    at += (u8(p.data, at + 1) + 1) * 8;
  }
  updatePayload(p, flags, next, at, end - at, sumWords(p, network + 8, 32));
}

interface Transport {
  readonly flag: number;
  /** Where the checksum stands. */
  readonly field: number;
  readonly header: number;
  /** Whether the addresses count. */
  readonly pseudo: boolean;
}

const TRANSPORTS: Readonly<Record<number, Transport>> = {
  [IPPROTO.ICMP]: { flag: Flag.ICMP, field: 2, header: 8, pseudo: false },
  [IPPROTO.ICMPV6]: { flag: Flag.ICMP, field: 2, header: 8, pseudo: true },
  2: { flag: Flag.IGMP, field: 2, header: 8, pseudo: false },
  [IPPROTO.TCP]: { flag: Flag.TCP, field: 16, header: 20, pseudo: true },
  [IPPROTO.UDP]: { flag: Flag.UDP, field: 6, header: 8, pseudo: true },
  [IPPROTO.UDPLITE]: { flag: Flag.UDPLITE, field: 6, header: 8, pseudo: true },
};

/** `addresses`: sum of the words of both IP addresses. */
function updatePayload(
  p: Packet,
  flags: number,
  protocol: number,
  at: number,
  length: number,
  addresses: number,
): void {
  const row = TRANSPORTS[protocol];
  if (row === undefined || !(flags & row.flag) || length < row.header || !readable(p, at, length)) return;
  const udp = protocol === IPPROTO.UDP;
  if (udp && innerProtocol(p) === ETH_P.IPV4 && be16(p.data, at + row.field) === 0) return;
  const coverage = protocol === IPPROTO.UDPLITE ? be16(p.data, at + 4) || length : length;
  if (coverage > length || coverage < row.header) return;
  put16(p, at + row.field, 0);
  const sum = sumWords(p, at, coverage) + (row.pseudo ? addresses + protocol + length : 0);
  const checksum = ~fold(sum) & 0xffff;
  put16(p, at + row.field, checksum === 0 && (udp || protocol === IPPROTO.UDPLITE) ? 0xffff : checksum);
}
