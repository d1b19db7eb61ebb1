import { describe, expect, test } from 'vitest';
import { shellWords } from '../lang/index.ts';
import { ackMessage, hexOf, joinMessages, type Message, splitMessages } from '../netlink/index.ts';
import { Listener, runTc } from './index.ts';

/** What tc says and sends; requests without their 16 bytes of header. */
function tc(line: string, transport = new Listener()) {
  const { stderr, exit } = runTc(shellWords(line), { transport });
  return { says: stderr, exit, sends: transport.requests.map(({ payload }) => hexOf(payload)) };
}

/** Says no to everything. */
class Refusing extends Listener {
  override request(datagram: Uint8Array): Uint8Array[] {
    const refused = (message: Message): Message => ackMessage(message, 22);
    return [joinMessages([...splitMessages(datagram)].map(refused))];
  }
}

/** Knows no device. */
class Nowhere extends Listener {
  override readonly links = { index: () => 0, name: () => null };
}

// Expectations are what iproute2 6.1.0 said and sent.
describe('tc actions', () => {
  test('quirk 60: an action of an unknown kind is gact, but is listed under its name', () => {
    expect(tc('actions del action nosuch index 1').sends).toEqual([
      '000000001c000100180001000900010067616374000000000800030001000000',
    ]);
    expect(tc('actions ls action zz').sends).toEqual([
      '00000000100001000c000100070001007a7a00000c0002000100000001000000',
    ]);
  });

  test('quirk 61: a refused get is read again as commands', () => {
    expect(tc('actions get action gact index 1', new Refusing())).toMatchObject({
      says:
        'RTNETLINK answers: Invalid argument\nWe have an error talking to the kernel\n' +
        'Command "action" is unknown, try "tc actions help".\n',
      exit: 255,
    });
    expect(tc('actions get', new Refusing()).exit).toBe(0);
  });

  test('a list takes its first word for `action`, and what follows its kind is not read', () => {
    const all = '0000000014000100100001000900010067616374000000000c0002000100000001000000';
    expect(tc('actions ls foo gact bar')).toEqual({ says: '', exit: 0, sends: [all] });
    expect(tc('actions ls gact').exit).toBe(255);
    expect(tc('actions ls action gact since 1000').sends).toEqual([`${all}08000400e8030000`]);
    expect(tc('-br actions flush action gact').sends).toEqual([all.replace('0100000001000000', '0300000003000000')]);
  });

  test('a label ends at its last pair of digits', () => {
    expect(tc('actions add action ct label 123').sends[0]).toContain('050007001200000014000800ffffffff');
    expect(tc('actions add action ct label x').sends[0]).toContain('0400070014000800ffffffff');
  });

  test('nothing is no action', () => {
    expect(tc('actions add')).toEqual({ says: 'Illegal "action"\n', exit: 255, sends: [] });
  });

  test('an address that is none ends tc at once', () => {
    expect(tc('actions add action tunnel_key set src_ip any dst_ip 256.1.1.1 id 5')).toEqual({
      says: 'Error: any valid address is expected rather than "256.1.1.1".\n',
      exit: 1,
      sends: [],
    });
  });

  test('any address has no bytes', () => {
    const [sent] = tc('actions add action tunnel_key set src_ip any dst_ip 1.1.1.1 id 5').sends;
    expect(sent).toContain('040005000800040001010101080007000000000505000a00');
  });

  test('quirk 62: a NAT of /0 is a NAT of one address', () => {
    expect(tc('actions add action nat egress any 1.1.1.1').sends[0]).toContain('01010101ffffffff01000000');
  });
});

