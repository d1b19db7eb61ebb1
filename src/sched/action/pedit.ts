import { Errno, KernelError, type UsageError } from '../../errors.ts';
import { getS32, getU32, ipv6Bytes, type Words } from '../../lang/index.ts';
import {
  AttrReader,
  type AttrWriter,
  type Codec,
  type Decoded,
  NLA_F_NESTED,
  struct,
  table,
  u8,
  u16,
  u32,
} from '../../netlink/index.ts';
import { ETH_P, IPPROTO, type Packet } from '../../packet/index.ts';
import { be32, u8 as byteAt, le32, swab32 } from '../../u32.ts';
import { Verdict } from '../../verdict.ts';
import { readable } from './bytes.ts';
import { checkControl, printControl, takeControlOr } from './control.ts';
import {
  type Action,
  BARE,
  dumpRows,
  GEN,
  type Gen,
  NO_GEN,
  NOBODY,
  printIndex,
  printTm,
  TM,
  takeIndex,
  usage,
} from './kind.ts';
import { lladdr } from './mac.ts';
import { takePrefix } from './nat.ts';

/** net/sched/act_pedit.c, tc/m_pedit.c and p_*.c: rewrites words of headers. */

/** struct tc_pedit_key: words as they stand in memory. */
const KEY = struct({ mask: u32, val: u32, off: u32, at: u32, offmask: u32, shift: u32 });
type Key = ReturnType<typeof KEY.read>;
const SEL = struct({ ...GEN, nkeys: u8, flags: u8, pad: u16 });

/** struct tc_pedit_sel with its keys; fewer than promised mean the kernel's EINVAL. */
interface Sel extends Gen {
  readonly flags: number;
  readonly nkeys: number;
  readonly keys: readonly Key[];
}
const NO_SEL: Sel = { ...NO_GEN, flags: 0, nkeys: 0, keys: [] };

const sel: Codec<Sel> = {
  fits: (length) => length >= SEL.size,
  read(data, at, end) {
    const { pad: _pad, ...head } = SEL.read(data, at, end);
    const count = Math.min(head.nkeys, Math.floor((end - at - SEL.size) / KEY.size));
    const keyAt = (i: number): number => at + SEL.size + i * KEY.size;
    const keys = Array.from({ length: count }, (_, i) => KEY.read(data, keyAt(i), keyAt(i + 1)));
    return { ...head, keys };
  },
  write({ keys, ...head }, w) {
    SEL.write({ ...head, pad: 0 }, w);
    for (const key of keys) KEY.write(key, w);
  },
  show: ({ keys, ...head }) => ({ ...head, keys: keys.map((key) => KEY.show(key)) }),
  sample(draw) {
    const keys = Array.from({ length: draw(4) }, () => KEY.sample(draw));
    return { ...NO_GEN, index: u32.sample(draw), flags: u8.sample(draw), nkeys: keys.length, keys };
  },
};

/** TCA_PEDIT_KEY_EX: which header a key counts from, and what it does. */
interface KeyEx {
  readonly htype: number;
  readonly cmd: number;
}
const KEY_EX = 6;
const EX = { htype: [1, u16], cmd: [2, u16] } as const;
const EX_TABLE = table(EX);
/** `flags` on the nests: tc sets NLA_F_NESTED, the kernel does not. */
function writeEx(keys: readonly KeyEx[], w: AttrWriter, flags: number): void {
  for (const key of keys) {
    w.nest(KEY_EX | flags, () => {
      w.put(EX.htype, key.htype);
      w.put(EX.cmd, key.cmd);
    });
  }
}

/** null: something the kernel refuses (tcf_pedit_keys_ex_parse()). */
const keysEx: Codec<readonly KeyEx[] | null> = {
  fits: (length) => length === 0 || length >= 4,
  read(data, at, end) {
    const keys: KeyEx[] = [];
    for (const r = new AttrReader(data, at, end); r.next(); ) {
      if (r.type !== KEY_EX) return null;
      const { htype, cmd } = EX_TABLE.read(data, r.at, r.end);
      if (htype === undefined || cmd === undefined) return null;
      keys.push({ htype, cmd });
    }
    return keys;
  },
  write: (keys, w) => writeEx(keys ?? [], w, 0),
  show: (keys) => keys?.map((key) => ({ ...key })) ?? null,
  sample: (draw) => Array.from({ length: draw(4) }, () => ({ htype: draw(7), cmd: draw(3) })),
};

