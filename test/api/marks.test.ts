import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { classify, compare, explain, markNotes, type Question } from '../../src/api/index.ts';
import { describeFrame } from '../../src/packet/index.ts';
import { explainText } from '../../src/replay/index.ts';
import { pcap } from '../captures.ts';
import { projectPath } from '../fuzz/corpus.ts';

const validator = (name: string) =>
  new Ajv2020({ allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(projectPath(`docs/schema/${name}.schema.json`), 'utf8')),
  );

const EMPTIED = ['iptables -F', 'iptables -t nat -F', 'iptables -t mangle -F'];
const MARKS = [
  'ipset create voip hash:net',
  'ipset add voip 192.168.1.0/28',
  'iptables -t mangle -A FORWARD -o wan0 -p tcp --dport 443 -j MARK --set-mark 10',
  'iptables -t mangle -A FORWARD -m set --match-set voip src -j MARK --set-mark 20',
];
const TREE = [
  'tc qdisc add dev wan0 root handle 1: drr',
  ...['10', '20', '30'].map((minor) => `tc class add dev wan0 parent 1: classid 1:${minor} drr`),
  'tc filter add dev wan0 parent 1: pref 1 protocol ip handle 10 fw classid 1:10',
  'tc filter add dev wan0 parent 1: pref 1 protocol ip handle 20 fw classid 1:20',
  'tc filter add dev wan0 parent 1: pref 2 matchall classid 1:30',
];
/** The priority is given, as qdiscs with classes read it. */
const script = (...lines: readonly string[]): Question => ({
  script: ['#!/bin/sh', ...lines].join('\n'),
  metadata: { all: { priority: 0 } },
});

const CAPTURE = pcap(
  'tcp 192.168.1.70:5000 > 1.1.1.1:443',
  'udp 192.168.1.7:5000 > 1.1.1.1:53',
  'udp 192.168.1.70:5000 > 1.1.1.1:53',
);

describe('classify() with rules that write marks', () => {
  const valid = validator('classify');
  const found = async (question: Question) => {
    const summary = await classify(CAPTURE, question);
    const { classes, exactness, missing, marks } = summary;
    expect([valid(JSON.parse(JSON.stringify(summary))), valid.errors]).toEqual([true, null]);
    const packets = classes.map(({ classid, packets: count }) => `${classid} ${count}`).sort();
    return { packets, exactness, missing, marks };
  };
  const EACH = ['1:10 1', '1:20 1', '1:30 1'];

  test('all rules are known: results are exact', async () => {
    const { packets, exactness, missing, marks } = await found(script(...EMPTIED, ...MARKS, ...TREE));
    expect(packets).toEqual(EACH);
    expect([exactness.exact, missing]).toEqual([3, undefined]);
    expect(marks).toEqual({ rules: 2, complete: true, undecided: [] });
  });

  test('others may have rules too: results are assumed', async () => {
    const { packets, exactness, missing, marks } = await found(script(...MARKS, ...TREE));
    expect(packets).toEqual(EACH);
    expect(exactness.assumed).toBe(3);
    expect(missing).toEqual([{ input: 'mark', packets: 3, option: '--set mark=' }]);
    expect(marks?.complete).toBe(false);
  });

  test('the rules of a recording', async () => {
    const lines = ['# Recorded by cls-flow record from: qos.sh', ...[...EMPTIED, ...MARKS].map((line) => `# ${line}`)];
    const { packets } = await found({ script: [...lines, ...TREE.map((line) => line.slice(3))].join('\n') });
    expect(packets).toEqual(EACH);
  });

  test('a rule that is not evaluated is named, with the packets whose mark it leaves open', async () => {
    const limit =
      'iptables -t mangle -A FORWARD -p udp -m hashlimit --hashlimit-above 5/s --hashlimit-name u -j MARK --set-mark 10';
    const { exactness, marks } = await found(script(...EMPTIED, ...MARKS, limit, ...TREE));
    expect([exactness.exact, exactness.assumed]).toEqual([1, 2]);
    const [undecided] = marks?.undecided ?? [];
    expect(undecided).toMatchObject({ file: 'script', line: 9, chain: 'FORWARD', packets: 2 });
    expect(undecided?.rule).toMatch(/^-p udp -m hashlimit/);
  });

  test('what is given wins', async () => {
    const { packets } = await found({ ...script(...EMPTIED, ...MARKS, ...TREE), metadata: { all: { mark: 20 } } });
    expect(packets).toEqual(['1:20 3']);
  });

  test('--ipset wins over the sets of the script', async () => {
    const sets = [{ name: 'voip', text: '192.168.1.70\n' }];
    const { packets } = await found({ ...script(...EMPTIED, ...MARKS, ...TREE), sets });
    expect(packets).toEqual(['1:20 2', '1:30 1']);
  });

  test('at ingress no rule was met', async () => {
    const tree = TREE.slice(-3).map((line) => line.replace('parent 1:', 'parent ffff:'));
    const question = {
      ...script(...EMPTIED, ...MARKS, 'tc qdisc add dev wan0 ingress', ...tree),
      at: 'ingress',
    } as const;
    const { packets, marks } = await found(question);
    expect([packets, marks]).toEqual([['1:30 3'], undefined]);
  });

  test('nft', async () => {
    const rules = [
      'nft flush ruleset',
      "nft -f - << 'END'",
      'table inet qos {',
      '  set voip { type ipv4_addr; flags interval; elements = { 192.168.1.0/28 }; }',
      '  chain post {',
      '    type filter hook postrouting priority mangle;',
      '    tcp dport 443 meta mark set 10',
      '    ip saddr @voip meta mark set 20',
      '  }',
      '}',
      'END',
    ];
    const { packets, exactness } = await found(script(...rules, ...TREE));
    expect([packets, exactness.exact]).toEqual([EACH, 3]);
  });

  test('CLASSIFY chooses the class, unless a priority is given', async () => {
    const rule = 'iptables -t mangle -A POSTROUTING -p tcp -j CLASSIFY --set-class 1:20';
    const { metadata: _, ...question } = script(...EMPTIED, rule, ...TREE.slice(0, 4));
    const ends = async (asked: Question) => (await classify(CAPTURE, asked)).fates?.map(({ class: at }) => at);
    expect(await ends(question)).toContain('1:20');
    expect((await classify(CAPTURE, question)).engine?.why).toBe("the script's rules write marks");
    expect(await ends({ ...question, metadata: { all: { priority: 0 } } })).not.toContain('1:20');
  });
});

