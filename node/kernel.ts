import type { Links, Transport } from '../src/command/index.ts';
import type { DeviceSpec } from '../src/kernel/index.ts';
import {
  type AttrWriter,
  decode,
  encode,
  joinMessages,
  type Message,
  NLM_F,
  NLMSG,
  readAck,
  readTc,
  s32,
  splitMessages,
  string,
  struct,
  table,
  u8,
  u16,
  u32,
} from '../src/netlink/index.ts';

/** Why there is no talking to the running kernel, in one line. */
export class LiveError extends Error {
  override readonly name = 'LiveError';
}

/** A netlink socket, as far as requests and their answers need one. */
export interface NetlinkSocket {
  send(datagram: Uint8Array): void;
  /** The next datagram; null: the kernel lost some for want of room (ENOBUFS). Throws LiveError if none comes. */
  receive(): Uint8Array | null;
  close(): void;
}

/** What the kernel refused last. */
export interface Refusal {
  readonly errno: number;
  readonly extack: string;
  /** The request that it refused. */
  readonly request: Message;
}

/** A list that changes while it is read is asked for again so many times. */
const TRIES = 10;
/** Of four message numbers in a row the third is the get. */
const KIND_GET = 2;

const GETLINK = 18;
/** RTEXT_FILTER_SKIP_STATS */
const SKIP_STATS = 8;
const IFF_UP = 1;
const ARPHRD_LOOPBACK = 772;
/** IFNAMSIZ less the final null: longer ones are alternative names. */
const NAME_MAX = 15;

/** struct ifinfomsg */
const IFINFO = struct({ family: u8, pad: u8, type: u16, index: s32, flags: u32, change: u32 });
/** include/uapi/linux/if_link.h: IFLA_* */
const IFLA = {
  name: [3, string],
  mtu: [4, u32],
  txqlen: [13, u32],
  extMask: [29, u32],
  txQueues: [31, u32],
  altName: [53, string],
} as const;
const LINK = table(IFLA);

/**
 * The running kernel behind a socket, in the network namespace that the socket was opened in: the same interface as
 * the emulated one. Answers are the kernel's own datagrams.
 */
export class LiveKernel implements Transport {
  private readonly socket: NetlinkSocket;
  /** Of our own questions about devices: far from where tc begins to count. */
  private seq = 0x80000000;
  /** The last request that was refused; what tc says of it may want an explanation. */
  refusal: Refusal | null = null;

  readonly links: Links = {
    index: (name) => this.device(name)?.ifindex ?? 0,
    name: (index) => this.link(index, () => {})?.name ?? null,
  };

  constructor(socket: NetlinkSocket) {
    this.socket = socket;
  }

  /** One datagram of requests; every one is answered before the next is sent. Throws LiveError. */
  request(datagram: Uint8Array): Uint8Array[] {
    const answers: Uint8Array[] = [];
    for (const message of splitMessages(datagram)) answers.push(...this.answers(message));
    return answers;
  }

  close(): void {
    this.socket.close();
  }

  /** The device of this name, as an emulated kernel would have it; null: there is none. */
  device(name: string): DeviceSpec | null {
    const attribute = name.length > NAME_MAX ? IFLA.altName : IFLA.name;
    return this.link(0, (w) => w.put(attribute, name));
  }

  private link(index: number, name: (w: AttrWriter) => void): DeviceSpec | null {
    const head = { family: 0, pad: 0, type: 0, index, flags: 0, change: 0 };
    const payload = encode(
      {
        ...IFINFO,
        write: (value: typeof head, w) => {
          IFINFO.write(value, w);
          name(w);
          w.put(IFLA.extMask, SKIP_STATS);
        },
      },
      head,
    );
    this.seq = (this.seq + 1) >>> 0;
    const request = { type: GETLINK, flags: NLM_F.REQUEST, seq: this.seq, pid: 0, payload };
    const [answer] = this.exchange(request).flatMap((datagram) => [...splitMessages(datagram)]);
    return answer === undefined || answer.type === NLMSG.ERROR ? null : deviceOf(answer);
  }

