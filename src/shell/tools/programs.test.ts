import { describe, expect, test } from 'vitest';
import { host, idleMachine, memoryFiles } from '../../../test/shell/call.ts';
import { systemFile, systemFolder } from './system-files.ts';

describe('ethtool 6.1', () => {
  test('offloads are kept', () => {
    const run = host();
    expect(run('ethtool -k eth0').stdout).toMatch(/^Features for eth0:\nrx-checksumming: on\n/);
    run('ethtool -K eth0 tso off gso off');
    const { stdout } = run('ethtool -k eth0');
    expect(stdout).toContain('tcp-segmentation-offload: off\n');
    expect(stdout).toContain('generic-segmentation-offload: off\n');
    expect(stdout).toContain('generic-receive-offload: on\n');
    expect(run('ethtool -K ifb0 tso off').exit).toBe(75);
  });

  test('what is printed of a device is assumed', () => {
    expect(host()('ethtool eth0')).toMatchObject({
      stdout: expect.stringContaining('\tSpeed: 1000Mb/s\n'),
      assumed: 'dev eth0',
    });
    expect(host()('ethtool -i eth0').stdout).toMatch(/^driver: /);
    expect(host()('ethtool -g eth0').unknown).toBeDefined();
  });
});

describe('net-tools 2 and bridge-utils', () => {
  test('ifconfig', () => {
    const run = host();
    expect(run('ifconfig eth0')).toEqual({
      stdout: `eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500
        inet 192.0.2.10  netmask 255.255.255.0  broadcast 192.0.2.255
        inet6 2001:db8::10  prefixlen 64  scopeid 0x0<global>
        inet6 fe80::ff:fe00:202  prefixlen 64  scopeid 0x20<link>
        ether 02:00:00:00:02:02  txqueuelen 1000  (Ethernet)
        RX packets 0  bytes 0 (0.0 B)
        RX errors 0  dropped 0  overruns 0  frame 0
        TX packets 0  bytes 0 (0.0 B)
        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0

`,
      assumed: 'dev eth0',
    });
    expect(run('ifconfig ifb7')).toEqual({
      stderr: 'ifb7: error fetching interface information: Device not found\n',
      exit: 1,
    });
    expect(run('ifconfig ifb7 up').exit).toBe(255);
  });

  test('ifconfig sets a link up', () => {
    const machine = idleMachine();
    const run = host(machine);
    run('modprobe ifb');
    run('ifconfig ifb0 up txqueuelen 50');
    expect(run('ip link show ifb0').stdout).toMatch(/<BROADCAST,NOARP,UP,LOWER_UP> .* qlen 50\n/);
    run('ifconfig eth0:1 down');
    expect(run('ifconfig').stdout).toMatch(/^eth0: |\neth0: /);
  });

  test('route', () => {
    expect(host()('route -n').stdout).toBe(`Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         192.0.2.1       0.0.0.0         UG    0      0        0 eth0
192.0.2.0       0.0.0.0         255.255.255.0   U     0      0        0 eth0
`);
  });

  test('brctl', () => {
    const run = host();
    expect(run('brctl addbr br0')).toEqual({});
    expect(run('brctl addbr br0').exit).toBe(1);
    expect(run('brctl addif br0 eth0')).toEqual({});
    expect(run('ip -o link show eth0').stdout).toContain(' master br0 ');
    expect(run('brctl show').stdout).toMatch(/^bridge name\tbridge id\t\tSTP enabled\tinterfaces\nbr0\t.*\teth0\n$/);
    run('brctl delbr br0');
    expect(run('brctl delbr br0').exit).toBe(1);
  });
});

describe('the host', () => {
  test.each([
    ['uname', 'Linux\n'],
    ['uname -r', '6.1.0\n'],
    ['uname -sm', 'Linux x86_64\n'],
    ['uname -a', 'Linux host 6.1.0 #1 SMP PREEMPT_DYNAMIC x86_64 GNU/Linux\n'],
    ['id -u', '0\n'],
    ['id -un', 'root\n'],
    ['whoami', 'root\n'],
    ['getconf _NPROCESSORS_ONLN', '4\n'],
    ['nproc', '4\n'],
    ['hostname', 'host\n'],
  ])('%s', (line, stdout) => {
    expect(host()(line).stdout).toBe(stdout);
  });

  test.each(['date +%s', 'ping -c1 192.0.2.1', 'curl x', 'tput cols', 'wg show', 'uptime', 'id -u nobody'])(
    '%s is not known',
    (line) => {
      expect(host()(line).unknown).toBeTypeOf('string');
    },
  );

  test.each([
    ['pidof pppd', 1],
    ['killall pppd', 1],
    ['kill -0 12', 1],
    ['kill 12', undefined],
    ['systemctl is-active sqm', 3],
    ['systemctl restart sqm', undefined],
    ['sleep 100000', undefined],
  ])('%s ends with %s', (line, exit) => {
    expect(host()(line).exit).toBe(exit);
  });
});

