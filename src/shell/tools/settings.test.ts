import { describe, expect, test } from 'vitest';
import { host, memoryFiles } from '../../../test/shell/call.ts';

// Forms and messages: sysctl of procps 4.

describe('sysctl', () => {
  test('reads and writes', () => {
    const files = memoryFiles();
    const run = host(undefined, files);
    expect(run('sysctl net.ipv4.ip_forward')).toEqual({ stdout: 'net.ipv4.ip_forward = 0\n', assumed: '0' });
    expect(run('sysctl -n net.ipv4.ip_forward').stdout).toBe('0\n');
    expect(run('sysctl -w net.ipv4.ip_forward=1')).toEqual({ stdout: 'net.ipv4.ip_forward = 1\n' });
    expect(run('sysctl -n net.ipv4.ip_forward')).toEqual({ stdout: '1\n' });
    expect(files.read('/proc/sys/net/ipv4/ip_forward')).toBe('1\n');
    expect(run('sysctl -wq net.ipv4.ip_forward=0').stdout).toBe('');
    expect(run('sysctl net/ipv4/ip_forward').stdout).toBe('net.ipv4.ip_forward = 0\n');
  });

  test('a device with a dot in its name', () => {
    const files = memoryFiles();
    host(undefined, files)('sysctl -w net.ipv4.conf.eth0/10.rp_filter=2');
    expect(files.read('/proc/sys/net/ipv4/conf/eth0.10/rp_filter')).toBe('2\n');
  });

  test('what is not known is not made up', () => {
    expect(host()('sysctl -n net.ipv4.tcp_mem')).toEqual({ unknown: 'what sysctl net.ipv4.tcp_mem is' });
    expect(host()('sysctl -a').unknown).toBeDefined();
  });

  test('a file', () => {
    const files = memoryFiles({ '/etc/sysctl.conf': '# router\nnet.ipv4.ip_forward = 1\n' });
    expect(host(undefined, files)('sysctl -p').stdout).toBe('net.ipv4.ip_forward = 1\n');
    expect(files.read('/proc/sys/net/ipv4/ip_forward')).toBe('1\n');
  });
});

describe('uci', () => {
  // The form of /etc/config/sqm of OpenWrt.
  const CONFIG = `
config queue 'eth1'
	option enabled '1'
	option interface 'wan'
	list dns '192.0.2.1'
	list dns '192.0.2.2'

config rule
	option name "a b"
config rule
	option name c
`;
  const run = host(undefined, memoryFiles({ '/etc/config/sqm': CONFIG }));

  test.each([
    ['uci get sqm.eth1.interface', 'wan\n'],
    ['uci -q get sqm.eth1.dns', '192.0.2.1 192.0.2.2\n'],
    ['uci get sqm.eth1', 'queue\n'],
    ['uci get sqm.@rule[0].name', 'a b\n'],
    ['uci get sqm.@rule[-1].name', 'c\n'],
    ['uci get sqm.@queue[0].enabled', '1\n'],
    [
      'uci show sqm.eth1',
      "sqm.eth1=queue\nsqm.eth1.enabled='1'\nsqm.eth1.interface='wan'\nsqm.eth1.dns='192.0.2.1' '192.0.2.2'\n",
    ],
    ['uci show sqm.@rule[1].name', "sqm.@rule[1].name='c'\n"],
  ])('%s', (line, stdout) => {
    expect(run(line)).toEqual({ stdout });
  });

  test('an entry that is not there, and a file that nobody gave', () => {
    expect(run('uci get sqm.eth1.none')).toEqual({ stderr: 'uci: Entry not found\n', exit: 1 });
    expect(run('uci -q get sqm.none.x')).toEqual({ exit: 1 });
    expect(run('uci get network.wan.device')).toEqual({ unknown: 'what /etc/config/network holds' });
  });

  test('what the script sets', () => {
    run('uci set network.wan.device=eth1');
    expect(run('uci get network.wan.device')).toEqual({ stdout: 'eth1\n' });
  });
});

test('nvram knows what the script sets', () => {
  const run = host();
  expect(run('nvram get wan_iface').unknown).toBeDefined();
  run('nvram set wan_iface=vlan2');
  expect(run('nvram get wan_iface')).toEqual({ stdout: 'vlan2\n' });
});
