import { expect, test } from 'vitest';
import { textTools } from '../tools.ts';

const run = (name: string, args: readonly string[], stdin: string) =>
  textTools().run({ name, args, stdin, read: () => undefined });

const ROUTES =
  'default via 192.168.1.1 dev eth0 proto dhcp metric 100\n192.168.1.0/24 dev eth0 scope link src 192.168.1.5\n';
const USERS = 'root:x:0:0:root:/root:/bin/bash\nbin:x:1:1:bin:/bin:\n';
const CONFIG = '# comment\nRATE=100mbit\nDEV=eth0 # dev\n  IF = "eth1"\n\nCLASS 1:10 2mbit 5\nCLASS 1:20 4mbit 7\n';
const NUMBERS = '10\n9\n2\n1\n2\n33\n';
const QDISCS = 'qdisc htb 1: root refcnt 2 r2q 10 default 0x30\nqdisc sfq 10: parent 1:10 limit 127p quantum 1514b\n';

/** Arguments and input, and what mawk 1.3.4 printed, with the exit code. */
const PRINTED: readonly (readonly [
  name: string,
  args: readonly string[],
  stdin: string,
  stdout: string,
  exit: number,
])[] = [
  ['awk', ['{print $1}'], ROUTES, 'default\n192.168.1.0/24\n', 0],
  ['awk', ['/^default/ {print $5; exit}'], ROUTES, 'eth0\n', 0],
  ['awk', ['{for(i=1;i<=NF;i++) if($i=="dev") print $(i+1)}'], ROUTES, 'eth0\neth0\n', 0],
  ['awk', ['-F|', '{print $2}'], 'a|b\n', 'b\n', 0],
  ['awk', ['-F', '.', '{print $2}'], 'a.b\n', 'b\n', 0],
  ['awk', ['-F', '[,;] *', '{print $2}'], 'a, b;c\n', 'b\n', 0],
  ['awk', ['-F\\t', '{print $2}'], 'a\tb c\n', 'b c\n', 0],
  ['awk', ['BEGIN{FS=":"; OFS="-"}{print $1,$3}'], USERS, 'root-0\nbin-1\n', 0],
  ['awk', ['-v', 'x=CLASS', '-v', 'y=a\\tb', '$1==x{print $2, y}'], CONFIG, '1:10 a\tb\n1:20 a\tb\n', 0],
  ['awk', ['{s+=$1} END{print s, NR, s/NR}'], NUMBERS, '57 6 9.5\n', 0],
  ['awk', ['$1~/^CLASS$/{sub(/mbit/,"",$3); print $3*1000 "kbit"}'], CONFIG, '2000kbit\n4000kbit\n', 0],
  [
    'awk',
    ['{gsub(/[0-9]+/,"<&>"); print}'],
    QDISCS,
    'qdisc htb <1>: root refcnt <2> r<2>q <10> default <0>x<30>\nqdisc sfq <10>: parent <1>:<10> limit <127>p quantum <1514>b\n',
    0,
  ],
  ['awk', ['BEGIN{print int(3.9), int(-3.9), 7%3, -7%3, 2^10, 2^-1, -2^2}'], '', '3 -3 1 -1 1024 0.5 -4\n', 0],
  [
    'awk',
    ['BEGIN{print 1/3, 0.1+0.2, 1e6, 1234567.8, 0.00001, 100000/3}'],
    '',
    '0.333333 0.3 1000000 1.23457e+06 1e-05 33333.3\n',
    0,
  ],
  [
    'awk',
    [
      'BEGIN{printf "%d %5.2f|%-5s|%05d %x %o %c %e %g %i%%\\n", 3.9, 2.345, "ab", 42, 255, 8, 65, 12345.678, 0.0001, -3.9}',
    ],
    '',
    '3  2.35|ab   |00042 ff 10 A 1.234568e+04 0.0001 -3%\n',
    0,
  ],
  ['awk', ['BEGIN{printf "%.0f %.0f %.2fmbit %d\\n", 0.5, 1.5, 1.005, "3 items"}'], '', '0 2 1.00mbit 3\n', 0],
  ['awk', ['BEGIN{print "10"<"9", 10<9, "a"<"b", x=="", x==0, 1==1.0}'], '', '1 0 1 1 1 1\n', 0],
  ['awk', ['{print ($1<$2), ($1=="10")}'], '10 9\nabc abd\n', '0 1\n1 0\n', 0],
  [
    'awk',
    ['BEGIN{print substr("hello",2,3), substr("hello",0), index("hello","l"), length("abc"), toupper("a")}'],
    '',
    'ell hello 3 3 A\n',
    0,
  ],
  ['awk', ['BEGIN{n=split("a:b:c",x,":"); print n, x[1], x[n], split("",x)}'], '', '3 a c 0\n', 0],
  [
    'awk',
    ['match($0,/[0-9]+/){print RSTART, RLENGTH, substr($0,RSTART,RLENGTH)}'],
    CONFIG,
    '6 3 100\n8 1 0\n12 1 1\n7 1 1\n7 1 1\n',
    0,
  ],
  ['awk', ['{print length}'], 'abc\n\n', '3\n0\n', 0],
  [
    'awk',
    ['{$3="";print NF ": " $0}'],
    ROUTES,
    '9: default via  dev eth0 proto dhcp metric 100\n7: 192.168.1.0/24 dev  scope link src 192.168.1.5\n',
    0,
  ],
  ['awk', ['{NF=2}1'], 'a b c\n', 'a b\n', 0],
  ['awk', ['{a[$1]++} END{for(k in a) n++; print n, a["qdisc"], ("x" in a)}'], QDISCS, '1 2 0\n', 0],
  ['awk', ['function f(x,y){y=x*2; return y} BEGIN{print f(3), y}'], '', '6 \n', 0],
  ['awk', ['function fill(t){t["k"]=5} BEGIN{fill(u); print u["k"]}'], '', '5\n', 0],
  [
    'awk',
    ['BEGIN{while(i<3){i++; if(i==2)continue; print i}; do{i--}while(i>1); print i; for(;;){break}}'],
    '',
    '1\n3\n1\n',
    0,
  ],
  ['awk', ['{getline x; print x, NR}'], NUMBERS, '9 2\n1 4\n33 6\n', 0],
  ['awk', ['BEGIN{getline; print "first " $1}'], ROUTES, 'first default\n', 0],
  ['awk', ['/9/,/1/'], NUMBERS, '9\n2\n1\n', 0],
  ['awk', ['!/a/ && NR%2'], 'a\nb\nc\n', 'c\n', 0],
  ['awk', ['NR==2,NR==3{print NR": "$0}'], NUMBERS, '2: 9\n3: 2\n', 0],
  ['awk', ['BEGIN{exit 3} END{print "end"}'], '', 'end\n', 3],
  ['awk', ['{next} END{print $0}'], NUMBERS, '33\n', 0],
  ['awk', ['BEGIN{RS=";"}{print NR, $1}'], 'a;b;c\n', '1 a\n2 b\n3 c\n', 0],
  ['awk', ['BEGIN{RS=""}{print NR": "$1}'], 'a\nb\n\n\nc\n', '1: a\n2: c\n', 0],
  ['awk', ['{print>"/dev/null"; print $1 > "/dev/stdout"}'], 'x y\n', 'x\n', 0],
  ['awk', ['BEGIN{print 1 " " -1, 2 -1, !x + 1, (1>2)?"a":"b", -3 " " -4}'], '', '1-1 1 2 b -3-4\n', 0],
  ['awk', ['BEGIN { x = 5; x += 2; x ^= 2; x %= 10; print x, x++, ++x, x--, x }'], '', '9 9 11 11 10\n', 0],
  ['awk', ['-v', 'x=1', '{print x $1}'], '5\n', '15\n', 0],
];

