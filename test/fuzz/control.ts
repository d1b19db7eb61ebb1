import { Listener, runTc, type Transport } from '../../src/command/index.ts';
import { createEnv } from '../../src/env.ts';
import { ERAS } from '../../src/era.ts';
import { Netns } from '../../src/kernel/index.ts';
import { splitMessages } from '../../src/netlink/index.ts';
import { commandLine } from './commands.ts';
import type { Random } from './random.ts';

const DEVICES = [
  { name: 'lo', ifindex: 1 },
  { name: 'd0', ifindex: 7 },
  { name: 'd1', ifindex: 8 },
];
/** What most of the grammar's lines speak of: qdiscs to hang filters on. */
const SETUP = ['qdisc add dev d0 root handle 1: htb', 'qdisc add dev lo ingress', 'qdisc add dev d1 clsact'];

/** An emulated kernel with three devices, as tc reaches it. */
export function freshKernel(): Transport {
  const netns = new Netns({ env: createEnv({ era: ERAS['6.1'], seed: 1 }), devices: DEVICES });
  const transport: Transport = {
    request: (datagram) => netns.request(datagram),
    links: {
      index: (name) => DEVICES.find((device) => device.name === name)?.ifindex ?? 0,
      name: (index) => DEVICES.find((device) => device.ifindex === index)?.name ?? null,
    },
  };
  for (const line of SETUP) runTc(line.split(' '), { transport });
  return transport;
}

/** Requests as our tc sends them, of all kinds: `count` lines of the grammar, those refused left out. */
export function requestsOf(random: Random, count: number, corpus: readonly (readonly string[])[]): Uint8Array[] {
  const requests: Uint8Array[] = [];
  const links = freshKernel().links;
  for (let i = 0; i < count; i++) {
    const listener = new Listener();
    const request = (datagram: Uint8Array): Uint8Array[] => {
      requests.push(datagram);
      return listener.request(datagram);
    };
    runTc(commandLine(random, corpus), { transport: { request, links }, readBatch: () => '' });
  }
  return requests;
}

const EDGES = [0, 1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 20, 36, 255, 0x7fff, 0x8000, 0xffff];
const MAX_RANDOM = 120;
const NLMSG_HDRLEN = 16;

/** A request with bytes, lengths and types changed, parts of another put in, or its end cut off; or noise. */
export function brokenRequest(random: Random, requests: readonly Uint8Array[]): Uint8Array {
  if (random.oneIn(50)) return random.bytes(random.below(MAX_RANDOM));
  let bytes: Uint8Array = random.pick(requests).slice();
  for (let turns = random.below(4); turns > 0 && bytes.length > 0; turns--) bytes = brokenOnce(random, bytes, requests);
  if (random.oneIn(2)) aim(bytes);
  // A header that says how long the message is lets what is behind it be reached.
  if (bytes.length >= NLMSG_HDRLEN && !random.oneIn(8)) view(bytes).setUint32(0, bytes.length, true);
  return bytes;
}

const [RTM_FILTERS, RTM_FILTERS_END] = [44, 46];
const IFINDEX = 20;
const PARENT = 28;

/** Most requests name a place that is not there: a filter is sent to the qdisc 1: of d0 instead. */
function aim(bytes: Uint8Array): void {
  const type = bytes[4] ?? 0;
  if (bytes.length < PARENT + 4 || type < RTM_FILTERS || type > RTM_FILTERS_END) return;
  view(bytes).setUint32(IFINDEX, 7, true);
  view(bytes).setUint32(PARENT, 0x10000, true);
}

function brokenOnce(random: Random, bytes: Uint8Array, requests: readonly Uint8Array[]): Uint8Array {
  const at = random.below(bytes.length);
  const even = at & ~3;
  switch (random.below(6)) {
    case 0:
      bytes[at] = random.word() & 0xff;
      return bytes;
    case 1:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    case 2: // the length or the type of an attribute
      if (even + 4 <= bytes.length) view(bytes).setUint16(even + 2 * random.below(2), random.pick(EDGES), true);
      return bytes;
    case 3: {
      if (even + 4 > bytes.length) return bytes;
      const word = random.oneIn(2) ? random.word() : random.pick([0, 1, 0x7fffffff, 0x80000000, 0xffffffff]);
      view(bytes).setUint32(even, word, true);
      return bytes;
    }
    case 4:
      return bytes.slice(0, at);
    default: {
      const other = random.pick(requests);
      const from = random.below(other.length) & ~3;
      const part = other.subarray(from, from + 4 * random.below(16));
      const joined = new Uint8Array(even + part.length + (bytes.length - even));
      joined.set(bytes.subarray(0, even));
      joined.set(part, even);
      joined.set(bytes.subarray(even), even + part.length);
      return joined;
    }
  }
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Gives the kernel a datagram. Throws if it throws, or if its replies are no messages. */
export function tryRequest(kernel: Transport, datagram: Uint8Array): void {
  for (const reply of kernel.request(datagram)) for (const _ of splitMessages(reply));
}

const SHOWN = ['filter show dev d0', '-s -d qdisc show', '-j class show dev d0', '-s actions ls action gact'];

/** Runs one tc command, or now and then all of `batch`. Throws if tc throws: it has to say what is wrong, and exit. */
export function tryCommand(kernel: Transport, words: readonly string[], batch: string): void {
  const { exit } = runTc(words, { transport: kernel, readBatch: () => batch });
  if (!Number.isInteger(exit) || exit < 0 || exit > 255) throw new Error(`exit status ${exit}`);
}

/** What the kernel has in the end can be listed. */
export function tryShow(kernel: Transport): void {
  for (const line of SHOWN) tryCommand(kernel, line.split(' '), '');
}