test('notes say what is assumed', () => {
  const place = { file: 'qos.sh', line: 7 };
  const row = { place, chain: 'FORWARD', text: '-m \u001b[31mx -j MARK' };
  const rules = { rules: [row], undecided: Int32Array.of(2), isComplete: false };
  const notes = markNotes({ options: { marks: { rules } } } as unknown as Parameters<typeof markNotes>[0]);
  expect(notes).toEqual([
    expect.stringMatching(/^marks are those of the script's rules, and assumed: other rules may be there too/),
    expect.stringMatching(/^2 packets: the mark is assumed, as this rule is not evaluated: qos\.sh:7: FORWARD -m /),
  ]);
  expect(notes.join('')).not.toContain('\u001b');
});

describe('explain()', () => {
  test('says which rule wrote what, and which leaves it open', async () => {
    const limit =
      'iptables -t mangle -A PREROUTING -m hashlimit --hashlimit-above 5/s --hashlimit-name u -j MARK --set-mark 9';
    const question = script(...EMPTIED, limit, ...MARKS, ...TREE);
    const told = await explain('tcp 192.168.1.70:5000 > 1.1.1.1:443', question);
    expect(told.rules).toEqual([
      expect.objectContaining({ line: 5, chain: 'PREROUTING', wrote: null, value: null }),
      {
        ...{ file: 'script', line: 8, chain: 'FORWARD', wrote: 'mark', value: '0x0000000a' },
        rule: '-o wan0 -p tcp --dport 443 -j MARK --set-mark 10',
      },
    ]);
    const valid = validator('explain');
    expect([valid(JSON.parse(JSON.stringify(told))), valid.errors]).toEqual([true, null]);
    const lines = explainText(told).split('\n');
    const at = lines.indexOf('rules');
    expect(lines[at + 1]).toMatch(/^ {2}not evaluated +script:5 {2}PREROUTING -m hashlimit/);
    expect(lines[at + 2]).toMatch(/^ {2}mark 0x0000000a +script:8 {2}FORWARD -o wan0/);
  });
});

test("the script's NAT tells the tracker who began, as --nat does", async () => {
  const nat = [
    'ip addr add 192.168.1.1/24 dev lan0',
    'ip addr add 203.0.113.2/24 dev wan0',
    'iptables -t nat -F',
    'iptables -t nat -A POSTROUTING -o wan0 -j MASQUERADE',
  ];
  const filter = 'tc filter add dev wan0 parent 1: handle 1 flow map key nfct-dst and 0xff';
  const answer = describeFrame('udp 1.1.1.1:53 > 192.168.1.7:5000');
  // UDP's length.
  answer[39] = answer.length - 34;
  const question = script(...nat, TREE[0] ?? '', filter);
  const { given } = await explain(answer, question);
  const told = await explain(answer, { ...question, nat: ['masquerade 192.168.1.0/24 to 203.0.113.2'] });
  expect(given.conntrack).toMatch(/^reply direction, 1\.1\.1\.1 53 > 203\.0\.113\.2 5000/);
  expect(told.given.conntrack).toBe(given.conntrack);
});

test('compare() has the same notes, each once', async () => {
  const notes: string[] = [];
  const question = script(...MARKS, ...TREE);
  await compare(CAPTURE, question, question, { note: (text) => notes.push(text) });
  expect(notes.filter((note) => note.startsWith("marks are those of the script's rules"))).toHaveLength(1);
});
