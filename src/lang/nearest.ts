/** Edits that still count as a slip of the finger, for a word of this length. */
const tolerance = (length: number): number => (length < 4 ? 1 : length < 8 ? 2 : 3);

/** The known words that a wrong one most likely stands for: those that the fewest edits make of it. */
export function nearest(word: string, known: Iterable<string>): string[] {
  let best: string[] = [];
  // As many edits as letters make any word of any other.
  let least = Math.min(tolerance(word.length), word.length - 1);
  for (const candidate of known) {
    if (Math.abs(word.length - candidate.length) > least) continue;
    const edits = distance(word.toLowerCase(), candidate.toLowerCase());
    if (edits === 0 || edits > least) continue;
    best = edits < least ? [candidate] : [...best, candidate];
    least = edits;
  }
  return best;
}

/** Optimal string alignment: insertions, deletions, replacements and swaps of neighbours. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? (beforeLast[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      row[j] = Math.min(replaced, swap, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
