// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are scripts of the shell
import { expect, test } from 'vitest';
import { loadTextTools, simulate } from './index.ts';

const run = (text: string, maxSteps?: number) =>
  simulate(text, {
    name: 'qos.sh',
    path: '/home/user/qos.sh',
    args: ['a1', 'b 2'],
    files: {
      read: (path) => (path === '/home/user/qos.sh' ? text : undefined),
      is: (path) => (path === '/home/user/qos.sh' ? 'file' : null),
      list: () => [],
    },
    kernel: () => ({ tc: () => ({ exit: 0, stdout: '', stderr: '' }) }),
    textTools: loadTextTools,
    ...(maxSteps === undefined ? {} : { maxSteps }),
  });

/** A script, and the words of its tc commands as bash 5.2 gives them. */
const AS_BASH: readonly (readonly [script: string, commands: readonly (readonly string[])[]])[] = [
  ['a=([5]=x [2]=y [9]=z); tc "${a[@]:3:1}"; tc "${a[@]:1}"', [['x'], ['y', 'x', 'z']]],
  [
    'a=(a b c d); unset "a[1]"; a[10]=k; a+=(l); tc "${!a[@]}"; tc "${a[@]:2:2}"',
    [
      ['0', '2', '3', '10', '11'],
      ['c', 'd'],
    ],
  ],
  ['f() { local x=1; unset x; tc "${x-none}"; x=7; }; x=0; f; tc $x', [['none'], ['0']]],
  ['f() { local x=1 y=$x; tc "$y"; }; x=9; f', [['9']]],
  ['v=1; declare -n q=v; tc ${!q} $q; unset q; tc "${v-gone}"', [['v', '1'], ['gone']]],
  ['echo \'a\\b c\\ d e\' | { read x y z; tc "$x" "$y" "$z"; }', [['ab', 'c d', 'e']]],
  ['read -N 2 x <<< \'a b\'; tc "$x"; read -n 9 x <<< ab; tc "$x" $?', [['a '], ['ab', '0']]],
  ['tc 1 $((1/0)); tc 2\ntc 3', [['3']]],
  ['f() { r=2; tc 1; }; readonly r=1; f; tc 2\ntc $r', [['1']]],
  ['readonly r=1; unset r; tc $? $r', [['1', '1']]],
  ['f() { (return 3); tc $?; }; f', [['3']]],
  ['f() { echo x | while read l; do return 6; done; tc p $?; }; f', [['p', '6']]],
  ['p=x:~:~/b; tc $p; PATH=/bin:~/c; tc $PATH', [['x:/root:/root/b'], ['/bin:/root/c']]],
  ['shopt -s extglob; x=foo123; tc ${x%%+([0-9])} ${x//+([0-9])/N} ${x##+([a-z])}', [['foo', 'fooN', '123']]],
  ['x=foo123; tc ${x%%+([0-9])}', [['foo123']]],
  [
    'shopt -s nocasematch; [[ ABC == a* ]] && tc 1; case ETH in eth) tc 2;; esac; [[ AB =~ ^ab$ ]] && tc 3',
    [['1'], ['2'], ['3']],
  ],
  ['[[ ab =~ a(b|bc)? ]]; tc "${BASH_REMATCH[@]}"; [[ x =~ y ]]; tc "${#BASH_REMATCH[@]}"', [['ab', 'b'], ['0']]],
  ['printf -v rates[1+1] %d 5; tc "${rates[2]}"', [['5']]],
  ['set -- 1 2; shift -1; tc $? $#', [['1', '2']]],
  ['f() { tc "${FUNCNAME[0]}" "${FUNCNAME[1]}"; }; f', [['f', 'main']]],
  ['TC="tc -s"; "$TC" qdisc; tc $?', [['127']]],
  [
    "(trap 'tc t $?' EXIT; exit 3); tc s $?",
    [
      ['t', '3'],
      ['s', '3'],
    ],
  ],
  ["(trap 'tc t' EXIT; tc a)", [['a'], ['t']]],
  ['bash -c \'trap "tc t" EXIT; exit 2\'; tc s $?', [['t'], ['s', '2']]],
  ['[[ file.txt == !(*.txt) ]] || tc 1; [[ aab == +(a|ab) ]] && tc 2; [[ "" == *(x) ]] && tc 3', [['1'], ['2'], ['3']]],
];

