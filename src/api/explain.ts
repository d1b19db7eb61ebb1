import { type Frame, wholeFrame } from '../capture/index.ts';
import { type Described, describe, Input, inputNames } from '../packet/index.ts';
import { type Explanation, engineFor, explain as explainFrame } from '../replay/index.ts';
import type { Run } from '../run.ts';
import { digestOfBytes, type InputDigest } from './digest.ts';
import { askOneByOne, readOneByOne } from './one-by-one.ts';
import { checkOptions } from './options.ts';
import type { Question } from './question.ts';
import { inField, QuestionError } from './question-error.ts';
import type { ReadOptions } from './read.ts';
import { type CallRecord, recordOfRun } from './record.ts';
import type { Source } from './source.ts';

/** A packet of captures: they are read up to it, as connections and buckets are made of the packets before. */
export interface CapturedPacket {
  readonly source: Source;
  /** Counted from 1 over all captures. */
  readonly number: number;
}

/** A packet in words (`tcp 192.168.1.7:51514 > 1.1.1.1:443`), an Ethernet frame, or one of a capture. */
export type PacketQuestion = string | Uint8Array | CapturedPacket;

/** What `explain` returns, and what `cls-flow explain --format json` prints: docs/schema/explain.schema.json. */
export interface ExplainedPacket extends Explanation {
  readonly record: CallRecord;
}

/** There is no packet of this number. */
export class NoPacketError extends Error {
  override readonly name = 'NoPacketError';
}

/**
 * The way of one packet, step by step: headers, keys, arithmetic, each list of filters and each qdisc, and its end.
 *
 * @param packet words (a TCP packet is a SYN; see describeFrame()), an Ethernet frame of 1 byte to 256 KiB, or the number of one of a capture, from 1
 * @param question the filters or the script, and what else is known
 * @param options `signal` cancels; `progress` says how far it has come, in bytes
 * @returns spans as offset and length in bytes of the frame; key values and hashes as 32-bit numbers in hex. The steps are those
 * of net/sched/cls_flow.c: flow_classify()
 * @throws QuestionError with the field that is wrong; NoPacketError where a capture has no such packet
 * @example
 * const { filters } = await explain('tcp 10.0.0.7:5151 > 1.1.1.1:443', { filters: ['hash keys src divisor 16'] });
 */
export async function explain(
  packet: PacketQuestion,
  question: Question,
  options: ReadOptions = {},
): Promise<ExplainedPacket> {
  checkOptions(options);
  // A packet in words is all that there is to guess from.
  if (options.sample !== undefined && !isCaptured(packet)) options.sample.take(frameFor(packet));
  const { settled, run } = await askOneByOne(question, options);
  const { explanation, inputs } = isCaptured(packet)
    ? await captured(packet, run, options)
    : { explanation: asked(run, packet), inputs: digestsOf(packet) };
  return { ...explanation, record: recordOfRun('explain', settled, inputs, named(packet)) };
}

/** Which packet it is, as far as JSON can say it. */
function named(packet: PacketQuestion): { readonly packet?: string | number } {
  if (isCaptured(packet)) return { packet: packet.number };
  return typeof packet === 'string' ? { packet } : {};
}

const digestsOf = (packet: string | Uint8Array): InputDigest[] =>
  typeof packet === 'string' ? [] : [digestOfBytes('packet', packet)];

const isCaptured = (packet: PacketQuestion): packet is CapturedPacket =>
  typeof packet === 'object' && packet !== null && 'source' in packet;

/** The walk, and by which engine `classify` would take it. */
function explained(run: Run, frame: Frame): Explanation {
  const engine = engineFor(run, frame);
  return { ...explainFrame(run, frame), engine };
}

/** What the words leave out was not captured, as it were: it has a name here, and a way out. */
function asked(run: Run, packet: string | Uint8Array): Explanation {
  const explanation = explained(run, frameFor(packet));
  if (typeof packet !== 'string') return explanation;
  const { unsaid } = described(packet);
  const { missing } = explanation;
  if (unsaid === null || missing === undefined) return explanation;
  const named = missing.map((input) => (input === NOT_CAPTURED ? unsaid.input : input));
  return { ...explanation, missing: named, ...(named.includes(unsaid.input) ? { hint: unsaid.hint } : {}) };
}

const described = (words: string): Described => inField('packet', () => describe(words));

function frameFor(packet: string | Uint8Array): Frame {
  if (typeof packet !== 'string') return frameOf(packet);
  const { bytes, length } = described(packet);
  return Object.assign(frameOf(bytes), { length });
}

const [NOT_CAPTURED] = inputNames(Input.CUT);
const LINKTYPE_ETHERNET = 1;
/** The largest frame that a capture may hold, too. */
const MAX_FRAME = 256 << 10;

function frameOf(data: Uint8Array): Frame {
  if (!(data instanceof Uint8Array) || data.length === 0 || data.length > MAX_FRAME) {
    throw new QuestionError('packet', `expected words, or a frame of 1 to ${MAX_FRAME} bytes`);
  }
  return wholeFrame(data, LINKTYPE_ETHERNET);
}

interface Found {
  readonly explanation: Explanation;
  readonly inputs: readonly InputDigest[];
}

async function captured({ source, number }: CapturedPacket, run: Run, options: ReadOptions): Promise<Found> {
  if (!Number.isInteger(number) || number < 1) throw new QuestionError('number', 'expected a whole number from 1 on');
  let explanation: Explanation | null = null;
  const onFrame = (frame: Frame): boolean => {
    if (run.number + 1 < number) run.step(frame);
    else explanation = explained(run, frame);
    return explanation === null;
  };
  const { inputs } = await readOneByOne(source, run, onFrame, options);
  if (explanation === null) throw new NoPacketError(`there is no packet ${number}: ${run.number} were read`);
  return { explanation, inputs };
}
