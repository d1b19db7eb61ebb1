import { describe, expect, test } from 'vitest';
import { bench, SHOW, shown, spoken } from '../../../test/actions.ts';
import { UsageError } from '../../errors.ts';
import { Words } from '../../lang/index.ts';
import { AttrReader, AttrWriter, decode } from '../../netlink/index.ts';
import { ACT, type ActAttributes, actionPart, policePart } from './list.ts';

function attributes(line: string): ActAttributes[] {
  const found: ActAttributes[] = [];
  for (const r = new AttrReader(spoken(line)); r.next(); ) found.push(decode(ACT, r.payload()));
  return found;
}

function refusal(speak: () => void): UsageError {
  try {
    speak();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('it was understood');
}

const part = (line: string) => () => actionPart().speak(new Words(line.split(' ')), new AttrWriter());
const old = (line: string) => () => policePart().speak(new Words(line.split(' ')), new AttrWriter());

/** All of these are what tc 6.1.0 said. */
describe('words that are refused', () => {
  test.each<[string, () => void, string, number]>([
    ['a verdict that is none', part('bogus'), 'Bad action type bogus', 255],
    ['another option of the filter', part('drop baseclass 1:5'), 'Bad action type baseclass', 255],
    ['goto without its chain', part('goto chain'), 'Command line is not complete. Try option "help"', 255],
    ['a chain too high', part('goto chain 268435456'), 'Illegal "chain index"', 255],
    [
      'a random type that is none',
      part('gact drop random none ok 0'),
      'Illegal "random type"\nbad action parsing\nparse_action: bad value (6:gact)!\nIllegal "action"',
      1,
    ],
    [
      'a device that is not there',
      part('mirred egress redirect dev nosuch'),
      'Cannot find device "nosuch"\nbad action parsing\nparse_action: bad value (5:mirred)!\nIllegal "action"',
      1,
    ],
    [
      'a rate without its burst',
      part('police rate 1mbit'),
      `'burst' requires 'rate'.\nbad action parsing\nparse_action: bad value (3:police)!\nIllegal "action"`,
      1,
    ],
    ['old-style police without a burst', old('rate 1mbit'), `'burst' requires 'rate'.\nIllegal "police"`, 1],
    [
      'old-style police without a limit',
      old('burst 10k'),
      `'rate' or 'avrate' or 'mtu' or 'pkts_rate' MUST be specified.\nIllegal "police"`,
      1,
    ],
    ['a rate that is no number', old('rate x burst 10k'), 'Error: argument "x" is wrong: rate', 255],
    ['skbedit without anything', part('skbedit'), 'Command line is not complete. Try option "help"', 255],
    ['a tag without its number', part('vlan push'), 'id needs to be set for push', 1],
  ])('%s', (_, speak, message, exit) => {
    expect(refusal(speak)).toMatchObject({ message, exit });
  });

  test('what tc prints below its usage stands at the end of ours', () => {
    const { hint } = refusal(part('vlan push'));
    expect(hint.endsWith('\nbad action parsing\nparse_action: bad value (2:vlan)!\nIllegal "action"')).toBe(true);
  });

  test('a list that ends in the word action', () => {
    expect(refusal(part('drop action')).message).toBe(
      'bad action empty 1\nparse_action: bad value (0:(null))!\nIllegal "action"',
    );
  });
});

describe('a list of actions', () => {
  test('is numbered from 1, whether or not the word action stands between', () => {
    expect(attributes('action drop police mtu 100 action skbedit mark 1').map(({ kind }) => kind)).toEqual([
      'gact',
      'police',
      'skbedit',
    ]);
  });

  test('ends at a word that begins another command, which stays', () => {
    const words = new Words(['drop', 'rep']);
    actionPart().speak(words, new AttrWriter());
    expect(words.peek()).toBe('rep');
  });

  test('quirk 30: a cookie stays for the actions behind it', () => {
    const cookies = attributes('action drop action gact ok cookie 0a0b action continue').map(({ cookie }) => cookie);
    expect(cookies).toEqual([undefined, Uint8Array.of(10, 11), Uint8Array.of(10, 11)]);
  });

  test('flags and hardware statistics belong to one action', () => {
    const [first, second] = attributes('action drop hw_stats disabled no_percpu action ok');
    expect(first).toMatchObject({ hwStats: { value: 0, selector: 0 }, flags: { value: 1, selector: 1 } });
    expect([second?.hwStats, second?.flags]).toEqual([undefined, undefined]);
  });

  test('of more than sixteen bytes is no cookie', () => {
    const long = 'ab'.repeat(17);
    expect(refusal(part(`drop cookie ${long}`)).message).toBe(
      `Error: argument "${long}" is wrong: 34 Max allowed size 32`,
    );
  });

  test('says on stderr what ife and skbmod say', () => {
    const notes: string[] = [];
    spoken('action ife encode allow mark dst 02:00:00:00:00:02', notes);
    expect(notes).toEqual(['dst MAC address <02:00:00:00:00:02>', 'IFE type 0xED3E']);
  });

  test('quirk 33: mirred passes over words that it does not know', () => {
    expect(spoken('action mirred egress bogus mirror dev d1')).toEqual(spoken('action mirred egress mirror dev d1'));
  });

  test('quirk 34: the text of simple is sent as 32 bytes, zeros behind it', () => {
    const [act] = attributes('action simple sdata hello');
    const data = act?.options?.subarray(24 + 4);
    expect([data?.length, Buffer.from(data ?? []).toString('latin1')]).toEqual([32, `hello${'\0'.repeat(27)}`]);
  });
});

describe('a list that is shown', () => {
  test('as text with statistics', () => {
    const bound = bench().bind('action drop cookie deadbeef hw_stats disabled');
    expect(shown(bound, { ...SHOW, stats: true })).toBe(
      [
        '\n\taction order 1: gact action drop',
        '\t random type none pass val 0',
        '\t index 1 ref 1 bind 1',
        '\tAction statistics:',
        '\tSent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0) ',
        '\tbacklog 0b 0p requeues 0',
        '\tcookie deadbeef',
        '\thw_stats disabled',
        '',
      ].join('\n'),
    );
  });

  test('as JSON', () => {
    const bound = bench().bind('action mirred egress redirect dev d1 action pedit munge ip ttl set 5');
    const json: unknown = JSON.parse(shown(bound, SHOW, 'json'));
    expect(json).toEqual({
      actions: [
        {
          order: 1,
          kind: 'mirred',
          mirred_action: 'redirect',
          direction: 'egress',
          to_dev: 'd1',
          control_action: { type: 'stolen' },
          index: 1,
          ref: 1,
          bind: 1,
        },
        {
          order: 2,
          kind: 'pedit',
          control_action: { type: 'pass' },
          nkeys: 1,
          index: 1,
          ref: 1,
          bind: 1,
          keys: [{ htype: 'network', offset: 8, cmd: 'set', val: '5000000', mask: 'ffffff' }],
        },
      ],
    });
  });

  test('quirk 31: behind a rate tc forgets to begin a new line', () => {
    const bound = bench().bind('action ok', false, { interval: 0, ewmaLog: 3 });
    expect(shown(bound, { ...SHOW, stats: true })).toContain('\n\trate 0bit 0pps\tbacklog 0b 0p requeues 0\n');
  });

  test('names devices that are gone by their number', () => {
    const bound = bench().bind('action mirred ingress mirror dev d0');
    expect(shown(bound, { ...SHOW, device: () => null })).toContain('mirred (Ingress Mirror to device if7) pipe');
  });
});

describe('the flags of an action, as tc 6.1.0 was seen to take them', () => {
  /** TCA_ACT_FLAGS; null: refused. */
  const flagsOf = (line: string): number | null | undefined => {
    try {
      return attributes(`gact drop ${line}`)[0]?.flags?.value;
    } catch {
      return null;
    }
  };

  test.each([
    ['skip_hw', 2],
    ['skip_hw skip_hw', 2],
    ['skip_hw skip_sw', 6],
    ['no_percpu skip_sw skip_hw', 7],
    ['skip_hw skip_hw skip_hw', null],
    ['no_percpu no_percpu', null],
    ['skip_hw no_percpu', null],
  ])('%s', (words, flags) => {
    expect(flagsOf(words)).toBe(flags);
  });
});
