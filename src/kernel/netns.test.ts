import { describe, expect, test } from 'vitest';
import { createEnv, createPacket } from '../env.ts';
import { ERAS } from '../era.ts';
import { Words } from '../lang/index.ts';
import {
  AttrWriter,
  joinMessages,
  type Message,
  NLM_F,
  NLMSG,
  RTM,
  readAck,
  readTc,
  splitMessages,
  TC_H,
  writeTc,
} from '../netlink/index.ts';
import { actionPart } from '../sched/action/index.ts';
import { parseSets } from '../sched/ematch/index.ts';
import { NO_PARTS, speakFlow } from '../sched/flow/index.ts';
import { findQdisc } from '../sched/qdisc/index.ts';
import { Netns } from './index.ts';

const D0 = 7;
const ADD = NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL;
const CHANGE = NLM_F.REQUEST | NLM_F.ACK;
const REPLACE = NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.REPLACE;
const IP = 0x0800;

function fresh(era: keyof typeof ERAS = '6.1'): Netns {
  const devices = [
    { name: 'lo', ifindex: 1 },
    { name: 'd0', ifindex: D0 },
  ];
  return new Netns({ env: createEnv({ era: ERAS[era], seed: 1 }), devices });
}

interface Ask {
  type: number;
  flags?: number;
  ifindex?: number;
  handle?: number;
  parent?: number;
  pref?: number;
  protocol?: number;
  kind?: string;
  chain?: number;
  options?: (w: AttrWriter) => void;
}

function datagram(ask: Ask): Uint8Array {
  const { ifindex = D0, handle = 0, parent = 0, pref = 0, protocol = 0 } = ask;
  const swapped = ((protocol & 0xff) << 8) | (protocol >> 8);
  const payload = writeTc({ ifindex, handle, parent, info: ((pref << 16) | swapped) >>> 0 }, (w) => {
    const { kind, chain, options } = ask;
    if (kind !== undefined) w.nest(1, () => w.bytes(new TextEncoder().encode(`${kind}\0`)));
    if (chain !== undefined) w.nest(11, () => w.u32(chain));
    options?.(w);
  });
  return joinMessages([{ type: ask.type, flags: ask.flags ?? CHANGE, seq: 7, pid: 0, payload }]);
}

function messages(netns: Netns, ask: Ask): Message[] {
  return netns.request(datagram(ask), 42).flatMap((reply) => [...splitMessages(reply)]);
}

/** `0`, or `errno: what the kernel says`. */
function answer(netns: Netns, ask: Ask): string {
  const last = messages(netns, ask).at(-1);
  if (last === undefined || last.type !== NLMSG.ERROR) return 'no acknowledgement';
  const { errno, extack } = readAck(last);
  return extack.message === undefined ? String(errno) : `${errno}: ${extack.message}`;
}

function qdisc(netns: Netns, words: string, place: Partial<Ask> = {}, flags = ADD): string {
  const [kind = '', ...rest] = words.split(' ');
  const options = (w: AttrWriter): void => findQdisc(kind)?.speak(new Words(rest), w);
  return answer(netns, { type: RTM.NEWQDISC, flags, parent: TC_H.ROOT, handle: 0x10000, kind, options, ...place });
}

function flow(netns: Netns, words: string, place: Partial<Ask> = {}, flags = ADD): string {
  const options = (w: AttrWriter): void =>
    w.nest(2, () => speakFlow(new Words(words.split(' ')), w, { ...NO_PARTS, action: actionPart() }));
  const where = { parent: 0x10000, pref: 10, protocol: IP, handle: 1, kind: 'flow' };
  return answer(netns, { type: RTM.NEWTFILTER, flags, options, ...where, ...place });
}

