import { describe, expect, test } from 'vitest';
import { check, mended, type TextEdit } from '../../src/lint/index.ts';
import { scripts } from './property.ts';

/** As an editor does it: the last place first, so that the others stay. */
function edited(text: string, changes: readonly TextEdit[]): string {
  const lines = text.split('\n');
  const offset = (line: number, column: number): number =>
    lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0) + column - 1;
  return changes.reduceRight(
    (left, { line, column, endLine, endColumn, text }) =>
      left.slice(0, offset(line, column)) + text + left.slice(offset(endLine, endColumn)),
    text,
  );
}

/** Quotes, a continued line, several commands on one line, words behind the command, two insertions at one place. */
const OWN = [
  'tc qdisc add dev eth0 root handle 1: sfq\ntc filter add dev eth0 parent 1: \\\n  protocol "all" \\\n  handle 1 flow hash keys src # why\n',
  'tc qdisc add dev eth0 root handle 1: sfq; tc filter add dev eth0 parent 1: protocol ip flow hash keys src || true\n',
  'qdisc add dev eth0 root handle 1: sfq\nfilter add dev eth0 parent 1: flow hash keys src perturb 10 action drop',
];

describe('the changes of a finding', () => {
  test('are what --fix writes of it', () => {
    let changed = 0;
    for (const text of [...OWN, ...scripts()]) {
      const report = check(text);
      for (const finding of report.findings) {
        if (finding.edits.length > 0 && !report.script.dump) changed++;
        expect(edited(text, finding.changes)).toBe(mended(text, { ...report, findings: [finding] }).text);
      }
    }
    expect(changed).toBeGreaterThan(20);
  });
});
