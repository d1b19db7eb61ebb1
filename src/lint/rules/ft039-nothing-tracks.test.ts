import { describe, expect, test } from 'vitest';
import { simulateScript } from '../../api/index.ts';
import { checkSimulated } from '../index.ts';

const FLUSH = 'iptables -F\niptables -t nat -F\niptables -t mangle -F';
const TREE = `tc qdisc add dev eth0 root handle 1: sfq
tc filter add dev eth0 parent 1: protocol all handle 1 flow hash keys nfct-src,nfct-proto-src divisor 256`;

async function found(text: string): Promise<readonly string[]> {
  const { findings } = checkSimulated(await simulateScript({ text: `#!/bin/sh\n${text}\n` }));
  return findings.filter(({ code }) => code === 'FT039').map(({ severity, message }) => `${severity} ${message}`);
}

const ADVICE = ['advice nfct-src,nfct-proto-src: no rule of the script makes connection tracking run'];

describe('nfct keys where nothing tracks', () => {
  test.each([
    ['all rules are thrown away', `${FLUSH}\n${TREE}`],
    ['all of nft is', `nft flush ruleset\n${TREE}`],
    ['a file for nft does so', `nft -f - <<END\nflush ruleset\nEND\n${TREE}`],
    ['rules that need connections stand in a comment', `${FLUSH}\n# iptables -A INPUT -m conntrack\n${TREE}`],
    ['the namespace is new', `ip netns add lab\n${TREE.replaceAll('tc ', 'ip netns exec lab tc ')}`],
  ])('is advice where %s', async (_, text) => {
    expect(await found(text)).toEqual(ADVICE);
  });

  test.each([
    ['the rules of others stay', `iptables -t mangle -F\n${TREE}`],
    ['tc is alone', TREE],
    ['a rule needs connections', `${FLUSH}\niptables -A FORWARD -m state --state ESTABLISHED -j ACCEPT\n${TREE}`],
    [
      'the run goes past such a rule',
      `${FLUSH}\n[ -n "$NAT" ] && iptables -t nat -A POSTROUTING -j MASQUERADE\n${TREE}`,
    ],
    ['another program may bring rules', `${FLUSH}\nservice firewall restart\n${TREE}`],
    ['a script that nobody has may', `${FLUSH}\n/root/rules.sh\n${TREE}`],
    ['a file that nobody has may', `${FLUSH}\n. /etc/qos.conf\n${TREE}`],
    ['rules come from a file that nobody has', `${FLUSH}\niptables-restore -n < /etc/rules.v4\n${TREE}`],
    ['rules come from such a file by its name', `nft flush ruleset\nnft -f /etc/nftables.conf\n${TREE}`],
    ['the namespace is there before', TREE.replaceAll('tc ', 'ip netns exec lab tc ')],
    ['the new namespace is another', `ip netns add lab\n${TREE}`],
    ['FT009 says so', `${FLUSH}\n${TREE.replaceAll('eth0', 'ifb0')}`],
  ])('is not found where %s', async (_, text) => {
    expect(await found(text)).toEqual([]);
  });

  test('is a warning where a rule keeps all packets of the filter from being tracked', async () => {
    const raw = 'iptables -t raw -A PREROUTING -j CT --notrack';
    const message = 'nfct-src,nfct-proto-src: the rule of line 2 keeps packets from being tracked';
    expect(await found(`${raw}\n${TREE}`)).toEqual([`warning ${message}`]);
    expect(await found(`${raw}\n${TREE.replace('all', 'ipv6')}`)).toEqual([]);
  });
});
