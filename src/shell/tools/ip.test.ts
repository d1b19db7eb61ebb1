import { describe, expect, test } from 'vitest';
import { host, idleMachine } from '../../../test/shell/call.ts';
import { ipOptions } from './ip.ts';

// Texts and exit codes: `ip` of iproute2 6.1.0 in a network namespace with the same links, addresses and routes.

describe('options', () => {
  test.each([
    ['-o -4 route show', { oneline: true, family: 4 }, 'route show'],
    ['-6 r', { family: 6 }, 'r'],
    ['-f inet6 r', { family: 6 }, 'r'],
    ['-fo link', { force: true }, 'link'],
    ['-br a', { brief: true }, 'a'],
    ['-b FILE', { batch: 'FILE' }, ''],
    ['-n red link', { netns: 'red' }, 'link'],
    ['--oneline link', { oneline: true }, 'link'],
    ['-s -s link', { stats: 2 }, 'link'],
    ['-h link', {}, 'link'],
    ['-rc 1024 link', {}, 'link'],
  ])('%s', (line, options, words) => {
    const read = ipOptions(line.split(' '));
    expect(read.options).toMatchObject(options);
    expect(read.words.join(' ')).toBe(words);
  });

  test('what ip has not is refused', () => {
    expect(host()('ip -e link')).toMatchObject({ exit: 255, stderr: 'Option "-e" is unknown, try "ip -help".\n' });
    expect(host()('ip foo')).toMatchObject({ exit: 1, stderr: 'Object "foo" is unknown, try "ip help".\n' });
    expect(host()('ip link foo')).toMatchObject({ exit: 255 });
  });

  test('the first object that begins so is meant', () => {
    const run = host();
    expect(run('ip r').stdout).toContain('default via');
    expect(run('ip ru').stdout).toContain('lookup local');
    expect(run('ip a').stdout).toContain('inet 192.0.2.10/24');
    expect(run('ip l').stdout).toContain('2: eth0:');
  });
});

