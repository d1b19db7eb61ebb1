import { overTime } from '../../src/api/index.ts';
import { getTime64 } from '../../src/lang/index.ts';
import { csv } from '../../src/report/index.ts';
import { reading, sourcesOf } from './captures.ts';
import { caretInValue } from './caret.ts';
import type { ClassifyFlags } from './commands/classify.ts';
import { CommandLineError } from './errors.ts';
import { asking, besidesOf, questionOf } from './options.ts';
import { Output } from './result.ts';
import { sampleFor } from './sample.ts';

const FAILED = 1;
const SECOND = 1e9;

/** `cls-flow classify --every TIME`: classes over time; returns what the process exits with. */
export async function classesOverTime(captures: readonly string[], flags: ClassifyFlags): Promise<number> {
  const every = secondsOf(flags.every ?? '');
  if (flags.format !== undefined && flags.format !== 'csv' && flags.format !== 'json') {
    throw new CommandLineError('--every: --format csv or json');
  }
  const besides = { ...besidesOf(flags), ...(await sampleFor(captures, flags)), every };
  const found = await asking(flags, () =>
    reading(captures, {}, (options) => overTime(sourcesOf(captures), questionOf(flags), { ...options, ...besides })),
  );
  const { began, width, classes, unclassified } = found;
  const output = new Output();
  if (flags.format === 'json') output.write(`${JSON.stringify(found, null, 2)}\n`);
  else {
    output.write(csv([['time', 'classid', 'packets', 'bytes']]));
    for (let step = 0; step < found.bins; step++) {
      // Thousandths: a sum of fractions would show its last digits.
      const time = Math.round(((began ?? 0) + step * width) * 1000) / 1000;
      const rows = [...classes, { classid: null, ...unclassified }];
      output.write(
        csv(
          rows
            .filter(({ packets }) => (packets[step] ?? 0) > 0)
            .map(({ classid, packets, bytes }) => [time, classid, packets[step] ?? 0, bytes[step] ?? 0]),
        ),
      );
    }
  }
  output.flush();
  return found.complete ? 0 : FAILED;
}

/** A time as tc writes it: 1s, 500ms. */
function secondsOf(typed: string): number {
  const time = /\d[a-z]+$/i.test(typed) ? getTime64(typed) : undefined;
  if (time !== undefined) return time / SECOND;
  throw new CommandLineError('--every: expected a time like 1s or 500ms', caretInValue('--every', typed, -1));
}
