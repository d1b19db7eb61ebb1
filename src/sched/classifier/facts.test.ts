import { expect, test } from 'vitest';
import { runTc } from '../../command/index.ts';
import { createEnv } from '../../env.ts';
import { ERAS } from '../../era.ts';
import { type Made, Netns } from '../../kernel/index.ts';
import { shellWords } from '../../lang/index.ts';
import { classidText } from '../../u32.ts';
import type { FilterFacts } from './index.ts';

const env = createEnv({ era: ERAS['6.1'], seed: 0 });

/** The class that a filter names, `all` if it takes every packet, and the devices that it sends packets to. */
function facts(words: string): string {
  const found = lastFacts(words);
  if (found === null) return 'no filter';
  const { classid, takesAll, actions } = found;
  return [classid === null ? '-' : classidText(classid), takesAll ? 'all' : 'some', ...actions.targets].join(' ');
}

/** The filter that these words make. */
function lastFacts(words: string): FilterFacts | null {
  const netns = new Netns({ env, devices: ['d0', 'd1'].map((name, i) => ({ name, ifindex: 2 + i })) });
  const made: Made[] = [];
  const request = (datagram: Uint8Array) => netns.request(datagram, 0, { made: (object) => made.push(object) });
  const tc = (line: string) => runTc(shellWords(line), { transport: { request, links: netns.links } });
  tc('qdisc add dev d0 root handle 1: htb');
  expect(tc(`filter add dev d0 parent 1: protocol ip prio 1 ${words}`)).toMatchObject({ stderr: '', exit: 0 });
  const last = made.at(-1);
  return last === undefined || !('proto' in last) ? null : (last.proto.classifier.facts()[0] ?? null);
}

test.each([
  [
    'u32 match ip src 10.0.0.0/8 match mark 3 0xff flowid 1:2',
    [
      { field: 'mark', mask: '0xff', value: '0x3' },
      { offset: 12, nexthdr: false, mask: '0xff000000', value: '0xa000000' },
    ],
  ],
  ['u32 match u32 0 0 flowid 1:2', []],
  [
    'flower ip_proto tcp dst_port 80-90 classid 1:5',
    [
      { field: 'ipProto', mask: '0xff', value: '0x06' },
      { field: 'dstPort', from: 80, to: 90 },
    ],
  ],
  ['handle 7 fw classid 1:6', [{ field: 'mark', mask: '0xffffffff', value: '0x7' }]],
  [
    "basic match 'cmp(u8 at 9 layer network eq 17)' classid 1:7",
    [{ match: { test: { layer: 1, off: 9, size: 1, mask: 0xffffffff, operand: 'eq', value: 17 } } }],
  ],
  ["basic match 'meta(vlan eq 1)' classid 1:7", [{ opaque: 'ematches' }]],
  ['handle 1 flow map key mark', []],
])('what a filter asks of a packet is data: %s', (words, expected) => {
  expect(lastFacts(words)?.tests).toEqual(expected);
});

test.each([
  ['u32 match u32 0 0 flowid 1:2', '1:2 all'],
  ['u32 match ip src 10.0.0.0/8 flowid 1:2', '1:2 some'],
  ['u32 match u32 0 0', '- some'],
  ['u32 match u32 0 0 flowid 1:2 action continue', '1:2 some'],
  ['u32 match u32 0 0 action mirred egress redirect dev d1', '- all 3'],
  ['u32 ht 800: match u32 0 0 flowid 1:3', '1:3 all'],
  ['matchall classid 1:4', '1:4 all'],
  ['matchall classid 1:4 action police rate 1mbit burst 10k conform-exceed continue', '1:4 some'],
  ['matchall action goto chain 3', '- some'],
  ['flower classid 1:5', '1:5 all'],
  ['flower ip_proto tcp classid 1:5', '1:5 some'],
  ['handle 7 fw classid 1:6', '1:6 some'],
  ['basic classid 1:7', '1:7 all'],
  ["basic match 'meta(vlan eq 1)' classid 1:7", '1:7 some'],
  ['handle 1 flow map key mark', '- all'],
  ["handle 1 flow match 'meta(vlan eq 1)' map key mark", '- some'],
])('a filter tells what it does without a packet: %s', (words, expected) => {
  expect(facts(words)).toBe(expected);
});
