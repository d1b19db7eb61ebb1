import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { escapes } from '../../node/cli/record/escapes.ts';
import { readLog, transcript } from '../../node/cli/record/transcript.ts';
import { cli, file } from './cli.ts';

const MAIN = join(import.meta.dirname, '../../dist/node/cli/start.cjs');

/** An executable script whose temporary files are in a folder of its own. */
function script(name: string, text: string): { path: string; temporary: string } {
  const path = file(name, text);
  chmodSync(path, 0o755);
  return { path, temporary: mkdtempSync(join(tmpdir(), 'cls-flow-test-')) };
}

function record(name: string, text: string, args: readonly string[] = [], env: Record<string, string> = {}) {
  const { path, temporary } = script(name, text);
  const ended = cli(['record', '--', path, ...args], { env: { TMPDIR: temporary, ...env } });
  return { ...ended, left: readdirSync(temporary), path };
}

/** What tc would run. */
const commands = (stdout: string): string[] =>
  stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

const GATEWAY = `#!/bin/sh
DEV=$(ip route | awk '/^default/ { print $5 }')
modprobe ifb numifbs=1
tc qdisc add dev $DEV root handle 1: drr
for i in 1 2 3; do tc class add dev $DEV parent 1: classid 1:$i drr; done
tc filter add dev $DEV parent 1: protocol all prio 1 handle 1 flow hash keys "$1" divisor 3
`;

describe('record', () => {
  it('writes what a script with variables, loops and arguments asks of tc, and leaves nothing behind', () => {
    const { status, stdout, stderr, left } = record('gateway.sh', GATEWAY, ['src']);
    expect(commands(stdout)).toEqual([
      'qdisc add dev eth0 root handle 1: drr',
      ...[1, 2, 3].map((i) => `class add dev eth0 parent 1: classid 1:${i} drr`),
      'filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 3',
    ]);
    expect(stdout).toContain('# modprobe ifb numifbs=1\n');
    expect(stderr).toContain('5 tc commands recorded');
    expect([status, left]).toEqual([0, []]);
  });

  it('gives classify --script a tree that it can be run through', () => {
    const batch = file('gateway.tc', record('again.sh', GATEWAY, ['src']).stdout);
    const example = join(import.meta.dirname, '../../examples/household.pcapng');
    const { status, stderr } = cli(['classify', example, '--script', batch, '--format', 'json']);
    expect([status, stderr]).toEqual([0, '']);
  });

  it('removes the folder that a killed run has left', async () => {
    const { path, temporary } = script('hangs.sh', '#!/bin/sh\necho up\nread x\n');
    const env = { ...process.env, TMPDIR: temporary };
    const running = spawn(process.execPath, [MAIN, 'record', '--', path], { env, stdio: ['pipe', 'ignore', 'pipe'] });
    await new Promise((resolve) => running.stderr.on('data', (text) => String(text).includes('up\n') && resolve(null)));
    running.kill('SIGKILL');
    // Its script ends, too, as its input does.
    await new Promise((resolve) => running.once('close', resolve));
    expect(readdirSync(temporary)).toHaveLength(1);
    expect(cli(['record', '--', 'true'], { env: { TMPDIR: temporary } }).status).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
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

  it('reports tools called by absolute path and a PATH of its own, with the line', () => {
    const text = '#!/bin/sh\nif false; then /sbin/tc qdisc add dev x root sfq; fi\nPATH=/bin:/usr/bin\n';
    const { stderr, path } = record('absolute.sh', text);
    expect(stderr).toContain(`${path}:2: not recorded: /sbin/tc\n`);
    expect(stderr).toContain(`${path}:3: not recorded: a PATH of its own\n`);
  });

  it('works without unshare, and says that nothing else holds the script', () => {
    const text = '#!/bin/sh\ntc qdisc add dev x root sfq\n';
    const { status, stdout, stderr } = record('plain.sh', text, [], { PATH: '/nonexistent' });
    expect([status, commands(stdout)]).toEqual([0, ['qdisc add dev x root sfq']]);
    expect(stderr).toContain('no "unshare -rn" here');
  });

  it('writes to a file with -o, and keeps the script away from standard output', () => {
    const { path } = script('noisy.sh', '#!/bin/sh\necho noise\ntc qdisc add dev x root sfq\n');
    const target = file('noisy.tc', '');
    const { stdout, stderr } = cli(['record', '-o', target, '--', path]);
    expect(stdout).toBe('');
    expect(stderr).toContain('noise\n');
    expect(commands(readFileSync(target, 'utf8'))).toEqual(['qdisc add dev x root sfq']);
  });

  it('says what to do about a script that is not executable, or not there', () => {
    const path = file('not-executable.sh', 'tc qdisc add dev x root sfq\n');
    chmodSync(path, 0o644);
    expect(cli(['record', '--', path])).toMatchObject({ status: 2, stdout: '' });
    expect(cli(['record', '--', path]).stderr).toContain(`cls-flow record -- sh ${path}`);
    expect(cli(['record', '--', './no-such-file.sh']).status).toBe(1);
  });

  it('takes the script and its children with it when interrupted, and leaves no folder', async () => {
    const { path, temporary } = script('forever.sh', '#!/bin/sh\nsleep 600 &\necho "child $!" >&2\nwait\n');
    mkdirSync(join(temporary, 'home'));
    const child = spawn(process.execPath, [MAIN, 'record', '--', path], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: temporary },
    });
    let stderr = '';
    const sleeper = new Promise<number>((resolve) => {
      child.stderr.on('data', (chunk) => {
        stderr += chunk;
        const [, pid] = /child (\d+)/.exec(stderr) ?? [];
        if (pid !== undefined) resolve(Number(pid));
      });
    });
    const pid = await sleeper;
    const code = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    expect(await code).toBe(130);
    expect(readdirSync(temporary)).toEqual(['home']);
    await expect.poll(() => isRunning(pid)).toBe(false);
  });
});

/** A zombie whose parent is gone does not run. */
function isRunning(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  if (!existsSync(stat)) return false;
  return !['Z', 'X'].includes(readFileSync(stat, 'utf8').split(') ')[1]?.[0] ?? 'X');
}

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

describe('what escapes the stand-ins', () => {
  it.each([
    ['/sbin/tc qdisc', ['/sbin/tc']],
    ['TC=/usr/sbin/tc; IPT="/usr/sbin/iptables"', ['/usr/sbin/tc', '/usr/sbin/iptables']],
    ['# /sbin/tc', []],
    ['cat /etc/tc.conf /proc/net/ip_tables_names', []],
    ['export PATH=$PATH:/sbin', []],
    ['PATH="$PATH:/sbin" tc', []],
    ['PATH=/sbin:$PATH', ['a PATH of its own']],
  ])('is told of %s', (line, expected) => {
    expect(escapes(line).map(({ what }) => what)).toEqual(expected);
  });
});
