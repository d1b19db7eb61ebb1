import { Errno, KernelError } from '../../errors.ts';
import { getU16, getU32, hexText, type Words } from '../../lang/index.ts';
import { bytes, type Codec, type Decoded, struct, table, u16, u32 } from '../../netlink/index.ts';
import { Input } from '../../packet/index.ts';
import { le16, le32 } from '../../u32.ts';
import { Verdict } from '../../verdict.ts';
import { checkControl, printControl, takeControlOr } from './control.ts';
import {
  type Action,
  type Ask,
  BARE,
  dumpRows,
  GEN,
  NO_GEN,
  NOBODY,
  NOT_EMULATED,
  PARMS,
  printTail,
  TM,
  usage,
} from './kind.ts';
import { macAddress, macText, scanMac } from './mac.ts';

/** net/sched/act_ife.c, tc/m_ife.c: carries a packet's metadata to another machine. Not emulated. */

const IFE = struct({ ...GEN, flags: u16 }, 24);

/** IFE_META_*: what metadata there is, and how many bytes each takes. */
const META = { mark: [1, 4], tcindex: [5, 2], prio: [3, 4] } as const;
type MetaName = keyof typeof META;
/** null: as the packet has it; else this value. */
type MetaList = { readonly [K in MetaName]?: number | null };

/** An attribute list whose items are empty (`allow`) or a value (`use`). */
const metaList: Codec<MetaList> = {
  fits: (length) => length === 0 || length >= 4,
  read(data, at, end) {
    const raw = table({ mark: [1, bytes], prio: [3, bytes], tcindex: [5, bytes] } as const).read(data, at, end);
    const metaValue = (payload: Uint8Array, size: number): number | null => {
      if (payload.length < size) return null;
      return size === 2 ? le16(payload, 0) : le32(payload, 0) >>> 0;
    };
    const list: { [K in MetaName]?: number | null } = {};
    for (const name of Object.keys(META) as MetaName[]) {
      const payload = raw[name];
      if (payload !== undefined) list[name] = metaValue(payload, META[name][1]);
    }
    return list;
  },
  write(list, w) {
    for (const name of ['mark', 'prio', 'tcindex'] as const) {
      const value = list[name];
      const [type, size] = META[name];
      if (value === undefined) continue;
      w.nest(type, () => {
        if (value !== null) size === 2 ? w.u16(value) : w.u32(value);
      });
    }
  },
  show: (list) => ({ ...list }),
  sample: (draw) => ({ ...(draw(2) ? { mark: u32.sample(draw) } : {}), ...(draw(2) ? { prio: null } : {}) }),
};

/** include/uapi/linux/tc_act/tc_ife.h: TCA_IFE_* */
const TCA_IFE = {
  parms: [1, IFE],
  tm: [2, TM],
  dmac: [3, macAddress],
  smac: [4, macAddress],
  type: [5, u16],
  metaList: [6, metaList],
} as const;
type Ife = Decoded<typeof TCA_IFE>;
const NO_IFE = { ...NO_GEN, flags: 0 };

const ALL_META = { mark: null, tcindex: null, prio: null };

const ENCODE = 1;
const ETH_P_IFE = 0xed3e;
const USAGE = [
  'Usage: ... ife encode|decode [ allow|use mark|prio|tcindex [ VALUE ] ] [ dst ADDRESS ] [ src ADDRESS ] [ type TYPE ]',
  '           [ CONTROL ] [ index INDEX ]',
].join('\n');

interface Spoken {
  flags: number;
  said: boolean;
  type: number | undefined;
  dmac?: Uint8Array;
  smac?: Uint8Array;
  readonly allowed: Set<MetaName>;
  /** 0 counts as none. */
  readonly values: { [K in MetaName]?: number };
}

const upper = (type: number): string => `0x${type.toString(16).toUpperCase().padStart(4, '0')}`;

function takeMeta(words: Words, s: Spoken, use: boolean): void {
  const name = META_NAMES.find((word) => words.take(word));
  if (name === undefined) {
    const word = words.next();
    throw use ? words.error(`Illegal meta use type <${word}>`) : words.invalid('Illegal meta define');
  }
  if (!use) {
    s.allowed.add(name);
    return;
  }
  const value = name === 'tcindex' ? getU16(words.next()) : getU32(words.next());
  if (value === undefined) throw words.invalid(`ife ${name} val is invalid`);
  s.values[name] = value;
}

const META_NAMES = ['mark', 'prio', 'tcindex'] as const;

