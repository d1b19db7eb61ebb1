import { expect, test } from 'vitest';
import { textTools } from '../tools.ts';

const run = (name: string, args: readonly string[], stdin: string) =>
  textTools().run({ name, args, stdin, read: () => undefined });

const ROUTES =
  'default via 192.168.1.1 dev eth0 proto dhcp metric 100\n192.168.1.0/24 dev eth0 scope link src 192.168.1.5\n';
const QDISCS = 'qdisc htb 1: root refcnt 2 r2q 10 default 0x30\nqdisc sfq 10: parent 1:10 limit 127p quantum 1514b\n';
const CONFIG = '# comment\nRATE=100mbit\nDEV=eth0 # dev\n  IF = "eth1"\n\nCLASS 1:10 2mbit 5\nCLASS 1:20 4mbit 7\n';
const NUMBERS = '10\n9\n2\n1\n2\n33\n';
const USERS = 'root:x:0:0:root:/root:/bin/bash\nbin:x:1:1:bin:/bin:\n';

/** Arguments and input, and what GNU sed 4.9 printed, with the exit code. */
const PRINTED: readonly (readonly [
  name: string,
  args: readonly string[],
  stdin: string,
  stdout: string,
  exit: number,
])[] = [
  ['sed', ['-n', 's/.*dev \\([^ ]*\\).*/\\1/p'], ROUTES, 'eth0\neth0\n', 0],
  ['sed', ['-nE', 's/.*dev ([^ ]+) .*/\\1/p'], ROUTES, 'eth0\neth0\n', 0],
  [
    'sed',
    ['-r', 's/([a-z]+) ([0-9:]+)/\\2 \\1/'],
    QDISCS,
    'qdisc 1: htb root refcnt 2 r2q 10 default 0x30\nqdisc 10: sfq parent 1:10 limit 127p quantum 1514b\n',
    0,
  ],
  [
    'sed',
    ['/^#/d;/^$/d;s/[[:space:]]*#.*$//'],
    CONFIG,
    'RATE=100mbit\nDEV=eth0\n  IF = "eth1"\nCLASS 1:10 2mbit 5\nCLASS 1:20 4mbit 7\n',
    0,
  ],
  [
    'sed',
    ['s/^[ \\t]*//'],
    CONFIG,
    '# comment\nRATE=100mbit\nDEV=eth0 # dev\nIF = "eth1"\n\nCLASS 1:10 2mbit 5\nCLASS 1:20 4mbit 7\n',
    0,
  ],
  ['sed', ['-e', 's/a/b/', '-e', 's/b/c/g'], 'aab\n', 'cac\n', 0],
  ['sed', ['s/e/x/2'], 'eee\n', 'exe\n', 0],
  ['sed', ['s/e/x/2g'], 'eee\n', 'exx\n', 0],
  ['sed', ['s/E/x/I'], 'e\n', 'x\n', 0],
  ['sed', ['s/a*/x/g'], 'baac\n', 'xbxcx\n', 0],
  ['sed', ['s/b*$/x/'], 'abb\n', 'ax\n', 0],
  ['sed', ['-E', 's/(a|ab)(c|bcd)(d*)/[\\1][\\2][\\3]/'], 'abcd\n', '[a][bcd][]\n', 0],
  ['sed', ['s/a\\|b/x/g;s/c\\+/y/;s/d\\?$/z/'], 'abccd\n', 'xxyz\n', 0],
  ['sed', ['s/*/x/;s/^*/y/'], '**\n', 'x*\n', 0],
  ['sed', ['s/a^b$c/x/'], 'a^b$c\n', 'x\n', 0],
  ['sed', ['s/\\<t/T/g;s/e\\>/E/g'], 'two three tee\n', 'Two ThreE TeE\n', 0],
  ['sed', ['s/.*/\\U&/;s/\\(.\\)$/\\l\\1/'], 'abc\n', 'ABc\n', 0],
  ['sed', ['s|/|_|g;s,a\\,b,x,'], '/a,b/\n', '_x_\n', 0],
  ['sed', ['s/&/\\&and&/'], 'a&b\n', 'a&and&b\n', 0],
  ['sed', ['s/x/a\\nb\\tc/'], 'x\n', 'a\nb\tc\n', 0],
  ['sed', ['s/[/]/x/;s/[]]/y/'], 'a/b]\n', 'axby\n', 0],
  ['sed', ['y/abc\\n/xyz,/'], 'cab\n', 'zxy\n', 0],
  ['sed', ['-n', '$p'], NUMBERS, '33\n', 0],
  ['sed', ['-n', '2,3p'], NUMBERS, '9\n2\n', 0],
  ['sed', ['2q'], NUMBERS, '10\n9\n', 0],
  ['sed', ['q5'], NUMBERS, '10\n', 5],
  ['sed', ['$!d'], NUMBERS, '33\n', 0],
  ['sed', ['0~2d'], NUMBERS, '10\n2\n2\n', 0],
  ['sed', ['2,+1d'], NUMBERS, '10\n1\n2\n33\n', 0],
  ['sed', ['0,/2/d'], NUMBERS, '1\n2\n33\n', 0],
  ['sed', ['/9/,/1/d'], NUMBERS, '10\n2\n33\n', 0],
  ['sed', ['5,2p'], NUMBERS, '10\n9\n2\n1\n2\n2\n33\n', 0],
  ['sed', ['-n', '/CLASS/{s/CLASS //;p}'], CONFIG, '1:10 2mbit 5\n1:20 4mbit 7\n', 0],
  ['sed', ['-n', '\\,bin,p'], USERS, 'root:x:0:0:root:/root:/bin/bash\nbin:x:1:1:bin:/bin:\n', 0],
  ['sed', ['/2/!s/^/> /'], NUMBERS, '> 10\n> 9\n2\n> 1\n2\n> 33\n', 0],
  ['sed', [':a;N;$!ba;s/\\n/,/g'], NUMBERS, '10,9,2,1,2,33\n', 0],
  ['sed', ['$!N;P;D'], NUMBERS, '10\n9\n2\n1\n2\n33\n', 0],
  ['sed', ['1!G;h;$!d'], NUMBERS, '33\n2\n1\n2\n9\n10\n', 0],
  ['sed', ['n;d'], NUMBERS, '10\n2\n2\n', 0],
  ['sed', ['s/a/b/;ta;s/c/d/;:a'], 'a c\nc\n', 'b c\nd\n', 0],
  ['sed', ['-n', '$='], NUMBERS, '6\n', 0],
  ['sed', ['1i\\first\n$a last\n3c three'], NUMBERS, 'first\n10\n9\nthree\n1\n2\n33\nlast\n', 0],
  ['sed', ['/2/a\\  indented'], '1\n2\n', '1\n2\n  indented\n', 0],
  ['sed', ['p'], 'a\nb', 'a\na\nb\nb', 0],
  ['sed', ['# nothing\ns/a/b/ # more'], 'a\n', 'b\n', 0],
  ['sed', ['1{/a/{s/a/b/;s/$/;/}}'], 'a\n', 'b;\n', 0],
];

test.each(PRINTED)('%s %j of %j', async (name, args, stdin, stdout, exit) => {
  expect(await run(name, args, stdin)).toEqual({ stdout, stderr: '', exit });
});

/** What is wrong, or what is not the same everywhere. */
const UNSUPPORTED: readonly (readonly [name: string, args: readonly string[], stdin: string])[] = [
  ['sed', ['s/\\(a\\)\\1/x/'], 'aa\n'],
  ['sed', ['-i', 's/a/b/'], 'a\n'],
  ['sed', ['s/a/id/e'], 'a\n'],
  ['sed', ['w out'], 'a\n'],
  ['sed', ['s/a'], 'a\n'],
  ['sed', [':a;ba'], 'a\n'],
  ['sed', ['s/a/\\1/'], 'a\n'],
  ['sed', ['s/\\(a/b/'], 'a\n'],
  ['sed', ['b nowhere'], 'a\n'],
];

test.each(UNSUPPORTED)('%s %j of %j is not simulated', async (name, args, stdin) => {
  expect(await run(name, args, stdin)).toEqual({ unsupported: expect.stringContaining(`${name}: `) });
});
