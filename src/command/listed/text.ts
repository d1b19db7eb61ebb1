import { isListed } from './kind-of.ts';
import { type Thing, thingOf } from './things.ts';

/** Lines of a size table, which `-d` adds to a qdisc. */
const STAB = /^\s*(?:stab\s+)?((?:(?:linklayer|overhead|mpu|mtu|tsize) \S+\s*)+)$/;

/** The things that `tc … show` lists. Lines of counters (`-s`) are passed over. */
export function readListing(text: string): Thing[] {
  const things: Thing[] = [];
  let begun: { readonly line: number; readonly words: string[] } | null = null;
  const end = (): void => {
    if (begun !== null) things.push(thingOf(begun.line, begun.words));
  };
  for (const [i, line] of text.split('\n').entries()) {
    if (isListed(line)) {
      end();
      begun = { line: i + 1, words: line.trim().split(/\s+/) };
    } else if (begun !== null) begun.words.push(...more(begun.words, line));
  }
  end();
  return things;
}

/** The words that a line below adds to what begins above: a filter goes on over several lines. */
function more([noun, ...words]: readonly string[], line: string): string[] {
  if (!/^\s+\S/.test(line)) return [];
  if (noun === 'filter') return isCounted(line) ? [] : line.trim().split(/\s+/);
  const stab = noun === 'qdisc' && !words.includes('stab') ? STAB.exec(line)?.[1] : undefined;
  return stab === undefined ? [] : ['stab', ...stab.trim().split(/\s+/)];
}

/** What `-s` adds to a filter and its actions. */
const isCounted = (line: string): boolean =>
  /^\s*(?:Action statistics:|Sent (?:hardware |software )?\d+ bytes|backlog |rate \d)/.test(line);