/** `pref protocol chain handle` of each line that `tc filter show` would print. */
function listed(netns: Netns, place: Partial<Ask> = {}): string[] {
  return messages(netns, { type: RTM.GETTFILTER, flags: NLM_F.REQUEST | NLM_F.DUMP, parent: 0x10000, ...place })
    .filter(({ type }) => type === RTM.NEWTFILTER)
    .map(readTc)
    .map(({ info, attributes, handle }) => `${info >>> 16} ${attributes.chain} ${handle}`);
}

describe('filters', () => {
  test('are added, listed behind a header for their preference, and deleted with it', () => {
    const netns = fresh();
    expect(qdisc(netns, 'drr')).toBe('0');
    expect(flow(netns, 'map key src')).toBe('0');
    expect(flow(netns, 'map key dst', { handle: 2 })).toBe('0');
    expect(listed(netns)).toEqual(['10 0 0', '10 0 1', '10 0 2']);
    expect(answer(netns, { type: RTM.DELTFILTER, parent: 0x10000, pref: 10 })).toBe('0');
    expect(listed(netns)).toEqual([]);
  });

  test('stand on nothing: the words for each way of having no place', () => {
    const netns = fresh();
    expect(flow(netns, 'map key src')).toBe("22: Parent Qdisc doesn't exists");
    expect(flow(netns, 'map key src', { ifindex: 99 })).toBe('19');
    expect(flow(netns, 'map key src', { parent: 0 })).toBe('22: Qdisc not classful');
    expect(flow(netns, 'map key src', { ifindex: -1, parent: 9 })).toBe('22: Block of given index was not found');
    qdisc(netns, 'drr');
    expect(flow(netns, 'map key src', { parent: 0x10005 })).toBe("2: Specified class doesn't exist");
    expect(flow(netns, 'map key src', { chain: 0x10000000 })).toBe('22: Specified chain index exceeds upper limit');
  });

  test('are refused in the kernel’s order', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    const needCreate = '2: Need both RTM_NEWTFILTER and NLM_F_CREATE to create a new filter';
    expect(flow(netns, 'map key src', { pref: 0 }, CHANGE)).toBe('2: Invalid filter command with priority of zero');
    expect(flow(netns, 'map key src', { protocol: 0 })).toBe('22: Filter kind and protocol must be specified');
    expect(flow(netns, 'map key src', {}, CHANGE)).toBe(needCreate);
    expect(flow(netns, 'map key src', { kind: 'nosuch' })).toBe('2: TC classifier not found');
    expect(flow(netns, 'map key src', { kind: 'a-name-of-16-byt' })).toBe('22: Specified TC filter name too long');
    expect(flow(netns, 'map key src', { kind: 'flow\0and-12-more' })).toBe('22: Specified TC filter name too long');
    expect(flow(netns, 'map key src')).toBe('0');
    expect(flow(netns, 'map key src')).toBe('17: Filter already exists');
    expect(flow(netns, 'map key src', { kind: 'fw' })).toBe('22: Specified filter kind does not match existing one');
    expect(flow(netns, 'map key src', { handle: 5 }, CHANGE)).toBe(needCreate);
    expect(flow(netns, 'map key src', { protocol: 0x86dd, handle: 2 })).toBe(
      '22: Filter with specified priority/protocol not found',
    );
  });

  test('leave no empty preference behind when the first one is refused', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    expect(flow(netns, 'hash')).toBe('22');
    expect(listed(netns)).toEqual([]);
  });

  test('take their preference along when the last one goes; kernels about 3.14 kept it', () => {
    const gone = { type: RTM.DELTFILTER, parent: 0x10000, pref: 10, protocol: IP, handle: 1, kind: 'flow' };
    for (const [era, left] of [
      ['6.1', []],
      ['seed', ['10 0 0']],
    ] as const) {
      const netns = fresh(era);
      qdisc(netns, 'drr');
      flow(netns, 'map key src');
      expect(answer(netns, gone)).toBe('0');
      expect(listed(netns)).toEqual(left);
    }
  });

  test('quirk 45: of a chain that is not there a get says EINVAL, a delete ENOENT, and a flush nothing', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    const where = { parent: 0x10000, pref: 10, protocol: IP, handle: 1, kind: 'flow' };
    expect(answer(netns, { type: RTM.GETTFILTER, ...where })).toBe('22: Cannot find specified filter chain');
    expect(answer(netns, { type: RTM.DELTFILTER, ...where })).toBe('2: Cannot find specified filter chain');
    expect(answer(netns, { type: RTM.DELTFILTER, parent: 0x10000 })).toBe('0');
    expect(answer(netns, { type: RTM.DELTFILTER, ...where, pref: 0 })).toBe(
      '2: Cannot flush filters with protocol, handle or kind set',
    );
  });

  test('quirk 41: a list shows them all under the parent that the latest was added with', () => {
    const netns = fresh();
    qdisc(netns, 'ingress', { parent: TC_H.INGRESS, handle: 0xffff0000 });
    expect(flow(netns, 'map key src', { parent: 0xffff0000 })).toBe('0');
    expect(flow(netns, 'map key src', { parent: TC_H.MIN_INGRESS, handle: 2 })).toBe('0');
    const dump = { type: RTM.GETTFILTER, flags: NLM_F.REQUEST | NLM_F.DUMP, parent: 0xffff0000 };
    const parents = messages(netns, dump)
      .filter(({ type }) => type === RTM.NEWTFILTER)
      .map((message) => readTc(message).parent);
    expect(parents).toEqual([TC_H.MIN_INGRESS, TC_H.MIN_INGRESS, TC_H.MIN_INGRESS]);
  });

  test('quirk 43: a terse list breaks off after the first header with EMSGSIZE', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    flow(netns, 'map key src');
    const options = (w: AttrWriter): void =>
      w.nest(15, () => {
        w.u32(1);
        w.u32(1);
      });
    const flags = NLM_F.REQUEST | NLM_F.DUMP;
    const replies = messages(netns, { type: RTM.GETTFILTER, flags, parent: 0x10000, options });
    expect(replies.map(({ type }) => type)).toEqual([RTM.NEWTFILTER, NLMSG.DONE]);
    expect(readAck(replies[1]!).errno).toBe(90);
  });

  test('quirk 48: chains are listed in the order in which they came into being', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    flow(netns, 'map key src', { chain: 5 });
    flow(netns, 'map key src');
    expect(listed(netns)).toEqual(['10 5 0', '10 5 1', '10 0 0', '10 0 1']);
    expect(listed(netns, { chain: 5 })).toEqual(['10 5 0', '10 5 1']);
  });

  test('of a shared block need a base class with a major number', () => {
    const netns = fresh();
    const block = (w: AttrWriter): void => w.nest(13, () => w.u32(22));
    qdisc(netns, 'ingress', { parent: TC_H.INGRESS, handle: 0xffff0000, options: block });
    const where = { ifindex: -1, parent: 22 };
    expect(flow(netns, 'map key dst', where)).toBe('22: Must specify baseclass when attaching flow filter to block');
    expect(flow(netns, 'map key dst baseclass 1:1', where)).toBe('0');
    expect(listed(netns, where)).toEqual(['10 0 0', '10 0 1']);
    expect(flow(netns, 'map key dst baseclass 1:1', { parent: 0xffff0000 })).toBe(
      '95: This filter block is shared. Please use the block index to manipulate the filters',
    );
  });
});

