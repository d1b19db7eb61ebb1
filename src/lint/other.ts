import { getClassid, matches } from '../lang/index.ts';

/**
 * The class that a filter of another kind names (`flowid`, `classid`); null: none, or it is left to u32's tables or to
 * a program. Read from the words, as such a filter is only looked at from outside.
 */
export function otherTarget(words: readonly string[]): number | null {
  const targets = words.flatMap((word, i) => {
    const names = word.length > 3 && (matches(word, 'flowid') || matches(word, 'classid'));
    const id = names ? getClassid(words[i + 1] ?? '') : undefined;
    return id === undefined ? [] : [id];
  });
  const [target] = targets;
  return targets.length === 1 && target !== undefined ? target : null;
}