/** include/uapi/linux/tc_act/tc_pedit.h: TCA_PEDIT_* */
const TCA_PEDIT = { tm: [1, TM], parms: [2, sel], parmsEx: [4, sel], keysEx: [5, keysEx] } as const;
type Pedit = Decoded<typeof TCA_PEDIT>;

/** TCA_PEDIT_KEY_EX_HDR_TYPE_*, TCA_PEDIT_KEY_EX_CMD_* */
const Header = { NETWORK: 0, ETH: 1, IP4: 2, IP6: 3, TCP: 4, UDP: 5 } as const;
const HEADER_NAMES = ['', 'eth', 'ipv4', 'ipv6', 'tcp', 'udp'];
const Cmd = { SET: 0, ADD: 1 } as const;

const KEYS_MAX = 128;
const ALL = 0xffffffff;

const USAGE = [
  'Usage: ... pedit [ ex ] munge FIELD CMD [ munge ... ] [ CONTROL ] [ index INDEX ]',
  'FIELD := offset BYTES u8|u16|u32 [ at BYTES MASK SHIFT ] | ip ... | ip6 ... | tcp ... | udp ... | eth ...',
  'CMD   := clear | invert | set VALUE | add VALUE | preserve, each with [ retain MASK ]',
].join('\n');

type ValueType = 'u32' | 'ipv4' | 'ipv6' | 'mac';

interface Field {
  readonly name: string;
  readonly off: number;
  readonly size: number;
  readonly type?: ValueType;
  readonly retain?: number;
  readonly prefix?: boolean;
  /** Without `ex` only. */
  readonly plain?: boolean;
  /** Bits that the key is moved up by afterwards. */
  readonly shift?: number;
}

interface Layer {
  readonly name: string;
  readonly header: number;
  /** Known only with `ex`. */
  readonly ex: boolean;
  readonly fields: readonly Field[];
}

/** tc/p_ip.c, p_ip6.c, p_tcp.c, p_udp.c, p_eth.c, p_icmp.c (which knows nothing). */
const LAYERS: readonly Layer[] = [
  {
    name: 'ip',
    header: Header.IP4,
    ex: false,
    fields: [
      { name: 'src', off: 12, size: 4, type: 'ipv4' },
      { name: 'dst', off: 16, size: 4, type: 'ipv4' },
      { name: 'tos', off: 1, size: 1 },
      { name: 'dsfield', off: 1, size: 1, prefix: true },
      { name: 'ihl', off: 0, size: 1, retain: 0x0f },
      { name: 'ttl', off: 8, size: 1 },
      { name: 'protocol', off: 9, size: 1 },
      { name: 'precedence', off: 1, size: 1, prefix: true },
      { name: 'nofrag', off: 6, size: 1, retain: 0x3f },
      { name: 'firstfrag', off: 6, size: 1, retain: 0x1f },
      { name: 'ce', off: 6, size: 1, retain: 0x80 },
      { name: 'df', off: 6, size: 1, retain: 0x40 },
      { name: 'mf', off: 6, size: 1, retain: 0x20 },
      { name: 'dport', off: 22, size: 2, plain: true },
      { name: 'sport', off: 20, size: 2, plain: true },
      { name: 'icmp_type', off: 20, size: 1, plain: true },
      { name: 'icmp_code', off: 20, size: 1, plain: true },
    ],
  },
  {
    name: 'ip6',
    header: Header.IP6,
    ex: true,
    fields: [
      { name: 'src', off: 8, size: 16, type: 'ipv6' },
      { name: 'dst', off: 24, size: 16, type: 'ipv6' },
      { name: 'flow_lbl', off: 0, size: 4, retain: 0x0007ffff },
      { name: 'payload_len', off: 4, size: 2 },
      { name: 'nexthdr', off: 6, size: 1 },
      { name: 'hoplimit', off: 7, size: 1 },
      { name: 'traffic_class', off: 1, size: 1, shift: 4 },
    ],
  },
  {
    name: 'tcp',
    header: Header.TCP,
    ex: true,
    fields: [
      { name: 'sport', off: 0, size: 2 },
      { name: 'dport', off: 2, size: 2 },
      { name: 'flags', off: 13, size: 1 },
    ],
  },
  {
    name: 'udp',
    header: Header.UDP,
    ex: true,
    fields: [
      { name: 'sport', off: 0, size: 2 },
      { name: 'dport', off: 2, size: 2 },
    ],
  },
  {
    name: 'eth',
    header: Header.ETH,
    ex: true,
    fields: [
      { name: 'type', off: 12, size: 2 },
      { name: 'dst', off: 0, size: 6, type: 'mac' },
      { name: 'src', off: 6, size: 6, type: 'mac' },
    ],
  },
];

