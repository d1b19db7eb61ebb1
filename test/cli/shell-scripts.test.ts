import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checked } from '../../src/api/index.ts';
import { cli, HOUSEHOLD } from './cli.ts';

/** A folder of its own with these files. */
function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'cls-flow-shell-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const json = (args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Checked => {
  const { stdout, stderr } = cli(['check', '--format', 'json', ...args], { cwd, env });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Checked;
};

/** What is found, as `FILE:LINE CODE`, without advice. */
const found = ({ findings }: Checked): string[] =>
  findings.filter(({ severity }) => severity !== 'advice').map(({ file, line, code }) => `${file}:${line} ${code}`);

const places = (rows: readonly { readonly file: string; readonly line: number }[]): string[] =>
  rows.map(({ file, line }) => `${file}:${line}`);

const PATH_AND_CASE = `#!/bin/sh
TC=/sbin/tc
DEV=\${2:-eth0}
start() {
  $TC qdisc add dev "$DEV" root handle 1: htb default 10
  $TC class add dev "$DEV" parent 1: classid 1:10 htb rate 50mbit
  $TC qdisc add dev "$DEV" parent 1:10 handle 10: sfq
  $TC class add dev "$DEV" parent 1: classid 1:20 htb rate 50mbit
  $TC qdisc add dev "$DEV" parent 1:20 handle 20: sfq
  $TC filter add dev "$DEV" parent 10: protocol ip prio 1 handle 1 flow hash keys nfct-src divisor 1024
  $TC filter add dev "$DEV" parent 1:20 protocol all prio 1 handle 1 flow hash keys nfct-src divisor 1024
}
case "$1" in
  start) start ;;
  stop) $TC qdisc del dev "$DEV" root ;;
  *) echo "usage: $0 start|stop" >&2; exit 1 ;;
esac
`;
const HOST_LOOP = `#!/bin/bash
set -e
DEV=lan0
run() { echo "+ $*"; "$@"; }
run tc qdisc add dev $DEV root handle 1: htb default a
for host in 10 11 12 13; do
  minor=$(printf %x "$host")
  run tc class add dev $DEV parent 1: classid 1:$minor htb rate 10mbit
  run tc qdisc add dev $DEV parent 1:$minor handle $minor: sfq
done
run tc filter add dev $DEV parent a: protocol ip prio 1 handle 1 flow hash keys nfct-src divisor 1024
run tc filter add dev $DEV parent 1:d protocol all prio 1 handle 1 flow hash keys nfct-src divisor 1024
`;
const SOURCED = `#!/bin/sh
. "$(dirname "$0")/etc/qos.conf"
WAN=$(ip route get 8.8.8.8 | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p')
tc qdisc add dev "$WAN" root handle 1: htb default $DEFAULT
tc class add dev "$WAN" parent 1: classid 1:$DEFAULT htb rate "$RATE"
tc qdisc add dev "$WAN" parent 1:$DEFAULT handle 10: sfq
tc class add dev "$WAN" parent 1: classid 1:20 htb rate "$RATE"
tc qdisc add dev "$WAN" parent 1:20 handle 20: sfq
tc filter add dev "$WAN" parent 10: protocol ip prio 1 handle 1 flow hash keys nfct-src divisor 1024
tc filter add dev "$WAN" parent 1:20 protocol all prio 1 handle 1 flow hash keys nfct-src divisor 1024
`;
const THREE = {
  'a.sh': PATH_AND_CASE,
  'b.sh': HOST_LOOP,
  'c.sh': SOURCED,
  'etc/qos.conf': 'DEFAULT=10\nRATE=50mbit\n',
};