describe('answers', () => {
  test('echo a request’s header on success and all of it on an error, to the requester’s port', () => {
    const netns = fresh();
    const [error] = messages(netns, { type: RTM.DELQDISC, parent: TC_H.ROOT });
    expect(error).toMatchObject({ type: NLMSG.ERROR, seq: 7, pid: 42 });
    const [ack] = netns.request(datagram({ type: RTM.NEWQDISC, flags: ADD, parent: TC_H.ROOT, kind: 'drr' }), 42);
    expect(ack).toHaveLength(16 + 4 + 16);
  });

  test('quirk 42: bytes behind the last attribute are told of, if there is nothing else to tell', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    const trailing = (w: AttrWriter): void => {
      w.nest(2, () => speakFlow(new Words(['map', 'key', 'src']), w));
      w.u16(2);
      w.u16(3);
    };
    const where = { type: RTM.NEWTFILTER, flags: ADD, parent: 0x10000, pref: 10, protocol: IP, kind: 'flow' };
    expect(answer(netns, { ...where, options: trailing })).toBe('22: bytes leftover after parsing attributes');
    expect(answer(netns, { ...where, handle: 1, options: trailing })).toBe(
      '0: bytes leftover after parsing attributes',
    );
  });

  // Found by kernel:diff on 6.1.192: a list's end says it too, and a chain's answer carries it as TCA_EXT_WARN_MSG.
  test('bytes left over are told of at the end of a list, and in the answer about a chain', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    expect(flow(netns, 'map key dst')).toBe('0');
    const words = Buffer.from('bytes leftover after parsing attributes').toString('hex');
    const asked = (type: number, flags: number): string => {
      const clean = datagram({ type, flags, parent: 0x10000 });
      const broken = Buffer.concat([clean, Buffer.from('02000300', 'hex')]);
      broken.writeUInt32LE(broken.length, 0);
      return Buffer.from(netns.request(broken, 42).at(-1) ?? []).toString('hex');
    };
    expect(asked(RTM.GETTFILTER, 0x301)).toContain(words);
    expect(asked(RTM.GETCHAIN, 0x301)).toContain(words);
    expect(asked(RTM.GETCHAIN, 0x1)).toContain(`2c001000${words}`);
  });

  test('tell where an attribute broke its policy, and what the policy is', () => {
    const netns = fresh();
    const options = (w: AttrWriter): void => w.nest(11, () => w.u8(1));
    const [reply] = messages(netns, { type: RTM.NEWTFILTER, flags: ADD, kind: 'flow', options });
    expect(readAck(reply!)).toMatchObject({
      errno: 34,
      extack: { message: 'Attribute failed policy validation', offset: 16 + 20 + 12 },
    });
  });

  test('are silent without NLM_F_ACK, unless something is wrong', () => {
    const netns = fresh();
    expect(
      messages(netns, { type: RTM.NEWQDISC, flags: NLM_F.REQUEST | NLM_F.CREATE, parent: TC_H.ROOT, kind: 'drr' }),
    ).toEqual([]);
    expect(messages(netns, { type: RTM.NEWQDISC, flags: NLM_F.REQUEST, parent: 0x50000, kind: 'drr' })).toHaveLength(1);
  });

  test('to several messages in one datagram come in order; what is no message ends it', () => {
    const netns = fresh();
    const add = datagram({ type: RTM.NEWQDISC, flags: ADD, parent: TC_H.ROOT, handle: 0x10000, kind: 'drr' });
    const both = Uint8Array.from([...add, ...add, 9, 0, 0]);
    const errnos = netns.request(both).map((reply) => [...splitMessages(reply)].map((m) => readAck(m).errno));
    expect(errnos).toEqual([[0], [17]]);
  });

  test('a long list takes several datagrams of at most 32448 bytes', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    for (let handle = 1; handle <= 500; handle++) flow(netns, 'map key src', { handle });
    const replies = netns.request(
      datagram({ type: RTM.GETTFILTER, flags: NLM_F.REQUEST | NLM_F.DUMP, parent: 0x10000 }),
    );
    const sizes = replies.map(({ length }) => length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(32448);
    expect(sizes).toHaveLength(3);
    expect(sizes.at(-1)).toBe(20);
    expect(replies.flatMap((reply) => [...splitMessages(reply)])).toHaveLength(502);
  });
});

