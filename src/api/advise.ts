import { getRate64 } from '../lang/index.ts';
import type { CaptureProblem } from '../report/index.ts';
import { ADVISED, QDISCS } from '../sched/qdisc/index.ts';
import {
  type Advice,
  type BucketSetup,
  type By,
  CHOICES,
  type Choice,
  DIVISORS,
  hashrnds,
  keysText,
  Observations,
  recommend,
  setupCommands,
  study,
  targetsOf,
} from '../study/index.ts';
import { fullTableNotes } from './full-table.ts';
import { checkOptions } from './options.ts';
import { type Fields, fieldsReader, oneOf, QUESTION_FIELDS, type Question, text, whole } from './question.ts';
import { QuestionError } from './question-error.ts';
import { frameTaker, type ReadOptions, readSources } from './read.ts';
import { type CallRecord, recordOfRun } from './record.ts';
import { runOf, settleNow } from './settle.ts';
import type { Source } from './source.ts';

/** Packets are looked at as a filter would see them, before there is one. */
export interface AdviceQuestion
  extends Pick<Question, 'at' | 'vlan' | 'kernel' | 'seed' | 'nat' | 'conntrack' | 'conntrackMax' | 'metadata'> {
  /** Who is to be kept apart: senders (before NAT where it is given), receivers, or flows. Default: `host`. */
  readonly by?: By;
  /** Whose buckets or classes take them: the kind of a qdisc. Default: `sfq`. */
  readonly qdisc?: string;
  /** Of the link, for htb and hfsc, as tc writes rates. Default: `100mbit`. */
  readonly rate?: string;
  /** The device in the commands. Default: `eth0`. */
  readonly dev?: string;
  /** Values of hashrnd that are averaged over. Default: 100. */
  readonly seeds?: number;
}

const { at, vlan, kernel, seed, nat, conntrack, conntrackMax, metadata } = QUESTION_FIELDS;
const FIELDS: Fields<AdviceQuestion> = {
  ...{ at, vlan, kernel, seed, nat, conntrack, conntrackMax, metadata },
  by: oneOf(['host', 'dst', 'flow']),
  qdisc: targetKind,
  rate: text,
  dev: deviceName,
  seeds: whole(1, 100_000),
};
const readAdviceQuestion = fieldsReader<AdviceQuestion>(FIELDS);

/** What `advise` returns, and what `cls-flow advise --format json` prints: docs/schema/advise.schema.json. */
export interface Advised {
  readonly schema: 1;
  readonly complete: boolean;
  readonly era: string;
  readonly seed: number;
  readonly seeds: number;
  readonly by: By;
  readonly packets: number;
  /** Packets without an IP address: nobody's. */
  readonly others: number;
  /** Hosts, or flows. */
  readonly hosts: number;
  readonly qdisc: { readonly kind: string; readonly usual: number; readonly most: number };
  readonly choices: readonly Choice[];
  readonly recommended: Advice | null;
  readonly commands: readonly string[];
  readonly notes: readonly string[];
  readonly errors: readonly CaptureProblem[];
  readonly record: CallRecord;
}

/**
 * Which keys and divisor suit the hosts of captures, and the tc commands.
 *
 * @param source captures: bytes, chunks of any size, a Blob, or several with names; pcap or pcapng
 * @param asked for whom and for which qdisc; `rate` as tc writes it (`100mbit`), all else as in a `Question`
 * @param options `signal` cancels; `progress` says how far it has come, in bytes
 * @returns each choice of keys with each divisor over `seeds` values of hashrnd, and the one to take; null: no choice keeps
 * anybody apart. Shares are 0 … 1. Places as net/sched/cls_flow.c: flow_classify() has them
 * @throws QuestionError with the field that is wrong; CancelledError after `options.signal`
 * @example
 * const { recommended, commands } = await advise(bytes, { by: 'dst', rate: '1gbit' });
 */
