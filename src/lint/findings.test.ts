import { describe, expect, test } from 'vitest';
import { check, RULES } from './index.ts';

/** `found`: the finding is there; `clean`: what looks like it and is right. One line a command, without `tc`. */
interface Case {
  readonly found: string;
  readonly clean: string;
}

const HTB = `qdisc add dev eth0 root handle 1: htb default 20
class add dev eth0 parent 1: classid 1:20 htb rate 5mbit`;
const DRR = `qdisc add dev eth0 root handle 1: drr
class add dev eth0 parent 1: classid 1:1 drr
class add dev eth0 parent 1: classid 1:2 drr`;
const SFQ = 'qdisc add dev eth0 root handle 1: sfq';
const INNER = `qdisc add dev eth0 root handle 1: htb default 20
class add dev eth0 parent 1: classid 1:1 htb rate 9mbit
class add dev eth0 parent 1:1 classid 1:20 htb rate 5mbit`;
const flow = (options: string, where = 'parent 1: protocol all prio 1 handle 1'): string =>
  `filter add dev eth0 ${where} flow ${options}`;
const all = (...lines: readonly string[]): string => lines.join('\n');
const classes = (names: readonly string[]): string =>
  names.map((name) => `class add dev eth0 parent 1: classid 1:${name} drr`).join('\n');
const decimal = Array.from({ length: 16 }, (_, i) => String(i + 1));
const hex = Array.from({ length: 16 }, (_, i) => (i + 1).toString(16));
const BARE_DRR = 'qdisc add dev eth0 root handle 1: drr';

