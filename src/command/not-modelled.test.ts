import { describe, expect, test } from 'vitest';
import { createEnv } from '../env.ts';
import { ERAS } from '../era.ts';
import { Netns } from '../kernel/index.ts';
import { shellWords } from '../lang/index.ts';
import { Listener, runTc, type Transport } from './index.ts';

const ENV = createEnv({ era: ERAS['6.1'], seed: 0 });

/** eth0, with what these commands made. */
function netnsOf(...lines: readonly string[]): Netns {
  const netns = new Netns({ env: ENV, devices: [{ name: 'eth0', ifindex: 2 }] });
  for (const line of lines) expect(tc(netns, line)).toMatchObject({ stderr: '', exit: 0 });
  return netns;
}

function transportOf(netns: Netns): Transport {
  return { request: (datagram) => netns.request(datagram), links: netns.links };
}

const tc = (netns: Netns, line: string, batch = '') =>
  runTc(shellWords(line), { transport: transportOf(netns), readBatch: () => batch });

const listed = (netns: Netns, line: string): string[] => tc(netns, line).stdout.split('\n');

describe('stab', () => {
  const ADD = 'qdisc add dev eth0 root handle 1: stab overhead 44 linklayer atm hfsc default 12';

  test('is taken before the kind, and named with its place on the line', () => {
    expect(tc(netnsOf(), ADD)).toEqual({
      stdout: '',
      stderr: '',
      exit: 0,
      notModelled: [{ word: 7, why: '"stab" is not modelled here' }],
    });
  });

  test.each([
    ['stab overhead -4 mtu 2047 htb', 0],
    ['stab mp 64 o 4 t 128 l adsl m 1500 htb', 0],
    ['stab overhead x htb', 255],
    ['stab overhead 4 overhead 5 htb', 255],
    ['stab linklayer wifi htb', 255],
    ['stab mtu 2047 htb', 255],
    ['stab htb', 255],
    ['stab', 255],
    ['stab help', 255],
    ['stab overhead 4 htb defolt 1', 1],
    ['stab overhead 4 nosuch', 2],
  ])('what stands behind it is judged: %s', (words, exit) => {
    expect(tc(netnsOf(), `qdisc add dev eth0 root ${words}`).exit).toBe(exit);
  });

  test('is shown as typed, also after save and load, and goes with a change that does not repeat it', () => {
    const saved = JSON.parse(JSON.stringify(netnsOf(ADD).save()));
    const netns = Netns.load(saved, ENV);
    const qdisc = 'qdisc hfsc 1: root refcnt 2 default 12 ';
    expect(listed(netns, 'qdisc show dev eth0')).toEqual([qdisc, '']);
    expect(listed(netns, '-d qdisc show dev eth0')).toEqual([qdisc, ' stab overhead 44 linklayer atm', '']);
    expect(JSON.parse(tc(netns, '-d -j qdisc show dev eth0').stdout)).toMatchObject([
      { stab: 'overhead 44 linklayer atm' },
    ]);
    tc(netns, 'qdisc change dev eth0 root handle 1: hfsc default 12');
    expect(listed(netns, '-d qdisc show dev eth0')).toEqual([qdisc, '']);
  });
});

test.each(['monitor', 'exec bpf debug', 'mon file x'])('tc %s is taken, and nothing comes of it', (line) => {
  const [word] = line.split(' ');
  const notModelled = [{ word: 0, why: `tc ${word} is not modelled here` }];
  expect(tc(netnsOf(), line)).toEqual({ stdout: '', stderr: '', exit: 0, notModelled });
  expect(runTc(shellWords(line), { transport: new Listener(), modelledOnly: true }).exit).toBe(2);
});

/** Any words: of a kind that is not modelled none is judged. */
const KINDS = ['cbs', 'etf', 'gred', 'hhf', 'mqprio', 'netem', 'plug', 'skbprio', 'taprio'];
const WITHOUT_OPTIONS = ['blackhole', 'teql0', 'teql12'];

