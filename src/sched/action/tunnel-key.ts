import { Errno, FatalUsageError, KernelError } from '../../errors.ts';
import { addressText, getU8, getU16, getU32, ipv6Bytes, type Printer, tcIpv4, type Words } from '../../lang/index.ts';
import {
  be16,
  be32,
  bytes,
  type Codec,
  type Decoded,
  FAILED_POLICY,
  nest,
  s32,
  struct,
  TYPED,
  table,
  u8,
} from '../../netlink/index.ts';
import { be32 as readBe32 } from '../../u32.ts';
import { Verdict } from '../../verdict.ts';
import { checkControl, printControl, takeControlOr } from './control.ts';
import {
  type Action,
  type ActionShow,
  BARE,
  dumpRows,
  GEN,
  NO_GEN,
  NOBODY,
  NOT_EMULATED,
  PARMS,
  printTail,
  skip,
  TM,
  takeIndex,
  usage,
} from './kind.ts';

/** net/sched/act_tunnel_key.c, tc/m_tunnel_key.c: what a tunnel device will put around the packet. Not emulated. */

const TUNNEL_KEY = struct({ ...GEN, tAction: s32 });
const ipv6: Codec<Uint8Array> = { ...bytes, fits: (length) => length >= 16 };

/** include/uapi/linux/tc_act/tc_tunnel_key.h: TCA_TUNNEL_KEY_* */
const TCA_TUNNEL_KEY = {
  tm: [1, TM],
  parms: [2, TUNNEL_KEY],
  ipv4Src: [3, be32],
  ipv4Dst: [4, be32],
  ipv6Src: [5, ipv6],
  ipv6Dst: [6, ipv6],
  keyId: [7, be32],
  dstPort: [9, be16],
  noCsum: [10, u8],
  opts: [11, nest],
  tos: [12, u8],
  ttl: [13, u8],
  /** Options of tunnels, which are not modelled: a line for each, as typed. */
  typed: TYPED,
} as const;
type TunnelKey = Decoded<typeof TCA_TUNNEL_KEY>;
const NO_TUNNEL = { ...NO_GEN, tAction: 0 };

const Tunnel = { SET: 1, RELEASE: 2 } as const;
const USAGE = [
  'Usage: ... tunnel_key unset [ CONTROL ] [ index INDEX ]',
  '       ... tunnel_key set src_ip IP dst_ip IP [ id ID ] [ dst_port PORT ] [ tos TOS ] [ ttl TTL ]',
  '           [ csum | nocsum ] [ CONTROL ] [ index INDEX ]',
].join('\n');

type Spoken = { -readonly [K in keyof TunnelKey]: TunnelKey[K] };
/** iproute2 lib/utils.c: get_addr() gives these no bytes and no family; what is not IPv4 is taken for IPv6. */
const ANY = ['default', 'all', 'any'];
/** Attributes in the order of the words, as tc writes them; null: one without a payload. */
type TunnelAttribute = readonly [keyof typeof TCA_TUNNEL_KEY, unknown];

/** get_addr(): in one of two attributes, by family. */
function takeAddress(words: Words, v4: 'ipv4Src' | 'ipv4Dst', v6: 'ipv6Src' | 'ipv6Dst'): TunnelAttribute {
  const text = words.next();
  if (ANY.includes(text)) return [v6, null];
  const bytes6 = text.includes(':') ? ipv6Bytes(text) : undefined;
  const bytes4 = text.includes(':') ? undefined : tcIpv4(text);
  if (bytes6 !== undefined) return [v6, bytes6];
  // iproute2 lib/utils.c: get_addr() exits, with 1.
  if (bytes4 === undefined) {
    throw new FatalUsageError(`Error: any valid address is expected rather than "${text}".`, words.at - 1, 1);
  }
  return [v4, bytes4];
}

function takeNumber(words: Words, name: string, get: (text: string) => number | undefined): number {
  const value = get(words.next());
  if (value === undefined) throw words.error(`Illegal "${name}"`);
  return value;
}

const tosOrTtl = (text: string): number | undefined => getU8(text, 10) ?? getU8(text, 16);

const OPTIONS: readonly { readonly word: string; speak(words: Words): TunnelAttribute }[] = [
  { word: 'src_ip', speak: (words) => takeAddress(words, 'ipv4Src', 'ipv6Src') },
  { word: 'dst_ip', speak: (words) => takeAddress(words, 'ipv4Dst', 'ipv6Dst') },
  { word: 'id', speak: (words) => ['keyId', takeNumber(words, 'id', (text) => getU32(text, 10))] },
  { word: 'dst_port', speak: (words) => ['dstPort', takeNumber(words, 'dst port', (text) => getU16(text, 10))] },
  { word: 'tos', speak: (words) => ['tos', takeNumber(words, 'tos', tosOrTtl)] },
  { word: 'ttl', speak: (words) => ['ttl', takeNumber(words, 'ttl', tosOrTtl)] },
];

/** What tc has besides, each with one argument. */
const LEFT = ['geneve_opts', 'vxlan_opts', 'erspan_opts'];

interface Line {
  tAction: number;
  noCsum: number;
  readonly rows: TunnelAttribute[];
  readonly typed: string[];
}

