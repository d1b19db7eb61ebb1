import { describe, expect, test } from 'vitest';
import { csv, ndjson } from './lines.ts';
import { Sharing } from './sharing.ts';
import { type Summary, summarise } from './summary.ts';
import { Tally } from './tally.ts';

function summary(sharing: Sharing | null = null, errors: Summary['errors'] = []): Summary {
  const tally = new Tally();
  tally.add(0x10001, 100);
  tally.add(0x10002, 250);
  tally.add(0x10003, 100);
  tally.miss('no filter took it', 50);
  tally.exactness.exact = 3;
  const filters = [{ pref: 1, handle: '0x1', spec: 'map key src', hashrnd: '0x00000000', from: 'seed' as const }];
  return summarise({ tally, sharing, filters, era: '6.1', seed: 7, errors });
}

describe('a summary', () => {
  test('lists classes with most bytes first, equal ones by class id, with their share of all bytes', () => {
    expect(summary().classes.map(({ classid, share }) => [classid, share])).toEqual([
      ['1:2', 0.5],
      ['1:1', 0.2],
      ['1:3', 0.2],
    ]);
  });

  test('says null where flows and hosts were not counted', () => {
    const { classes, collisions, jain, worstShare } = summary();
    expect(classes[0]).toMatchObject({ flows: null, hosts: null });
    expect([collisions, jain, worstShare]).toEqual([[], null, null]);
  });

  test('lists the classes that hosts share, most hosts first; a class nobody with an address is in has none', () => {
    const sharing = new Sharing();
    for (const [classid, host] of [
      [0x10001, 1],
      [0x10001, 2],
      [0x10002, 3],
      [0x10002, 4],
      [0x10002, 5],
    ] as const) {
      sharing.flow[3] = host;
      sharing.host[1] = host;
      sharing.add(classid, false);
    }
    const { collisions, classes, jain } = summary(sharing);
    expect(collisions).toEqual([
      { classid: '1:2', hosts: 3, flows: 3 },
      { classid: '1:1', hosts: 2, flows: 2 },
    ]);
    expect(classes.find(({ classid }) => classid === '1:3')).toMatchObject({ hosts: 0, flows: 0 });
    // Shares 1/2, 1/2, 1/3, 1/3, 1/3: 2² / (5 * (1/2 + 1/3)).
    expect(jain).toBeCloseTo(0.96, 12);
  });

  test('says of counts from a sample that they are estimates', () => {
    const sharing = new Sharing();
    expect(summary(sharing).estimated).toBeUndefined();
    sharing.keeper = { note: () => false, perClass: () => {}, eachHost: () => {}, isEstimate: true };
    expect(summary(sharing).estimated).toBe(true);
  });

  test('is complete only without errors', () => {
    expect(summary().complete).toBe(true);
    expect(summary(null, [{ file: 'a.pcap', offset: 24, message: 'bad' }]).complete).toBe(false);
  });

  test('of nothing at all has no shares to divide by', () => {
    const empty = summarise({ tally: new Tally(), sharing: null, filters: [], era: '6.1', seed: 0, errors: [] });
    expect(empty).toMatchObject({ packets: 0, bytes: 0, classes: [], unclassified: [], complete: true });
  });
});

describe('lines', () => {
  test('of a summary are one JSON object each, with a type', () => {
    const lines = ndjson(summary(null, [{ file: 'a.pcap', offset: null, message: 'bad' }]))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ type }) => type)).toEqual([
      'run',
      'filter',
      'class',
      'class',
      'class',
      'unclassified',
      'error',
    ]);
    expect(lines[0]).toMatchObject({ type: 'run', schema: 1, packets: 4, bytes: 500 });
    expect(lines[2]).toEqual({
      type: 'class',
      classid: '1:2',
      packets: 1,
      bytes: 250,
      share: 0.5,
      flows: null,
      hosts: null,
    });
  });

  test('of CSV quote what would break them (RFC 4180)', () => {
    expect(csv([['a,b', 'say "x"', 'two\nlines', null, 1.5]])).toBe('"a,b","say ""x""","two\nlines",,1.5\n');
  });

  test('of CSV disarm what a spreadsheet would run, and leave negative numbers alone', () => {
    expect(csv([['-62135596800.000000000', '-0.500000000']])).toBe('-62135596800.000000000,-0.500000000\n');
    expect(csv([['=1+1', '+1', '-1', '@x', -1]])).toBe(`"'=1+1","'+1","'-1","'@x",-1\n`);
  });
});
