import { describe, expect, test } from 'vitest';
import { emptiesAll, marksOf, type NetfilterCommand, natOf, setsOf, tracks, untracked } from './rules.ts';

/** Commands one a line; the line's number is where it is written. What follows ` <<< ` is read by it. */
function commands(text: string, netns = ''): readonly NetfilterCommand[] {
  return text
    .trim()
    .split('\n')
    .map((line, index) => {
      const [before = '', input] = line.trim().split(' <<< ');
      const [tool = '', ...words] = before.split(' ');
      const place = { file: 'qos.sh', line: index + 1, column: 1, endLine: index + 1, endColumn: 2, from: 0, to: 1 };
      const read = input === undefined ? {} : { input: input.replaceAll('\\n', '\n') };
      return { tool, netns, words: words.map((one) => ({ text: one })), place, ...read };
    });
}

const nat = (text: string): unknown =>
  natOf(commands(text)).map(({ device, kind, place }) => [kind, device, place.line]);
const marks = (text: string): unknown =>
  marksOf(commands(text)).map(({ kind, mark, mask, chain }) => [kind, mark, mask, chain]);

describe('NAT', () => {
  test.each([
    ['iptables -t nat -A POSTROUTING -o ppp0 -j MASQUERADE', [['masquerade', 'ppp0', 1]]],
    ['iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE', [['masquerade', null, 1]]],
    ['iptables -t nat -A POSTROUTING ! -o lan0 -j MASQUERADE', [['masquerade', null, 1]]],
    ['iptables -t nat -I POSTROUTING 1 --out-interface eth0 -j SNAT --to-source 192.0.2.9', [['snat', 'eth0', 1]]],
    ['nft add rule ip nat post oifname "eth0" masquerade', [['masquerade', 'eth0', 1]]],
    [
      'nft add rule ip nat post oifname { eth0, eth1 } masquerade',
      [
        ['masquerade', 'eth0', 1],
        ['masquerade', 'eth1', 1],
      ],
    ],
    ['nft add rule nat post oif != lan0 snat to 192.0.2.9', [['snat', null, 1]]],
    ['iptables -A FORWARD -o eth0 -j ACCEPT', []],
  ])('%s', (line, expected) => {
    expect(nat(line)).toEqual(expected);
  });

  test('a chain of the script has the device of the rule that jumps to it', () => {
    expect(
      nat(`iptables -t nat -N OUT
        iptables -t nat -A OUT -s 10.0.0.0/8 -j MASQUERADE
        iptables -t nat -A POSTROUTING -o eth0 -j OUT
        iptables -t nat -A POSTROUTING -o eth1 -j OUT`),
    ).toEqual([
      ['masquerade', 'eth0', 2],
      ['masquerade', 'eth1', 2],
    ]);
  });

  test('chains that jump to each other on very many ways are gone through once', () => {
    const ways = Array.from({ length: 60 }, (_, i) =>
      Array.from({ length: 2 }, () => `iptables -t nat -A C${i} -j C${i + 1}`),
    );
    const first = 'iptables -t nat -A POSTROUTING -o eth0 -j C0';
    expect(nat([first, ...ways.flat(), 'iptables -t nat -A C60 -j MASQUERADE'].join('\n'))).toEqual([
      ['masquerade', 'eth0', 122],
    ]);
  });

  test('chains that jump in a circle come to an end', () => {
    expect(
      nat(`iptables -t nat -A ONE -j TWO
        iptables -t nat -A TWO -j ONE
        iptables -t nat -A ONE -j MASQUERADE`),
    ).toEqual([['masquerade', null, 3]]);
  });

  test.each([
    'iptables -t nat -D POSTROUTING -o eth0 -j MASQUERADE',
    'iptables -t nat -D POSTROUTING 1',
    'iptables -t nat -F',
    'iptables -F POSTROUTING -t nat',
    'iptables-restore <<< *nat\\n:POSTROUTING ACCEPT [0:0]\\nCOMMIT',
  ])('%s takes the rule away', (line) => {
    expect(nat(`iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE\n${line}`)).toEqual([]);
  });

  test.each([
    'ip6tables -t nat -F',
    'iptables -F',
    'iptables -t nat -D POSTROUTING -o eth1 -j MASQUERADE',
    'iptables-restore -n <<< *nat\\n:POSTROUTING ACCEPT [0:0]\\nCOMMIT',
    'nft flush ruleset',
  ])('%s leaves it', (line) => {
    expect(nat(`iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE\n${line}`)).toEqual([['masquerade', 'eth0', 1]]);
  });

  test('a number means the rule at that place of its chain', () => {
    const rules = `iptables -A FORWARD -j ACCEPT
      iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE
      iptables -t nat -I POSTROUTING -o eth1 -j MASQUERADE`;
    expect(nat(`${rules}\niptables -t nat -D POSTROUTING 2`)).toEqual([['masquerade', 'eth1', 3]]);
    expect(nat(`${rules}\niptables -t nat -R POSTROUTING 1 -o eth2 -j MASQUERADE`)).toEqual([
      ['masquerade', 'eth2', 4],
      ['masquerade', 'eth0', 2],
    ]);
  });

  test('a command that failed changed nothing', () => {
    const [one] = commands('iptables -t nat -A POSTROUTING -j MASQUERADE');
    expect(one && natOf([{ ...one, exit: 1 }])).toEqual([]);
  });

  test('restored rules and files of nft', () => {
    expect(nat('iptables-restore <<< *nat\\n-A POSTROUTING -o eth0 -j MASQUERADE\\nCOMMIT')).toEqual([
      ['masquerade', 'eth0', 1],
    ]);
    const file =
      'define wan = eth0\\ntable ip nat {\\n chain post {\\n type nat hook postrouting priority srcnat; policy accept;\\n oifname $wan masquerade # out\\n }\\n}';
    expect(nat(`nft -f - <<< ${file}`)).toEqual([['masquerade', 'eth0', 1]]);
    expect(nat(`nft -f - <<< ${file}\nnft delete table ip nat`)).toEqual([]);
    expect(nat(`nft -f - <<< ${file}\nnft flush chain ip nat post`)).toEqual([]);
    expect(nat(`nft -f - <<< ${file}\nnft delete table ip6 nat`)).toHaveLength(1);
  });
});

