import { expect, test } from 'vitest';
import { textTools } from './tools.ts';

const run = (name: string, args: readonly string[], stdin: string) =>
  textTools().run({ name, args, stdin, read: () => undefined });

const USERS = 'root:x:0:0:root:/root:/bin/bash\nbin:x:1:1:bin:/bin:\n';
const QDISCS = 'qdisc htb 1: root refcnt 2 r2q 10 default 0x30\nqdisc sfq 10: parent 1:10 limit 127p quantum 1514b\n';
const NUMBERS = '10\n9\n2\n1\n2\n33\n';

/** Arguments and input, and what coreutils 9.1 and util-linux 2.38 printed, with the exit code. */
const PRINTED: readonly (readonly [
  name: string,
  args: readonly string[],
  stdin: string,
  stdout: string,
  exit: number,
])[] = [
  ['cut', ['-d:', '-f1,3'], USERS, 'root:0\nbin:1\n', 0],
  ['cut', ['-d:', '-f2-'], USERS, 'x:0:0:root:/root:/bin/bash\nx:1:1:bin:/bin:\n', 0],
  ['cut', ['-d ', '-f2'], QDISCS, 'htb\nsfq\n', 0],
  ['cut', ['-f2'], 'a\tb\nxyz\n', 'b\nxyz\n', 0],
  ['cut', ['-d:', '-f3,1'], USERS, 'root:0\nbin:1\n', 0],
  ['cut', ['-c2-3'], 'abcd\n', 'bc\n', 0],
  ['cut', ['-d@', '-f1'], 'eth0@if3', 'eth0\n', 0],
  ['cut', ['-d:', '-f1', '-s'], 'a\nb:c\n', 'b\n', 0],
  ['cut', ['-d:', '-f1,2', '--output-delimiter=-'], USERS, 'root-x\nbin-x\n', 0],
  ['tr', ['a-z', 'A-Z'], 'eth0\n', 'ETH0\n', 0],
  ['tr', ['-d', 'kmbit'], '100mbit\n', '100\n', 0],
  ['tr', ['-cd', '0-9\\n'], '1:10 x2\n', '1102\n', 0],
  ['tr', ['-s', ' '], 'a  b\n', 'a b\n', 0],
  ['tr', [',', '\\n'], 'a,b,c\n', 'a\nb\nc\n', 0],
  ['tr', ['[:lower:]', '[:upper:]'], 'abc\n', 'ABC\n', 0],
  ['tr', ['-cs', 'a-z', '\\n'], 'a1,b\n', 'a\nb\n', 0],
  ['tr', ['a-c', 'x'], 'abcd\n', 'xxxd\n', 0],
  ['tr', ['-d', '[]'], 'a[b]\n', 'ab\n', 0],
  ['tr', ['.-', '_+'], 'a.b-c\n', 'a_b+c\n', 0],
  ['sort', [], NUMBERS, '1\n10\n2\n2\n33\n9\n', 0],
  ['sort', ['-n'], NUMBERS, '1\n2\n2\n9\n10\n33\n', 0],
  ['sort', ['-rn'], NUMBERS, '33\n10\n9\n2\n2\n1\n', 0],
  ['sort', ['-nu'], NUMBERS, '1\n2\n9\n10\n33\n', 0],
  ['sort', ['-k2,2n'], 'a 10\nb 9\nc 9\n', 'b 9\nc 9\na 10\n', 0],
  ['sort', ['-k2n', '-k1r'], 'a 10\nb 9\nc 9\n', 'c 9\nb 9\na 10\n', 0],
  ['sort', ['-t.', '-k1,1n', '-k4,4n'], '10.0.0.2\n10.0.0.10\n9.1.1.1\n', '9.1.1.1\n10.0.0.2\n10.0.0.10\n', 0],
  ['sort', ['-V'], 'eth10\neth2\n1.10\n1.9\n', '1.9\n1.10\neth2\neth10\n', 0],
  ['sort', [], 'b\nA\na\nB\n', 'A\nB\na\nb\n', 0],
  ['sort', ['-f'], 'b\nA\na\nB\n', 'A\na\nB\nb\n', 0],
  ['sort', ['-u', '-k1,1'], 'a 1\na 2\n', 'a 1\n', 0],
  ['sort', ['-s', '-k1,1'], 'a 2\na 1\n', 'a 2\na 1\n', 0],
  ['sort', ['-n'], 'x\n-1\n\n10mbit\n9mbit\n', '-1\n\nx\n9mbit\n10mbit\n', 0],
  ['uniq', [], 'a\na\nb\na\n', 'a\nb\na\n', 0],
  ['uniq', ['-c'], 'a\na\nb\n', '      2 a\n      1 b\n', 0],
  ['uniq', ['-d'], 'a\na\nb\n', 'a\n', 0],
  ['uniq', ['-u'], 'a\na\nb\n', 'b\n', 0],
  ['uniq', ['-i'], 'a\nA\n', 'a\n', 0],
  ['head', ['-n1'], NUMBERS, '10\n', 0],
  ['head', ['-2'], NUMBERS, '10\n9\n', 0],
  ['head', ['-n', '-4'], NUMBERS, '10\n9\n', 0],
  ['head', ['-c2'], NUMBERS, '10', 0],
  ['head', ['-n1'], 'a', 'a', 0],
  ['tail', ['-n1'], NUMBERS, '33\n', 0],
  ['tail', ['-2'], NUMBERS, '2\n33\n', 0],
  ['tail', ['-n', '+5'], NUMBERS, '2\n33\n', 0],
  ['tail', ['-c', '+12'], NUMBERS, '33\n', 0],
  ['tail', ['-n1'], 'a\nb', 'b', 0],
  ['wc', ['-l'], NUMBERS, '6\n', 0],
  ['wc', [], NUMBERS, '      6       6      14\n', 0],
  ['wc', ['-l'], 'a', '0\n', 0],
  ['wc', ['-c'], 'é', '2\n', 0],
  ['wc', ['-w'], 'a b\nc\n', '3\n', 0],
  ['paste', ['-sd,'], NUMBERS, '10,9,2,1,2,33\n', 0],
  ['paste', ['-sd+', '-'], NUMBERS, '10+9+2+1+2+33\n', 0],
  ['paste', ['-d ', '-', '-'], NUMBERS, '10 9\n2 1\n2 33\n', 0],
  ['rev', [], 'abc\nde', 'cba\ned', 0],
  ['tac', [], 'a\nb\nc\n', 'c\nb\na\n', 0],
  ['tac', [], 'a\nb', 'ba\n', 0],
  ['cat', [], 'a\nb', 'a\nb', 0],
  ['tee', [], 'a\n', 'a\n', 0],
  ['basename', ['/a/b/c.sh', '.sh'], '', 'c\n', 0],
  ['basename', ['/a/'], '', 'a\n', 0],
  ['basename', ['/'], '', '/\n', 0],
  ['basename', ['.sh', '.sh'], '', '.sh\n', 0],
  ['dirname', ['/a/b/c.sh'], '', '/a/b\n', 0],
  ['dirname', ['a'], '', '.\n', 0],
  ['dirname', ['/a'], '', '/\n', 0],
  ['dirname', ['a//b//'], '', 'a\n', 0],
];

