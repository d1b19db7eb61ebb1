import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../../../../test/reliability/model/model.c', import.meta.url));
const MOST_OUTPUT = 1 << 30;

/** The C model, compiled. */
export interface Model {
  /** Runs it beside us; what it printed. */
  start(args: readonly string[]): Promise<string>;
  /** Runs it to its end on bytes. */
  run(args: readonly string[], input: Uint8Array): Uint8Array;
}

export const NO_COMPILER = 'there is no C compiler here (apt-get install gcc)';

/** Compiles model.c for as long as `use` runs; null: there is no compiler. */
export async function withModel<T>(use: (model: Model) => T | Promise<T>): Promise<T | null> {
  const folder = mkdtempSync(path.join(tmpdir(), 'cls-flow-model-'));
  const program = path.join(folder, 'model');
  try {
    const { status } = spawnSync('cc', ['-O2', '-o', program, SOURCE], { stdio: ['ignore', 'ignore', 'inherit'] });
    return status === 0 ? await use(modelOf(program)) : null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function modelOf(program: string): Model {
  return {
    start: (args) =>
      new Promise((resolve, reject) => {
        const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
        let text = '';
        child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        child.on('error', reject).on('close', () => resolve(text));
      }),
    run: (args, input) => new Uint8Array(spawnSync(program, args, { input, maxBuffer: MOST_OUTPUT }).stdout),
  };
}
