import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, HOUSEHOLD } from './cli.ts';

const START = join(import.meta.dirname, '../../dist/node/cli/start.cjs');
const FILTER = ['--filter', 'hash keys src divisor 16', '--format', 'json'];
const classified = cli(['classify', HOUSEHOLD, ...FILTER]).stdout;

/** Runs it from a line of the shell, where "$@" is the command. */
function shell(line: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', line, 'sh', process.execPath, START, ...args], {
    encoding: 'utf8',
    env,
  });
  return { status, stdout, stderr };
}

const folder = (): string => mkdtempSync(join(tmpdir(), 'cls-flow-bare-'));

describe.runIf(process.platform !== 'win32')('a process', () => {
  const CLOSED = '"$@" <&- >&- 2>&-';

  it('whose three streams are closed writes its files whole, and nothing of its words into them', () => {
    const files = folder();
    const exported = (name: string): string[] => ['classify', HOUSEHOLD, ...FILTER, '--export', join(files, name)];
    cli(exported('open.pcapng'));
    expect(shell(CLOSED, exported('closed.pcapng'))).toEqual({ status: 0, stdout: '', stderr: '' });
    const [open, closed] = ['open.pcapng', 'closed.pcapng'].map((name) => readFileSync(join(files, name)));
    expect(open && closed?.equals(open)).toBe(true);
    const script = join(files, 'recorded.tc');
    expect(shell(CLOSED, ['record', '--unsafe', '-o', script, '--', 'true']).status).toBe(0);
    expect(readFileSync(script, 'utf8')).toMatch(/^# Recorded by cls-flow record from: true\n/);
  });

  it('whose three streams are closed fails with the same exit codes', () => {
    for (const args of [
      ['classify', '/nonexistent', ...FILTER],
      ['classify', HOUSEHOLD, '--filter', 'hash keys nosuch'],
      ['classify', '-', ...FILTER],
      ['check', '-'],
      ['nosuch'],
    ]) {
      const { status } = shell(CLOSED, args);
      expect(status, args.join(' ')).toBe(cli(args).status);
      expect(status).not.toBe(0);
    }
  });

  it('without standard input says in a line that there is no capture in it', () => {
    const { status, stdout, stderr } = shell('"$@" <&-', ['classify', '-', '--filter', 'map key dst']);
    expect(status).toBe(1);
    expect(stdout).toContain('incomplete: one capture could not be read to the end');
    expect(stderr).toBe('cls-flow: standard input:0: file of 0 bytes, expected a capture: pcap or pcapng\n');
  });

  it('without any variable, HOME either, gives the same', () => {
    const run = shell('exec env -i "$@"', ['classify', HOUSEHOLD, ...FILTER]);
    expect(run).toEqual({ status: 0, stdout: classified, stderr: '' });
    // The default state file is of the home that the system knows; this one is named.
    const state = join(folder(), 'tc.json');
    const tc = shell('exec env -i "$@"', ['tc', '--state', state, 'qdisc', 'add', 'dev', 'd0', 'root', 'sfq']);
    expect([tc.status, tc.stdout]).toEqual([0, '']);
    expect(existsSync(state)).toBe(true);
  });

  it('whose folder was removed gives the same', () => {
    const run = shell('cd "$(mktemp -d)" && rmdir "$PWD" && exec "$@"', ['classify', HOUSEHOLD, ...FILTER]);
    expect(run).toEqual({ status: 0, stdout: classified, stderr: '' });
  });

  it('without a folder for temporary files says so in a line, and runs nothing', () => {
    const { status, stdout, stderr } = shell('exec "$@"', ['record', '--unsafe', '--', 'echo', 'ran'], {
      ...process.env,
      TMPDIR: '/nonexistent',
    });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr.trimEnd().split('\n').at(-1)).toBe('cls-flow: /nonexistent: no such file or folder');
    expect(stderr).not.toContain('\nran\n');
  });
});
