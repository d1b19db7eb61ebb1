import type { NetfilterCommand } from '../netfilter/index.ts';
import type { Script } from './script.ts';

/** What the script asks of other tools, and of tc: in the order of each, as they have nothing to do with each other. */
export function netfilterOf({ tools, commands }: Script): NetfilterCommand[] {
  const others = tools.map(({ words, exit, ...line }) => ({ ...line, words: words.map(asWord), exit: exit ?? 0 }));
  const own = commands.map(({ words, netns, place }) => ({ tool: 'tc', netns, place, words: words.map(asWord) }));
  return [...others, ...own];
}

const asWord = (text: string): { readonly text: string } => ({ text });

const IPV4 = 0x0800;
const IPV6 = 0x86dd;

/** A filter of this EtherType (3: all) meets packets that rules of this family are for. */
export function meets(protocol: number, family: 'ip' | 'ip6' | 'both'): boolean {
  if (protocol === IPV4) return family !== 'ip6';
  return protocol !== IPV6 || family !== 'ip';
}
