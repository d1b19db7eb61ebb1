import {
  type Example,
  exampleOf,
  exampleOfJson,
  type Probe,
  QuestionError,
  type SeedQuestion,
} from '../../../src/api/index.ts';
import { KernelError, UsageError } from '../../../src/errors.ts';
import { caretInValue } from '../caret.ts';
import type { RecoverFlags } from '../commands/recover-seed.ts';
import { CommandLineError, FailedError, inOption } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { readText } from '../named-file.ts';
import { asking } from '../options.ts';

/** A file of examples: a JSON list, or one of them. */
export function fileExamples(file: string, limits: Limits): Example[] {
  const text = readText(file, limits);
  const wrong = (why: string): FailedError => new FailedError(`${file}: ${why}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrong((error as Error).message);
  }
  return [value].flat().map((one, index) => {
    try {
      return exampleOfJson(one ?? {}, '');
    } catch (error) {
      throw error instanceof QuestionError ? wrong(`example ${index + 1}: ${error.problem}`) : error;
    }
  });
}

/** What --filter, --pair, --before, --after and --probe say. */
export function typedQuestion(flags: RecoverFlags, limits: Limits): SeedQuestion {
  const { filter, pair: pairs = [], before = [], after = [], probe = [] } = flags;
  if (filter === undefined) throw new CommandLineError('no filter given', null, "add --filter 'hash keys … divisor …'");
  if (before.length !== probe.length || after.length !== probe.length) {
    throw new CommandLineError('--before, --after and --probe: one of each for every probe');
  }
  const probes = probe.map((packet, i): Probe => {
    return { packet, before: readText(before[i] ?? '', limits), after: readText(after[i] ?? '', limits) };
  });
  return { filter, pairs, probes };
}

/** What is observed. Throws CommandLineError with a caret in the option, FailedError where a file is wrong. */
export function typedExample(question: SeedQuestion, flags: RecoverFlags): Example {
  try {
    return exampleOf(question);
  } catch (error) {
    throw error instanceof QuestionError ? inFlags(error, flags) : error;
  }
}

function inFlags(error: QuestionError, flags: RecoverFlags): Error {
  const { field, problem, reason, hint } = error;
  const { filter = '', pair = [], before = [], after = [], probe = [] } = flags;
  const [, list = '', index = '0', part = ''] = /^(pairs|probes)(?:\[(\d+)\])?\.?(\w*)$/.exec(field) ?? [];
  const at = Number(index);
  if (part === 'before' || part === 'after') {
    const file = (part === 'before' ? before : after)[at] ?? '';
    const since = problem.includes(': one probe') ? problem.replace(':', ` since ${before[at]}:`) : problem;
    return new FailedError(`${file}: ${since}`);
  }
  if (list === '') return ofFilter(error, filter);
  if (field === 'pairs') return new CommandLineError(problem, null, "add --pair 'PACKET=CLASS'");
  const option = list === 'pairs' ? '--pair' : '--probe';
  const value = (list === 'pairs' ? pair : probe)[at] ?? '';
  if (reason instanceof UsageError) return inOption(option, value, reason);
  return new CommandLineError(
    `${option}: ${problem}`,
    caretInValue(option, value, -1),
    hint && `${hint.replace("'", "--pair '")}`,
  );
}

function ofFilter(error: QuestionError, filter: string): Error {
  if (error.reason instanceof UsageError || error.reason instanceof KernelError) {
    return asking({ filter: [filter] }, (): never => {
      throw error.about('filters[0]');
    });
  }
  return new CommandLineError(`--filter: ${error.problem}`, caretInValue('--filter', filter, -1));
}