  private answers(request: Message): Uint8Array[] {
    const datagrams = this.exchange(request);
    const last = [...splitMessages(datagrams.at(-1) ?? new Uint8Array(0))].at(-1);
    if (last?.type === NLMSG.ERROR) {
      const { errno, extack } = readAck(last);
      if (errno !== 0) this.refusal = { errno, extack: extack.message ?? '', request };
    }
    return datagrams;
  }

  /** A list is asked for again if it changed while it was read, or if a part of it was lost. */
  private exchange(request: Message): Uint8Array[] {
    for (let tries = 0; tries < TRIES; tries++) {
      this.socket.send(joinMessages([request]));
      const datagrams = this.collect(request);
      if (datagrams !== null) return datagrams;
      if (!isDump(request)) throw new LiveError('the kernel lost its answer (ENOBUFS): whether it obeyed is not known');
    }
    throw new LiveError(`the kernel's list changed ${TRIES} times while it was read`);
  }

  /** All datagrams of one answer; null: it is not whole. Answers to earlier requests are left aside. */
  private collect(request: Message): Uint8Array[] | null {
    const datagrams: Uint8Array[] = [];
    let whole = true;
    for (;;) {
      const datagram = this.socket.receive();
      if (datagram === null) {
        // An acknowledgement that was lost does not come again; a list goes on, and is asked for once more.
        if (!isDump(request)) return null;
        whole = false;
        continue;
      }
      const messages = [...splitMessages(datagram)].filter(({ seq }) => seq === request.seq);
      if (messages.length === 0) continue;
      datagrams.push(datagram);
      if (messages.some(({ flags, type }) => type !== NLMSG.ERROR && (flags & NLM_F.DUMP_INTR) !== 0)) whole = false;
      if (messages.some((message) => ends(request, message))) return whole ? datagrams : null;
    }
  }
}

const isDump = ({ type, flags }: Message): boolean => (type & 3) === KIND_GET && (flags & NLM_F.DUMP) !== 0;

/** Whether this message is the last of the answer. */
function ends(request: Message, { type }: Message): boolean {
  if (type === NLMSG.DONE || type === NLMSG.ERROR) return true;
  return !isDump(request) && (request.flags & NLM_F.ACK) === 0;
}

function deviceOf({ payload }: Message): DeviceSpec {
  const { type, index, flags } = IFINFO.read(payload, 0, payload.length);
  const { name = '', mtu, txqlen, txQueues } = decode(LINK, payload, IFINFO.size);
  return {
    name,
    ifindex: index,
    up: (flags & IFF_UP) !== 0,
    kind: type === ARPHRD_LOOPBACK ? 'loopback' : 'ether',
    ...(mtu === undefined ? {} : { mtu }),
    ...(txqlen === undefined ? {} : { txqlen }),
    ...(txQueues === undefined ? {} : { txQueues }),
  };
}

const EPERM = 1;
/** What the kernel says where it lacks a kind, and what its module and its option are called. */
const LACKS: readonly (readonly [extack: string, noun: string, module: string, option: string])[] = [
  ['TC classifier not found', 'classifier', 'cls_', 'CONFIG_NET_CLS_'],
  ['Specified qdisc kind is unknown', 'qdisc', 'sch_', 'CONFIG_NET_SCH_'],
];

/** A refusal that is about the machine and not about the request, in one line; null: the request is to blame. */
export function explainRefusal({ errno, extack, request }: Refusal): string | null {
  if (errno === EPERM) {
    return 'no permission: changing traffic control takes CAP_NET_ADMIN (root, or a namespace made by unshare -rn)';
  }
  const row = LACKS.find(([text]) => extack.startsWith(text));
  if (row === undefined) return null;
  const [, noun, module, option] = row;
  const kind = readTc(request).attributes.kind ?? '';
  return `this kernel has no ${noun} "${kind}": load the module ${module}${kind}, or build it (${option}${kind.toUpperCase()})`;
}
