import { describe, expect, test } from 'vitest';
import { check } from '../../src/lint/index.ts';

const found = (...script: readonly string[]) => check(script.join('\n')).findings;
const places = (...script: readonly string[]): string[] => found(...script).map(({ code, line }) => `${code} ${line}`);
const SFQ = 'qdisc add dev eth0 root handle 1: sfq';
const flow = (protocol: string, prio: number, keys = 'src'): string =>
  `filter add dev eth0 parent 1: protocol ${protocol} prio ${prio} handle ${prio} flow hash keys ${keys} divisor 1024`;

describe('filters beside each other', () => {
  test('take what they take together: what none of them takes is named, and nothing else', () => {
    const [finding] = found(SFQ, flow('ip', 1), flow('ipv6', 2));
    expect(finding).toMatchObject({ code: 'FT011', severity: 'error', line: 2, fix: null });
    expect(finding?.message).toBe('only ip and ipv6 are classified at sfq 1:');
    expect(finding?.effect).toContain('ARP');
    expect(finding?.effect).not.toContain('IPv6');
    const three = found(SFQ, flow('ip', 1), flow('ipv6', 2), flow('arp', 3, 'iif'));
    expect(three).toMatchObject([{ code: 'FT011', severity: 'advice' }]);
    expect(found(SFQ, flow('ip', 1), flow('ipv6', 2), flow('all', 3, 'iif'))).toEqual([]);
  });

  test('are never evaluated behind one of another kind that takes every packet', () => {
    const matchall = (end: string): string =>
      `filter add dev eth0 parent 1: protocol all prio 1 matchall action skbedit mark 1 ${end}`;
    expect(places(SFQ, matchall('pass'), flow('ip', 2))).toContain('FT022 3');
    expect(places(SFQ, matchall('continue'), flow('ip', 2))).not.toContain('FT022 3');
  });

  test('of one preference and another kind or protocol are refused, which is not to be never evaluated', () => {
    const script = [
      'qdisc add dev eth0 root handle 1: htb default 10',
      'class add dev eth0 parent 1: classid 1:10 htb rate 100mbit',
      'filter add dev eth0 parent 1: protocol ip prio 1 handle 1 fw classid 1:10',
      'filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip src 192.0.2.1/32 classid 1:10',
      'filter add dev eth0 parent 1: protocol ipv6 prio 1 u32 match ip src 192.0.2.1/32 classid 1:10',
      'filter add dev eth0 parent 1: protocol all prio 2 handle 1 flow map key dst and 0 baseclass 1:10',
      'filter add dev eth0 parent 1: protocol all prio 2 u32 match u32 0 0 classid 1:10',
      'filter add dev eth0 parent 1: protocol all prio 3 fw classid 1:10',
    ];
    const errors = found(...script).filter(({ severity }) => severity !== 'advice');
    expect(errors.map(({ code, line, refusedBy }) => `${code} ${line} ${refusedBy}`)).toEqual([
      'REFUSED 4 kernel',
      'REFUSED 5 kernel',
      'REFUSED 7 kernel',
      'REFUSED 8 kernel',
    ]);
  });
});