describe('links', () => {
  test('an idle host', () => {
    const { stdout, assumed } = host()('ip link show');
    expect(
      stdout,
    ).toBe(`1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UP mode DEFAULT group default qlen 1000
    link/ether 02:00:00:00:02:02 brd ff:ff:ff:ff:ff:ff
`);
    expect(assumed).toBe('dev eth0');
  });

  test('an ifb, down and up', () => {
    const run = host();
    run('ip link add ifb5 type ifb');
    expect(run('ip -o link show ifb5')).toEqual({
      stdout:
        '3: ifb5: <BROADCAST,NOARP> mtu 1500 qdisc noop state DOWN mode DEFAULT group default qlen 32\\    link/ether 02:00:00:00:02:03 brd ff:ff:ff:ff:ff:ff\n',
    });
    run('ip link set dev ifb5 up');
    expect(run('ip link show ifb5').stdout).toContain(
      '<BROADCAST,NOARP,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UNKNOWN mode DEFAULT group default qlen 32\n',
    );
  });

  test('both ends of a veth', () => {
    const run = host();
    run('ip link add veth0 type veth peer name veth1');
    run('ip link set veth0 up');
    expect(run('ip link show veth0').stdout).toMatch(
      /: veth0@veth1: <NO-CARRIER,BROADCAST,MULTICAST,UP,M-DOWN> mtu 1500 qdisc noqueue state LOWERLAYERDOWN /,
    );
    run('ip link set veth1 up');
    expect(run('ip -br link show veth0').stdout).toMatch(
      /^veth0@veth1 {6}UP {13}[0-9a-f:]+ <BROADCAST,MULTICAST,UP,LOWER_UP> \n$/,
    );
    run('ip link del veth1');
    expect(run('ip link show veth0').exit).toBe(1);
  });

  test.each([
    ['ip link show dev ifb7', 'Device "ifb7" does not exist.', 1],
    ['ip link add eth0 type dummy', 'RTNETLINK answers: File exists', 2],
    ['ip link del ifb9', 'Cannot find device "ifb9"', 1],
    ['ip link set ifb9 up', 'Cannot find device "ifb9"', 1],
    ['ip addr show dev ifb9', 'Device "ifb9" does not exist.', 1],
    ['ip link add ifb5', 'Not enough information: "type" argument is required', 1],
    ['ip link set', 'Not enough information: "dev" argument is required.', 255],
    ['ip link set eth0 nosuch', 'Error: either "dev" is duplicate, or "nosuch" is a garbage.', 255],
    ['ip link ls dev', 'Command line is not complete. Try option "help"', 255],
    ['ip link set eth0 master br0', 'Cannot find device "br0"', 1],
    ['ip link add link ifb9 name v type vlan id 1', 'Cannot find device "ifb9"', 1],
    ['ip addr add 192.0.2.10/24 dev eth0', 'RTNETLINK answers: File exists', 2],
    ['ip addr del 203.0.113.9/24 dev eth0', 'RTNETLINK answers: Cannot assign requested address', 2],
    ['ip route del 10.0.0.0/8', 'RTNETLINK answers: No such process', 2],
    ['ip route add default via 192.0.2.1', 'RTNETLINK answers: File exists', 2],
    ['ip route add 10.0.0.0/8 via 192.0.2.1 dev ifb9', 'Cannot find device "ifb9"', 1],
    ['ip route show table 100', 'Error: ipv4: FIB table does not exist.\nDump terminated', 2],
    ['ip route get nosuch', 'Error: any valid prefix is expected rather than "nosuch".', 1],
    ['ip route get', 'need at least a destination address', 1],
    ['ip rule del fwmark 1', 'RTNETLINK answers: No such file or directory', 2],
    ['ip rule add', '"ip rule add" requires arguments.', 1],
    ['ip netns del foo', 'Cannot remove namespace file "/run/netns/foo": No such file or directory', 1],
  ])('%s is refused', (line, stderr, exit) => {
    expect(host()(line)).toEqual({ stderr: `${stderr}\n`, exit });
  });

  test('a link is made once', () => {
    const run = host();
    run('ip link add ifb0 type ifb');
    expect(run('ip link add ifb0 type ifb')).toEqual({ stderr: 'RTNETLINK answers: File exists\n', exit: 2 });
    expect(run('ip link add veth0 type veth peer name ifb0').exit).toBe(2);
    expect(run('ip link show veth0').exit).toBe(1);
  });

  test('a device that nobody makes is assumed to be there; a removed one is not', () => {
    const run = host();
    expect(run('ip link show dev wlan0').assumed).toBe('dev wlan0');
    run('ip link del wlan0');
    expect(run('ip link show dev wlan0').exit).toBe(1);
  });

  test('a name, an MTU and a queue length are kept', () => {
    const run = host();
    run('ip link add name ifb%d type ifb');
    run('ip link set ifb0 name foo mtu 1400');
    run('ip link set dev foo txqueuelen 50');
    expect(run('ip link show foo').stdout).toMatch(/foo: .* mtu 1400 .* qlen 50\n/);
    expect(run('ip link show ifb0').exit).toBe(1);
  });

  test('only links of a kind, only links that are up', () => {
    const run = host();
    run('ip link add type ifb');
    expect(run('ip -o link show type ifb').stdout).toMatch(/^3: ifb0: /);
    expect(run('ip -o link show up').stdout).not.toContain('ifb0');
  });

  test('a namespace has what the script puts there', () => {
    const run = host();
    run('ip netns add red');
    run('ip link add veth0 type veth peer name veth1 netns red');
    expect(run('ip -n red -o link').stdout).toMatch(/^1: lo: <LOOPBACK> .*\n2: veth1.*\n$/);
    expect(run('ip link show veth1').exit).toBe(1);
    run('ip link set veth0 netns red');
    expect(run('ip link show veth0').exit).toBe(1);
    expect(run('ip -n red link show eth0').exit).toBe(1);
    expect(run('ip netns list').stdout).toBe('red\n');
    expect(run('ip netns add red').exit).toBe(1);
  });

  test('the root qdisc is what tc says', () => {
    const machine = idleMachine();
    const tc = () => ({ exit: 0, stdout: 'qdisc htb 1: root refcnt 2 r2q 10\n', stderr: '' });
    expect(host({ ...machine, answers: { tc } })('ip link show eth0').stdout).toContain(' qdisc htb ');
  });

  test('JSON has the names of ip', () => {
    const run = host();
    run('ip link add ifb0 type ifb');
    expect(JSON.parse(run('ip -j link show ifb0').stdout ?? '')).toEqual([
      {
        ...{ ifindex: 3, ifname: 'ifb0', flags: ['BROADCAST', 'NOARP'], mtu: 1500, qdisc: 'noop', operstate: 'DOWN' },
        ...{ linkmode: 'DEFAULT', group: 'default', txqlen: 32, link_type: 'ether' },
        ...{ address: '02:00:00:00:02:03', broadcast: 'ff:ff:ff:ff:ff:ff' },
      },
    ]);
  });
});