/** What the words said so far. */
interface Spoken {
  extended: boolean;
  readonly keys: Key[];
  readonly ex: KeyEx[];
}

const NO_KEY: Key = { mask: 0, val: 0, off: 0, at: 0, offmask: 0, shift: 0 };

/** A key being made: values in host order until it is packed. */
interface Draft {
  readonly off: number;
  readonly at: number;
  readonly offmask: number;
  readonly shift: number;
  readonly htype: number;
  cmd: number;
}

/** pack_key(): val and mask are in host order here, and stand in memory in network order. */
function pack(words: Words, s: Spoken, draft: Draft, off: number, val: number, mask: number): void {
  if (s.keys.length >= KEYS_MAX) throw bad(words);
  if (off % 4 !== 0) throw bad(words, 'offsets MUST be in 32 bit boundaries');
  if (!s.extended && (draft.htype !== Header.NETWORK || draft.cmd !== Cmd.SET)) {
    throw bad(words, "Munge parameters not supported. Use 'pedit ex munge ...'.");
  }
  const { at, offmask, shift } = draft;
  s.keys.push({ ...NO_KEY, at, offmask, shift, off: off >>> 0, val: swab32(val) >>> 0, mask: swab32(mask) >>> 0 });
  s.ex.push({ htype: draft.htype, cmd: draft.cmd });
}

/** pack_key8(), pack_key16(), pack_key32(): a field of 1, 2 or 4 bytes within its word. */
function packField(words: Words, s: Spoken, draft: Draft, field: { off: number; size: number }, v: Munge): void {
  const { off, size } = field;
  const index = off & 3;
  const all = 2 ** (8 * size) - 1;
  if (size === 4 && index !== 0) throw bad(words, 'pack_key32: 32 bit offsets must begin in 32bit boundaries');
  if (size < 4 && (v.val > all || v.mask > all)) throw bad(words, tooLarge(size, v));
  if (size === 2 && index === 3) throw bad(words, 'pack_key16 bad index value 3');
  const stride = 8 * (4 - size - index);
  const outside = ~(all << stride);
  const val = (v.val & v.retain) << stride;
  const mask = ((v.mask | ~v.retain) << stride) | (size === 4 ? 0 : outside);
  pack(words, s, draft, off - index, val, mask);
}

interface Munge {
  readonly val: number;
  readonly mask: number;
  readonly retain: number;
}

function tooLarge(size: number, { val, mask }: Munge): string {
  if (size === 2) return 'pack_key16 bad value';
  return `pack_key8 bad value (val ${val.toString(16)} mask ${mask.toString(16)}`;
}

function bad(words: Words, message = ''): UsageError {
  const construct = `Bad pedit construct (${words.list[words.at - 1] ?? '(null)'})`;
  return words.error(message === '' ? construct : `${message}\n${construct}`, USAGE);
}

/** parse_val() */
function takeValue(words: Words, type: ValueType, refuse: () => UsageError): number[] {
  const value = parseValue(words.next(), type);
  if (value === undefined) throw refuse();
  return value;
}

function parseValue(text: string, type: ValueType): number[] | undefined {
  switch (type) {
    case 'u32': {
      const value = getU32(text);
      return value === undefined ? undefined : [value];
    }
    case 'ipv4': {
      const prefix = takePrefix(text);
      return prefix === undefined ? undefined : [prefix.address];
    }
    case 'ipv6': {
      const bytes = ipv6Bytes(text.split('/')[0] ?? '');
      return bytes && [0, 4, 8, 12].map((at) => be32(bytes, at) >>> 0);
    }
    case 'mac':
      return lladdr(text) && Array.from(lladdr(text) ?? []);
  }
}

/** What the caller of parse_cmd() says of a command that is none, behind what parse_cmd() itself said. */
type Refuse = (message?: string) => UsageError;

