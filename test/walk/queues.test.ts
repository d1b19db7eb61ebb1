import { describe, expect, test } from 'vitest';
import { Input } from '../../src/packet/index.ts';
import { runOf, udp } from './run.ts';

const MQ = 'qdisc add dev eth0 root handle 7fff: mq';
const below = (queue: number) => `
qdisc add dev eth0 parent 7fff:${queue} handle ${queue}: htb default 2
class add dev eth0 parent ${queue}: classid ${queue}:2 htb rate 10mbit
qdisc add dev eth0 parent ${queue}:2 handle ${queue}2: sfq`;

const PACKET = udp('192.0.2.1', '198.51.100.1');

describe('a packet whose transmit queue nobody knows', () => {
  test('follows the one queue below which somebody put a qdisc, and the result is assumed', () => {
    const run = runOf(MQ + below(3), { txQueues: 4 });
    run.step(PACKET);
    expect(run.journey?.fate).toMatchObject({ fate: 'queued', class: '3:2', qdisc: '32:', kind: 'sfq' });
    expect(run.exactness).toBe('assumed');
  });

  test('has no end where several queues differ, and each of them is named', () => {
    const run = runOf(MQ + below(1) + below(2), { txQueues: 4 });
    run.step(PACKET);
    expect(run.journey).toMatchObject({
      fate: { fate: 'unknowable', qdisc: '7fff:', kind: 'mq', by: 'queue' },
      queues: [
        {
          class: '7fff:1',
          path: [{ qdisc: '1:', class: '1:2' }, { qdisc: '12:' }],
          fate: { class: '1:2', qdisc: '12:' },
        },
        {
          class: '7fff:2',
          path: [{ qdisc: '2:', class: '2:2' }, { qdisc: '22:' }],
          fate: { class: '2:2', qdisc: '22:' },
        },
      ],
    });
    expect([run.exactness, run.reason]).toEqual([
      'unknowable',
      'unknowable: mq 7fff: chooses by transmit queue, which is not known',
    ]);
  });

  test('takes the queue that is known', () => {
    const run = runOf(MQ + below(1) + below(2), { txQueues: 4 });
    run.prepare(PACKET);
    run.packet.queue = 1;
    run.packet.given |= Input.QUEUE;
    run.conclude();
    expect([run.journey?.fate.class, run.journey?.queues]).toEqual(['2:2', undefined]);
  });

  test('changes nothing of itself while it is tried: each queue has a copy', () => {
    const mark =
      'filter add dev eth0 parent 1: protocol all prio 1 matchall action skbedit mark 7 pipe action continue';
    const run = runOf(`${MQ}${below(1)}${below(2)}\n${mark}`, { txQueues: 4 });
    run.step(PACKET);
    expect(run.packet.mark).toBe(0);
  });

  test('rests on what filters below any of them read', () => {
    const mark = 'filter add dev eth0 parent 2: protocol all prio 1 handle 7 fw classid 2:2';
    const run = runOf(`${MQ}${below(1)}${below(2)}\n${mark}`, { txQueues: 4 });
    run.step(PACKET);
    expect(run.rests).toBe(Input.QUEUE | Input.MARK | Input.PRIORITY);
  });
});
