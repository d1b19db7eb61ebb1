import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Runs tools/measure/NAME.mjs and gives the figures that it left. What it prints goes where we print. */
export function measured<T>(name: 'mutants' | 'coverage'): T {
  const figures = `${root}.cache/measure/${name}.json`;
  rmSync(figures, { force: true });
  spawnSync(process.execPath, [`tools/measure/${name}.mjs`], { cwd: root, stdio: 'inherit' });
  return JSON.parse(readFileSync(figures, 'utf8'));
}