describe('marks', () => {
  test.each([
    ['iptables -t mangle -A FORWARD -j MARK --set-mark 1', 'mark', 1, 0xffffffff, 'FORWARD'],
    ['iptables -t mangle -A FORWARD -j MARK --set-xmark 0x10/0xff', 'mark', 16, 0xff, 'FORWARD'],
    ['iptables -t mangle -A FORWARD -j MARK --or-mark 0x4', 'mark', 4, 4, 'FORWARD'],
    ['iptables -t mangle -A FORWARD -j MARK --and-mark 0xff', 'mark', 0, 0xffffff00, 'FORWARD'],
    ['iptables -t mangle -A QOS -j CONNMARK --set-mark 2/0xf', 'connmark', 2, 0xf, 'QOS'],
    ['iptables -t mangle -A QOS -j CONNMARK --restore-mark --mask 0xff', 'restore', null, 0xff, 'QOS'],
    ['iptables -t mangle -A QOS -j CONNMARK --save-mark', 'connmark', null, 0xffffffff, 'QOS'],
    ['iptables -t mangle -A POSTROUTING -j CLASSIFY --set-class 1:a', 'class', 0x1000a, 0xffffffff, 'POSTROUTING'],
    ['nft add rule inet fw pre meta mark set 0x5', 'mark', 5, 0xffffffff, 'pre'],
    ['nft add rule inet fw pre tcp dport 22 ct mark set 7', 'connmark', 7, 0xffffffff, 'pre'],
    ['nft insert rule inet fw pre meta mark set ct mark', 'restore', null, 0xffffffff, 'pre'],
    ['nft add rule inet fw pre ct mark set meta mark', 'connmark', null, 0xffffffff, 'pre'],
    ['nft add rule inet fw pre meta mark set meta mark or 0x1', 'mark', null, 0xffffffff, 'pre'],
    ['nft add rule inet fw post meta priority set 1:10', 'class', 0x10010, 0xffffffff, 'post'],
  ])('%s', (line, ...expected) => {
    expect(marks(line)).toEqual([expected]);
  });

  test('a match on a mark writes none', () => {
    expect(
      marks('iptables -t mangle -A FORWARD -m mark --mark 1 -j ACCEPT\nnft add rule ip t c meta mark 1 accept'),
    ).toEqual([]);
  });
});

test.each([
  ['iptables -t nat -A PREROUTING -j DNAT --to 10.0.0.1', true],
  ['iptables -A INPUT -m state --state NEW -j ACCEPT', true],
  ['iptables -A INPUT -m conntrack --ctstate NEW -j ACCEPT', true],
  ['iptables -t mangle -A FORWARD -j CONNMARK --restore-mark', true],
  ['nft add rule inet fw in ct state new accept', true],
  ['nft add rule ip nat post masquerade', true],
  ['tc filter add dev eth0 parent ffff: protocol ip u32 match u32 0 0 action ct zone 1', true],
  ['iptables -t mangle -A FORWARD -j MARK --set-mark 1', false],
  ['iptables -A INPUT -p tcp --dport 22 -j ACCEPT', false],
  ['nft add rule inet fw in tcp dport 22 accept', false],
  ['tc filter add dev eth0 parent 1: handle 1 flow hash keys nfct-src divisor 16', false],
  ['iptables -A INPUT -m state --state NEW -j ACCEPT\niptables -F', false],
])('%s makes tracking run: %s', (text, expected) => {
  expect(tracks(commands(text))).toBe(expected);
});

test('sets', () => {
  expect(
    setsOf(
      commands(`ipset create one hash:ip
        ipset -N two hash:net
        ipset -exist create one hash:ip
        ipset restore <<< create three hash:ip\\nadd three 192.0.2.1
        ipset destroy two
        ipset rename three four`),
    ),
  ).toEqual(['one', 'four']);
});