describe('qdiscs', () => {
  test('get handles from 8001: on, one after the other', () => {
    const netns = fresh();
    expect(qdisc(netns, 'drr', { handle: 0 })).toBe('0');
    const [first] = messages(netns, { type: RTM.GETQDISC, flags: NLM_F.REQUEST | NLM_F.ECHO, parent: TC_H.ROOT });
    expect(readTc(first!).handle).toBe(0x80010000);
  });

  test('are not added twice, nor replaced without leave', () => {
    const netns = fresh();
    expect(qdisc(netns, 'prio')).toBe('0');
    expect(qdisc(netns, 'prio')).toBe('17: Exclusivity flag on, cannot modify');
    expect(qdisc(netns, 'prio', { handle: 0x20000 })).toBe('17: NLM_F_REPLACE needed to override');
    expect(qdisc(netns, 'prio', { handle: 0x20000 }, REPLACE)).toBe('0');
    expect(qdisc(netns, 'drr', { handle: 0x20000 }, CHANGE)).toBe('22: Invalid qdisc name');
    expect(qdisc(netns, 'nosuch', { handle: 0 }, REPLACE)).toBe('2: Specified qdisc kind is unknown');
  });

  test('quirk 49: adding one of another kind without a handle replaces what is there', () => {
    const netns = fresh();
    expect(qdisc(netns, 'prio')).toBe('0');
    expect(qdisc(netns, 'prio', { handle: 0 })).toBe('17: Exclusivity flag on, cannot modify');
    expect(qdisc(netns, 'drr', { handle: 0 })).toBe('0');
    expect(qdisc(netns, 'prio', { handle: 0 }, CHANGE)).toBe('0');
    const [root] = messages(netns, { type: RTM.GETQDISC, flags: NLM_F.REQUEST | NLM_F.ECHO, parent: TC_H.ROOT });
    expect(readTc(root!)).toMatchObject({ handle: 0x80020000, attributes: { kind: 'prio' } });
  });

  test('stay where they are, and hang on classes only', () => {
    const netns = fresh();
    qdisc(netns, 'prio');
    expect(qdisc(netns, 'pfifo', { parent: 0x10001, handle: 0x110000 })).toBe('0');
    expect(qdisc(netns, 'pfifo', { parent: 0x10002, handle: 0x110000 })).toBe(
      '22: Cannot move an existing qdisc to a different parent',
    );
    expect(qdisc(netns, 'pfifo', { parent: 0x110001, handle: 0 })).toBe('95: Parent qdisc is not classful');
    expect(qdisc(netns, 'pfifo', { parent: 0x10009, handle: 0 })).toBe('2: Specified class not found');
    qdisc(netns, 'clsact', { parent: TC_H.INGRESS, handle: 0xffff0000 });
    expect(qdisc(netns, 'pfifo', { parent: 0xffff0001, handle: 0 })).toBe(
      '95: Cannot add children to ingress/clsact qdisc',
    );
  });

  test('are deleted by parent and handle; what is then left is noqueue', () => {
    const netns = fresh();
    const gone = { type: RTM.DELQDISC, parent: TC_H.ROOT };
    expect(answer(netns, gone)).toBe('2: Cannot delete qdisc with handle of zero');
    qdisc(netns, 'drr');
    expect(answer(netns, { ...gone, handle: 0x20000 })).toBe('22: Invalid handle');
    expect(answer(netns, gone)).toBe('0');
    const kinds = messages(netns, { type: RTM.GETQDISC, flags: NLM_F.REQUEST | NLM_F.DUMP })
      .filter(({ type }) => type === RTM.NEWQDISC)
      .map((message) => readTc(message).attributes.kind);
    expect(kinds).toEqual(['noqueue', 'noqueue']);
  });

  test('say which is missing', () => {
    const netns = fresh();
    const parent = 0x10001;
    expect(answer(netns, { type: RTM.DELQDISC, parent })).toBe('2: Failed to find qdisc with specified classid');
    expect(qdisc(netns, 'pfifo', { parent, handle: 0 })).toBe('2: Failed to find specified qdisc');
    qdisc(netns, 'drr');
    expect(qdisc(netns, 'pfifo', { parent, handle: 0 })).toBe('2: Specified class not found');
    expect(answer(netns, { type: RTM.DELQDISC, parent: TC_H.INGRESS })).toBe(
      '2: Cannot find specified qdisc on specified device',
    );
  });

  test('quirk 46: an ingress qdisc takes filters at any class id, egress too', () => {
    const netns = fresh();
    qdisc(netns, 'ingress', { parent: TC_H.INGRESS, handle: 0xffff0000 });
    expect(flow(netns, 'map key src', { parent: TC_H.MIN_EGRESS })).toBe('0');
    expect(flow(netns, 'map key src', { parent: 0xffff0007, handle: 2 })).toBe('0');
    const clsact = fresh();
    qdisc(clsact, 'clsact', { parent: TC_H.INGRESS, handle: 0xffff0000 });
    expect(flow(clsact, 'map key src', { parent: 0xffff0007 })).toBe("2: Specified class doesn't exist");
    expect(flow(clsact, 'map key src', { parent: 0xffff0000 })).toBe('22');
  });
});