describe('three scripts in one command', () => {
  const names = ['a.sh', 'b.sh', 'c.sh'];

  it('are found wanting at their own lines, mended in place, and clean afterwards', () => {
    const cwd = folderWith(THREE);
    const before = json(names, cwd);
    expect(found(before)).toEqual([
      ...['a.sh:10 FT011', 'a.sh:11 FT001'],
      ...['b.sh:11 FT011', 'b.sh:12 FT001'],
      ...['c.sh:9 FT011', 'c.sh:10 FT001'],
    ]);
    expect(before.files.map(({ triedStart }) => triedStart)).toEqual([true, false, false]);
    expect(before.assumptions).toMatchObject([{ file: 'c.sh', line: 3, question: 'ip route get 8.8.8.8' }]);
    const mended = cli(['check', '--fix', '--in-place', ...names], { cwd });
    expect(mended.stdout).toContain('-run tc filter add dev $DEV parent 1:d protocol all');
    expect(mended.stdout).toContain('+run tc filter add dev $DEV parent d: protocol all');
    expect(readFileSync(join(cwd, 'a.sh.orig'), 'utf8')).toBe(PATH_AND_CASE);
    const differing = readFileSync(join(cwd, 'a.sh'), 'utf8')
      .split('\n')
      .flatMap((line, at) => (line === PATH_AND_CASE.split('\n')[at] ? [] : [at + 1]));
    expect(differing).toEqual([10, 11]);
    expect(found(json(names, cwd))).toEqual([]);
    expect(cli(['check', ...names], { cwd }).status).toBe(0);
  });

  it('take the arguments behind --', () => {
    const cwd = folderWith(THREE);
    const { files, unchecked } = json(['a.sh', '--', 'stop', 'eth7'], cwd);
    expect(files).toMatchObject([{ commands: 1, args: ['stop', 'eth7'], triedStart: false }]);
    expect(unchecked.length).toBeGreaterThan(5);
    expect(cli(['check', '--', 'a.sh'], { cwd }).stdout).toContain('run with "start"');
  });
});

const FILTER = 'protocol all handle 1 flow hash keys nfct-src';

