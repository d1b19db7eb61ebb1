import type { Simulated, SimulatedCommand, SourcePlace, UncheckedPlace } from '../../../src/shell/index.ts';
import { Batch, type Transcript } from './batch.ts';

/** What a simulated script asks of tc, as a file for `tc -batch`; comments tell the lines of the script. */
export function transcriptOf(simulated: Simulated): Transcript {
  const { texts, args, commands, assumptions, unchecked, ended } = simulated;
  const [script = ''] = texts.keys();
  const batch = new Batch(`Simulated by cls-flow record from: ${[script, ...args].join(' ')}`);
  for (const { place, question, answer } of assumptions) batch.comment(`${at(place)}: assumed: ${question}: ${answer}`);
  const run = ended?.commands ?? commands.length;
  addCommands(batch, commands.slice(0, run), (tool, netns, words) => batch.command(tool, netns, words, words));
  if (ended !== null) batch.comment(told('the script ends here', ended));
  addCommands(batch, commands.slice(run), (tool, _, words) => batch.unreached(tool, words));
  for (const place of unchecked) batch.comment(told('not in this file', place));
  return batch.transcript();
}

type Add = (tool: string, netns: string, words: readonly string[]) => void;

/** One comment for all that a place gives at one turn of its loops. */
function addCommands(batch: Batch, commands: readonly SimulatedCommand[], add: Add): void {
  let before = '';
  for (const command of commands) {
    const origin = originOf(command);
    if (origin !== before) batch.comment(origin);
    before = origin;
    const words = command.words.map(({ text }) => text);
    add(command.tool, command.netns, words);
    if (command.tool !== 'tc') for (const line of linesOf(command)) batch.comment(`< ${line}`);
  }
}

/** What a command read: rules for iptables-restore, nft and ipset. */
function linesOf({ input = '' }: SimulatedCommand): readonly string[] {
  return input.split('\n').filter((line) => line.trim() !== '');
}

function originOf({ place, loops, mayFail }: SimulatedCommand): string {
  const turns = loops.map(({ name, value }) => `, ${name} = ${value}`).join('');
  return `${at(place)}${turns}${mayFail ? ', may fail' : ''}`;
}

const told = (what: string, { place, why }: UncheckedPlace): string => `${at(place)}: ${what}: ${why}`;

const at = ({ file, line }: SourcePlace): string => `${file}:${line}`;