describe('classes', () => {
  const add = (netns: Netns, handle: number, flags = ADD): string =>
    answer(netns, {
      type: RTM.NEWTCLASS,
      flags,
      handle,
      parent: 0x10000,
      kind: 'drr',
      options: (w) => w.nest(2, () => {}),
    });
  const list = (netns: Netns): number[] =>
    messages(netns, { type: RTM.GETTCLASS, flags: NLM_F.REQUEST | NLM_F.DUMP })
      .filter(({ type }) => type === RTM.NEWTCLASS)
      .map((message) => readTc(message).handle);

  test('are made, carry qdiscs, and go', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    expect(add(netns, 0x10001, CHANGE)).toBe('2');
    expect(add(netns, 0x10001)).toBe('0');
    expect(add(netns, 0x10001)).toBe('17');
    expect(qdisc(netns, 'pfifo', { parent: 0x10001, handle: 0x110000 })).toBe('0');
    expect(answer(netns, { type: RTM.DELTCLASS, handle: 0x10001 })).toBe('0');
    expect(list(netns)).toEqual([]);
    expect(answer(netns, { type: RTM.DELQDISC, parent: 0x110001 })).toBe(
      '2: Failed to find qdisc with specified classid',
    );
  });

  test('quirk 44: are listed in the order of the kernel’s hash table', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    for (const handle of [0x10001, 0x10011]) add(netns, handle);
    // 1:1 falls into bucket 1 of 4, 1:11 into bucket 0 (recorded of htb with these two classes).
    expect(list(netns)).toEqual([0x10011, 0x10001]);
  });

  test('of prio are its bands: listed, not made and not deleted', () => {
    const netns = fresh();
    qdisc(netns, 'prio');
    expect(list(netns)).toEqual([0x10001, 0x10002, 0x10003]);
    expect(answer(netns, { type: RTM.DELTCLASS, handle: 0x10001 })).toBe('95');
    expect(answer(netns, { type: RTM.NEWTCLASS, flags: ADD, handle: 0x10004, kind: 'prio' })).toBe('95');
  });
});

