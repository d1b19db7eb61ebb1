import { describe, expect, test } from 'vitest';
import { createEnv } from '../env.ts';
import { ERAS } from '../era.ts';
import { Netns } from '../kernel/index.ts';
import { shellWords } from '../lang/index.ts';
import { hexOf } from '../netlink/index.ts';
import { Listener, runTc, type Transport } from './index.ts';

/** lo and eth0, with an htb whose handle is 1:. */
function kernel(): Transport {
  const devices = [
    { name: 'lo', ifindex: 1 },
    { name: 'eth0', ifindex: 2 },
  ];
  const netns = new Netns({ env: createEnv({ era: ERAS['6.1'], seed: 0 }), devices });
  const transport: Transport = {
    request: (datagram) => netns.request(datagram),
    links: {
      index: (name) => devices.find((device) => device.name === name)?.ifindex ?? 0,
      name: (index) => devices.find((device) => device.ifindex === index)?.name ?? null,
    },
  };
  runTc(shellWords('qdisc add dev eth0 root handle 1: htb'), { transport });
  return transport;
}

const tc = (transport: Transport, line: string, batch = '') =>
  runTc(shellWords(line), { transport, readBatch: () => batch });

// Expectations are what iproute2 6.1.0 printed on Linux 6.1.192, or without a kernel where none is asked.
describe('one command of tc', () => {
  test('shows what was added, header line first', () => {
    const t = kernel();
    expect(
      tc(t, 'filter add dev eth0 parent 1: prio 1 protocol ip handle 1 flow hash keys src,dst perturb 10 divisor 1024'),
    ).toMatchObject({
      stdout: '',
      stderr: '',
      exit: 0,
    });
    const header = 'filter parent 1: protocol ip pref 1 flow chain 0 ';
    expect(tc(t, 'filter show dev eth0').stdout).toBe(
      `${header}\n${header}handle 0x1 hash keys src,dst divisor 1024 baseclass 1:1 perturb 10sec \n`,
    );
  });

  test('leaves out what was asked for', () => {
    const t = kernel();
    tc(t, 'filter add dev eth0 parent 1: prio 1 protocol ip handle 1 flow map key dst');
    expect(tc(t, 'filter show dev eth0 parent 1: prio 1 protocol ip chain 0').stdout).toBe(
      'filter flow \nfilter flow handle 0x1 map keys dst baseclass 1:1 \n',
    );
  });

  test('repeats what the kernel says, and exits with 2', () => {
    const t = kernel();
    tc(t, 'filter add dev eth0 parent 1: prio 1 protocol ip handle 1 flow map key dst');
    expect(tc(t, 'filter add dev eth0 parent 1: prio 1 protocol ip handle 1 flow map key dst')).toMatchObject({
      stdout: '',
      stderr: 'Error: Filter already exists.\nWe have an error talking to the kernel\n',
      exit: 2,
    });
    expect(tc(t, 'filter add dev eth0 parent 1: prio 1 protocol ip flow map key dst').stderr).toBe(
      'RTNETLINK answers: Invalid argument\nWe have an error talking to the kernel\n',
    );
  });

  test.each([
    ['-Q', 'Option "-Q" is unknown, try "tc -help".\n', 255],
    ['foo', 'Object "foo" is unknown, try "tc help".\n', 255],
    ['qdisc foo', 'Command "foo" is unknown, try "tc qdisc help".\n', 255],
    ['qdisc add dev lo root handle', 'Command line is not complete. Try option "help"\n', 255],
    ['class add dev lo handle 1:1 htb', 'Error: try "classid" instead of "handle"\n', 255],
    ['qdisc show dev nosuch', 'Cannot find device "nosuch"\n', 1],
    ['qdisc add dev lo root nosuchq', 'Error: Specified qdisc kind is unknown.\n', 2],
    ['qdisc add dev lo root nosuchq x', 'Unknown qdisc "nosuchq", hence option "x" is unparsable\n', 1],
    ['class add dev lo parent 1: classid 1:1 pfifo', 'Error: Qdisc "pfifo" is classless.\n', 1],
    ['qdisc del dev lo root', 'Error: Cannot delete qdisc with handle of zero.\n', 2],
    ['filter show dev nosuch x', ' What is "x"? Try "tc filter help"\n', 255],
    ['filter show dev lo chain x', 'Error: argument "x" is wrong: invalid chain index value\n', 255],
  ])('%s', (line, stderr, exit) => {
    expect(tc(kernel(), line)).toMatchObject({ stdout: '', stderr, exit });
  });

  test('JSON is valid', () => {
    const t = kernel();
    tc(t, 'filter add dev eth0 parent 1: prio 1 handle 1 flow map key dst and 0xff');
    const [, filter] = JSON.parse(tc(t, '-j filter show dev eth0').stdout);
    expect(filter.options).toEqual({ handle: '0x1', mode: 'map', keys: ['dst'], and: '0xff', baseclass: '1:1' });
  });
});

