import { type Answer, emulated, makeDevice, runTc } from '../command/index.ts';
import { Netns, type SavedNetns, setsOf } from '../kernel/index.ts';
import { type Fields, fieldsReader, listOf, QUESTION_FIELDS, type Question, text } from './question.ts';
import { inField, QuestionError } from './question-error.ts';
import { linesOfSets, readSets } from './sets.ts';
import { environment, readState } from './state.ts';

/** What `tc` may be given besides its words. */
export interface TcOptions extends Pick<Question, 'kernel' | 'sets' | 'txQueues'> {
  /** Devices that are there from the start, besides lo. Others come into being as they are named. */
  readonly devices?: readonly string[];
}

const { kernel, sets, txQueues } = QUESTION_FIELDS;
const FIELDS: Fields<TcOptions> = { kernel, sets, txQueues, devices: listOf(text) };
const readOptions = fieldsReader(FIELDS);

/** What tc printed, and the kernel as it is afterwards. */
export interface TcAnswer extends Answer {
  readonly state: SavedNetns;
}

const LO = { name: 'lo', ifindex: 1 } as const;

/**
 * tc's command line against an emulated kernel.
 *
 * @param commands what follows `tc`, as words; or lines of a batch file as one text
 * @param state the kernel of an earlier answer; null: a fresh one
 * @returns what tc prints and exits with, and the kernel to go on with
 * @throws QuestionError where the state or an option is wrong; never over the words of tc, which has its own texts for them
 * @example
 * const { state } = tc('qdisc add dev eth0 root handle 1: htb\n');
 * console.log(tc(['class', 'show', 'dev', 'eth0'], state).stdout);
 */
export function tc(
  commands: string | readonly string[],
  state: SavedNetns | null = null,
  options: TcOptions = {},
): TcAnswer {
  const { devices = [], txQueues, ...about } = readOptions(options);
  const netns = kernelOf(state, about);
  for (const name of devices) {
    if (!netns.devices.some((device) => device.name === name)) makeDevice(netns, { name, txQueues });
  }
  const isBatch = typeof commands === 'string';
  const words = isBatch ? ['-batch', '-'] : listOf(text)(commands, 'commands');
  const readBatch = (file: string): string | undefined => (isBatch && file === '-' ? commands : undefined);
  const answer = runTc(words, { transport: emulated(netns, { txQueues }), readBatch });
  return { ...answer, state: netns.save() };
}

function kernelOf(state: SavedNetns | null, { kernel: wanted, sets: texts = [] }: TcOptions): Netns {
  if (state === null) {
    return new Netns({ env: environment(wanted ?? '6.1'), devices: [LO], sets: readSets(linesOfSets(texts)) });
  }
  const { saved, env } = readState(state, 'state');
  if (wanted !== undefined && wanted !== env.era.name) {
    throw new QuestionError('kernel', `the state was begun with ${env.era.name}`);
  }
  const kept = inField('state', () => setsOf(saved));
  return Netns.load(saved, env, { sets: readSets(linesOfSets(texts), kept) });
}
