import { describe, expect, test } from 'vitest';
import type { NatRule } from '../conntrack/index.ts';
import { addressText, type Prefix, shellWords } from '../lang/index.ts';
import type { NetfilterCommand } from '../netfilter/index.ts';
import { natRulesOf } from './nat.ts';

/** Commands one a line; a line may end in ` <<< ` and what is read, with \n for line ends. */
function commands(text: string): readonly NetfilterCommand[] {
  return text
    .trim()
    .split('\n')
    .map((line, index) => {
      const [before = '', input] = line.trim().split(' <<< ');
      const [tool = '', ...words] = shellWords(before);
      const read = input === undefined ? {} : { input: input.replaceAll('\\n', '\n') };
      return {
        tool,
        netns: '',
        words: words.map((one) => ({ text: one })),
        place: { file: null, line: index + 1 },
        ...read,
      };
    });
}

const prefixText = ({ address, length }: Prefix): string => `${addressText(address.family, address.words)}/${length}`;

/** A rule in one line, as far as it says anything. */
function textOf(rule: NatRule): string {
  const { kind, source, destination, to, toBits, devices, inside, notSource, notDestination } = rule;
  const prefixes = (word: string, list: readonly Prefix[] = []): string[] =>
    list.length === 0 ? [] : [word, list.map(prefixText).join(',')];
  return [
    kind,
    ...(rule.protocol === undefined ? [] : [`proto ${rule.protocol}`]),
    ...prefixes('from', source && [source]),
    ...prefixes('not from', notSource),
    ...prefixes('for', destination && [destination]),
    ...prefixes('not for', notDestination),
    ...(rule.destinationPort === undefined ? [] : [`port ${rule.destinationPort}`]),
    ...(rule.destinationPorts === undefined ? [] : [`ports ${rule.destinationPorts.join('-')}`]),
    ...(devices === undefined ? [] : [`${devices.not ? 'not ' : ''}by ${devices.names.join(',')}`]),
    ...prefixes('inside', inside),
    ...(rule.isExempt ? ['stays'] : []),
    ...(to === undefined ? [] : [`to ${addressText(to.family, to.words)}${toBits === undefined ? '' : `/${toBits}`}`]),
    ...(rule.toPorts === undefined ? [] : [`toports ${rule.toPorts.join('-')}`]),
    ...(rule.random ? ['random'] : []),
    ...(rule.isAssumed ? ['assumed'] : []),
  ].join(' ');
}

const rules = (text: string): string[] => natRulesOf(commands(text)).map(textOf);

const ADDRESSES = `ip addr add 192.168.1.1/24 dev lan0
  ip address add 203.0.113.2/24 dev wan0
  iptables -t nat -F`;

describe('source NAT', () => {
  test('masquerade has the address of its device, and takes the networks of the others', () => {
    expect(rules(`${ADDRESSES}\niptables -t nat -A POSTROUTING -o wan0 -j MASQUERADE`)).toEqual([
      'snat from 192.168.1.1/24 by wan0 inside 192.168.1.1/24 to 203.0.113.2',
    ]);
  });

  test('without addresses, private ones are inside, and all of it is assumed', () => {
    const found = rules('iptables -t nat -F\niptables -t nat -A POSTROUTING -o ppp0 -j MASQUERADE');
    expect(found).toHaveLength(4);
    expect(found[0]).toBe(
      'snat from 10.0.0.0/8 by ppp0 inside 10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10 assumed',
    );
  });

  test('others may have rules too, unless the table was emptied', () => {
    const rule = 'iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -o wan0 -j SNAT --to-source 192.0.2.9:1024-2047';
    const known = 'snat from 10.0.0.0/8 by wan0 inside 10.0.0.0/8 to 192.0.2.9 toports 1024-2047';
    expect(rules(rule)).toEqual([`${known} assumed`]);
    expect(rules(`iptables -t nat -F\n${rule}`)).toEqual([known]);
  });

  test.each([
    [
      '-s 10.0.0.0/8 -j SNAT --to-source 192.0.2.9 --random-fully',
      ['snat from 10.0.0.0/8 inside 10.0.0.0/8 to 192.0.2.9 random'],
    ],
    [
      '-s 10.0.0.0/8 ! -d 10.0.0.0/8 -j SNAT --to 192.0.2.9',
      ['snat from 10.0.0.0/8 not for 10.0.0.0/8 inside 10.0.0.0/8 to 192.0.2.9'],
    ],
    ['-s 10.1.0.0/16 -j NETMAP --to 192.0.0.0/16', ['snat from 10.1.0.0/16 inside 10.1.0.0/16 to 192.0.0.0/16']],
    // The kernel chooses one of several addresses.
    ['-s 10.0.0.0/8 -j SNAT --to-source 192.0.2.1-192.0.2.9', ['snat from 10.0.0.0/8 inside 10.0.0.0/8 assumed']],
    [
      '-s 10.0.0.0/8 -m mark --mark 1 -j SNAT --to 192.0.2.9',
      ['snat from 10.0.0.0/8 inside 10.0.0.0/8 to 192.0.2.9 assumed'],
    ],
    [
      '-s 10.0.0.0/8 -p tcp -m comment --comment web -j SNAT --to 192.0.2.9',
      ['snat proto 6 from 10.0.0.0/8 inside 10.0.0.0/8 to 192.0.2.9'],
    ],
  ])('iptables -t nat -A POSTROUTING %s', (words, expected) => {
    expect(rules(`iptables -t nat -F\niptables -t nat -A POSTROUTING ${words}`)).toEqual(expected);
  });

  test('what an earlier rule accepts stays', () => {
    const found = rules(`${ADDRESSES}
      iptables -t nat -A POSTROUTING -d 10.8.0.0/16 -j ACCEPT
      iptables -t nat -A POSTROUTING -o wan0 -j MASQUERADE`);
    expect(found[0]).toBe('snat for 10.8.0.0/16 stays');
  });

  test('a chain that is jumped to is asked with what the jump asks', () => {
    const found = rules(`${ADDRESSES}
      iptables -t nat -N OUT
      iptables -t nat -A OUT -s 192.168.1.128/25 -j MASQUERADE
      iptables -t nat -A POSTROUTING -s 192.168.0.0/16 -o wan0 -j OUT`);
    expect(found).toEqual(['snat from 192.168.1.128/25 by wan0 inside 192.168.1.128/25,192.168.1.1/24 to 203.0.113.2']);
  });

  test('nft, in a block', () => {
    const text = `flush ruleset
table inet nat {
  chain post {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "wan0" ip saddr 10.0.0.0/8 counter masquerade
    ip saddr 192.168.0.0/16 oifname { "wan0", "wan1" } snat ip to 192.0.2.9
    ip saddr 172.16.0.0/16 snat ip prefix to ip saddr map { 172.16.0.0/16 : 198.18.0.0/16 }
  }
}`;
    expect(rules(`ip addr add 203.0.113.2/24 dev wan0\nnft -f - <<< ${text.replaceAll('\n', '\\n')}`)).toEqual([
      'snat from 10.0.0.0/8 by wan0 inside 10.0.0.0/8 to 203.0.113.2',
      'snat from 192.168.0.0/16 by wan0,wan1 inside 192.168.0.0/16 to 192.0.2.9',
      'snat from 172.16.0.0/16 inside 172.16.0.0/16 to 198.18.0.0/16',
    ]);
  });
});