test.each(PRINTED)('%s %j of %j', async (name, args, stdin, stdout, exit) => {
  expect(await run(name, args, stdin)).toEqual({ stdout, stderr: '', exit });
});

/** What is wrong, or what is not the same everywhere. */
const UNSUPPORTED: readonly (readonly [name: string, args: readonly string[], stdin: string])[] = [
  ['cut', ['-d::', '-f1'], 'a\n'],
  ['cut', ['-c1'], 'é\n'],
  ['cut', [], 'a\n'],
  ['tr', ['z-a', 'x'], 'a\n'],
  ['tr', ['é', 'e'], 'é\n'],
  ['tr', ['-d', '[=a=]'], 'a\n'],
  ['sort', ['-R'], 'a\n'],
  ['sort', ['-o', 'f'], 'a\n'],
  ['sort', ['-V'], 'a.txt\nb.txt\n'],
  ['sort', ['-n'], '12345678901234567890\n1\n'],
  ['head', ['-c1'], 'é\n'],
  ['tail', ['-f'], 'a\n'],
  ['tee', ['file'], 'a\n'],
  ['wc', ['-L'], 'a\n'],
];

test.each(UNSUPPORTED)('%s %j of %j is not simulated', async (name, args, stdin) => {
  expect(await run(name, args, stdin)).toEqual({ unsupported: expect.stringContaining(`${name}: `) });
});