describe('chains', () => {
  const where = { parent: 0x10000, chain: 3 };

  test('that were made by themselves stay until they are deleted', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    expect(answer(netns, { type: RTM.NEWCHAIN, ...where })).toBe(
      '2: Need both RTM_NEWCHAIN and NLM_F_CREATE to create a new chain',
    );
    expect(answer(netns, { type: RTM.NEWCHAIN, flags: ADD, ...where })).toBe('0');
    expect(answer(netns, { type: RTM.NEWCHAIN, flags: ADD, ...where })).toBe('17: Filter chain already exists');
    flow(netns, 'map key src', { chain: 3 });
    expect(answer(netns, { type: RTM.DELTFILTER, parent: 0x10000, chain: 3 })).toBe('0');
    expect(answer(netns, { type: RTM.DELCHAIN, ...where })).toBe('0');
    expect(answer(netns, { type: RTM.DELCHAIN, ...where })).toBe('22: Cannot find specified filter chain');
  });
});

describe('actions', () => {
  const chains = (netns: Netns): (number | undefined)[] =>
    messages(netns, { type: RTM.GETCHAIN, flags: NLM_F.REQUEST | NLM_F.DUMP, parent: 0x10000 })
      .filter(({ type }) => type === RTM.NEWCHAIN)
      .map((message) => readTc(message).attributes.chain);
  const gact =
    (index: number) =>
    (w: AttrWriter): void =>
      w.nest(1, () =>
        w.nest(1, () => {
          w.nest(1, () => w.bytes(new TextEncoder().encode('gact\0')));
          w.nest(3, () => w.u32(index));
        }),
      );
  /** Requests about actions have a shorter header. */
  function ask(netns: Netns, type: number, flags: number, body: (w: AttrWriter) => void): Message[] {
    const w = new AttrWriter();
    w.zeros(4);
    body(w);
    return netns
      .request(joinMessages([{ type, flags, seq: 1, pid: 0, payload: w.done() }]))
      .flatMap((reply) => [...splitMessages(reply)]);
  }
  const errno = (replies: Message[]): number => readAck(replies.at(-1)!).errno;

  test('that go to a chain hold it where nobody sees it', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    expect(flow(netns, 'map key src action goto chain 7')).toBe('0');
    expect(chains(netns)).toEqual([0]);
    expect(answer(netns, { type: RTM.GETCHAIN, parent: 0x10000, chain: 7 })).toBe(
      '22: Cannot find specified filter chain',
    );
    const held = { type: RTM.DELTFILTER, parent: 0x10000, chain: 7, pref: 1 };
    expect(answer(netns, held)).toBe('2: Filter with specified priority/protocol not found');
    answer(netns, { type: RTM.DELTFILTER, parent: 0x10000, pref: 10 });
    expect(answer(netns, held)).toBe('2: Cannot find specified filter chain');
  });

  test('go when the filter goes, or is changed, or was refused', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    const get = (index: number): number => errno(ask(netns, RTM.GETACTION, CHANGE, gact(index)));
    expect(flow(netns, 'map key src action drop')).toBe('0');
    expect(flow(netns, 'map keys src action drop', { handle: 0 })).toBe('22');
    expect([get(1), get(2)]).toEqual([0, 2]);
    expect(flow(netns, 'map key src', {}, CHANGE)).toBe('0');
    expect(get(1)).toBe(2);
  });

  test('that a filter has are not deleted under it', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    flow(netns, 'map key src action drop');
    expect(errno(ask(netns, RTM.DELACTION, CHANGE, gact(1)))).toBe(1);
    expect(errno(ask(netns, RTM.DELACTION, CHANGE, gact(9)))).toBe(2);
    expect(errno(ask(netns, RTM.NEWACTION, ADD, () => {}))).toBe(22);
  });

  test('are listed by kind, numbered from 0, behind their count', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    flow(netns, 'map key src action pipe action drop');
    const [list, done] = ask(netns, RTM.GETACTION, NLM_F.REQUEST | NLM_F.DUMP, gact(0));
    expect(list?.type).toBe(RTM.GETACTION);
    expect([...list!.payload.subarray(4, 12)]).toEqual([8, 0, 3, 0, 2, 0, 0, 0]);
    expect(done?.type).toBe(NLMSG.DONE);
    expect(ask(netns, RTM.GETACTION, NLM_F.REQUEST | NLM_F.DUMP, () => {}).map(({ type }) => type)).toEqual([
      NLMSG.DONE,
    ]);
  });

  test('say what is to be known before packets are classified', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    flow(netns, 'map key src action drop');
    const place = { dev: 'd0', hook: 'egress' } as const;
    expect(netns.survey(place)).toEqual({ scope: 'packet', assumed: false, asks: 0 });
    flow(netns, 'map key src action pass random netrand drop 5', { handle: 2 });
    expect(netns.survey(place)).toMatchObject({ scope: 'all', assumed: true });
  });
});

