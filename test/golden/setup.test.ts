import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createEnv } from '../../src/env.ts';
import { ERAS } from '../../src/era.ts';
import { checkChain } from './chain.ts';
import { readLines } from './records.ts';
import { namespaceAfter, refusedLines, runBatch } from './setup.ts';

const records = fileURLToPath(new URL('./records', import.meta.url));

/** The first recorded case of chain/ after other commands: how many of its packets differ from the record. */
function differAfter(commands: readonly string[]): number {
  const folder = mkdtempSync(path.join(tmpdir(), 'cls-flow-records-'));
  const chain = path.join(folder, 'chain');
  const [first] = readLines<object>(path.join(records, 'chain'), 'cases.jsonl');
  mkdirSync(chain);
  for (const name of ['packets.json.gz', 'packets.pcap.gz'])
    cpSync(path.join(records, 'chain', name), path.join(chain, name));
  cpSync(path.join(records, 'classify'), path.join(folder, 'classify'), { recursive: true });
  writeFileSync(path.join(chain, 'cases.jsonl'), `${JSON.stringify({ ...first, commands })}\n`);
  const { checked, differ } = checkChain(chain);
  rmSync(folder, { recursive: true });
  expect(checked).toBeGreaterThan(5);
  return differ;
}

describe('the runner of the records speaks all of tc', () => {
  const filter = (verb: string, mask: string): string =>
    `filter ${verb} dev DEV parent PAR protocol ip prio 1 handle 1 flow map key mark and ${mask}`;

  test('filter change', () => {
    expect(differAfter([filter('add', '0x0')])).toBeGreaterThan(0);
    expect(differAfter([filter('add', '0x0'), filter('change', '0xf')])).toBe(0);
  });

  test('a shared block, and lines that are refused', () => {
    const netns = namespaceAfter(['tc qdisc add dev d0 ingress_block 7 ingress'], {
      env: createEnv({ era: ERAS['6.1'], seed: 0 }),
    });
    const { stderr } = runBatch(netns, [
      'filter add block 7 handle 1 flow hash keys src divisor 8 baseclass 1:1',
      'filter add block 8 handle 1 flow hash keys src divisor 8 baseclass 1:1',
      'tc qdisc add dev d1 ingress_block 7 ingress',
    ]);
    expect(refusedLines(stderr)).toEqual([2]);
  });
});