/** parse_cmd(): what is to be done with a field, and the keys for it. */
function takeCommand(words: Words, s: Spoken, draft: Draft, field: Field, refuse: Refuse): void {
  const { size, type = 'u32' } = field;
  const all = 2 ** (8 * Math.min(size, 4)) - 1;
  let retain = field.retain ?? (size >= 4 ? ALL : all);
  let val: number[] = [0, 0, 0, 0, 0, 0];
  let mask = 0;
  words.next();
  if (words.was('invert')) {
    val = [size === 6 || size === 16 ? 0xff : all];
    mask = val[0] ?? 0;
  } else if (words.was('set') || words.was('add')) {
    if (words.was('add')) draft.cmd = Cmd.ADD;
    if (!s.extended && draft.cmd !== Cmd.SET) throw refuse("Non extended mode. only 'set' command is supported");
    val = takeValue(words, type, refuse);
  } else if (words.was('preserve')) retain = 0;
  else if (!words.was('clear')) throw refuse();
  if (words.take('retain')) retain = takeValue(words, 'u32', refuse)[0] ?? 0;
  if (size > 4 && retain !== ALL) throw refuse('retain is not supported for fields longer the 32 bits');
  if (type === 'mac') packMac(words, s, draft, field.off, val);
  else if (type === 'ipv6') {
    for (let i = 0; i < 4; i++) pack(words, s, draft, field.off + 4 * i, val[i] ?? 0, 0);
  } else packField(words, s, draft, field, { val: val[0] ?? 0, mask, retain });
  if (field.shift !== undefined) shiftLast(s, field.shift);
}

/** pack_mac(): four bytes and two, or two and four, as the word boundary falls. */
function packMac(words: Words, s: Spoken, draft: Draft, off: number, mac: readonly number[]): void {
  const part = (from: number, size: number): number =>
    mac.slice(from, from + size).reduce((value, byte) => value * 256 + byte, 0);
  const cut = off % 4 === 0 ? 4 : 2;
  const munge = (val: number): Munge => ({ val, mask: 0, retain: ALL });
  packField(words, s, draft, { off, size: cut }, munge(part(0, cut)));
  packField(words, s, draft, { off: off + cut, size: 6 - cut }, munge(part(cut, 6 - cut)));
}

/** The traffic class straddles two bytes: tc moves the finished key up by four bits. */
function shiftLast(s: Spoken, bits: number): void {
  const key = s.keys.pop();
  if (key === undefined) return;
  const mask = swab32((swab32(key.mask) << bits) | 0xf) >>> 0;
  s.keys.push({ ...key, mask, val: swab32(swab32(key.val) << bits) >>> 0 });
}

const lead = (message = ''): string => (message === '' ? '' : `${message}\n`);

const SIZES = [
  ['u32', 4],
  ['u16', 2],
  ['u8', 1],
] as const;

/** parse_offset(): a field by its place. */
function takeOffset(words: Words, s: Spoken): void {
  const off = getS32(words.next());
  if (off === undefined) throw bad(words);
  words.need();
  const size = SIZES.find(([name]) => words.take(name))?.[1];
  if (size === undefined) throw bad(words);
  words.need();
  const draft = { off, at: 0, offmask: 0, shift: 0, htype: Header.NETWORK, cmd: Cmd.SET as number };
  if (words.take('at')) {
    const take = (base: 0 | 16): number => {
      const value = getU32(words.next(), base);
      if (value === undefined) throw bad(words);
      return value;
    };
    Object.assign(draft, { at: take(0), offmask: take(16), shift: take(0) });
    words.need();
  }
  const command = words.peek();
  const refuse: Refuse = (message) => words.error(`${lead(message)}Bad pedit construct (${command})`, USAGE);
  takeCommand(words, s, draft, { name: '', off, size }, refuse);
}

