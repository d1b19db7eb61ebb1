import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { asText } from '../../node/cli/check-text.ts';
import { annotationsOf, checkedOf, reportOfSimulated, sarifOf } from '../../src/api/index.ts';
import { NAME, Run, turn } from '../lint/run.ts';
import { cli, file } from './cli.ts';

const SFQ = 'tc qdisc add dev $IF root handle 1: sfq';
const FILTER = 'tc filter add dev $IF parent 1: protocol all handle 1 flow hash keys nfct-src divisor 2048';
const TEXT = `. ./lib.sh
[ -f /etc/sqm.conf ] && echo yes
for i in 1 2 3; do
  ${SFQ}
done
tc class add dev $UNKNOWN parent 1:
exit 1
`;
const LIB = `shape() {\n  ${FILTER}\n}\n`;

/** A loop whose filters stand in a sourced file. */
function run(): Run {
  const shown = new Run(TEXT, {}, { 'lib.sh': LIB });
  const all = new Run(
    TEXT,
    {
      assumptions: [{ place: shown.place('[ -f /etc/sqm.conf ]'), question: '[ -f /etc/sqm.conf ]', answer: 'no' }],
      unchecked: [{ place: shown.place('tc class add dev $UNKNOWN parent 1:'), why: '$UNKNOWN is not known' }],
      ended: { place: shown.place('exit 1'), why: 'exit 1', kind: 'exit', commands: 6 },
      notes: [{ place: shown.place('shape()', 'lib.sh'), why: 'dash takes this too' }],
      ...{ args: ['start'], triedStart: true },
    },
    { 'lib.sh': LIB },
  );
  for (const i of [1, 2, 3]) {
    const values = { $IF: `eth${i}` };
    all.ran(SFQ, values, { loops: [turn('i', i)] });
    all.ran(FILTER, values, { loops: [turn('i', i)], file: 'lib.sh' });
  }
  return all;
}

const script = { name: NAME, text: TEXT, report: reportOfSimulated(run().simulated, {}), problem: null };
const checked = checkedOf([script], {});

describe('a simulated script', () => {
  test('as JSON is what the schema says, with the names of its files', () => {
    const path = join(import.meta.dirname, '../../docs/schema/check.schema.json');
    const valid = new Ajv2020().compile(JSON.parse(readFileSync(path, 'utf8')));
    expect(valid(JSON.parse(JSON.stringify(checked))) ? [] : valid.errors).toEqual([]);
    const at = { file: 'lib.sh', line: 2, endLine: 2 };
    const [end, finding] = checked.findings;
    expect(end).toMatchObject({ code: 'FT040', severity: 'warning', file: NAME, line: 7, turns: 1 });
    expect(finding).toMatchObject({ code: 'FT004', ...at, turns: 3, loops: [{ name: 'i', value: '1' }] });
    expect(finding?.edits).toMatchObject([{ ...at, text: '1024' }]);
    expect(checked.assumptions).toMatchObject([
      { file: NAME, line: 2, question: '[ -f /etc/sqm.conf ]', answer: 'no' },
    ]);
    expect(checked.unchecked).toMatchObject([{ file: NAME, line: 6, column: 1, why: '$UNKNOWN is not known' }]);
    expect(checked.notes).toMatchObject([{ file: 'lib.sh', line: 1 }]);
    expect(checked.files).toMatchObject([
      { file: NAME, commands: 6, kind: 'shell', args: ['start'], triedStart: true, ended: { line: 7, why: 'exit 1' } },
    ]);
    expect(checked.record.inputs.map(({ name }) => name)).toEqual([NAME, 'lib.sh']);
  });

  test('as SARIF has fixes in the files that they change, and what was assumed', () => {
    const [sarif] = sarifOf(checked).runs;
    const [end, result] = sarif?.results ?? [];
    expect(end?.message.text).toBe('the script ends here: exit 1: what stands behind it is never run');
    expect(result?.locations[0]?.physicalLocation.artifactLocation.uri).toBe('lib.sh');
    expect(result?.message.text).toContain('(i = 1; the same in 2 more turns)');
    expect(result?.fixes?.[0]?.artifactChanges).toMatchObject([{ artifactLocation: { uri: 'lib.sh' } }]);
    const notes = sarif?.invocations[0]?.toolExecutionNotifications.map(({ message }) => message.text);
    expect(notes).toEqual([
      'not checked: $UNKNOWN is not known',
      'assumed: [ -f /etc/sqm.conf ] → no',
      'dash takes this too',
    ]);
  });

  test('as workflow commands names the file', () => {
    expect(annotationsOf(checked)).toMatch(
      /^::warning file=qos\.sh,line=7,.*the script ends here.*\n::error file=lib\.sh,line=2,.*the same in 2 more turns/,
    );
  });

  test('as text tells the turns, what was assumed, where it ends, and what was not checked', () => {
    const lines = asText({ ...script, fixed: null }, false, null).split('\n');
    expect(lines).toContainEqual(expect.stringMatching(/^lib\.sh:2 {2}FT004 error/));
    const source = lines.findIndex((line) => line.trim() === FILTER);
    expect(lines[source + 1]?.indexOf('^')).toBe(lines[source]?.indexOf('2048'));
    expect(lines).toContain('    line 2, i = 1; the same in 2 more turns');
    expect(lines).toContainEqual(expect.stringContaining('FT040 warning  the script ends here: exit 1'));
    expect(lines.slice(-6)).toEqual([
      'no tc command without arguments; run with "start"',
      'assumed: line 2: [ -f /etc/sqm.conf ] → no',
      '--file PATH=FILE gives a file',
      'note: line 1 of lib.sh: dash takes this too',
      'not checked, line 6: $UNKNOWN is not known',
      '',
    ]);
  });
});

