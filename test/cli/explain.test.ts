import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { ExplainedPacket } from '../../src/api/index.ts';
import { describeFrame } from '../../src/packet/index.ts';
import type { Explanation } from '../../src/replay/index.ts';
import { cli, HOUSEHOLD } from './cli.ts';

const WORDS = 'tcp 192.168.1.7:51514 > 1.1.1.1:443';
/** Of both sides of the router, all packets. */
const NAT = ['--nat', 'masquerade 192.168.77.0/24 to 203.0.113.2', '--captured', 'here'];

const schema = new Ajv2020({ allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/schema/explain.schema.json'), 'utf8')),
);

function explained(args: readonly string[]): Explanation {
  const { status, stdout } = cli(['explain', ...args, '--format', 'json']);
  const explanation = JSON.parse(stdout);
  expect([status, schema(explanation), schema.errors]).toEqual([0, true, null]);
  return explanation;
}

describe('explain', () => {
  it('tells a packet given in words: headers with offsets, keys, steps, class', () => {
    const { status, stdout } = cli(['explain', WORDS, '--filter', 'map key src and 0xff addend 2 divisor 5']);
    expect(status).toBe(0);
    // 192.168.1.7 is c0a80107; 7 + 2 = 9; 9 mod 5 = 4; class 1:1 + 4.
    for (const text of [
      'tcp 192.168.1.7:51514 > 1.1.1.1:443',
      'at   14',
      '0xc0a80107',
      '0x00000007',
      '0x00000009',
      '0x00000004',
      'class 1:5',
    ]) {
      expect(stdout).toContain(text);
    }
  });

  it('prints JSON as its schema says', () => {
    const explanation = explained([WORDS, '--filter', 'hash keys src,dst divisor 1024', '--hashrnd', '0x1']);
    expect(explanation.filters[0]?.keys.map(({ value }) => value)).toEqual(['0xc0a80107', '0x01010101']);
    expect(explanation).toMatchObject({ packet: 1, hook: 'egress', verdict: 'ok', exactness: 'exact' });
  });

  it('tells a frame in hex as it tells the same packet in words', () => {
    const filter = ['--filter', 'hash keys src,dst,proto-dst'];
    const hex = Buffer.from(describeFrame(WORDS)).toString('hex');
    const colons = (hex.match(/../g) ?? []).join(':');
    const { record: _, ...inWords } = explained([WORDS, ...filter]) as ExplainedPacket;
    expect(explained(['--hex', hex, ...filter])).toMatchObject(inWords);
    expect(explained(['--hex', `0x${colons}`, ...filter])).toMatchObject(inWords);
  });

  it('takes the words of a packet unquoted, too', () => {
    expect(explained([...WORDS.split(' '), '--filter', 'map key dst']).flow).toBe(WORDS);
  });

  it.each([1, 200, 2500, 5000])('gives packet %i of a capture the class that classify gives it', (number) => {
    const options = ['--filter', 'hash keys nfct-src,nfct-proto-src divisor 64 perturb 10', ...NAT];
    const records = cli(['classify', HOUSEHOLD, ...options, '--packets']).stdout.split('\n');
    const { packet, classid, exactness, length } = explained([HOUSEHOLD, '--packet', String(number), ...options]);
    expect(JSON.parse(records[number - 1] ?? '')).toMatchObject({ packet, classid, exactness, length });
  });

  it('says how many packets there are when there is none of that number', () => {
    const { status, stderr } = cli(['explain', HOUSEHOLD, '--packet', '999999', '--filter', 'map key dst']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^cls-flow: there is no packet 999999: \d+ were read\n$/);
  });
});
