import { identityOf, identityOfOpen } from '../write.ts';
import type { WalkFlags } from './commands/walk.ts';
import { CommandLineError } from './errors.ts';
import { fileOfSets } from './ipset.ts';

const STDIN = 0;
const STDOUT = 1;

/** Refuses outputs that are one file, however named, and an output that is an input: that would be gone. */
export function checkOutputs(outputs: readonly (string | undefined)[], inputs: readonly (string | undefined)[]): void {
  const wanted = outputs.filter((path) => path !== undefined);
  if (wanted.length === 0) return;
  const known = new Map<string, string>();
  const note = (identity: string | null, what: string): void => {
    if (identity !== null) known.set(identity, what);
  };
  for (const path of inputs) {
    if (path !== undefined) note(path === '-' ? identityOfOpen(STDIN) : identityOf(path), 'is read');
  }
  note(identityOfOpen(STDOUT), 'is where the result is printed');
  for (const path of wanted) {
    const identity = identityOf(path);
    const what = identity === null ? undefined : known.get(identity);
    if (what !== undefined) throw new CommandLineError(`${path}: ${what}, and cannot be written too`);
    note(identity, 'is named for another output');
  }
}

/** The files that the options of a walk name. */
export function walkInputs({ script, state, ipset = [], conntrack, meta }: Partial<WalkFlags>): (string | undefined)[] {
  return [script, state, ...ipset.map(fileOfSets), conntrack, meta];
}
