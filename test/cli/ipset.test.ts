import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Summary } from '../../src/report/index.ts';
import { cli, file, pcap } from './cli.ts';

const CAPTURE = file(
  'three.pcap',
  pcap('tcp 192.0.2.1:1000 > 10.0.0.4:80', 'udp 192.0.2.2:1000 > 10.0.0.4:53', 'udp 198.51.100.1:1 > 10.0.0.15:53'),
);
const SAVED = file(
  'sets',
  'create friends hash:net family inet\nadd friends 192.0.2.0/24\nadd friends 192.0.2.2 nomatch\n',
);
const PLAIN = file('plain', '192.0.2.2\n198.51.100.0/24\n');
const SRC = ['--filter', "map key dst and 0xff match 'ipset(friends src)' divisor 256"];

const classes = (args: readonly string[]): (readonly [string, number])[] => {
  const { stdout } = cli(['classify', CAPTURE, ...args, '--format', 'json']);
  return (JSON.parse(stdout) as Summary).classes.map(({ classid, packets }) => [classid, packets] as const);
};

describe('--ipset', () => {
  it('takes the sets of a file that ipset saved, by their own names', () => {
    expect(classes([...SRC, '--ipset', SAVED])).toEqual([['1:5', 1]]);
  });

  it('takes the entries of one set under the name given', () => {
    expect(classes([...SRC, '--ipset', `friends=${PLAIN}`])).toEqual([
      ['1:5', 1],
      ['1:10', 1],
    ]);
  });

  it('is for scripts as well, and for explain', () => {
    const script = file(
      'set.tc',
      `qdisc add dev eth0 root handle 1: drr\nfilter add dev eth0 parent 1: protocol all handle 1 flow ${SRC[1]}\n`,
    );
    expect(classes(['--script', script, '--ipset', SAVED])).toEqual([['1:5', 1]]);
    const words = 'tcp 192.0.2.1:1000 > 10.0.0.4:80';
    const told = (more: readonly string[]) =>
      JSON.parse(cli(['explain', words, ...SRC, ...more, '--format', 'json']).stdout).classid;
    expect([told(['--ipset', SAVED]), told(['--ipset', `friends=${PLAIN}`])]).toEqual(['1:5', null]);
  });

  it('says what is wrong and where', () => {
    const broken = file('broken', '192.0.2.2\nup\n');
    const answer = cli(['classify', CAPTURE, ...SRC, '--ipset', `friends=${broken}`]);
    expect(answer).toMatchObject({
      status: 1,
      stdout: '',
      stderr: `cls-flow: ${broken}: line 2: "up" is no address\n`,
    });
    expect(cli(['classify', CAPTURE, ...SRC, '--ipset', SAVED, '--ipset', SAVED]).stderr).toContain('given twice');
    expect(cli(['classify', CAPTURE, ...SRC]).stderr).toContain("ipset: unknown set name 'friends'");
    expect(cli(['classify', CAPTURE, ...SRC, '--ipset', 'nosuch']).stderr).toBe('cls-flow: nosuch: no such file\n');
  });

  it('is kept in the state of tc: a set told again keeps its number, a new one gets the next', () => {
    const state = file('state.json', '');
    const tc = (...args: readonly string[]) => cli(['tc', '--state', `${state}.new`, ...args]);
    const match = (set: string) => ['flow', 'map', 'key', 'src', 'match', `ipset(${set} src)`, 'divisor', '16'];
    const at = ['dev', 'eth0', 'parent', '1:', 'protocol', 'all', 'handle', '1'];
    tc('qdisc', 'add', 'dev', 'eth0', 'root', 'handle', '1:', 'drr');
    expect(tc('--ipset', SAVED, 'filter', 'add', ...at, ...match('friends')).status).toBe(0);
    const shown = tc('filter', 'show', 'dev', 'eth0').stdout;
    expect(shown).toContain('ipset(friends src)');
    expect(
      tc('--ipset', `friends=${PLAIN}`, '--ipset', `foes=${PLAIN}`, 'filter', 'add', ...at, ...match('foes')).status,
    ).toBe(0);
    expect(tc('filter', 'show', 'dev', 'eth0').stdout).toMatch(/ipset\(foes src\)[\s\S]*ipset\(friends src\)/);
    const { sets } = JSON.parse(readFileSync(`${state}.new`, 'utf8'));
    expect(sets.map(({ index, lines }: { index: number; lines: string[] }) => [index, lines[0], lines.length])).toEqual(
      [
        [0, 'create friends hash:net family inet', 3],
        [1, 'create foes hash:net family inet', 3],
      ],
    );
  });

  it('of a running kernel are its own', () => {
    const answer = cli(['tc', '--live', '--ipset', SAVED, 'qdisc', 'show']);
    expect(answer.status).toBe(2);
    expect(answer.stderr).toContain('--live and --ipset');
  });
});