describe('a kind of qdisc that is not modelled', () => {
  test.each([...KINDS, ...WITHOUT_OPTIONS])('%s is there with its handle and its parent', (kind) => {
    const netns = netnsOf('qdisc add dev eth0 root handle 1: drr', 'class add dev eth0 parent 1: classid 1:3 drr');
    const answer = tc(netns, `qdisc add dev eth0 parent 1:3 handle 30: ${kind}`);
    expect(answer).toMatchObject({ stderr: '', exit: 0 });
    expect(answer.notModelled).toEqual([{ word: 8, why: `qdisc kind "${kind}" is not modelled here` }]);
    expect(listed(netns, 'qdisc show dev eth0')[1]).toBe(`qdisc ${kind} 30: parent 1:3 `);
    expect(tc(netns, 'class show dev eth0').stdout).toBe('class drr 1:3 root leaf 30: quantum 1514b \n');
  });

  test.each(KINDS)('%s: no word is judged, and show prints them as typed, also after save and load', (kind) => {
    const saved = netnsOf(`qdisc add dev eth0 root handle 1: ${kind} some words 10ms 'and one more'`).save();
    const netns = Netns.load(JSON.parse(JSON.stringify(saved)), ENV);
    expect(netns.save()).toEqual(saved);
    const shown = `qdisc ${kind} 1: root refcnt 2 some words 10ms and one more \n`;
    expect(tc(netns, 'qdisc show dev eth0').stdout).toBe(shown);
    expect(JSON.parse(tc(netns, '-j qdisc show dev eth0').stdout)).toMatchObject([
      { kind, handle: '1:', root: true, options: { words: 'some words 10ms and one more' } },
    ]);
  });

  test.each(WITHOUT_OPTIONS)('%s: tc has no words for it', (kind) => {
    expect(tc(netnsOf(), `qdisc add dev eth0 root ${kind} limit 5`)).toMatchObject({
      stderr: `Unknown qdisc "${kind}", hence option "limit" is unparsable\n`,
      exit: 1,
    });
  });

  test.each([
    ['cbs', 0],
    ['etf', 2],
    ['gred', 0],
    ['hhf', 0],
    ['mqprio', 2],
    ['netem', 0],
    ['plug', 0],
    ['skbprio', 0],
    ['taprio', 0],
    ['blackhole', 0],
  ])('%s: a change with options ends with %i', (kind, exit) => {
    const netns = netnsOf(`qdisc add dev eth0 root handle 1: ${kind}`);
    const options = kind === 'blackhole' ? '' : ' limit 5';
    expect(tc(netns, `qdisc change dev eth0 root handle 1: ${kind}${options}`).exit).toBe(exit);
    expect(tc(netns, 'qdisc show dev eth0').stdout).toContain(exit === 0 && options !== '' ? 'limit 5' : `${kind} 1:`);
  });

  test.each([
    ['cbs', '1:1', '1:7'],
    ['netem', '1:1', '1:'],
    ['mqprio', '1:1', '1:8'],
    ['taprio', '1:1', '1:8'],
  ])('%s takes qdiscs below, at %s and %s', (kind, ...parents) => {
    for (const parent of parents) {
      const netns = netnsOf(`qdisc add dev eth0 root handle 1: ${kind} delay 10ms`);
      expect(tc(netns, `qdisc add dev eth0 parent ${parent} handle 2: pfifo limit 7`)).toMatchObject({ exit: 0 });
      expect(tc(netns, 'qdisc show dev eth0').stdout).toContain(`qdisc pfifo 2: parent ${parent} limit 7p\n`);
      tc(netns, `qdisc change dev eth0 root handle 1: ${kind} delay 20ms`);
      expect(tc(netns, 'qdisc show dev eth0').stdout).toContain('qdisc pfifo 2:');
      expect(tc(netns, `qdisc del dev eth0 parent ${parent}`)).toMatchObject({ stderr: '', exit: 0 });
      expect(tc(netns, 'qdisc show dev eth0').stdout).not.toContain('pfifo');
    }
  });

  test.each([
    ['etf', 'Error: Parent qdisc is not classful.', 'Error: Qdisc not classful.'],
    ['hhf', 'Error: Parent qdisc is not classful.', 'Error: Qdisc not classful.'],
    ['skbprio', 'Error: Specified class not found.', "Error: Class doesn't support blocks."],
    ['mqprio', '', "Error: Class doesn't support blocks."],
    ['netem', '', "Error: Class doesn't support blocks."],
  ])('%s: what the kernel refuses below it is refused', (kind, below, filters) => {
    const netns = netnsOf(`qdisc add dev eth0 root handle 1: ${kind}`);
    expect(tc(netns, 'qdisc add dev eth0 parent 1:1 pfifo').stderr.trim()).toBe(below);
    expect(tc(netns, 'filter add dev eth0 parent 1: flow hash keys src').stderr.split('\n')[0]).toBe(filters);
    expect(tc(netns, `class add dev eth0 parent 1: classid 1:1 ${kind}`).stderr).toContain('is classless');
  });
});