test.each(AS_BASH)('%s', async (script, commands) => {
  const { commands: made, unchecked } = await run(script);
  expect(made.map(({ words }) => words.map(({ text }) => text))).toEqual(commands);
  expect(unchecked).toEqual([]);
});

/** What bash does and the simulated shell does not: it is told, and nothing that rests on it is guessed. */
test.each([
  'tc qdisc add dev {1..999999999} root sfq',
  'x=aXb; tc class add dev eth0 classid 1:1 rate ${x~~}',
  'v=abc; tc class add dev eth0 rate "${v//b/&}"',
  'mapfile -n 1 rates < /dev/null; tc class add dev eth0 rate "${rates[@]}"',
  'mapfile -s 1 rates < /dev/null; tc class add dev eth0 rate "${rates[2]}"',
  'ls > >(cat); tc class add dev eth0 rate "$never"',
])('%s is unchecked', async (script) => {
  const { commands, unchecked } = await run(script);
  expect(unchecked.length).toBeGreaterThan(0);
  expect(commands).toEqual([]);
});

const DEPTH = 'functions and shells run each other more than 200 deep';
const STEPS = 'more than 5000 steps';

/** What would never end, or fill the memory: where it is stopped, and by which limit. */
test.each([
  ['while :; do x=1; done', STEPS],
  ['f() { f; }\nf', DEPTH],
  ['f() { x=$(f); }\nf', DEPTH],
  ['x=\'eval "$x"\'; eval "$x"', DEPTH],
  ['. ./qos.sh', DEPTH],
  ['"$0"', DEPTH],
  ['bash "$0"', DEPTH],
  ['export x=\'sh -c "$x"\'; sh -c "$x"', DEPTH],
  ['x=aaaa; while :; do x=$x$x; done', STEPS],
  ['x=aaaa; while :; do x+=$x; done', STEPS],
  ['set -- a b; while :; do set -- "$@" "$@"; done', STEPS],
  ['a=(a b); while :; do a=("${a[@]}" "${a[@]}"); done', STEPS],
  ['x=aaaa; while :; do x=${x//a/aaaa}; done', STEPS],
  ["while :; do awk 'BEGIN { for (i = 0; i < 1000; i++) n++ }'; done", STEPS],
  ["while :; do echo a | sed ':a;s/a/aa/;/a\\{99\\}/!ba'; done", STEPS],
  [`x=${'a'.repeat(2000)}; [[ $x == ${'*a'.repeat(2000)}b ]]`, STEPS],
  [`x="${'$(echo "'.repeat(3000)}`, 'nested too deep, or too long a text'],
])('%s ends', async (script, why) => {
  const { ended } = await run(script, 5000);
  expect(ended).toMatchObject({ kind: 'limit', why });
});

/** Patterns with more ways to match than could ever be tried one by one. */
test('no pattern is tried in all ways', async () => {
  const text = `${'a'.repeat(60)}b`;
  const { commands, ended } = await run(
    `x=${text}\nshopt -s extglob\n[[ $x =~ ^(a+)+$ ]] && tc 1\n[[ $x == +(a|aa) ]] && tc 2\ntc \${x//+(a|aa)c/y}\n[[ $x == *(*(a))c ]] && tc 3`,
  );
  expect(ended).toBeNull();
  expect(commands.map(({ words }) => words.map((word) => word.text))).toEqual([[text]]);
});

test('a pattern of the system that matches nothing here is an assumption', async () => {
  const { assumptions } = await run('for f in /etc/qos.d/*; do tc qdisc show dev "$f"; done');
  expect(assumptions).toMatchObject([{ question: '/etc/qos.d/*', answer: 'no file matches' }]);
});