/** parse_munge() */
function takeMunge(words: Words, s: Spoken): void {
  words.need();
  if (words.take('offset')) {
    words.need();
    takeOffset(words, s);
    return;
  }
  const name = words.next();
  const layer = LAYERS.find((row) => words.wasExactly(row.name));
  words.need();
  if (layer === undefined)
    throw bad(words, `Unknown action  hence option "${words.peek()}" is unparsable\nbad pedit parsing`);
  words.next();
  const field = layer.fields.find((row) => (row.prefix ? words.was(row.name) : words.wasExactly(row.name)));
  const known = field !== undefined && (!layer.ex || s.extended) && !(field.plain && s.extended);
  if (!known || words.done) throw bad(words, 'bad pedit parsing');
  const htype = s.extended ? layer.header : Header.NETWORK;
  const refuse: Refuse = (message) =>
    words.error(`${lead(message)}bad pedit parsing\nBad pedit construct (${name})`, USAGE);
  takeCommand(words, s, { off: field.off, at: 0, offmask: 0, shift: 0, htype, cmd: Cmd.SET }, field, refuse);
}

function selOf({ parms, parmsEx }: Pedit): Sel | undefined {
  return parms ?? parmsEx;
}

/** Requests may have either; a dump has the one that goes with its keys. */
function withSel(value: Pedit, selected: Sel): Pedit {
  return value.keysEx === undefined ? { parms: selected } : { keysEx: value.keysEx, parmsEx: selected };
}

export const pedit: Action<Pedit> = {
  kind: 'pedit',
  codec: table(TCA_PEDIT),
  scope: () => 'packet',
  speak(words, w, { warn } = NOBODY) {
    const s: Spoken = { extended: false, keys: [], ex: [] };
    let count = 0;
    for (; ; count++) {
      if (words.take('pedit')) {
        words.need();
        if (!words.take('ex')) continue;
        if (count > 0) throw words.error("'ex' must be before first 'munge'", USAGE);
        s.extended = true;
        words.need();
      } else if (words.take('help')) throw usage(words, USAGE);
      else if (words.take('munge')) takeMunge(words, s);
      else break;
    }
    const action = takeControlOr(words, Verdict.OK, warn);
    const index = takeIndex(words, 'Pedit: Illegal "index"') ?? 0;
    const selected = { ...NO_SEL, action, index, nkeys: s.keys.length, keys: s.keys };
    w.put(s.extended ? TCA_PEDIT.parmsEx : TCA_PEDIT.parms, selected);
    if (s.extended) w.nest(TCA_PEDIT.keysEx[0] | NLA_F_NESTED, () => writeEx(s.ex, w, NLA_F_NESTED));
  },
  gen: (value) => selOf(value),
  stamp: (value, gen, tm) => ({
    ...withSel(value, { ...(selOf(value) ?? NO_SEL), ...gen }),
    ...(tm === undefined ? {} : { tm }),
  }),
  check(value) {
    const selected = selOf(value);
    if (selected === undefined) {
      throw new KernelError(Errno.EINVAL, 'Missing required TCA_PEDIT_PARMS or TCA_PEDIT_PARMS_EX pedit attribute');
    }
    if (selected.nkeys === 0) throw new KernelError(Errno.EINVAL, 'act_pedit: Pedit requires keys to be passed');
    if (selected.keys.length < selected.nkeys) {
      throw new KernelError(Errno.EINVAL, 'Length of TCA_PEDIT_PARMS or TCA_PEDIT_PARMS_EX pedit attribute is invalid');
    }
    const ex = value.keysEx;
    if (ex === undefined) return;
    const fine = ex?.length === selected.nkeys && ex.every(({ htype, cmd }) => htype <= Header.UDP && cmd <= Cmd.ADD);
    if (!fine) throw new KernelError(Errno.EINVAL);
  },
  settle(value, _old, place) {
    const selected = selOf(value) ?? NO_SEL;
    checkControl(selected.action, place);
    const keys = selected.keys.map((key) => ({ ...key, shift: Math.min(31, key.shift) }));
    return withSel(value, { ...selected, keys });
  },
  dump: (value, w) => dumpRows(TCA_PEDIT, ['keysEx', 'parmsEx', 'parms', 'tm'], value, w),
  print(value, out, show = BARE) {
    const { keysEx: ex, tm } = value;
    const selected = selOf(value) ?? NO_SEL;
    out.put('kind', 'pedit', ' pedit ');
    printControl(out, 'action ', selected.action, ' ');
    out.put('nkeys', selected.nkeys, `keys ${selected.nkeys}`);
    out.text('\n');
    printIndex(out, selected, ' \t index ');
    printTm(out, tm, show);
    if (selected.nkeys === 0) {
      out.text(`\npedit ${selected.index.toString(16)} keys 0 is not LEGIT`);
    } else {
      out.open('[', 'keys');
      for (const [i, key] of selected.keys.entries()) printKey(out, i, key, ex?.[i]);
      out.close();
    }
    out.text('\n');
  },
  /**
   * net/sched/act_pedit.c: tcf_pedit_act() — a key that cannot be applied ends it; those before it stay done. 6.1
   * counts that as overlimits where no list looks: in the plain counters of an action that has them for each processor.
   */
  compile(value) {
    const { action, keys } = selOf(value) ?? NO_SEL;
    const ex = value.keysEx ?? null;
    const edits = keys.map((key, i) => ({ key, htype: ex?.[i]?.htype ?? 0, cmd: ex?.[i]?.cmd ?? 0 }));
    return (p) => {
      p.own();
      for (const { key, htype, cmd } of edits) {
        if (!apply(p, key, htype, cmd)) break;
      }
      return action;
    };
  },
};

