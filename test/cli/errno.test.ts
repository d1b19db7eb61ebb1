import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERRNOS } from '../errnos.ts';
import { pcap } from './cli.ts';
import { refused } from './refusing.ts';

/**
 * Each error of the system at each call that each command makes of the file system: a sample by seed here, all of it
 * with ERRNO=all (an hour).
 */
const IS_ALL = process.env.ERRNO === 'all';
/** Runs of each command in a sample. */
const SAMPLE = 16;

const PACKETS = pcap('udp 192.0.2.2:1000 > 10.0.0.1:53', 'tcp 192.0.2.1:1000 > 10.0.0.2:80');
const SCRIPT = `qdisc add dev eth0 root handle 1: drr
class add dev eth0 parent 1: classid 1:2 drr
filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 16
`;
const MAP = ['--filter', 'map key dst and 0xff'];
const OLD = 'old\n';

/** What is typed in a folder with these inputs; `outputs`: files that it writes, which are there already. */
interface Typed {
  readonly args: (at: (name: string) => string) => readonly string[];
  readonly outputs?: readonly string[];
}

const COMMANDS: readonly (readonly [name: string, typed: Typed])[] = [
  ['classify', { args: (at) => ['classify', at('in.pcap'), '--script', at('a.tc'), '--format', 'json'] }],
  [
    'classify --export --copies',
    {
      args: (at) => [
        ...['classify', at('in.pcap'), ...MAP, '--expect', at('expect'), '--export', at('one')],
        ...['--export-class', `1:2=${at('two')}`, '--copies', at('three')],
      ],
      outputs: ['one', 'two', 'three'],
    },
  ],
  ['classify --packets', { args: (at) => ['classify', at('in.pcap'), ...MAP, '--packets'] }],
  ['explain', { args: (at) => ['explain', at('in.pcap'), '--packet', '1', ...MAP] }],
  ['advise -o', { args: (at) => ['advise', at('in.pcap'), '-o', at('one')], outputs: ['one'] }],
  ['check --fix', { args: (at) => ['check', at('a.tc'), '--fix', '--force'], outputs: ['a.fixed.tc'] }],
  ['classes', { args: (at) => ['classes', '--script', at('a.tc')] }],
  ['tc', { args: (at) => ['tc', '--state', at('s.json'), '-batch', at('a.tc')] }],
  ['tc show', { args: (at) => ['tc', '--state', at('s.json'), 'qdisc', 'show'] }],
  ['record -o', { args: (at) => ['record', '-o', at('one'), '--', 'sh', at('a.sh')], outputs: ['one'] }],
  ['netlink decode', { args: (at) => ['netlink', 'decode', at('hex')] }],
];

function folder(outputs: readonly string[]) {
  const path = mkdtempSync(join(tmpdir(), 'cls-flow-errno-'));
  const at = (name: string): string => join(path, name);
  writeFileSync(at('in.pcap'), PACKETS);
  writeFileSync(at('a.tc'), SCRIPT);
  writeFileSync(at('a.sh'), 'tc qdisc add dev eth0 root sfq\n');
  writeFileSync(at('expect'), '192.0.2.2 -> 1:2\n');
  writeFileSync(at('hex'), '1c000200080001000300000008000800100000000800020001000000\n');
  for (const name of outputs) writeFileSync(at(name), OLD);
  return { path, at, text: (name: string): string => readFileSync(at(name), 'latin1').replaceAll(path, '') };
}

/** Numbers from 0 up to `below`, the same for the same seed (xorshift32). */
function drawn(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Every call with every error, or some of them. */
function cases(calls: number, seed: number): (readonly [at: number, code: string])[] {
  const all = Array.from({ length: calls }, (_, at) => ERRNOS.map((code) => [at, code] as const)).flat();
  const draw = drawn(seed);
  return IS_ALL ? all : Array.from({ length: SAMPLE }, () => all[draw(all.length)] ?? [0, 'EIO']);
}

describe('an error of the system', () => {
  it.each(COMMANDS)('in %s is a line and an exit code, and leaves whole files', (name, { args, outputs = [] }) => {
    const sound = folder(outputs);
    const { status, calls } = refused(args(sound.at), -1, '');
    expect(calls.length).toBeGreaterThan(1);
    const good = outputs.map(sound.text);
    for (const [call, code] of cases(calls.length, name.length + 1)) {
      const { at, text, path } = folder(outputs);
      const ended = refused(args(at), call, code);
      const what = `${code} at call ${call}, ${ended.calls[call]}: ${ended.stderr}`;
      expect([0, 1, 2], what).toContain(ended.status);
      expect(ended.stderr.replaceAll(path, ''), what).not.toMatch(
        /internal error|^\s+at |said the system|Error:|E[A-Z]{4,}: /m,
      );
      for (const [index, output] of outputs.entries()) expect([OLD, good[index]], what).toContain(text(output));
      const isSilent = /^(writeSync|closeSync) [12]$/.test(ended.calls[call] ?? '');
      if (ended.status !== status && !isSilent) expect(ended.stderr, what).toMatch(/^(cls-flow: )?\S/);
      expect(ended.stderr.split('\n').length, what).toBeLessThan(8);
      if (!/unlink|rm/.test(ended.calls[call] ?? '')) {
        expect(
          readdirSync(path).filter((left) => /\.(tmp|lock)$/.test(left)),
          what,
        ).toEqual([]);
      }
    }
  });
});
