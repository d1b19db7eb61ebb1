import { Errno, KernelError } from '../../errors.ts';
import { getU16, getU32, type Words } from '../../lang/index.ts';
import { type Decoded, struct, table, u16, u32, u64 } from '../../netlink/index.ts';
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
  printIndex,
  printTm,
  TM,
  usage,
} from './kind.ts';
import { macAddress, macText, scanMac } from './mac.ts';

/** net/sched/act_skbmod.c, tc/m_skbmod.c: rewrites an Ethernet header, or marks congestion. Not emulated. */

const SKBMOD = struct({ ...GEN, pad: u32, flags: u64 });

/** include/uapi/linux/tc_act/tc_skbmod.h: TCA_SKBMOD_* */
const TCA_SKBMOD = {
  tm: [1, TM],
  parms: [2, SKBMOD],
  dmac: [3, macAddress],
  smac: [4, macAddress],
  etype: [5, u16],
} as const;
type Skbmod = Decoded<typeof TCA_SKBMOD>;
const NO_SKBMOD = { ...NO_GEN, pad: 0, flags: 0n };

const Flag = { DMAC: 1n, SMAC: 2n, ETYPE: 4n, SWAPMAC: 8n, ECN: 16n } as const;
const USAGE =
  'Usage: ... skbmod set [ dmac ADDRESS ] [ smac ADDRESS ] [ etype TYPE ] | swap mac | ecn [ CONTROL ] [ index INDEX ]';

interface Spoken {
  flags: bigint;
  dmac?: Uint8Array;
  smac?: Uint8Array;
  etype: number;
}

function takeMac(words: Words, side: 'dst' | 'src', { warn }: Ask): Uint8Array {
  const text = words.next();
  const mac = scanMac(text);
  if (mac === undefined)
    throw words.error(side === 'dst' ? `Invalid dst mac address ${text}` : `Invalid smac address ${text}`);
  warn(`${side} MAC address <${text}>`);
  return mac;
}

function takeWord(words: Words, s: Spoken, ask: Ask): boolean {
  if (words.take('skbmod') || words.take('swap')) words.need();
  else if (words.take('mac')) s.flags |= Flag.SWAPMAC;
  else if (words.take('set')) words.need();
  else if (words.take('etype')) {
    const etype = getU16(words.next());
    if (etype === undefined) throw words.invalid('ethertype is invalid');
    ask.warn(`skbmod etype 0x${etype.toString(16)}`);
    s.etype = etype;
    s.flags |= Flag.ETYPE;
  } else if (words.take('dmac')) {
    s.dmac = takeMac(words, 'dst', ask);
    s.flags |= Flag.DMAC;
  } else if (words.take('smac')) {
    s.smac = takeMac(words, 'src', ask);
    s.flags |= Flag.SMAC;
  } else if (words.take('ecn')) s.flags |= Flag.ECN;
  else if (words.take('help')) throw usage(words, USAGE);
  else return false;
  return true;
}

export const skbmod: Action<Skbmod> = {
  ...PARMS,
  kind: 'skbmod',
  codec: table(TCA_SKBMOD),
  scope: () => 'packet',
  speak(words, w, ask = NOBODY) {
    const s: Spoken = { flags: 0n, etype: 0 };
    while (takeWord(words, s, ask));
    const action = takeControlOr(words, Verdict.PIPE, ask.warn);
    let index: number | undefined;
    if (words.take('index')) {
      index = getU32(words.next());
      if (index === undefined) throw words.error('skbmod: Illegal "index"');
    }
    if (s.flags === 0n && index === undefined) throw usage(words, USAGE, 'skbmod requires at least one option');
    w.put(TCA_SKBMOD.parms, { ...NO_SKBMOD, action, index: index ?? 0, flags: s.flags });
    if (s.dmac !== undefined) w.put(TCA_SKBMOD.dmac, s.dmac);
    if (s.etype !== 0) w.put(TCA_SKBMOD.etype, s.etype);
    if (s.smac !== undefined) w.put(TCA_SKBMOD.smac, s.smac);
  },
  /** tcf_skbmod_init(): what the attributes say, or else one of the two that have none. */
  settle({ parms = NO_SKBMOD, dmac, smac, etype }, _old, place) {
    let flags = 0n;
    if (dmac !== undefined) flags |= Flag.DMAC;
    if (smac !== undefined) flags |= Flag.SMAC;
    if (etype !== undefined) flags |= Flag.ETYPE;
    if (parms.flags & Flag.SWAPMAC) flags = Flag.SWAPMAC;
    if (parms.flags & Flag.ECN) flags = Flag.ECN;
    if (flags === 0n) throw new KernelError(Errno.EINVAL);
    checkControl(parms.action, place);
    return {
      parms: { ...parms, pad: 0, flags },
      ...(flags & Flag.DMAC && dmac ? { dmac } : {}),
      ...(flags & Flag.SMAC && smac ? { smac } : {}),
      ...(flags & Flag.ETYPE && etype !== undefined ? { etype } : {}),
    };
  },
  dump: (value, w) => dumpRows(TCA_SKBMOD, ['parms', 'dmac', 'smac', 'etype', 'tm'], value, w),
  print({ parms = NO_SKBMOD, dmac, smac, etype, tm }, out, show = BARE) {
    // All but the control action goes past tc 6.1.0's JSON writer.
    out.unconverted((plain) => plain.put('kind', 'skbmod', 'skbmod '));
    printControl(out, '', parms.action, ' ');
    out.unconverted((plain) => {
      if (etype !== undefined) {
        plain.put('etype', `0x${etype.toString(16)}`, `set etype 0x${etype.toString(16).toUpperCase()} `);
        plain.text('\n\t ');
      }
      if (dmac !== undefined) plain.put('dmac', macText(dmac), `set dmac ${macText(dmac)} `);
      if (smac !== undefined) plain.put('smac', macText(smac), `set smac ${macText(smac)} `);
      if (parms.flags & Flag.SWAPMAC) plain.put('swapmac', null, 'swap mac ');
      if (parms.flags & Flag.ECN) plain.put('ecn', null, 'ecn ');
      plain.text('\n');
      printIndex(plain, parms);
    });
    printTm(out, tm, show);
    out.unconverted((plain) => plain.text('\n'));
  },
  compile: () => NOT_EMULATED,
};
