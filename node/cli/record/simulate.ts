import { shellScriptOf, simulateScript } from '../../../src/api/index.ts';
import type { Simulated } from '../../../src/shell/index.ts';
import { CommandLineError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { readCommands } from '../named-file.ts';
import { type ShellFlags, shellOf, shellQuestion } from '../script-files.ts';

/** What a script and its arguments do, without running them. */
export function simulateCommand(
  [script = '', ...args]: readonly string[],
  flags: ShellFlags,
  limits: Limits,
): Promise<Simulated> {
  const text = readCommands(script, limits, CommandLineError);
  return simulateScript(
    shellScriptOf({ ...shellQuestion(flags, limits), script: text, args }, shellOf(script, limits)),
  );
}
