import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { escapes } from '../../node/cli/record/escapes.ts';
import { transcriptOf } from '../../node/cli/record/simulated.ts';
import { readLog, transcript } from '../../node/cli/record/transcript.ts';
import type { SourcePlace } from '../../src/shell/simulated.ts';
import { cli, file } from './cli.ts';

const MAIN = join(import.meta.dirname, '../../dist/node/cli/start.cjs');

/** Why nothing can be run in namespaces here; '': it can. */
const NOT_ISOLATED =
  cli(['record', '--run', '--', 'true']).status === 0 ? '' : ' (skipped: no namespaces or no overlay here)';

const NOBODY = 65_534;

/** Root can try what a user may do: not everywhere may they mount anything in a namespace of theirs. */
const USER_MAY_MOUNT =
  process.geteuid?.() === 0 &&
  spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/sys'], { uid: NOBODY, gid: NOBODY }).status === 0;

/** An executable script whose temporary files are in a folder of its own. */
function script(name: string, text: string): { path: string; temporary: string } {
  const path = file(name, text);
  chmodSync(path, 0o755);
  return { path, temporary: mkdtempSync(join(tmpdir(), 'cls-flow-test-')) };
}

interface Given {
  readonly how?: '--run' | '--unsafe';
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

function record(name: string, text: string, { how = '--run', args = [], env = {} }: Given = {}) {
  const { path, temporary } = script(name, text);
  const ended = cli(['record', how, '--', path, ...args], { env: { TMPDIR: temporary, ...env } });
  return { ...ended, left: readdirSync(temporary), path };
}

/** What tc would run. */
const commands = (stdout: string): string[] =>
  stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

/** A recorder whose script has said "up", or has said it and hangs. */
async function running(path: string, how: string, env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, 'record', how, '--', path], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  await new Promise((resolve) => child.stderr?.on('data', (text) => String(text).includes('up\n') && resolve(null)));
  return child;
}

/** It is closed when nobody holds its standard error any more: no process of the script. */
const closed = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once('close', (code) => resolve(code)));

const GATEWAY = `#!/bin/sh
DEV=$(ip route | awk '/^default/ { print $5 }')
modprobe ifb numifbs=1
tc qdisc add dev $DEV root handle 1: drr
for i in 1 2 3; do tc class add dev $DEV parent 1: classid 1:$i drr; done
tc filter add dev $DEV parent 1: protocol all prio 1 handle 1 flow hash keys "$1" divisor 3
`;

