import { getU32, type Words } from '../../lang/index.ts';
import { type Decoded, struct, TYPED, table } from '../../netlink/index.ts';
import { Verdict } from '../../verdict.ts';
import { type Action, BARE, dumpRows, GEN, NO_GEN, NOT_EMULATED, PARMS, printTail, skip, TM } from './kind.ts';

/**
 * Kinds that tc and the kernel have and that are not modelled here: the action is there under its index, with its words
 * as typed, none of which is judged.
 */

const ATTRIBUTES = { tm: [1, TM], parms: [2, struct(GEN)], typed: TYPED } as const;
type NotModelled = Decoded<typeof ATTRIBUTES>;

/** Nobody knows what it writes: all bits. */
export const ANYTHING = -1;

/** What ends an action's words whatever its kind is: another action, or the filter's class. */
const BEHIND = ['action', 'flowid', 'classid'];

export function notModelled(kind: string): Action<NotModelled> {
  return {
    ...PARMS,
    kind,
    codec: table(ATTRIBUTES),
    scope: () => 'packet',
    sets: ANYTHING,
    speak(words, w) {
      skip(words);
      words.leaveOut(`action "${kind}"`);
      const typed = takeWords(words);
      w.put(ATTRIBUTES.parms, { ...NO_GEN, action: Verdict.PIPE, index: indexIn(typed) });
      w.put(TYPED, typed.join(' '));
    },
    settle: ({ parms = NO_GEN, typed = '' }) => ({ parms, typed }),
    dump: (value, w) => dumpRows(ATTRIBUTES, ['parms', 'typed', 'tm'], value, w),
    print({ parms = NO_GEN, typed = '', tm }, out, show = BARE) {
      out.put('kind', kind, `${kind} `);
      out.put('words', typed, typed);
      printTail(out, parms, tm, show);
    },
    compile: () => NOT_EMULATED,
  };
}

function takeWords(words: Words): string[] {
  const typed: string[] = [];
  while (!words.done && !BEHIND.includes(words.peek())) typed.push(words.next());
  return typed;
}

/** Every kind shares its actions by `index N`. */
function indexIn(typed: readonly string[]): number {
  const at = typed.lastIndexOf('index');
  return at < 0 ? 0 : (getU32(typed[at + 1] ?? '', 10) ?? 0);
}