function takeWord(words: Words, line: Line): boolean {
  const mode = words.take('unset') ? Tunnel.RELEASE : words.take('set') ? Tunnel.SET : 0;
  if (mode !== 0) {
    const word = words.list[words.at - 1] ?? '';
    if (line.tAction !== 0) throw words.error(`unexpected "${word}" - action already specified`, USAGE);
    line.tAction = mode;
    return true;
  }
  const option = OPTIONS.find(({ word }) => words.take(word));
  const left = option === undefined ? LEFT.find((word) => words.take(word)) : undefined;
  if (left !== undefined) {
    words.leaveOut(`tunnel_key "${left}"`);
    line.typed.push(`${left} ${words.next()}`);
  } else if (option !== undefined) line.rows.push(option.speak(words));
  else if (words.take('csum')) line.noCsum = 0;
  else if (words.take('nocsum')) line.noCsum = 1;
  else if (words.take('help')) throw usage(words, USAGE);
  else return false;
  return true;
}

export const tunnelKey: Action<TunnelKey> = {
  ...PARMS,
  kind: 'tunnel_key',
  codec: table(TCA_TUNNEL_KEY, FAILED_POLICY),
  scope: () => 'packet',
  speak(words, w, { warn } = NOBODY) {
    skip(words);
    const line: Line = { tAction: 0, noCsum: 0, rows: [], typed: [] };
    while (takeWord(words, line));
    for (const [name, value] of line.rows) {
      if (value === null) w.nest(TCA_TUNNEL_KEY[name][0], () => undefined);
      else dumpRows(TCA_TUNNEL_KEY, [name], { [name]: value } as Spoken, w);
    }
    if (line.typed.length > 0) w.put(TCA_TUNNEL_KEY.typed, line.typed.join('\n'));
    w.put(TCA_TUNNEL_KEY.noCsum, line.noCsum);
    const action = takeControlOr(words, Verdict.PIPE, warn);
    const index = takeIndex(words, 'tunnel_key: Illegal "index"') ?? 0;
    const has = (...names: readonly string[]): boolean => line.rows.some(([name]) => names.includes(name));
    if (line.tAction === Tunnel.SET && !(has('ipv4Src', 'ipv6Src') && has('ipv4Dst', 'ipv6Dst'))) {
      throw words.error('set needs tunnel_key parameters', USAGE);
    }
    w.put(TCA_TUNNEL_KEY.parms, { ...NO_TUNNEL, action, index, tAction: line.tAction });
  },
  check({ parms }) {
    if (parms === undefined) throw new KernelError(Errno.EINVAL, 'Missing tunnel key parameters');
  },
  settle(value, _old, place) {
    const { parms = NO_TUNNEL, noCsum = 0, tm: _tm, unknown: _unknown, ...rest } = value;
    if (parms.tAction === Tunnel.RELEASE) {
      checkControl(parms.action, place);
      return { parms };
    }
    if (parms.tAction !== Tunnel.SET) throw new KernelError(Errno.EINVAL, 'Unknown tunnel key action');
    const v4 = value.ipv4Src !== undefined && value.ipv4Dst !== undefined;
    const v6 = value.ipv6Src !== undefined && value.ipv6Dst !== undefined;
    if (!v4 && !v6) throw new KernelError(Errno.EINVAL, 'Missing either ipv4 or ipv6 src and dst');
    checkControl(parms.action, place);
    const { tos, ttl, dstPort, ...kept } = rest;
    const set = { ...(tos ? { tos } : {}), ...(ttl ? { ttl } : {}), ...(dstPort ? { dstPort } : {}) };
    return { ...kept, ...set, parms, noCsum: noCsum ? 1 : 0 };
  },
  dump(value, w) {
    const addresses = ['ipv4Src', 'ipv4Dst', 'ipv6Src', 'ipv6Dst'] as const;
    dumpRows(
      TCA_TUNNEL_KEY,
      ['parms', 'keyId', ...addresses, 'dstPort', 'noCsum', 'opts', 'typed', 'tos', 'ttl', 'tm'],
      value,
      w,
    );
  },
  print(value, out, show: ActionShow = BARE) {
    const { parms = NO_TUNNEL, tm } = value;
    out.put('kind', 'tunnel_key', 'tunnel_key ');
    if (parms.tAction === Tunnel.RELEASE) out.put('mode', 'unset', ' unset');
    if (parms.tAction === Tunnel.SET) printSet(value, out);
    printControl(out, ' ', parms.action, '');
    printTail(out, parms, tm, show);
  },
  compile: () => NOT_EMULATED,
};

function words4(address: Uint8Array): number[] {
  return [0, 4, 8, 12].map((at) => readBe32(address, at));
}

function printSet(value: TunnelKey, out: Printer): void {
  const { ipv4Src, ipv4Dst, ipv6Src, ipv6Dst, keyId, dstPort, noCsum, typed, tos, ttl } = value;
  const line = (name: string, json: string | number | undefined, text: string): void => {
    if (json === undefined) return;
    out.text('\n');
    out.put(name, json, `\t${text}`);
  };
  const address = (name: string, text: string | undefined): void => line(name, text, `${name} ${text}`);
  out.put('mode', 'set', ' set');
  address('src_ip', ipv4Src === undefined ? undefined : addressText(4, [ipv4Src]));
  address('dst_ip', ipv4Dst === undefined ? undefined : addressText(4, [ipv4Dst]));
  address('src_ip', ipv6Src && addressText(6, words4(ipv6Src)));
  address('dst_ip', ipv6Dst && addressText(6, words4(ipv6Dst)));
  line('key_id', keyId, `key_id ${keyId}`);
  line('dst_port', dstPort, `dst_port ${dstPort}`);
  for (const option of typed?.split('\n') ?? [])
    line(option.split(' ', 1)[0] ?? '', option.replace(/^\S+ /, ''), option);
  const flag = noCsum ? 'nocsum' : 'csum';
  if (noCsum !== undefined) line('flag', flag, flag);
  if (tos) line('tos', tos, `tos 0x${tos.toString(16)}`);
  if (ttl) line('ttl', ttl, `ttl ${ttl}`);
}
