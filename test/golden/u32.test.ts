import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runTc } from '../../src/command/index.ts';
import { createEnv } from '../../src/env.ts';
import { ERAS } from '../../src/era.ts';
import { Netns } from '../../src/kernel/index.ts';
import { shellWords } from '../../src/lang/index.ts';

/** A command, what tc 6.1.0 printed, and the first line of its errors; the kernel was a 6.18 with u32 and htb. */
interface Measured {
  readonly tc: string;
  readonly stdout: string;
  readonly stderr: string;
}

const MEASURED: readonly Measured[] = readFileSync(new URL('./u32/measured.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));

describe('u32, command after command in one namespace, as a real tc and a real kernel did', () => {
  const netns = new Netns({ env: createEnv({ era: ERAS['6.1'], seed: 0 }), devices: [{ name: 'd0', ifindex: 1 }] });
  const transport = { request: (data: Uint8Array) => netns.request(data), links: netns.links };
  const tc = (line: string) => runTc(shellWords(line), { transport });

  tc('qdisc add dev d0 root handle 1: htb default 30');
  for (const minor of ['10', '30']) tc(`class add dev d0 parent 1: classid 1:${minor} htb rate 1mbit`);

  test.each(MEASURED)('$tc', ({ tc: line, stdout, stderr }) => {
    const ours = tc(line);
    expect(ours.stdout).toBe(stdout);
    expect(ours.stderr.split('\n', 1)[0]).toBe(stderr);
  });
});