describe('files', () => {
  // Messages: coreutils 9.
  test('mktemp makes what it names', () => {
    const files = memoryFiles();
    const run = host(undefined, files);
    const path = run('mktemp').stdout?.trim() ?? '';
    expect(path).toMatch(/^\/tmp\/tmp\..{10}$/);
    expect(files.read(path)).toBe('');
    expect(run('mktemp').stdout).not.toBe(`${path}\n`);
    expect(run('mktemp /tmp/tc.XXXXXX').stdout).toMatch(/^\/tmp\/tc\.\d{6}\n$/);
    const folder = run('mktemp -d').stdout?.trim() ?? '';
    expect(files.is(folder).kind).toBe('folder');
    const draft = run('mktemp -u -t foo.XXX').stdout?.trim() ?? '';
    expect(draft).toMatch(/^\/tmp\/foo\.\d{3}$/);
    expect(files.is(draft).kind).toBeNull();
    expect(run('mktemp foo')).toMatchObject({ stderr: "mktemp: too few X's in template ‘foo’\n", exit: 1 });
  });

  test('copies, moves and removes', () => {
    const files = memoryFiles({ '/etc/a/one': '1', '/etc/a/b/two': '2' });
    const run = host(undefined, files);
    expect(run('cp /etc/a /x').exit).toBe(1);
    run('cp -r /etc/a /x');
    expect(files.read('/x/b/two')).toBe('2');
    run('mkdir -p /y');
    run('mv /x/one /y');
    expect([files.read('/y/one'), files.read('/x/one')]).toEqual(['1', undefined]);
    expect(run('rmdir /x').exit).toBe(1);
    expect(run('rm /x').exit).toBe(1);
    run('rm -rf /x');
    expect(files.is('/x').kind).toBeNull();
    expect(run('rm /none')).toEqual({
      stderr: "rm: cannot remove '/none': No such file or directory\n",
      exit: 1,
      assumed: 'no /none',
    });
    expect(run('rm -f /none')).toEqual({});
    expect(run('mkdir /y').exit).toBe(1);
  });

  test('ls and the names of devices', () => {
    const run = host(undefined, memoryFiles({ '/etc/a/one': '', '/etc/a/b/two': '' }));
    expect(run('ls /etc/a').stdout).toBe('b\none\n');
    expect(run('ls -d /etc/a').stdout).toBe('/etc/a\n');
    expect(run('ls /sys/class/net')).toEqual({ stdout: 'eth0\nlo\n', assumed: 'dev eth0' });
    expect(run('ls /sys/class/net/eth0/queues').stdout).toBe('rx-0\ntx-0\n');
    expect(run('ls /none')).toMatchObject({ exit: 2 });
  });

  test('paths', () => {
    const env = (name: string): string | undefined => (name === 'PWD' ? '/root/qos' : undefined);
    expect(host()('readlink -f ./a/../qos.sh', { env }).stdout).toBe('/root/qos/qos.sh\n');
    expect(host()('realpath -m /a/../b').stdout).toBe('/b\n');
    expect(host()('readlink a').exit).toBe(1);
    expect(host()('readlink -f /sys/class/net/eth0/device').unknown).toBeDefined();
  });
});

describe('files of the system', () => {
  test.each([
    ['/sys/class/net/eth0/mtu', '1500\n'],
    ['/sys/class/net/eth0/speed', '1000\n'],
    ['/sys/class/net/eth0/operstate', 'up\n'],
    ['/sys/class/net/eth0/address', '02:00:00:00:02:02\n'],
    ['/sys/class/net/eth0/type', '1\n'],
    ['/sys/class/net/lo/type', '772\n'],
    ['/sys/class/net/lo/flags', '0x9\n'],
    ['/sys/class/net/eth0/statistics/rx_bytes', '0\n'],
    ['/proc/sys/net/ipv4/conf/eth0/rp_filter', '0\n'],
    ['/proc/sys/net/core/default_qdisc', 'pfifo_fast\n'],
  ])('%s', (path, text) => {
    expect(systemFile(path, idleMachine())).toMatchObject({ text, assumed: expect.any(String) });
  });

  test('a device that is not there has none', () => {
    const machine = idleMachine();
    expect(systemFile('/sys/class/net/ifb0/mtu', machine)).toBeUndefined();
    expect(systemFolder('/sys/class/net/ifb0', machine)).toBeUndefined();
    host(machine)('ip link add ifb0 type ifb');
    host(machine)('ip link set ifb0 mtu 1400 up');
    expect(systemFile('/sys/class/net/ifb0/mtu', machine)?.text).toBe('1400\n');
    expect(systemFile('/sys/class/net/ifb0/operstate', machine)?.text).toBe('unknown\n');
    expect(systemFolder('/sys/class/net/', machine)).toEqual(['lo', 'eth0', 'ifb0']);
    expect(systemFolder('/sys/class/net/ifb0', machine)).toContain('queues');
  });

  // The columns are those of a live /proc/net/dev.
  test('/proc/net/dev and /proc/net/route', () => {
    const machine = idleMachine();
    expect(systemFile('/proc/net/dev', machine)?.text.split('\n')[3]).toBe(
      '  eth0:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0',
    );
    expect(systemFile('/proc/net/route', machine)?.text).toMatch(/^eth0\t00000000\t010200C0\t0003\t/m);
    expect(systemFile('/proc/cpuinfo', machine)?.text.match(/^processor/gm)).toHaveLength(4);
    expect(systemFile('/proc/kcore', machine)).toBeUndefined();
  });
});
