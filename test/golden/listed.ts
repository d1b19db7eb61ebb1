import { kindOf, listedCommands, runTc } from '../../src/command/index.ts';
import { createEnv } from '../../src/env.ts';
import type { Era } from '../../src/era.ts';
import { shellWords } from '../../src/lang/index.ts';
import { readEra, readLines } from './records.ts';
import { type Report, record, skip } from './report.ts';
import { namespaceAfter, transportOf } from './setup.ts';

interface Step {
  readonly command?: string;
  readonly stdout: string;
}

interface Case {
  readonly id: string;
  readonly setup: readonly string[];
  readonly steps: readonly Step[];
}

/** What a real tc printed of filters is read back, made again, and listed: the same comes out. */
export function readBack(directory: string, report: Report): Report {
  const era = readEra(directory);
  for (const one of readLines<Case>(directory, 'cases.jsonl')) {
    for (const step of one.steps) {
      const shown = SHOW.exec(step.command ?? '');
      if (shown !== null && /filter|kind/.test(step.stdout)) checkStep(one, step, shown[1] ?? '', era, report);
    }
  }
  return report;
}

/** A list of one parent, not cut down by preference, protocol or chain. */
const SHOW = /^tc (?:-[sdj] )*filter show dev d0 ?(parent \S+|ingress|egress|)$/;

function checkStep(one: Case, { command = '', stdout }: Step, where: string, era: Era, report: Report): void {
  const id = `${one.id} ${command} read back`;
  let commands: ReturnType<typeof listedCommands>;
  try {
    const text = placed(stdout, where);
    commands = listedCommands(text, kindOf(text) === 'dump' ? 'dump' : 'listing', 'd0');
  } catch {
    skip(report, 'not read back: a tc of before 2024 printed what is no JSON, with quotes in it');
    return;
  }
  const lost = commands.find(({ unread }) => unread !== null)?.unread;
  if (lost) {
    skip(report, `not read back: ${lost.replace(/\(.*/s, '').trim()}`);
    return;
  }
  const netns = namespaceAfter([...one.setup, ...one.steps.flatMap(({ command = '' }) => madeBy(command))], {
    env: createEnv({ era, seed: 0 }),
    userNamespace: false,
  });
  const transport = transportOf(netns);
  const refused = commands.flatMap(({ words }) => {
    const { exit, stderr } = runTc(words ?? [], { transport });
    return exit === 0 ? [] : [`${words?.join(' ')}: ${stderr}`];
  });
  const again = runTc(shellWords(command).slice(1), { transport, oldJson: true }).stdout;
  const isSame = timeless(again) === timeless(stdout);
  record(report, id, isSame ? refused : [...refused, `${JSON.stringify(again)}, tc ${JSON.stringify(stdout)}`]);
}

/** Qdiscs and classes that a step makes are there. */
const madeBy = (command: string): string[] => (/^tc (?:qdisc|class) /.test(command) ? [command] : []);

/** With the parent that was asked for, which tc leaves out. */
function placed(text: string, where: string): string {
  if (where === '') return text;
  const [word, id] = where.split(' ');
  const member = id === undefined ? `"${word}":true` : `"${word}":"${id}"`;
  return text
    .replace(/^filter (?!parent|root|ingress|egress|block)/gm, `filter ${where} `)
    .replace(/\{(?="protocol")/g, `{${member},`);
}

/** Without what time and traffic change. */
function timeless(text: string): string {
  return text
    .replace(/ *(?:installed|used|firstused|expires) \d+ sec/g, '')
    .replace(/,"(?:installed|last_used|first_used|expires)":\d+/g, '')
    .replace(/[ \t]+/g, ' ')
    .replace(/ \n/g, '\n')
    .trim();
}