describe('destination NAT', () => {
  const masquerade = 'iptables -t nat -A POSTROUTING -o wan0 -j MASQUERADE';
  test('what comes in outside is for the address there', () => {
    const found = rules(`${ADDRESSES}\n${masquerade}
      iptables -t nat -A PREROUTING -i wan0 -p tcp --dport 8080 -j DNAT --to-destination 192.168.1.5:80
      iptables -t nat -A PREROUTING -i wan0 -p tcp -m multiport --dports 22,1000:1010 -j DNAT --to 192.168.1.6`);
    expect(found.slice(0, 3)).toEqual([
      'dnat proto 6 for 203.0.113.2/32 port 8080 by wan0 to 192.168.1.5 toports 80-80',
      'dnat proto 6 for 203.0.113.2/32 port 22 by wan0 to 192.168.1.6',
      'dnat proto 6 for 203.0.113.2/32 ports 1000-1010 by wan0 to 192.168.1.6',
    ]);
  });

  test('what comes in inside is from the network there; redirect takes the address of the device', () => {
    const found = rules(`${ADDRESSES}\n${masquerade}
      iptables -t nat -A PREROUTING -i lan0 -p udp --dport 53 -j REDIRECT --to-ports 5353`);
    expect(found[0]).toBe('dnat proto 17 from 192.168.1.1/24 port 53 by lan0 to 192.168.1.1 toports 5353-5353');
  });

  test('where the address outside is not known, it is assumed', () => {
    const found = rules(`iptables -t nat -F\n${masquerade}
      iptables -t nat -A PREROUTING -i wan0 -p tcp --dport 80 -j DNAT --to 192.168.1.5`);
    expect(found[0]).toMatch(/^dnat proto 6 not from 10\.0\.0\.0\/8.* port 80 by wan0 to 192\.168\.1\.5 assumed$/);
  });
});

test('notrack', () => {
  expect(
    rules(`iptables -t nat -F
      iptables -t raw -A PREROUTING -p udp --dport 53 -j NOTRACK
      iptables -t raw -A PREROUTING -s 10.0.0.0/8 -j CT --notrack`),
  ).toEqual(['notrack proto 17 port 53', 'notrack from 10.0.0.0/8']);
});

test('a rule that is inserted comes first', () => {
  expect(
    rules(`nft flush ruleset
      nft add chain ip nat post "{ type nat hook postrouting priority 100; }"
      nft add rule ip nat post ip saddr 10.0.0.0/8 snat to 192.0.2.1
      nft insert rule ip nat post ip saddr 10.1.0.0/16 snat to 192.0.2.2`),
  ).toEqual([
    'snat from 10.1.0.0/16 inside 10.1.0.0/16 to 192.0.2.2',
    'snat from 10.0.0.0/8 inside 10.0.0.0/8 to 192.0.2.1',
  ]);
});