describe('a batch', () => {
  test('stops at the first command that fails, and says which', () => {
    const batch = 'filter add dev eth0 parent 9: flow map key dst\nfilter show dev eth0\n';
    expect(tc(kernel(), '-batch file', batch)).toMatchObject({
      stdout: '',
      stderr: "Error: Parent Qdisc doesn't exists.\nWe have an error talking to the kernel\nCommand failed file:1\n",
      exit: 1,
    });
  });

  test('goes on with -force, and still exits with 1', () => {
    const batch = 'filter add dev eth0 parent 9: flow map key dst\nqdisc show dev lo\n';
    const answer = tc(kernel(), '-force -batch file', batch);
    expect(answer.exit).toBe(1);
    expect(answer.stdout).toContain('qdisc noqueue 0: root');
  });

  test('classes of qfq weigh 65536 together at most: what changed or went is taken off (qfq_change_agg())', () => {
    const add = (minor: number, weight: number): string =>
      `class add dev lo parent 1: classid 1:${minor.toString(16)} qfq weight ${weight} maxpkt 1514`;
    const full = Array.from({ length: 64 }, (_, i) => add(i + 1, 1024));
    const batch = [
      'qdisc add dev lo root handle 1: qfq',
      ...full,
      add(65, 1),
      'class change dev lo parent 1: classid 1:1 qfq weight 1000 maxpkt 1514',
      add(65, 25),
      add(65, 24),
      'class del dev lo classid 1:2',
      add(66, 1024),
      add(67, 1),
    ];
    const { stderr } = tc(kernel(), '-force -batch file', `${batch.join('\n')}\n`);
    expect([...stderr.matchAll(/Command failed file:(\d+)/g)].map(([, line]) => Number(line))).toEqual([66, 68, 72]);
  });

  test('quirk 50: a second show with a chain is a duplicate', () => {
    const batch = 'filter show dev lo chain 2\nfilter show dev lo chain 3\n';
    expect(tc(kernel(), '-batch file', batch)).toMatchObject({
      stdout: '',
      stderr: 'Error: duplicate "chain": "3" is the second value.\n',
      exit: 255,
    });
  });

  test('quirk 51: what makes tc exit ends the batch without a word about the line', () => {
    const batch = 'qdisc add dev lo root handle\nqdisc show dev lo\n';
    expect(tc(kernel(), '-force -batch file', batch)).toMatchObject({
      stdout: '',
      stderr: 'Command line is not complete. Try option "help"\n',
      exit: 255,
    });
  });

  test("so do an action's usage and a missing or second argument", () => {
    const flow = 'filter add dev lo parent 1: handle 1 flow hash keys src divisor 8';
    for (const wrong of [
      `${flow} action bogus`,
      `${flow} action mirred help`,
      `${flow} action sample`,
      `${flow} action police rate 1mbit burst 9k rate 2mbit`,
      'qdisc add dev lo root cake lan lan',
      'actions flush',
      'actions ls police',
      'actions help',
    ]) {
      const { stdout, stderr, exit } = tc(kernel(), '-force -batch file', `${wrong}\nqdisc show dev lo\n`);
      expect([wrong, stdout, exit]).toEqual([wrong, '', 255]);
      expect(stderr).not.toContain('Command failed');
    }
  });

  test('an address that is none ends it too', () => {
    const batch = 'filter add dev lo parent 1: flow map key src addend help\nqdisc show dev lo\n';
    expect(tc(kernel(), '-force -batch file', batch)).toMatchObject({
      stderr: 'Error: any valid address is expected rather than "help".\n',
      exit: 1,
    });
  });

  test('quirk 76: it remembers which qdiscs were shown', () => {
    const shown = (batch: string) => tc(kernel(), '-force -batch file', batch);
    expect(shown('qdisc show handle 5:\nqdisc show\n')).toMatchObject({ stdout: '', exit: 0 });
    expect(shown('qdisc show dev eth0\nqdisc show\n').stdout).toMatch(/^(qdisc htb 1: root .*\n)\1$/);
    expect(shown('qdisc show root\nqdisc show handle 1:\n')).toMatchObject({
      stderr: 'Error: argument "handle" is wrong: parent is already specified\n',
      exit: 255,
    });
  });
});

