import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { projectPath } from './corpus.ts';

/** The built one, as threads begin with built files; a little of what `npm run fuzz` does. */
it('several threads count as one does, whatever a large file holds', () => {
  const nothing = ['seconds', 'messages', 'commands', 'scripts', 'pairs', 'trees'].flatMap((part) => [
    `--${part}`,
    '0',
  ]);
  const args = [projectPath('dist/test/fuzz/main.js'), ...nothing, '--files', '12', '--seed', '3'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/12 large files on several threads, [1-9]\d* parts of them counted/);
});
