import { describe, expect, test } from 'vitest';
import { Run } from '../../../test/lint/run.ts';
import { simulateScript } from '../../api/index.ts';
import { type CheckedFinding, check, checkSimulated } from '../index.ts';

const MASQUERADE = 'iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE';
const QDISC = 'tc qdisc add dev eth0 root handle 1: sfq';
const filter = (rest: string, protocol = 'all'): string =>
  `tc filter add dev eth0 parent 1: protocol ${protocol} handle 1 flow ${rest}`;

/** What is found in a run of these commands, each as it is written. */
function findings(...lines: readonly string[]): readonly CheckedFinding[] {
  const run = new Run(lines.join('\n'));
  for (const line of lines) run.ran(line);
  return checkSimulated(run.simulated).findings.filter(({ code }) => code === 'FT038');
}

const severities = (...lines: readonly string[]): string[] => findings(...lines).map(({ severity }) => severity);

describe('src behind NAT', () => {
  test('is found at the keys, with the line of the rule and nfct-src as the mend', () => {
    const [finding] = findings(MASQUERADE, QDISC, filter('hash keys src divisor 256'));
    expect(finding).toMatchObject({
      severity: 'warning',
      line: 3,
      message: 'src: the NAT rule of line 1 comes first',
      fix: filter('hash keys nfct-src divisor 256'),
    });
  });

  test.each([
    ['map key src and 0xff divisor 256', ['warning']],
    ['hash keys src,dst divisor 256', ['advice']],
    ['hash keys src,iif divisor 256', ['advice']],
    ['hash keys src,dst,proto,proto-src,proto-dst divisor 256', []],
    ['hash keys src,nfct-src divisor 256', []],
    ['hash keys src,mark divisor 256', []],
    ['hash keys dst divisor 256', []],
  ])('%s: %j', (rest, expected) => {
    expect(severities(MASQUERADE, QDISC, filter(rest))).toEqual(expected);
  });

  test.each([
    ['iptables -t nat -A POSTROUTING -o eth+ -j SNAT --to 192.0.2.9', ['warning']],
    ['iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE', ['warning']],
    ['iptables -t nat -A POSTROUTING -o eth0 -p tcp -j MASQUERADE', ['advice']],
    ['iptables -t nat -A POSTROUTING -o eth0 -s 10.0.0.7 -j SNAT --to 192.0.2.9', []],
    ['iptables -t nat -A POSTROUTING ! -o eth0 -j MASQUERADE', []],
    ['iptables -t nat -A POSTROUTING -o ppp+ -j MASQUERADE', []],
    ['nft add rule inet nat post oifname eth0 masquerade', ['warning']],
  ])('by %s: %j', (rule, expected) => {
    expect(severities(rule, QDISC, filter('hash keys src divisor 256'))).toEqual(expected);
  });

  test('is of one version of IP', () => {
    const keys = 'hash keys src divisor 256';
    const six = MASQUERADE.replace('iptables', 'ip6tables');
    expect(severities(MASQUERADE, QDISC, filter(keys, 'ipv6'))).toEqual([]);
    expect(severities(six, QDISC, filter(keys, 'ip'))).toEqual([]);
    expect(severities(six, QDISC, filter(keys, 'ipv6'))).toEqual(['warning']);
  });

  test('is advice where the rule names no device and one of two may be the inner one', () => {
    const rule = 'iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE';
    const inner = 'tc qdisc add dev eth1 root handle 1: sfq';
    expect(severities(rule, QDISC, inner, filter('hash keys src divisor 256'))).toEqual(['advice']);
  });

  test('is where a filter at egress sends packets to an ifb, and not where one at ingress does', () => {
    const tree = [
      'tc qdisc add dev ifb0 root handle 1: sfq',
      'tc filter add dev ifb0 parent 1: protocol all handle 1 flow hash keys src divisor 256',
    ];
    const feed = (parent: string): string =>
      `tc filter add dev eth0 parent ${parent} protocol all matchall action mirred egress redirect dev ifb0`;
    const egress = ['tc qdisc add dev eth0 root handle 1: prio', feed('1:')];
    const ingress = ['tc qdisc add dev eth0 ingress', feed('ffff:')];
    expect(severities(MASQUERADE, ...egress, ...tree)).toEqual(['warning']);
    expect(severities(MASQUERADE, ...ingress, ...tree)).toEqual([]);
    expect(severities('iptables -t nat -A POSTROUTING -j MASQUERADE', ...tree)).toEqual([]);
  });

  test('of one namespace says nothing about another', () => {
    const run = new Run([MASQUERADE, QDISC, filter('hash keys src divisor 256')].join('\n'));
    run.ran(MASQUERADE, {}, { netns: 'blue' }).ran(QDISC).ran(filter('hash keys src divisor 256'));
    expect(checkSimulated(run.simulated).findings.filter(({ code }) => code === 'FT038')).toEqual([]);
  });

  test('is not found where the rule is deleted again, or was refused', () => {
    const keys = filter('hash keys src divisor 256');
    expect(severities(MASQUERADE, MASQUERADE.replace('-A', '-D'), QDISC, keys)).toEqual([]);
    const run = new Run([MASQUERADE, QDISC, keys].join('\n'));
    run.ran(MASQUERADE, {}, { exit: 1 }).ran(QDISC).ran(keys);
    expect(checkSimulated(run.simulated).findings.filter(({ code }) => code === 'FT038')).toEqual([]);
  });

  test('is found by rules that the script writes into a file, and by those that it sources', async () => {
    const tree = `${QDISC}\n${filter('hash keys src divisor 256')}\n`;
    const rules =
      'table ip nat {\n chain post {\n  type nat hook postrouting priority 100\n  oifname "eth0" masquerade\n }\n}';
    for (const text of [
      `#!/bin/sh\ncat > /tmp/nat.nft <<END\n${rules}\nEND\nnft -f /tmp/nat.nft\n${tree}`,
      `#!/bin/sh\nnft -f - <<END\n${rules}\nEND\n${tree}`,
      `#!/bin/sh\niptables-restore <<END\n*nat\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\nEND\n${tree}`,
    ]) {
      const { findings } = checkSimulated(await simulateScript({ text }));
      expect(findings.filter(({ code }) => code === 'FT038')).toMatchObject([{ severity: 'warning' }]);
    }
  });
});

describe('src behind NAT in a recording', () => {
  const HEAD = '# Recorded by cls-flow record from: sh qos.sh';
  const TREE = [QDISC, filter('hash keys src divisor 256')].map((line) => line.replace('tc ', ''));
  const lines = (...text: readonly string[]): number[] =>
    check(text.join('\n')).findings.flatMap(({ code, line }) => (code === 'FT038' ? [line] : []));

  test('is found by its comments', () => {
    expect(lines(HEAD, '# qos.sh:12', `# ${MASQUERADE}`, ...TREE)).toEqual([5]);
    expect(lines(HEAD, '# iptables-restore', '# < *nat', '# < -A POSTROUTING -j MASQUERADE', ...TREE)).toEqual([6]);
  });

  test('is not found by the comments of other files, nor by those about other namespaces', () => {
    expect(lines(`# ${MASQUERADE}`, ...TREE)).toEqual([]);
    expect(lines(HEAD, `# in network namespace blue: ${MASQUERADE}`, ...TREE)).toEqual([]);
  });
});
