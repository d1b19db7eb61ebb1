import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../examples/', import.meta.url));

/** The programs among the examples, with what they say they print; the others are parts of them. */
const PROGRAMS = readdirSync(folder)
  .filter((name) => name.endsWith('.mjs'))
  .map((name) => ({ name, shown: /\/\* prints\n([\s\S]*)\*\/\n$/.exec(readFileSync(folder + name, 'utf8'))?.[1] }))
  .filter(({ shown }) => shown !== undefined);

describe('the examples print what they say', () => {
  test.each(PROGRAMS)('$name', ({ name, shown }) => {
    expect(execFileSync(process.execPath, [folder + name], { encoding: 'utf8' })).toBe(shown);
  });

  test('mirror.tc: tc would take every line', () => {
    const cli = fileURLToPath(new URL('../../dist/node/cli/start.cjs', import.meta.url));
    const args = ['classify', `${folder}household.pcapng`, '--script', `${folder}mirror.tc`, '--dev', 'wan'];
    const { stderr, stdout } = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toContain('out of ifb0');
  });

  test('there are several', () => {
    expect(PROGRAMS.length).toBeGreaterThan(3);
  });
});