describe.skipIf(NOT_ISOLATED !== '')(`record --run${NOT_ISOLATED}`, () => {
  it('writes what a script with variables, loops and arguments asks of tc, and leaves nothing behind', () => {
    const { status, stdout, stderr, left } = record('gateway.sh', GATEWAY, { args: ['src'] });
    expect(commands(stdout)).toEqual([
      'qdisc add dev eth0 root handle 1: drr',
      ...[1, 2, 3].map((i) => `class add dev eth0 parent 1: classid 1:${i} drr`),
      'filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 3',
    ]);
    expect(stdout).toContain('# modprobe ifb numifbs=1\n');
    expect(stderr).toContain('5 tc commands recorded');
    expect(stderr).not.toContain('not recorded');
    expect([status, left]).toEqual([0, []]);
  });

  it('gives classify --script a tree that it can be run through', () => {
    const batch = file('gateway.tc', record('again.sh', GATEWAY, { args: ['src'] }).stdout);
    const example = join(import.meta.dirname, '../../examples/household.pcapng');
    const { status, stderr } = cli(['classify', example, '--script', batch, '--format', 'json']);
    expect([status, stderr]).toEqual([0, '']);
  });

  it('records tc by whatever way it is called', () => {
    const words = [
      '/sbin/tc',
      '/usr/sbin/tc',
      'D=/usr/sbin; $D/tc',
      'command -p tc',
      'env -i tc',
      `env -i /bin/sh -c 'tc "$@"' sh`,
      'PATH=/sbin:/usr/sbin:/bin:/usr/bin tc',
      'sudo -u root env PATH=/usr/sbin:/bin tc',
      'xargs </dev/null tc',
      ...(existsSync('/bin/bash') ? [`bash -lc 'tc "$@"' bash`] : []),
      'export PATH="/usr/sbin:$PATH"; tc',
    ];
    const lines = words.map((way, index) => `${way} qdisc add dev d${index} root sfq`);
    const { stdout } = record('ways.sh', `#!/bin/sh\n${lines.join('\n')}\n`);
    expect(commands(stdout)).toEqual(words.map((_, index) => `qdisc add dev d${index} root sfq`));
  });

  it('records a tc of a folder that the script names', () => {
    const { path, temporary } = script('tc', '#!/bin/sh\necho really run >&2\n');
    const text = `#!/bin/sh\n${path} qdisc add dev x root sfq\n(PATH=${dirname(path)}; tc qdisc add dev y root sfq)\n`;
    const { stdout, stderr } = record('named.sh', text, { env: { TMPDIR: temporary } });
    expect(commands(stdout)).toEqual(['qdisc add dev x root sfq', 'qdisc add dev y root sfq']);
    expect(stderr).not.toContain('really run');
  });

  const tc = ['/sbin/tc', '/usr/sbin/tc', '/usr/bin/tc'].find((path) => existsSync(path));
  it.runIf(tc !== undefined && process.geteuid?.() === 0)('tells what a real tc did that was not recorded', () => {
    const { path, temporary } = script('other-name', '');
    copyFileSync(tc ?? '', path);
    const host = readlinkSync('/proc/self/ns/net');
    const text = `#!/bin/sh\n[ "$(readlink /proc/self/ns/net)" != '${host}' ] || exit 9\n${path} qdisc add dev lo root handle 7: pfifo\n`;
    const { status, stdout, stderr } = record('other.sh', text, { env: { TMPDIR: temporary } });
    expect([status, commands(stdout)]).toEqual([0, []]);
    expect(stderr).toMatch(/^cls-flow: not recorded, but done in the namespaces: qdisc pfifo 7: .*$/m);
    expect(stderr.match(/not recorded/g)).toHaveLength(1);
  });

  it('throws away what the script writes, and hides processes, disks and settings of the host', () => {
    const { path, temporary } = script('writes.sh', '');
    const text = `#!/bin/sh
echo x > '${path}.new' && cat '${path}.new' >&2
rm '${path}' && [ ! -e '${path}' ] && echo removed >&2
kill -0 ${process.pid} 2>/dev/null || echo alone >&2
for node in /dev/* /sys/power/state; do [ ! -b "$node" ] || echo "disk $node" >&2; done
for setting in /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/hostname /sys/class/net/lo/tx_queue_len; do
  (cat "$setting" > "$setting") 2> /dev/null && echo "set $setting" >&2
done
umount /proc 2> /dev/null && echo unmounted >&2
mknod "$TMPDIR/node" b 7 0 2> /dev/null && echo node >&2
chmod 666 /dev/null 2> /dev/null && echo changed >&2
rm -rf "$TMPDIR"/* 2> /dev/null
tc qdisc add dev x root sfq
`;
    const { status, stderr, stdout } = record('writes.sh', text, { env: { TMPDIR: temporary } });
    const said = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('cls-flow: '));
    expect([status, said]).toEqual([0, ['x', 'removed', 'alone']]);
    expect(commands(stdout)).toEqual(['qdisc add dev x root sfq']);
    expect([existsSync(path), existsSync(`${path}.new`), readdirSync(temporary)]).toEqual([true, false, []]);
  });

  it.runIf(USER_MAY_MOUNT)('is for users, too: root by name, and the files of others stay as they are', () => {
    const { path, temporary } = script('user.sh', '');
    for (const folder of [dirname(path), temporary]) chmodSync(folder, 0o755);
    chownSync(temporary, NOBODY, NOBODY);
    const text = `#!/bin/sh
id -u >&2
/sbin/tc qdisc add dev x root sfq
(echo x >> '${path}') 2> /dev/null && echo changed >&2
echo x > "$TMPDIR/new" && cat "$TMPDIR/new" >&2
`;
    writeFileSync(path, text);
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'record', '--run', '--', path], {
      ...{ encoding: 'utf8', cwd: temporary, env: { PATH: '/usr/bin:/bin', TMPDIR: temporary } },
      ...{ uid: NOBODY, gid: NOBODY },
    });
    const said = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('cls-flow: '));
    expect([status, said, commands(stdout)]).toEqual([0, ['0', 'x'], ['qdisc add dev x root sfq']]);
    expect([readFileSync(path, 'utf8'), readdirSync(temporary)]).toEqual([text, []]);
  });

  it('quirk 77: finds another machine: no device but lo, though the stand-in of ip tells of one', () => {
    const { stderr } = record('devices.sh', '#!/bin/sh\nls /sys/class/net >&2\nip -o link | cut -d: -f2 >&2\n');
    const said = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('cls-flow: '));
    expect(said.slice(0, 2)).toEqual(['lo', ' eth0']);
  });

  it('works in a folder that only the user may enter, and with names that a shell would take apart', () => {
    const { path, temporary } = script('odd.sh', '#!/bin/sh\npwd >&2\nls >&2\n');
    const odd = join(temporary, `it's "$(odd)" \\ a,b:c`);
    mkdirSync(odd, { mode: 0o700 });
    const { stderr, status } = cli(['record', '--run', '--', path], { cwd: odd, env: { TMPDIR: odd } });
    expect(stderr).toContain(`\n${odd}\n`);
    expect([status, readdirSync(odd)]).toEqual([0, []]);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'takes everything with it that the script started, by %s',
    async (signal) => {
      const { path, temporary } = script('hangs.sh', '#!/bin/sh\nsetsid sleep 600 &\necho up >&2\nsleep 600\n');
      const child = await running(path, '--run', { TMPDIR: temporary });
      child.kill(signal);
      await closed(child);
      if (signal !== 'SIGKILL') expect(readdirSync(temporary)).toEqual([]);
      expect(cli(['record', '--run', '--', 'true'], { env: { TMPDIR: temporary } }).status).toBe(0);
      expect(readdirSync(temporary)).toEqual([]);
    },
  );

  it('ends what the script has left in the background', () => {
    // Otherwise this would wait for as long: it holds the standard error.
    const { stderr } = record('background.sh', '#!/bin/sh\nsetsid sleep 600 &\n');
    expect(stderr).toContain('exit code 0');
  });

  it('writes what would act on a terminal as a comment, in escapes, and says so', () => {
    const text = `#!/bin/sh
tc qdisc add dev "$(printf 'x\\033[31m')" root sfq
tc qdisc add dev "$(printf 'x\\302\\255')" root sfq
printf 'qdisc add dev y\\033[2J root sfq\\r\\nqdisc add dev\\teth0 root sfq\\r\\n' | tc -batch -
ip link add "$(printf '\\033]8;;')"
`;
    const { stdout, stderr } = record('escapes.sh', text);
    expect(commands(stdout)).toEqual(['qdisc add dev\teth0 root sfq']);
    expect(stdout).toContain('# cannot stand in a batch file: tc qdisc add dev x\\x1b[31m root sfq\n');
    expect(stdout).toContain('# cannot stand in a batch file: tc qdisc add dev x\\xad root sfq\n');
    expect(stdout).toContain('# cannot stand in a batch file: qdisc add dev y\\x1b[2J root sfq');
    expect(stdout).toContain('# ip link add \\x1b]8;;\n');
    expect(stderr).toContain('1 tc command recorded');
    expect(stderr).toContain('3 tc commands cannot stand in a batch file');
    expect(stdout + stderr).not.toMatch(/[\p{Cc}\p{Cf}](?<![\n\t])/u);
  });

  it('keeps words as they are: blanks and quotes are quoted as tc reads them', () => {
    const { stdout } = record('words.sh', `#!/bin/sh\ntc filter add dev 'a b' "it's" '"x' '' plain$'y'\n`);
    expect(commands(stdout)).toEqual([`filter add dev "a b" it's '"x' "" plain$y`]);
  });

  it('takes what -batch reads from a file and from standard input, and what sudo runs', () => {
    const text = `#!/bin/sh
f=$(mktemp); echo 'qdisc add dev x root sfq' > "$f"; tc -batch "$f"; rm "$f"
printf 'qdisc add dev y root sfq\\n# why\\nqdisc add dev z root sfq\\n' | tc -force -b -
sudo -n tc qdisc add dev w root sfq
`;
    const expected = ['x', 'y', 'z', 'w'].map((dev) => `qdisc add dev ${dev} root sfq`);
    expect(commands(record('batch.sh', text).stdout)).toEqual(expected);
  });

  it('makes comments of questions and of other network namespaces', () => {
    const text = '#!/bin/sh\ntc -s qdisc show dev x\nip netns exec blue tc qdisc add dev x root sfq\n';
    const { stdout, stderr } = record('namespace.sh', text);
    expect(commands(stdout)).toEqual([]);
    expect(stdout).toContain('# in network namespace blue: tc qdisc add dev x root sfq\n');
    expect(stderr).toContain('1 tc command of other network namespaces');
  });

  it('tells the exit code of the script and fails with it, but writes what was asked until then', () => {
    const { status, stdout, stderr } = record('fails.sh', '#!/bin/sh\ntc qdisc add dev x root sfq\nexit 3\n');
    expect([status, commands(stdout)]).toEqual([1, ['qdisc add dev x root sfq']]);
    expect(stderr).toContain('exit code 3');
  });

  it('gives the variables of --env, whatever their names are', () => {
    const text = '#!/bin/sh\ntc qdisc add dev "$device" root handle "$status" $tools\n';
    const { path } = script('env.sh', text);
    const env = ['device=eth7', 'status=7:', 'tools=sfq'].flatMap((one) => ['--env', one]);
    expect(commands(cli(['record', '--run', ...env, '--', path]).stdout)).toEqual([
      'qdisc add dev eth7 root handle 7: sfq',
    ]);
  });

  it('writes to a file with -o, and keeps the script away from standard output', () => {
    const { path } = script('noisy.sh', '#!/bin/sh\necho noise\ntc qdisc add dev x root sfq\n');
    const target = file('noisy.tc', '');
    const { stdout, stderr } = cli(['record', '--run', '-o', target, '--', path]);
    expect(stdout).toBe('');
    expect(stderr).toContain('noise\n');
    expect(commands(readFileSync(target, 'utf8'))).toEqual(['qdisc add dev x root sfq']);
  });
});