describe('which packets a NAT rule is for', () => {
  test.each([
    ['iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE', 'masquerade ip all'],
    ['ip6tables -t nat -A POSTROUTING -o eth0 -j MASQUERADE', 'masquerade ip6 all'],
    ['nft add rule inet nat post oifname eth0 masquerade', 'masquerade both all'],
    ['iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -j SNAT --to 192.0.2.9', 'snat ip all'],
    ['iptables -t nat -A POSTROUTING -s 10.0.0.8 -j SNAT --to 192.0.2.9', 'snat ip one'],
    ['nft add rule ip nat post ip saddr 10.0.0.8 snat to 192.0.2.9', 'snat ip one'],
    ['ip6tables -t nat -A POSTROUTING -s fd00::8/128 -j SNAT --to 2001:db8::9', 'snat ip6 one'],
    ['iptables -t nat -A POSTROUTING ! -s 10.0.0.8 -j SNAT --to 192.0.2.9', 'snat ip all'],
    ['iptables -t nat -A POSTROUTING -p udp --dport 53 -j MASQUERADE', 'masquerade ip some'],
    ['iptables -t nat -A POSTROUTING ! -d 10.0.0.0/8 -j MASQUERADE', 'masquerade ip all'],
    ['nft add rule ip nat post ip daddr != 10.0.0.0/8 masquerade', 'masquerade ip all'],
    ['nft add rule ip nat post tcp dport 25 masquerade', 'masquerade ip some'],
    ['iptables -t nat -A POSTROUTING -s 10.0.0.0/24 -j NETMAP --to 192.0.2.0/24', 'netmap ip all'],
    ['nft add rule ip nat post snat ip prefix to ip saddr map { 10.0.0.0/24 : 192.0.2.0/24 }', 'netmap ip all'],
  ])('%s: %s', (line, expected) => {
    expect(natOf(commands(line)).map(({ kind, family, packets }) => `${kind} ${family} ${packets}`)).toEqual([
      expected,
    ]);
  });

  test.each([
    ['iptables -t nat -A POSTROUTING ! -o lan0 -j MASQUERADE', ['lan0']],
    ['iptables -t nat -A POSTROUTING -o ! lan0 -j MASQUERADE', ['lan0']],
    ['nft add rule ip nat post oifname != { lan0, lan1 } masquerade', ['lan0', 'lan1']],
  ])('%s leaves devices out', (line, except) => {
    expect(natOf(commands(line))).toMatchObject([{ device: null, except }]);
  });
});

describe('rules that keep all packets from being tracked', () => {
  const found = (text: string): unknown => untracked(commands(text)).map(({ family, place }) => [family, place.line]);

  test.each([
    ['iptables -t raw -A PREROUTING -j NOTRACK', [['ip', 1]]],
    ['ip6tables -t raw -A PREROUTING -j CT --notrack', [['ip6', 1]]],
    ['iptables -t raw -A PREROUTING -i lan0 -j NOTRACK', []],
    ['iptables -t raw -A OUTPUT -j NOTRACK', []],
    ['iptables -t raw -A PREROUTING -s 10.0.0.8 -j ACCEPT\niptables -t raw -A PREROUTING -j NOTRACK', []],
    ['iptables -t raw -A PREROUTING -j NOTRACK\niptables -t raw -F', []],
    [
      'nft add chain ip raw pre { type filter hook prerouting priority -300 ; }\nnft add rule ip raw pre notrack',
      [['ip', 2]],
    ],
    ['nft add chain ip raw out { type filter hook output priority -300 ; }\nnft add rule ip raw out notrack', []],
    ['nft add chain ip f pre { type filter hook prerouting priority 0 ; }\nnft add rule ip f pre notrack', []],
  ])('%s', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  test('make nothing track, while a target that sets a zone does', () => {
    expect(tracks(commands('iptables -t raw -A PREROUTING -j CT --notrack'))).toBe(false);
    expect(tracks(commands('iptables -t raw -A PREROUTING -j CT --zone 1'))).toBe(true);
  });
});

describe('nobody else has rules left', () => {
  const FLUSH = 'iptables -F\niptables -t nat -F\niptables -t mangle --flush';

  test.each([
    ['nft flush ruleset', true],
    ['nft -f - <<< flush ruleset\\nadd table ip t', true],
    ['nft -f /etc/nftables.conf', false],
    [`${FLUSH}`, true],
    [`${FLUSH}\niptables-restore -n`, false],
    ['iptables -F\niptables -t mangle -F', false],
    ['iptables -F FORWARD\niptables -t nat -F\niptables -t mangle -F', false],
    ['ip6tables -F\nip6tables -t nat -F\nip6tables -t mangle -F', false],
    ['iptables-restore <<< *filter\\n:INPUT ACCEPT\\n*nat\\n:OUTPUT ACCEPT\\n*mangle\\n:OUTPUT ACCEPT\\nCOMMIT', true],
    ['iptables-restore -n <<< *filter\\n:INPUT ACCEPT\\n*nat\\n:OUTPUT ACCEPT\\n*mangle\\n:OUTPUT ACCEPT', false],
  ])('%s: %s', (text, expected) => {
    expect(emptiesAll(commands(text))).toBe(expected);
  });
});
