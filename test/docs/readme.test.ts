import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cli = fileURLToPath(new URL('../../dist/node/cli/start.cjs', import.meta.url));

/** Each `$ command` of the README's console blocks, with what it shows below. */
function examples(): { command: string; shown: string }[] {
  const readme = readFileSync(`${root}README.md`, 'utf8');
  const blocks = [...readme.matchAll(/```console\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => ({ command: part.slice(0, part.indexOf('\n')), shown: part.slice(part.indexOf('\n') + 1) })),
  );
}

/** Runs a README line; `cls-flow` is the built command, `| head -N` is done here, as Windows has none. */
function run(command: string): string {
  const [line = '', head] = command.split(' | head -');
  const args = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  expect(args.shift()).toBe('cls-flow');
  const { stdout, status } = spawnSync(process.execPath, [cli, ...args], { cwd: root, encoding: 'utf8' });
  expect(status).toBe(0);
  return head === undefined ? stdout : `${stdout.split('\n').slice(0, Number(head)).join('\n')}\n`;
}

describe('the README shows what its commands print', () => {
  test.each(examples().map((example) => [example.command, example] as const))('%s', (_, { command, shown }) => {
    expect(run(command)).toBe(shown);
  });

  test('the library snippet runs, and prints something of each class', () => {
    const [, snippet = ''] = /```js\n([\s\S]*?)```/.exec(readFileSync(`${root}README.md`, 'utf8')) ?? [];
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', snippet], {
      ...{ cwd: root, encoding: 'utf8' },
    });
    expect(stderr).toBe('');
    expect(
      stdout
        .split('\n')
        .slice(0, -1)
        .every((line) => /^1:[0-9a-f]+ \d+ \d+$/.test(line)),
    ).toBe(true);
    expect(stdout.split('\n').length).toBeGreaterThan(10);
  });

  test('there are examples', () => {
    expect(examples().length).toBeGreaterThan(4);
  });
});
