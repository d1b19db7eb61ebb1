import { describe, expect, test } from 'vitest';
import { host } from '../../../test/shell/call.ts';
import { readIptables } from '../../netfilter/index.ts';

// Messages and listings: iptables v1.8.9 (nf_tables).

describe('words', () => {
  test.each([
    ['-t mangle -A POSTROUTING -o eth0 -j MARK --set-mark 1', 'mangle', 'A', 'POSTROUTING', ''],
    ['--table=nat --append POSTROUTING -j MASQUERADE', 'nat', 'A', 'POSTROUTING', ''],
    ['-I FORWARD 2 -j ACCEPT', 'filter', 'I', 'FORWARD', '2'],
    ['-w 5 -P INPUT DROP', 'filter', 'P', 'INPUT', 'DROP'],
    ['-nvL FORWARD', 'filter', 'L', 'FORWARD', ''],
    ['-t mangle -F', 'mangle', 'F', '', ''],
    ['-L -n -v -t nat', 'nat', 'L', '', ''],
  ])('%s', (line, table, command, chain, argument) => {
    expect(readIptables(line.split(' '))).toMatchObject({ table, command, chain, argument });
  });
});

describe('rules', () => {
  const RULE = 'POSTROUTING -o eth0 -j MARK --set-mark 1';

  test('a loop that deletes comes to its end', () => {
    const run = host();
    run(`iptables -t mangle -A ${RULE}`);
    run(`iptables -t mangle -A ${RULE}`);
    expect(run(`iptables -t mangle -D ${RULE}`)).toEqual({});
    expect(run(`iptables -t mangle -D ${RULE}`)).toEqual({});
    expect(run(`iptables -t mangle -D ${RULE}`)).toEqual({
      stderr: 'iptables: Bad rule (does a matching rule exist in that chain?).\n',
      exit: 1,
    });
  });

  test('-C, for each family and namespace', () => {
    const run = host();
    run(`iptables -t mangle -A ${RULE}`);
    expect(run(`iptables -w -t mangle -C ${RULE}`).exit).toBeUndefined();
    expect(run(`ip6tables -t mangle -C ${RULE}`).exit).toBe(1);
    expect(run(`iptables -t mangle -C ${RULE}`, { netns: 'red' }).exit).toBe(1);
    expect(run(`iptables -t nat -C ${RULE}`).exit).toBe(1);
  });

  test('chains', () => {
    const run = host();
    expect(run('iptables -t mangle -N QOS')).toEqual({});
    expect(run('iptables -t mangle -N QOS')).toEqual({ stderr: 'iptables: Chain already exists.\n', exit: 1 });
    expect(run('iptables -A QOS -j ACCEPT')).toEqual({
      stderr: 'iptables: No chain/target/match by that name.\n',
      exit: 1,
    });
    run('iptables -t mangle -A QOS -j RETURN');
    expect(run('iptables -t mangle -X QOS').exit).toBe(4);
    run('iptables -t mangle -F QOS');
    expect(run('iptables -t mangle -X QOS')).toEqual({});
    expect(run('iptables -t mangle -L QOS').exit).toBe(1);
  });

  test('listings', () => {
    const run = host();
    run(`iptables -t mangle -A ${RULE}`);
    run('iptables -t mangle -I POSTROUTING -j ACCEPT');
    expect(run('iptables -t mangle -S POSTROUTING').stdout).toBe(
      `-P POSTROUTING ACCEPT\n-A POSTROUTING -j ACCEPT\n-A ${RULE}\n`,
    );
    expect(run('iptables -nL FORWARD').stdout).toBe(
      'Chain FORWARD (policy ACCEPT)\ntarget     prot opt source               destination         \n',
    );
    expect(run('iptables -t mangle -L').unknown).toBeDefined();
    run('iptables -t mangle -D POSTROUTING 1');
    expect(run('iptables-save -t mangle').stdout).toContain(
      `:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n-A ${RULE}\n`,
    );
  });

  test('restored rules', () => {
    const run = host();
    run('iptables -t mangle -A INPUT -j ACCEPT');
    const stdin = `*mangle\n:QOS - [0:0]\n-A QOS -m comment --comment "a b" -j MARK --set-mark 2\nCOMMIT\n`;
    expect(run('iptables-restore', { stdin })).toEqual({});
    expect(run('iptables -t mangle -C INPUT -j ACCEPT').exit).toBe(1);
    expect(run('iptables -t mangle -D QOS 1')).toEqual({});
    expect(run('iptables-restore -n', { stdin: '*filter\n-A NONE -j ACCEPT\nCOMMIT\n' }).exit).toBe(1);
  });
});