export async function advise(source: Source, asked: AdviceQuestion, options: ReadOptions = {}): Promise<Advised> {
  const question = readAdviceQuestion(asked);
  checkOptions(options);
  const { by = 'host', qdisc = ADVISED, rate = '100mbit', dev = 'eth0', seeds = 100, ...walk } = question;
  const link = linkRate(rate);
  const knowsNat = walk.nat !== undefined || walk.conntrack !== undefined || options.tables?.conntrack !== undefined;
  const isEgress = (walk.at ?? 'egress') === 'egress';
  const masks = CHOICES.filter((choice) => (isEgress && knowsNat) || !choice.conntrack).map(({ mask }) => mask);
  const all = keysText(masks.reduce((every, mask) => every | mask, 0));
  const settled = settleNow({ ...walk, flows: false, filters: [`hash keys ${all}`] }, options, null);
  const run = runOf(settled);
  const { env } = settled.options;
  const seen = new Observations(by, masks, env);
  const taker = frameTaker(
    () => run.number,
    (frame) => {
      run.prepare(frame);
      if (run.reason === null) seen.add(run.packet);
    },
  );
  const { errors, inputs } = await readSources(source, taker, options);
  const hosts = seen.subjects;
  const choices = study(seen, DIVISORS, hashrnds(env, seeds));
  const { usual, most } = targetsOf(qdisc);
  const recommended = recommend(choices, hosts, most);
  return {
    ...{ schema: 1, complete: errors.length === 0, era: env.era.name, seed: settled.seed, seeds, by },
    ...{ packets: run.number, others: run.number - seen.packets + seen.others, hosts },
    qdisc: { kind: qdisc, usual, most },
    choices,
    recommended,
    commands: recommended === null ? [] : setupCommands(setupOf(recommended, { qdisc, dev, link })),
    notes: [...notesOf({ qdisc, isEgress, knowsNat, choices, recommended, hosts }), ...fullTableNotes(run)],
    errors,
    record: recordOfRun('advise', { ...settled, question }, inputs),
  };
}

/** The commands of an advice, for the functions of study that write them. */
export const setupOf = (
  { keys, divisor }: Advice,
  { qdisc, dev, link }: { readonly qdisc: string; readonly dev: string; readonly link: number },
): BucketSetup => ({ kind: qdisc, dev, keys, divisor, link });

const MAX_RATE = 2 ** 53;

/** Bits per second. Throws a QuestionError. */
export function linkRate(typed: string): number {
  const bits = 8 * Number(getRate64(typed) ?? 0n);
  // A rate below 0 is a large one in tc's words.
  if (bits > 0 && bits < MAX_RATE) return bits;
  throw new QuestionError('rate', 'expected a rate like 100mbit');
}

/** A kind of qdisc whose buckets or classes a filter can choose. */
function targetKind(value: unknown, field: string): string {
  return oneOf(QDISCS.flatMap(({ kind, targets }) => (targets === null ? [] : [kind])))(value, field);
}

/** Stricter than the kernel is: the name goes into commands that are to be pasted into a shell. */
export function deviceName(value: unknown, field: string): string {
  if (typeof value === 'string' && /^[\w.@-]{1,15}$/.test(value)) return value;
  throw new QuestionError(field, 'expected the name of a device');
}

interface Noted {
  readonly qdisc: string;
  readonly isEgress: boolean;
  readonly knowsNat: boolean;
  readonly choices: readonly Choice[];
  readonly recommended: Advice | null;
  readonly hosts: number;
}

function notesOf({ qdisc, isEgress, knowsNat, choices, recommended, hosts }: Noted): string[] {
  const { queues } = targetsOf(qdisc);
  const pointers = choices.find(({ keys }) => keys === recommended?.keys)?.unknowable ?? 0;
  const all = [
    [
      !isEgress && knowsNat,
      'at ingress the kernel has tracked nothing yet: nfct keys would fall back, and are left out',
    ],
    [!knowsNat, 'no NAT told (--nat, --conntrack): hosts are the addresses of the packets'],
    [pointers > 0, `${pointers} packets rest on kernel pointers with these keys: where they go cannot be known`],
    [queues !== null && hosts > queues, `${qdisc} queues for ${queues} buckets at once unless "flows" says more`],
  ] as const;
  return all.flatMap(([applies, note]) => (applies ? [note] : []));
}