describe('record --run where there are no namespaces', () => {
  const ALONE = { PATH: '/nonexistent' };

  it('refuses in a line with the reason and the ways out, runs nothing and writes nothing', () => {
    const { path, temporary } = script('refused.sh', '#!/bin/sh\necho ran >&2\n');
    const target = file('refused.tc', 'old');
    const env = { ...ALONE, TMPDIR: temporary };
    const { status, stdout, stderr } = cli(['record', '--run', '-o', target, '--', path], { env });
    expect([status, stdout, readFileSync(target, 'utf8'), readdirSync(temporary)]).toEqual([1, '', 'old', []]);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
      /^cls-flow: not run, as it cannot be isolated here \(setpriv, of util-linux: .+\); without --run it is simulated, --unsafe runs it on this host$/,
    );
    expect(stderr).not.toContain('ran\n');
  });

  it.runIf(process.geteuid?.() === 0 && existsSync('/usr/bin/setpriv'))('names what the system said', () => {
    const { path } = script('denied.sh', '#!/bin/sh\necho ran >&2\n');
    const env = { PATH: process.env.PATH ?? '', TMPDIR: dirname(path) };
    const words = ['--bounding-set=-sys_admin', process.execPath, MAIN, 'record', '--run', '--', path];
    const child = spawn('setpriv', words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    return closed(child).then((code) => {
      expect(code).toBe(1);
      expect(stderr).toContain('(unshare: unshare failed: Operation not permitted)');
      expect(stderr).not.toContain('ran\n');
    });
  });

  it('runs with --unsafe, and says that nothing else holds the script', () => {
    const text = '#!/bin/sh\ntc qdisc add dev x root sfq\n';
    const { status, stdout, stderr } = record('plain.sh', text, { how: '--unsafe', env: ALONE });
    expect([status, commands(stdout)]).toEqual([0, ['qdisc add dev x root sfq']]);
    expect(stderr).toContain('no "unshare -rn" here');
  });
});