/** Nothing is done without an argument. */
const SERVICE = `#!/bin/sh
DEV=eth0
case "$1" in
up) tc qdisc add dev $DEV root handle 1: drr ;;
down) tc qdisc del dev $DEV root ;;
status) tc -s qdisc show dev $DEV; tc class list dev "$DEV" ;;
*) echo "usage: qos {up|down}"; exit 1 ;;
esac
`;

describe('a script of which no tc command is reached', () => {
  const what = (text: string, ...args: string[]): string => {
    const path = file('service.sh', text);
    const { status, stdout, stderr } = cli(['check', path, ...args]);
    expect([status, stdout]).toEqual([2, '']);
    return stderr.replaceAll(path, 'service.sh');
  };

  test('is told how it ends, what it prints, and where its arguments stand', () => {
    expect(what(SERVICE)).toBe(
      `cls-flow: service.sh: without tc commands: it ends with exit 1 at line 7 and prints "usage: qos {up|down}"
  its arguments stand behind --: cls-flow check service.sh -- ARGUMENTS
`,
    );
    expect(what(SERVICE, '--', 'upp')).toBe(
      'cls-flow: service.sh: without tc commands: it ends with exit 1 at line 7 and prints "usage: qos {up|down}"\n',
    );
  });

  test('is told in one line without what would act on a terminal', () => {
    expect(what("#!/bin/sh\nprintf 'no \\033[31mway\\nout\\n'\n")).toBe(
      'cls-flow: service.sh: without tc commands: it runs to its end and prints "no \\x1b[31mway" and more\n',
    );
    expect(what(`#!/bin/sh\n: "\${DEV:?set it}"\n`)).toBe(
      'cls-flow: service.sh: without tc commands: it ends at line 2: DEV: set it\n',
    );
  });

  test('is told so, too, where its plain tc lines are judged by themselves', () => {
    const path = file('plain.sh', '#!/bin/sh\nif [ "$1" = up ]; then tc qdisc add dev eth0 root sfq; fi\nexit 4\n');
    expect(cli(['check', path]).stdout).toContain('\nthe run comes to no tc command: it ends with exit 4 at line 3\n');
  });
});

describe('lines that only list', () => {
  test('are not told as unchecked, unlike those that delete', () => {
    const path = file('lists.sh', SERVICE);
    const { unchecked } = JSON.parse(cli(['check', path, '--format', 'json', '--', 'up']).stdout);
    expect(unchecked).toMatchObject([{ line: 5 }]);
    const opaque = SERVICE.replace('tc -s qdisc show', 'tc $WHAT show').replace('class list', 'class "$DO"');
    const { unchecked: more } = JSON.parse(
      cli(['check', file('opaque.sh', opaque), '--format', 'json', '--', 'up']).stdout,
    );
    expect(more).toMatchObject([{ line: 5 }, { line: 6 }, { line: 6 }]);
  });
});

describe('findings of which not all are printed', () => {
  const QDISC = 'qdisc add dev eth0 root handle 1: drr\n';
  const stdout = (text: string): string => cli(['check', '-'], { input: Buffer.from(QDISC + text) }).stdout;
  const line = (word: string): string => `class add dev eth0 parent 1: classid 1:1 drr ${word} 1\n`;

  test('are alike: another error of the same code is printed', () => {
    const text = stdout(line('quantun').repeat(6) + line('limit'));
    expect(text).toMatch(/^-:8 {2}SYNTAX error {2}.*"limit"/m);
    expect(text).toMatch(/^SYNTAX: 3 more like line 2, in lines 5-7$/m);
  });

  test('are alike where only the classes that they name are others', () => {
    const filter = (n: number): string =>
      `filter add dev eth0 parent 1: protocol all prio ${n} handle ${n} flow map key src and 0xff baseclass 1:${n}\n`;
    const text = stdout([1, 2, 3, 4, 5].map(filter).join(''));
    expect([...text.matchAll(/^-:(\d) {2}FT005 error {2}(.*)$/gm)].map(([, line, message]) => [line, message])).toEqual(
      [
        ['2', 'none of the 256 classes exists: 1:1–1:100'],
        ['3', 'none of the 256 classes exists: 1:2–1:101'],
        ['4', 'none of the 256 classes exists: 1:3–1:102'],
      ],
    );
    expect(text).toMatch(/^FT005: 2 more like line 2, in lines 5-6$/m);
  });
});

test('the way to give a file is named once, behind all that was assumed', () => {
  const path = file(
    'files.sh',
    `#!/bin/sh
[ -f /etc/qos.conf ] && . /etc/qos.conf
. /etc/more.conf
RATE=$(cat /etc/rate)
tc qdisc add dev eth0 root sfq
`,
  );
  const lines = cli(['check', path]).stdout.split('\n');
  const last = lines.findLastIndex((line) => line.startsWith('assumed: '));
  expect(last).toBeGreaterThan(1);
  expect(lines[last + 1]).toBe('--file PATH=FILE gives a file');
  const other = file('none.sh', '#!/bin/sh\nip route get 192.0.2.1\ntc qdisc add dev eth0 root sfq\n');
  expect(cli(['check', other]).stdout).not.toContain('--file');
});