/** What other people's scripts were found to hold: each is read where others went wrong. */
describe('shapes that were misread before', () => {
  it("nft's chains in a here-document are no tc", () => {
    const nft = 'nft -f - <<EOF\ntable inet t {\nchain late {\ntype filter hook forward priority 0\n}\n}\nEOF\n';
    const cwd = folderWith({ 'q.sh': `#!/bin/sh\ntc qdisc add dev eth0 root handle 1: cake\n${nft}` });
    expect(cli(['check', 'q.sh'], { cwd })).toMatchObject({
      status: 0,
      stdout: 'q.sh: nothing found in 1 tc command\n',
    });
  });

  it('two commands with a glued operator are two', () => {
    const text = `#!/bin/sh\ntc qdisc add dev eth0 root handle 1: sfq;tc filter add dev eth0 parent 1: ${FILTER} divisor 1024\n`;
    const cwd = folderWith({ 'q.sh': text });
    expect(json(['q.sh'], cwd)).toMatchObject({ findings: [], files: [{ commands: 2 }] });
  });

  it('tc -n NS is judged as without it', () => {
    const text = `#!/bin/sh\ntc -n lab qdisc add dev eth0 root handle 1: sfq\ntc -n lab filter add dev eth0 parent 1: ${FILTER} divisor 2048\n`;
    expect(found(json(['q.sh'], folderWith({ 'q.sh': text })))).toEqual(['q.sh:3 FT004']);
  });

  it('a tool that a sourced file names by its path', () => {
    const text = `#!/bin/sh\n. "$(dirname "$0")/tools.conf"\n"$TC_CMD" qdisc add dev lo root handle 1: sfq\n"$TC_CMD" filter add dev lo parent 1: ${FILTER} divisor 2048\n`;
    const cwd = folderWith({ 'q.sh': text, 'tools.conf': 'TC_CMD=/sbin/tc\n' });
    const { status, stdout } = cli(['record', '--', 'q.sh'], { cwd });
    expect([status, stdout.split('\n').filter((line) => /^[a-z]/.test(line))]).toEqual([
      0,
      ['qdisc add dev lo root handle 1: sfq', `filter add dev lo parent 1: ${FILTER} divisor 2048`],
    ]);
  });

  it('a listing of tc is read as one', () => {
    const filter = 'filter parent 1: protocol all pref 1 flow chain 0';
    const text = `qdisc sfq 1: root refcnt 2 limit 127p quantum 1514b depth 127 flows 128 divisor 1024
${filter}
${filter} handle 0x1 hash keys nfct-src divisor 1024 baseclass 1:1
`;
    const cwd = folderWith({ 'show.txt': text });
    expect(cli(['check', 'show.txt'], { cwd })).toMatchObject({
      status: 0,
      stdout: 'show.txt: nothing found in 2 tc commands\nread as what tc … show prints\n',
    });
  });

  it('a backtick in single quotes is no variable', () => {
    const text = `qdisc add dev eth0 root handle 1: drr
class add dev eth0 parent 1: classid 1:1 drr
filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key proto divisor 1 match 'nbyte("\`" at 10 layer network)' baseclass 1:1
`;
    expect(json(['q.tc'], folderWith({ 'q.tc': text }))).toMatchObject({ unchecked: [], files: [{ commands: 3 }] });
  });

  it('esfq, with the way out', () => {
    const cwd = folderWith({ 'q.tc': 'qdisc add dev lan0 root handle 1: esfq hash dst perturb 10\n' });
    const { status, stdout } = cli(['check', 'q.tc'], { cwd });
    expect([status, stdout.includes('SYNTAX')]).toEqual([1, true]);
    expect(stdout).toContain('flow hash keys dst divisor 1024');
  });

  it('record tells of each way to call tc, and runs none', () => {
    const ways = `#!/bin/bash
tc qdisc add dev eth0 root handle 1: htb
/usr/sbin/tc qdisc add dev lo root handle 2: pfifo_fast 2>&1
command -p tc qdisc add dev lo root handle 3: sfq
env -i tc qdisc add dev lo root handle 4: sfq
env -i /bin/sh -c 'tc qdisc add dev lo root handle 5: sfq'
PATH=/sbin:/usr/sbin tc qdisc add dev lo root handle 6: sfq
bash -lc 'tc qdisc add dev lo root handle 7: sfq'
sudo tc qdisc add dev lo root handle 8: sfq
sudo -u root env PATH=/usr/sbin:/bin tc qdisc add dev lo root handle 9: sfq
f() { tc "$@"; }; f qdisc add dev lo root handle a: sfq
T=/usr/sbin/tc; $T qdisc add dev lo root handle b: sfq
D=/usr/sbin; $D/tc qdisc add dev lo root handle c: sfq
python3 -c 'import subprocess; subprocess.run(["/usr/sbin/"+"tc","qdisc","add","dev","lo","root","handle","d:","sfq"])'
export PATH="/usr/sbin:$PATH"
tc qdisc add dev lo root handle e: sfq
xargs tc qdisc add dev lo root handle f: sfq </dev/null
touch "$0.ran"
`;
    const cwd = folderWith({ 'escapes.sh': ways });
    chmodSync(join(cwd, 'escapes.sh'), 0o755);
    const { status, stdout, stderr } = cli(['record', '--', './escapes.sh'], { cwd });
    const handles = stdout.split('\n').flatMap((line) => /^qdisc add .* handle (\S+):/.exec(line)?.[1] ?? []);
    expect([status, handles]).toEqual([0, [...'123456789abcef']]);
    expect(stdout).toMatch(/^# \.\/escapes\.sh:14: .*python3/m);
    expect(stderr).toContain('simulated, nothing was run');
    expect(readdirSync(cwd)).toEqual(['escapes.sh']);
  });
});

describe('every command that takes a script', () => {
  const text = `#!/bin/sh
. /etc/qos.conf
tc qdisc add dev "$1" root handle 1: drr
for i in $(seq "$CLASSES"); do tc class add dev "$1" parent 1: classid 1:$i drr; done
tc filter add dev "$1" parent 1: protocol all prio 1 handle 1 flow hash keys src divisor $CLASSES
`;
  const cwd = folderWith({ 'q.sh': text, 'given.conf': ': ${CLASSES:=2}\n' });
  const given = ['--env', 'CLASSES=4', '--file', '/etc/qos.conf=given.conf'];
  const run = (args: readonly string[]) => cli(args, { cwd });

  it('classify and --expect', () => {
    const asked = ['classify', HOUSEHOLD, '--script', 'q.sh', ...given];
    const { stdout } = run([...asked, '--format', 'json', '--', 'wan0']);
    const { classes, filters } = JSON.parse(stdout) as { classes: { classid: string }[]; filters: { spec: string }[] };
    expect(filters).toMatchObject([{ spec: expect.stringContaining('divisor 4') }]);
    expect(classes.map(({ classid }) => classid).every((id) => /^1:[1-4]$/.test(id))).toBe(true);
    writeFileSync(join(cwd, 'unmet.txt'), '192.168.77.0 -> 1:5\n');
    const unmet = run([...asked, '--expect', 'unmet.txt', '--', 'wan0']);
    expect(unmet.stderr).toContain('unmet.txt:1');
    expect(unmet.status).toBe(1);
  });

  it('explain', () => {
    const { stdout, status } = run([
      'explain',
      'udp 10.0.0.1:1 > 192.0.2.1:2',
      '--script',
      'q.sh',
      ...given,
      '--',
      'wan0',
    ]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/1:[1-4]\b/);
  });

  it('compare, which gives the arguments to both', () => {
    writeFileSync(join(cwd, 'r.sh'), text.replace('keys src', 'keys dst'));
    const scripts = ['--script', 'q.sh', '--script', 'r.sh'];
    const { stdout, stderr } = run(['compare', HOUSEHOLD, ...scripts, ...given, '--format', 'json', '--', 'wan0']);
    expect(stderr).not.toContain('refused');
    const { movedPackets, packets } = JSON.parse(stdout) as { movedPackets: number; packets: number };
    expect(movedPackets).toBeGreaterThan(0);
    expect(movedPackets).toBeLessThan(packets);
  });

  it('classes', () => {
    // The script's own classes are left out.
    writeFileSync(join(cwd, 'bare.sh'), text.replaceAll(/^.*tc class add.*\n/gm, ''));
    const { stdout } = run(['classes', '--script', 'bare.sh', ...given, '--', 'wan0']);
    const lines = [1, 2, 3, 4].map((minor) => `tc class add dev wan0 parent 1: classid 1:${minor} drr\n`);
    expect(stdout).toBe(lines.join(''));
  });

  it('an argument of the wrong shape is told with an example', () => {
    expect(run(['check', 'q.sh', '--env', 'A-B=1']).stderr).toContain('--env DEV=eth1');
    expect(run(['check', 'q.sh', '--file', 'x']).stderr).toContain('PATH=FILE expected');
  });
});

/** A line that each of these scripts begins with. */
const FIRST = '#!/bin/bash\nDEV=eth0\ntc qdisc add dev $DEV root handle 1: drr\n';

describe('surprises that are kept', () => {
  it('quirk 78: a script for sh is read as bash reads it, and what dash lacks is noted', () => {
    const text = `#!/bin/sh\nalias shape='tc class add'\nDEVS=(eth0)\ntc qdisc add dev "\${DEVS[0]}" root handle 1: drr\nshape dev eth0 parent 1: classid 1:1 drr\n`;
    const { files, notes } = json(['q.sh'], folderWith({ 'q.sh': text }));
    expect(files).toMatchObject([{ commands: 1, ended: null }]);
    expect(places(notes)).toContain('q.sh:3');
    expect(notes.map(({ why }) => why).join()).toContain('known to bash, not to every sh');
  });

  it('quirk 79: what follows the end by set -e is judged, and the end is named', () => {
    const text = `#!/bin/sh\nset -e\nDEV=eth0\ntc class add dev $DEV parent 9: classid 9:1\ntc qdisc add dev $DEV root handle 1: sfq\ntc filter add dev $DEV parent 1: ${FILTER} divisor 2048\n`;
    const checked = json(['q.sh'], folderWith({ 'q.sh': text }));
    expect(checked.files[0]?.ended).toMatchObject({ kind: 'exit', line: 4 });
    expect(found(checked)).toContain('q.sh:6 FT004');
  });

  it('quirk 80: the host has the device that the script names, and a default route by it', () => {
    const text =
      '#!/bin/sh\nIFACE=enp3s0\nWAN=$(ip route show default | cut -d" " -f5)\n[ -f /etc/none ] || tc qdisc add dev $WAN root drr\n';
    const { assumptions, files } = json(['q.sh'], folderWith({ 'q.sh': text }));
    expect(files).toMatchObject([{ commands: 1 }]);
    expect(assumptions.map(({ line, answer }) => [line, answer.includes('enp3s0')])).toContainEqual([3, true]);
    expect(places(assumptions)).toContain('q.sh:4');
  });
});

describe('what a script may read and write', () => {
  const SECRET = 'cls-flow-test-secret';
  const outside = folderWith({ 'outside.conf': `NAME=${SECRET}\n` });

  it('is its folder: no file beside it, and none by way of a symbolic link', () => {
    const text = `${FIRST}. ../outside.conf\n. ./link.conf\n. ${outside}/outside.conf\ntc class add dev $DEV parent 1: classid 1:1 $NAME\n`;
    const cwd = folderWith({ 'own/q.sh': text });
    symlinkSync(join(outside, 'outside.conf'), join(cwd, 'own/link.conf'));
    writeFileSync(join(cwd, 'outside.conf'), `NAME=${SECRET}\n`);
    const checked = json(['own/q.sh'], cwd);
    expect(JSON.stringify(checked)).not.toContain(SECRET);
    expect(places(checked.assumptions)).toEqual(['own/q.sh:4', 'own/q.sh:5', 'own/q.sh:6']);
    expect(places(checked.unchecked)).toEqual(['own/q.sh:7']);
    expect(checked.record.inputs.map(({ name }) => name)).toEqual(['own/q.sh']);
  });

  it('a link that stays in the folder is followed, and --file reaches further', () => {
    const cwd = folderWith({
      'q.sh': `${FIRST}. ./link.conf\n. /etc/q.conf\ntc class add dev $DEV parent 1: classid $ID drr\n`,
    });
    writeFileSync(join(cwd, 'real.conf'), 'ID=1:1\n');
    symlinkSync('real.conf', join(cwd, 'link.conf'));
    const checked = json(['q.sh', '--file', `/etc/q.conf=${outside}/outside.conf`], cwd);
    expect(checked).toMatchObject({ unchecked: [], assumptions: [], files: [{ commands: 2 }] });
    expect(checked.record.inputs.map(({ name }) => name)).toEqual(['q.sh', 'link.conf', '/etc/q.conf']);
  });

  it("is neither the caller's environment nor this machine's files", () => {
    const asked = [
      '$CLS_FLOW_SECRET',
      '$(cat /proc/version)',
      '$(cat /sys/kernel/uevent_seqnum)',
      '$(cat /etc/hostname)',
    ];
    const text = `${FIRST}${asked.map((one) => `tc class add dev $DEV parent 1: classid 1:1 "x${one}"\n`).join('')}`;
    const checked = json(['q.sh'], folderWith({ 'q.sh': text }), { CLS_FLOW_SECRET: SECRET });
    const shown = JSON.stringify(checked);
    expect(shown).not.toContain(SECRET);
    for (const file of ['/proc/version', '/sys/kernel/uevent_seqnum', '/etc/hostname']) {
      const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
      if (text.length > 3) expect(shown).not.toContain(text);
    }
  });

  it('stays in memory', () => {
    const text = `${FIRST}echo "class add dev $DEV parent 1: classid 1:1 drr" > batch.tc\nmkdir made\ntouch made/x "$0.ran" /tmp/${SECRET}\ntc -batch batch.tc\nrm -rf q.sh batch.tc\n`;
    const cwd = folderWith({ 'q.sh': text });
    expect(json(['q.sh'], cwd)).toMatchObject({ findings: [], files: [{ commands: 2 }] });
    expect([readdirSync(cwd), existsSync(`/tmp/${SECRET}`)]).toEqual([['q.sh'], false]);
  });
});

describe('input that is no good script', () => {
  const ends = (text: string, name = 'q.sh'): { status: number | null; end: unknown; commands: number | undefined } => {
    const cwd = folderWith({ [name]: text });
    const { status, stdout } = cli(['check', '--format', 'json', name], { cwd });
    const [file] = (JSON.parse(stdout) as Checked).files;
    const { kind, line, why } = file?.ended ?? {};
    return { status, end: [kind, line, why], commands: file?.commands };
  };

  it('a syntax error has its line, and what stands before is kept', () => {
    const { status, end, commands } = ends(
      `${FIRST}tc class add dev $DEV parent 1: classid 1:1 drr\nif true; then\n tc class add dev $DEV parent 1: drr\n`,
    );
    expect(end).toEqual(['syntax', 7, expect.stringContaining("expected 'fi'")]);
    expect([status, commands]).toEqual([2, 2]);
  });

  it.each([
    ['an endless loop', 'while true; do :; done\n', 4, 'more than 2000000 steps'],
    ['a value that doubles', 'x=aaaaaaaa\nwhile true; do x=$x$x; done\n', 5, 'a text of more than 16777216 characters'],
    [
      'a list that doubles',
      'a=(1 2)\nwhile true; do a=("${a[@]}" "${a[@]}"); done\n',
      5,
      'nested too deep, or too long a text',
    ],
    ['a function that calls itself', 'f() { f; }\nf\n', 4, 'functions and shells run each other more than 200 deep'],
    ['a file that sources itself', '. ./q.sh\n', 4, 'functions and shells run each other more than 200 deep'],
    ['eval of itself', `x='eval "$x"'\neval "$x"\n`, 5, 'functions and shells run each other more than 200 deep'],
  ])('%s ends at a limit, which is named', (_, text, line, why) => {
    const { end, commands } = ends(`${FIRST.replace('add', 'replace')}${text}`);
    expect(end).toEqual(['limit', line, expect.stringContaining(why)]);
    expect(commands).toBeGreaterThan(0);
  });

  it('braces with too many words are not checked', () => {
    const cwd = folderWith({ 'q.sh': `${FIRST}for i in {1..900000}; do tc class add dev $DEV parent 1: drr; done\n` });
    expect(json(['q.sh'], cwd).unchecked).toMatchObject([{ line: 4, why: 'braces with too many words' }, { line: 4 }]);
  });

  it('a limit leaves the check incomplete', () => {
    const cwd = folderWith({ 'q.sh': `${FIRST}f() { f; }\nf\n` });
    expect(cli(['check', 'q.sh'], { cwd }).status).toBe(0);
    const { status, stdout } = cli(['check', '--strict', 'q.sh'], { cwd });
    expect([status, stdout.split('\n')[1]]).toEqual([
      3,
      'not checked, line 4: we stopped: functions and shells run each other more than 200 deep',
    ]);
  });

  it('CR LF, NUL, UTF-16, a directory and a file that cannot be read are named', () => {
    const utf16 = Buffer.from('\ufeff#!/bin/sh\ntc qdisc add dev $D root drr\n', 'utf16le');
    const files = { 'crlf.sh': FIRST.replaceAll('\n', '\r\n'), 'nul.sh': `${FIRST}echo a\0b\n`, 'utf16.sh': utf16 };
    const cwd = folderWith({ ...files, 'folder/notes.txt': 'nothing' });
    const told = (...args: string[]): string => cli(['check', ...args], { cwd }).stderr;
    expect(told('crlf.sh')).toMatch(/crlf\.sh:\d+: the line ends in CR LF/);
    expect(told('nul.sh')).toContain('nul.sh:4: a NUL byte');
    expect(told('utf16.sh')).toContain('utf16.sh: UTF-16 text');
    expect(told('folder')).toContain('folder: there is no tc script in it');
    expect(told('none.sh')).toContain('none.sh: no such file');
    expect(told('crlf.sh', '--file', '/etc/x=folder')).toMatch(/^cls-flow: .*folder.*directory/m);
  });

  it('a sourced file that is a folder or too large is not read', () => {
    const cwd = folderWith({
      'q.sh': `${FIRST}. ./folder\n. ./long.conf\n`,
      'folder/x': '',
    });
    writeFileSync(join(cwd, 'long.conf'), `A=${'a'.repeat(4096)}\n`);
    const { files, assumptions, record } = json(['q.sh', '--max-text', '2K'], cwd);
    expect([files[0]?.commands, record.inputs.length]).toEqual([1, 1]);
    expect(assumptions).toMatchObject([]);
  });
});
