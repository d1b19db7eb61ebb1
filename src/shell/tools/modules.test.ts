import { expect, test } from 'vitest';
import { host, idleMachine } from '../../../test/shell/call.ts';
import { systemFile, systemFolder } from './system-files.ts';

// drivers/net/ifb.c: numifbs is 2; drivers/net/dummy.c: numdummies is 1.

test.each([
  ['modprobe ifb', ['ifb0', 'ifb1']],
  ['modprobe ifb numifbs=3', ['ifb0', 'ifb1', 'ifb2']],
  ['modprobe -q ifb numifbs=1', ['ifb0']],
  ['insmod /lib/modules/ifb.ko numifbs=1', ['ifb0']],
  ['modprobe -a ifb dummy', ['ifb0', 'ifb1', 'dummy0']],
  ['modprobe -n ifb', []],
  ['modprobe sch_fq_codel', []],
])('%s', (line, names) => {
  const machine = idleMachine();
  expect(host(machine)(line)).toEqual({});
  expect([...machine.links.values()].map(({ name }) => name)).toEqual(names);
});

test('a number beyond all measure makes no more devices than can be', () => {
  const machine = idleMachine();
  host(machine)('modprobe ifb numifbs=1000000000');
  expect(machine.links.size).toBeLessThan(1000);
});

test('a module is loaded once, and takes its devices along', () => {
  const machine = idleMachine();
  const run = host(machine);
  run('modprobe ifb');
  run('modprobe ifb numifbs=4');
  expect(run('ip link show ifb2').exit).toBe(1);
  expect(run('lsmod').stdout).toBe('Module                  Size  Used by\nifb                    16384  0\n');
  expect(systemFile('/proc/modules', machine)?.text).toMatch(/^ifb 16384 0 - Live/);
  expect(systemFolder('/sys/module/ifb', machine)).toEqual([]);
  expect(run('insmod ifb.ko').exit).toBe(1);
  expect(run('rmmod ifb')).toEqual({});
  expect(run('ip link show ifb0').exit).toBe(1);
  expect(run('rmmod ifb')).toMatchObject({ stderr: 'rmmod: ERROR: Module ifb is not currently loaded\n', exit: 1 });
});
