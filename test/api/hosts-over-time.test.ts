import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { FileSource } from '../../node/file-source.ts';
import { classify, hosts, overTime, type Question, QuestionError } from '../../src/api/index.ts';
import { Frame, PcapWriter } from '../../src/capture/index.ts';
import { describeFrame } from '../../src/packet/index.ts';
import { projectPath } from '../fuzz/corpus.ts';

const CAPTURE = new FileSource(projectPath('examples/household.pcapng'));
const QUESTIONS: readonly (readonly [string, Question])[] = [
  ['sources', { filters: ['hash keys src divisor 16'] }],
  ['destinations', { filters: ['map key dst and 0xff'] }],
  [
    'sources before NAT',
    { filters: ['hash keys nfct-src divisor 8'], nat: ['masquerade 192.168.77.0/24 to 203.0.113.2'] },
  ],
  ['a script', { script: readFileSync(projectPath('examples/household.tc'), 'utf8'), dev: 'wan0' }],
];

const validator = (name: string) =>
  new Ajv2020({ allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(projectPath(`docs/schema/${name}.schema.json`), 'utf8')),
  );

/** A capture: packets in words, each at its second; '' is too short to be one. */
function captureOf(packets: readonly (readonly [string, number])[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter({ linkType: 1 }, (chunk) => chunks.push(chunk.slice()));
  for (const [words, seconds] of packets) {
    const data = words === '' ? new Uint8Array(5) : describeFrame(words);
    writer.write(Object.assign(new Frame(), { data, end: data.length, length: data.length, linkType: 1, seconds }));
  }
  writer.finish();
  return new Uint8Array(Buffer.concat(chunks));
}

const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);

describe('hosts()', () => {
  const valid = validator('hosts');

  it.each(QUESTIONS)('lists those that classify() counts, whichever engine: %s', async (_, question) => {
    const { classes } = await classify(CAPTURE, question);
    const expected = new Map(classes.flatMap(({ classid, hosts }) => (hosts ? [[classid, hosts] as const] : [])));
    const [plain, compiled] = await Promise.all(
      (['plain', 'auto'] as const).map((engine) => hosts(CAPTURE, question, { engine })),
    );
    expect(compiled).toEqual(plain);
    expect(new Map(plain?.classes.map((row) => [row.classid, row.hosts]))).toEqual(expected);
    expect(plain?.classes.map(({ addresses }) => new Set(addresses).size)).toEqual(
      plain?.classes.map((row) => row.hosts),
    );
    expect([valid(JSON.parse(JSON.stringify(plain))), valid.errors]).toEqual([true, null]);
  });

  it('of one class, up to a limit', async () => {
    const from = (last: number) => [`udp 192.168.1.${last}:1 > 10.0.0.${last % 2}:53`, 0] as const;
    const bytes = captureOf([from(9), from(5), from(7), from(5), from(8)]);
    const question: Question = { filters: ['map key src and 1 baseclass 1:1'] };
    const found = await hosts(bytes, question, { classid: '1:2', limit: 2 });
    expect(found.classes).toEqual([{ classid: '1:2', hosts: 3, addresses: ['192.168.1.5', '192.168.1.7'] }]);
    expect(found.record).toMatchObject({ call: 'hosts', question: { classid: '1:2', limit: 2 } });
    expect((await hosts(bytes, question, { classid: '1:9' })).classes).toEqual([]);
  });

  it.each([
    ['classid', { classid: 'x' }],
    ['classid', { classid: '1' }],
    ['classid', { classid: 0x10002 as unknown as string }],
    ['limit', { limit: 0 }],
    ['limit', { limit: Number.NaN }],
    ['limit', { limit: 2 ** 40 }],
  ])('names the field that is wrong: %s in %j', async (field, options) => {
    const asked = hosts(CAPTURE, { filters: ['map key dst'] }, options);
    await expect(asked).rejects.toThrow(QuestionError);
    await expect(asked).rejects.toMatchObject({ field });
  });
});

