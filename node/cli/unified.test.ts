import { describe, expect, test } from 'vitest';
import { unified } from './unified.ts';

/** Puts `text` in place of whole lines, from `line` to `endLine`. */
const put = (line: number, endLine: number, text: string) => ({
  ...{ file: null, line, column: 1, endLine },
  ...{ endColumn: `line ${endLine}`.length + 1, text },
});

const lines = (count: number): string[] => Array.from({ length: count }, (_, i) => `line ${i + 1}`);

/** The expectations are what `diff -u` of GNU diffutils 3.8 prints, without the times. */
describe('a unified diff', () => {
  test('of changes near each other is one hunk, of changes far away two', () => {
    const old = lines(20);
    const now = old.with(1, 'two').with(8, 'nine').with(17, 'eighteen');
    const changes = [put(2, 2, 'two'), put(9, 9, 'nine'), put(18, 18, 'eighteen')];
    expect(unified('a', `${old.join('\n')}\n`, `${now.join('\n')}\n`, changes)).toBe(`--- a
+++ a
@@ -1,12 +1,12 @@
 line 1
-line 2
+two
 line 3
 line 4
 line 5
 line 6
 line 7
 line 8
-line 9
+nine
 line 10
 line 11
 line 12
@@ -15,6 +15,6 @@
 line 15
 line 16
 line 17
-line 18
+eighteen
 line 19
 line 20
`);
  });

  test('tells where the last line does not end, and counts lines that come or go', () => {
    const old = lines(12);
    const now = [...old.slice(0, 1), 'joined', ...old.slice(3, 11), 'x', 'y'];
    const changes = [put(2, 3, 'joined'), put(12, 12, 'x\ny')];
    expect(unified('a', old.join('\n'), now.join('\n'), changes)).toBe(`--- a
+++ a
@@ -1,6 +1,5 @@
 line 1
-line 2
-line 3
+joined
 line 4
 line 5
 line 6
@@ -9,4 +8,5 @@
 line 9
 line 10
 line 11
-line 12
\\ No newline at end of file
+x
+y
\\ No newline at end of file
`);
  });

  test('of several changes of a line shows it once', () => {
    const changes = [
      { file: null, line: 1, column: 1, endLine: 1, endColumn: 2, text: 'A' },
      { file: null, line: 1, column: 3, endLine: 1, endColumn: 4, text: 'B' },
    ];
    expect(unified('a', 'a b\n', 'A B\n', changes)).toBe('--- a\n+++ a\n@@ -1 +1 @@\n-a b\n+A B\n');
  });
});
