import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cli = fileURLToPath(new URL('../../dist/node/cli/main.js', import.meta.url));

/** The `$ command` of each console block of the README, with what it shows below. */
function examples(): { command: string; shown: string }[] {
  const readme = readFileSync(`${root}README.md`, 'utf8');
  return [...readme.matchAll(/```console\n\$ (.*)\n([\s\S]*?)```/g)].map(([, command = '', shown = '']) => ({
    command,
    shown,
  }));
}

/** Runs a README line; `cls-flow` is the built command, `| head -N` is done here, as Windows has none. */
function run(command: string): string {
  const [line = '', head] = command.split(' | head -');
  const args = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  expect(args.shift()).toBe('cls-flow');
  const out = execFileSync(process.execPath, [cli, ...args], { cwd: root, encoding: 'utf8' });
  return head === undefined ? out : `${out.split('\n').slice(0, Number(head)).join('\n')}\n`;
}

describe('the README shows what its commands print', () => {
  for (const { command, shown } of examples()) {
    test(command, () => {
      expect(run(command)).toBe(shown);
    });
  }

  test('there are examples', () => {
    expect(examples().length).toBeGreaterThan(3);
  });
});