// What the real tc does with these was found by npm run reliability -- --only R6.
describe('words that tc takes', () => {
  const sent = (line: string): { exit: number; bytes: string[] } => {
    const listener = new Listener();
    const { exit } = runTc(shellWords(line), { transport: listener });
    return { exit, bytes: listener.requests.map(({ payload }) => hexOf(payload)) };
  };

  test.each(['-c', '-cf', '-conf', '-b'])('%s as the last word shows how tc is used', (word) => {
    expect(tc(kernel(), word).exit).toBe(0);
  });

  test('a list of filters takes another protocol behind protocol 0', () => {
    expect(tc(kernel(), 'filter show dev eth0 protocol 0 protocol ip').exit).toBe(0);
    expect(tc(kernel(), 'filter show dev eth0 protocol ip protocol ip').exit).toBe(255);
    expect(tc(kernel(), 'filter add dev eth0 parent 1: protocol 0 protocol ip flow map key src').exit).toBe(255);
  });

  test('behind the word action, mirred reads what becomes of a mirrored packet', () => {
    const actions = (words: string) => sent(`actions add action mirred egress dev lo egress mirror ${words}`).bytes;
    expect(actions('action reclassify')).toEqual(
      actions('dev lo reclassify').map((hex) => hex.replace(/01000000$/, '00000000')),
    );
    expect(sent('actions add action mirred egress mirror action').exit).toBe(255);
  });

  test('sfq with an average packet of 0 bytes, by which tc divides', () => {
    expect(tc(kernel(), 'qdisc add dev lo root sfq redflowlimit 4000 avpkt 0')).toMatchObject({
      stderr: 'SFQ: "avpkt" is 0\n',
      exit: 1,
    });
  });

  test('red with equal thresholds', () => {
    expect(sent('qdisc add dev lo root red limit 2000b min 15k max 15k avpkt 1 bandwidth 8bit').exit).toBe(0);
    expect(sent('qdisc add dev lo root red limit 2000b min 15k max 14k avpkt 1 bandwidth 8bit').exit).toBe(1);
  });

  test('ife: a value of 0 takes an earlier one back, what is allowed stays allowed', () => {
    const ife = (words: string) => sent(`actions add action ife encode ${words}`);
    expect(ife('use mark 16 use mark 0')).toEqual(ife('use mark 0'));
    expect(ife('use mark 16 allow mark')).toEqual(ife('use mark 16'));
    expect(ife('allow mark use mark 0')).toEqual(ife('allow mark'));
    expect(ife('allow mark')).not.toEqual(ife('use mark 0'));
    expect(ife('use foo 1').exit).toBe(255);
  });

  test('any character parts the numbers of a handle of u32 that has a colon', () => {
    const handle = (text: string) =>
      sent(`filter add dev lo parent 1: u32 ht '${text}' match ip dst 1.2.3.4 flowid 1:1`);
    for (const text of ['2(3:', '2:3(', '2:3:', '2(3:0foo'])
      expect([text, handle(text)]).toEqual([text, handle('2:3:')]);
    for (const text of ['2(', '2:x', '2:3:x', '1000:', ':100:']) expect([text, handle(text).exit]).toEqual([text, 1]);
  });

  test('an empty word for 0 in cake', () => {
    const cake = (word: string) => sent(`qdisc add dev lo root cake mpu ${word} overhead ${word}`);
    expect(cake("''")).toEqual(cake('0'));
  });

  test('rates below 0 and above 64 bits: htb, tbf and police send what is left of them', () => {
    const rate64 = (line: string) => sent(line).bytes[0]?.includes('ffffffffffffffff');
    expect(rate64('class add dev lo parent 1: classid 1:1 htb rate -9')).toBe(true);
    expect(rate64('qdisc add dev lo root tbf rate -9 burst 10k limit 10k')).toBe(true);
    expect(rate64('actions add action police rate -9 burst 10k')).toBe(true);
    expect(sent('qdisc add dev lo root tbf rate inf burst 10k limit 10k').exit).toBe(1);
  });
});
