import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { asText } from '../../node/cli/check-text.ts';
import { annotationsOf, checkedOf, reportOfSimulated, sarifOf } from '../../src/api/index.ts';
import { NAME, Run, turn } from '../lint/run.ts';

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
    expect(lines.slice(-5)).toEqual([
      'no tc command without arguments; run with "start"',
      'assumed: line 2: [ -f /etc/sqm.conf ] → no',
      'note: line 1 of lib.sh: dash takes this too',
      'not checked, line 6: $UNKNOWN is not known',
      '',
    ]);
  });
});
