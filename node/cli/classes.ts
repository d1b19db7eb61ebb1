import { classes as ask, simulateQuestion } from '../../src/api/index.ts';
import { escapeText } from '../../src/lang/index.ts';
import type { ClassesFlags } from './commands/classes.ts';
import { unsigned } from './numbers.ts';
import { asking, besidesOf, questionOf } from './options.ts';
import { say } from './output.ts';
import { Output } from './result.ts';

const MOST = 65536;

/** `cls-flow classes`: a `tc class add` for every class that filters can give. */
export async function classes(flags: ClassesFlags): Promise<void> {
  const { kind, qdisc = kind, rate } = flags;
  const max = unsigned('--max', flags.max, MOST, 1);
  const own = { ...(qdisc === undefined ? {} : { qdisc }), rate, max };
  const { commands, notes } = await asking(flags, async () => {
    const question = questionOf(flags);
    const besides = besidesOf(flags);
    const simulated = await simulateQuestion(question, besides.shell);
    return ask({ ...question, ...own }, { ...besides, simulated });
  });
  for (const note of notes) say(`note: ${escapeText(note)}`);
  const output = new Output();
  for (const line of commands) output.write(`${line}\n`);
  output.flush();
}
