import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createEnv, createPacket } from '../../../src/env.ts';
import { ERAS, type EraName } from '../../../src/era.ts';
import type { SipKey } from '../../../src/hash/index.ts';
import { FlowKeys } from '../../../src/packet/index.ts';
import { emptyReport, type Report, record } from '../../golden/report.ts';
import { type Hook, OWNERS, type SentFrame, type TriedFilter } from '../classify.ts';
import { ROOT } from '../root.ts';
import type { KernelPacket } from '../sk-buff.ts';
import { AskedFilter, fill } from './compare.ts';

/** A (packet, filter) pair that a kernel was asked about, with all that its answer depended on. */
export interface PairRecord {
  /** What it shows, in words. */
  readonly about: string;
  readonly kernel: string;
  readonly era: EraName;
  readonly date: string;
  readonly hook: Hook;
  readonly filter: TriedFilter;
  readonly hashrnd: number;
  /** Hex; sent by a raw packet socket with this mark and priority, opened by this user and group. */
  readonly frame: string;
  readonly mark: number;
  readonly priority: number;
  readonly owner: readonly [number, number];
  readonly context: KernelPacket['context'];
  readonly socket: boolean;
  readonly dataAt: number;
  readonly hash: number;
  readonly rxhashKey: SipKey;
  readonly foldKey: SipKey;
  /** What the kernel said; null: it did not ask the filter. */
  readonly classid: number | null;
}

export const REGRESS = path.join(ROOT, 'test/golden/records/regress');

/** Keeps a record under a name that follows from its content; the path, or null if it was there already. */
export function keep(kept: PairRecord, directory = REGRESS): string | null {
  const { date, ...content } = kept;
  const name = createHash('sha256')
    .update(JSON.stringify([content.filter, content.frame, content.hook, content.era]))
    .digest('hex');
  const file = path.join(directory, `${content.era}-${name.slice(0, 12)}.json`);
  if (existsSync(file)) return null;
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...content, date }, null, 1)}\n`);
  return file;
}

/** What we say of a record now; null: the filter is not asked. */
export function replay(kept: PairRecord): number | null {
  const env = createEnv({ era: ERAS[kept.era], seed: 0, rxhashKey: kept.rxhashKey, foldKey: kept.foldKey });
  const frame: SentFrame = {
    bytes: Buffer.from(kept.frame, 'hex'),
    mark: kept.mark,
    priority: kept.priority,
    owner: OWNERS.findIndex(([uid, gid]) => uid === kept.owner[0] && gid === kept.owner[1]),
  };
  const p = createPacket(env);
  const pointers = { sk: kept.socket ? 1n : 0n, dst: 0n, nfct: 0n };
  fill(p, frame, { context: kept.context, pointers, hash: kept.hash, dataAt: kept.dataAt }, new FlowKeys(), env);
  return new AskedFilter(kept.filter, kept.hook, env).classOf(p, kept.hashrnd);
}

/** regress/: pairs on which a kernel and we once did not agree, and those that show what differs between kernels. */
export function checkRegress(directory: string): Report {
  const report = emptyReport();
  for (const file of readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .sort()) {
    const kept = JSON.parse(readFileSync(path.join(directory, file), 'utf8')) as PairRecord;
    const ours = replay(kept);
    record(report, file, ours === kept.classid ? [] : [`${ours}, kernel ${kept.classid} (${kept.about})`]);
  }
  return report;
}
