import { describe, expect, it } from 'vitest';
import { cli, file, pcap, start } from './cli.ts';

const CAPTURE = file('one.pcap', pcap('udp 192.0.2.1:53 > 198.51.100.1:53'));
const MAP = ['classify', CAPTURE, '--filter', 'map key mark', '--no-flows', '--format', 'csv'];
const SCRIPT = 'tc qdisc add dev eth0 root handle 1: htb\ntc filter add dev eth0 parent 1: handle 1 flow map key src\n';
const state = file('state', '{}').replace(/$/, '.json');

/** What a file of one line too much is refused with. */
const refusal = (name: string, what: string, option: string): string =>
  `cls-flow: ${name}: more than ${what}: ${option} sets another limit\n`;

describe('a text without an end', () => {
  it('is read up to 64 MiB and no further, in little memory', async () => {
    const child = start(['check', '-']);
    const { stdin, stderr } = child;
    const piece = Buffer.from('y\n'.repeat(32 << 10));
    let said = '';
    stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
    stdin?.on('error', () => {});
    const write = (): void => {
      while (stdin?.writable && stdin.write(piece));
    };
    stdin?.on('drain', write);
    write();
    const status = await new Promise((resolve) => child.once('close', resolve));
    expect({ status, said }).toEqual({
      status: 2,
      said: refusal('standard input', '64 MiB', '--max-text SIZE'),
    });
  });

  it('needs no more address space than a Node that starts', () => {
    const args = ['check', '--max-text', '256mb', '-'];
    expect(cli(args, { input: new Uint8Array(8 << 20).fill(0x79), addressSpaceKiB: 20_000_000 }).stderr).not.toContain(
      'internal error',
    );
  });
});

describe('--max-text', () => {
  const long = file('long.tc', SCRIPT.repeat(20));
  const hex = file('hex', '1c00020008000100'.repeat(200));

  it.each([
    ['check', [long], 2],
    ['classify --script', [], 2],
    ['diff', [], 2],
  ])('is of %s', (name, args, exit) => {
    const [command = '', option] = name.split(' ');
    const words = option === undefined ? [command, ...args] : [command, CAPTURE, option, long];
    const typed = name === 'diff' ? ['diff', long, '--live', 'nosuch0'] : words;
    const { status, stdout, stderr } = cli([...typed, '--max-text', '1kb']);
    expect({ status, stdout, stderr }).toEqual({
      status: exit,
      stdout: '',
      stderr: refusal(long, '1024 bytes', '--max-text SIZE'),
    });
  });

  it.each([
    ['tc -batch', ['tc', '--max-text', '1kb', '--state', state, '-batch', long], long],
    ['tc --state', ['tc', '--max-text', '1kb', '--state', long, 'qdisc', 'show'], long],
    ['netlink decode', ['netlink', '--max-text', '1kb', 'decode', hex], hex],
    ['--expect', [...MAP, '--max-text', '1kb', '--expect', long], long],
    ['explain', ['explain', 'udp 1.1.1.1:1 > 2.2.2.2:2', '--script', long, '--max-text', '1kb'], long],
    ['classes', ['classes', '--script', long, '--max-text', '1kb'], long],
    ['compare', ['compare', CAPTURE, '--script', long, '--script', long, '--max-text', '1kb'], long],
    ['recover-seed FILE', ['recover-seed', long, '--max-text', '1kb'], long],
    [
      'recover-seed --before',
      [
        ...['recover-seed', '--filter', 'hash keys src divisor 4', '--before', long, '--after', long],
        ...['--probe', '1.1.1.1>2.2.2.2', '--max-text', '1kb'],
      ],
      long,
    ],
  ])('is of %s', (_, args, name) => {
    const { status, stderr } = cli(args);
    expect({ status, stderr }).toEqual({ status: 2, stderr: refusal(name, '1024 bytes', '--max-text SIZE') });
  });

  it('lets more be read, and is a size as tc writes them', () => {
    expect(cli(['check', long, '--max-text', '1mb']).stderr).not.toContain('--max-text');
    for (const size of ['0', '1tb', 'x', '512mb']) {
      const { status, stderr } = cli(['check', long, '--max-text', size]);
      expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining('up to 511mb expected') });
    }
  });

  it('keeps a state from growing so that nobody could read it', () => {
    const small = file('small', '').replace(/$/, '.json');
    const { status, stderr } = cli([
      'tc',
      '--max-text',
      '100',
      '--state',
      small,
      'qdisc',
      'add',
      'dev',
      'd0',
      'root',
      'sfq',
    ]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: refusal(small, '100 bytes', '--max-text SIZE') });
  });

  it('bounds one line of a table, which has no other bound of bytes', () => {
    const table = file(
      'table',
      `${`tcp 6 src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1\n`.repeat(40)}#${'x'.repeat(2000)}`,
    );
    const { status, stderr } = cli([...MAP, '--conntrack', table, '--max-text', '1kb']);
    expect(status).toBe(2);
    expect(stderr).toContain('more than 1024 bytes in line');
  });
});

