import { Errno, FatalUsageError, KernelError, type UsageError } from '../../errors.ts';
import { addressText, getU16, getU32, ipv6Bytes, type Printer, tcIpv4, type Words } from '../../lang/index.ts';
import {
  type AttrWriter,
  be16,
  be32,
  bytes,
  type Codec,
  type Decoded,
  FAILED_POLICY,
  string,
  struct,
  table,
  u8,
  u16,
  u32,
} from '../../netlink/index.ts';
import { Input } from '../../packet/index.ts';
import { be32 as readBe32 } from '../../u32.ts';
import { Verdict } from '../../verdict.ts';
import { Asks } from '../notation.ts';
import { checkControl, printControl, takeControlOr } from './control.ts';
import { cookieBytes, hexOf } from './hex.ts';
import {
  type Action,
  BARE,
  dumpRows,
  GEN,
  NO_GEN,
  NOBODY,
  NOT_EMULATED,
  PARMS,
  printTail,
  TM,
  takeIndex,
  usage,
} from './kind.ts';

/** net/sched/act_ct.c, tc/m_ct.c: connection tracking of its own. Not emulated. */

const ipv6: Codec<Uint8Array> = { ...bytes, fits: (length) => length >= 16 };
const labels: Codec<Uint8Array> = { ...bytes, fits: (length) => length <= 16 };

/** include/uapi/linux/tc_act/tc_ct.h: TCA_CT_* */
const TCA_CT = {
  parms: [1, struct(GEN)],
  tm: [2, TM],
  action: [3, u16],
  zone: [4, u16],
  mark: [5, u32],
  markMask: [6, u32],
  labels: [7, labels],
  labelsMask: [8, labels],
  ipv4Min: [9, be32],
  ipv4Max: [10, be32],
  ipv6Min: [11, ipv6],
  ipv6Max: [12, ipv6],
  portMin: [13, be16],
  portMax: [14, be16],
  helperName: [16, string],
  helperFamily: [17, u8],
  helperProto: [18, u8],
} as const;
type Ct = Decoded<typeof TCA_CT>;
type CtAttribute = readonly [keyof typeof TCA_CT, unknown];

/** TCA_CT_ACT_* */
const Flag = { COMMIT: 1, FORCE: 2, CLEAR: 4, NAT: 8, NAT_SRC: 16, NAT_DST: 32 } as const;
const LABELS_SIZE = 16;

const USAGE = [
  'Usage: ... ct clear [ CONTROL ] [ index INDEX ]',
  '       ... ct [ nat ] [ zone ZONE ] [ CONTROL ] [ index INDEX ]',
  '       ... ct commit [ force ] [ zone ZONE ] [ mark MARK[/MASK] ] [ label HEX[/HEX] ]',
  '           [ nat src|dst addr ADDRESS[-ADDRESS] [ port PORT[-PORT] ] ] [ CONTROL ] [ index INDEX ]',
].join('\n');

interface Spoken {
  flags: number;
  index: number;
  readonly rows: CtAttribute[];
}

function illegal(words: Words, what: string): UsageError {
  return words.error(`ct: Illegal ${what}`);
}

function takeMark(words: Words, s: Spoken): void {
  const [mark = '', mask] = words.next().split('/');
  const value = getU32(mark);
  const masked = mask === undefined ? 0xffffffff : getU32(mask);
  if (value === undefined || masked === undefined) throw illegal(words, '"mark"');
  s.rows.push(['mark', value], ['markMask', masked]);
}

function takeLabels(words: Words, s: Spoken): void {
  const text = words.next();
  const [label = '', mask] = text.split('/');
  if (label.length > 2 * LABELS_SIZE || (mask?.length ?? 0) > 2 * LABELS_SIZE) {
    throw words.invalid(`${label.length} Max allowed size ${2 * LABELS_SIZE}`);
  }
  const value = cookieBytes(pairs(label));
  if (value === undefined) throw words.invalid('ct: labels must be a hex string\n');
  const masked = mask === undefined ? new Uint8Array(LABELS_SIZE).fill(0xff) : cookieBytes(pairs(mask));
  if (masked === undefined) throw words.invalid('ct: labels mask must be a hex string\n');
  s.rows.push(['labels', value], ['labelsMask', masked]);
}

