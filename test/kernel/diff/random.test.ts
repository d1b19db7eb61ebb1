import { describe, expect, test } from 'vitest';
import { createEnv } from '../../../src/env.ts';
import { ERAS } from '../../../src/era.ts';
import { Netns } from '../../../src/kernel/index.ts';
import { splitMessages } from '../../../src/netlink/index.ts';
import { CHAIN_DEVICES, requestsOf } from '../chains.ts';
import { attempt } from './compare.ts';
import { randomFilter } from './filters.ts';
import { randomFrame } from './frames.ts';
import { Random } from './random.ts';
import { randomSession } from './requests.ts';
import { randomCase } from './setups.ts';

describe('random questions', () => {
  test('follow from the seed', () => {
    const draw = (seed: number): unknown => {
      const r = new Random(seed);
      return [randomFilter(r), randomFrame(r, []), randomSession(r), randomCase(r, 'egress', 2, [])];
    };
    expect(draw(4)).toEqual(draw(4));
    expect(draw(4)).not.toEqual(draw(5));
  });

  test('frames are what a packet socket on a device of 1500 bytes takes', () => {
    const r = new Random(1);
    for (let i = 0; i < 2000; i++) {
      const { bytes } = randomFrame(r, [new Uint8Array(3), new Uint8Array(3000)]);
      expect(bytes.length).toBeGreaterThanOrEqual(14);
      expect(bytes.length).toBeLessThanOrEqual(1514);
    }
  });

  test('most filters are accepted, and some are refused', () => {
    const r = new Random(2);
    const env = createEnv({ era: ERAS['6.1'], seed: 0 });
    let refused = 0;
    for (let i = 0; i < 1000; i++) {
      if (attempt(randomFilter(r), 'egress', env).refused !== null) refused++;
    }
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(100);
  });

  test('a setup begins with a filter that every packet meets, and most of its filters are accepted', () => {
    const r = new Random(4);
    let [asked, refused] = [0, 0];
    for (let i = 0; i < 100; i++) {
      const setup = randomCase(r, 'egress', 1, []);
      expect(setup.filters[0]).toMatch(/^chain 0 /);
      const netns = new Netns({ env: createEnv({ era: ERAS['6.1'], seed: 0 }), devices: CHAIN_DEVICES });
      for (const request of requestsOf(setup)) {
        asked++;
        if (netns.request(request).some((reply) => Buffer.from(reply).readInt32LE(16) !== 0)) refused++;
      }
    }
    expect(refused).toBeGreaterThan(asked / 20);
    expect(refused).toBeLessThan(asked / 3);
  });

  test('a session begins with its queueing disciplines, and every datagram is one message', () => {
    const session = randomSession(new Random(3));
    for (const datagram of session) expect([...splitMessages(datagram)]).toHaveLength(1);
    expect(session.slice(0, 2).map((datagram) => [...splitMessages(datagram)][0]?.type)).toEqual([36, 36]);
  });
});
