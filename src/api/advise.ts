import { getRate64 } from '../lang/index.ts';
import type { CapturedRow, CaptureProblem } from '../report/index.ts';
import { ADVISED, findQdisc, QDISCS } from '../sched/qdisc/index.ts';
import {
  type Activity,
  type By,
  CHOICES,
  type Choice,
  DIVISORS,
  hashrnds,
  keysText,
  mostOf,
  Observations,
  type Proposal,
  rollbackCommands,
  setupCommands,
  setupOf,
  study,
  targetsOf,
  type Wanted,
  weigh,
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
  extends Pick<
    Question,
    | 'at'
    | 'vlan'
    | 'kernel'
    | 'seed'
    | 'nat'
    | 'conntrack'
    | 'conntrackMax'
    | 'captured'
    | 'interface'
    | 'direction'
    | 'hosts'
    | 'metadata'
  > {
  /** Who is to be kept apart: senders (before NAT where it is given), receivers, or flows. Default: `host`. */
  readonly by?: By;
  /** Whose buckets or classes take them: the kind of a qdisc, or `auto`, which suits best. Default: `auto`. */
  readonly qdisc?: string;
  /** Of the link, as tc writes rates: for `auto`, htb and hfsc. Default of htb and hfsc: `100mbit`. */
  readonly rate?: string;
  /** The device in the commands. Default: `eth0`. */
  readonly dev?: string;
  /** Values of hashrnd that are averaged over. Default: 100. */
  readonly seeds?: number;
  /** Classes at most: each is made by a command of its own. Default: 4096. */
  readonly max?: number;
}

const AUTO = 'auto';
/** As many classes a machine loads within seconds. */
export const MAX_CLASSES = 4096;
const MOST_MINORS = 65536;

const { at, vlan, kernel, seed, nat, conntrack, conntrackMax, metadata } = QUESTION_FIELDS;
const { captured, direction, hosts } = QUESTION_FIELDS;
const FIELDS: Fields<AdviceQuestion> = {
  ...{ at, vlan, kernel, seed, nat, conntrack, conntrackMax, metadata },
  ...{ captured, direction, hosts, interface: QUESTION_FIELDS.interface },
  by: oneOf(['host', 'dst', 'flow']),
  qdisc: targetKind,
  rate: text,
  dev: deviceName,
  seeds: whole(1, 100_000),
  max: whole(1, MOST_MINORS),
};
const readAdviceQuestion = fieldsReader<AdviceQuestion>(FIELDS);

/** A set-up that was weighed; the commands of the best one are in `commands`. */
export type Advice = Proposal;

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
  /** How many of them are active at once, and how their bytes are shared out. */
  readonly active: Activity;
  /** Some of their packets are tagged, or in PPPoE: the filter then takes packets of every protocol. */
  readonly tagged: boolean;
  /** As `classify` has it; absent where all packets come to the hook as they stand. */
  readonly captured?: CapturedRow;
  readonly qdisc: { readonly kind: string; readonly usual: number; readonly most: number };
  readonly choices: readonly Choice[];
  readonly recommended: Advice | null;
  /** All set-ups that were weighed, the best first: `recommended`, the runner-up, … */
  readonly weighed: readonly Advice[];
  /** In an order that drops nothing on the way; and what takes it all away again. */
  readonly commands: readonly string[];
  readonly rollback: readonly string[];
  readonly notes: readonly string[];
  readonly errors: readonly CaptureProblem[];
  readonly record: CallRecord;
}

/**
 * Which keys and divisor suit the hosts of captures, on which qdisc, and the tc commands.
 *
 * @param source captures: bytes, chunks of any size, a Blob, or several with names; pcap or pcapng
 * @param asked for whom and for which qdisc; `rate` as tc writes it (`100mbit`), all else as in a `Question`
 * @param options `signal` cancels; `progress` says how far it has come, in bytes
 * @returns each choice of keys with each divisor over `seeds` values of hashrnd, the set-ups that were weighed, and the one to
 * take; null: no choice keeps anybody apart. Shares are 0 … 1. Places as net/sched/cls_flow.c: flow_classify() has them
 * @throws QuestionError with the field that is wrong; CancelledError after `options.signal`
 * @example
 * const { recommended, commands, rollback } = await advise(bytes, { by: 'dst', rate: '1gbit' });
 */
