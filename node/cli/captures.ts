import type { Progress, ReadOptions } from '../../src/api/index.ts';
import { escapeText } from '../../src/lang/index.ts';
import { FileSource, type Splitter } from '../file-source.ts';
import { CommandLineError } from './errors.ts';
import { isTerminal, say } from './output.ts';
import type { Shown } from './progress.ts';

/** The captures that the command line names. Throws CommandLineError where standard input cannot be one. */
export function sourcesOf(paths: readonly string[], splitter: Splitter | null = null): FileSource[] {
  checkStandardInput(paths);
  return paths.map((path) => new FileSource(path, splitter));
}

/** Where somebody who watches is shown how far it has come; `watched`: nothing else is written to that terminal. */
export interface Watched {
  readonly watched?: boolean;
  readonly screen?: Shown | null;
}

/**
 * Does what reads captures: what is worth knowing of them is printed on standard error, and so is how far it has come
 * where that is a terminal.
 */
export async function reading<T>(
  paths: readonly string[],
  { watched = true, screen = null }: Watched,
  read: (options: ReadOptions) => Promise<T>,
): Promise<T> {
  const shown = screen ?? (watched && isTerminal.stderr() ? await progressOf(paths) : null);
  try {
    return await read({
      progress: shown === null ? undefined : (reached: Progress) => shown.update(reached),
      warn(name, message) {
        shown?.stop();
        say(`cls-flow: warning: ${place(name, null)}: ${escapeText(message)}`);
      },
      failed({ file, offset, message }) {
        shown?.stop();
        say(`cls-flow: ${place(file, offset)}: ${escapeText(message)}`);
      },
    });
  } finally {
    shown?.stop();
  }
}

async function progressOf(paths: readonly string[]): Promise<Shown> {
  const { createProgress } = await import('./progress.ts');
  return createProgress(paths);
}

function place(path: string, offset: number | null): string {
  const name = path === '-' ? 'standard input' : escapeText(path);
  return offset === null ? name : `${name}:${offset}`;
}

function checkStandardInput(paths: readonly string[]): void {
  const asked = paths.filter((path) => path === '-').length;
  if (asked > 1) throw new CommandLineError('standard input can be read only once');
  if (asked === 1 && isTerminal.stdin()) {
    throw new CommandLineError(
      'standard input is this terminal',
      null,
      'example: zcat a.pcap.gz | cls-flow classify - …',
    );
  }
}