describe('--max-entries', () => {
  const limited = (option: string, text: string, ...more: readonly string[]) => {
    const table = file(`table${option}`, text);
    return { table, ...cli([...MAP, option, table, '--max-entries', '2', ...more]) };
  };
  const entry = 'tcp 6 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1\n';

  it.each([
    ['--conntrack', entry],
    ['--meta', '{"packet":1,"mark":1}\n'],
    ['--ipset', 'add x 1.1.1.1\n'],
  ])('is of %s', (option, line) => {
    const begin = option === '--ipset' ? 'create x hash:ip\n' : line;
    expect(limited(option, `${begin}\n${line}\n\n`).status).toBe(0);
    const { table, status, stderr } = limited(option, `${begin}${line}${line}`);
    expect({ status, stderr }).toEqual({ status: 2, stderr: refusal(table, '2 lines', '--max-entries N') });
  });

  it('counts the elements that a range of a set is made of', () => {
    const { table, stderr } = limited('--ipset', 'create x hash:ip,port\nadd x 1.1.1.1,tcp:1-3\n');
    expect(stderr).toBe(refusal(table, '2 elements', '--max-entries N'));
  });

  it('counts the commands of a script, also on one line, and the lines of a batch', () => {
    const script = file('three.sh', 'tc qdisc show; tc qdisc show; tc qdisc show\n');
    const what = refusal(script, '2 lines and commands', '--max-entries N');
    expect(cli(['check', script, '--max-entries', '2']).stderr).toBe(what);
    const batch = file('three.tc', 'qdisc show\nqdisc show\nqdisc show\n');
    const { status, stderr } = cli(['tc', '--max-entries', '2', '--state', state, '-batch', batch]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: refusal(batch, '2 lines', '--max-entries N') });
  });
});

describe('a table', () => {
  it('skips a byte order mark and NULs, with warnings, and refuses UTF-16 by its name', () => {
    const line = '{"packet":1,"mark":7}\n';
    const meta = file('bom.jsonl', `\ufeff{"packet":2,"mark":1}\n${line.replace('mark', 'ma\0rk')}`);
    const { stdout, stderr } = cli([...MAP, '--meta', meta]);
    expect(stdout).toContain('8,1');
    expect(stderr).toContain('byte order mark (UTF-8), which is skipped');
    expect(stderr).toContain(`${meta}:2: a NUL byte: left out`);
    const wide = file('wide.jsonl', Buffer.from(line, 'utf16le'));
    expect(cli([...MAP, '--meta', wide]).stderr).toContain('UTF-16LE text, expected UTF-8');
  });

  it('is whole where a line lies across the pieces that it is read in', () => {
    const lines = Array.from({ length: 9000 }, (_, i) => `{"packet":${9000 - i},"mark":${9000 - i}}\n`);
    const { status, stdout } = cli([...MAP, '--meta', file('long.jsonl', lines.join(''))]);
    expect(status).toBe(0);
    expect(stdout).toContain(':2,1,');
  });
});
