import { Netns, type NetnsOptions } from '../../src/kernel/index.ts';
import { getClassid, Words } from '../../src/lang/index.ts';
import { type AttrWriter, joinMessages, NLM_F, RTM, TC_H, writeTc } from '../../src/netlink/index.ts';
import { findClass, findQdisc } from '../../src/sched/qdisc/index.ts';

/** The devices of the errors, show and netlink families. */
export const DEVICES = [
  { name: 'lo', ifindex: 1 },
  { name: 'd0', ifindex: 7 },
  { name: 'd1', ifindex: 8 },
];

/** A fresh namespace after the commands of a record's `setup`; the bytes of those were not recorded. */
export function namespaceAfter(setup: readonly string[], options: Omit<NetnsOptions, 'devices'>): Netns {
  const netns = new Netns({ devices: DEVICES, ...options });
  for (const command of setup) {
    const [reply] = netns.request(requestOf(command));
    if (reply === undefined || new DataView(reply.buffer).getInt32(16, true) !== 0)
      throw new Error(`${command}: refused`);
  }
  return netns;
}

/** The few forms of `tc qdisc add` and `tc class add` that setups have. */
function requestOf(command: string): Uint8Array {
  const words = new Words(command.split(' ').slice(1));
  const object = words.next();
  words.next(); // add
  words.next(); // dev
  const ifindex = ifindexOf(words.next());
  const tcm = { ifindex, handle: 0, parent: 0, info: 0 };
  for (;;) {
    const word = words.next();
    if (word === 'root') tcm.parent = TC_H.ROOT;
    else if (word === 'parent') tcm.parent = getClassid(words.next()) ?? 0;
    else if (word === 'handle' || word === 'classid') tcm.handle = getClassid(words.next()) ?? 0;
    else return message(object, tcm, word, words);
  }
}

function ifindexOf(dev: string): number {
  const device = DEVICES.find(({ name }) => name === dev);
  if (device === undefined) throw new Error(`no device ${dev}`);
  return device.ifindex;
}

function message(
  object: string,
  tcm: { ifindex: number; handle: number; parent: number; info: number },
  kind: string,
  words: Words,
): Uint8Array {
  const noun = object === 'class' ? findClass(kind) : findQdisc(kind);
  if (noun === null) throw new Error(`no ${object} kind ${kind}`);
  if (kind === 'ingress' || kind === 'clsact') Object.assign(tcm, { parent: TC_H.INGRESS, handle: 0xffff0000 });
  const payload = writeTc(tcm, (w: AttrWriter) => {
    w.nest(1, () => w.bytes(new TextEncoder().encode(`${kind}\0`)));
    noun.speak(words, w);
  });
  const type = object === 'class' ? RTM.NEWTCLASS : RTM.NEWQDISC;
  const flags = NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL;
  return joinMessages([{ type, flags, seq: 1, pid: 0, payload }]);
}
