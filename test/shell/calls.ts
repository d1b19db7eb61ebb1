import { countOptions } from '../../src/command/index.ts';
import { batchLines, shellQuoted } from '../../src/lang/index.ts';

/** One call of a tool, as a script made it. */
export interface Call {
  readonly tool: string;
  /** Network namespace it was made in; empty: the first. */
  readonly netns: string;
  /** What follows the tool's name. */
  readonly words: readonly string[];
}

/** Programs that set the network up: their calls are compared. */
export const TOOLS: readonly string[] = ['tc', 'ip', 'iptables', 'ip6tables', 'ipset', 'nft', 'modprobe', 'ethtool'];

/** A call in one line, its words quoted where they must be. */
export function lineOf({ tool, netns, words }: Call): string {
  const place = netns === '' ? [] : [`in ${netns}:`];
  return [...place, tool, ...words.map((word) => (word.startsWith('-') ? word : shellQuoted(word)))].join(' ');
}

/** Options of tc and ip that have a value and a namespace for it. */
const NETNS = /^-n(?:et(?:n(?:s)?)?)?$/;

/**
 * The commands of one call: a batch gives one for each of its lines. Options before the object are left out: they
 * choose a namespace, which is taken over, or how the output looks.
 */
export function commandsOf({ tool, netns, words }: Call, input: string): Call[] {
  if (tool !== 'tc' && tool !== 'ip') return [{ tool, netns, words }];
  const count = optionsOf(tool, words);
  const options = words.slice(0, count);
  const at = options.findIndex((word) => NETNS.test(word));
  const inside = at < 0 ? netns : (options[at + 1] ?? '');
  if (!options.some((word) => /^-b(?:a(?:t(?:c(?:h)?)?)?)?$/.test(word))) {
    return [{ tool, netns: inside, words: words.slice(count) }];
  }
  return [...batchLines(input)].map((line) => ({ tool, netns: inside, words: line.words }));
}

/** How many words are options, with their values. */
function optionsOf(tool: string, words: readonly string[]): number {
  if (tool === 'tc') return Math.max(0, countOptions(words));
  let at = 0;
  while (words[at]?.startsWith('-')) at += NETNS.test(words[at] ?? '') ? 2 : 1;
  return at;
}

/** What tc answers in every run, real or simulated: nothing is there to be deleted, and all else is done. */
export const ANSWERS = {
  deleted: { exit: 2, stdout: '', stderr: 'Error: Cannot delete qdisc with handle of zero.\n' },
  qdiscs: { exit: 0, stdout: 'qdisc fq_codel 0: root refcnt 2 limit 10240p flows 1024\n', stderr: '' },
  done: { exit: 0, stdout: '', stderr: '' },
} as const;

/** tc's answer to these words. The stand-in of real-bash.ts answers the same. */
export function tcAnswer(words: readonly string[]): { exit: number; stdout: string; stderr: string } {
  const [object, verb] = words.slice(optionsOf('tc', words));
  if (verb === 'del') return ANSWERS.deleted;
  return object === 'qdisc' && verb === 'show' ? ANSWERS.qdiscs : ANSWERS.done;
}
