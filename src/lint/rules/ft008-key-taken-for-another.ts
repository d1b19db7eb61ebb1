import { matches } from '../../lang/index.ts';
import { ALL_KEYS, KEYS } from '../../sched/flow/index.ts';
import { put, type Rule } from '../finding.ts';
import { flowArgument } from '../script.ts';
import type { Page } from './page.ts';

const NAMES = ALL_KEYS.map((key) => KEYS[key].name);

/** iproute2 tc/f_flow.c: flow_parse_keys() takes any prefix of a key's name, the first that fits (quirk 17). */
export const FT008: Rule = {
  code: 'FT008',
  severity: 'warning',
  title: 'a key that tc takes for another, or twice',
  *look(tree) {
    for (const { command } of tree.asked) {
      const word = flowArgument(command, 'keys');
      const items = command.words[word]?.split(',') ?? [];
      const taken = items.map((item) => NAMES.find((name) => matches(item, name)) ?? item);
      for (const [i, item] of items.entries()) {
        const name = taken[i] ?? item;
        const twice = taken.indexOf(name) !== i || taken.lastIndexOf(name) !== i;
        const candidates = NAMES.filter((known) => matches(item, known));
        if (item === name ? items.indexOf(name) === i : candidates.length === 1 && !twice) continue;
        const meant = meantBy(item, items);
        yield {
          command,
          word,
          message: item === name ? `the key ${item} is there twice` : `"${item}" is no key; tc takes it for ${name}`,
          effect: twice
            ? `${name} counts once, so the hash uses fewer keys than are written`
            : `the hash uses ${name}, and not what ${item} was meant to be`,
          mend: [put(word, replaced(items, i, item === name ? null : meant).join(','))],
        };
      }
    }
  },
};

/** `nfct-proto` can only have meant proto: connection tracking keeps no key of that name. */
function meantBy(item: string, items: readonly string[]): string | null {
  return item === 'nfct-proto' && !items.includes('proto') ? 'proto' : null;
}

function replaced(items: readonly string[], at: number, by: string | null): string[] {
  return items.flatMap((item, i) => (i !== at ? [item] : by === null ? [] : [by]));
}

export const PAGE: Page = {
  happens: [
    'tc accepts any beginning of a key name, and takes the first key that fits.',
    'There is no key `nfct-proto`, so tc takes it for `nfct-proto-src`. A key that is there twice counts once.',
    'In the example tc sends key mask 0x1e00 where 0x1e04 was meant, and prints nothing.',
  ],
  mend: ['Use `proto` for the protocol: connection tracking has no key for it.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all handle 1 flow hash keys nfct-proto,nfct-proto-src divisor 1024',
      ],
      line: 2,
      word: 'nfct-proto,nfct-proto-src',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys proto,nfct-proto-src divisor 8',
      ],
      why: 'Both are names of keys.',
    },
  ],
};
