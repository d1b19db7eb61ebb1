import { describe, expect, test } from 'vitest';
import { type Frame, wholeFrame } from '../capture/index.ts';
import { parseNat, Tracker } from '../conntrack/index.ts';
import { shellWords } from '../lang/index.ts';
import type { NetfilterCommand } from '../netfilter/index.ts';
import { Ct, describeFrame, enter, Input, Packet } from '../packet/index.ts';
import { parseSets } from '../sched/ematch/index.ts';
import type { AskedSet } from './asking.ts';
import { Marks } from './marks.ts';
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
      const place = { file: null, line: index + 1 };
      return { tool, netns: '', words: words.map((one) => ({ text: one })), place, ...read };
    });
}

const TCP_FLAGS: Readonly<Record<string, number>> = { syn: 0x02, 'syn,ack': 0x12, ack: 0x10 };
const TRANSPORT = 34;

/** A packet in words; TCP's flags may stand behind them, and are `ack` otherwise. */
function frameOf(text: string): Frame {
  const [, words = '', flags = 'ack'] = /^(.*?)(?: (\S*(?:syn|ack)\S*))?$/.exec(text) ?? [];
  const data = describeFrame(words);
  if (words.startsWith('tcp') && !words.includes('[')) {
    data[TRANSPORT + 12] = 0x50;
    data[TRANSPORT + 13] = TCP_FLAGS[flags] ?? 0;
  }
  if (words.startsWith('udp')) data[TRANSPORT + 5] = data.length - TRANSPORT;
  return wholeFrame(data, 1);
}

/** Nobody else's rules are left. */
const EMPTIED = 'iptables -F\niptables -t nat -F\niptables -t mangle -F\n';

/** A set of nft. */
const networks = (lines: readonly string[]): AskedSet | null => parseSets(lines.join('\n'), () => 0, 'nft')[0] ?? null;

/** A router with a script's rules, one packet after the other. */
class Router {
  readonly marks: Marks;
  readonly #tracker: Tracker;
  readonly #device: string | null;
  readonly #packet = new Packet();
  readonly #ct = new Ct();
  #now = 0;

  constructor(text: string, device: string | null = 'wan0', sets: Record<string, AskedSet> = {}) {
    const all = commands(text);
    this.marks = new Marks(all, (name, lines) => (name === null ? networks(lines ?? []) : (sets[name] ?? null)));
    this.#tracker = new Tracker({ rules: natRulesOf(all) });
    this.#tracker.notesStart = true;
    this.#device = device;
  }

  /** `0x1`, and `?` behind it where it is assumed. */
  mark(words: string): string {
    const p = this.#pass(words);
    return `0x${(p.mark >>> 0).toString(16)}${(p.given & Input.MARK) === 0 ? '?' : ''}`;
  }

  /** The class that CLASSIFY gives. */
  priority(words: string): string {
    const p = this.#pass(words);
    return `${(p.priority >>> 16).toString(16)}:${(p.priority & 0xffff).toString(16)}${(p.given & Input.PRIORITY) === 0 ? '?' : ''}`;
  }

