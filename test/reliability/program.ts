import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../kernel/root.ts';

/** How a program of the project ended, and the lines that it printed. */
export interface Ran {
  readonly status: number;
  readonly lines: readonly string[];
}

/** Runs a program, named from the root of a checkout, to its end; `say` gets its lines as they come. */
export async function program(
  [file, ...args]: readonly [file: string, ...args: string[]],
  say: (line: string) => void,
  root = ROOT,
): Promise<Ran> {
  const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit'];
  const child = spawn(process.execPath, [path.join(root, file), ...args], { cwd: root, stdio });
  const lines: string[] = [];
  const closed = once(child, 'close') as Promise<[number | null]>;
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    say(line);
  }
  const [status] = await closed;
  return { status: status ?? 1, lines };
}
