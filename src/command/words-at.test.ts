import { describe, expect, test } from 'vitest';
import { shellWords } from '../lang/index.ts';
import { wordsAt } from './index.ts';

/** What may stand behind this line: keywords, and the keyword of a value as `VALUE of it`. */
function behind(line: string): string[] {
  const words = shellWords(line);
  return wordsAt(words, words.length).map((at) => ('word' in at ? at.word : `VALUE of ${at.value}`));
}

// Expectations are tc's own usage texts: `tc help`, `tc qdisc help`, `tc filter add … flow help`, and so on.
describe('the words of a command', () => {
  test('objects and their verbs', () => {
    expect(behind('')).toEqual(['qdisc', 'class', 'filter', 'chain', 'actions', 'monitor', 'exec', 'help']);
    expect(behind('qdisc')).toEqual(['add', 'change', 'replace', 'link', 'delete', 'list', 'show', 'lst', 'help']);
    expect(behind('-s filter')).toEqual(expect.arrayContaining(['add', 'change', 'replace', 'delete', 'get', 'show']));
    expect(behind('a')).toEqual(expect.arrayContaining(['add', 'get', 'flush']));
  });

  test('what stands before a kind, and the kinds', () => {
    const qdisc = behind('qdisc add dev eth0 root');
    expect(qdisc.slice(0, 6)).toEqual(['dev', 'handle', 'root', 'ingress', 'clsact', 'parent']);
    expect(qdisc).toEqual(
      expect.arrayContaining(['handle', 'stab', 'htb', 'hfsc', 'sfq', 'fq_codel', 'cake', 'netem']),
    );
    expect(behind('qdisc show')).toEqual(
      expect.arrayContaining(['dev', 'root', 'ingress', 'clsact', 'parent', 'handle', 'invisible']),
    );
    expect(behind('qdisc show')).not.toContain('htb');

    const classes = behind('class add dev eth0 parent 1:');
    expect(classes).toEqual(expect.arrayContaining(['classid', 'htb', 'hfsc', 'drr', 'qfq']));
    for (const none of ['sfq', 'fq_codel', 'handle']) expect(classes).not.toContain(none);

    expect(behind('filter add dev eth0')).toEqual(
      expect.arrayContaining(['root', 'parent', 'preference', 'protocol', 'chain', 'flow', 'u32', 'fw', 'flower']),
    );
  });

  test('options of qdiscs and classes', () => {
    expect(behind('qdisc add dev eth0 root htb')).toEqual(['r2q', 'default', 'debug', 'direct_qlen', 'offload']);
    expect(behind('qdisc add dev eth0 root sfq')).toEqual(
      expect.arrayContaining(['limit', 'perturb', 'quantum', 'divisor', 'depth', 'headdrop', 'flows', 'redflowlimit']),
    );
    expect(behind('class add dev eth0 parent 1: htb rate 1mbit')).toEqual(
      expect.arrayContaining(['rate', 'ceil', 'burst', 'cburst', 'prio', 'quantum', 'mtu', 'overhead', 'linklayer']),
    );
    expect(behind('class add dev eth0 parent 1: htb linklayer')).toEqual(['ethernet', 'atm', 'adsl']);
    expect(behind('class add dev eth0 parent 1: hfsc sc m1 1mbit')).toEqual(['d', 'm2']);
  });

  test('the flow classifier', () => {
    expect(behind('filter add dev eth0 parent 1: flow')).toEqual(
      'map hash keys and or xor rshift addend divisor baseclass perturb police action match help'.split(' '),
    );
    expect(behind('filter add dev eth0 parent 1: flow hash keys')).toEqual(
      [
        'src dst proto proto-src proto-dst iif priority mark nfct nfct-src nfct-dst nfct-proto-src nfct-proto-dst',
        'rt-classid sk-uid sk-gid vlan-tag rxhash',
      ]
        .join(' ')
        .split(' '),
    );
  });

  test('other classifiers', () => {
    expect(behind('filter add dev eth0 u32')).toEqual(
      expect.arrayContaining(['match', 'offset', 'hashkey', 'classid', 'divisor', 'order', 'link', 'ht', 'sample']),
    );
    expect(behind('filter add dev eth0 u32 match')).toEqual('u32 u16 u8 ip ip6 udp tcp icmp mark ether'.split(' '));
    expect(behind('filter add dev eth0 u32 match ip')).toEqual(
      expect.arrayContaining(['src', 'dst', 'sport', 'dport']),
    );
    expect(behind('filter add dev eth0 fw')).toEqual(['classid', 'flowid', 'police', 'action', 'indev', 'help']);
    expect(behind('filter add dev eth0 basic')).toEqual(['match', 'classid', 'flowid', 'action', 'police', 'help']);
    expect(behind("filter add dev eth0 basic match 'cmp(u8 at 0 layer 1 gt 10)'")).toContain('classid');
    expect(behind('filter add dev eth0 matchall')).toEqual([
      'classid',
      'flowid',
      'action',
      'skip_hw',
      'skip_sw',
      'help',
    ]);
    expect(behind('filter add dev eth0 protocol ip flower')).toEqual(
      expect.arrayContaining(['src_ip', 'dst_ip', 'ip_proto', 'vlan_id', 'indev', 'skip_sw', 'action']),
    );
    expect(behind('filter add dev eth0 protocol ip flower ip_proto')).toEqual(
      expect.arrayContaining(['tcp', 'udp', 'sctp', 'icmp', 'icmpv6']),
    );
  });

  test('actions and police', () => {
    const first = behind('filter add dev eth0 matchall action');
    expect(first).toEqual(expect.arrayContaining(['drop', 'pass', 'goto', 'mirred', 'police', 'pedit', 'skbedit']));
    expect(behind('filter add dev eth0 matchall action drop')).toEqual(expect.arrayContaining(['index', 'action']));
    expect(behind('filter add dev eth0 matchall action goto')).toEqual(['chain']);
    expect(behind('filter add dev eth0 matchall action mirred egress')).toEqual(
      expect.arrayContaining(['mirror', 'redirect']),
    );
    expect(behind('filter add dev eth0 fw police rate 1mbit')).toEqual(
      expect.arrayContaining(['burst', 'mtu', 'peakrate', 'avrate', 'drop', 'conform-exceed', 'overhead', 'linklayer']),
    );
  });

  test('a word that ends a list of actions is offered where the filter takes it', () => {
    expect(behind('filter add dev eth0 fw action drop')).toEqual(expect.arrayContaining(['classid', 'flowid']));
    expect(behind('filter add dev eth0 flow hash keys src action drop')).not.toContain('classid');
    expect(behind('filter add dev eth0 matchall action drop')).not.toContain('delete');
    expect(behind('actions add action drop')).toContain('delete');
  });
});

