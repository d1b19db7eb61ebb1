import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, HOUSEHOLD, pcap, start } from './cli.ts';
import { refused } from './refusing.ts';

const PACKETS = pcap('udp 192.0.2.2:1000 > 10.0.0.1:53', 'tcp 192.0.2.1:1000 > 10.0.0.2:80');
const MAP = ['--filter', 'map key dst and 0xff'];
const START = join(import.meta.dirname, '../../dist/node/cli/start.cjs');
/** The first block of pcapng, "section header". */
const PCAPNG = 0x0a0d0d0a;

/** A folder with a capture in it. */
function folder() {
  const path = mkdtempSync(join(tmpdir(), 'cls-flow-outputs-'));
  const at = (name: string): string => join(path, name);
  writeFileSync(at('in.pcap'), PACKETS);
  return { at, names: () => readdirSync(path).sort(), exported: (to: string) => exportTo(at('in.pcap'), at(to)) };
}

const exportTo = (from: string, to: string) => cli(['classify', from, ...MAP, '--export', to, '--format', 'csv']);
const isPcapng = (path: string): boolean => readFileSync(path).readUInt32LE(0) === PCAPNG;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** proc(5): the signals that a process catches, a bit each. */
function isCaught(pid: number, signal: NodeJS.Signals): boolean {
  const mask = /SigCgt:\s*(\w+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '';
  return ((BigInt(`0x${mask}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
}

describe('an output', () => {
  it('that is a pipe stays one, and its reader has the bytes', async () => {
    const { at, names, exported } = folder();
    execFileSync('mkfifo', [at('pipe')]);
    const reader = spawn('wc', ['-c', at('pipe')], { stdio: ['ignore', 'pipe', 'ignore'] });
    let counted = '';
    reader.stdout.on('data', (text) => (counted += text));
    expect(exported('pipe').status).toBe(0);
    await once(reader, 'close');
    exported('file');
    expect(counted).toBe(`${statSync(at('file')).size} ${at('pipe')}\n`);
    expect(statSync(at('pipe')).isFIFO()).toBe(true);
    expect(names()).toEqual(['file', 'in.pcap', 'pipe']);
  });

  it('that is a device takes the bytes, or says why not', () => {
    const { at } = folder();
    expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
    expect(exportTo(at('in.pcap'), '/dev/full')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: 'cls-flow: /dev/full: no space left on the device; writing failed, and only a part is there\n',
    });
    expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
  });

  it('keeps its permissions, and new ones are 644 less the umask', () => {
    const { at, exported } = folder();
    writeFileSync(at('private'), 'x');
    chmodSync(at('private'), 0o600);
    exported('private');
    exported('new');
    expect([statSync(at('private')).mode & 0o777, isPcapng(at('private'))]).toEqual([0o600, true]);
    expect(statSync(at('new')).mode & 0o777).toBe(0o666 & ~process.umask());
  });

  it('that is a symbolic link stays one', () => {
    const { at, exported } = folder();
    writeFileSync(at('real'), 'x');
    symlinkSync('real', at('link'));
    expect(exported('link').status).toBe(0);
    expect([lstatSync(at('link')).isSymbolicLink(), isPcapng(at('real'))]).toEqual([true, true]);
  });

  it('behind a chain of links, or one to nothing, is what they lead to', () => {
    const { at, names, exported } = folder();
    writeFileSync(at('real'), 'x');
    symlinkSync('real', at('one'));
    symlinkSync(at('one'), at('two'));
    symlinkSync('new', at('dangling'));
    symlinkSync('none/new', at('lost'));
    symlinkSync('loop', at('loop'));
    expect([exported('two').status, exported('dangling').status]).toEqual([0, 0]);
    expect([isPcapng(at('real')), isPcapng(at('new')), lstatSync(at('two')).isSymbolicLink()]).toEqual([
      true,
      true,
      true,
    ]);
    for (const name of ['lost', 'loop', '.', 'real/x']) expect(exported(name)).toMatchObject({ status: 1, stdout: '' });
    expect(names()).toEqual(['dangling', 'in.pcap', 'loop', 'lost', 'new', 'one', 'real', 'two']);
  });

  it('of two names keeps its other one, which is the old file', () => {
    const { at, exported } = folder();
    writeFileSync(at('out'), 'OLD');
    linkSync(at('out'), at('other'));
    exported('out');
    expect([isPcapng(at('out')), readFileSync(at('other'), 'utf8')]).toEqual([true, 'OLD']);
  });

  it('is no file that an option reads', () => {
    const { at } = folder();
    const files = {
      '--conntrack': 'tcp 6 9 src=192.0.2.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=192.0.2.1 sport=2 dport=1\n',
      '--meta': '{"packet":1,"mark":1}\n',
      '--ipset': '192.0.2.1\n',
      '--expect': '192.0.2.1 -> 1:1\n',
    };
    for (const [option, text] of Object.entries(files)) {
      writeFileSync(at('table'), text);
      const named = option === '--ipset' ? `good=${at('table')}` : at('table');
      for (const output of [
        ['--export', at('table')],
        ['--export-class', `1:1=${at('table')}`],
        ['--copies', at('table')],
      ]) {
        const { status, stderr } = cli(['classify', at('in.pcap'), ...MAP, option, named, ...output]);
        expect([status, stderr]).toEqual([2, `cls-flow: ${at('table')}: is read, and cannot be written too\n`]);
      }
      expect(readFileSync(at('table'), 'utf8')).toBe(text);
    }
  });

  it('is no pipe that is read or that the result goes to', () => {
    const { at } = folder();
    const run = (shell: string) =>
      spawnSync('sh', ['-c', shell, 'sh', process.execPath, START, at('in.pcap')], {
        encoding: 'utf8',
        timeout: 20_000,
      });
    const read = run(`cat "$3" | "$1" "$2" classify - --filter 'map key dst' --export /dev/stdin`);
    expect([read.status, read.stderr]).toEqual([2, 'cls-flow: /dev/stdin: is read, and cannot be written too\n']);
    const printed = run(`"$1" "$2" classify "$3" --filter 'map key dst' --export /dev/stdout | wc -c`);
    expect([printed.stdout.trim(), printed.stderr]).toEqual([
      '0',
      'cls-flow: /dev/stdout: is where the result is printed, and cannot be written too\n',
    ]);
  });

  it('is never an input, by whatever name', () => {
    const { at, exported } = folder();
    linkSync(at('in.pcap'), at('hard'));
    symlinkSync('in.pcap', at('soft'));
    for (const name of ['in.pcap', './in.pcap', 'hard', 'soft']) {
      const { status, stderr } = exported(name);
      expect([status, stderr]).toEqual([2, `cls-flow: ${at(name)}: is read, and cannot be written too\n`]);
    }
    expect(readFileSync(at('in.pcap'))).toEqual(Buffer.from(PACKETS));
    const script = at('a.tc');
    writeFileSync(script, 'qdisc add dev eth0 root handle 1: drr\n');
    for (const args of [
      ['classify', at('in.pcap'), '--script', script, '--copies', script],
      ['advise', at('in.pcap'), '-o', at('in.pcap')],
      ['record', '--unsafe', '-o', script, '--', 'cat', script],
    ]) {
      expect(cli(args)).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('cannot be written') });
    }
    expect(readFileSync(script, 'utf8')).toBe('qdisc add dev eth0 root handle 1: drr\n');
    const before = readFileSync(at('in.pcap'));
    const shell = `exec "$1" "$2" classify - --filter 'map key dst' --export "$3" < "$3"`;
    expect(spawnSync('sh', ['-c', shell, 'sh', process.execPath, START, at('in.pcap')]).status).toBe(2);
    expect(readFileSync(at('in.pcap'))).toEqual(before);
  });

  it('is no other output, by whatever name', () => {
    const { at, names } = folder();
    symlinkSync('new', at('link'));
    for (const second of ['new', './new', 'link']) {
      const two = ['--export', at('new'), '--export-class', `1:2=${at(second)}`];
      expect(cli(['classify', at('in.pcap'), ...MAP, ...two])).toMatchObject({ status: 2, stdout: '' });
      expect(cli(['classify', at('in.pcap'), ...MAP, '--copies', at('new'), '--export', at(second)]).status).toBe(2);
    }
    expect(names()).toEqual(['in.pcap', 'link']);
    const shell = `exec "$1" "$2" classify "$3" --filter 'map key dst' --export /dev/stdout > "$4"`;
    const printed = spawnSync('sh', ['-c', shell, 'sh', process.execPath, START, at('in.pcap'), at('printed')]);
    expect([printed.status, String(printed.stderr)]).toEqual([
      2,
      'cls-flow: /dev/stdout: is where the result is printed, and cannot be written too\n',
    ]);
  });

  it('that cannot be written ends the run and stays as it was', () => {
    const { at, names } = folder();
    writeFileSync(at('out'), 'OLD');
    const args = ['classify', HOUSEHOLD, ...MAP, '--export', at('out'), '--format', 'json'];
    const { calls } = refused(args, -1, '');
    const writes = calls.flatMap((name, at) => (name.startsWith('writeSync ') ? [at] : []));
    writeFileSync(at('out'), 'OLD');
    for (const call of [writes[0], writes[2]]) {
      expect(refused(args, call ?? -1, 'EIO')).toMatchObject({
        status: 1,
        stdout: '',
        stderr: `cls-flow: ${at('out')}: the disk reports an error; writing failed, and it is as it was\n`,
      });
    }
    expect([readFileSync(at('out'), 'utf8'), names()]).toEqual(['OLD', ['in.pcap', 'out']]);
  });

  it('stays as it was where no capture could be read', () => {
    const { at } = folder();
    writeFileSync(at('out'), 'OLD');
    for (const option of [['--export'], ['--copies']]) {
      expect(cli(['classify', at('none.pcap'), ...MAP, ...option, at('out')]).status).toBe(1);
      expect(readFileSync(at('out'), 'utf8')).toBe('OLD');
    }
  });

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGKILL'] as const)(
    'of a run that %s ends leaves nothing',
    async (signal) => {
      const { at, names, exported } = folder();
      writeFileSync(at('out'), 'OLD');
      const running = start(['classify', '-', ...MAP, '--export', at('out')]);
      running.stdin?.write(PACKETS);
      const isOpen = (): boolean => names().some((name) => name.endsWith('.tmp'));
      while (!isOpen()) await turn();
      while (signal !== 'SIGKILL' && !isCaught(running.pid ?? 0, signal)) await turn();
      running.kill(signal);
      await once(running, 'exit');
      expect(running.exitCode).toBe({ SIGTERM: 143, SIGHUP: 129, SIGINT: 130, SIGKILL: null }[signal]);
      expect(readFileSync(at('out'), 'utf8')).toBe('OLD');
      if (signal === 'SIGKILL') {
        expect(isOpen()).toBe(true);
        exported('other');
      }
      expect(names().filter((name) => name !== 'other')).toEqual(['in.pcap', 'out']);
    },
  );
});

describe('a name that check --fix makes up', () => {
  const BAD = 'filter add dev eth0 parent 1: flow hash keys src divisor 16\n';

  it('is replaced with --force only, and never if it is the script', () => {
    const { at, names } = folder();
    writeFileSync(at('a.tc'), BAD);
    chmodSync(at('a.tc'), 0o755);
    expect(cli(['check', at('a.tc'), '--fix']).stdout).toContain(`written to ${at('a.fixed.tc')}`);
    const mended = readFileSync(at('a.fixed.tc'), 'utf8');
    expect(statSync(at('a.fixed.tc')).mode & 0o777).toBe(0o755);
    writeFileSync(at('a.fixed.tc'), 'mine');
    expect(cli(['check', at('a.tc'), '--fix'])).toEqual({
      status: 2,
      stdout: '',
      stderr: `cls-flow: ${at('a.fixed.tc')}: is there already\n  --fix --force replaces it\n`,
    });
    expect(readFileSync(at('a.fixed.tc'), 'utf8')).toBe('mine');
    cli(['check', at('a.tc'), '--fix', '--force']);
    expect(readFileSync(at('a.fixed.tc'), 'utf8')).toBe(mended);
    writeFileSync(at('b.tc'), BAD);
    symlinkSync('b.tc', at('b.fixed.tc'));
    expect(cli(['check', at('b.tc'), '--fix', '--force']).status).toBe(2);
    expect(readFileSync(at('b.tc'), 'utf8')).toBe(BAD);
    expect(names()).toEqual(['a.fixed.tc', 'a.tc', 'b.fixed.tc', 'b.tc', 'in.pcap']);
    expect(cli(['check', at('a.tc'), '--force']).status).toBe(2);
  });
});

describe('a state file', () => {
  it('has all that ten writers at once wrote', async () => {
    const { at, names } = folder();
    const tc = ['tc', '--state', at('c.json')];
    cli([...tc, 'qdisc', 'add', 'dev', 'd0', 'root', 'handle', '1:', 'htb']);
    const writers = ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'a'].map(async (minor) => {
      const words = `class add dev d0 parent 1: classid 1:${minor} htb rate 1mbit`.split(' ');
      return once(start([...tc, ...words]), 'exit');
    });
    expect((await Promise.all(writers)).map(([code]) => code)).toEqual(Array(10).fill(0));
    expect(
      cli([...tc, 'class', 'show', 'dev', 'd0'])
        .stdout.trimEnd()
        .split('\n'),
    ).toHaveLength(10);
    expect(names()).toEqual(['c.json', 'in.pcap']);
  });

  it('is saved before anything is printed', () => {
    const { at } = folder();
    writeFileSync(at('a.batch'), 'qdisc add dev d0 root handle 1: htb\nqdisc show dev d0\n');
    const shell = `exec "$1" "$2" tc --state "$3" -batch "$4" > /dev/full`;
    const args = ['-c', shell, 'sh', process.execPath, START, at('s.json'), at('a.batch')];
    const { status, stderr } = spawnSync('sh', args, { encoding: 'utf8' });
    expect([status, stderr.split('\n')[1]]).toEqual([
      1,
      'cls-flow: the output could not be written: no space left on the device',
    ]);
    expect(cli(['tc', '--state', at('s.json'), 'qdisc', 'show', 'dev', 'd0']).stdout).toContain('qdisc htb 1: root');
  });

  it('whose lock a killed process has left is written, and the lock told', () => {
    const { at, names } = folder();
    const add = (device: string): string[] => [
      ...['tc', '--state', at('s.json')],
      ...['qdisc', 'add', 'dev', device, 'root', 'sfq'],
    ];
    cli(add('d0'));
    const last = refused(add('d1'), -1, '').calls.findLastIndex((call) => call.startsWith('unlinkSync '));
    // The lock of a process that could not give it back, which is gone now.
    refused(add('d2'), last, 'EIO');
    expect(names()).toEqual(['in.pcap', 's.json', 's.json.lock']);
    const after = cli(add('d3'));
    expect(after.stderr).toMatch(/^cls-flow: note: .*s\.json\.lock was left by process \d+, which is gone: removed$/m);
    expect([after.status, names()]).toEqual([0, ['in.pcap', 's.json']]);
    const made = cli(['tc', '--state', at('s.json'), 'qdisc', 'show']).stdout;
    expect(made.match(/qdisc sfq \S+ dev (d\d)/g)).toHaveLength(4);
  });
});

describe('standard output', () => {
  it('that nobody reads changes neither files nor the exit code', () => {
    const { at } = folder();
    const closed = (...args: readonly string[]) => {
      const shell = `{ "$@"; echo $? >&2; } | true`;
      return spawnSync('bash', ['-c', shell, 'bash', process.execPath, START, ...args], { encoding: 'utf8' }).stderr;
    };
    for (const [name, more] of [
      ['sums', []],
      ['packets', ['--packets']],
    ] as const) {
      expect(closed('classify', at('in.pcap'), ...MAP, ...more, '--export', at(name))).toBe('0\n');
      expect(isPcapng(at(name))).toBe(true);
    }
    writeFileSync(at('expect'), '192.0.2.2 -> 1:9\n');
    const unmet = closed('classify', at('in.pcap'), ...MAP, '--packets', '--expect', at('expect'));
    expect(unmet.trimEnd().split('\n').at(-1)).toBe('1');
    writeFileSync(at('a.tc'), 'filter add dev eth0 parent 1: flow hash keys src divisor 16\n');
    expect(closed('check', at('a.tc'), '--fix')).toBe(`${cli(['check', at('a.tc')]).status}\n`);
    expect(existsSync(at('a.fixed.tc'))).toBe(true);
  });

  it.each([['--version'], ['-V'], ['--help'], ['--version', '--help']])(
    'that takes nothing is told in a line: %s',
    (...args) => {
      const run = (redirection: string) =>
        spawnSync('bash', ['-c', `"$@" ${redirection}`, 'bash', process.execPath, START, ...args], {
          encoding: 'utf8',
        });
      const full = run('> /dev/full');
      expect(full.status).toBe(1);
      expect(full.stderr).toMatch(/^cls-flow: the output could not be written: no space left on (the )?device\n$/);
      for (const redirection of ['| true', '>&-', '2>&- > /dev/full', '<&- >&- 2>&-']) {
        expect(run(redirection).stderr, redirection).toBe('');
      }
    },
  );
});

describe('the program', () => {
  it('of which a file is missing says so in a line', () => {
    const empty = mkdtempSync(join(tmpdir(), 'cls-flow-outputs-'));
    writeFileSync(join(empty, 'start.cjs'), readFileSync(START));
    for (const args of [['--version'], ['tc', '--help']]) {
      const { status, stderr } = spawnSync(process.execPath, [join(empty, 'start.cjs'), ...args], { encoding: 'utf8' });
      expect([status, stderr.split('\n').length]).toEqual([1, 2]);
      expect(stderr).toMatch(/^cls-flow: its own files cannot be read: no such file/);
    }
  });
});

describe('a user', () => {
  const isRoot = process.getuid?.() === 0;
  /** Nobody's rights where we are root. */
  const asUser = (args: readonly string[], path: string, env: Record<string, string> = {}) =>
    spawnSync(process.execPath, [START, ...args], {
      encoding: 'utf8',
      cwd: path,
      env: { PATH: process.env.PATH, ...env },
      ...(isRoot ? { uid: 65534, gid: 65534 } : {}),
    });

  it('without rights in a folder is told so in a line that names the file', () => {
    const path = mkdtempSync(join(tmpdir(), 'cls-flow-outputs-'));
    writeFileSync(join(path, 'x.tc'), 'filter add dev eth0 parent 1: flow hash keys src divisor 16\n');
    writeFileSync(join(path, 'ok.pcap'), PACKETS);
    writeFileSync(join(path, 'there'), 'old');
    chmodSync(path, 0o555);
    for (const [name, ...args] of [
      ['x.fixed.tc', 'check', '--fix', 'x.tc'],
      ['x', 'record', '--unsafe', '-o', 'x', '--', 'true'],
      ['x', 'advise', 'ok.pcap', '-o', 'x'],
      ['there', 'classify', 'ok.pcap', ...MAP, '--export', 'there'],
      ['./x', 'tc', '--state', './x', 'qdisc', 'add', 'dev', 'd0', 'root', 'sfq'],
      ['new/x', 'tc', '--state', 'new/x', 'qdisc', 'add', 'dev', 'd0', 'root', 'sfq'],
    ] as const) {
      const { status, stderr } = asUser(args, path);
      const lines = stderr
        .trimEnd()
        .split('\n')
        .filter((line) => !/^cls-flow: (runs|tc, ip)/.test(line));
      expect([status, lines.length], `${args.join(' ')}: ${stderr}`).toEqual([1, 1]);
      expect(lines[0]).toMatch(
        new RegExp(`^cls-flow: ${name.replace('/x', '(/x)?')}: permission denied; writing failed`),
      );
    }
    expect(readdirSync(path).sort()).toEqual(['ok.pcap', 'there', 'x.tc']);
    expect(readFileSync(join(path, 'there'), 'utf8')).toBe('old');
  });

  it.runIf(isRoot)('whose home nobody knows is told to name a state file', () => {
    const path = mkdtempSync(join(tmpdir(), 'cls-flow-outputs-'));
    const run = spawnSync(process.execPath, [START, 'tc', 'qdisc', 'show'], {
      ...{ encoding: 'utf8', cwd: path, env: {}, uid: 54321, gid: 54321 },
    });
    expect([run.status, run.stderr]).toEqual([
      2,
      'cls-flow: nobody knows your home directory\n  name a state file: --state FILE\n',
    ]);
  });
});

describe('a file of commands', () => {
  it('that cannot be read is told with the reason', () => {
    const { at } = folder();
    const batch = (name: string) => cli(['tc', '--state', at('s.json'), '-batch', name]);
    expect(batch(at('none')).stderr).toBe(`Cannot open file "${at('none')}" for reading: No such file or directory\n`);
    expect(batch(at('.'))).toMatchObject({ status: 1, stderr: expect.stringContaining('is a directory') });
    const args = ['tc', '--state', at('s.json'), '-batch', '-'];
    const call = refused(args, -1, '').calls.indexOf('readSync 0');
    expect(refused(args, call, 'EIO')).toMatchObject({
      status: 1,
      stderr: 'cls-flow: standard input: the disk could not be read\n',
    });
  });
});

describe('standard input', () => {
  it.runIf(process.platform === 'linux')('that nothing comes from does not keep Ctrl-C waiting', async () => {
    const running = start(['check', '-']);
    // proc(5): a call whose first argument is descriptor 0.
    const waits = (): boolean => /^\d+ 0x0 0x/.test(readFileSync(`/proc/${running.pid}/syscall`, 'latin1'));
    while (!waits()) await turn();
    running.kill('SIGINT');
    await once(running, 'exit');
    expect(running.signalCode).toBe('SIGINT');
  });

  it('that is set to non-blocking, and empty for now, is waited for', () => {
    const { at } = folder();
    const input = Buffer.from('qdisc add dev d0 root sfq\n');
    const args = (name: string): string[] => ['tc', '--state', at(name), '-batch', '-'];
    const first = refused(args('a.json'), -1, '', input).calls.indexOf('readSync 0');
    expect(refused(args('b.json'), first, 'EAGAIN', input)).toMatchObject({ status: 0 });
    expect(cli(['tc', '--state', at('b.json'), 'qdisc', 'show', 'dev', 'd0']).stdout).toContain('sfq');
  });
});