describe('addresses', () => {
  test('ip addr show dev eth0', () => {
    expect(
      host()('ip addr show dev eth0').stdout,
    ).toBe(`2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UP group default qlen 1000
    link/ether 02:00:00:00:02:02 brd ff:ff:ff:ff:ff:ff
    inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0
       valid_lft forever preferred_lft forever
    inet6 2001:db8::10/64 scope global 
       valid_lft forever preferred_lft forever
    inet6 fe80::ff:fe00:202/64 scope link 
       valid_lft forever preferred_lft forever
`);
  });

  test('-o -4, -6 and -br', () => {
    const run = host();
    expect(run('ip -o -4 addr').stdout).toBe(
      '1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n' +
        '2: eth0    inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0\\       valid_lft forever preferred_lft forever\n',
    );
    expect(run('ip -6 addr show dev lo').stdout).toBe(
      '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 state UNKNOWN qlen 1000\n' +
        '    inet6 ::1/128 scope host \n       valid_lft forever preferred_lft forever\n',
    );
    expect(run('ip -br addr show dev eth0').stdout).toBe(
      'eth0             UP             192.0.2.10/24 2001:db8::10/64 fe80::ff:fe00:202/64 \n',
    );
  });

  test('what the script adds is shown', () => {
    const run = host();
    run('ip link add br0 type bridge');
    run('ip addr add 203.0.113.1/25 brd + dev br0');
    expect(run('ip -o -4 addr show br0')).toEqual({
      stdout:
        '3: br0    inet 203.0.113.1/25 brd 203.0.113.127 scope global br0\\       valid_lft forever preferred_lft forever\n',
    });
    run('ip addr flush dev br0');
    expect(run('ip -o -4 addr show br0').stdout).toBe('');
  });

  test('scope global leaves the link-local address out', () => {
    expect(host()('ip -6 -o addr show dev eth0 scope global').stdout).not.toContain('fe80');
  });
});