describe('overTime()', () => {
  const valid = validator('over-time');

  it.each(QUESTIONS)('comes to what classify() counts: %s', async (_, question) => {
    const counted = await classify(CAPTURE, question);
    const found = await overTime(CAPTURE, question, { bins: 64 });
    const total = new Map(found.classes.map((row) => [row.classid, [sum(row.packets), sum(row.bytes)]]));
    expect(total).toEqual(new Map(counted.classes.map((row) => [row.classid, [row.packets, row.bytes]])));
    expect(sum(found.unclassified.packets)).toBe(sum(counted.unclassified.map(({ packets }) => packets)));
    expect(found.bins).toBeGreaterThan(32);
    expect(new Set(found.classes.map(({ bytes }) => bytes.length))).toEqual(new Set([found.bins]));
    expect([valid(JSON.parse(JSON.stringify(found))), valid.errors]).toEqual([true, null]);
  });

  it('has each packet in the bin of its time', async () => {
    const to = (last: number, seconds: number) => [`udp 192.168.1.1:1 > 10.0.0.${last}:53`, seconds] as const;
    const bytes = captureOf([to(1, 1001), to(0, 1003), to(1, 1000), ['', 1002]]);
    const found = await overTime(bytes, { filters: ['map key dst and 1 baseclass 1:1'] }, { bins: 4 });
    expect(found).toMatchObject({ schema: 1, complete: true, began: 1000, width: 1, bins: 4 });
    expect(found.classes.map(({ classid, packets }) => [classid, packets])).toEqual([
      ['1:1', [0, 0, 0, 1]],
      ['1:2', [1, 1, 0, 0]],
    ]);
    expect(found.unclassified).toEqual({ packets: [0, 0, 1, 0], bytes: [0, 0, 5, 0] });
  });

  it('has bins of the width that is asked for, and refuses more counts than there is room for', async () => {
    const question = { filters: ['map key dst and 1 baseclass 1:1'] };
    const to = (last: number, seconds: number) => [`udp 192.168.1.1:1 > 10.0.0.${last}:53`, seconds] as const;
    const found = await overTime(captureOf([to(1, 1001), to(0, 1003)]), question, { every: 1.5 });
    expect(found).toMatchObject({ began: 1000.5, width: 1.5, bins: 2, record: { question: { every: 1.5 } } });
    expect(found.classes.map(({ packets }) => packets)).toEqual([
      [0, 1],
      [1, 0],
    ]);
    const far = captureOf([to(1, 0), to(0, 1_000_000)]);
    await expect(overTime(far, question, { every: 0.1 })).rejects.toMatchObject({ field: 'every' });
    await expect(overTime(far, question, { every: 0 })).rejects.toMatchObject({ field: 'every' });
    await expect(overTime(far, question, { every: 1, bins: 8 })).rejects.toMatchObject({ field: 'every' });
  });

  it('puts classes together that are too many', async () => {
    const bins = 4096;
    const packets = Array.from({ length: 520 }, (_, i) => [`udp 1.1.1.1:1 > 10.0.${i >> 8}.${i & 255}:53`, i] as const);
    const found = await overTime(captureOf(packets), { filters: ['map key dst and 0xffff'] }, { bins });
    expect(found.classes).toHaveLength((1 << 21) / bins);
    expect(sum(found.others?.packets ?? [])).toBe(520 - 512);
    expect([valid(JSON.parse(JSON.stringify(found))), valid.errors]).toEqual([true, null]);
  });

  it('of nothing has no bins', async () => {
    const found = await overTime(captureOf([]), { filters: ['map key dst'] });
    expect(found).toMatchObject({ began: null, bins: 0, classes: [], unclassified: { packets: [], bytes: [] } });
    expect([valid(JSON.parse(JSON.stringify(found))), valid.errors]).toEqual([true, null]);
  });

  it.each([0, 1, 4097, 2.5, Number.NaN, 2 ** 40])('has not %d bins', async (bins) => {
    await expect(overTime(CAPTURE, { filters: ['map key dst'] }, { bins })).rejects.toMatchObject({ field: 'bins' });
  });
});
