import type { Simulated, SimulatedCommand, SourcePlace, UncheckedPlace } from '../../../src/shell/index.ts';
import { Batch, type Transcript } from './batch.ts';

/** What a simulated script asks of tc, as a file for `tc -batch`; comments tell the lines of the script. */
export function transcriptOf(simulated: Simulated): Transcript {
  const { texts, args, commands, assumptions, unchecked, ended } = simulated;
  const [script = ''] = texts.keys();
  const batch = new Batch(`Simulated by cls-flow record from: ${[script, ...args].join(' ')}`);
  for (const { place, question, answer } of assumptions) batch.comment(`${at(place)}: assumed: ${question}: ${answer}`);
  addCommands(batch, commands);
  for (const place of unchecked) batch.comment(told('not in this file', place));
  if (ended !== null) batch.comment(told('the script ends here', ended));
  return batch.transcript();
}

/** One comment for all that a place gives at one turn of its loops. */
function addCommands(batch: Batch, commands: readonly SimulatedCommand[]): void {
  let before = '';
  for (const command of commands) {
    const origin = originOf(command);
    if (origin !== before) batch.comment(origin);
    before = origin;
    const words = command.words.map(({ text }) => text);
    batch.command(command.tool, command.netns, words, words);
  }
}

function originOf({ place, loops, mayFail }: SimulatedCommand): string {
  const turns = loops.map(({ name, value }) => `, ${name} = ${value}`).join('');
  return `${at(place)}${turns}${mayFail ? ', may fail' : ''}`;
}

const told = (what: string, { place, why }: UncheckedPlace): string => `${at(place)}: ${what}: ${why}`;

const at = ({ file, line }: SourcePlace): string => `${file}:${line}`;