describe('routes', () => {
  test.each([
    ['ip route', 'default via 192.0.2.1 dev eth0 \n192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.10 \n'],
    ['ip -o -4 route show to default', 'default via 192.0.2.1 dev eth0 \n'],
    ['ip route ls default dev eth0', 'default via 192.0.2.1 \n'],
    ['ip route get 8.8.8.8', '8.8.8.8 via 192.0.2.1 dev eth0 src 192.0.2.10 uid 0 \n    cache \n'],
    ['ip -o route get 8.8.8.8', '8.8.8.8 via 192.0.2.1 dev eth0 src 192.0.2.10 uid 0 \\    cache \n'],
    ['ip route get 192.0.2.7', '192.0.2.7 dev eth0 src 192.0.2.10 uid 0 \n    cache \n'],
    ['ip route get 8.8.8.8 mark 1', '8.8.8.8 via 192.0.2.1 dev eth0 src 192.0.2.10 mark 1 uid 0 \n    cache \n'],
    ['ip route get from 192.0.2.10 to 8.8.8.8', '8.8.8.8 from 192.0.2.10 via 192.0.2.1 dev eth0 uid 0 \n    cache \n'],
    [
      'ip -6 route get 2001:4860:4860::8888',
      '2001:4860:4860::8888 from :: via fe80::1 dev eth0 src 2001:db8::10 metric 1024 pref medium\n',
    ],
    ['ip -6 route show default', 'default via fe80::1 dev eth0 metric 1024 pref medium\n'],
    ['ip route show 10.0.0.0/8', ''],
    ['ip route list match 8.8.8.8', 'default via 192.0.2.1 dev eth0 \n'],
    [
      'ip route show root 0/0',
      'default via 192.0.2.1 dev eth0 \n192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.10 \n',
    ],
    ['ip route show 0.0.0.0/0 dev eth0', 'default via 192.0.2.1 \n'],
    ['ip route get 1', '1.0.0.0 via 192.0.2.1 dev eth0 src 192.0.2.10 uid 0 \n    cache \n'],
  ])('%s', (line, stdout) => {
    expect(host()(line)).toEqual({ stdout, assumed: 'dev eth0' });
  });

  test('JSON', () => {
    const run = host(idleMachine('wan'));
    expect(JSON.parse(run('ip -j route show default').stdout ?? '')).toEqual([
      { dst: 'default', gateway: '192.0.2.1', dev: 'wan', flags: [] },
    ]);
    expect(JSON.parse(run('ip -j route get 8.8.8.8').stdout ?? '')).toEqual([
      { dst: '8.8.8.8', gateway: '192.0.2.1', dev: 'wan', prefsrc: '192.0.2.10', flags: [], uid: 0, cache: [] },
    ]);
  });

  test('routes of the script', () => {
    const run = host();
    run('ip link add ifb5 type ifb');
    run('ip route add table 100 default dev eth0');
    expect(run('ip route show table 100')).toEqual({ stdout: 'default dev eth0 scope link \n' });
    run('ip route add 203.0.113.0/24 dev ifb5');
    expect(run('ip route get 203.0.113.9').stdout).toContain('203.0.113.9 dev ifb5');
    run('ip route replace default via 192.0.2.2 dev eth0');
    expect(run('ip route show default').stdout).toBe('default via 192.0.2.2 dev eth0 \n');
    run('ip route del default');
    expect(run('ip route get 8.8.8.8')).toEqual({ stderr: 'RTNETLINK answers: Network is unreachable\n', exit: 2 });
  });
});

test('rules are counted down, and the first that fits is deleted', () => {
  const run = host();
  run('ip rule add fwmark 1 table 100');
  run('ip rule add fwmark 0x2/0xff lookup main pref 100');
  run('ip rule add from 10.0.0.0/8 table 5');
  run('ip rule add fwmark 1 table 100');
  expect(run('ip rule').stdout).toBe(`0:\tfrom all lookup local
98:\tfrom all fwmark 0x1 lookup 100
99:\tfrom 10.0.0.0/8 lookup 5
100:\tfrom all fwmark 0x2/0xff lookup main
32765:\tfrom all fwmark 0x1 lookup 100
32766:\tfrom all lookup main
32767:\tfrom all lookup default
`);
  run('ip rule del fwmark 1');
  expect(run('ip rule').stdout).not.toContain('98:');
  expect(run('ip rule').stdout).toContain('32765:');
  run('ip rule flush');
  expect(run('ip rule show').stdout).toBe('0:\tfrom all lookup local\n');
});

test('a batch ends at the first failure, with -force at the end', () => {
  const stdin = 'link add ifb0 type ifb\nlink add ifb0 type ifb\nlink add ifb1 type ifb\n';
  const run = host();
  const stderr = 'RTNETLINK answers: File exists\nCommand failed -:2\n';
  expect(run('ip -b -', { stdin })).toEqual({ stdout: '', stderr, exit: 1 });
  expect(run('ip link show ifb1').exit).toBe(1);
  expect(run('ip -force -b -', { stdin })).toMatchObject({ exit: 1 });
  expect(run('ip link show ifb1').exit).toBeUndefined();
  expect(run('ip -b /none')).toMatchObject({ exit: 1 });
  expect(run('ip -force -b -', { stdin: 'link foo\nlink del ifb1\n' }).exit).toBe(255);
  expect(run('ip link show ifb1').exit).toBeUndefined();
});
