import { describe, expect, test } from 'vitest';
import {
  ackMessage,
  decode,
  doneMessage,
  encode,
  joinMessages,
  type Message,
  NLM_F,
  RTM,
  splitMessages,
  string,
  struct,
  table,
  u32,
  writeTc,
} from '../src/netlink/index.ts';
import { explainRefusal, LiveError, LiveKernel, type NetlinkSocket } from './kernel.ts';

const TCM = writeTc({ ifindex: 1, handle: 0x10000, parent: 0xffffffff, info: 0 }, (w) => {
  w.nest(1, () => w.bytes(Uint8Array.from([...'flow\0'].map((c) => c.charCodeAt(0)))));
});
const ADD: Message = { type: RTM.NEWQDISC, flags: NLM_F.REQUEST | NLM_F.ACK, seq: 7, pid: 0, payload: TCM };
const LIST: Message = { type: RTM.GETQDISC, flags: NLM_F.REQUEST | NLM_F.DUMP, seq: 7, pid: 0, payload: TCM };
const bytes = (...messages: Message[]): Uint8Array => joinMessages(messages);
const item = (flags = 0): Message => ({ ...LIST, type: RTM.NEWQDISC, flags: NLM_F.MULTI | flags });

/** A socket that gives these answers to each request sent, one list a request; null: ENOBUFS. */
function socketOf(...answers: (Uint8Array | null)[][]): NetlinkSocket & { readonly sent: Uint8Array[] } {
  const sent: Uint8Array[] = [];
  const queue: (Uint8Array | null)[] = [];
  return {
    sent,
    send: (datagram) => {
      sent.push(datagram);
      queue.push(...(answers.shift() ?? []));
    },
    receive: () => {
      const next = queue.shift();
      if (next === undefined) throw new LiveError('nothing comes');
      return next;
    },
    close: () => undefined,
  };
}

describe('LiveKernel', () => {
  test('a list is collected to its end, datagram by datagram', () => {
    const first = bytes(item(), item());
    const end = bytes(doneMessage(LIST));
    const socket = socketOf([first, end]);
    expect(new LiveKernel(socket).request(bytes(LIST))).toEqual([first, end]);
    expect(socket.sent).toEqual([bytes(LIST)]);
  });

  test('answers to earlier requests are skipped', () => {
    const ours = bytes(ackMessage(ADD, 0));
    const stale = bytes(ackMessage({ ...ADD, seq: 6 }, 22));
    expect(new LiveKernel(socketOf([stale, ours])).request(bytes(ADD))).toEqual([ours]);
  });

  test('an echo does not end the answer, the acknowledgement does', () => {
    const echo = bytes({ ...ADD, flags: 0 });
    const ack = bytes(ackMessage(ADD, 0));
    expect(new LiveKernel(socketOf([echo, ack])).request(bytes(ADD))).toEqual([echo, ack]);
  });

  test('a get without acknowledgement ends with its one answer', () => {
    const get = { ...LIST, flags: NLM_F.REQUEST };
    const answer = bytes({ ...get, type: RTM.NEWQDISC, flags: 0 });
    expect(new LiveKernel(socketOf([answer])).request(bytes(get))).toEqual([answer]);
  });

  test('a list that changed while it was read is asked for again', () => {
    const torn = [bytes(item()), bytes(item(NLM_F.DUMP_INTR)), bytes(doneMessage(LIST))];
    const whole = [bytes(item()), bytes(doneMessage(LIST))];
    const socket = socketOf(torn, whole);
    expect(new LiveKernel(socket).request(bytes(LIST))).toEqual(whole);
    expect(socket.sent).toHaveLength(2);
  });

  test('a list that never stands still is given up', () => {
    const torn = [bytes(item(NLM_F.DUMP_INTR)), bytes(doneMessage(LIST))];
    const kernel = new LiveKernel(socketOf(...Array.from({ length: 50 }, () => torn)));
    expect(() => kernel.request(bytes(LIST))).toThrow('changed 10 times');
  });

  test('a list of which a part was lost is asked for again; a lost acknowledgement is an error', () => {
    const whole = [bytes(item()), bytes(doneMessage(LIST))];
    const socket = socketOf([null, bytes(doneMessage(LIST))], whole);
    expect(new LiveKernel(socket).request(bytes(LIST))).toEqual(whole);
    expect(() => new LiveKernel(socketOf([null])).request(bytes(ADD))).toThrow(LiveError);
  });

  test('of several requests in one datagram each is answered', () => {
    const second = { ...ADD, seq: 8 };
    const acks = [bytes(ackMessage(ADD, 17)), bytes(ackMessage(second, 0))];
    expect(new LiveKernel(socketOf([acks[0]!], [acks[1]!])).request(bytes(ADD, second))).toEqual(acks);
  });

  test('devices are asked of the same socket, hence of its network namespace', () => {
    const IFINFO = struct({ head: u32, index: u32, flags: u32, change: u32 });
    const NAMES = table({ name: [3, string], mtu: [4, u32] } as const);
    const asked: Message[] = [];
    const queue: Uint8Array[] = [];
    const socket: NetlinkSocket = {
      send: (datagram) => {
        const [request] = [...splitMessages(datagram)];
        asked.push(request!);
        const name = decode(NAMES, request!.payload, 16).name;
        const link = [
          encode(IFINFO, { head: 0, index: 5, flags: 1, change: 0 }),
          encode(NAMES, { name: 'eth7', mtu: 1400 }),
        ];
        const answer = { ...request!, type: 16, flags: 0, payload: Uint8Array.from(link.flatMap((part) => [...part])) };
        queue.push(bytes(name === undefined || name === 'eth7' ? answer : ackMessage(request!, 19)));
      },
      receive: () => queue.shift()!,
      close: () => undefined,
    };
    const kernel = new LiveKernel(socket);
    expect(kernel.links.index('eth7')).toBe(5);
    expect(kernel.links.index('nosuch')).toBe(0);
    expect(kernel.links.name(5)).toBe('eth7');
    expect(kernel.device('eth7')).toMatchObject({ name: 'eth7', ifindex: 5, up: true, mtu: 1400, kind: 'ether' });
    // RTM_GETLINK
    expect(new Set(asked.map(({ type }) => type))).toEqual(new Set([18]));
  });
});

describe('a refusal', () => {
  const refused = (errno: number, extack: string): string | null => {
    const kernel = new LiveKernel(socketOf([bytes(ackMessage(ADD, errno, extack === '' ? {} : { message: extack }))]));
    kernel.request(bytes(ADD));
    return kernel.refusal === null ? null : explainRefusal(kernel.refusal);
  };

  test('for want of permission, of a classifier or of a qdisc is explained', () => {
    expect(refused(1, '')).toContain('CAP_NET_ADMIN');
    expect(refused(2, 'TC classifier not found')).toContain('classifier "flow": load the module cls_flow');
    expect(refused(2, 'Specified qdisc kind is unknown')).toContain('load the module sch_flow');
  });

  test('of the request itself is left to tc, and success is none', () => {
    expect(refused(22, 'Invalid handle')).toBeNull();
    expect(refused(0, '')).toBeNull();
  });
});