describe('what tc 6.1 has and Linux 6.1.192 no longer has is refused by the kernel', () => {
  test.each(['cbq', 'dsmark', 'rr'])('%s', (kind) => {
    expect(tc(netnsOf(), `qdisc add dev eth0 root handle 1: ${kind} any words 1mbit`)).toEqual({
      stdout: '',
      stderr: 'Error: Specified qdisc kind is unknown.\n',
      exit: 2,
      notModelled: [],
    });
  });

  test.each(['cbq', 'dsmark'])('a class of %s', (kind) => {
    const answer = tc(netnsOf(), `class add dev eth0 parent 1: classid 1:1 ${kind} any words`);
    expect(answer).toMatchObject({ stderr: 'RTNETLINK answers: No such file or directory\n', exit: 2 });
  });

  test.each(['rsvp', 'rsvp6', 'tcindex'])('%s', (kind) => {
    const netns = netnsOf('qdisc add dev eth0 root handle 1: prio');
    const words = 'ipproto tcp session 10.0.0.1 classid 1:1';
    expect(tc(netns, `filter add dev eth0 parent 1: protocol ip prio 1 ${kind} ${words}`)).toMatchObject({
      stderr: 'Error: TC classifier not found.\nWe have an error talking to the kernel\n',
      exit: 2,
      notModelled: [],
    });
  });

  test('a kind that tc has not is refused by tc, if there are words for it', () => {
    expect(tc(netnsOf(), 'qdisc add dev eth0 root esfq perturb 10')).toMatchObject({
      stderr: 'Unknown qdisc "esfq", hence option "perturb" is unparsable\n',
      exit: 1,
    });
    expect(tc(netnsOf(), 'qdisc add dev eth0 root teql').exit).toBe(2);
  });
});

const PRIO = 'qdisc add dev eth0 root handle 1: prio';
const at = (line: string, word: string): number => shellWords(line).indexOf(word);

