import { counted, escapeText } from '../lang/index.ts';
import type { MarkRule } from '../ruleset/index.ts';
import type { Run } from '../run.ts';

/** Rules that leave marks open and are listed in text; the others are counted. */
const LISTED = 3;

/** A rule of iptables or nft that left marks open. */
export interface UndecidedRule {
  /** null: the script itself. */
  readonly file: string | null;
  readonly line: number;
  readonly chain: string;
  /** As it was written, without its table and its chain. */
  readonly rule: string;
  /** Packets whose mark is assumed, as this was the first rule on their way that is not evaluated. */
  readonly packets: number;
}

/** The script's rules that write marks, and how far they were evaluated. */
export interface MarksRow {
  readonly rules: number;
  /** The script empties all tables first: others have no rules. Else marks are assumed. */
  readonly complete: boolean;
  readonly undecided: readonly UndecidedRule[];
}

/** What the script's rules were to the packets of a run; nothing: no rule writes marks, or packets have not met them. */
export function marksOfRun({ options }: Pick<Run, 'options'>): { readonly marks?: MarksRow } {
  const rules = options.marks?.rules;
  if (rules === undefined) return {};
  const undecided = rules.rules
    .map(({ place, chain, text }, i) => ({
      ...{ file: place.file, line: place.line, chain, rule: text, packets: rules.undecided[i] ?? 0 },
    }))
    .filter(({ packets }) => packets > 0)
    .sort((one, other) => other.packets - one.packets);
  return { marks: { rules: rules.rules.length, complete: rules.isComplete, undecided } };
}

/** `qos.sh:12`, or `line 12`. */
export const ruleAt = ({ file, line }: MarkRule['place']): string =>
  file === null ? `line ${line}` : `${file}:${line}`;

/** The same in notes. */
export function markNotes(run: Pick<Run, 'options'>): string[] {
  const { marks } = marksOfRun(run);
  if (marks === undefined) return [];
  const { complete, undecided } = marks;
  const more = undecided.length - LISTED;
  return [
    ...(complete ? [] : [OTHERS]),
    ...undecided
      .slice(0, LISTED)
      .map(
        (one) =>
          `${counted(one.packets, 'packet')}: the mark is assumed, as this rule is not evaluated: ${ruleText(one)}`,
      ),
    ...(more > 0
      ? [`${counted(more, 'more rule')} that ${more === 1 ? 'is' : 'are'} not evaluated: see the JSON`]
      : []),
  ];
}

const OTHERS =
  "marks are those of the script's rules, and assumed: other rules may be there too, as the script does not empty all tables first";

const ruleText = ({ file, line, chain, rule }: UndecidedRule): string =>
  escapeText(`${ruleAt({ file, line })}: ${chain} ${rule}`);
