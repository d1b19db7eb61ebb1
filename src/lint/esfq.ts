import { matches } from '../lang/index.ts';
import { AFTER_ESFQ } from '../sched/qdisc/index.ts';
import { argument, type Command } from './script.ts';

/** The patch's words for what packets are kept apart by, as keys of a flow filter. */
const KEYS: ReadonlyMap<string, string> = new Map([
  ['src', 'src'],
  ['dst', 'dst'],
  ['fwmark', 'mark'],
  ['ctorigsrc', 'nfct-src'],
  ['ctorigdst', 'nfct-dst'],
]);
/** Words that sfq has too. */
const SHARED: ReadonlySet<string> = new Set(['perturb', 'quantum', 'limit', 'depth']);

/**
 * What does in today's kernels what a line with esfq asks for; null: it asks for none. esfq was a patch for Linux 2.4 and
 * 2.6 and for tc: sfq whose hash takes other words of a packet.
 */
export function insteadOfEsfq(command: Command): string | null {
  const { words } = command;
  const at = words.indexOf('esfq');
  if (at < 2 || !matches(words[0] ?? '', 'qdisc')) return null;
  const keys = KEYS.get(words[words.indexOf('hash', at) + 1] ?? '');
  const sfq = [AFTER_ESFQ, ...words.filter((_, i) => isShared(words, i, at) || isShared(words, i - 1, at))].join(' ');
  const instead = `esfq is a patch that no Linux kernel has: use "${sfq}"`;
  if (keys === undefined) return `${instead}, which a flow filter below it gives other hash keys`;
  const device = words[argument(command, 'dev')] ?? 'DEV';
  const handle = words[argument(command, 'handle')];
  const filter = `tc filter add dev ${device} parent ${handle ?? '1:'} protocol all prio 1 handle 1 flow hash keys ${keys} divisor 1024`;
  return `${instead}${handle === undefined ? ' with "handle 1:"' : ''} and "${filter}"`;
}

const isShared = (words: readonly string[], i: number, from: number): boolean => i > from && SHARED.has(words[i] ?? '');