describe('a filter where packets come in', () => {
  const act = 'baseclass ffff:1 action ok';

  test('meets no connection: at ingress, at that hook of clsact, in a shared block', () => {
    const filter = (where: string): string =>
      `filter add ${where} protocol all prio 1 handle 1 flow hash keys nfct-dst divisor 4 ${act}`;
    expect(places('qdisc add dev eth0 clsact', filter('dev eth0 ingress'))).toEqual(['FT009 2']);
    expect(places('qdisc add dev eth0 ingress', filter('dev eth0 parent ffff:'))).toEqual(['FT009 2']);
    expect(places('qdisc add dev eth0 ingress_block 22 ingress', filter('block 22'))).toEqual(['FT009 2']);
    expect(places('qdisc add dev eth0 clsact', filter('dev eth0 egress'))).toEqual([]);
  });

  test('gets none from connmark, which copies the mark, nor from ct, whose connection the redirect takes off', () => {
    const behind = (action: string, key = 'nfct-src'): string[] => [
      'qdisc add dev eth0 handle ffff: ingress',
      `filter add dev eth0 parent ffff: protocol all prio 1 matchall action ${action} action mirred egress redirect dev ifb0`,
      'qdisc add dev ifb0 root handle 1: sfq',
      `filter add dev ifb0 parent 1: protocol all prio 1 handle 1 flow hash keys ${key} divisor 1024`,
    ];
    expect(places(...behind('connmark'))).toEqual(['FT009 4']);
    expect(places(...behind('ct pipe'))).toEqual(['FT009 4']);
    expect(places(...behind('ct pipe', 'nfct-dst'))).toEqual(['FT009 4']);
  });

  test('meets no mark, unless an action restores or sets one before', () => {
    const fed = (actions: string, filter: string): string[] => [
      'qdisc add dev eth0 handle ffff: ingress',
      `filter add dev eth0 parent ffff: protocol all prio 1 matchall ${actions} action mirred egress redirect dev ifb0`,
      'qdisc add dev ifb0 root handle 1: sfq',
      `filter add dev ifb0 parent 1: protocol all prio 1 ${filter}`,
    ];
    const MARK = 'handle 1 flow hash keys mark divisor 256';
    expect(places(...fed('', MARK))).toEqual(['FT041 4']);
    expect(places(...fed('', 'handle 1 flow hash keys iif divisor 256'))).toEqual(['FT041 4']);
    expect(places(...fed('', 'handle 1 flow hash keys priority divisor 256'))).toEqual(['FT041 4']);
    for (const action of ['connmark', 'ctinfo cpmark', 'skbedit mark 5']) {
      expect(places(...fed(`action ${action}`, MARK)), action).toEqual([]);
    }
    // Earlier at ingress, in a filter of its own.
    const [first = '', ...rest] = fed('', MARK);
    const earlier = 'filter add dev eth0 parent ffff: protocol all prio 1 matchall action connmark continue';
    expect(places(first, earlier, ...rest.map((line) => line.replace('prio 1 matchall', 'prio 2 matchall')))).toEqual(
      [],
    );
    // Who feeds an ifb that this script does not feed may have set it.
    expect(places(...rest.slice(1))).toEqual([]);
  });

  test('meets no connection either where packets are redirected as they leave', () => {
    const lines = [
      'qdisc add dev eth0 root handle 1: prio',
      'filter add dev eth0 parent 1: protocol all prio 1 matchall action mirred egress redirect dev ifb0',
      'qdisc add dev ifb0 root handle 1: sfq',
    ];
    const filter = (key: string): string =>
      `filter add dev ifb0 parent 1: protocol all prio 1 handle 1 flow hash keys ${key} divisor 1024`;
    expect(places(...lines, filter('nfct-src'))).toEqual(['FT009 4']);
    expect(places(...lines, filter('sk-uid'))).toEqual(['FT010 4']);
    expect(places(...lines, filter('mark'))).toEqual([]);
  });

  test('of a shared block needs a whole base class', () => {
    const block = ['qdisc add dev eth0 ingress_block 22 ingress', 'qdisc add dev eth1 ingress_block 22 ingress'];
    const filter = 'filter add block 22 protocol ip prio 1 handle 1 flow map key src and 0xff';
    const [finding] = found(...block, `${filter} action ok`);
    expect(finding).toMatchObject({ code: 'REFUSED', line: 3, refusedBy: 'kernel' });
    expect(finding?.message).toContain('Must specify baseclass when attaching flow filter to block');
    expect(found(...block, `${filter} ${act}`)).toEqual([]);
  });
});

test('every line that tc or the kernel refuses is found, however many there are', () => {
  const lines = [1, 2, 3, 4, 5].map(
    (n) => `filter add dev eth0 parent 1: protocol ip prio ${n} u32 match ip nosuch ${n}`,
  );
  const refused = [6, 7].map(
    (n) => `filter add dev eth0 parent 1: protocol all prio ${n} flow hash keys iif divisor 8`,
  );
  expect(places(SFQ, ...lines, ...refused)).toEqual([
    ...[2, 3, 4, 5, 6].map((line) => `SYNTAX ${line}`),
    ...[7, 8].map((line) => `FT002 ${line}`),
  ]);
});

test('a refusal whose answer is short says what the rule wants', () => {
  const [divisor] = found('qdisc add dev eth0 root handle 1: sfq divisor 1000');
  expect(divisor).toMatchObject({
    code: 'REFUSED',
    message: 'RTNETLINK answers: Invalid argument',
    column: 47,
    length: 4,
  });
  expect(divisor?.effect).toContain('a power of two');
  const same = [SFQ, flow('ip', 1), flow('ipv6', 1)];
  expect(found(...same).find(({ code }) => code === 'REFUSED')?.effect).toContain('for one protocol');
});

describe('packets without the header of a key', () => {
  test('are one advice for all filters, which names their lines', () => {
    const device = (n: number): string[] => [SFQ.replace('eth0', `eth${n}`), flow('all', 1).replace('eth0', `eth${n}`)];
    const findings = found(...device(1), ...device(2), ...device(3));
    expect(findings).toMatchObject([{ code: 'FT015', severity: 'advice', line: 2 }]);
    expect(findings[0]?.effect).toContain('the same at lines 4, 6');
  });

  test('are silenced at one line only', () => {
    const script = [
      SFQ,
      `${flow('all', 1)} # cls-flow: ignore FT015`,
      SFQ.replace('eth0', 'eth1'),
      flow('all', 1).replace('eth0', 'eth1'),
    ];
    expect(places(...script)).toEqual(['FT015 4']);
  });
});

