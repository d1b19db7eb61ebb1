import { describe, expect, test } from 'vitest';
import { ask, bench, SHOW, shown, spoken } from '../../../test/actions.ts';
import { ethernet, ipv4, packetOf, ports } from '../../../test/frames.ts';
import { AttrWriter } from '../../netlink/index.ts';
import { Verdict } from '../../verdict.ts';
import { ActionTable } from './table.ts';

const packet = () => packetOf(ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 17, ports(1, 2))));

/** TCA_ACT_TAB of a get, delete or flush: kind and index. */
function named(kind: string, index?: number, number = 1): Uint8Array {
  const w = new AttrWriter();
  w.nest(number, () => {
    w.nest(1, () => w.bytes(new TextEncoder().encode(`${kind}\0`)));
    if (index !== undefined) w.nest(3, () => w.u32(index));
  });
  return w.done();
}

const failing = (errno: number, extack = '') => expect.objectContaining({ errno, extack });

describe('indexes', () => {
  test('are given from 1 on for each kind, the lowest free first', () => {
    const { bind, table } = bench();
    const first = bind('action ok action ok action skbedit mark 1');
    expect(first.instances.map(({ index }) => index)).toEqual([1, 2, 1]);
    bind('action ok');
    table.release(first);
    expect(bind('action ok action ok action ok').instances.map(({ index }) => index)).toEqual([1, 2, 4]);
  });

  test('that a filter names bind what is there, whatever else the words say', () => {
    const { bind } = bench();
    bind('action gact drop index 5');
    const bound = bind('action gact index 5');
    expect(shown(bound)).toContain('gact action drop\n\t random type none pass val 0\n\t index 5 ref 2 bind 2\n');
  });

  test('count who holds them: tc actions, and filters', () => {
    const { bind, table } = bench();
    const counts = () => table.list('police').map(({ refs, binds }) => [refs, binds]);
    table.add(spoken('action police rate 1mbit burst 10k index 7'), false);
    expect(counts()).toEqual([[1, 0]]);
    const bound = bind('action police index 7');
    expect(counts()).toEqual([[2, 1]]);
    table.release(bound);
    expect(counts()).toEqual([[1, 0]]);
  });
});

describe('a request that is refused', () => {
  test('leaves nothing behind', () => {
    const { bind, table, held } = bench();
    expect(() => bind('action goto chain 3 action gact ok index 9 action vlan push id 4095')).toThrow(failing(34));
    expect([table.list('gact'), table.list('vlan'), held]).toEqual([[], [], []]);
  });

  test.each<[string, string, number, string]>([
    [
      'a flag that the filter does not have',
      'action gact drop skip_hw',
      22,
      'Mismatch between action and filter offload flags',
    ],
    ['ct away from ingress', 'action ct', 95, 'act_ct: Attaching ct to a non ingress/clsact qdisc is unsupported'],
    ['a tag number that means any', 'action vlan push id 4095', 34, ''],
  ])('for %s', (_, line, errno, extack) => {
    expect(() => bench().bind(line)).toThrow(failing(errno, extack));
  });

  test('for a kind that nobody knows', () => {
    const { table } = bench();
    expect(() => table.add(named('nosuch'), false)).toThrow(failing(2, 'Failed to load TC action module'));
    expect(() => table.add(named('gact'), false)).toThrow(failing(22));
    expect(() => table.add(named('0123456789abcdef'), false)).toThrow(failing(22, 'TC action name too long'));
  });

  test('for a chain, where there is no filter', () => {
    expect(() => bench().table.add(spoken('action goto chain 1'), false)).toThrow(
      failing(22, "can't goto NULL proto/chain"),
    );
  });
});

describe('tc actions', () => {
  test('add refuses what is there; replace changes it for every filter that has it', () => {
    const { bind, table } = bench();
    const bound = bind('action gact drop index 5');
    expect(() => table.add(spoken('action gact ok index 5'), false)).toThrow(failing(17));
    expect(ask(bound, packet())).toBe(2);
    table.add(spoken('action gact ok index 5'), true);
    expect(ask(bound, packet())).toBe(0);
    expect(bound.instances[0]?.counters.packets).toBe(2);
    expect(table.list('gact').map(({ refs, binds }) => [refs, binds])).toEqual([[1, 1]]);
  });

  test('warn of what hardware could not be told', () => {
    const { table } = bench();
    const warning = 'act_api: Failed to setup tc actions for offload';
    expect(table.add(spoken('action police rate 1mbit burst 10k'), false).warning).toBe(warning);
    expect(table.add(spoken('action police rate 1mbit burst 10k drop'), false).warning).toBe('');
  });

  test('get and delete go by kind and index', () => {
    const { table, bind } = bench();
    table.add(spoken('action gact ok index 5'), false);
    expect(table.get(named('gact', 5)).map(({ index }) => index)).toEqual([5]);
    expect(() => table.get(named('gact', 6))).toThrow(failing(2, 'TC action with specified index not found'));
    expect(() => table.get(named('nosuch', 6))).toThrow(failing(22, 'Specified TC action kind not found'));
    expect(() => table.get(named('gact'))).toThrow(failing(22, 'Invalid TC action index value'));
    const bound = bind('action gact index 5');
    expect(() => table.delete(named('gact', 5))).toThrow(failing(1, 'Failed to delete TC action'));
    table.release(bound);
    table.delete(named('gact', 5));
    expect(table.list('gact')).toEqual([]);
  });

  test('flush stops at the first that a filter has', () => {
    const { table, bind } = bench();
    table.add(spoken('action gact ok index 1 action gact ok index 2'), false);
    bind('action gact index 2');
    const warning = 'Unable to flush all TC actions';
    expect(table.flush(named('gact'))).toEqual({ kind: 'gact', count: 1, warning });
    expect(() => table.flush(named('gact'))).toThrow(failing(1));
    expect(() => table.flush(named('nosuch'))).toThrow(failing(22, 'Cannot flush unknown TC action'));
    expect(ActionTable.listedKind(named('gact'))).toBe('gact');
  });
});

describe('an action that cannot be emulated', () => {
  test.each(['ct clear', 'tunnel_key unset', 'ife decode', 'skbmod swap mac'])('after %s nobody knows', (words) => {
    const bound = bench().bind(`action ${words} action drop`, true);
    expect(ask(bound, packet())).toBe(Verdict.UNKNOWABLE);
  });
});

test('times are told in seconds since; the first use only once there was one', () => {
  const { bind, clock } = bench();
  clock.now = 1e9;
  const bound = bind('action ok');
  clock.now = 4e9;
  ask(bound, packet());
  clock.now = 6e9;
  const text = shown(bound, { ...SHOW, stats: true });
  expect(text).toContain(' installed 5 sec used 2 sec firstused 2 sec\n');
  expect(text).toContain('\tSent 40 bytes 1 pkt (dropped 0');
});