  #pass(words: string): Packet {
    const p = this.#packet;
    enter(frameOf(words), p, { hook: 'egress', vlan: 'offload' });
    if (this.#tracker.track(p, this.#ct, this.#now++ * 1e6)) p.ct = this.#ct;
    this.marks.run(p, this.#tracker, this.#device);
    return p;
  }
}

const mark = (rules: string, words: string, device: string | null = 'wan0'): string =>
  new Router(EMPTIED + rules, device).mark(words);

const RECORDED = `flush ruleset
table inet qos {
  set vip { type ipv4_addr; flags interval; elements = { 192.168.1.0/28 } }
  chain more {
    meta mark set meta mark or 0x40
    return
    meta mark set 1
  }
  chain pre {
    type filter hook prerouting priority mangle;
    ip saddr @vip meta mark set 0x10
  }
  chain forw {
    type filter hook forward priority filter;
    udp dport 53 meta mark set meta mark and 0xf0 or 0x1
    tcp dport vmap { 80 : jump more, 443 : goto more }
    tcp dport 443 meta mark set 0x77
  }
  chain post {
    type filter hook postrouting priority mangle;
    oifname "wan0" ct state new ct mark set meta mark
    meta mark set ct mark or 0x100
  }
}
`;

const WEB = 'tcp 192.168.1.7:51514 > 1.1.1.1:443';
const WEB6 = 'tcp [2001:db8::7]:51514 > [2001:db8:1::1]:443';

describe('iptables', () => {
  test.each([
    ['iptables -t mangle -A POSTROUTING -j MARK --set-mark 10', '0xa'],
    ['iptables -t mangle -A PREROUTING -j MARK --set-xmark 0x10/0xff', '0x10'],
    ['iptables -t mangle -A FORWARD -s 192.168.1.0/24 -j MARK --set-mark 1', '0x1'],
    ['iptables -t mangle -A FORWARD ! -s 192.168.1.0/24 -j MARK --set-mark 1', '0x0'],
    ['iptables -t mangle -A FORWARD -d 192.168.1.0/24 -j MARK --set-mark 1', '0x0'],
    ['iptables -t mangle -A FORWARD -s 10.0.0.1,192.168.1.7 -j MARK --set-mark 1', '0x1'],
    ['iptables -t mangle -A FORWARD -p tcp --dport 443 -j MARK --set-mark 1', '0x1'],
    ['iptables -t mangle -A FORWARD -p udp --dport 443 -j MARK --set-mark 1', '0x0'],
    ['iptables -t mangle -A FORWARD -p tcp --dport https -j MARK --set-mark 1', '0x1'],
    ['iptables -t mangle -A FORWARD -p tcp -m multiport --dports 80,400:500 -j MARK --set-mark 1', '0x1'],
    ['iptables -t mangle -A FORWARD -p tcp -m multiport --ports 51514 -j MARK --set-mark 1', '0x1'],
    ['iptables -t mangle -A FORWARD -p tcp ! --dport 443 -j MARK --set-mark 1', '0x0'],
    ['iptables -t mangle -A POSTROUTING -o wan0 -j MARK --set-mark 1', '0x1'],
    ['iptables -t mangle -A POSTROUTING -o wan+ -j MARK --set-mark 1', '0x1'],
    ['iptables -t mangle -A POSTROUTING ! -o wan0 -j MARK --set-mark 1', '0x0'],
    ['iptables -t mangle -A FORWARD -i wan0 -j MARK --set-mark 1', '0x0'],
    ['iptables -t mangle -A FORWARD -m comment --comment "the web" -j MARK --set-mark 1', '0x1'],
    // It is forwarded, not made here, and not for the router.
    ['iptables -t mangle -A OUTPUT -j MARK --set-mark 1', '0x0'],
    ['iptables -t mangle -A INPUT -j MARK --set-mark 1', '0x0'],
    ['ip6tables -t mangle -A FORWARD -j MARK --set-mark 1', '0x0'],
    ['iptables -t mangle -A FORWARD -m conntrack --ctstate NEW -p tcp --syn -j MARK --set-mark 1', '0x0?'],
    ['iptables -t mangle -A FORWARD -m hashlimit --hashlimit-above 1/s -j MARK --set-mark 1', '0x0?'],
    // What is not evaluated does not matter where all else does not hold.
    ['iptables -t mangle -A FORWARD -m hashlimit --hashlimit-above 1/s -p udp -j MARK --set-mark 1', '0x0'],
    ['iptables -t mangle -A FORWARD -m set --match-set nobody src -j MARK --set-mark 1', '0x0?'],
    ['iptables -t mangle -A FORWARD -j TPROXY --on-port 80 --tproxy-mark 1', '0x0?'],
  ])('%s', (rule, expected) => {
    expect(mark(rule, WEB)).toBe(expected);
  });

  test('rules are asked in order, chains by hook, tables by priority', () => {
    expect(
      mark(
        `iptables -t mangle -A POSTROUTING -j MARK --or-mark 0x100
        iptables -t mangle -A FORWARD -j MARK --set-mark 2
        iptables -A FORWARD -m mark --mark 2 -j MARK --set-xmark 0x30/0xf0
        iptables -t mangle -A FORWARD -m mark --mark 0x2/0xf -j MARK --xor-mark 0x1000
        iptables -t mangle -A FORWARD -j MARK --and-mark 0xff`,
        WEB,
      ),
    ).toBe('0x132');
  });

  test('chains: jump, return, goto, accept', () => {
    const rules = `iptables -t mangle -N QOS
      iptables -t mangle -N LAST
      iptables -t mangle -A QOS -p udp -j RETURN
      iptables -t mangle -A QOS -j MARK --set-mark 1
      iptables -t mangle -A QOS -p tcp --dport 80 -g LAST
      iptables -t mangle -A QOS -p tcp --dport 22 -j ACCEPT
      iptables -t mangle -A QOS -j MARK --or-mark 0x10
      iptables -t mangle -A LAST -j MARK --or-mark 0x20
      iptables -t mangle -A FORWARD -j QOS
      iptables -t mangle -A FORWARD -j MARK --or-mark 0x100`;
    expect(mark(rules, 'tcp 192.168.1.7:5 > 1.1.1.1:443')).toBe('0x111');
    expect(mark(rules, 'udp 192.168.1.7:5 > 1.1.1.1:443')).toBe('0x100');
    expect(mark(rules, 'tcp 192.168.1.7:5 > 1.1.1.1:80')).toBe('0x121');
    expect(mark(rules, 'tcp 192.168.1.7:5 > 1.1.1.1:22')).toBe('0x1');
  });

  test('a packet that is dropped is here all the same: its mark is assumed', () => {
    const rules = `iptables -t mangle -A FORWARD -j MARK --set-mark 1
      iptables -t mangle -A FORWARD -p tcp -j DROP`;
    expect(mark(rules, WEB)).toBe('0x1?');
    expect(mark(rules, 'udp 192.168.1.7:5 > 1.1.1.1:443')).toBe('0x1');
  });

  test('--set-mark clears the bits of its value too, --set-xmark does not', () => {
    const first = 'iptables -t mangle -A FORWARD -j MARK --set-mark 0xff\n';
    expect(mark(`${first}iptables -t mangle -A FORWARD -j MARK --set-mark 0x10/0xf`, WEB)).toBe('0xf0');
    expect(mark(`${first}iptables -t mangle -A FORWARD -j MARK --set-xmark 0x10/0xf`, WEB)).toBe('0xe0');
  });

  test('the mark of a connection lives with it, and comes back with the answer', () => {
    const router = new Router(`${EMPTIED}
      iptables -t mangle -A PREROUTING -j CONNMARK --restore-mark
      iptables -t mangle -A PREROUTING -m mark ! --mark 0 -j ACCEPT
      iptables -t mangle -A PREROUTING -s 192.168.1.7 -j MARK --set-mark 7
      iptables -t mangle -A PREROUTING -j CONNMARK --save-mark`);
    expect(router.mark('tcp 192.168.1.7:5 > 1.1.1.1:80 syn')).toBe('0x7');
    expect(router.mark('tcp 1.1.1.1:80 > 192.168.1.7:5 syn,ack')).toBe('0x7');
    // Whether this is the connection's first packet is not known.
    expect(router.mark('udp 192.168.1.7:5 > 1.1.1.1:53')).toBe('0x7?');
    expect(router.mark('tcp 192.168.1.9:5 > 1.1.1.1:80 syn')).toBe('0x0');
  });

  test('masks of --save-mark and --restore-mark', () => {
    const rules = `iptables -t mangle -A PREROUTING -j CONNMARK --set-xmark 0xabcd/0xffff
      iptables -t mangle -A FORWARD -j MARK --set-mark 0x1234
      iptables -t mangle -A FORWARD -j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff00
      iptables -t mangle -A POSTROUTING -j CONNMARK --restore-mark --nfmask 0xffff --ctmask 0xff`;
    // The connection: 0xabcd & ~0xff00 ^ 0x34 = 0x00cd ^ 0x34 = 0xf9.
    expect(mark(rules, 'tcp 192.168.1.7:5 > 1.1.1.1:80 syn')).toBe('0xf9');
  });

  test('the state of a connection', () => {
    const router = new Router(`${EMPTIED}
      iptables -t mangle -A FORWARD -m conntrack --ctstate NEW -j MARK --set-mark 1
      iptables -t mangle -A FORWARD -m state --state ESTABLISHED,RELATED -j MARK --set-mark 2`);
    expect(router.mark('tcp 192.168.1.7:5 > 1.1.1.1:80 syn')).toBe('0x1');
    expect(router.mark('tcp 1.1.1.1:80 > 192.168.1.7:5 syn,ack')).toBe('0x2');
    expect(router.mark('tcp 192.168.1.7:5 > 1.1.1.1:80 ack')).toBe('0x2');
    expect(router.mark('udp 192.168.1.7:5 > 1.1.1.1:53')).toBe('0x1?');
  });

  test('CLASSIFY gives a class', () => {
    const router = new Router(`${EMPTIED}iptables -t mangle -A POSTROUTING -p tcp -j CLASSIFY --set-class 1:2a`);
    expect(router.priority(WEB)).toBe('1:2a');
    expect(router.priority('udp 192.168.1.7:5 > 1.1.1.1:53')).toBe('0:0?');
  });

  test('other scripts may have rules too: without an emptied table the mark is assumed', () => {
    expect(new Router('iptables -t mangle -A FORWARD -j MARK --set-mark 1').mark(WEB)).toBe('0x1?');
  });

  test('addresses before NAT in PREROUTING, and between the two translations from then on', () => {
    const nat = `ip addr add 192.168.1.1/24 dev lan0
      ip addr add 203.0.113.2/24 dev wan0
      iptables -t nat -A POSTROUTING -o wan0 -j MASQUERADE
      iptables -t nat -A PREROUTING -i wan0 -p tcp --dport 8080 -j DNAT --to 192.168.1.7:80\n`;
    const to = (chain: string, address: string): string =>
      `${nat}iptables -t mangle -A ${chain} -d ${address} -j MARK --set-mark 1`;
    const incoming = 'tcp 1.1.1.1:5000 > 203.0.113.2:8080 syn';
    expect(mark(to('PREROUTING', '203.0.113.2'), incoming, 'lan0')).toBe('0x1');
    expect(mark(to('FORWARD', '203.0.113.2'), incoming, 'lan0')).toBe('0x0');
    expect(mark(to('FORWARD', '192.168.1.7'), incoming, 'lan0')).toBe('0x1');
    const port = `${nat}iptables -t mangle -A FORWARD -p tcp --dport 80 -j MARK --set-mark 1`;
    expect(mark(port, incoming, 'lan0')).toBe('0x1');
    // Mangle's POSTROUTING comes before the source is changed.
    const from = `${nat}iptables -t mangle -A POSTROUTING -s 192.168.1.0/24 -j MARK --set-mark 1`;
    expect(mark(from, 'tcp 192.168.1.7:5 > 1.1.1.1:80 syn')).toBe('0x1');
  });

  test('what the router makes itself goes by OUTPUT', () => {
    const rules = `ip addr add 203.0.113.2/24 dev wan0
      iptables -t mangle -A OUTPUT -j MARK --set-mark 1
      iptables -t mangle -A PREROUTING -j MARK --set-mark 2`;
    expect(mark(rules, 'tcp 203.0.113.2:5 > 1.1.1.1:80')).toBe('0x1');
    expect(mark(rules, WEB)).toBe('0x2');
  });

  test('the device that a packet came in by is the one of its network', () => {
    const rules = `ip addr add 192.168.1.1/24 dev lan0
      ip addr add 192.168.2.1/24 dev lan1
      iptables -t mangle -A FORWARD -i lan0 -j MARK --set-mark 1`;
    expect(mark(rules, WEB)).toBe('0x1');
    expect(mark(rules, 'tcp 192.168.2.7:5 > 1.1.1.1:80')).toBe('0x0');
    expect(mark('iptables -t mangle -A FORWARD -i lan0 -j MARK --set-mark 1', WEB)).toBe('0x1?');
  });

  test('sets', () => {
    const rule = 'iptables -t mangle -A FORWARD -m set --match-set vip src -j MARK --set-mark 1';
    const seen: unknown[] = [];
    const vip: AskedSet = {
      has(p, dimensions, source, family) {
        seen.push([[...p.data.subarray(12, 20)].join('.'), dimensions, source, family]);
        return true;
      },
    };
    expect(new Router(EMPTIED + rule, 'wan0', { vip }).mark(WEB)).toBe('0x1');
    expect(seen).toEqual([['192.168.1.7.1.1.1.1', 1, 1, 4]]);
  });

  test('the rule that left a mark undecided is counted', () => {
    const router = new Router(`${EMPTIED}iptables -t mangle -A FORWARD -j MARK --set-mark 1
      iptables -t mangle -A FORWARD -m statistic --mode random --probability 0.5 -j MARK --set-mark 2`);
    router.mark(WEB);
    router.mark(WEB);
    expect(router.marks.rules.map(({ place }, i) => [place.line, router.marks.undecided[i]])).toEqual([
      [4, 0],
      [5, 2],
    ]);
  });
});

describe('nft', () => {
  const nft = (rules: string, words: string): string =>
    mark(`nft flush ruleset\nnft -f - <<< ${rules.trim().replaceAll('\n', '\\n')}`, words);
  const inChain = (rules: string, words = WEB): string =>
    nft(
      `table inet qos {\nchain post {\ntype filter hook postrouting priority mangle; policy accept;\n${rules}\n}\n}`,
      words,
    );

  test.each([
    ['meta mark set 10', '0xa'],
    ['counter meta mark set 0x10 accept', '0x10'],
    ['ip saddr 192.168.1.0/24 meta mark set 1', '0x1'],
    ['ip saddr != 192.168.1.0/24 meta mark set 1', '0x0'],
    ['ip6 saddr 2001:db8::/32 meta mark set 1', '0x0'],
    ['ip saddr { 10.0.0.1, 192.168.1.7 } tcp dport { 80, 443 } mark set 1', '0x1'],
    ['tcp dport 400-500 meta mark set 1', '0x1'],
    ['udp dport 443 meta mark set 1', '0x0'],
    ['th dport 443 meta mark set 1', '0x1'],
    ['meta l4proto { tcp, udp } meta mark set 1', '0x1'],
    ['ip protocol udp meta mark set 1', '0x0'],
    ['oifname "wan0" meta mark set 1', '0x1'],
    ['oifname { "wan0", "wan1" } meta mark set 1', '0x1'],
    ['oifname != "wan0" meta mark set 1', '0x0'],
    ['meta nfproto ipv4 meta mark set 1', '0x1'],
    ['meta mark set 0x12\nmeta mark set meta mark and 0xf0 or 0x1', '0x11'],
    ['meta mark set 0x12\nmeta mark set meta mark ^ 0xff', '0xed'],
    ['meta mark set 0x12\nmeta mark & 0xf0 == 0x10 meta mark set 1', '0x1'],
    ['meta mark 0 meta mark set 1', '0x1'],
    ['meta mark set tcp dport map { 80 : 1, 443 : 2 }', '0x2'],
    ['meta mark set 1 ip saddr 10.0.0.1 meta mark set 2', '0x1'],
    ['meta mark set 1\nip daddr vmap { 1.1.1.1 : accept }\nmeta mark set 2', '0x1'],
    ['meta mark set 1\ntcp dport vmap { 22 : accept, 443 : jump more }\nmeta mark set 2', '0x2'],
    ['limit rate 10/second meta mark set 1', '0x0?'],
    ['meta mark set jhash ip saddr mod 4', '0x0?'],
    ['meta mark set numgen inc mod 2', '0x0?'],
    ['ip dscp ef meta mark set 1', '0x0?'],
    ['ct state new meta mark set 1', '0x1?'],
    ['ct state established,related meta mark set 1', '0x0?'],
  ])('%s', (rules, expected) => {
    const text = `chain more {\nmeta mark set 9\n}\n`;
    expect(
      nft(`table inet qos {\n${text}chain post {\ntype filter hook postrouting priority mangle;\n${rules}\n}\n}`, WEB),
    ).toBe(expected);
  });

  test('IPv6', () => {
    expect(inChain('ip6 saddr 2001:db8::/64 tcp dport 443 meta mark set 1', WEB6)).toBe('0x1');
    expect(inChain('ip saddr 0.0.0.0/0 meta mark set 1', WEB6)).toBe('0x0');
  });

  test('chains are asked by priority, whatever their table', () => {
    const table = (name: string, priority: string, rule: string): string =>
      `table ip ${name} {\nchain c {\ntype filter hook forward priority ${priority};\n${rule}\n}\n}\n`;
    expect(nft(table('b', 'filter + 10', 'meta mark set 1') + table('a', '-150', 'meta mark set 2'), WEB)).toBe('0x1');
    expect(nft(table('b', 'mangle - 10', 'meta mark set 1') + table('a', '-150', 'meta mark set 2'), WEB)).toBe('0x2');
  });

  test('ct mark', () => {
    const rules = 'ct mark set 0x30\nmeta mark set ct mark';
    expect(inChain(rules, 'tcp 192.168.1.7:5 > 1.1.1.1:80 syn')).toBe('0x30');
    expect(inChain('ct mark set meta mark\nmeta mark set ct mark or 0x5', 'tcp 192.168.1.7:5 > 1.1.1.1:80 syn')).toBe(
      '0x5',
    );
  });

  test('meta priority', () => {
    const chain = 'type filter hook postrouting priority 0; ';
    const router = new Router(`nft flush ruleset
      nft add chain ip t c "{ ${chain} }"
      nft add rule ip t c meta priority set 1:2a`);
    expect(router.priority(WEB)).toBe('1:2a');
  });

  /** Linux 6.18 with nft 1.0.6 in namespaces, a counter for each mark behind these rules: 0x111, 0x110, 0x150, 0x150. */
  test('as a kernel counted them', () => {
    const router = new Router(`ip addr add 192.168.1.1/24 dev lan0
      ip addr add 203.0.113.2/24 dev wan0
      nft -f - <<< ${RECORDED.replaceAll('\n', '\\n')}`);
    // A datagram need not be the first of its connection, so that "ct state new" is assumed.
    expect(router.mark('udp 192.168.1.7:5001 > 203.0.113.9:53')).toBe('0x111?');
    expect(router.mark('udp 192.168.1.7:5002 > 203.0.113.9:443')).toBe('0x110?');
    expect(router.mark('tcp 192.168.1.7:5003 > 203.0.113.9:80 syn')).toBe('0x150');
    expect(router.mark('tcp 192.168.1.7:5004 > 203.0.113.9:443 syn')).toBe('0x150');
  });

  test('chains of devices and bridges leave it open', () => {
    const text = 'table netdev t {\nchain c {\ntype filter hook egress device wan0 priority 0;\nmeta mark set 1\n}\n}';
    expect(nft(text, WEB)).toBe('0x0?');
  });
});

test('what is given of NAT is taken for the addresses', () => {
  const rules = `${EMPTIED}iptables -t mangle -A FORWARD -s 192.168.1.7 -j MARK --set-mark 1`;
  const marks = new Marks(commands(rules), () => null);
  const tracker = new Tracker({ rules: [parseNat('masquerade 192.168.1.0/24 to 203.0.113.2')] });
  const p = new Packet();
  const ct = new Ct();
  enter(frameOf('tcp 192.168.1.7:5 > 1.1.1.1:80 syn'), p, { hook: 'egress', vlan: 'offload' });
  if (tracker.track(p, ct, 0)) p.ct = ct;
  marks.run(p, tracker, 'wan0');
  expect([p.mark, p.given & Input.MARK]).toEqual([1, Input.MARK]);
});