/** What is sent of each: its value, or null where it is allowed only. */
function metaOf({ allowed, values }: Spoken): { [K in MetaName]?: number | null } {
  const sent = META_NAMES.filter((name) => allowed.has(name) || values[name]);
  return Object.fromEntries(sent.map((name) => [name, values[name] || null]));
}

function takeMac(words: Words, word: string, { warn }: Ask): Uint8Array {
  const text = words.next();
  const mac = scanMac(text);
  if (mac === undefined) throw words.invalid('Invalid mac address');
  warn(`${word} MAC address <${text}>`);
  return mac;
}

function takeWord(words: Words, s: Spoken, ask: Ask): boolean {
  if (words.take('ife')) words.need();
  else if (words.take('decode')) [s.flags, s.said] = [0, true];
  else if (words.take('encode')) [s.flags, s.said] = [ENCODE, true];
  else if (words.take('allow')) takeMeta(words, s, false);
  else if (words.take('use')) takeMeta(words, s, true);
  else if (words.take('type')) {
    s.type = getU16(words.next());
    if (s.type === undefined) throw words.invalid('ife type is invalid');
    ask.warn(`IFE type ${upper(s.type)}`);
  } else if (words.take('dst')) s.dmac = takeMac(words, 'dst', ask);
  else if (words.take('src')) s.smac = takeMac(words, 'src', ask);
  else if (words.take('help')) throw usage(words, USAGE);
  else return false;
  return true;
}

export const ife: Action<Ife> = {
  ...PARMS,
  kind: 'ife',
  codec: table(TCA_IFE),
  scope: () => 'packet',
  sets: Input.MARK | Input.PRIORITY | Input.TC_INDEX,
  speak(words, w, ask = NOBODY) {
    const s: Spoken = { flags: 0, said: false, type: undefined, allowed: new Set(), values: {} };
    while (takeWord(words, s, ask));
    const action = takeControlOr(words, Verdict.PIPE, ask.warn);
    let index = 0;
    if (words.take('index')) {
      const number = getU32(words.next());
      if (number === undefined) throw words.error('ife: Illegal "index"');
      index = number;
    } else if (!s.said) throw usage(words, USAGE, 'IFE requires decode/encode specified');
    w.put(TCA_IFE.parms, { ...NO_IFE, action, index, flags: s.flags });
    if (s.flags !== ENCODE) return;
    if (s.dmac !== undefined) w.put(TCA_IFE.dmac, s.dmac);
    if (s.type !== undefined) w.put(TCA_IFE.type, s.type);
    else ask.warn(`IFE type ${upper(ETH_P_IFE)}`);
    if (s.smac !== undefined) w.put(TCA_IFE.smac, s.smac);
    w.put(TCA_IFE.metaList, metaOf(s));
  },
  check({ parms }) {
    if (parms === undefined || parms.flags & ~ENCODE) throw new KernelError(Errno.EINVAL);
  },
  settle({ parms = NO_IFE, dmac, smac, type, metaList: meta }, _old, place) {
    checkControl(parms.action, place);
    const encode = (parms.flags & ENCODE) !== 0;
    const zero = (mac: Uint8Array | undefined): boolean => mac === undefined || mac.every((byte) => byte === 0);
    return {
      parms,
      ...(encode && !zero(dmac) && dmac ? { dmac } : {}),
      ...(encode && !zero(smac) && smac ? { smac } : {}),
      type: encode ? type || ETH_P_IFE : 0,
      // use_all_metadata(): whoever lists none takes all.
      metaList: meta ?? ALL_META,
    };
  },
  dump: (value, w) => dumpRows(TCA_IFE, ['parms', 'tm', 'dmac', 'smac', 'type', 'metaList'], value, w),
  print({ parms = NO_IFE, dmac, smac, type, metaList: meta = {}, tm }, out, show = BARE) {
    const mode = parms.flags & ENCODE ? 'encode' : 'decode';
    out.put('kind', 'ife', 'ife ');
    out.put('mode', mode, `${mode} `);
    printControl(out, 'action ', parms.action, ' ');
    if (type !== undefined) {
      out.put('type', `0x${type.toString(16)}`, `type ${hexText(type).toUpperCase()} `);
      out.text('\n\t');
    }
    for (const name of ['mark', 'tcindex', 'prio'] as const) {
      const value = meta[name];
      if (value === undefined) continue;
      out.put(name, value ?? 'allow', value === null ? `allow ${name} ` : `use ${name} ${value} `);
    }
    if (dmac !== undefined) out.put('dst', macText(dmac), `dst ${macText(dmac)} `);
    if (smac !== undefined) out.put('src', macText(smac), `src ${macText(smac)} `);
    printTail(out, parms, tm, show);
  },
  compile: () => NOT_EMULATED,
};