describe('record --unsafe', () => {
  it('writes what a script asks of the stand-ins in PATH, and leaves nothing behind', () => {
    const { status, stdout, left } = record('gateway.sh', GATEWAY, { how: '--unsafe', args: ['src'] });
    expect([status, commands(stdout).length, left]).toEqual([0, 5, []]);
  });

  it('removes the folder that a killed run has left', async () => {
    const { path, temporary } = script('hangs.sh', '#!/bin/sh\necho up\nread x\n');
    const child = await running(path, '--unsafe', { TMPDIR: temporary });
    child.kill('SIGKILL');
    // Its script ends, too, as its input does.
    await closed(child);
    expect(readdirSync(temporary)).toHaveLength(1);
    expect(cli(['record', '--unsafe', '--', 'true'], { env: { TMPDIR: temporary } }).status).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('reports tools called by absolute path and a PATH of its own, with the line', () => {
    const text = '#!/bin/sh\nif false; then /sbin/tc qdisc add dev x root sfq; fi\nPATH=/bin:/usr/bin\n';
    const { stderr, path } = record('absolute.sh', text, { how: '--unsafe' });
    expect(stderr).toContain(`${path}:2: not recorded: /sbin/tc\n`);
    expect(stderr).toContain(`${path}:3: not recorded: a PATH of its own\n`);
  });

  it('takes the script and its children with it when interrupted, and leaves no folder', async () => {
    const { path, temporary } = script('forever.sh', '#!/bin/sh\nsleep 600 &\necho up >&2\nwait\n');
    mkdirSync(join(temporary, 'home'));
    const child = await running(path, '--unsafe', { TMPDIR: temporary });
    child.kill('SIGINT');
    expect(await closed(child)).toBe(130);
    expect(readdirSync(temporary)).toEqual(['home']);
  });

  it('gives the variables of --env, but for PATH; --file goes with none that is run', () => {
    const { path } = script('env.sh', '#!/bin/sh\ntc qdisc add dev "$DEV" root sfq\n');
    const how = ['record', '--unsafe'];
    expect(commands(cli([...how, '--env', 'DEV=eth7', '--', path]).stdout)).toEqual(['qdisc add dev eth7 root sfq']);
    expect(cli([...how, '--env', 'PATH=/bin', '--', path])).toEqual({
      status: 2,
      stdout: '',
      stderr: 'cls-flow: --env PATH: the stand-ins must be found first: not with --run and --unsafe\n',
    });
    expect(cli([...how, '--file', `/etc/qos=${path}`, '--', path])).toEqual({
      status: 2,
      stdout: '',
      stderr: 'cls-flow: --file: a script that is run reads its own files: not with --unsafe\n',
    });
  });

  it('says how the script of this folder is called', () => {
    const { path } = script('hosts-of-this-test.sh', '#!/bin/sh\n');
    const cwd = dirname(path);
    expect(cli(['record', '--run', 'hosts-of-this-test.sh'], { cwd })).toEqual({
      status: 1,
      stdout: '',
      stderr: 'cls-flow: hosts-of-this-test.sh: no such command; for the file here write ./hosts-of-this-test.sh\n',
    });
    expect(cli(['record', '--run', 'none-of-this-test.sh'], { cwd }).stderr).toBe(
      'cls-flow: none-of-this-test.sh: no such command\n',
    );
  });

  it('says what to do about a script that is not executable, or not there', () => {
    const path = file('not-executable.sh', 'tc qdisc add dev x root sfq\n');
    chmodSync(path, 0o644);
    for (const how of ['--run', '--unsafe']) {
      expect(cli(['record', how, '--', path])).toMatchObject({ status: 2, stdout: '' });
      expect(cli(['record', how, '--', path]).stderr).toContain(`cls-flow record ${how} -- sh ${path}`);
      expect(cli(['record', how, '--', './no-such-file.sh']).status).toBe(1);
    }
  });
});

/** Which commands a real bash (5.2) runs was looked at with `tc() { echo "$@"; }` in front. */
describe('record of a script that ends early', () => {
  const ROOT = 'qdisc add dev eth0 root handle 1: drr';
  const CLASS = 'class add dev eth0 parent 1: classid 1:1 drr';
  it.each([
    ['a missing variable', `tc ${ROOT}\n: "\${RATE:?set it}"\ntc ${CLASS}\n`, 'it ends at line 3: RATE: set it'],
    ['set -e', `set -e\ntc ${ROOT}\nfalse\ntc ${CLASS}\n`, 'it ends at line 4: '],
    ['an error in the same line', `tc ${ROOT}\ntc ${CLASS}; )\n`, 'it ends at line 3: syntax error: '],
  ])('holds what is run until then: %s', (_, text, why) => {
    const { status, stdout, stderr } = cli(['record', file('early.sh', `#!/bin/bash\n${text}`)]);
    expect([status, commands(stdout)]).toEqual([1, [ROOT]]);
    expect(stderr).toContain(`cls-flow: failed: ${why}`);
    const [, behind = ''] = stdout.split(/^# .*: the script ends here: .*$/m);
    expect(behind).toContain(`# not reached: tc ${CLASS}\n`);
    expect(stderr).toContain('1 tc command behind the end of the script: comments only');
  });

  it('holds nothing of a command that is not closed', () => {
    const path = file('open.sh', `#!/bin/bash\ntc ${ROOT}\nif true; then\n  tc ${CLASS}\n`);
    const { status, stdout, stderr } = cli(['record', path]);
    expect([status, commands(stdout)]).toEqual([1, [ROOT]]);
    expect(stderr).toContain('cls-flow: failed: it ends at line 5: syntax error: ');
  });

  it('fails by the exit code of the script, too', () => {
    const path = file('exits.sh', `#!/bin/sh\ntc ${ROOT}\necho no bandwidth\nexit 3\n`);
    const { status, stdout, stderr } = cli(['record', path]);
    expect([status, commands(stdout)]).toEqual([1, [ROOT]]);
    expect(stderr).toContain('cls-flow: failed: it ends with exit 3 at line 4 and prints "no bandwidth"\n');
    expect(cli(['record', file('ends.sh', `#!/bin/sh\ntc ${ROOT}\nexit 0\n`)]).status).toBe(0);
  });
});

describe('the batch file of a simulated script', () => {
  const place: SourcePlace = { file: 'qos.sh', line: 12, column: 1, endLine: 12, endColumn: 9, from: 90, to: 98 };
  const asked = (line: string) => ({
    ...{ tool: 'tc', netns: '', place, loops: [{ name: 'i', value: '1' }], mayFail: false, exit: 0 },
    words: line.split(' ').map((text) => ({ text, place: null, literal: false })),
  });

  it('is what check takes', () => {
    const { text } = transcriptOf({
      ...{
        texts: new Map([['qos.sh', '']]),
        notes: [],
        unreached: [],
        args: [],
        exit: null,
        said: '',
        triedStart: false,
        ended: null,
      },
      commands: ['qdisc add dev eth0 root handle 1: drr', 'class add dev eth0 parent 1: classid 1:1 drr'].map(asked),
      assumptions: [{ place, question: '[ -f /etc/qos.conf ]', answer: 'no' }],
      unchecked: [{ place, why: 'its words are not known' }],
    });
    const path = file('simulated.tc', text);
    const { status, stdout, stderr } = cli(['check', path]);
    expect([status, stdout, stderr]).toEqual([0, `${path}: nothing found in 2 tc commands\n`, '']);
  });
});

describe('the log of the stand-ins', () => {
  it('is read record by record, and an unfinished last one is left out', () => {
    const log = 'tc\0\0\x002\0qdisc\0show\0ip\0blue\0\x001\0link\0tc\0\0\x003\0qdisc\0ad';
    expect(readLog(log)).toEqual([
      { tool: 'tc', netns: '', input: '', args: ['qdisc', 'show'] },
      { tool: 'ip', netns: 'blue', input: '', args: ['link'] },
    ]);
  });

  it('holds no command that a batch line would change', () => {
    const call = (...args: string[]) => ({ tool: 'tc', netns: '', input: '', args });
    const calls = [call('qdisc', 'add', 'a#b'), call('qdisc', 'add', 'a\nqdisc del'), call('qdisc', 'add', `' "`)];
    const { text, commands: written, unwritable } = transcript(calls, 'x\ny');
    expect([written, unwritable]).toEqual([0, 3]);
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  });
});

describe('what escapes the stand-ins in PATH', () => {
  it.each([
    ['/sbin/tc qdisc', ['/sbin/tc'], ['/sbin/']],
    ['TC=/usr/sbin/tc; IPT="/usr/sbin/iptables"', ['/usr/sbin/tc', '/usr/sbin/iptables'], ['/usr/sbin/', '/usr/sbin/']],
    ['# /sbin/tc', [], []],
    ['cat /etc/tc.conf /proc/net/ip_tables_names', [], []],
    ['export PATH=$PATH:/sbin', [], []],
    ['PATH="$PATH:/sbin" tc', [], []],
    ['PATH=/sbin:$PATH', ['a PATH of its own'], ['/sbin']],
    ['export PATH="/opt/a-b/bin:/sbin"; cd /tmp', ['a PATH of its own'], ['/opt/a-b/bin', '/sbin']],
  ])('is told of %s', (line, expected, folders) => {
    const found = escapes(line);
    expect(found.map(({ what }) => what)).toEqual(expected);
    expect(found.flatMap((one) => one.folders)).toEqual(folders);
  });
});