/** hexstring_a2n(): a digit without its pair is not looked at. */
function pairs(digits: string): string {
  return digits.slice(0, digits.length & ~1);
}

function takeRange(words: Words, s: Spoken): void {
  const [first = '', last = first] = words.next().split('-');
  const v6 = first.includes(':');
  const get = (text: string): number | Uint8Array | undefined => (v6 ? ipv6Bytes(text) : tcIpv4(text));
  const [min, max] = [get(first), get(last)];
  if (min === undefined || max === undefined) {
    const refused = min === undefined ? first : last;
    throw new FatalUsageError(`Error: any valid address is expected rather than "${refused}".`, words.at - 1, 1);
  }
  s.rows.push([v6 ? 'ipv6Min' : 'ipv4Min', min], [v6 ? 'ipv6Max' : 'ipv4Max', max]);
}

function takePorts(words: Words, s: Spoken): void {
  const [first = '', last = first] = words.next().split('-');
  const [min, max] = [getU16(first, 10), getU16(last, 10)];
  if (min === undefined || max === undefined) throw illegal(words, 'nat port range');
  s.rows.push(['portMin', min], ['portMax', max]);
}

/** `nat`, which insists on a word behind it but need not understand it. */
function takeNat(words: Words, s: Spoken): void {
  s.flags |= Flag.NAT;
  words.need();
  const side = words.take('src') ? Flag.NAT_SRC : words.take('dst') ? Flag.NAT_DST : 0;
  if (side === 0) return;
  s.flags |= side;
  words.next();
  if (!words.was('addr')) throw usage(words, USAGE);
  takeRange(words, s);
  words.need();
  if (words.take('port')) takePorts(words, s);
}

function takeWord(words: Words, s: Spoken): boolean {
  if (words.take('zone')) takeZone(words, s);
  else if (words.take('nat')) takeNat(words, s);
  else if (words.take('clear')) s.flags |= Flag.CLEAR;
  else if (words.take('commit')) s.flags |= Flag.COMMIT;
  else if (words.take('force')) s.flags |= Flag.FORCE;
  else if (words.is('index')) s.index = takeIndex(words, 'ct: Illegal "index"') ?? 0;
  else if (words.take('mark')) takeMark(words, s);
  else if (words.take('label')) takeLabels(words, s);
  else if (words.take('help')) throw usage(words, USAGE);
  else return false;
  return true;
}

function takeZone(words: Words, s: Spoken): void {
  const zone = getU16(words.next());
  if (zone === undefined) throw illegal(words, '"zone"');
  s.rows.push(['zone', zone]);
}

function checkSpoken(words: Words, { flags }: Spoken): void {
  const sides = flags & (Flag.NAT_SRC | Flag.NAT_DST);
  if (flags & Flag.CLEAR && flags & ~Flag.CLEAR) throw words.error('ct: clear can only be used alone');
  if (sides === (Flag.NAT_SRC | Flag.NAT_DST)) throw words.error("ct: src and dst nat can't be used together");
  if (flags & Flag.COMMIT && flags & Flag.NAT && !sides) throw words.error('ct: commit and nat must set src or dst');
  if (!(flags & Flag.COMMIT) && sides) throw words.error('ct: src or dst is only valid if commit is set');
}

function writeRows(rows: readonly CtAttribute[], w: AttrWriter): void {
  for (const [name, value] of rows) dumpRows(TCA_CT, [name], { [name]: value } as Ct, w);
}

