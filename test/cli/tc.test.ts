import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli } from './cli.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'cls-flow-'));
const words = (line: string): string[] => line.split(' ');

/** A tc with a state file of its own. */
function session() {
  const file = join(folder(), 'state.json');
  return { file, tc: (line: string) => cli(['tc', '--state', file, ...words(line)]) };
}

describe('cls-flow tc', () => {
  test('keeps what it was told from one command to the next', () => {
    const { tc } = session();
    const made = tc('qdisc add dev eth0 root handle 1: drr');
    expect(made).toEqual({
      status: 0,
      stdout: '',
      stderr: 'cls-flow: note: device eth0 did not exist, made it with index 2\n',
    });
    expect(tc('filter add dev eth0 parent 1: protocol ip prio 5 handle 1 flow map key mark').status).toBe(0);
    const header = 'filter parent 1: protocol ip pref 5 flow chain 0 ';
    expect(tc('filter show dev eth0').stdout).toBe(`${header}\n${header}handle 0x1 map keys mark baseclass 1:1 \n`);
  });

  test('exits as tc does', () => {
    const { tc } = session();
    expect(tc('filter show dev nosuch')).toEqual({ status: 1, stdout: '', stderr: 'Cannot find device "nosuch"\n' });
    expect(tc('--strict-dev qdisc add dev eth0 root prio').status).toBe(1);
    expect(tc('filter bogus').status).toBe(255);
    expect(tc('filter add dev lo parent 1: flow map key src').status).toBe(2);
  });

  test('its own options are refused with 2', () => {
    const { tc, file } = session();
    expect(tc('--dev eth0:x qdisc show').status).toBe(2);
    writeFileSync(file, '{"schema":7}');
    const answer = tc('qdisc show');
    expect(answer.status).toBe(2);
    expect(answer.stderr).toContain('is no state of cls-flow tc');
  });

  test('the state is one JSON file, and nothing stays beside it', () => {
    const { tc, file } = session();
    tc('--dev wan0:7 qdisc add dev wan0 ingress');
    const state = JSON.parse(readFileSync(file, 'utf8'));
    expect(state).toMatchObject({ schema: 1, era: '6.1' });
    expect(state.devices.map(({ name, ifindex }: { name: string; ifindex: number }) => [name, ifindex])).toEqual([
      ['lo', 1],
      ['wan0', 7],
    ]);
    expect(state.requests).toHaveLength(1);
    expect(readdirSync(join(file, '..'))).toEqual(['state.json']);
  });

  test('a command that changes nothing writes nothing', () => {
    const { tc, file } = session();
    tc('qdisc show');
    expect(readdirSync(join(file, '..'))).toEqual([]);
  });

  test('-batch reads a file or standard input', () => {
    const { file } = session();
    const input = Buffer.from('qdisc add dev eth0 root handle 1: prio # three bands\nclass show dev eth0\n');
    const answer = cli(['tc', '--state', file, '-batch', '-'], { input });
    expect(answer.status).toBe(0);
    expect(answer.stdout.split('\n')[0]).toBe('class prio 1:1 parent 1: ');
  });
});

describe('quirk 73: what is typed reaches the terminal as it is', () => {
  const ESCAPES = 'x\u001b[31m\u009b\u007f\u202e\u00ad\u{e0041}\r';
  const SHOWN = 'x\\x1b[31m\\x9b\\x7f\\u{202e}\\xad\\u{e0041}\\r';
  const state = (): string => join(folder(), 'state.json');

  test('in tc, here it is escaped', () => {
    expect(cli(['tc', '--state', state(), ESCAPES]).stderr).toBe(`Object "${SHOWN}" is unknown, try "tc help".\n`);
    const forged = cli(['tc', '--state', state(), 'two\nlines\tand a tab']);
    expect(forged.stderr).toBe('Object "two\\nlines\\tand a tab" is unknown, try "tc help".\n');
    const batch = Buffer.from(`qdisc add dev d0 root sfq ${ESCAPES}\n`);
    const { stderr } = cli(['tc', '--state', state(), '-batch', '-'], { input: batch });
    expect(stderr).toContain(SHOWN.replace(/\\r$/, ''));
  });

  test('and the names of devices too, in text and in JSON', () => {
    const named = ['tc', '--state', state(), '--dev', 'x\u001b[31m\u009b', 'qdisc', 'show'];
    expect(cli(named).stdout).toContain('dev x\\x1b[31m\\x9b ');
    const json = cli([...named.slice(0, -2), '-j', ...named.slice(-2)]).stdout;
    expect(json).not.toMatch(/\p{Cc}(?<!\n)/u);
    expect(JSON.parse(json)).toContainEqual(expect.objectContaining({ dev: 'x\u001b[31m\u009b' }));
  });

  test("but tc's own tabs are kept", () => {
    const file = state();
    cli(['tc', '--state', file, ...words('qdisc add dev eth0 root handle 1: drr')]);
    cli([
      'tc',
      '--state',
      file,
      ...words('filter add dev eth0 parent 1: u32 match u32 0 0 police rate 1mbit burst 10k'),
    ]);
    expect(cli(['tc', '--state', file, ...words('-s filter show dev eth0')]).stdout).toContain('\t');
  });
});

describe('cls-flow netlink', () => {
  const HEX =
    '4c0000002c0005060100000000000000000000000200000001000000000001000800010009000100666c6f7700000000' +
    '1c000200080001000300000008000800100000000800020001000000';
  const COMMAND = 'filter add dev eth0 parent 1: protocol ip prio 1 handle 1 flow hash keys src,dst divisor 16';

  test('encode gives the bytes of a command, decode says what they mean', () => {
    expect(cli(['netlink', 'encode', ...words(COMMAND)]).stdout).toBe(`${HEX}\n`);
    const { stdout, status } = cli(['netlink', 'decode', HEX]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'RTM_NEWTFILTER',
      flags: ['REQUEST', 'ACK', 'EXCL', 'CREATE'],
      preference: 1,
      protocol: 'ip',
      attributes: { kind: 'flow', options: { keys: 3, mode: 1, divisor: 16 } },
    });
  });

  test('encode refuses what tc refuses', () => {
    expect(cli(['netlink', 'encode', ...words('filter add dev eth0 flow map key bogus')])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('Unknown flow key "bogus"'),
    });
  });

  test('damage is told with its offset', () => {
    const { status, stderr } = cli(['netlink', 'decode', HEX.slice(0, 64)]);
    expect(status).toBe(1);
    expect(stderr).toContain('at byte 0');
  });
});
