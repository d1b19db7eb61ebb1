import { escapeText } from '../../src/lang/index.ts';
import type { CaptureProblem } from '../../src/report/index.ts';
import { type CaptureFile, readCapture, type Taker } from '../files.ts';
import { CommandLineError, fileProblem } from './errors.ts';
import { isTerminal, say } from './output.ts';

/** How reading the captures ended. */
export interface Reading {
  readonly errors: readonly CaptureProblem[];
  /** Whether a capture ends in the middle of a record. */
  readonly cut: boolean;
}

export interface Watcher {
  /** Called about twice a MiB, and once a file is done. */
  onBatch(file: CaptureFile): void;
  /** Called before something is written to standard error. */
  onMessage(): void;
}

/**
 * Has captures taken one after the other. A broken one is told on standard error and the next goes on; what was read of
 * it counts. A taker that says false ends the reading of all.
 */
export async function readCaptures(paths: readonly string[], taker: Taker, watcher: Watcher): Promise<Reading> {
  checkStandardInput(paths);
  const errors: CaptureProblem[] = [];
  let cut = false;
  let more = true;
  const told: Taker = {
    ...taker,
    take(reader) {
      more = taker.take(reader);
      return more;
    },
  };
  for (const path of paths) {
    const { problem, file } = await readOne(path, told, watcher);
    if (problem !== null) errors.push(problem);
    if (file?.cut) cut = true;
    if (problem !== null || warnings(file).length > 0) watcher.onMessage();
    for (const warning of warnings(file)) say(`cls-flow: warning: ${place(path, null)}: ${escapeText(warning)}`);
    if (problem !== null) say(`cls-flow: ${place(path, problem.offset)}: ${escapeText(problem.message)}`);
    if (!more) break;
  }
  return { errors, cut };
}

interface ReadOne {
  readonly problem: CaptureProblem | null;
  /** null if it could not even be opened. */
  readonly file: CaptureFile | null;
}

async function readOne(path: string, taker: Taker, watcher: Watcher): Promise<ReadOne> {
  let file: CaptureFile | null = null;
  try {
    file = await readCapture(path, taker, (current) => {
      file = current;
      watcher.onBatch(current);
    });
    return { problem: null, file };
  } catch (error) {
    const problem = fileProblem(error);
    if (problem === null) throw error;
    return { problem: { file: path, ...problem }, file };
  }
}

function warnings(file: CaptureFile | null): string[] {
  if (file === null) return [];
  const { cut } = file;
  return [...file.warnings, ...(cut === null ? [] : [`cut off at byte ${cut.offset}: ${cut.message}`])];
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