export const ct: Action<Ct> = {
  ...PARMS,
  kind: 'ct',
  codec: table(TCA_CT, FAILED_POLICY),
  scope: () => 'flow',
  sets: Input.FOLD_NFCT,
  asks: Asks.ENTRY,
  speak(words, w, { warn } = NOBODY) {
    words.take('ct');
    const s: Spoken = { flags: 0, index: 0, rows: [] };
    while (takeWord(words, s));
    checkSpoken(words, s);
    const action = takeControlOr(words, Verdict.PIPE, warn);
    writeRows(s.rows, w);
    w.put(TCA_CT.action, s.flags);
    w.put(TCA_CT.parms, { ...NO_GEN, action, index: s.index });
  },
  check({ parms }, place) {
    if (parms === undefined) throw new KernelError(Errno.EINVAL, 'Missing required ct parameters');
    if (place.chains !== null && !place.clsact) {
      throw new KernelError(Errno.EOPNOTSUPP, 'act_ct: Attaching ct to a non ingress/clsact qdisc is unsupported');
    }
  },
  settle({ parms = NO_GEN, tm: _tm, unknown: _unknown, ...rest }, _old, place) {
    checkControl(parms.action, place);
    // tcf_ct_dump(): a zone is always told, and labels have all their bytes.
    const zone = (rest.action ?? 0) & Flag.CLEAR ? {} : { zone: rest.zone ?? 0 };
    return { ...rest, ...zone, ...wholeLabels(rest), parms };
  },
  dump(value, w) {
    const masks = ['mark', 'markMask', 'labels', 'labelsMask', 'zone'] as const;
    const ranges = ['ipv4Min', 'ipv4Max', 'ipv6Min', 'ipv6Max', 'portMin', 'portMax'] as const;
    const helper = ['helperName', 'helperFamily', 'helperProto'] as const;
    dumpRows(TCA_CT, ['action', ...masks, ...ranges, ...helper, 'parms', 'tm'], value, w);
  },
  print(value, out, show = BARE) {
    const { parms = NO_GEN, action = 0, mark, markMask, zone, tm } = value;
    out.put('kind', 'ct', 'ct');
    const verb =
      action & Flag.COMMIT ? (action & Flag.FORCE ? 'commit force' : 'commit') : action & Flag.CLEAR ? 'clear' : '';
    if (verb !== '') out.put('action', verb, ` ${verb}`);
    if (mark !== undefined) {
      const text = markMask === undefined || markMask === 0xffffffff ? `${mark}` : `${mark}/0x${markMask.toString(16)}`;
      out.put('mark', text, ` mark ${text}`);
    }
    if (zone !== undefined) out.put('zone', String(zone), ` zone ${zone}`);
    printLabels(value, out);
    if (action & Flag.NAT) printNat(value, action, out);
    printControl(out, ' ', parms.action, '');
    printTail(out, parms, tm, show);
  },
  compile: () => NOT_EMULATED,
};

function wholeLabels({ labels, labelsMask }: Ct): Pick<Ct, 'labels' | 'labelsMask'> {
  const whole = (value: Uint8Array): Uint8Array => Uint8Array.from({ length: LABELS_SIZE }, (_, i) => value[i] ?? 0);
  return {
    ...(labels === undefined ? {} : { labels: whole(labels) }),
    ...(labelsMask === undefined ? {} : { labelsMask: whole(labelsMask) }),
  };
}

function printLabels({ labels: value, labelsMask: mask }: Ct, out: Printer): void {
  if (value === undefined) return;
  const whole = value.length === LABELS_SIZE && (mask === undefined || mask.every((byte) => byte === 0xff));
  const text = whole ? hexOf(value) : `${hexOf(value)}/${hexOf((mask ?? value).subarray(0, value.length))}`;
  out.put('label', text, ` label ${text}`);
}

function printNat({ ipv4Min, ipv4Max, ipv6Min, ipv6Max, portMin, portMax }: Ct, action: number, out: Printer): void {
  const v6 = (address: Uint8Array): string =>
    addressText(
      6,
      [0, 4, 8, 12].map((at) => readBe32(address, at)),
    );
  const range = (first: string | undefined, last: string | undefined): string =>
    first === undefined ? '' : last === undefined || first === last ? first : `${first}-${last}`;
  const v4 = (address: number | undefined): string | undefined =>
    address === undefined ? undefined : addressText(4, [address]);
  const address = range(v4(ipv4Min), v4(ipv4Max)) || range(ipv6Min && v6(ipv6Min), ipv6Max && v6(ipv6Max));
  const port = range(portMin?.toString(), portMax?.toString());
  const side = action & Flag.NAT_SRC ? 'src' : action & Flag.NAT_DST ? 'dst' : '';
  if (side === '') {
    out.put('nat', '', ' nat');
    return;
  }
  const text = `${side}${address && ` addr ${address}`}${port && ` port ${port}`}`;
  out.put('nat', text, ` nat ${text}`);
}
