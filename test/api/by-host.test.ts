import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { FileSource } from '../../node/file-source.ts';
import {
  type ByHostQuestion,
  type Classification,
  classify,
  type Question,
  QuestionError,
  spread,
  type Why,
  why,
} from '../../src/api/index.ts';
import { pcap } from '../captures.ts';
import { projectPath } from '../fuzz/corpus.ts';

const CAPTURE = new FileSource(projectPath('examples/household.pcapng'));
const NAT = ['masquerade 192.168.77.0/24 to 203.0.113.2'];
const NFCT: Question = { filters: ['hash keys nfct-src divisor 16'], nat: NAT };
const SCRIPT: Question = { script: readFileSync(projectPath('examples/household.tc'), 'utf8'), dev: 'wan0' };
/** The last bit of the sender chooses one of two classes. */
const TWO: Question = { filters: ['map key src and 1 baseclass 1:1'] };

const validator = (name: string) =>
  new Ajv2020({ allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(projectPath(`docs/schema/${name}.schema.json`), 'utf8')),
  );
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);

/** Of packets in words. */
const found = (packets: readonly string[], byHost: ByHostQuestion, question = TWO): Promise<Classification> =>
  classify(new Uint8Array(pcap(...packets)), question, byHost);

describe('classify() by host', () => {
  const valid = validator('classify');

  it.each([
    ['filters, hosts', NFCT, 'host'],
    ['filters, flows', NFCT, 'flow'],
    ['filters, receivers', NFCT, 'dst'],
    ['filters, subscribers', NFCT, 'subscriber'],
    ['a script', SCRIPT, 'host'],
  ] as const)("counts the packets that the classes have, but nobody's: %s", async (_, question, by) => {
    const { hosts = [], ...summary } = await classify(CAPTURE, question, { by });
    expect([valid(asJson({ ...summary, hosts })), valid.errors]).toEqual([true, null]);
    expect(hosts.length).toBe(summary.hostsSeen);
    const own = hosts.flatMap(({ classes }) => classes);
    let nobodys = 0;
    for (const { classid, packets, bytes } of question === SCRIPT ? [] : summary.classes) {
      const of = own.filter((row) => row.classid === classid);
      nobodys += packets - sum(of.map((row) => row.packets));
      expect(sum(of.map((row) => row.share))).toBeCloseTo(sum(of.map((row) => row.bytes)) / bytes);
      expect(new Set(of.map((row) => row.others))).toEqual(new Set([of.length - 1]));
    }
    // ARP: `tshark -r examples/household.pcapng -Y 'not ip and not ipv6'` lists 32.
    expect(nobodys).toBe(question === SCRIPT ? 0 : 32);
    const each = hosts.map(({ packets, classes, unclassified }) => [
      packets,
      sum([...classes, ...unclassified].map((row) => row.packets)),
    ]);
    expect(each.every(([all, parts]) => all === parts)).toBe(true);
    expect(hosts.every(({ packets, exactness: e }) => packets === e.exact + e.assumed + e.unknowable)).toBe(true);
    const { hosts: _hosts, hostsSeen: _seen, record: _record, engine: _engine, ...rest } = summary as Classification;
    const { record: _r, engine: _e, ...without } = await classify(CAPTURE, question);
    expect(rest).toEqual(without);
  });

  it('names who shares a class, and by how much', async () => {
    const packets = [
      ...['udp 10.0.0.3:1 > 192.0.2.1:53', 'udp 10.0.0.3:2 > 192.0.2.1:53', 'udp 10.0.0.5:1 > 192.0.2.1:53'],
      'udp 10.0.0.4:1 > 192.0.2.1:53',
    ];
    const { hosts } = await found(packets, { by: 'host', names: '10.0.0.5 printer\n' });
    const bytes = 54;
    const all = { exact: 2, assumed: 0, unknowable: 0 };
    const one = { exact: 1, assumed: 0, unknowable: 0 };
    const neighbour = { address: '10.0.0.5', name: 'printer', bytes, share: 1 / 3 };
    expect(hosts).toEqual([
      {
        ...{ address: '10.0.0.3', packets: 2, bytes: 2 * bytes, exactness: all, unclassified: [] },
        classes: [
          {
            classid: '1:2',
            packets: 2,
            bytes: 2 * bytes,
            share: 2 / 3,
            others: 1,
            neighbours: [neighbour],
            exactness: all,
          },
        ],
      },
      {
        ...{ address: '10.0.0.4', packets: 1, bytes, exactness: one, unclassified: [] },
        classes: [{ classid: '1:1', packets: 1, bytes, share: 1, others: 0, neighbours: [], exactness: one }],
      },
      {
        ...{ address: '10.0.0.5', name: 'printer', packets: 1, bytes, exactness: one, unclassified: [] },
        classes: [
          {
            ...{ classid: '1:2', packets: 1, bytes, share: 1 / 3, others: 1, exactness: one },
            neighbours: [{ address: '10.0.0.3', bytes: 2 * bytes, share: 2 / 3 }],
          },
        ],
      },
    ]);
  });

  it('puts the IPv6 addresses of a subscriber together, and lists those alone that are wanted', async () => {
    const packets = [
      'udp [2001:db8:0:1::7]:1 > [2001:db8::1]:53',
      'udp [2001:db8:0:1:9::8]:1 > [2001:db8::1]:53',
      'udp 10.0.0.4:1 > 192.0.2.1:53',
    ];
    const names = (rows: Classification): readonly string[] => rows.hosts?.map(({ address }) => address) ?? [];
    expect(names(await found(packets, { by: 'subscriber' }))).toEqual(['2001:db8:0:1::/64', '10.0.0.4']);
    expect(names(await found(packets, { by: 'subscriber', subscriberPrefix: 80 }))).toHaveLength(3);
    expect(names(await found(packets, { by: 'host', only: '10.0.0.0/8' }))).toEqual(['10.0.0.4']);
    const flows = await found(packets, { by: 'flow', only: '192.0.2.1' });
    expect(names(flows)).toEqual(['udp 10.0.0.4:1 > 192.0.2.1:53']);
    expect(flows.hostsSeen).toBe(3);
    expect(flows.record.question).toMatchObject({ by: 'flow', only: '192.0.2.1' });
  });

  it('takes for hosts whoever is in the prefixes, whichever way a packet goes; others are nobody', async () => {
    const packets = [
      ...['udp 10.0.0.3:1 > 192.0.2.1:53', 'udp 192.0.2.1:53 > 10.0.0.3:1', 'udp 192.0.2.1:1 > 192.0.2.2:53'],
      'udp 192.0.2.1:1 > 10.0.0.4:53',
    ];
    const { hosts } = await found(packets, { by: 'host' }, { ...TWO, hosts: ['10.0.0.0/24'], direction: 'out' });
    expect(hosts?.map(({ address, packets: count }) => [address, count])).toEqual([
      ['10.0.0.3', 2],
      ['10.0.0.4', 1],
    ]);
  });

  it('lists the largest, and those whose packets have no class', async () => {
    const packets = ['udp 10.0.0.3:1 > 192.0.2.1:53', 'tcp 10.0.0.4:1 > 192.0.2.1:80'];
    const { hosts, hostsSeen } = await found(
      packets,
      { by: 'host', most: 1 },
      { filters: ['map key src action drop'] },
    );
    expect([hosts?.length, hostsSeen]).toEqual([1, 2]);
    expect(hosts?.[0]).toMatchObject({
      address: '10.0.0.3',
      classes: [],
      unclassified: [{ reason: 'taken by an action: shot', packets: 1 }],
    });
  });

  it.each([
    ['by', { by: 'port' as 'host' }],
    ['only', { only: '10.0.0.1' }],
    ['only', { by: 'host', only: '10.0.0' }],
    ['subscriberPrefix', { by: 'subscriber', subscriberPrefix: 129 }],
    ['most', { by: 'host', most: 0 }],
    ['names', { by: 'host', names: 7 as unknown as string }],
    ['names[1]', { by: 'host', names: '10.0.0.1 x\n10.0.0.2' }],
  ] as const)('names the field that is wrong: %s', async (field, byHost) => {
    const asked = found([], byHost);
    await expect(asked).rejects.toThrow(QuestionError);
    await expect(asked).rejects.toMatchObject({ field });
  });
});

