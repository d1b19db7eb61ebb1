import {
  areNotSimulated,
  CONFIG,
  type NotSimulated,
  type Printed,
  printAsReal,
  ROUTES,
} from '../../../test/shell/text.ts';

/** Arguments and input, and what GNU grep 3.8 printed, with the exit code. */
const PRINTED: readonly Printed[] = [
  ['grep', ['eth0'], ROUTES, ROUTES, 0],
  ['grep', ['-q', 'eth0'], ROUTES, '', 0],
  ['grep', ['-c', 'zzz'], ROUTES, '0\n', 1],
  ['grep', ['-v', 'default'], ROUTES, '192.168.1.0/24 dev eth0 scope link src 192.168.1.5\n', 0],
  ['grep', ['-i', 'DEFAULT'], ROUTES, 'default via 192.168.1.1 dev eth0 proto dhcp metric 100\n', 0],
  ['grep', ['-w', 'eth0'], 'eth0 up\neth01\neth0.1\nveth0\n', 'eth0 up\neth0.1\n', 0],
  ['grep', ['-x', 'a.c'], 'abc\nabcd\n', 'abc\n', 0],
  [
    'grep',
    ['-n', 'dev'],
    ROUTES,
    '1:default via 192.168.1.1 dev eth0 proto dhcp metric 100\n2:192.168.1.0/24 dev eth0 scope link src 192.168.1.5\n',
    0,
  ],
  ['grep', ['-o', 'dev [^ ]*'], ROUTES, 'dev eth0\ndev eth0\n', 0],
  ['grep', ['-oE', '([0-9]{1,3}\\.){3}[0-9]{1,3}'], ROUTES, '192.168.1.1\n192.168.1.0\n192.168.1.5\n', 0],
  ['grep', ['-Eo', '^[^ ]+'], ROUTES, 'default\n192.168.1.0/24\n', 0],
  ['grep', ['-oP', '(?<=dev )\\S+'], ROUTES, 'eth0\neth0\n', 0],
  ['grep', ['-oP', 'dev \\K\\S+'], ROUTES, 'eth0\neth0\n', 0],
  ['grep', ['-P', '^\\d+\\.'], ROUTES, '192.168.1.0/24 dev eth0 scope link src 192.168.1.5\n', 0],
  ['grep', ['-F', '.'], 'a.b\nab\n', 'a.b\n', 0],
  ['grep', ['-e', 'link', '-e', 'dhcp', '-c'], ROUTES, '2\n', 0],
  ['grep', ['-m1', 'dev'], ROUTES, 'default via 192.168.1.1 dev eth0 proto dhcp metric 100\n', 0],
  [
    'grep',
    ['-vE', '^(#|$)'],
    CONFIG,
    'RATE=100mbit\nDEV=eth0 # dev\n  IF = "eth1"\nCLASS 1:10 2mbit 5\nCLASS 1:20 4mbit 7\n',
    0,
  ],
  ['grep', ['^[[:space:]]*#'], CONFIG, '# comment\n', 0],
  ['grep', ['one\\|two'], 'one\nthree\n', 'one\n', 0],
  ['grep', ['a\\{2\\}'], 'aa\na\n', 'aa\n', 0],
  ['grep', ['-E', 'a{,2}b+'], 'aab\n', 'aab\n', 0],
  ['grep', ['a+'], 'a+\naa\n', 'a+\n', 0],
  ['grep', ['*a'], '*a\n', '*a\n', 0],
  ['grep', ['-o', 'b*'], 'abba\n', 'bb\n', 0],
  ['grep', ['-no', '[0-9]'], '1a2\n', '1:1\n1:2\n', 0],
  ['grep', ['-A1', 'b'], 'a\nb\nc\nd\nb\n', 'b\nc\n--\nb\n', 0],
  ['grep', ['-nC1', 'c'], 'a\nb\nc\nd\ne\n', '2-b\n3:c\n4-d\n', 0],
  ['grep', ['-l', 'dev'], ROUTES, '(standard input)\n', 0],
  ['grep', ['-H', 'dhcp'], ROUTES, '(standard input):default via 192.168.1.1 dev eth0 proto dhcp metric 100\n', 0],
  ['grep', ['a\nb'], 'a\nc\n', 'a\n', 0],
  ['egrep', ['a|b'], 'b\n', 'b\n', 0],
  ['fgrep', ['a|b'], 'a|b\nb\n', 'a|b\n', 0],
  ['grep', ['x'], '', '', 1],
];

printAsReal(PRINTED);

/** What is wrong, or what is not the same everywhere. */
const UNSUPPORTED: readonly NotSimulated[] = [
  ['grep', ['\\(a\\)\\1'], 'aa\n'],
  ['grep', ['\\d'], '1\n'],
  ['grep', ['(a', '-E'], 'a\n'],
  ['grep', ['-r', 'x', '.'], ROUTES],
  ['grep', ['-f', 'x'], ROUTES],
  ['grep', ['a'], 'a\0b'],
  ['grep', ['-P', '(a+)+b'], 'aaa\n'],
  ['grep', ['--color=always', 'a'], 'a\n'],
  ['grep', [], ROUTES],
];

areNotSimulated(UNSUPPORTED);
