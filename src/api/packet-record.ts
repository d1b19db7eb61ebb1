import type { Frame } from '../capture/index.ts';
import type { Journey } from '../kernel/index.ts';
import { addressText } from '../lang/index.ts';
import { AddrType, inputNames, ipProtocolName } from '../packet/index.ts';
import type { Run } from '../run.ts';
import { classText } from '../u32.ts';
import { verdictName } from '../verdict.ts';

/** One packet's answer: docs/schema/packets.schema.json. */
export interface PacketRecord {
  /** Counted from 1 over all captures. */
  readonly packet: number;
  /** Seconds since 1970 with nine decimals: more digits than a number holds. */
  readonly time: string;
  /** Bytes on the wire. */
  readonly length: number;
  /** The name of the capture; absent where nobody gave it. */
  readonly file?: string;
  /** Where the packet was captured, as the capture says; absent where it does not say. */
  readonly interface?: string;
  readonly protocol?: string;
  readonly src?: string;
  readonly srcPort?: number;
  readonly dst?: string;
  readonly dstPort?: number;
  readonly classid: string | null;
  readonly pref: number | null;
  readonly handle: string | null;
  readonly verdict: string;
  readonly exactness: string;
  /** The inputs that the result rests on and that are not known; absent where there are none. */
  readonly missing?: readonly string[];
  /** Why there is no class; absent where there is one. */
  readonly reason?: string;
}

/** Who sent an IP packet to whom, as it came to the hook; absent of others. Ports: of protocols that have them. */
export type PacketEnds = Pick<PacketRecord, 'protocol' | 'src' | 'srcPort' | 'dst' | 'dstPort'>;

/** With a script: the way through its tree, too. */
export type WalkedRecord = PacketRecord & Partial<Journey>;

/** What the run found for the frame it saw last. */
export function packetRecord(run: Run, frame: Frame): WalkedRecord {
  const { reason, classid, pref } = run;
  const common = {
    ...{ packet: run.number, time: timeText(frame.seconds, frame.nanoseconds), length: run.length },
    ...(run.file === '' ? {} : { file: run.file }),
    ...(frame.interface.name === '' ? {} : { interface: frame.interface.name }),
    ...packetEnds(run),
  };
  const verdict = verdictName(run.verdict);
  const { exactness } = run;
  const missing = run.rests === 0 ? {} : { missing: inputNames(run.rests) };
  const why = { ...missing, ...(reason === null ? {} : { reason }), ...run.journey };
  if (run.verdict < 0) return { ...common, classid: null, pref: null, handle: null, verdict, exactness, ...why };
  const handle = `0x${run.handle.toString(16)}`;
  return { ...common, classid: classText(classid), pref, handle, verdict, exactness, ...why };
}

/** Of the packet that the run saw last. */
export function packetEnds(run: Run): PacketEnds {
  if (!run.isEntered) return {};
  const { addrType, addr, ipProto, ports } = run.dissected();
  if (addrType !== AddrType.IPV4 && addrType !== AddrType.IPV6) return {};
  const [family, words] = addrType === AddrType.IPV6 ? [6, 4] : [4, 1];
  const ends = ports === 0 ? {} : { srcPort: ports >>> 16, dstPort: ports & 0xffff };
  return {
    protocol: ipProtocolName(ipProto),
    src: addressText(family, addr),
    dst: addressText(family, addr.subarray(words)),
    ...ends,
  };
}

/** `seconds.nanoseconds`; the nanoseconds count upwards from the seconds, also before 1970. */
export function timeText(seconds: number, nanoseconds: number): string {
  const before = seconds < 0 && nanoseconds > 0;
  const whole = before ? seconds + 1 : seconds;
  const part = before ? 1e9 - nanoseconds : nanoseconds;
  return `${seconds < 0 ? '-' : ''}${Math.abs(whole)}.${String(part).padStart(9, '0')}`;
}