describe('a filter that is not modelled', () => {
  test.each(['bpf', 'cgroup', 'route'])('%s: no word is judged, and show prints them as typed', (kind) => {
    const netns = netnsOf(PRIO);
    const line = `filter add dev eth0 parent 1: protocol ip prio 5 handle 1 ${kind} any words flowid 1:1`;
    expect(tc(netns, line)).toMatchObject({
      exit: 0,
      notModelled: [{ word: at(line, kind), why: `filter kind "${kind}" is not modelled here` }],
    });
    const again = Netns.load(netns.save(), ENV);
    expect(listed(again, 'filter show dev eth0')[1]).toBe(
      `filter parent 1: protocol ip pref 5 ${kind} chain 0 handle 0x1 any words flowid 1:1 `,
    );
  });

  /** Every option of flower that tc 6.1.0 has and that is not modelled, with the words that it takes. */
  const FLOWER = [
    ...['hw_tc 1', 'ip_flags frag', 'ct_state +trk+est', 'ct_zone 1', 'ct_mark 1/1', 'ct_label 01'],
    ...['num_of_vlans 2', 'cvlan_id 5', 'cvlan_prio 1', 'type 8', 'code 0', 'l2tpv3_sid 1'],
    ...['mpls lse depth 1 label 5 lse ttl 3', 'mpls_label 5', 'mpls_tc 1', 'mpls_bos 1', 'mpls_ttl 3'],
    ...['arp_tip 10.0.0.1', 'arp_sip 10.0.0.0/8', 'arp_op request', 'arp_tha 2:0:0:0:0:1', 'arp_sha 2:0:0:0:0:1'],
    ...['pppoe_sid 1', 'enc_dst_ip 10.0.0.1', 'enc_src_ip 10.0.0.1', 'enc_key_id 5', 'enc_dst_port 4789'],
    ...['enc_tos 0', 'enc_ttl 64', 'geneve_opts 0:0:00', 'vxlan_opts 1', 'erspan_opts 1:1:0:0', 'gtp_opts 0:1'],
    ...['cvlan_ethtype ipv4', 'ppp_proto ip'],
  ];

  test.each(FLOWER)('flower %s: what stands behind it is judged', (words) => {
    const [word = ''] = words.split(' ');
    const line = `filter add dev eth0 parent 1: protocol ip prio 1 flower dst_ip 10.0.0.1 ${words} classid 1:1`;
    const netns = netnsOf(PRIO);
    expect(tc(netns, line)).toMatchObject({
      stderr: '',
      exit: 0,
      notModelled: [{ word: at(line, word), why: `flower "${word}" is not modelled here` }],
    });
    const shown = tc(Netns.load(netns.save(), ENV), 'filter show dev eth0').stdout;
    expect(shown).toContain(`handle 0x1 classid 1:1 \n  eth_type ipv4\n  dst_ip 10.0.0.1\n  ${words}\n  not_in_hw\n`);
    expect(tc(netns, `${line} nosuch 5`)).toMatchObject({ exit: 1 });
    expect(tc(netns, `${line} nosuch 5`).stderr).toMatch(/^What is "nosuch"\?/);
    expect(tc(netns, line.replace(` ${words} classid 1:1`, ` ${word}`)).exit).toBe(word === 'mpls' ? 0 : 255);
  });

  test('flower: words that say what the packet is count for those behind them', () => {
    const add = 'filter add dev eth0 parent 1: prio 1';
    const inner = 'vlan_ethtype 802.1q cvlan_id 5 cvlan_ethtype ipv4 ip_proto tcp dst_port 80 dst_ip 10.0.0.1';
    expect(tc(netnsOf(PRIO), `${add} protocol 802.1ad flower ${inner} classid 1:1`)).toMatchObject({ exit: 0 });
    expect(tc(netnsOf(PRIO), `${add} protocol all flower num_of_vlans 1 vlan_id 5 classid 1:1`)).toMatchObject({
      exit: 0,
    });
    expect(tc(netnsOf(PRIO), `${add} protocol all flower vlan_id 5 classid 1:1`)).toMatchObject({ exit: 1 });
  });

  test('flower: the same question twice is the same filter, another value is another', () => {
    const netns = netnsOf(PRIO, 'filter add dev eth0 parent 1: protocol ip prio 1 flower ip_flags frag classid 1:1');
    const again = (words: string): number =>
      tc(netns, `filter add dev eth0 parent 1: protocol ip prio 1 flower ${words} classid 1:2`).exit;
    expect([again('ip_flags frag'), again('ip_flags nofrag'), again('type 8')]).toEqual([2, 0, 0]);
  });
});

