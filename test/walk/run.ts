import { runScript } from '../../src/command/index.ts';
import { createEnv } from '../../src/env.ts';
import { ERAS } from '../../src/era.ts';
import { Netns } from '../../src/kernel/index.ts';
import { NO_METADATA } from '../../src/packet/index.ts';
import { Run } from '../../src/run.ts';
import { EGRESS, ethernet, frameOf, ipv4, ports } from '../frames.ts';

/** A run through the tree that a script makes on eth0; all of it must be accepted. */
export function runOf(script: string, { sharing = false, txQueues = 1 } = {}): Run {
  const clock = { now: 0 };
  const env = createEnv({ era: ERAS['6.1'], seed: 0, clock });
  const netns = new Netns({ env, devices: [{ name: 'eth0', ifindex: 2, txQueues }] });
  const { answers } = runScript(script, { request: (datagram) => netns.request(datagram), links: netns.links });
  const refused = answers.find(({ exit }) => exit !== 0);
  if (refused !== undefined) throw new Error(`line ${refused.line}: ${refused.stderr}`);
  const kernel = { netns, place: { dev: 'eth0', hook: 'egress' as const } };
  const known = { rxhashKey: false, foldKey: false };
  return new Run({
    env,
    clock,
    device: EGRESS,
    filters: [],
    kernel,
    known,
    metadata: NO_METADATA,
    tracker: null,
    sharing,
  });
}

export const udp = (src: string, dst: string, port = 53) =>
  frameOf(ethernet('0800', ipv4(src, dst, 17, ports(1000, port))));

/** htb, and an sfq below each of its leaves, one of them with a flow filter. */
export const TWO_LEVELS = `
qdisc add dev eth0 root handle 1: htb default 30
class add dev eth0 parent 1: classid 1:1 htb rate 1gbit
class add dev eth0 parent 1:1 classid 1:10 htb rate 10mbit
class add dev eth0 parent 1:1 classid 1:30 htb rate 10mbit
qdisc add dev eth0 parent 1:10 handle 10: sfq
qdisc add dev eth0 parent 1:30 handle 30: sfq
filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst 10.0.0.0/8 flowid 1:10
filter add dev eth0 parent 10: protocol all prio 1 handle 1 flow hash keys src,dst,proto divisor 64
`;
