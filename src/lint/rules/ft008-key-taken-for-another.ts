import { matches } from '../../lang/index.ts';
import { ALL_KEYS, KEYS } from '../../sched/flow/index.ts';
import { put, type Rule } from '../finding.ts';
import { flowArgument } from '../script.ts';

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
          message:
            item === name ? `the key ${item} stands there twice` : `"${item}" is no key; tc takes it for ${name}`,
          effect: twice
            ? `${name} counts once, so the hash is over fewer keys than are written`
            : `the hash is over ${name}, and over nothing that ${item} may have meant`,
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
