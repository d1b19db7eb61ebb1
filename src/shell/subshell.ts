import type { Shell } from './shell.ts';
import { ExitSignal, LoopSignal, ReturnSignal, ShellError } from './signals.ts';

/** Runs `work` in a copy of the shell, or in `inner`; its status is left in the outer one. */
export async function inSubshell(
  shell: Shell,
  work: (inner: Shell) => Promise<void>,
  inner: Shell = shell.copy(),
): Promise<void> {
  const { folder } = shell.host.files;
  try {
    await untilEnd(inner, () => work(inner));
    await untilEnd(inner, () => runExitTrap(inner));
  } finally {
    shell.host.files.folder = folder;
  }
  shell.status = inner.status;
}

/** Until it is done, or something ends the shell. */
async function untilEnd(inner: Shell, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ExitSignal || error instanceof ReturnSignal) inner.status = error.status;
    else if (error instanceof LoopSignal) inner.status = 0;
    else if (error instanceof ShellError) {
      inner.complain(`${error.message}\n`);
      inner.status = 1;
    } else throw error;
  }
}

/** `trap … EXIT`. */
export async function runExitTrap(shell: Shell): Promise<void> {
  const text = shell.traps.get('EXIT');
  shell.traps.delete('EXIT');
  if (text === undefined || text === '') return;
  const { status } = shell;
  await shell.host.evaluate(text, shell, null);
  shell.status = status;
}
