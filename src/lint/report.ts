import type { LoopValue } from '../shell/index.ts';
import type { TextEdit } from './changes.ts';
import type { Edit } from './edit.ts';
import type { Severity } from './finding.ts';
import type { Command, FilePlace, Script, UncheckedAt } from './script.ts';

/** One finding, as it is reported. */
export interface CheckedFinding extends FilePlace {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly effect: string;
  /** The corrected command; null: there is no single right one. */
  readonly fix: string | null;
  readonly edits: readonly Edit[];
  /**
   * The same as changes of the text, the first place first. None of a dump, which nobody runs, nor where a variable made
   * the words or the turns of a loop want different changes.
   */
  readonly changes: readonly TextEdit[];
  readonly command: Command;
  /** Who refuses the command, whatever else the finding says of it; null: nobody. */
  readonly refusedBy: 'tc' | 'kernel' | null;
  /** Turns of loops, or calls of a function, of which this is found at the same place. The first is told. */
  readonly turns: number;
  /** What the loops were at in the first turn. */
  readonly loops: readonly LoopValue[];
}

export interface Report {
  /** The script itself first; by line. */
  readonly findings: readonly CheckedFinding[];
  readonly script: Script;
  /** A flow filter stands on a qdisc of the script's. */
  readonly hasFlowFilter: boolean;
  /** tc lines that were run before the script, since it builds on what they make. */
  readonly assumed: readonly string[];
  /** Those of them that the script has not replaced by its own. */
  readonly standing: readonly string[];
  /** Words that tc takes and that are not modelled here, which is no fault of the script. */
  readonly notModelled: readonly NotModelledAt[];
  /** tc commands that could not be judged. */
  readonly unchecked: readonly UncheckedAt[];
}

export interface NotModelledAt extends FilePlace {
  readonly word: string;
  readonly why: string;
}