describe('a class below one that is not there', () => {
  const class10 = 'class add dev eth0 parent 1:7 classid 1:10 htb rate 5mbit ceil 9mbit';
  const top = 'class add dev eth0 parent 1: classid 1:1 htb rate 9mbit';

  test('is one finding, and not also one that cannot borrow', () => {
    expect(places('qdisc add dev eth0 root handle 1: htb default 10', top, class10)).toEqual(['FT034 3']);
  });

  test('is none where a line with variables may make it, nor below a root that another script makes', () => {
    const loop = 'class add dev eth0 parent 1: classid 1:$i htb rate 9mbit';
    expect(places('qdisc add dev eth0 root handle 1: htb default 10', loop, top, class10)).not.toContain('FT034 4');
    expect(places(top, class10)).not.toContain('FT034 2');
  });

  test('names the line that makes it too late', () => {
    const script = ['qdisc add dev eth0 root handle 1: htb default 10', class10, top.replace('1:1 ', '1:7 ')];
    expect(found(...script).find(({ code }) => code === 'FT034')?.message).toBe(
      '1:7 is not there yet: line 3 makes it',
    );
  });

  test('is refused by hfsc', () => {
    const hfsc = 'class add dev eth0 parent 1:7 classid 1:10 hfsc sc rate 5mbit';
    expect(places('qdisc add dev eth0 root handle 1: hfsc default 10', hfsc)).toContain('REFUSED 2');
  });
});

describe('a class without the qdisc that its siblings have', () => {
  const tree = (...leaves: readonly string[]): string[] => withDefault(3, ...leaves);
  const withDefault = (minor: number, ...leaves: readonly string[]): string[] => [
    `qdisc add dev eth0 root handle 1: htb default ${minor}`,
    'class add dev eth0 parent 1: classid 1:9 htb rate 9mbit',
    ...[1, 2, 3].map((n) => `class add dev eth0 parent 1:9 classid 1:${n} htb rate 3mbit`),
    ...leaves,
  ];
  const leaf = (n: number, kind = 'fq_codel limit 600'): string =>
    `qdisc add dev eth0 parent 1:${n} handle ${n}0: ${kind}`;

  test('has the line that it lacks in its effect', () => {
    const [finding] = found(...tree(leaf(1), leaf(2)));
    expect(finding).toMatchObject({ code: 'FT035', severity: 'advice', line: 5 });
    expect(finding?.message).toBe('1:3 has no qdisc below it, as 1:1 and 1:2 have');
    expect(finding?.effect).toContain('`tc qdisc add dev eth0 parent 1:3 fq_codel limit 600`');
  });

  test('is found where some packet gets there', () => {
    const marked = 'filter add dev eth0 parent 1: protocol all handle 3 fw classid 1:3';
    expect(places(...withDefault(1, leaf(1), leaf(2)))).toEqual([]);
    expect(places(...withDefault(1, leaf(1), leaf(2), marked))).toEqual(['FT035 5']);
  });

  test.each([
    ['one has one', [leaf(1)]],
    ['all have one', [leaf(1), leaf(2), leaf(3, 'pfifo')]],
    ['the others have no fair one', [leaf(1, 'pfifo'), leaf(2, 'pfifo')]],
    ['a line with variables may make it', [leaf(1), leaf(2), 'qdisc add dev eth0 parent 1:$i sfq']],
  ])('is not found where %s', (_, leaves) => {
    expect(places(...tree(...leaves))).toEqual([]);
  });
});

describe('an ifb that is down', () => {
  const redirect = [
    'tc qdisc add dev eth0 ingress',
    'tc filter add dev eth0 parent ffff: protocol all matchall action mirred egress redirect dev ifb4wan',
  ];

  test('is found where the script makes it, and brings up another', () => {
    expect(places('ip link add name ifb4wan type ifb', 'ip link set ifb4lan up', ...redirect)).toContain('FT036 4');
  });

  test.each([
    ['ip link set dev eth0 up'],
    ['ip link add ifb4wan up type ifb'],
    ['ip link add ifb4wan type ifb; /sbin/ifconfig ifb4wan up'],
    ['ip link add ifb4wan type ifb; [ -f up.sh ] && . up.sh'],
    ['ip link add ifb4wan type ifb; ip -batch devices'],
    ['ip link add ifb4wan type ifb; ip link set "$IFB" up'],
    ['modprobe ifb'],
  ])('is not found where somebody else may make it or bring it up: %s', (line) => {
    expect(places(line, ...redirect)).not.toContain('FT036 3');
  });
});
