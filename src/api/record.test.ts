import { expect, it } from 'vitest';
import { classify, explain, hosts, indexPackets, overTime, perturbed, type Question, spread } from './index.ts';

/** The header of a pcap file with no packets (https://www.tcpdump.org/manpages/pcap-savefile.5.txt). */
const EMPTY = Uint8Array.from([0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0]);
const QUESTION: Question = {
  filters: ['hash keys nfct-src perturb 10 divisor 16'],
  conntrack: 'udp 17 29 src=10.0.0.1 dst=192.0.2.1 sport=1 dport=2 src=192.0.2.1 dst=203.0.113.1 sport=2 dport=1\n',
  sets: [{ name: 'good', text: '10.0.0.1\n' }],
  metadata: { some: [{ packet: 1, mark: 5 }] },
};

it.each([
  ['classify', classify],
  ['hosts', hosts],
  ['overTime', overTime],
  ['indexPackets', indexPackets],
  ['perturbed', perturbed],
  ['spread', (source: Uint8Array, question: Question) => spread(source, question, 2)],
  ['explain', (_: Uint8Array, question: Question) => explain('udp 10.0.0.1:1 > 192.0.2.1:2', question)],
])('the record of %s has a digest of each table, and the question as it was asked', async (call, ask) => {
  const { record } = await ask(EMPTY, QUESTION);
  expect(record.call).toBe(call);
  const tables = record.inputs.map(({ name }) => name).filter((name) => name !== 'capture');
  expect(tables.sort()).toEqual(['conntrack', 'metadata', 'sets good']);
  expect(record.question).toMatchObject({ filters: QUESTION.filters });
  expect(record.question).not.toHaveProperty('flows');
  expect(record.question).not.toHaveProperty('conntrack');
});
