import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const WRONG = `tc qdisc add dev eth0 root handle 1: sfq
tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys nfct-src divisor 2048
`;
const CLEAN = 'tc qdisc add dev eth0 root handle 1: cake\n';
const FOUND = 'file=wrong.sh,line=2,endLine=2,';

/** A repository with these files, where others' tools are run. */
function repository(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'cls-flow-ci-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

const textOf = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

/** The value of a line of YAML. */
function yamlValue(text: string, key: string): string {
  const value = new RegExp(`^[ -]*${key}: (.*)$`, 'm').exec(text)?.[1];
  if (value === undefined) throw new Error(`no ${key}`);
  return value;
}

describe('.pre-commit-hooks.yaml', () => {
  const hook = textOf('.pre-commit-hooks.yaml');

  /** As pre-commit does for `language: script`: the entry is a file of the hook's repository. */
  function run(files: Readonly<Record<string, string>>) {
    const taken = Object.keys(files).filter((name) => new RegExp(yamlValue(hook, 'files')).test(name));
    const [program = '', ...args] = yamlValue(hook, 'entry').split(' ');
    const cwd = repository(files);
    return spawnSync(join(ROOT, program), [...args, ...taken], { cwd, encoding: 'utf8' });
  }

  test('fails where a script is wrong', () => {
    expect(yamlValue(hook, 'language')).toBe('script');
    const { status, stdout } = run({ 'wrong.sh': WRONG, 'clean.tc': CLEAN });
    expect(stdout).toContain('wrong.sh:2  FT004 error');
    expect(status).toBe(1);
  });

  test('passes what is right, what is no tc script, and other files', () => {
    const { status, stdout, stderr } = run({ 'clean.tc': CLEAN, 'build.sh': 'make\n', 'notes.md': WRONG });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('2 scripts: nothing found\n');
    expect(run({ 'build.sh': 'make\n' }).status).toBe(0);
  });
});

describe('action.yml', () => {
  const action = textOf('action.yml');

  /** The `run:` of each step, without the blanks in front of it. */
  const steps = [...action.matchAll(/^( +)run: \|\n((?:\1 {2}.*\n|\n)+)/gm)].map(([, indent = '', text = '']) =>
    text.replaceAll(new RegExp(`^${indent} {2}`, 'gm'), ''),
  );

  /** As a runner does for `shell: bash`, with the inputs in the environment that the step names. */
  function run(files: Readonly<Record<string, string>>, inputs: Readonly<Record<string, string>>) {
    const cwd = repository(files);
    const env = [...action.matchAll(/^ +(\w+): \$\{\{ inputs\.(\w+) \}\}$/gm)].map(([, name, input = '']) => [
      name,
      inputs[input] ?? '',
    ]);
    const around = { ...process.env, GITHUB_ACTION_PATH: ROOT, ...Object.fromEntries(env) };
    return steps.map((step) => {
      writeFileSync(join(cwd, 'step'), step);
      const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', 'step'], {
        cwd,
        env: around,
        encoding: 'utf8',
      });
      return { status, stdout, stderr };
    });
  }

  test('has steps of bash only', () => {
    expect(yamlValue(action, 'using')).toBe('composite');
    expect(action).not.toContain('uses:');
    expect(action.match(/shell: bash/g)).toHaveLength(steps.length);
    expect(steps).toHaveLength(1);
  });

  test('shows what is found at its line, and fails', () => {
    const [ended] = run({ 'wrong.sh': WRONG }, { files: '.' });
    expect(ended?.stdout).toContain(`::error ${FOUND}`);
    expect(ended?.status).toBe(1);
  });

  test('takes files and options, a line each, as they are', () => {
    const files = { 'wrong.sh': WRONG, 'two words.tc': CLEAN, '$(touch x).tc': CLEAN };
    const inputs = { files: 'two words.tc\n$(touch x).tc\n', options: '--strict\n' };
    expect(run(files, inputs)).toEqual([{ status: 0, stdout: '', stderr: '' }]);
    const [ended] = run(files, { files: 'wrong.sh', options: '--ignore\nFT004' });
    expect(ended?.status).toBe(0);
  });
});