const CASES: Readonly<Record<string, Case>> = {
  FT001: {
    found: all(HTB, flow('hash keys src divisor 4', 'parent 1:20 handle 1')),
    // fate-328: a leaf that gets a child is a leaf no more.
    clean: all(
      HTB,
      flow('hash keys src divisor 1 baseclass 1:21', 'parent 1:20 handle 1'),
      'class add dev eth0 parent 1:20 classid 1:21 htb rate 1mbit',
    ),
  },
  FT002: { found: all(SFQ, 'filter add dev eth0 parent 1: flow map key mark'), clean: all(SFQ, flow('map key mark')) },
  FT003: {
    found: all(SFQ, flow('hash keys src')),
    clean: all('qdisc add dev eth0 root handle 1: sfb', flow('hash keys src')),
  },
  FT004: {
    found: all(SFQ, flow('hash keys src divisor 2048')),
    clean: all('qdisc add dev eth0 root handle 1: fq_codel flows 2048', flow('hash keys src divisor 2048')),
  },
  FT005: { found: all(DRR, flow('hash keys src divisor 3')), clean: all(DRR, flow('hash keys src divisor 2')) },
  FT006: {
    found: all(INNER, flow('hash keys src divisor 2')),
    clean: all(INNER, flow('hash keys src divisor 1 baseclass 1:20')),
  },
  FT007: {
    found: all(BARE_DRR, classes(decimal), flow('hash keys src divisor 16')),
    clean: all(BARE_DRR, classes(hex), flow('hash keys src divisor 16')),
  },
  FT008: {
    found: all(SFQ, flow('hash keys nfct-proto,nfct-proto-src divisor 8')),
    clean: all(SFQ, flow('hash keys proto,nfct-proto-src divisor 8')),
  },
  FT009: {
    found: all(
      'qdisc add dev eth0 ingress',
      'filter add dev eth0 parent ffff: protocol all handle 1 flow map key src action mirred egress redirect dev ifb0',
      'qdisc add dev ifb0 root handle 1: sfq',
      'filter add dev ifb0 parent 1: handle 1 flow hash keys nfct-src divisor 8',
    ),
    clean: all(
      'qdisc add dev eth0 ingress',
      'filter add dev eth0 parent ffff: matchall action ct pipe action mirred egress redirect dev ifb0',
      'qdisc add dev ifb0 root handle 1: sfq',
      'filter add dev ifb0 parent 1: handle 1 flow hash keys nfct-src divisor 8',
    ),
  },
  FT010: {
    found: all(
      'qdisc add dev eth0 ingress',
      'filter add dev eth0 parent ffff: handle 1 flow map key sk-uid action drop',
    ),
    clean: all('qdisc add dev eth0 ingress', 'filter add dev eth0 parent ffff: handle 1 flow map key iif action drop'),
  },
  FT011: {
    found: all(SFQ, flow('hash keys src divisor 8', 'parent 1: protocol ip handle 1')),
    // Only IPv4 is given the class that the sfq hangs on.
    clean: all(
      HTB,
      'class add dev eth0 parent 1: classid 1:30 htb rate 1mbit',
      'qdisc add dev eth0 parent 1:30 handle 30: sfq',
      'filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip protocol 6 0xff flowid 1:30',
      flow('hash keys src divisor 8', 'parent 30: protocol ip handle 1'),
    ),
  },
  FT012: {
    found: all(SFQ, flow('map key src and 7'), flow('map key dst and 7')),
    clean: all(
      SFQ,
      flow('map key src and 7'),
      'filter replace dev eth0 parent 1: prio 1 handle 1 flow map key dst and 7',
    ),
  },
  FT013: { found: all(HTB, flow('map key dst')), clean: all(HTB, flow('map key dst and 1 baseclass 1:20')) },
  FT014: {
    found: all('qdisc add dev eth0 root handle 1: cake', flow('map key mark')),
    clean: all('qdisc add dev eth0 root handle 1: cake', flow('map key mark addend 0xffffffff')),
  },
  FT015: { found: all(SFQ, flow('hash keys nfct divisor 8')), clean: all(SFQ, flow('hash keys mark divisor 8')) },
  FT016: {
    found: all(SFQ, flow('hash keys mark divisor 8 perturb 5s')),
    clean: all(SFQ, flow('hash keys mark divisor 8')),
  },
  FT017: { found: all(SFQ, flow('hash keys src divisor 8')), clean: all(SFQ, flow('hash keys src divisor 1024')) },
  FT018: {
    found: all(SFQ, flow('map key src addend 1 and 0xff')),
    clean: all(SFQ, flow('map key src and 0xff addend 1')),
  },
  FT019: { found: all(SFQ, flow('map key src rshift 32')), clean: all(SFQ, flow('map key src rshift 31')) },
  FT020: {
    found: all(`unshare -rn sh -c true`, SFQ, flow('hash keys src divisor 8')),
    clean: all(`unshare -rn sh -c true`, SFQ, flow('hash keys sk-uid divisor 8')),
  },
  FT021: {
    found: all(SFQ, flow('map key iif addend -192.168.0.0')),
    clean: all(SFQ, flow('map key dst addend -192.168.0.0 divisor 256')),
  },
  FT022: {
    found: all(SFQ, flow('map key mark and 7'), flow('map key src and 7', 'parent 1: protocol ip prio 2 handle 1')),
    clean: all(
      SFQ,
      flow('map key mark and 7', 'parent 1: protocol ipv6 prio 1 handle 1'),
      flow('map key src and 7', 'parent 1: protocol ip prio 2 handle 1'),
    ),
  },
  FT023: {
    found: all('qdisc add dev eth0 root handle 1: fq_pie', flow('hash keys src divisor 8')),
    clean: all('qdisc add dev eth0 root handle 1: fq_codel', flow('hash keys src divisor 8')),
  },
  FT025: {
    found: all(HTB, flow('map key proto and 1 baseclass 1:ffff')),
    clean: all(HTB, flow('map key proto and 1 baseclass 1:fffe')),
  },
  FT026: {
    found: all('qdisc add dev eth0 root handle 1: mq', flow('hash keys src divisor 8')),
    clean: all(
      'qdisc add dev eth0 root handle 1: mq',
      'qdisc add dev eth0 parent 1:1 handle 11: sfq',
      flow('hash keys src divisor 8', 'parent 11: handle 1'),
    ),
  },
  FT027: {
    found: all('qdisc add dev eth0 ingress', 'filter add dev eth0 parent ffff: handle 1 flow map key src and 7'),
    clean: all(
      'qdisc add dev eth0 ingress',
      'filter add dev eth0 parent ffff: handle 1 flow map key src and 7 action drop',
    ),
  },
  FT028: {
    found: all(HTB, flow('map key mark addend 0xffffffff')),
    clean: all('qdisc add dev eth0 root handle 1: cake', flow('map key mark addend 0xffffffff')),
  },
  FT029: {
    found: all(INNER, flow('map key src and 1 baseclass 1:1', 'parent 1:1 handle 1')),
    clean: all(INNER, flow('map key src and 0 baseclass 1:20', 'parent 1:1 handle 1')),
  },
  FT030: {
    found: all(
      HTB,
      'filter add dev eth0 parent 1: prio 1 matchall action skbedit priority 1:20',
      flow('hash keys src divisor 1 baseclass 1:20', 'parent 1: prio 2 handle 1'),
    ),
    clean: all(
      HTB,
      'filter add dev eth0 parent 1: prio 1 matchall action skbedit priority 7:20',
      flow('hash keys src divisor 1 baseclass 1:20', 'parent 1: prio 2 handle 1'),
    ),
  },
  FT031: {
    found: all(SFQ, flow("map key mark and 7 match 'meta(vlan eq 1)'")),
    clean: all(SFQ, flow("map key mark match 'meta(vlan eq 1)' and 7")),
  },
  FT032: {
    found: `qdisc add dev eth0 root handle 1: htb default 21
class add dev eth0 parent 1: classid 1:20 htb rate 5mbit`,
    clean: HTB,
  },
  SYNTAX: { found: all(SFQ, flow('map key dst-192.168.2.0')), clean: all(SFQ, flow('map key dst and 7')) },
  REFUSED: { found: all(SFQ, SFQ), clean: SFQ },
};

const found = (script: string) => check(script, { hosts: 30 }).findings;
const codes = (script: string): string[] => found(script).map(({ code }) => code);

describe('every finding', () => {
  test('has a case here, and every case a rule', () => {
    expect(Object.keys(CASES)).toEqual(RULES.map(({ code }) => code));
  });

  for (const [code, { found: bad, clean }] of Object.entries(CASES)) {
    test(`${code} is found where it is, and not where it only looks like it`, () => {
      expect(codes(bad)).toContain(code);
      expect(codes(clean)).not.toContain(code);
    });
  }

  test('that says how the command would be right is gone when that is done', () => {
    let fixes = 0;
    for (const [code, { found: bad }] of Object.entries(CASES)) {
      const lines = bad.split('\n');
      for (const finding of found(bad)) {
        if (finding.code !== code || finding.fix === null) continue;
        fixes++;
        const mended = lines.map((line, i) => (i === finding.line - 1 ? finding.fix : line)).join('\n');
        const left = check(mended).findings.map(({ code, message }) => `${code} ${message}`);
        expect(left, String(finding.fix)).not.toContain(`${code} ${finding.message}`);
      }
    }
    expect(fixes).toBeGreaterThanOrEqual(11);
  });
});
