import { captureHelp as ask, type CaptureHelp, simulateQuestion } from '../../src/api/index.ts';
import { escapeText } from '../../src/lang/index.ts';
import type { CaptureHelpFlags } from './commands/capture-help.ts';
import { asking, besidesOf, questionOf } from './options.ts';
import { painter } from './output.ts';
import { Output } from './result.ts';

/** `cls-flow capture-help`: recipes for tcpdump. */
export async function captureHelp(flags: CaptureHelpFlags): Promise<void> {
  const { dev, lan } = flags;
  const own = { ...(dev === undefined ? {} : { dev }), ...(lan === undefined ? {} : { lan }) };
  const help = await asking(flags, async () => {
    const { script, args, env, files } = questionOf(flags);
    const given = { ...(args && { args }), ...(env && { env }), ...(files && { files }) };
    const question = { ...(script === undefined ? {} : { script }), ...given };
    const besides = besidesOf(flags);
    return ask({ ...question, ...own }, { ...besides, simulated: await simulateQuestion(question, besides.shell) });
  });
  const output = new Output();
  output.write(flags.format === 'json' ? `${JSON.stringify(help, null, 2)}\n` : text(help));
  output.flush();
}

const FOOT = [
  'End a line with what is wanted of the packets: net 10.0.0.0/8,',
  'or behind VLAN tags: vlan and ip.',
  'As it stops, tcpdump counts lost packets: with many, give it -B 8192.',
  'Without -Q, leave --direction out: --hosts PREFIX tells it from the addresses.',
];

/** Each choice stands on a line of its own: a screen has 80 columns. */
const thenLines = (options: string): string[] =>
  options.split('; ').map((part, i) => `  ${i === 0 ? 'then:' : 'or'} ${part}`);

function text({ nat, recipes, notes }: CaptureHelp): string {
  const paint = painter('stdout');
  const rules = nat.map(({ device, kind, file, line }) => {
    const place = file === null ? `line ${line}` : `${escapeText(file)}:${line}`;
    return `NAT: ${kind} on ${device === null ? 'any device' : escapeText(device)} (${place})`;
  });
  const parts = recipes.map(({ question, where, commands, options }) =>
    [`${paint('bold', question)}`, `  ${where}`, ...commands.map((line) => `    ${line}`), ...thenLines(options)].join(
      '\n',
    ),
  );
  return `${[...rules, ...notes.map((note) => `note: ${escapeText(note)}`), ...parts, ...FOOT].join('\n')}\n`;
}
