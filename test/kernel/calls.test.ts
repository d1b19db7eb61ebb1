import { expect, test } from 'vitest';
import { calls, deep } from './calls.ts';
import type { What } from './note.ts';
import type { Event } from './note-reader.ts';

const event = (what: What, pref = 0): Event => ({
  what,
  mark: 0,
  priority: 0,
  gave: 0,
  classid: 0,
  handle: 0,
  parent: 0,
  pref,
  protocol: 0,
  chain: 0,
  len: 0,
  skbProtocol: 0,
  vlanTci: 0,
  ifindex: 0,
  kind: '',
  flow: [],
  packet: null,
});

test('what happened between the beginning and the end of a call lies in it', () => {
  const whats: What[] = [
    'xmit',
    'list',
    'filter',
    'list end',
    'enqueue',
    'enqueue end',
    'xmit end',
    'list',
    'list end',
  ];
  const [sent, later, ...more] = calls(whats.map((what) => event(what)));
  expect(more).toEqual([]);
  expect(sent?.inner.map(({ what }) => what)).toEqual(['list', 'enqueue']);
  expect(sent?.inner[0]?.inner.map(({ what }) => what)).toEqual(['filter']);
  expect(later?.what).toBe('list');
});

test('calls of one kind are found at any depth', () => {
  const found = calls([
    event('list'),
    event('xmit'),
    event('list', 7),
    event('list end'),
    event('xmit end'),
    event('list end'),
  ]);
  expect(deep(found, 'list').map(({ enter }) => enter.pref)).toEqual([0, 7]);
});

test('an end without its beginning, and a beginning without its end, are told of', () => {
  expect(() => calls([event('xmit'), event('list end')])).toThrow('list end without its beginning');
  expect(() => calls([event('xmit')])).toThrow('xmit without an end');
});
