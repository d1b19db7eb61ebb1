import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runTc } from '../../src/command/index.ts';
import { createEnv } from '../../src/env.ts';
import { ERAS } from '../../src/era.ts';
import { Netns } from '../../src/kernel/index.ts';
import { shellWords } from '../../src/lang/index.ts';

const FOLDER = new URL('./measured/', import.meta.url);

/** A command, what tc 6.1.0 printed, and the first line of its errors. */
interface Measured {
  readonly tc: string;
  readonly stdout: string;
  readonly stderr: string;
}

const measured = (name: string): Measured[] =>
  readFileSync(new URL(name, FOLDER), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/**
 * The commands of a file follow each other in one namespace. The kernel was 6.1.192, and for u32 a 6.18. Left out are what
 * tc says of its words in general, and templates of chains, which are not modelled.
 */
describe.each(readdirSync(FOLDER))('%s: a real tc and a real kernel did the same', (name) => {
  const devices = ['d0', 'd1'].map((device, i) => ({ name: device, ifindex: 100 + i }));
  const netns = new Netns({ env: createEnv({ era: ERAS['6.1'], seed: 0 }), devices });
  const transport = { request: (data: Uint8Array) => netns.request(data), links: netns.links };
  const tc = (line: string) => runTc(shellWords(line), { transport });

  tc('qdisc add dev d0 root handle 1: htb default 30');
  for (const minor of ['10', '30']) tc(`class add dev d0 parent 1: classid 1:${minor} htb rate 1mbit`);

  test.each(measured(name))('$tc', ({ tc: line, stdout, stderr }) => {
    const ours = tc(line);
    expect(ours.stdout).toBe(stdout);
    expect(ours.stderr.split('\n', 1)[0]).toBe(stderr);
  });
});