describe('an action that is not modelled', () => {
  test.each([
    ['bpf', 'object-file a.o section act'],
    ['gate', 'clockid CLOCK_TAI sched-entry open 200000000 -1 8000000'],
    ['ipt', '-j MARK --set-mark 1'],
    ['mpls', 'push protocol mpls_uc label 5'],
    ['xt', '-j MARK --set-mark 1'],
  ])('%s: what stands behind it is judged', (kind, words) => {
    const netns = netnsOf(PRIO);
    const line = `filter add dev eth0 parent 1: protocol ip prio 1 matchall action ${kind} ${words}`;
    const answer = tc(netns, `${line} action drop`);
    expect(answer).toMatchObject({ stderr: '', exit: 0 });
    expect(answer.notModelled).toEqual([{ word: at(line, kind), why: `action "${kind}" is not modelled here` }]);
    const shown = tc(Netns.load(netns.save(), ENV), 'filter show dev eth0').stdout;
    expect(shown).toContain(`\taction order 1: ${kind} ${words}\n\t index 1 ref 1 bind 1\n`);
    expect(shown).toContain('\taction order 2: gact action drop\n');
    expect(tc(netns, `${line} action nosuch`)).toMatchObject({ exit: 255 });
    expect(tc(netns, line.replace(` ${words}`, '')).stderr).toMatch(/^Command line is not complete/);
  });

  test.each(['geneve_opts 0:0:00', 'vxlan_opts 5', 'erspan_opts 1:1:0:0'])('tunnel_key %s', (words) => {
    const netns = netnsOf(PRIO);
    const [word = ''] = words.split(' ');
    const action = `tunnel_key set src_ip 10.0.0.1 dst_ip 10.0.0.2 id 5 ${words} ttl 9`;
    const line = `filter add dev eth0 parent 1: protocol ip prio 1 matchall action ${action}`;
    expect(tc(netns, line)).toMatchObject({
      exit: 0,
      notModelled: [{ word: at(line, word), why: `tunnel_key "${word}" is not modelled here` }],
    });
    const shown = tc(Netns.load(netns.save(), ENV), 'filter show dev eth0').stdout;
    expect(shown).toContain(`\tkey_id 5\n\t${words}\n\tcsum\n\tttl 9 pipe\n`);
    expect(tc(netns, `${line} nosuch`).exit).toBe(255);
  });

  test('is shared by its index', () => {
    const netns = netnsOf(PRIO, 'actions add action mpls pop protocol ip index 9');
    const filter = 'filter add dev eth0 parent 1: protocol ip prio 1 handle 1 flow map key src action mpls pop index 9';
    expect(tc(netns, filter)).toMatchObject({ stderr: '', exit: 0 });
    expect(tc(netns, 'actions ls action mpls').stdout).toContain(
      'mpls pop protocol ip index 9\n\t index 9 ref 2 bind 1\n',
    );
    expect(tc(netns, 'actions del action mpls index 9').exit).not.toBe(0);
  });
});

test('of a batch, each that was taken is named with its line', () => {
  const refused = 'qdisc add dev eth0 parent 9: stab mpu 64 htb';
  const batch = `${refused}\nqdisc add dev eth0 root handle 1: stab mpu 64 htb\n`;
  expect(tc(netnsOf(), '-force -batch file', batch).notModelled).toEqual([
    { line: 2, word: 7, why: '"stab" is not modelled here' },
  ]);
});

test('nothing of such a line is sent to whoever takes only what is modelled', () => {
  const transport = new Listener();
  const answer = runTc(shellWords('qdisc add dev eth0 root stab mpu 64 htb'), { transport, modelledOnly: true });
  expect(answer).toMatchObject({
    stderr: 'cls-flow: "stab" is not modelled here, so the bytes of this command are not known\n',
    exit: 2,
  });
  expect(transport.requests).toEqual([]);
  expect(runTc(shellWords('qdisc add dev eth0 root htb'), { transport, modelledOnly: true }).exit).toBe(0);
});
