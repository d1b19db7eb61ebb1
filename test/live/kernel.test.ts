import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { file } from '../cli/cli.ts';

const MAIN = join(import.meta.dirname, '../../dist/node/cli/start.cjs');
const CLI = `'${process.execPath}' '${MAIN}'`;

/** Runs shell commands as root of a network namespace of their own, where `ours` is the command line under test. */
function inNamespace(script: string): { status: number | null; stdout: string; stderr: string } {
  const text = `ours() { ${CLI} "$@"; }\n${script}`;
  const { status, stdout, stderr } = spawnSync('unshare', ['-rn', 'sh', '-c', text], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

/** Why the running kernel cannot be asked here; null: it can. */
function obstacle(): string | null {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`;
  try {
    createRequire(import.meta.url).resolve('koffi');
  } catch {
    return 'koffi is not installed';
  }
  const tried = inNamespace('true');
  return tried.status === 0 ? null : `no network namespace of one's own: ${tried.stderr.trim() || 'no unshare'}`;
}

/** What this kernel can do: few have every qdisc. */
const has = (qdisc: string): boolean =>
  inNamespace(`ours tc --live qdisc add dev lo root handle 1: ${qdisc}`).status === 0;

const reason = obstacle();
const withTc = existsSync('/sbin/tc') || existsSync('/usr/sbin/tc');

describe.skipIf(reason !== null)(`the running kernel${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  test('lists the qdiscs of a fresh namespace', () => {
    const { status, stdout, stderr } = inNamespace('ip link set lo up 2> /dev/null; ours tc --live qdisc show dev lo');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    // A device that is down, where there is no ip to raise it, has nothing to show.
    expect(stdout).toMatch(/^(?:qdisc noqueue 0: root refcnt \d+ \n)?$/);
  });

  test('knows the devices of its own namespace and no others', () => {
    expect(inNamespace('ours tc --live qdisc show dev nosuch0')).toMatchObject({
      status: 1,
      stderr: 'Cannot find device "nosuch0"\n',
    });
  });

  test('a qdisc is added, refused a second time, and deleted', ({ skip }) => {
    skip(!has('pfifo'), 'this kernel has no pfifo');
    const { stdout, stderr } = inNamespace(`
      ours tc --live qdisc add dev lo root handle 1: pfifo limit 7; echo "added $?"
      ours tc --live qdisc show dev lo
      ours tc --live qdisc add dev lo root handle 1: pfifo limit 8; echo "again $?"
      ours tc --live qdisc del dev lo root; echo "deleted $?"
      ours tc --live qdisc show dev lo | grep pfifo`);
    expect(stdout.replace(/refcnt \d+/g, 'refcnt N').split('\n')).toEqual([
      'added 0',
      'qdisc pfifo 1: root refcnt N limit 7p',
      'again 2',
      'deleted 0',
      '',
    ]);
    expect(stderr).toBe('Error: Exclusivity flag on, cannot modify.\n');
  });

  test('what we write tc reads, and what tc writes we read', ({ skip }) => {
    skip(!withTc, 'no tc here');
    skip(!has('htb'), 'this kernel has no htb');
    const show = (tc: string): string => `${tc} qdisc show dev lo; ${tc} class show dev lo`;
    const commands = [
      'qdisc add dev lo root handle 1: htb default 10',
      'class add dev lo parent 1: classid 1:10 htb rate 1mbit ceil 2mbit',
    ];
    const seen = ['tc', 'ours tc --live'].map((writer) => {
      const write = commands.map((command) => `${writer} ${command}`).join('\n');
      const { stdout, stderr } = inNamespace(`${write}\n${show('tc')}\necho --\n${show('ours tc --live')}`);
      expect(stderr).toBe('');
      const [tc, we] = stdout.split('--\n');
      expect(we).toBe(tc);
      return tc;
    });
    expect(seen[0]).toContain('class htb 1:10 root prio 0 rate 1Mbit ceil 2Mbit');
    expect(seen[1]).toBe(seen[0]);
  });

  test('without permission the refusal is explained in one line', () => {
    // In the first namespace an ordinary user may read and not write; root drops what root may do.
    const drop = process.getuid?.() === 0 ? ['setpriv', '--reuid', '65534', '--clear-groups'] : [];
    const [command = '', ...args] = [
      ...drop,
      process.execPath,
      MAIN,
      'tc',
      '--live',
      'qdisc',
      'del',
      'dev',
      'lo',
      'root',
    ];
    const { stderr, status } = spawnSync(command, args, { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr.split('\n')).toEqual([
      'RTNETLINK answers: Operation not permitted',
      expect.stringMatching(/^cls-flow: no permission: .*CAP_NET_ADMIN/),
      '',
    ]);
  });

  test('a kernel without a classifier or qdisc is told apart from a wrong request', () => {
    const { stderr } = inNamespace('ours tc --live qdisc add dev lo root nosuchqdisc');
    expect(stderr).toContain('this kernel has no qdisc "nosuchqdisc": load the module sch_nosuchqdisc');
  });

  test('diff changes nothing until it is told to, then reads back', ({ skip }) => {
    skip(!has('htb'), 'this kernel has no htb');
    const script = file(
      'plan.sh',
      ['#!/bin/sh', 'tc qdisc del dev lo root', 'tc qdisc add dev lo root handle 1: htb default 10']
        .concat('tc class add dev lo parent 1: classid 1:10 htb rate 1mbit ceil 2mbit', '')
        .join('\n'),
    );
    const { stdout } = inNamespace(`
      ours diff '${script}' --live lo > /dev/null; echo "asked $?"
      ours tc --live class show dev lo
      ours diff '${script}' --live lo --apply > /dev/null; echo "applied $?"
      ours tc --live class change dev lo parent 1: classid 1:10 htb rate 3mbit
      ours diff '${script}' --live lo; echo "changed $?"
      ours diff '${script}' --live lo --apply --format json; echo "applied $?"
      ours diff '${script}' --live lo; echo "again $?"`);
    expect(stdout).toMatch(/^asked 1\napplied 0\n/);
    expect(stdout).toContain('tc class change dev lo parent 1: classid 1:10 htb rate 1mbit ceil 2mbit\nchanged 1\n');
    expect(stdout).toContain('"refused": null');
    expect(stdout).toMatch(/lo: as planned \(2 qdiscs, classes and filters\)\nagain 0\n$/);
  });
});
