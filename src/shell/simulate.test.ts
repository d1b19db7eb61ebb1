import { describe, expect, test } from 'vitest';
import type { ShellOptions } from './options.ts';
import { simulate } from './simulate.ts';
import type { Simulated, SimulatedCommand } from './simulated.ts';
import { loadTextTools } from './text-tools.ts';

/** Of a script /lab/qos.sh; tc does all but what it is told to delete. */
function run(text: string, more: Partial<ShellOptions> & { texts?: Record<string, string> } = {}): Promise<Simulated> {
  const { texts = {}, ...options } = more;
  return simulate(text, {
    name: 'qos.sh',
    path: '/lab/qos.sh',
    files: { read: (path) => texts[path], is: (path) => (path in texts ? 'file' : null), list: () => [] },
    kernel: () => ({ tc: (words) => ({ exit: words.includes('del') ? 2 : 0, stdout: '', stderr: '' }) }),
    textTools: loadTextTools,
    ...options,
  });
}

const lines = ({ commands }: Simulated): string[] =>
  commands.map(
    ({ place, tool, words }) => `${place.file}:${place.line} ${[tool, ...words.map(({ text }) => text)].join(' ')}`,
  );

const only = async (text: string): Promise<SimulatedCommand> => {
  const { commands } = await run(text);
  expect(commands).toHaveLength(1);
  return commands[0] as SimulatedCommand;
};

describe('places', () => {
  test('of each word, and whether it may be edited', async () => {
    const { words, place } = await only('DEV=eth0\n  tc qdisc add dev $DEV root "sfq"\n');
    expect(place).toMatchObject({ file: 'qos.sh', line: 2, column: 3, endLine: 2, endColumn: 35 });
    expect(words.map(({ text, literal, place: at }) => [text, literal, at?.column])).toEqual([
      ['qdisc', true, 6],
      ['add', true, 12],
      ['dev', true, 16],
      ['eth0', false, 20],
      ['root', true, 25],
      ['sfq', true, 30],
    ]);
  });

  test('of a command that a function hands on: where its words are written', async () => {
    const { words, place } = await only('run() {\n  "$@"\n}\nrun tc qdisc show dev eth0\n');
    expect(place).toMatchObject({ line: 4, column: 1 });
    expect(words.every(({ literal }) => literal)).toBe(true);
  });

  test('of lines of a batch in a here-document', async () => {
    const simulated = await run('D=eth1\ntc -b - <<EOF\nqdisc add dev eth0 root sfq\nqdisc add dev $D root sfq\nEOF\n');
    expect(lines(simulated)).toEqual([
      'qos.sh:3 tc qdisc add dev eth0 root sfq',
      'qos.sh:4 tc qdisc add dev eth1 root sfq',
    ]);
    expect(simulated.commands.map(({ words }) => words[0]?.literal)).toEqual([true, false]);
  });

  test('of a sourced file', async () => {
    const texts = { '/lab/lib.sh': 'add() { tc qdisc add dev "$1" root sfq; }\n' };
    const simulated = await run('. "$(dirname "$0")/lib.sh"\nadd eth0\n', { texts });
    expect(lines(simulated)).toEqual(['lib.sh:1 tc qdisc add dev eth0 root sfq']);
    expect([...simulated.texts.keys()]).toEqual(['qos.sh', 'lib.sh']);
  });
});

describe('what is known of a command', () => {
  test('the values of the loops around it', async () => {
    const { commands } = await run('for d in a b; do i=0; while [ $i -lt 2 ]; do tc x $d$i; i=$((i+1)); done; done\n');
    const values = commands.map(({ loops }) => loops.map(({ name, value }) => `${name}=${value}`).join(' '));
    expect(values).toEqual(['d=a i=0', 'd=a i=1', 'd=b i=0', 'd=b i=1']);
  });

  test.each([
    ['tc x', false],
    ['tc x || true', true],
    ['tc x || tc y', true],
    ['tc x || exit 1', false],
    ['tc x || { echo failed; exit 1; }', false],
    ['if tc x; then :; fi', true],
    ['! tc x', true],
    ['tc x 2>/dev/null', true],
    ['tc x >/dev/null', false],
    ['tc x >/dev/null 2>&1', true],
    ['{ tc x; } 2>/dev/null', true],
    ['tc x && tc y', false],
  ])('whether it may fail: %s', async (text, mayFail) => {
    expect((await run(`${text}\n`)).commands[0]?.mayFail).toBe(mayFail);
  });

  test('its namespace', async () => {
    const { commands } = await run('ip netns exec lab tc x\ntc -n lab y\ntc z\n');
    expect(commands.map(({ netns }) => netns)).toEqual(['lab', 'lab', '']);
  });
});