export async function advise(source: Source, asked: AdviceQuestion, options: ReadOptions = {}): Promise<Advised> {
  const question = readAdviceQuestion(asked);
  checkOptions(options);
  const { by = 'host', qdisc = AUTO, rate, dev = 'eth0', seeds = 100, max = MAX_CLASSES, ...walk } = question;
  const kind = qdisc === AUTO ? null : qdisc;
  const link = rate === undefined ? null : linkRate(rate);
  if (link !== null && kind !== null && targetsOf(kind).outer === null) {
    const hint = `leave --qdisc out, and the rate comes from a class above; or take htb or hfsc`;
    throw new QuestionError('rate', `${kind} has no rates`, { hint });
  }
  const knowsNat = walk.nat !== undefined || walk.conntrack !== undefined || options.tables?.conntrack !== undefined;
  const isEgress = (walk.at ?? 'egress') === 'egress';
  const masks = CHOICES.filter((choice) => (isEgress && knowsNat) || !choice.conntrack).map(({ mask }) => mask);
  const all = keysText(masks.reduce((every, mask) => every | mask, 0));
  const looksAt = by === 'dst' ? 'destinations' : 'sources';
  const settled = settleNow({ ...walk, flows: false, filters: [`hash keys ${all}`] }, { ...options, looksAt }, null);
  const run = runOf(settled);
  const { env } = settled.options;
  const seen = new Observations(by, masks, env);
  const taker = frameTaker(
    () => run.number,
    (frame) => {
      run.prepare(frame);
      if (run.isElsewhere) run.tally.pass(run.reason ?? '', run.length);
      else if (run.reason === null) seen.add(run.packet);
    },
  );
  const { errors, inputs } = await readSources(source, taker, options);
  const elsewhere = run.tally.elsewhere();
  const packets = elsewhere.reduce((left, row) => left - row.packets, run.number);
  const captured = run.options.crossing?.summary(elsewhere) ?? null;
  const hosts = seen.subjects;
  const active = seen.activities.summary();
  const choices = study(seen, DIVISORS, hashrnds(env, seeds));
  const wanted: Wanted = { dev, kind, rate: link, max, tagged: seen.tagged, active: active.most };
  const router = knowsNat || by === 'flow' ? null : seen.oneAddress.found;
  // Behind one address nobody can be told apart: to share with nobody is no merit then.
  const weighed = router === null ? weigh(choices, hosts, wanted) : [];
  const [recommended = null] = weighed;
  const { qdisc: chosen } = recommended ?? { qdisc: kind ?? ADVISED.buckets };
  return {
    ...{ schema: 1, complete: errors.length === 0, era: env.era.name, seed: settled.seed, seeds, by },
    ...(captured === null ? {} : { captured }),
    ...{ packets, others: packets - seen.packets + seen.others, hosts, active, tagged: seen.tagged },
    qdisc: { kind: chosen, usual: targetsOf(chosen).usual, most: mostOf(chosen, hosts, max) },
    choices,
    ...{ recommended, weighed },
    commands: recommended === null ? [] : setupCommands(setupOf(recommended, wanted)),
    rollback: recommended === null ? [] : rollbackCommands({ dev }),
    notes: [...notesOf({ isEgress, knowsNat, choices, recommended, router, rate: link }), ...fullTableNotes(run)],
    errors,
    record: recordOfRun('advise', { ...settled, question }, inputs),
  };
}

const MAX_RATE = 2 ** 53;

/** Bits per second. Throws a QuestionError. */
export function linkRate(typed: string): number {
  const bits = 8 * Number(getRate64(typed) ?? 0n);
  // A rate below 0 is a large one in tc's words.
  if (bits > 0 && bits < MAX_RATE) return bits;
  throw new QuestionError('rate', 'expected a rate like 100mbit');
}

/** A kind of qdisc whose buckets or classes a filter can choose, or `auto`. */
function targetKind(value: unknown, field: string): string {
  return oneOf([AUTO, ...QDISCS.flatMap(({ kind, targets }) => (targets === null ? [] : [kind]))])(value, field);
}

/** Stricter than the kernel is: the name goes into commands that are to be pasted into a shell. */
export function deviceName(value: unknown, field: string): string {
  if (typeof value === 'string' && /^[\w.@-]{1,15}$/.test(value)) return value;
  throw new QuestionError(field, 'expected the name of a device');
}

interface Noted extends Pick<Advised, 'choices' | 'recommended'> {
  readonly isEgress: boolean;
  readonly knowsNat: boolean;
  readonly router: { readonly address: string; readonly share: number } | null;
  readonly rate: number | null;
}

function notesOf({ isEgress, knowsNat, choices, recommended, router, rate }: Noted): string[] {
  const pointers = choices.find(({ keys }) => keys === recommended?.keys)?.unknowable ?? 0;
  const { qdisc, shaper } = recommended ?? {};
  const isHard =
    recommended !== null && recommended.classes > 1 && findQdisc(recommended.qdisc)?.unmatched !== 'direct';
  const isShaped = qdisc !== undefined && (shaper !== null || targetsOf(qdisc).outer !== null);
  const all = [
    [
      !isEgress && knowsNat,
      'at ingress the kernel has tracked nothing yet: nfct keys would fall back, and are left out',
    ],
    [
      router !== null,
      `1 host carries ${Math.floor(100 * (router?.share ?? 0))}% (${router?.address}): a NAT router? see nfct-src: give --nat or --conntrack, or capture on its inner side`,
    ],
    [!knowsNat && router === null, 'no NAT told (--nat, --conntrack): hosts are the addresses of the packets'],
    [pointers > 0, `${pointers} packets rest on kernel pointers with these keys: where they go cannot be known`],
    [isHard, `${qdisc} drops what no class takes: everything, until the first three commands are done`],
    [isShaped && rate === null, 'no rate given (--rate): the link is taken to have 100mbit'],
    [
      recommended !== null && !isShaped,
      'without --rate nothing is shaped: hosts are kept apart only if this device is the slowest on the way',
    ],
  ] as const;
  return all.flatMap(([applies, note]) => (applies ? [note] : []));
}