function printKey(out: Parameters<typeof printIndex>[0], i: number, key: Key, ex: KeyEx | undefined): void {
  const { htype, cmd } = ex ?? { htype: Header.NETWORK, cmd: Cmd.SET };
  const off = key.off | 0;
  const header = HEADER_NAMES[htype] ?? `unknown(${htype})`;
  const hex = (word: number): string => (swab32(word) >>> 0).toString(16);
  out.open('{');
  out.text(`\n\t key #${i}  at `);
  if (htype === Header.NETWORK) {
    out.member('htype', 'network');
    out.put('offset', off, String(off));
  } else {
    out.put('htype', header, header);
    out.put('offset', off, `${off < 0 ? '' : '+'}${off}`);
  }
  out.put('cmd', cmd === Cmd.ADD ? 'add' : 'set', `: ${cmd === Cmd.ADD ? 'add' : 'val'}`);
  out.put('val', hex(key.val), ` ${hex(key.val).padStart(8, '0')}`);
  out.put('mask', hex(key.mask), ` mask ${hex(key.mask).padStart(8, '0')}`);
  out.close();
}

/** pedit_skb_hdr_offset(): where the header begins in p.data; -1: it is not there. */
function headerAt(p: Packet, htype: number): number {
  if (htype === Header.ETH) return p.mac;
  return htype === Header.TCP || htype === Header.UDP ? transportAt(p, htype) : p.network;
}

/** pedit_l4_skb_offset(): behind the IPv4 header, or the IPv6 header and those that may follow it. */
function transportAt(p: Packet, htype: number): number {
  if (p.protocol === ETH_P.IPV4) {
    return readable(p, p.network, 20) ? p.network + (byteAt(p.data, p.network) & 0xf) * 4 : -1;
  }
  if (p.protocol !== ETH_P.IPV6 || !readable(p, p.network, 40)) return -1;
  const wanted = htype === Header.TCP ? IPPROTO.TCP : IPPROTO.UDP;
  let next = byteAt(p.data, p.network + 6);
  let at = p.network + 40;
  while (next !== wanted) {
    const fragment = next === IPPROTO.FRAGMENT;
    const known = fragment || [IPPROTO.HOPOPTS, IPPROTO.ROUTING, IPPROTO.DSTOPTS].some((header) => header === next);
    if (!known || !readable(p, at, 8)) return -1;
    next = byteAt(p.data, at);
    at += fragment ? 8 : (byteAt(p.data, at + 1) + 1) * 8;
  }
  return at;
}

function apply(p: Packet, key: Key, htype: number, cmd: number): boolean {
  const header = headerAt(p, htype);
  if (header < 0) return false;
  let off = key.off | 0;
  if (key.offmask !== 0) {
    const at = header + (key.at | 0);
    if (!readable(p, at, 1)) return false;
    off += (byteAt(p.data, at) & key.offmask) >>> key.shift;
  }
  const at = header + off;
  if (off % 4 !== 0 || !readable(p, at, 4)) return false;
  // Quirk 35: words count in the machine's order, so adding carries from the first byte to the next.
  const word = le32(p.data, at);
  const val = cmd === Cmd.ADD ? (word + key.val) & ~key.mask : key.val;
  const changed = (word & key.mask) ^ val;
  for (let i = 0; i < 4; i++) p.data[at + i] = changed >>> (8 * i);
  return true;
}