describe('mistakes told by tc', () => {
  test.each([
    ['filter add estimator 1x 8s', 'Error: argument "invalid estimator interval" is wrong: estimator'],
    ['class add estimator 1s x', 'Error: argument "invalid estimator time constant" is wrong: estimator'],
  ])('quirk 64: a bad time of an estimator is told the wrong way round: %s', (line, says) => {
    expect(tc(line)).toEqual({ says: `${says}\n`, exit: 255, sends: [] });
  });

  test.each([
    ['qdisc add estimator 1s 8s estimator 1s', 'Error: duplicate "estimator": "1s" is the second value.'],
    ['class show root parent 1:', 'Error: duplicate "parent": "parent" is the second value.'],
    ['chain ls block 10 dev d1', 'Error: "dev" cannot be used in the same time as "block"'],
    ['filter ls dev d1 block 10', 'Error: "block" cannot be used in the same time as "dev"'],
    ['filter add block 10 dev d1', 'Error: "dev" and "block" are mutually exclusive'],
    ['actions add action ife encode dst x', 'Error: argument "x" is wrong: Invalid mac address'],
    ['chain get dev d0', 'Must specify filter parent'],
    ['filter get "" dev d0', 'Error: argument "" is wrong: invalid filter name'],
    ['chain get dev d0 parent 1: chain 5 flow hash', 'Garbage instead of arguments "hash ...". Try "tc filter help".'],
  ])('%s', (line, says) => {
    expect(tc(line)).toEqual({ says: `${says}\n`, exit: 255, sends: [] });
  });

  test.each([
    [1, 'class add dev d0 ""', 'Error: Qdisc "" is classless.'],
    [1, 'filter add dev d0 "" flow', 'Unknown filter "", hence option "flow" is unparsable'],
    [1, 'filter add dev d0 handle debug foo', 'Unparsable filter ID "debug"'],
    [1, 'qdisc add dev d0 root tbf burst 1k/x', 'tbf: illegal value for "burst": "1k"'],
    [255, 'actions add action nat egress 1.2.3.4 1.1.1.1.1', 'Illegal nat construct (egress)'],
    [255, 'actions add action connmark index x', 'connmark: Illegal "index"'],
    [255, 'actions add action connmark zone x', 'connmark: Illegal "zone"'],
    [255, 'actions add action csum index 16', 'Illegal csum construct, empty <UPDATE> list'],
    [255, 'actions add action pedit munge offset 0 u8 set x', 'Bad pedit construct (set)'],
    [255, 'actions add action pedit munge ip ttl foo', 'bad pedit parsing'],
    [255, 'actions add action vlan push_eth dst_mac x', '"x" is invalid lladdr.'],
  ])('ends with %i: %s', (exit, line, says) => {
    const answer = tc(line);
    expect(answer.says.split('\n')[0]).toBe(says);
    expect(answer).toMatchObject({ exit, sends: [] });
  });

  test('help among the words of a class or a qdisc is told, and the command goes on', () => {
    const { says, exit, sends } = tc('class add dev d0 parent 1: help drr');
    expect(says).toMatch(/^Usage: tc class/);
    expect({ exit, sends: sends.length }).toEqual({ exit: 0, sends: 1 });
    expect(tc('qdisc show help')).toMatchObject({ exit: 0, sends: ['0'.repeat(40)] });
  });
});

test('quirk 36: a probability that is none is told as one that nobody gave', () => {
  expect(tc('actions add action gact ok random netrand drop 65536')).toEqual({
    says:
      'Illegal probability val 0x1000\nbad action parsing\n' + 'parse_action: bad value (6:gact)!\nIllegal "action"\n',
    exit: 255,
    sends: [],
  });
});

test('pedit: a command that only the extended form has', () => {
  const [first, second, third] = tc('actions add action pedit munge ip tos add 4').says.split('\n');
  expect([first, second, third]).toEqual([
    "Non extended mode. only 'set' command is supported",
    'bad pedit parsing',
    'Bad pedit construct (ip)',
  ]);
  expect(tc('actions add action pedit munge offset 0 u8 add 4').says.split('\n')[1]).toBe('Bad pedit construct (add)');
});

test('what tc warns of stands before what the kernel refuses', () => {
  const line = 'qdisc add dev d0 root handle 1: red limit 400000 min 30000 max 90000 avpkt 1000 burst 3000';
  expect(tc(line, new Refusing())).toMatchObject({
    says:
      'RED: set bandwidth to 10Mbit\nRED: WARNING. Burst 3000 seems to be too large.\n' +
      'RTNETLINK answers: Invalid argument\n',
    exit: 2,
  });
});

test('quirk 65: a request longer than netlink allows is refused in the words of tc for a shorter one', () => {
  expect(tc(`filter add dev lo parent 1: flow hash keys src ${'divisor 5 '.repeat(10_000)}`)).toEqual({
    says: 'addattr_l ERROR: message exceeded bound of 65535\n',
    exit: 255,
    sends: [],
  });
});

describe('what tc asks for', () => {
  test('quirk 63: a device that nobody knows may be named by its index', () => {
    const { says, exit, sends } = tc('filter add dev if9x parent 1: flow hash', new Nowhere());
    expect({ says, exit }).toEqual({ says: '', exit: 0 });
    expect(sends[0]).toMatch(/^0000000009000000/);
    const index = (name: string) =>
      tc(`filter add dev ${name} parent 1: flow hash`, new Nowhere()).sends[0]?.slice(8, 16);
    expect(['if-7', 'if4294967303', 'if 9', 'if'].map(index)).toEqual(['f9ffffff', '07000000', undefined, undefined]);
  });

  test('invisible qdiscs, and a chain without its kind', () => {
    expect(tc('qdisc show invisible').sends).toEqual([`${'0'.repeat(40)}04000a00`]);
    expect(tc('chain get dev lo parent 1: chain 5 prio 1 protocol ip flow').sends).toEqual([
      '0000000001000000000000000000010000000000' + '08000b0005000000',
    ]);
  });

  test('the first 15 characters of a device name', () => {
    expect(tc('qdisc show dev a23456789012345678', new Nowhere()).says).toBe('Cannot find device "a23456789012345"\n');
  });

  test('-r tells what an estimator became', () => {
    expect(tc('-r class add dev lo parent 1: classid 1:1 estimator 1s 8s drr').says).toBe('[estimator i=0 e=3]\n');
  });
});