describe('what is not known', () => {
  test('a value that a program gives which is not simulated: the line is unchecked, with the reason', async () => {
    const { commands, unchecked } = await run(
      'R=$(speedtest)\ntc class add rate $R\nn=$((R / 2))\ntc class add rate $n\n',
    );
    expect(commands).toEqual([]);
    expect(unchecked.map(({ place, why }) => [place.line, why])).toEqual([
      [2, 'speedtest is not simulated, so what it prints is not known (line 1)'],
      [4, 'speedtest is not simulated, so what it prints is not known (line 1)'],
    ]);
  });

  test('questions are answered by assumption, and listed', async () => {
    const { assumptions } = await run('[ -f /etc/x ] && tc a\ncommand -v tc && tc b\n');
    expect(assumptions.map(({ place, question, answer }) => [place.line, question, answer])).toEqual([
      [1, '[ -f /etc/x ]', 'no'],
      [2, 'command -v tc', 'yes'],
    ]);
  });

  test('commands that the run does not come to', async () => {
    const simulated = await run('stop() { tc qdisc del dev eth0 root; }\ntc qdisc show\n');
    expect(simulated.unreached.map(({ line }) => line)).toEqual([1]);
  });

  test('a script that wants an argument is tried with start', async () => {
    const simulated = await run('case "$1" in start) tc a ;; esac\n');
    expect(simulated).toMatchObject({ triedStart: true, args: ['start'] });
    expect(lines(simulated)).toEqual(['qos.sh:1 tc a']);
  });
});

describe('where it ends', () => {
  test('set -e: what follows is run all the same', async () => {
    const simulated = await run('set -e\ntc a\nfalse\ntc b\n');
    expect(simulated.ended).toMatchObject({ kind: 'exit', commands: 1, place: { line: 3 } });
    expect(lines(simulated)).toEqual(['qos.sh:2 tc a', 'qos.sh:4 tc b']);
  });

  test('a syntax error: what stands before it is run', async () => {
    const simulated = await run('tc a\nif true; then\ntc b\n');
    expect(simulated.ended).toMatchObject({ kind: 'syntax' });
    expect(lines(simulated)).toEqual(['qos.sh:1 tc a']);
  });

  test('exit, and what it said', async () => {
    const { exit, said } = await run('echo "usage: qos.sh start"\nexit 3\ntc a\n');
    expect(exit).toMatchObject({ status: 3, place: { line: 2 } });
    expect(said).toBe('usage: qos.sh start\n');
  });

  test.each([
    ['while :; do :; done', /more than 10000 steps/],
    ['f() { f; }; f', /functions and shells run each other more than 200 deep/],
  ])('a limit: %s', async (text, why) => {
    const { ended } = await run(`tc a\n${text}\n`, { maxSteps: 10_000 });
    expect(ended).toMatchObject({ kind: 'limit', place: { line: 2 } });
    expect(ended?.why).toMatch(why);
  });
});

test('the environment is what was given, and nothing else', async () => {
  const simulated = await run('HOSTED="$HOSTED"; tc "$HOSTED" $DEV\n', { env: { DEV: 'eth5' } });
  expect(lines(simulated)).toEqual(['qos.sh:1 tc  eth5']);
});

test('a script for sh: words that only bash has are notes', async () => {
  const { notes } = await run('#!/bin/sh\n[[ a == a ]] && tc a\n');
  expect(notes.map(({ place, why }) => [place.line, why])).toEqual([[2, '[[ ]] is known to bash, not to every sh']]);
});
