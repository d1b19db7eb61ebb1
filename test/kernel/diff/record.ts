import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createEnv, createPacket, type Env } from '../../../src/env.ts';
import { ERAS, type EraName } from '../../../src/era.ts';
import type { SipKey } from '../../../src/hash/index.ts';
import { Netns } from '../../../src/kernel/index.ts';
import { FlowKeys } from '../../../src/packet/index.ts';
import { emptyReport, type Report, record } from '../../golden/report.ts';
import type { ChainAnswers } from '../chains.ts';
import { type Hook, OWNERS, type SentFrame, type TriedFilter } from '../classify.ts';
import { DEVICES } from '../control.ts';
import { ROOT } from '../root.ts';
import type { KernelPacket } from '../sk-buff.ts';
import { compareChain } from './chain-compare.ts';
import { AskedFilter, attempt, fill, misplacement } from './compare.ts';

interface Kept {
  /** What it shows, in words. */
  readonly about: string;
  readonly kernel: string;
  readonly era: EraName;
  readonly date: string;
}

/** A (packet, filter) pair that a kernel was asked about, with all that its answer depended on. */
export interface PairRecord extends Kept {
  readonly kind: 'pair';
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
  readonly macLen: number;
  readonly pktType: number;
  /** The class that the filter before it had left. */
  readonly before: number;
  readonly rxhashKey: SipKey;
  readonly foldKey: SipKey;
  /** What the kernel said; null: it did not ask the filter. */
  readonly classid: number | null;
}

/** A filter in tc's words that was added, or refused by tc or the kernel. */
export interface WordsRecord extends Kept {
  readonly kind: 'words';
  readonly hook: Hook;
  readonly filter: TriedFilter;
  /** The first line that was said; null: it was added. */
  readonly refused: string | null;
}

/** Where a frame was found when the first filter saw it. */
export interface PlaceRecord extends Kept {
  readonly kind: 'place';
  readonly hook: Hook;
  readonly frame: string;
  /** null: the kernel dropped it before any filter. */
  readonly context: KernelPacket['context'] | null;
}

/** Datagrams in hex, sent one after the other in a namespace of their own, and the answer to the last of them. */
export interface ControlRecord extends Kept {
  readonly kind: 'control';
  readonly port: number;
  readonly datagrams: readonly string[];
  /** All answers to it, one after the other. */
  readonly answer: string;
}

/** A setup of filters and actions, the packets sent past it, and all that the kernel answered. */
export interface ChainRecord extends Kept {
  readonly kind: 'chain';
  readonly hook: Hook;
  readonly filters: readonly string[];
  readonly frames: readonly Pick<PairRecord, 'frame' | 'mark' | 'priority' | 'owner'>[];
  readonly answers: ChainAnswers;
}

export type RegressRecord = ChainRecord | PairRecord | WordsRecord | PlaceRecord | ControlRecord;

export const REGRESS = path.join(ROOT, 'test/golden/records/regress');

/** Keeps a record under a name that follows from its content; the path, or null if it was there already. */
export function keep(kept: RegressRecord, directory = REGRESS): string | null {
  const name = createHash('sha256')
    .update(JSON.stringify(question(kept)))
    .digest('hex')
    .slice(0, 12);
  const file = path.join(directory, `${kept.kind}-${kept.kernel}-${name}.json`);
  if (existsSync(file)) return null;
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, `${JSON.stringify(kept, null, 1)}\n`);
  return file;
}

/** What was asked, without what depends on the boot. */
function question(kept: RegressRecord): unknown {
  switch (kept.kind) {
    case 'pair':
      return [kept.hook, kept.filter, kept.frame];
    case 'chain':
      return [kept.hook, kept.filters, kept.frames];
    case 'words':
      return [kept.hook, kept.filter];
    case 'place':
      return [kept.hook, kept.frame];
    case 'control':
      return kept.datagrams;
  }
}

/** What we say otherwise than the kernel did; null: nothing. */
export function replay(kept: RegressRecord): string | null {
  switch (kept.kind) {
    case 'pair':
      return differing(replayPair(kept), kept.classid);
    case 'chain':
      return replayChain(kept);
    case 'words':
      return replayWords(kept);
    case 'place':
      return misplacement(Buffer.from(kept.frame, 'hex'), kept.context, kept.hook, createPacket(envOf(kept.era)));
    case 'control':
      return differing(replayControl(kept), kept.answer);
  }
}

const differing = (ours: string | number | null, kernel: string | number | null): string | null =>
  ours === kernel ? null : `${ours}, kernel ${kernel}`;

const envOf = (era: EraName): Env => createEnv({ era: ERAS[era], seed: 0 });

function replayPair(kept: PairRecord): number | null {
  const env = createEnv({ era: ERAS[kept.era], seed: 0, rxhashKey: kept.rxhashKey, foldKey: kept.foldKey });
  const p = createPacket(env);
  const pointers = { sk: kept.socket ? 1n : 0n, dst: 0n, nfct: 0n };
  const { context, hash, dataAt, macLen, pktType } = kept;
  fill(p, sentFrame(kept), { context, pointers, hash, dataAt, macLen, pktType }, new FlowKeys(), env);
  return new AskedFilter(kept.filter, kept.hook, env).classOf(p, kept.hashrnd, kept.before);
}

function replayChain({ era, answers, ...kept }: ChainRecord): string | null {
  const { difference } = compareChain(ERAS[era], { ...kept, frames: kept.frames.map(sentFrame) }, answers);
  return difference === null ? null : `${difference.what} ${difference.ours}, kernel ${difference.kernel}`;
}

function sentFrame({ frame, mark, priority, owner }: ChainRecord['frames'][number]): SentFrame {
  const number = OWNERS.findIndex(([uid, gid]) => uid === owner[0] && gid === owner[1]);
  return { bytes: Buffer.from(frame, 'hex'), mark, priority, owner: number };
}

function replayWords({ filter, hook, era, refused }: WordsRecord): string | null {
  const ours = attempt(filter, hook, envOf(era)).refused;
  return (ours === null) === (refused === null) ? null : `${ours ?? 'accepted'}, kernel ${refused ?? 'accepted'}`;
}

function replayControl({ datagrams, port, era }: ControlRecord): string {
  const netns = new Netns({ env: envOf(era), devices: DEVICES });
  const answers = datagrams.map((datagram) => netns.request(Buffer.from(datagram, 'hex'), port));
  return Buffer.concat(answers.at(-1) ?? []).toString('hex');
}

/** regress/: on what a kernel and we once did not agree, and what shows what differs between kernels. */
export function checkRegress(directory: string): Report {
  const report = emptyReport();
  for (const file of readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .sort()) {
    const kept = JSON.parse(readFileSync(path.join(directory, file), 'utf8')) as RegressRecord;
    const difference = replay(kept);
    record(report, file, difference === null ? [] : [`${difference} (${kept.about})`]);
  }
  return report;
}
