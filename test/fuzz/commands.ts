import type { Random } from './random.ts';

/**
 * tc's language as a grammar: each rule is a list of alternatives, `<rule>` stands for one expansion of a rule,
 * `<rule>?` for none or one, `<rule>*` for up to six. An alternative that begins with `!` is most likely refused: half
 * of all lines are made without those.
 */
const GRAMMAR: Readonly<Record<string, readonly string[]>> = {
  line: [
    'filter <fverb> <where>* flow <flow>*',
    'filter <fverb> <place> <at> flow hash keys <keys> <flow>*',
    'filter <fverb> <place> <at> flow map key <key> <flow>*',
    'filter <fverb> <place> <at> flow hash keys <keys> <flow>* match <match> divisor 16',
    'filter <fverb> <place> <at> flow hash keys <keys> match <match> divisor 8 <act>*',
    'filter add dev d0 parent 1: <at> flow hash keys <keys> match <match> divisor 16',
    'filter <fverb> <place> <at> fw <fw>*',
    'filter show <where>*',
    'filter get <where>* flow',
    'chain <cverb> <where>*',
    'qdisc <qverb> <qplace>* <qdisc>',
    'qdisc <qverb> dev d0 root handle <qid> <qdisc>',
    'qdisc show <qplace>*',
    'class <qverb> <classplace>* <class>',
    'class <qverb> dev d0 parent <id> classid <id> <class>',
    'class show <classplace>*',
    'actions add <act> <act>*',
    'actions <averb> <act>*',
    'actions <aget> action <akind> <index>?',
    '!<word>*',
  ],
  fverb: ['add', 'add', 'add', 'replace', 'change', 'del', 'a', 'repl', 'delete'],
  cverb: ['add', 'del', 'show', 'get', 'ls'],
  qverb: ['add', 'add', 'add', 'replace', 'change', 'del', 'link', 'a', 'get'],
  averb: ['add', 'change', 'replace', 'a'],
  aget: ['get', 'del', 'show', 'ls', 'flush', 'delete'],
  place: ['dev d0 parent 1:', 'dev d0 root', 'dev lo ingress', 'dev d1 egress', 'block 5'],
  at: ['protocol ip prio <u8>', 'prio 1 handle 1', 'protocol all', 'chain 2 pref 7', '', '!<where>*'],
  where: [
    ...['dev <dev>', 'parent <id>', 'protocol <proto>', 'prio <u16>', 'pref <u16>', 'handle <hex>', 'chain <u32>'],
    ...['root', 'ingress', 'egress', 'block <u32>', 'protocol ip', 'prio <u8>', 'pri <u8>', 'proto <proto>'],
    'estimator <time> <time>',
  ],
  qplace: [
    ...['dev <dev>', 'root', 'parent <id>', 'handle <qid>', 'ingress', 'clsact', 'ingress_block <u32>'],
    ...['egress_block <u32>', 'stab <stab>', 'invisible', 'estimator <time> <time>', 'help'],
  ],
  stab: ['overhead <num>', 'mtu <u32> tsize <u32>', 'linklayer <link>', 'mpu <u32>', ''],
  classplace: [
    'dev <dev>',
    'root',
    'parent <id>',
    'classid <id>',
    'estimator <time> <time>',
    'qdisc <qid>',
    'parent 1:',
  ],
  dev: ['d0', 'd0', 'd0', 'd1', 'lo', '!eth9', '!if7', '!<word>'],
  proto: ['ip', 'ipv6', 'all', 'arp', '802.1Q', '802.1ad', '0x0800', '8021q', 'mpls_uc', '!<u16>', '!<word>'],
  flow: [
    ...['hash', 'map', 'hash keys <keys>', 'map key <key>', 'keys <keys>', 'key <key>', 'divisor <u32>'],
    ...['divisor 16', 'baseclass <id>', 'classid <id>', 'flowid <id>', 'perturb <u32>', 'rshift <u8>', 'xor <u32>'],
    ...['and <u32>', 'or <u32>', 'addend <u32>', 'addend -<u32>', 'addend <ip4>', 'addend -<ip4>', '<act>', '<act>'],
    ...['police <police>*', 'match <match> divisor 16', 'div 4', 'base 1:1', '!<word>'],
  ],
  keys: ['<key>', '<key>,<key>', '<key>,<key>,<key>', '<key>,<keys>', '!<key>,', '!,<key>'],
  key: [
    ...['src', 'dst', 'proto', 'proto-src', 'proto-dst', 'iif', 'priority', 'mark', 'nfct', 'nfct-src', 'nfct-dst'],
    ...[
      'nfct-proto-src',
      'nfct-proto-dst',
      'rt-classid',
      'sk-uid',
      'sk-gid',
      'vlan-tag',
      'rxhash',
      '!p',
      '!nfct-p',
      '!s',
    ],
    '!<word>',
  ],
  fw: ['classid <id>', 'flowid <id>', '!<word>'],
  match: ['<term>', '<term>', '<term> and <match>', '<term> or <match>', 'not <term>', '( <match> )', '!<term> <word>'],
  term: [
    'cmp(<align> at <u8> layer <layer> mask <u32> trans <op> <u32>)',
    'cmp(<align> at <num> <op> <u32>)',
    'cmp( <align> at <u8> layer <layer> <op> <u32> )',
    'u32(<align> <u8> <u8> at 8)',
    '!u32(<align> <u32> <u32> at <u16>)',
    'u32(<align> <u32> <u32> at nexthdr+<u8>)',
    'u32( <align> <u8> 0xff at 4 )',
    'nbyte("<name>" at <u8> layer <layer>)',
    'nbyte("<name>" at <u8>)',
    '!nbyte(<word> at <u8> layer <word>)',
    'meta(<meta> <op> <u32>)',
    'meta(<meta> shift <u8> mask <u32> <op> <u32>)',
    'meta(<meta> mask <u32> <op> <meta>)',
    'meta("<name>" <op> dev)',
    'meta(<u32> <op> <meta>)',
    'canid(sff <hex>)',
    'canid(eff <hex>:<hex> sff <hex>)',
    '!<word>(<word> at <u8>)',
    'not <term>',
  ],
  name: ['abc', 'd0', 'flow', 'GET', '!<word>'],
  align: ['u8', 'u16', 'u32', '!u64', '!<word>'],
  layer: ['link', 'network', 'transport', '0', '1', '2', '!3', '!<u8>', '!<word>'],
  op: ['eq', 'lt', 'gt', '!=', '!<word>'],
  meta: [
    ...[
      'random',
      'loadavg_0',
      'dev',
      'priority',
      'protocol',
      'pkttype',
      'pktlen',
      'datalen',
      'maclen',
      'nf_mark',
      'fwmark',
    ],
    ...['tcindex', 'rtclassid', 'rtiif', 'sk_family', 'sk_rcvbuf', 'sk_prio', 'vlan', 'rxhash', '!<word>'],
  ],
  act: [
    'action <action>',
    'action <action>',
    'action <action> index <u32>',
    '<action>',
    'action <action> cookie <hex>',
  ],
  action: [
    ...[
      'ok',
      'drop',
      'pipe',
      'pass',
      'continue',
      'reclassify',
      'shot',
      'stolen',
      'trap',
      'jump <u8>',
      'goto chain <u32>',
    ],
    'gact <control> random <rand> <control> <u16>',
    'gact <control>',
    'police <police>*',
    'police rate <rate> burst <size> <police>*',
    'mirred <dir> <mirror> dev <dev>',
    'mirred <mirrored>*',
    'skbedit <skbedit>*',
    'skbedit <skbedit> <control>',
    'vlan <vlan> <control>?',
    'vlan <vlan>*',
    'simple sdata <word> <control>?',
    'sample rate <u32> group <u32> trunc <u16>',
    'sample <sample>*',
    'pedit <pex>? munge <munge> <control>?',
    'pedit munge <munge> pipe munge <munge>',
    'csum <csum>',
    'nat <dir> <ip4>/<u8> <ip4>',
    'nat <dir> <ip4> <ip4> <control>',
    'connmark <connmark>*',
    'ctinfo <ctinfo>*',
    'tunnel_key <tunnel>*',
    'tunnel_key set src_ip <ip> dst_ip <ip> id <u32> <tunnel>*',
    'skbmod <skbmod>*',
    'ife encode <ife>* <control>?',
    'ife decode <control>?',
    'ct <ct>*',
    '!<word>',
  ],
  akind: ['gact', 'police', 'mirred', 'skbedit', 'vlan', 'simple', 'sample', 'pedit', 'csum', 'nat', 'ct', '!<word>'],
  control: ['ok', 'drop', 'pipe', 'continue', 'reclassify', 'goto chain <u8>', 'jump <u8>', 'pass', 'trap', '!<word>'],
  rand: ['netrand', 'determ', 'none', '!<word>'],
  index: ['index <u32>', '!<word>'],
  police: [
    ...['rate <rate>', 'burst <size>', 'buffer <size>', 'mtu <size>', 'mpu <size>', 'peakrate <rate>', 'avrate <rate>'],
    ...[
      'conform-exceed <pcontrol>',
      'conform-exceed <pcontrol>/<pcontrol>',
      'overhead <u16>',
      'linklayer <link>',
      'drop',
    ],
    ...[
      'action <pcontrol>',
      'pkts_rate <u32>',
      'pkts_burst <u32>',
      'index <u32>',
      'exceed-action drop',
      'continue',
      'pass',
    ],
    '!<word>',
  ],
  pcontrol: ['ok', 'drop', 'pipe', 'continue', 'reclassify', 'pass', '!<word>', '3'],
  dir: ['ingress', 'egress', 'egress', '!<word>'],
  mirror: ['mirror', 'redirect', '!<word>'],
  mirrored: ['egress', 'ingress', 'mirror', 'redirect', 'dev <dev>', 'index <u32>', 'pipe', '!<word>'],
  skbedit: [
    ...[
      'mark <u32>',
      'mark <hex>/<hex>',
      'priority <id>',
      'queue_mapping <u16>',
      'ptype host',
      'inheritdsfield',
      'pipe',
    ],
    ...['priority <word>', 'ptype <word>', 'index <u32>', '!<word>'],
  ],
  vlan: [
    ...['pop', 'push id <u16>', 'push id <u16> protocol <vproto> priority <u8>', 'modify id <u16>', 'pop_eth', 'pipe'],
    ...['push_eth dst_mac <mac> src_mac <mac>', 'protocol 802.1ad', 'priority 3', 'id <u16>', 'index 4', '!<word>'],
  ],
  vproto: ['802.1Q', '802.1ad', '802.1q', '!<word>'],
  sample: ['rate <u32>', 'group <u32>', 'trunc <u32>', 'index <u32>', 'pipe', '!<word>'],
  pex: ['ex'],
  munge: [
    ...[
      'offset <u8> <align> set <u32>',
      'offset <num> <align> clear',
      'offset 0 u8 add <u8> retain <hex>',
      'ip ttl set <u8>',
    ],
    ...[
      'ip dst set <ip4>',
      'ip src set <ip4>',
      'ip tos set <hex> retain <hex>',
      'ip ttl add <num>',
      'tcp dport set <u16>',
    ],
    ...['udp sport set <u16>', 'eth dst set <mac>', 'eth src set <mac>', 'eth type set <hex>', 'ip6 dst set <ip6>'],
    ...[
      'ip6 hoplimit add 255',
      'offset <u8> <align> invert',
      'offset <u8> u16 set <u16> at <u8> <hex> <u8>',
      'ip <word>',
    ],
    ...[
      'offset <u8> u32 preserve',
      'ip df set 1',
      'ip protocol set <u8>',
      'tcp flags set <hex>',
      'ip6 traffic_class set <u8>',
    ],
  ],
  csum: ['iph', 'iph and tcp', 'tcp or udp', 'icmp and igmp and udplite', 'sctp and ip4h', 'tcp pipe', '!<word>', ''],
  connmark: ['zone <u16>', 'pipe', 'index <u32>', '!<word>'],
  ctinfo: ['dscp <hex> <hex>', 'dscp <hex>', 'cpmark', 'cpmark <hex>', 'zone <u16>', 'index <u32>', 'pipe', '!<word>'],
  tunnel: [
    ...[
      'set',
      'unset',
      'src_ip <ip>',
      'dst_ip <ip>',
      'id <u32>',
      'key_id <u32>',
      'dst_port <u16>',
      'tos <u8>',
      'ttl <u8>',
    ],
    ...[
      'csum',
      'nocsum',
      'geneve_opts <hex>:<u8>:<hex>',
      'vxlan_opts <u32>',
      'erspan_opts <u8>:<u8>:0:0',
      'pipe',
      '!<word>',
    ],
  ],
  skbmod: ['set', 'dmac <mac>', 'smac <mac>', 'etype <hex>', 'swap mac', 'ecn', 'pipe', 'index <u32>', '!<word>'],
  ife: [
    'allow mark',
    'use mark <u32>',
    'allow prio',
    'use tcindex <u16>',
    'type <hex>',
    'dst <mac>',
    'src <mac>',
    '!<word>',
  ],
  ct: [
    'commit',
    'zone <u16>',
    'clear',
    'force',
    'nat',
    'nat src addr <ip>',
    'mark <hex>/<hex>',
    'label <hex>',
    'pipe',
    '!<word>',
  ],
  qdisc: [
    ...[
      'htb <htb>*',
      'hfsc <hfsc>*',
      'prio <prio>*',
      'drr',
      'qfq',
      'sfq <sfq>*',
      'fq_codel <fqcodel>*',
      'codel <fqcodel>*',
    ],
    ...['fq <fq>*', 'fq_pie <pie>*', 'pie <pie>*', 'tbf <tbf>*', 'tbf rate <rate> burst <size> <tbf>*', 'cake <cake>*'],
    ...['red <red>*', 'red limit <size> min <size> max <size> avpkt <u16> <red>*', 'choke <red>*', 'sfb <sfb>*'],
    ...['ets <ets>*', 'mq', 'multiq', 'pfifo <fifo>?', 'bfifo <fifo>?', 'pfifo_head_drop limit <u32>', 'pfifo_fast'],
    ...['ingress', 'clsact', 'noqueue', '<word> <word>?'],
  ],
  htb: ['default <hex>', 'r2q <u16>', 'direct_qlen <u32>', 'debug <u8>', 'offload', '!<word>'],
  hfsc: ['default <hex>', '!<word>'],
  prio: ['bands <u8>', 'priomap <u8> <u8> <u8>', 'multiqueue', '!<word>'],
  sfq: [
    ...['perturb <u16>', 'quantum <size>', 'limit <u16>', 'divisor <u16>', 'flows <u16>', 'depth <u8>', 'headdrop'],
    ...['redflowlimit <u32>', 'min <size>', 'max <size>', 'avpkt <u16>', 'ecn', 'probability <real>', '!<word>'],
  ],
  fqcodel: [
    ...[
      'limit <u16>',
      'flows <u16>',
      'target <time>',
      'interval <time>',
      'quantum <u16>',
      'ecn',
      'noecn',
      'memory_limit <size>',
    ],
    ...['ce_threshold <time>', 'drop_batch <u16>', 'ce_threshold_selector <hex>/<hex>', '!<word>'],
  ],
  fq: [
    ...[
      'limit <u16>',
      'flow_limit <u16>',
      'quantum <size>',
      'initial_quantum <size>',
      'maxrate <rate>',
      'buckets <u16>',
    ],
    ...[
      'pacing',
      'nopacing',
      'refill_delay <time>',
      'orphan_mask <u16>',
      'low_rate_threshold <rate>',
      'horizon <time>',
    ],
    ...['ce_threshold <time>', 'timer_slack <time>', 'horizon_drop', '!<word>'],
  ],
  pie: [
    'limit <u16>',
    'target <time>',
    'tupdate <time>',
    'alpha <u8>',
    'beta <u8>',
    'ecn',
    'bytemode',
    'flows <u16>',
    '!<word>',
  ],
  tbf: [
    ...[
      'rate <rate>',
      'burst <size>',
      'limit <size>',
      'latency <time>',
      'mtu <size>',
      'minburst <size>',
      'peakrate <rate>',
    ],
    ...['mpu <size>', 'overhead <u16>', 'linklayer <link>', 'burst <size>/<u8>', '!<word>'],
  ],
  cake: [
    ...[
      'bandwidth <rate>',
      'unlimited',
      'besteffort',
      'diffserv4',
      'diffserv3',
      'flowblind',
      'triple-isolate',
      'nat',
      'wash',
    ],
    ...[
      'rtt <time>',
      'lan',
      'metro',
      'oceanic',
      'overhead <num>',
      'atm',
      'noatm',
      'ptm',
      'mpu <u16>',
      'ingress',
      'egress',
    ],
    ...[
      'memlimit <size>',
      'fwmark <hex>',
      'ack-filter',
      'split-gso',
      'docsis',
      'conservative',
      'raw',
      'autorate-ingress',
    ],
    '!<word>',
  ],
  red: [
    ...[
      'limit <size>',
      'min <size>',
      'max <size>',
      'avpkt <u16>',
      'burst <u16>',
      'probability <real>',
      'bandwidth <rate>',
    ],
    ...['ecn', 'harddrop', 'adaptive', 'nodrop', 'qevent early_drop block <u32>', '!<word>'],
  ],
  sfb: [
    ...['rehash <u32>', 'db <u32>', 'limit <u32>', 'max <u32>', 'target <u32>', 'increment <real>', 'decrement <real>'],
    ...['penalty_rate <u32>', 'penalty_burst <u32>', '!<word>'],
  ],
  ets: ['bands <u8>', 'strict <u8>', 'quanta <u16> <u16>', 'priomap <u8> <u8>', '!<word>'],
  fifo: ['limit <u32>', 'limit <size>', '!<word>'],
  class: [
    ...['htb rate <rate> <htbc>*', 'htb <htbc>*', 'hfsc <hfscc>*', 'drr quantum <size>', 'drr', 'qfq weight <u16>'],
    ...['qfq maxpkt <u16> weight <u8>', 'ets quantum <u16>', 'ets', 'prio', 'sfq', '<word> <word>?'],
  ],
  htbc: [
    ...[
      'rate <rate>',
      'ceil <rate>',
      'burst <size>',
      'cburst <size>',
      'burst <size>/<u8>',
      'prio <u8>',
      'quantum <u32>',
    ],
    ...['mtu <u16>', 'mpu <u8>', 'overhead <u8>', 'linklayer <link>', 'level <u8>', '!<word>'],
  ],
  hfscc: ['<hcurve> <curve>', '<hcurve> <curve>', '!<word>'],
  hcurve: ['sc', 'rt', 'ls', 'ul', '!<word>'],
  curve: [
    ...[
      'rate <rate>',
      'm1 <rate> d <time> m2 <rate>',
      'umax <size> dmax <time> rate <rate>',
      'm2 <rate>',
      'm1 <rate>',
      '!<word>',
    ],
  ],
  id: [
    '!1:',
    '1:1',
    '1:10',
    '!ffff:',
    '!ffff:fff2',
    '!root',
    '!none',
    ':5',
    '!10:0',
    '!<hex>:<hex>',
    '!<hex>',
    '!<word>',
  ],
  qid: ['1:', '!1', '10:', '!ffff:', '<hex>:', '!0:', '!1:0', '!<word>'],
  u8: ['0', '1', '2', '3', '4', '7', '8', '16', '!31', '!32', '!255', '!256', '!0x1f', '!010'],
  u16: ['0', '1', '5', '10', '100', '1000', '1024', '!4095', '!65535', '!65536', '!0xffff', '<u8>'],
  u32: [
    '0',
    '1',
    '4',
    '16',
    '0xff',
    '0xffffffff',
    '!4294967295',
    '!4294967296',
    '!-1',
    '!010',
    '<u16>',
    '!<hex>',
    '!<word>',
  ],
  num: ['!-1', '!-20', '!-256', '<u16>'],
  hex: ['1', 'a', 'ff', '0x10', '!7ff', 'ffff', '!fffff', '10', '!deadbeef', '!0xffffffff', '!123456789', '!x'],
  real: ['0.02', '1', '0', '0.5', '!1.5', '1e-3', '!x', '!-1', '!nan', '!inf', '!1e400'],
  ip: ['<ip4>', '<ip6>'],
  ip4: [
    '10.0.0.1',
    '192.168.1.0',
    '255.255.255.255',
    '0.0.0.0',
    '!10',
    '!10.1',
    '!1.2.3.4.5',
    '!256.1.1.1',
    '!any',
    '!x',
  ],
  ip6: ['::1', 'fe80::1', '2001:db8::ffff:1', '::ffff:1.2.3.4', '!::', '!1::2::3', '!12345::'],
  mac: ['02:00:00:00:00:01', 'ff:ff:ff:ff:ff:ff', '!0:1:2:3:4:5', '!02:00:00:00:00', '!02:00:00:00:00:zz', '!<word>'],
  rate: [
    ...[
      '1mbit',
      '100kbit',
      '8bit',
      '1gbit',
      '10Gbit',
      '1.5mbit',
      '64kbps',
      '125000',
      '1000',
      '!0',
      '1mbps',
      '1Mibit',
      '!2tbit',
    ],
    ...[
      '!10%',
      '!-5',
      '!-90',
      '!inf',
      '!nan',
      '!1e30',
      '!0x1p10',
      '!18446744073709551615bps',
      '!1xbit',
      '!34359738360bit',
      '!<word>',
    ],
  ],
  size: [
    '10k',
    '1540',
    '15kb',
    '1mb',
    '1mbit',
    '2000b',
    '64k',
    '!0',
    '1g',
    '!5g',
    '1.5k',
    '!-1',
    '!nan',
    '!1600kbit',
    '!<word>',
  ],
  time: [
    '1ms',
    '50ms',
    '100us',
    '1s',
    '1000',
    '!0',
    '!5ns',
    '1sec',
    '1.5s',
    '!-1',
    '!inf',
    '!5000s',
    '250msec',
    '!1h',
    '!<word>',
  ],
  link: ['ethernet', 'atm', 'adsl', '!<word>'],
  word: [
    ...[
      'foo',
      'help',
      'add',
      'flow',
      'x',
      '0',
      '-1',
      'dev',
      'd0',
      'action',
      'ok',
      'index',
      'and',
      ')',
      '(',
      'ü',
      '"',
      '',
    ],
    ...[
      '99999999999999999999',
      'not',
      'pipe',
      'match',
      ',',
      ':',
      '/',
      '1:1',
      'handle',
      'at',
      'limit',
      'rate',
      '"abc"',
      '\\',
    ],
  ],
};