describe('a namespace', () => {
  test('classifies at the root qdisc and at the hooks', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    flow(netns, 'map key mark and 0xf baseclass 1:10', { protocol: 3 });
    const p = createPacket(createEnv({ era: ERAS['6.1'], seed: 1 }));
    p.mark = 0x25;
    expect(netns.classify(p, { dev: 'd0', hook: 'egress' })).toMatchObject({
      verdict: 0,
      result: { classid: 0x10015, pref: 10, handle: 1 },
    });
    expect(netns.classify(p, { dev: 'd0', hook: 'ingress' }).verdict).toBe(-1);
    expect(netns.classify(p, { dev: 'lo', hook: 'egress' }).verdict).toBe(-1);
  });

  test('saved and loaded, answers as before; refused requests are forgotten', () => {
    const netns = fresh();
    qdisc(netns, 'drr');
    flow(netns, 'hash keys src,dst divisor 16');
    flow(netns, 'map key rxhash', { handle: 9, pref: 4 });
    flow(netns, 'map', { handle: 10 });
    answer(netns, { type: RTM.DELTFILTER, parent: 0x10000, pref: 4 });
    const saved = JSON.parse(JSON.stringify(netns.save()));
    expect(saved).toMatchObject({ schema: 1, era: '6.1' });
    expect(saved.requests).toHaveLength(4);
    const again = Netns.load(saved, createEnv({ era: ERAS['6.1'], seed: 1 }));
    const dump = datagram({ type: RTM.GETTFILTER, flags: NLM_F.REQUEST | NLM_F.DUMP, parent: 0x10000 });
    expect(again.request(dump)).toEqual(netns.request(dump));
    expect(again.save()).toEqual(saved);
  });

  test('keeps the sets that its ematches name, by their numbers', () => {
    const sets = parseSets('create friends hash:ip\nadd friends 10.0.0.1', () => 5);
    const env = createEnv({ era: ERAS['6.1'], seed: 1 });
    const netns = new Netns({ env, devices: [{ name: 'd0', ifindex: D0 }], sets });
    const saved = JSON.parse(JSON.stringify(netns.save()));
    const lines = ['create friends hash:ip family inet', 'add friends 10.0.0.1'];
    expect(saved.sets).toEqual([{ index: 5, lines }]);
    const again = Netns.load(saved, env);
    expect(again.set('friends')).toMatchObject({ index: 5, lines });
    expect(again.set(5)?.name).toBe('friends');
    expect(again.set(0)).toBeNull();
    expect(Netns.load(saved, env, { sets: [] }).set('friends')).toBeNull();
  });

  test('is not loaded from what is no saved namespace, or from one of another era', () => {
    const env = createEnv({ era: ERAS['6.1'], seed: 1 });
    const saved = fresh().save();
    for (const wrong of [
      null,
      {},
      { ...saved, schema: 2 },
      { ...saved, devices: [{}] },
      { ...saved, requests: ['0g'] },
      { ...saved, sets: [{ index: 0, lines: [1] }] },
      { ...saved, sets: [{ index: 0, lines: ['10.0.0.1'] }] },
    ]) {
      expect(() => Netns.load(wrong, env)).toThrow('expected');
    }
    expect(() => Netns.load(saved, createEnv({ era: ERAS.seed, seed: 1 }))).toThrow('a state of era seed expected');
  });
});
