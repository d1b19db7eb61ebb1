import { describe, expect, test } from 'vitest';
import { host, memoryFiles } from '../../../test/shell/call.ts';
import { nftCommands, nftInput } from '../../netfilter/index.ts';

const read = (text: string): string[] =>
  [...nftCommands(text)].map(({ verb, object, family, table, chain, rest }) =>
    [verb, object, family, table, chain, ...rest].filter((word) => word !== '').join(' '),
  );

describe('words: nft(8)', () => {
  test('a block is its rules', () => {
    expect(
      read(`#!/usr/sbin/nft -f
flush ruleset
include "more.nft"
define ports = { 80, 443 }
table inet fw {
  set hosts { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.2 } }
  chain forward {
    type filter hook forward priority -150; policy accept;
    tcp dport $ports meta mark set 0x1 # web
    ct state vmap { established : accept,
                    invalid : drop }; ip saddr @hosts \\
      meta mark set 2
  }
}`),
    ).toEqual([
      'flush ruleset ip',
      'add table inet fw',
      'add set inet fw hosts { type ipv4_addr ; elements = { 192.0.2.1, 192.0.2.2 } ; }',
      'add chain inet fw forward type filter hook forward priority -150 policy accept',
      'add rule inet fw forward tcp dport { 80, 443 } meta mark set 0x1',
      'add rule inet fw forward ct state vmap { established : accept, invalid : drop }',
      'add rule inet fw forward ip saddr @hosts meta mark set 2',
    ]);
  });

  test('commands of a line', () => {
    expect(
      read('add table t; add chain t c { type nat hook postrouting priority 100 ; } ; add rule t c masquerade'),
    ).toEqual([
      'add table ip t',
      'add chain ip t c type nat hook postrouting priority 100',
      'add rule ip t c masquerade',
    ]);
  });

  test('a text that ends within a block', () => {
    expect(read('table ip t { chain c { masquerade')).toEqual([
      'add table ip t',
      'add chain ip t c',
      'add rule ip t c masquerade',
    ]);
    expect(read('}}}')).toEqual([]);
  });

  test.each([
    ['-f -', '-', ''],
    ['-f /etc/nftables.conf', '/etc/nftables.conf', ''],
    ['-a list ruleset', null, 'list ruleset'],
    [
      'add chain t c { type filter hook input priority -150 ; }',
      null,
      'add chain t c { type filter hook input priority -150 ; }',
    ],
  ])('nft %s', (line, file, words) => {
    expect(nftInput(line.split(' '))).toEqual({ file, words: words === '' ? [] : words.split(' ') });
  });
});

describe('answers: nft 1.0.6', () => {
  test('what is not there is refused', () => {
    const run = host();
    expect(run('nft delete table ip t')).toEqual({ stderr: 'Error: No such file or directory\n', exit: 1 });
    expect(run('nft destroy table ip t')).toEqual({});
    expect(run('nft add chain ip t c').exit).toBe(1);
    run('nft add table ip t');
    expect(run('nft add rule ip t c accept').exit).toBe(1);
    run('nft add chain ip t c');
    expect(run('nft add rule ip t c accept')).toEqual({});
    expect(run('nft list tables').stdout).toBe('table ip t\n');
    expect(run('nft list table ip t').unknown).toBeDefined();
    run('nft delete table ip t');
    run('nft add table ip t');
    expect(run('nft list chain ip t c').exit).toBe(1);
  });

  test('a file', () => {
    const files = memoryFiles({ '/etc/fw.nft': 'table inet fw { chain c { accept; } }' });
    const run = host(undefined, files);
    expect(run('nft -f /etc/fw.nft')).toEqual({});
    expect(run('nft -f /none')).toMatchObject({ exit: 1 });
    expect(run('nft list tables').stdout).toBe('table inet fw\n');
    run('nft -f -', { stdin: 'flush ruleset' });
    expect(run('nft list ruleset')).toEqual({ stdout: '', assumed: 'no tables of nft' });
  });
});

// conntrack v1.4.7
test('conntrack of an idle host', () => {
  expect(host()('conntrack -D -p udp')).toMatchObject({ exit: 1 });
  expect(host()('conntrack -F').stderr).toContain('has been emptied');
});

test('blocks within blocks without end are read to their end', () => {
  expect([...nftCommands('table t { '.repeat(200_000))].length).toBeGreaterThan(0);
});
