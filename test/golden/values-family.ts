import { createEnv, createPacket, type Env } from '../../src/env.ts';
import { KEYS, Key } from '../../src/sched/flow/index.ts';
import { applyContext, type Context } from './context.ts';
import { readEra, readFramesOf, readLines } from './records.ts';
import { emptyReport, note, type Report, record } from './report.ts';
import { compareValues, keysBeyond, type Values } from './values.ts';

interface HopRecord extends Values {
  readonly step: string;
  readonly device: string;
  readonly hook: string;
  readonly context: Context;
  readonly pcapFrame?: number;
  readonly network?: string;
}

/** meta/ and conntrack/: the 18 values at every hop of real traffic, with what the kernel had attached. */
export function checkValues(directory: string): Report {
  const report = emptyReport();
  const frames = readFramesOf(directory, 'packets.pcap');
  const env = createEnv({ era: readEra(directory), seed: 0 });
  for (const hop of readLines<HopRecord>(directory, 'values.jsonl')) {
    record(report, `${hop.step} ${hop.device} ${hop.hook}`, checkHop(hop, frames, env, report));
  }
  return report;
}

/** The ids of a socket's owner are inputs; a flow hash is made once and travels, and this boot's key was not kept. */
function checkHop(hop: HopRecord, frames: readonly Uint8Array[], env: Env, report: Report): string[] {
  const p = createPacket(env);
  const frame = hop.pcapFrame === undefined ? undefined : frames[hop.pcapFrame - 1];
  const { data, at } = frame === undefined ? headOnly(hop) : { data: frame, at: hop.hook === 'ingress' ? 14 : 0 };
  applyContext(p, hop.context, data, at);
  p.skUid = hop.values['sk-uid'] ?? 0;
  p.skGid = hop.values['sk-gid'] ?? 0;
  p.hash = hop.values.rxhash ?? 0;
  note(report, 'rxhash: the flow-hash key of that boot was not kept');
  const beyond = frame === undefined ? keysBeyond(p, env, hop.context.networkOffset > 0) : 0;
  for (const [key, row] of Object.entries(KEYS)) {
    if ((beyond & (1 << Number(key))) !== 0) note(report, `${row.name}: the record ends before the bytes it needs`);
  }
  return compareValues(p, hop, env, (key) => key === Key.RXHASH || (beyond & (1 << key)) !== 0);
}

/** A record without a frame holds the first 40 bytes from the network header on. */
function headOnly(hop: HopRecord): { data: Uint8Array; at: number } {
  const network = Buffer.from(hop.network ?? '', 'hex');
  const front = Math.max(hop.context.networkOffset, 0);
  return { data: Buffer.concat([Buffer.alloc(front), network]), at: 0 };
}
