import type { Frame } from '../capture/index.ts';
import { missingOf } from '../packet/index.ts';
import { type EngineName, type MakeEngine, Replaying } from '../replay/index.ts';
import { type FilterRow, type Summary, summarise } from '../report/index.ts';
import type { Run } from '../run.ts';
import { BY_HOST_OPTIONS, type ByHostQuestion, CountingHosts, recordedOf } from './by-host.ts';
import { Copies } from './copies.ts';
import { type MarksRow, marksOfRun } from './marks.ts';
import { checkOptions } from './options.ts';
import type { Question } from './question.ts';
import { inField } from './question-error.ts';
import { type PacketTaker, type Reading, type ReadOptions, readSources } from './read.ts';
import { type CallRecord, recordOfRun } from './record.ts';
import { type Besides, runOf, type Settled, settle } from './settle.ts';
import type { Source } from './source.ts';

/** What `classify` returns, and what `cls-flow classify --format json` prints: docs/schema/classify.schema.json. */
export interface Classification extends Summary {
  /** What the script's rules were to marks; absent: none writes them, or packets have not met them. */
  readonly marks?: MarksRow;
  readonly record: CallRecord;
}

/** What classify() takes besides the question. */
export interface ClassifyOptions extends ReadOptions, ByHostQuestion {}

/**
 * Which classes the packets of captures get, and where they end: counts for all of them.
 *
 * @param source the captures: bytes, chunks, a Blob, or several with names
 * @param question the filters or the script, and what else is known
 * @param options `signal` cancels; `progress` says how far it has come, in bytes; with `by`, `hosts` of the result says
 * where each host's packets went and whom it meets there. A host in a class costs 64 … 128 bytes, a flow 88 … 176; beyond
 * 262 144 of them a sample is listed
 * @returns counts in packets and in bytes on the wire, shares 0 … 1; what could not be read is in `errors`. A class is that of
 * net/sched/cls_flow.c: flow_classify(); a host's is the one where its way through a tree ends
 * @throws QuestionError with the field that is wrong; CancelledError after `options.signal`
 * @example
 * const { classes } = await classify(bytes, { filters: ['hash keys src,dst divisor 16'] });
 */
export async function classify(
  source: Source,
  question: Question,
  options: ClassifyOptions = {},
): Promise<Classification> {
  checkOptions(options, BY_HOST_OPTIONS);
  const classifying = await Classifying.of(question, options, () => null, options);
  return classifying.result(await readSources(source, classifying.taker(), options));
}

/** One call of classify(), for those who look at it while it goes on. */
export class Classifying {
  readonly settled: Settled;
  readonly run: Run;
  readonly replay: Replaying;
  readonly copies: Copies;
  private readonly filters: readonly FilterRow[];
  private readonly hosts: CountingHosts | null;
  private readonly byHost: ByHostQuestion;

  /** `each`: done with every packet in the place of `run.step()`. `byHost`: whose packets are counted, too. Throws a QuestionError. */
  static async of(
    question: Question,
    besides: Besides = {},
    eachOf: (run: Run) => ((frame: Frame) => void) | null = () => null,
    byHost: ByHostQuestion = {},
  ): Promise<Classifying> {
    const copies = new Copies();
    const settled = await settle(question, { ...besides, copied: copies.take });
    const { engine = 'auto' } = besides;
    return new Classifying(settled, copies, eachOf, engine, engine === 'plain' ? null : await makeEngine(), byHost);
  }

  private constructor(
    settled: Settled,
    copies: Copies,
    eachOf: (run: Run) => ((frame: Frame) => void) | null,
    engine: EngineName,
    make: MakeEngine | null,
    byHost: ByHostQuestion,
  ) {
    this.settled = settled;
    this.copies = copies;
    this.run = runOf(settled);
    copies.name = this.run.kernel.netns.links.name;
    this.byHost = byHost;
    this.hosts = CountingHosts.of(this.run, byHost);
    const each = counting(this.run, eachOf(this.run), this.hosts);
    this.replay = inField('engine', () => new Replaying(this.run, engine, each, make));
    // Perturbation puts others in their place.
    this.filters = this.run.filterRows();
  }

  taker(): PacketTaker {
    const { replay, run } = this;
    return {
      packets: () => run.number,
      room: replay.room,
      replay,
      take(reader, name) {
        run.file = name;
        replay.take(reader);
        return true;
      },
    };
  }

  /** What was counted so far. */
  result({ errors, inputs }: Reading): Classification {
    const { run, replay, filters, copies, settled } = this;
    replay.settle();
    const { tally, sharing, fates } = run;
    const summary = summarise({
      ...{ tally, sharing, fates, filters, errors, fullTable: run.fullTable },
      ...{ era: settled.options.env.era.name, seed: settled.seed },
      ...{ engine: replay.why, copies: copies.rows, missing: missingOf(tally.rests) },
      captured: run.options.crossing?.summary(tally.elsewhere()) ?? null,
    });
    const { hosts, byHost } = this;
    const read = [...inputs, ...(hosts?.inputs ?? [])];
    const record = recordOfRun('classify', settled, read, recordedOf(byHost));
    return { ...summary, ...marksOfRun(run), ...hosts?.fields, record };
  }
}

/** What is done with every packet where hosts are counted, too. */
function counting(
  run: Run,
  each: ((frame: Frame) => void) | null,
  hosts: CountingHosts | null,
): ((frame: Frame) => void) | null {
  if (hosts === null) return each;
  const step = each ?? ((frame: Frame) => run.step(frame));
  return (frame) => {
    step(frame);
    hosts.add();
  };
}

/** Loaded where packets are counted by it: it is a tenth of a page. */
async function makeEngine(): Promise<MakeEngine> {
  const { Engine } = await import('../engine/index.ts');
  return (options) => Engine.of(options);
}