describe('places without keywords', () => {
  test('a value is named by its keyword, in full', () => {
    expect(behind('qdisc add dev')).toEqual(['VALUE of dev']);
    expect(behind('filter add dev eth0 pref')).toEqual(['VALUE of preference']);
    expect(behind('filter add dev eth0 parent 1: flow hash keys src div')).toEqual(['VALUE of divisor']);
    expect(behind('filter add dev eth0 u32 match ip dport 80')).toEqual(['VALUE of dport']);
    expect(behind('filter add dev eth0 basic match')).toEqual(['VALUE of match']);
  });

  test('what tc refuses before, and what lies behind the command', () => {
    expect(behind('qdisc add dev eth0 root htb nosuch')).toEqual([]);
    expect(behind('filter add dev eth0 flow divisor many')).toEqual([]);
    expect(wordsAt(['qdisc'], 2)).toEqual([]);
  });
});

test('the word at the place and those behind it do not count', () => {
  const words = shellWords('qdisc add dev eth0 root htb default 10');
  expect(wordsAt(words, 5)).toEqual(wordsAt(words.slice(0, 5), 5));
  expect(wordsAt(['qdisc', 'nosuch'], 1)).toEqual(wordsAt(['qdisc'], 1));
});

test('whether a beginning will do', () => {
  const options = new Map(
    wordsAt(shellWords('filter add dev eth0 u32'), 5).flatMap((at) => ('word' in at ? [[at.word, at.whole]] : [])),
  );
  expect(options.get('classid')).toBe(false);
  expect(options.get('flowid')).toBe(true);
});