test.each(PRINTED)('%s %j of %j', async (name, args, stdin, stdout, exit) => {
  expect(await run(name, args, stdin)).toEqual({ stdout, stderr: '', exit });
});

/** What is wrong, or what is not the same everywhere. */
const UNSUPPORTED: readonly (readonly [name: string, args: readonly string[], stdin: string])[] = [
  ['awk', ['BEGIN{print 2147483648*2}'], ''],
  ['awk', ['BEGIN{printf "%d", 4000000000}'], ''],
  ['awk', ['BEGIN{print "0x10"+0}'], ''],
  ['awk', ['BEGIN{print 1/0}'], ''],
  ['awk', ['BEGIN{system("id")}'], ''],
  ['awk', ['{print | "sort"}'], 'a\n'],
  ['awk', ['BEGIN{"date" | getline d}'], ''],
  ['awk', ['{print > "file"}'], 'a\n'],
  ['awk', ['BEGIN{print rand()}'], ''],
  ['awk', ['BEGIN{print systime()}'], ''],
  ['awk', ['BEGIN{print ENVIRON["HOME"]}'], ''],
  ['awk', ['{a[$1]} END{for(k in a) print k}'], 'a\nb\n'],
  ['awk', ['/a{2}/'], 'aa\n'],
  ['awk', ['BEGIN{print length("é")}'], ''],
  ['awk', ['BEGIN{print substr("hello",-1,3)}'], ''],
  ['awk', ['BEGIN{while(1)x++}'], ''],
  ['awk', ['{print $1'], 'a\n'],
  ['awk', ['BEGIN{print "a\\.b"}'], ''],
  ['awk', ['$2==0'], 'a\n'],
  ['awk', ['-F||', '{print}'], 'a\n'],
  ['awk', ['--version'], ''],
];

test.each(UNSUPPORTED)('%s %j of %j is not simulated', async (name, args, stdin) => {
  expect(await run(name, args, stdin)).toEqual({ unsupported: expect.stringContaining(`${name}: `) });
});
