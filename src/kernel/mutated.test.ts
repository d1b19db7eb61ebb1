import { expect, test } from 'vitest';
import { createEnv } from '../env.ts';
import { ERAS } from '../era.ts';
import { jhash2 } from '../hash/index.ts';
import { Words } from '../lang/index.ts';
import { type AttrWriter, joinMessages, RTM, splitMessages, TC_H, writeTc } from '../netlink/index.ts';
import { actionPart, policePart } from '../sched/action/index.ts';
import { matchPart } from '../sched/ematch/index.ts';
import { type FlowParts, speakFlow } from '../sched/flow/index.ts';
import { QDISCS } from '../sched/qdisc/index.ts';
import { Netns } from './index.ts';

const EVERYTHING = 0xf0f;

function message(
  type: number,
  parent: number,
  handle: number,
  kind: string,
  body: (w: AttrWriter) => void,
): Uint8Array {
  const payload = writeTc({ ifindex: 7, handle, parent, info: 0x000a0008 }, (w) => {
    w.nest(1, () => w.bytes(new TextEncoder().encode(`${kind}\0`)));
    body(w);
  });
  return joinMessages([{ type, flags: EVERYTHING & ~0x300, seq: 1, pid: 0, payload }]);
}

const FLOW =
  'hash keys src,dst divisor 16 match cmp(u8 at 9 layer network eq 6) and meta(nf_mark gt 4)' +
  ' action skbedit mark 5 pipe action police rate 1mbit burst 10k pipe action gact pass random determ drop 5';
const WORLD = { device: () => null, set: () => null, action: () => null };
const PARTS: FlowParts = { match: matchPart(WORLD), police: policePart(), action: actionPart() };

/** One good request of each type, for each kind where it has kinds. */
function seeds(): Uint8Array[] {
  const flow = (w: AttrWriter): void => w.nest(2, () => speakFlow(new Words(FLOW.split(' ')), w, PARTS));
  const types = Object.values(RTM).filter((type) => type > RTM.GETTCLASS);
  return [
    ...types.map((type) => message(type, 0x10000, 1, 'flow', flow)),
    ...QDISCS.flatMap(({ kind, ingress }) =>
      [RTM.NEWQDISC, RTM.NEWTCLASS, RTM.DELQDISC].map((type) =>
        message(type, ingress ? TC_H.INGRESS : TC_H.ROOT, 0x10000, kind, (w) => w.nest(2, () => w.zeros(24))),
      ),
    ),
  ];
}

test('requests broken at random are answered, never thrown at', () => {
  let drawn = 0;
  const draw = (bound: number): number => (jhash2(Int32Array.of(drawn++), 1, 77) >>> 0) % bound;
  const good = seeds();
  const netns = new Netns({
    env: createEnv({ era: ERAS['6.1'], seed: 1 }),
    devices: [
      { name: 'lo', ifindex: 1 },
      { name: 'd0', ifindex: 7 },
    ],
  });
  let answered = 0;
  for (let turn = 0; turn < 20000; turn++) {
    const datagram = (good[draw(good.length)] ?? new Uint8Array()).slice();
    for (let flips = draw(4); flips > 0; flips--) datagram[draw(datagram.length)] = draw(4) === 0 ? draw(256) : draw(3);
    for (const reply of netns.request(datagram)) answered += [...splitMessages(reply)].length;
  }
  expect(answered).toBeGreaterThan(1000);
});