describe('why()', () => {
  const valid = validator('why');
  const checked = (answer: Why): Why => {
    expect([valid(asJson(answer)), valid.errors]).toEqual([true, null]);
    return answer;
  };

  it.each([
    ['filters', NFCT],
    ['a script', SCRIPT],
  ] as const)('has the numbers of classify() and of spread(): %s', async (_, question) => {
    const { hosts = [] } = await classify(CAPTURE, question, { by: 'host' });
    for (const host of hosts.slice(0, 8)) {
      const answer = checked(await why(CAPTURE, host.address, question, { seeds: 20 }));
      expect(answer.host).toEqual(host);
      if (answer.ends !== undefined) expect(sum(answer.ends.map(({ packets }) => packets))).toBe(host.packets);
      const { spread: all } = await spread(CAPTURE, question, 20);
      const chance = all?.perHost.find((one) => one.host === host.address)?.chance;
      expect(answer.chance?.chance).toBe(chance);
    }
  });

  it('says what would change it: more buckets, as long as they help', async () => {
    const { chance, changes } = await why(CAPTURE, '192.168.77.11', NFCT);
    expect(changes.map(({ keys, divisor }) => [keys, divisor])).toEqual([
      ['nfct-src', 64],
      ['nfct-src', 256],
      ['nfct-src', 1024],
    ]);
    const chances = [chance?.chance ?? 0, ...changes.map((change) => change.chance)];
    expect(chances).toEqual([...chances].sort((a, b) => b - a));
    // Six others in sixteen buckets meet it more often than not, whatever the seed.
    const { chance: wide } = await why(CAPTURE, '192.168.77.11', {
      ...NFCT,
      filters: ['hash keys nfct-src divisor 64'],
    });
    expect(changes[0]?.chance).toBe(wide?.chance);
  });

  it('finds the host behind NAT with other keys, where the filter does not see it', async () => {
    const packets = Array.from({ length: 4 }, (_, i) => `udp 192.168.1.${i + 1}:1 > 192.0.2.1:53`);
    const source = new Uint8Array(pcap(...packets));
    const question = { filters: ['hash keys src divisor 16'], nat: ['masquerade 192.168.1.0/24 to 203.0.113.2'] };
    const { host, changes, notes } = checked(await why(source, '192.168.1.9', question));
    expect([host, changes, notes]).toEqual([null, [], []]);
    const seen = checked(await why(source, '192.168.1.2', { filters: ['hash keys src,dst,proto-src divisor 16'] }));
    expect(seen.host?.packets).toBe(1);
  });

  it('names the address that is none', async () => {
    await expect(why(CAPTURE, '192.168.77.0/24', NFCT)).rejects.toMatchObject({ field: 'address' });
    await expect(why(CAPTURE, 'printer', NFCT)).rejects.toMatchObject({ field: 'address' });
  });
});