const MAX_REPEAT = 6;
/** Rules nest no deeper than this; below it the first alternative is taken. */
const MAX_DEPTH = 12;

/** Random words for tc, out of the grammar or out of `corpus`; one in four lines has something wrong with it. */
export function commandLine(random: Random, corpus: readonly (readonly string[])[]): string[] {
  const careful = random.oneIn(2);
  const made = random.oneIn(4) && corpus.length > 0 ? random.pick(corpus) : wordsOf(expand(random, 'line', careful));
  const words = random.oneIn(10) ? [random.pick(OPTIONS), ...made] : [...made];
  return !careful && random.oneIn(2) ? mutatedWords(random, words) : words;
}

const OPTIONS = ['-s', '-d', '-j', '-p', '-force', '-br', '-r', '-iec', '-x', '-N', '-b'];

const wordsOf = (text: string): string[] => text.split(' ').filter((word) => word !== '');

/** A rule's alternatives, all of them and those that may well be accepted. */
const ALTERNATIVES = new Map(
  Object.entries(GRAMMAR).map(([rule, all]) => {
    const sound = all.filter((text) => !text.startsWith('!'));
    return [rule, { all: all.map((text) => text.replace(/^!/, '')), sound }];
  }),
);

/** One expansion of a rule, words separated by blanks. */
export function expand(random: Random, rule: string, careful: boolean, depth = 0): string {
  const alternatives = ALTERNATIVES.get(rule);
  if (alternatives === undefined) throw new Error(`no rule ${rule}`);
  const list = careful && alternatives.sound.length > 0 ? alternatives.sound : alternatives.all;
  const chosen = depth > MAX_DEPTH ? (list[0] ?? '') : random.pick(list);
  return chosen.replace(/<(\w+)>([?*]?)/g, (_, name: string, times: string) => {
    const count = times === '' ? 1 : random.below(times === '?' ? 2 : MAX_REPEAT + 1);
    return Array.from({ length: count }, () => expand(random, name, careful, depth + 1)).join(' ');
  });
}

/** A copy with words left out, doubled, moved, put in, cut, or with a character changed. */
export function mutatedWords(random: Random, original: readonly string[], most = 3): string[] {
  const words = [...original];
  for (let turns = 1 + random.below(most); turns > 0; turns--) {
    const at = random.below(words.length + 1);
    const word = words[at] ?? '';
    const place = random.below(word.length + 1);
    switch (random.below(6)) {
      case 0:
        words.splice(at, 1);
        break;
      case 1:
        words.splice(at, 0, word);
        break;
      case 2:
        words.splice(at, 0, ...wordsOf(expand(random, random.pick(RULES), false)));
        break;
      case 3:
        words.splice(at);
        break;
      case 4:
        words[at] = word.slice(0, place);
        break;
      default:
        words[at] = word.slice(0, place) + random.pick(CHARACTERS) + word.slice(place + random.below(2));
    }
  }
  return words;
}

const RULES = Object.keys(GRAMMAR);
const CHARACTERS = ['0', '9', 'f', '-', ':', ',', '.', '/', '(', ')', '"', '\\', 'é', '\0', '%', 'k'];
