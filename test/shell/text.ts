import { expect, test } from 'vitest';
import { textTools } from '../../src/shell/text/tools.ts';

/** What scripts hand on to the programs that work on text. */
export const ROUTES =
  'default via 192.168.1.1 dev eth0 proto dhcp metric 100\n192.168.1.0/24 dev eth0 scope link src 192.168.1.5\n';
export const QDISCS =
  'qdisc htb 1: root refcnt 2 r2q 10 default 0x30\nqdisc sfq 10: parent 1:10 limit 127p quantum 1514b\n';
export const CONFIG =
  '# comment\nRATE=100mbit\nDEV=eth0 # dev\n  IF = "eth1"\n\nCLASS 1:10 2mbit 5\nCLASS 1:20 4mbit 7\n';
export const NUMBERS = '10\n9\n2\n1\n2\n33\n';
export const USERS = 'root:x:0:0:root:/root:/bin/bash\nbin:x:1:1:bin:/bin:\n';

/** A call, and what the real program printed, with the exit code. */
export type Printed = readonly [name: string, args: readonly string[], stdin: string, stdout: string, exit: number];

/** A call that is wrong, or whose answer is not the same everywhere. */
export type NotSimulated = readonly [name: string, args: readonly string[], stdin: string];

const run = (name: string, args: readonly string[], stdin: string) =>
  textTools().run({ name, args, stdin, read: () => undefined });

/** A test for each call: it prints what the real program does. */
export function printAsReal(calls: readonly Printed[]): void {
  test.each(calls)('%s %j of %j', async (name, args, stdin, stdout, exit) => {
    expect(await run(name, args, stdin)).toEqual({ stdout, stderr: '', exit });
  });
}

/** A test for each call: it is not simulated, and says so. */
export function areNotSimulated(calls: readonly NotSimulated[]): void {
  test.each(calls)('%s %j of %j is not simulated', async (name, args, stdin) => {
    expect(await run(name, args, stdin)).toEqual({ unsupported: expect.stringContaining(`${name}: `) });
  });
}
