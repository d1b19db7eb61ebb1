import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Frame, openCapture } from '../capture/index.ts';
import { UsageError } from '../errors.ts';
import { parseAddress, parsePrefix } from '../lang/index.ts';
import { Ct, Direction, Packet } from '../packet/index.ts';
import { parseListing } from './listing.ts';
import { type NatRule, parseNat, withDevices } from './nat.ts';
import { CONNTRACK_MAX, Tracker } from './tracker.ts';

const SECOND = 1e9;
const { ORIGINAL, REPLY } = Direction;

function u16(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

function addressBytes(text: string): number[] {
  const address = parseAddress(text);
  if (address === null) throw new Error(text);
  const bytes = address.words.flatMap((word) => [...u16(word >>> 16), ...u16(word)]);
  return address.family === 4 ? bytes.slice(0, 4) : bytes;
}

/** An IP packet; `fragment` is IPv4's flags and offset field. */
function ip(src: string, dst: string, proto: number, payload: readonly number[], id = 0, fragment = 0): number[] {
  const ends = [...addressBytes(src), ...addressBytes(dst)];
  if (src.includes(':')) return [0x60, 0, 0, 0, ...u16(payload.length), proto, 64, ...ends, ...payload];
  const head = [0x45, 0, ...u16(20 + payload.length), ...u16(id), ...u16(fragment), 64, proto, 0, 0];
  return [...head, ...ends, ...payload];
}

function udp(
  src: string,
  dst: string,
  sport: number,
  dport: number,
  id = 0,
  data: readonly number[] = [1, 2, 3, 4],
): number[] {
  return ip(src, dst, 17, [...u16(sport), ...u16(dport), ...u16(8 + data.length), 0, 0, ...data], id);
}

const FLAGS = { F: 1, S: 2, R: 4, A: 16 } as const;

function tcp(src: string, dst: string, sport: number, dport: number, flags: string, seq = 1, id = 0): number[] {
  const bits = [...flags].reduce((all, flag) => all | FLAGS[flag as keyof typeof FLAGS], 0);
  const head = [...u16(sport), ...u16(dport), 0, 0, ...u16(seq), 0, 0, 0, 0, 0x50, bits, 0xff, 0xff, 0, 0, 0, 0];
  return ip(src, dst, 6, head, id);
}

function icmp(src: string, dst: string, type: number, id: number, rest: readonly number[] = []): number[] {
  return ip(src, dst, src.includes(':') ? 58 : 1, [type, 0, 0, 0, ...u16(id), 0, 1, ...rest]);
}

function packetOf(bytes: readonly number[], front = 0, canary = 0): Packet {
  const p = new Packet();
  p.data = new Uint8Array(front + bytes.length + 64).fill(canary);
  p.data.set(bytes, front);
  p.head = p.at = p.network = front;
  p.end = front + bytes.length;
  p.len = bytes.length;
  p.protocol = (bytes[0] ?? 0) >>> 4 === 6 ? 0x86dd : 0x0800;
  return p;
}

/** What the tracker says of a packet, in words: `original 10.0.0.1:5 > 10.0.0.2:53 exact`, or null. */
function say(tracker: Tracker, bytes: readonly number[], seconds = 0): string | null {
  const ct = new Ct();
  if (!tracker.track(packetOf(bytes), ct, seconds * SECOND)) return null;
  const v6 = (bytes[0] ?? 0) >>> 4 === 6;
  return `${ct.direction === ORIGINAL ? 'original' : 'reply'} ${end(ct.src, ct.srcAll, v6)} > ${end(ct.dst, ct.dstAll, v6)} ${ct.exactness}`;
}

function end(words: Int32Array, all: number, v6: boolean): string {
  const bytes = [...words].flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]);
  return v6 ? `…${(words[3] ?? 0).toString(16)}:${all}` : `${bytes.slice(0, 4).join('.')}:${all}`;
}

function router(...rules: string[]): Tracker {
  return new Tracker({ rules: rules.map(parseNat) });
}

describe('without NAT', () => {
  test('an answer carries the reply tuple, which is what stands in the packet', () => {
    const tracker = new Tracker();
    expect(say(tracker, udp('10.0.0.1', '10.0.0.2', 5000, 53))).toBe('original 10.0.0.1:5000 > 10.0.0.2:53 assumed');
    expect(say(tracker, udp('10.0.0.2', '10.0.0.1', 53, 5000))).toBe('reply 10.0.0.2:53 > 10.0.0.1:5000 assumed');
    expect(tracker.size).toBe(1);
  });

  test('with rules that do not concern the flow the tuple is exact', () => {
    const tracker = router('masquerade 192.168.0.0/16 to 203.0.113.2');
    expect(say(tracker, udp('10.0.0.1', '10.0.0.2', 5000, 53))).toBe('original 10.0.0.1:5000 > 10.0.0.2:53 exact');
  });

  test('an ICMP question has its id as source, type and code as destination; so has the answer', () => {
    const tracker = new Tracker();
    expect(say(tracker, icmp('10.0.0.1', '10.0.0.2', 8, 0x1234))).toBe(
      'original 10.0.0.1:4660 > 10.0.0.2:2048 assumed',
    );
    expect(say(tracker, icmp('10.0.0.2', '10.0.0.1', 0, 0x1234))).toBe('reply 10.0.0.2:4660 > 10.0.0.1:0 assumed');
    expect(say(tracker, icmp('fd00::1', 'fd00::2', 128, 7))).toBe('original …1:7 > …2:32768 assumed');
    expect(say(tracker, icmp('fd00::2', 'fd00::1', 129, 7))).toBe('reply …2:7 > …1:33024 assumed');
  });

  test('an answer that nobody asked for, a router advertisement, a neighbour solicitation: no entry', () => {
    const tracker = new Tracker();
    expect(say(tracker, icmp('10.0.0.2', '10.0.0.1', 0, 1))).toBeNull();
    expect(say(tracker, icmp('fe80::1', 'ff02::1', 134, 1))).toBeNull();
    expect(say(tracker, icmp('fe80::1', 'ff02::1', 135, 1))).toBeNull();
    expect(tracker.size).toBe(0);
  });

  test('an ICMP error goes with the packet it carries, in the opposite direction', () => {
    const tracker = new Tracker();
    const lost = udp('10.0.0.1', '10.0.0.2', 5000, 53);
    say(tracker, lost);
    expect(say(tracker, icmp('10.0.0.9', '10.0.0.1', 3, 0, lost.slice(0, 28)))).toBe(
      'reply 10.0.0.2:53 > 10.0.0.1:5000 assumed',
    );
    // nf_conntrack_inet_error(): an error that is not sent to the packet's sender is not related
    expect(say(tracker, icmp('10.0.0.9', '10.0.0.7', 3, 0, lost.slice(0, 28)))).toBeNull();
    expect(say(tracker, icmp('10.0.0.9', '10.0.0.1', 3, 0, udp('10.0.0.1', '10.0.0.2', 5001, 53)))).toBeNull();
    const lost6 = udp('fd00::1', 'fd00::2', 5000, 53);
    say(tracker, lost6);
    expect(say(tracker, icmp('fd00::9', 'fd00::1', 1, 0, lost6))).toBe('reply …2:53 > …1:5000 assumed');
  });

  test('protocols without ports have tuples of addresses alone; PPTP has its call id', () => {
    const tracker = new Tracker();
    expect(say(tracker, ip('10.0.0.1', '10.0.0.2', 50, [1, 2, 3, 4]))).toBe('original 10.0.0.1:0 > 10.0.0.2:0 assumed');
    expect(say(tracker, ip('10.0.0.1', '10.0.0.2', 47, [0, 0, 8, 0]))).toBe('original 10.0.0.1:0 > 10.0.0.2:0 assumed');
    expect(say(tracker, ip('10.0.0.1', '10.0.0.2', 47, [0x30, 1, 0x88, 0x0b, 0, 4, 0x12, 0x34]))).toBe(
      'original 10.0.0.1:0 > 10.0.0.2:4660 assumed',
    );
    expect(say(tracker, ip('10.0.0.1', '10.0.0.2', 47, [0x30, 1, 0x08, 0x00, 0, 4, 0x12, 0x34]))).toBeNull();
  });

  test('IPv6 extension headers are passed over', () => {
    const tracker = new Tracker();
    const inner = [...u16(5000), ...u16(53), 0, 8, 0, 0];
    const options = ip('fd00::1', 'fd00::2', 0, [60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0, ...inner]);
    expect(say(tracker, options)).toBe('original …1:5000 > …2:53 assumed');
    expect(say(tracker, ip('fd00::1', 'fd00::2', 59, [1, 2, 3, 4]))).toBeNull();
  });

  test('later fragments go with the first; without it they have no entry', () => {
    const tracker = new Tracker();
    const first = ip('10.0.0.1', '10.0.0.2', 17, [...u16(5000), ...u16(53), ...u16(2000), 0, 0], 77, 0x2000);
    const later = ip('10.0.0.1', '10.0.0.2', 17, [9, 9, 9, 9, 9, 9, 9, 9], 77, 1);
    expect(say(tracker, later)).toBeNull();
    expect(say(tracker, first, 1)).toBe('original 10.0.0.1:5000 > 10.0.0.2:53 assumed');
    expect(say(tracker, later, 2)).toBe('original 10.0.0.1:5000 > 10.0.0.2:53 assumed');
    expect(say(tracker, ip('10.0.0.1', '10.0.0.2', 17, [9, 9], 78, 1), 2)).toBeNull();
    expect(say(tracker, later, 32)).toBeNull();
    const first6 = ip('fd00::1', 'fd00::2', 44, [
      17,
      0,
      0,
      1,
      0,
      0,
      0,
      9,
      ...u16(5000),
      ...u16(53),
      ...u16(2000),
      0,
      0,
    ]);
    const later6 = ip('fd00::1', 'fd00::2', 44, [17, 0, 0, 8, 0, 0, 0, 9, 1, 2, 3, 4]);
    expect(say(tracker, first6)).toBe('original …1:5000 > …2:53 assumed');
    expect(say(tracker, later6)).toBe('original …1:5000 > …2:53 assumed');
  });

  test('what a protocol refuses has no entry: odd TCP flags, a UDP length beyond the packet, an INIT with a tag', () => {
    const tracker = new Tracker();
    expect(say(tracker, tcp('10.0.0.1', '10.0.0.2', 1, 2, 'SF'))).toBeNull();
    expect(say(tracker, tcp('10.0.0.1', '10.0.0.2', 1, 2, ''))).toBeNull();
    expect(say(tracker, ip('10.0.0.1', '10.0.0.2', 17, [0, 1, 0, 2, 0, 9, 0, 0]))).toBeNull();
    expect(say(tracker, ip('10.0.0.1', '10.0.0.2', 17, [0, 1, 0, 2, 0, 7, 0, 0]))).toBeNull();
    const sctp = (tag: number, chunk: number): number[] =>
      ip('10.0.0.1', '10.0.0.2', 132, [
        0,
        1,
        0,
        2,
        0,
        0,
        0,
        tag,
        0,
        0,
        0,
        0,
        chunk,
        0,
        0,
        20,
        ...new Array<number>(16).fill(0),
      ]);
    expect(say(tracker, sctp(7, 1))).toBeNull();
    expect(say(tracker, sctp(0, 0))).toBeNull(); // DATA opens nothing
    expect(say(tracker, sctp(0, 1))).toBe('original 10.0.0.1:1 > 10.0.0.2:2 assumed');
    const dccp = (type: number): number[] =>
      ip('10.0.0.1', '10.0.0.2', 33, [0, 1, 0, 2, 3, 0, 0, 0, type << 1, 0, 0, 0]);
    expect(say(tracker, dccp(2))).toBeNull(); // Data opens nothing
    expect(say(tracker, dccp(0))).toBe('original 10.0.0.1:1 > 10.0.0.2:2 assumed');
    expect(say(tracker, dccp(2))).toBeNull(); // nor does it follow a Request
  });

  test('tags left in the frame are passed over, wherever the device put the network header', () => {
    const frame = [
      ...new Array<number>(12).fill(0),
      0x81,
      0,
      0,
      5,
      0x81,
      0,
      0,
      6,
      8,
      0,
      ...udp('10.0.0.1', '10.0.0.2', 5000, 53),
    ];
    for (const network of [14, 22]) {
      const p = packetOf(frame);
      p.mac = 0;
      p.network = network;
      p.protocol = 0x8100;
      const ct = new Ct();
      expect(new Tracker().track(p, ct, 0)).toBe(true);
      expect([ct.srcAll, ct.dstAll]).toEqual([5000, 53]);
    }
  });

  test.each([
    [8, true],
    [9, false],
  ])('a packet behind %i tags, of which a stack of devices takes 8: tracked %s', (count, isTracked) => {
    const tags = Array.from({ length: count }, () => [0x81, 0, 0, 5]).flat();
    const p = packetOf([...new Array<number>(12).fill(0), ...tags, 8, 0, ...udp('10.0.0.1', '10.0.0.2', 5000, 53)]);
    p.mac = 0;
    p.network = 14;
    p.protocol = 0x8100;
    expect(new Tracker().track(p, new Ct(), 0)).toBe(isTracked);
  });
});

describe('time', () => {
  const there = udp('10.0.0.1', '10.0.0.2', 5000, 53);
  const back = udp('10.0.0.2', '10.0.0.1', 53, 5000);

  test('an unanswered UDP flow is forgotten after 30 seconds: then the other side begins a new one', () => {
    const tracker = new Tracker();
    say(tracker, there, 0);
    expect(say(tracker, back, 30)).toMatch(/^reply/);
    const late = new Tracker();
    say(late, there, 0);
    expect(say(late, back, 30.001)).toMatch(/^original 10.0.0.2:53/);
  });

  test('an answered flow that goes on after two seconds lives for 120', () => {
    const stream = new Tracker();
    for (const [bytes, at] of [
      [there, 0],
      [back, 0],
      [there, 3],
    ] as const)
      say(stream, bytes, at);
    expect(say(stream, back, 123)).toMatch(/^reply/);
    const short = new Tracker();
    for (const [bytes, at] of [
      [there, 0],
      [back, 0],
      [there, 1],
    ] as const)
      say(short, bytes, at);
    expect(say(short, back, 32)).toMatch(/^original/);
  });

  test.each([
    // segments of client (>) and server (<), then how long the flow lives (nf_conntrack_tcp_timeout_*)
    ['>S', 120],
    ['>S <SA', 60],
    ['>S <SA >A', 432000],
    ['>S <SA >A <A >A >FA', 120],
    ['>S <SA >A <A >FA <A', 60],
    ['>S <SA >A <A >FA <FA', 30],
    ['>S <SA >A <A >FA <FA >A', 120],
    ['>S <SA >A <A >RA', 10],
    ['>A', 300], // picked up in the middle, never answered
    ['>A <A >A', 432000],
  ])('TCP %s lives for %i seconds', (segments, seconds) => {
    for (const [wait, lives] of [
      [seconds, true],
      [seconds + 1, false],
    ] as const) {
      const tracker = new Tracker();
      for (const segment of segments.split(' ')) {
        const flags = segment.slice(1);
        if (segment.startsWith('>')) say(tracker, tcp('10.0.0.1', '10.0.0.2', 5000, 80, flags));
        else say(tracker, tcp('10.0.0.2', '10.0.0.1', 80, 5000, flags));
      }
      // An acknowledgement of the server: the entry's reply if it lives, the original of a new one if it does not.
      const word = say(tracker, tcp('10.0.0.2', '10.0.0.1', 80, 5000, 'A'), wait);
      expect(word?.startsWith('reply')).toBe(lives);
    }
  });

  test('TCP: SYN and ACK out of nowhere opens nothing, nor do FIN and RST', () => {
    for (const flags of ['SA', 'FA', 'R', 'RA'])
      expect(say(new Tracker(), tcp('10.0.0.1', '10.0.0.2', 1, 2, flags))).toBeNull();
  });

  test('TCP: the side that closed may be called again from the other side', () => {
    const tracker = new Tracker();
    const client = (flags: string): string | null => say(tracker, tcp('10.0.0.1', '10.0.0.2', 5000, 80, flags));
    const server = (flags: string): string | null => say(tracker, tcp('10.0.0.2', '10.0.0.1', 80, 5000, flags));
    client('S');
    server('SA');
    client('A');
    client('FA');
    server('FA');
    client('A');
    expect(server('S')).toMatch(/^original 10.0.0.2:80/);
    expect(client('SA')).toMatch(/^reply 10.0.0.1:5000/);
  });

  test('TCP: a refused connection ends at once, but its reset still belongs to it, wherever it is seen', () => {
    const tracker = new Tracker();
    say(tracker, tcp('10.0.0.1', '10.0.0.2', 5000, 80, 'S'));
    const reset = tcp('10.0.0.2', '10.0.0.1', 80, 5000, 'RA');
    expect(say(tracker, reset)).toMatch(/^reply/);
    expect(say(tracker, reset)).toMatch(/^reply/);
    expect(say(tracker, tcp('10.0.0.2', '10.0.0.1', 80, 5000, 'S'))).toMatch(/^original 10.0.0.2/);
  });

  test('an expired entry is never returned: any history agrees with a plain account of who began, and when', () => {
    const step = fc.record({
      flow: fc.integer({ min: 0, max: 5 }),
      back: fc.boolean(),
      wait: fc.integer({ min: 0, max: 70 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const tracker = new Tracker();
        const account = new Map<number, { back: boolean; born: number; until: number; answered: boolean }>();
        let now = 0;
        for (const { flow, back: isBack, wait } of steps) {
          now += wait;
          const bytes = isBack ? udp('10.0.0.2', '10.0.0.1', 53, flow) : udp('10.0.0.1', '10.0.0.2', flow, 53);
          let known = account.get(flow);
          if (known === undefined || now > known.until) known = { back: isBack, born: now, until: 0, answered: false };
          account.set(flow, known);
          known.until = now + (known.answered && now - known.born > 2 ? 120 : 30);
          known.answered ||= isBack !== known.back;
          expect(say(tracker, bytes, now)?.startsWith('original')).toBe(isBack === known.back);
        }
      }),
    );
  });
});

describe('storage', () => {
  test('thousands of flows are found again, also through growth', () => {
    const tracker = new Tracker();
    for (let i = 0; i < 4000; i++) say(tracker, udp(`10.1.${i >>> 8}.${i & 255}`, '10.0.0.2', 1000 + i, 53));
    for (let i = 0; i < 4000; i++) {
      expect(say(tracker, udp('10.0.0.2', `10.1.${i >>> 8}.${i & 255}`, 53, 1000 + i))).toMatch(/^reply/);
    }
  });

  test('what has expired makes room before the table grows', () => {
    const tracker = new Tracker();
    for (let i = 0; i < 10000; i++) say(tracker, udp(`10.1.${i >>> 8}.${i & 255}`, '10.0.0.2', 1000, 53), i);
    expect(tracker.size).toBeLessThanOrEqual(1024);
  });
});

/** net/netfilter/nf_conntrack_core.c: __nf_conntrack_alloc(), early_drop(), early_drop_list() */
describe('a full table', () => {
  const server = '10.0.0.2';
  const client = (i: number): string => `10.${i >>> 16}.${(i >>> 8) & 255}.${i & 255}`;
  const syn = (i: number): number[] => tcp(client(i), server, 1000, 80, 'S');
  const isKnown = (tracker: Tracker, i: number, seconds = 0): boolean =>
    say(tracker, tcp(server, client(i), 80, 1000, 'SA'), seconds) !== null;
  const establish = (tracker: Tracker, i: number, seconds = 0): void => {
    say(tracker, syn(i), seconds);
    say(tracker, tcp(server, client(i), 80, 1000, 'SA'), seconds);
    say(tracker, tcp(client(i), server, 1000, 80, 'A'), seconds);
  };
  const full = ({ size, evicted, dropped }: Tracker) => ({ size, evicted, dropped });

  test('has 262 144 entries unless another number is given, of both families together', () => {
    expect([new Tracker().max, CONNTRACK_MAX]).toEqual([262_144, 262_144]);
    const tracker = new Tracker({ max: 3 });
    say(tracker, syn(1));
    say(tracker, udp('2001:db8::1', '2001:db8::2', 1, 2));
    say(tracker, syn(2));
    expect(full(tracker)).toEqual({ size: 3, evicted: 0, dropped: 0 });
    say(tracker, syn(3));
    expect(full(tracker)).toEqual({ size: 3, evicted: 1, dropped: 0 });
  });

  test('has no limit with 0, and takes no number that is none', () => {
    const tracker = new Tracker({ max: 0 });
    for (let i = 0; i < 5000; i++) say(tracker, syn(i));
    expect(full(tracker)).toEqual({ size: 5000, evicted: 0, dropped: 0 });
    for (const max of [-1, 1.5, Number.NaN, 2 ** 30]) expect(() => new Tracker({ max })).toThrow(UsageError);
  });

  test('lets the oldest go that is not assured', () => {
    const tracker = new Tracker({ max: 4 });
    establish(tracker, 1);
    for (const i of [2, 3, 4, 5]) say(tracker, syn(i));
    expect(full(tracker)).toEqual({ size: 4, evicted: 1, dropped: 0 });
    expect([1, 3, 4, 5, 2].map((i) => isKnown(tracker, i))).toEqual([true, true, true, true, false]);
  });

  test('drops the packet where all are assured', () => {
    const tracker = new Tracker({ max: 2 });
    establish(tracker, 1);
    establish(tracker, 2);
    expect(tracker.wasFull).toBe(false);
    expect(say(tracker, syn(3))).toBeNull();
    expect([full(tracker), tracker.wasFull]).toEqual([{ size: 2, evicted: 0, dropped: 1 }, true]);
    // Packets of the others are as before.
    expect(say(tracker, tcp(client(1), server, 1000, 80, 'A'))).toMatch(/^original/);
  });

  test('quirk 74: needs a place even for a packet that opens nothing', () => {
    const tracker = new Tracker({ max: 2 });
    say(tracker, syn(1));
    say(tracker, syn(2));
    expect(say(tracker, tcp(client(3), server, 1000, 80, 'SA'))).toBeNull();
    expect(full(tracker)).toEqual({ size: 1, evicted: 1, dropped: 0 });
  });

  test('is not full as long as some have expired, wherever they are', () => {
    const tracker = new Tracker({ max: 200 });
    for (let i = 0; i < 199; i++) say(tracker, syn(i), i === 150 ? 0 : 100);
    say(tracker, syn(199), 100);
    say(tracker, syn(200), 121);
    expect(full(tracker)).toEqual({ size: 200, evicted: 0, dropped: 0 });
    say(tracker, syn(201), 121);
    expect(full(tracker)).toEqual({ size: 200, evicted: 1, dropped: 0 });
  });

  test('first gives away what a reset has ended', () => {
    const tracker = new Tracker({ max: 2 });
    say(tracker, syn(1));
    say(tracker, syn(2));
    say(tracker, tcp(server, client(2), 80, 1000, 'R'));
    say(tracker, syn(3));
    expect(full(tracker)).toEqual({ size: 2, evicted: 0, dropped: 0 });
    expect(isKnown(tracker, 1)).toBe(true);
  });

  test('looks at sixteen entries and no more', () => {
    const tracker = new Tracker({ max: 20 });
    for (let i = 0; i < 19; i++) establish(tracker, i);
    say(tracker, syn(19));
    expect(say(tracker, syn(20))).toBeNull();
    expect(say(tracker, syn(21))).not.toBeNull();
    expect(full(tracker)).toEqual({ size: 20, evicted: 1, dropped: 1 });
  });

  test('counts the entries of a table that was given, and keeps them', () => {
    const listed = [1, 2].map(
      (i) => `tcp 6 src=10.0.0.${i} dst=${server} sport=9 dport=80 src=${server} dst=10.0.0.${i} sport=80 dport=9`,
    );
    const tracker = new Tracker({ table: parseListing(listed.join('\n')), max: 2 });
    expect(say(tracker, syn(7))).toBeNull();
    expect(full(tracker)).toEqual({ size: 2, evicted: 0, dropped: 1 });
    expect(say(tracker, tcp('10.0.0.1', server, 9, 80, 'A'))).toMatch(/exact$/);
  });

  test('forgets both keys of a translated entry', () => {
    const tracker = new Tracker({ rules: [parseNat('snat 192.168.0.0/16 to 203.0.113.2')], max: 1 });
    say(tracker, udp('192.168.0.1', '198.51.100.7', 4000, 53));
    say(tracker, udp('192.168.0.2', '198.51.100.7', 5000, 53));
    expect(full(tracker)).toEqual({ size: 1, evicted: 1, dropped: 0 });
    expect(say(tracker, udp('198.51.100.7', '203.0.113.2', 53, 5000))).toMatch(/^reply/);
    expect(say(tracker, udp('198.51.100.7', '203.0.113.2', 53, 4000))).not.toMatch(/^reply .* exact$/);
  });

  test('stays as it is through a flood', () => {
    const tracker = new Tracker({ max: 1000 });
    for (let i = 0; i < 20_000; i++) say(tracker, syn(i), i / 1e6);
    expect(full(tracker)).toEqual({ size: 1000, evicted: 19_000, dropped: 0 });
  });
});

describe('NAT', () => {
  const masquerade = 'masquerade 192.168.77.0/24 to 203.0.113.2';
  const lan = '192.168.77.5';
  const wan = '203.0.113.2';
  const server = '198.51.100.7';

  test('both sides of the router seen: every packet tells who began, exactly', () => {
    const tracker = router(masquerade);
    expect(say(tracker, udp(lan, server, 4000, 53))).toBe(`original ${lan}:4000 > ${server}:53 exact`);
    expect(say(tracker, udp(wan, server, 4000, 53))).toBe(`original ${lan}:4000 > ${server}:53 exact`);
    expect(say(tracker, udp(server, wan, 53, 4000))).toBe(`reply ${server}:53 > ${wan}:4000 exact`);
    expect(say(tracker, udp(server, lan, 53, 4000))).toBe(`reply ${server}:53 > ${wan}:4000 exact`);
    expect(tracker.size).toBe(1);
  });

  test('only the inside seen: the translated port is assumed to be kept', () => {
    const tracker = router(masquerade);
    expect(say(tracker, udp(lan, server, 4000, 53))).toBe(`original ${lan}:4000 > ${server}:53 exact`);
    expect(say(tracker, udp(server, lan, 53, 4000))).toBe(`reply ${server}:53 > ${wan}:4000 assumed`);
  });

  test('only the outside seen: the address inside is not known, what is seen is assumed', () => {
    const tracker = router(masquerade);
    expect(say(tracker, udp(wan, server, 4000, 53))).toBe(`original ${wan}:4000 > ${server}:53 assumed`);
    expect(say(tracker, udp(server, wan, 53, 4000))).toBe(`reply ${server}:53 > ${wan}:4000 assumed`);
  });

  test('the outside seen a moment before the inside: the flow is known from then on', () => {
    const tracker = router(masquerade);
    say(tracker, udp(wan, server, 4000, 53));
    expect(say(tracker, udp(lan, server, 4000, 53))).toBe(`original ${lan}:4000 > ${server}:53 exact`);
    expect(say(tracker, udp(wan, server, 4000, 53))).toBe(`original ${lan}:4000 > ${server}:53 exact`);
    expect(tracker.size).toBe(1);
  });

  test('two hosts with one source port: the second gets another, which its packet outside shows', () => {
    const tracker = router(masquerade);
    say(tracker, tcp(lan, server, 4000, 443, 'S', 100, 11));
    say(tracker, tcp(wan, server, 4000, 443, 'S', 100, 11));
    say(tracker, tcp('192.168.77.6', server, 4000, 443, 'S', 999, 12));
    expect(say(tracker, tcp(wan, server, 1024, 443, 'S', 999, 12))).toBe(
      `original 192.168.77.6:4000 > ${server}:443 exact`,
    );
    expect(say(tracker, tcp(server, wan, 443, 1024, 'SA'))).toBe(`reply ${server}:443 > ${wan}:1024 exact`);
    expect(say(tracker, tcp(server, wan, 443, 4000, 'SA'))).toBe(`reply ${server}:443 > ${wan}:4000 exact`);
    expect(say(tracker, tcp(server, '192.168.77.6', 443, 4000, 'SA'))).toBe(`reply ${server}:443 > ${wan}:1024 exact`);
  });

  test('what stays inside, or is for the router itself, is not translated', () => {
    const tracker = router(masquerade);
    say(tracker, udp(lan, '192.168.77.1', 4000, 53));
    expect(say(tracker, udp('192.168.77.1', lan, 53, 4000))).toBe(`reply 192.168.77.1:53 > ${lan}:4000 exact`);
    say(tracker, udp(lan, wan, 4001, 53));
    expect(say(tracker, udp(wan, lan, 53, 4001))).toMatch(`reply ${wan}:53 > ${lan}:4001`);
    expect(say(tracker, udp(lan, '239.1.1.1', 4002, 53))).toBe(`original ${lan}:4002 > 239.1.1.1:53 exact`);
  });

  test('a capture that begins in the middle: what comes to the inside can only be an answer', () => {
    const tracker = router(masquerade);
    expect(say(tracker, tcp(server, lan, 443, 4000, 'A'))).toBe(`reply ${server}:443 > ${wan}:4000 assumed`);
    expect(say(tracker, tcp(lan, server, 4000, 443, 'A'))).toBe(`original ${lan}:4000 > ${server}:443 exact`);
  });

  test('ICMP errors find their flow on both sides', () => {
    const tracker = router(masquerade);
    const inside = udp(lan, server, 4000, 53);
    const outside = udp(wan, server, 4000, 53);
    say(tracker, inside);
    say(tracker, outside);
    expect(say(tracker, icmp(server, wan, 3, 0, outside))).toBe(`reply ${server}:53 > ${wan}:4000 exact`);
    expect(say(tracker, icmp(server, lan, 3, 0, inside))).toBe(`reply ${server}:53 > ${wan}:4000 exact`);
  });

  test('ICMP ids are kept and linked as ports are', () => {
    const tracker = router(masquerade);
    say(tracker, icmp(lan, server, 8, 9));
    say(tracker, icmp(wan, server, 8, 9));
    expect(say(tracker, icmp(server, wan, 0, 9))).toBe(`reply ${server}:9 > ${wan}:0 exact`);
    expect(say(tracker, icmp(server, lan, 0, 9))).toBe(`reply ${server}:9 > ${wan}:0 exact`);
  });

  test('snat: a port within the range is kept, one outside is drawn by the kernel, a range of one is certain', () => {
    const ranged = router('snat 10.0.0.0/8 to 192.0.2.1:4000-5000');
    say(ranged, udp('10.0.0.1', server, 4500, 53));
    expect(say(ranged, udp(server, '10.0.0.1', 53, 4500))).toBe(`reply ${server}:53 > 192.0.2.1:4500 assumed`);
    say(ranged, udp('10.0.0.1', server, 9000, 53, 5));
    expect(say(ranged, udp('192.0.2.1', server, 4321, 53, 5))).toBe(`original 10.0.0.1:9000 > ${server}:53 exact`);
    expect(say(ranged, udp(server, '10.0.0.1', 53, 9000))).toBe(`reply ${server}:53 > 192.0.2.1:4321 exact`);
    const single = router('snat 10.0.0.0/8 to 192.0.2.1:4000');
    say(single, udp('10.0.0.1', server, 9000, 53));
    expect(say(single, udp(server, '10.0.0.1', 53, 9000))).toBe(`reply ${server}:53 > 192.0.2.1:4000 exact`);
  });

  test('dnat: the original tuple has the address that was called, the reply tuple the one that answers', () => {
    const tracker = router(masquerade, `dnat ${wan}:8080 to 192.168.77.10:80`);
    expect(say(tracker, tcp(server, wan, 5000, 8080, 'S'))).toBe(`original ${server}:5000 > ${wan}:8080 exact`);
    expect(say(tracker, tcp(server, '192.168.77.10', 5000, 80, 'S'))).toBe(
      `original ${server}:5000 > ${wan}:8080 exact`,
    );
    expect(say(tracker, tcp('192.168.77.10', server, 80, 5000, 'SA'))).toBe(
      `reply 192.168.77.10:80 > ${server}:5000 exact`,
    );
    expect(say(tracker, tcp(wan, server, 8080, 5000, 'SA'))).toBe(`reply 192.168.77.10:80 > ${server}:5000 exact`);
    const insideOnly = router(masquerade, `dnat ${wan}:8080 to 192.168.77.10:80`);
    expect(say(insideOnly, tcp(server, '192.168.77.10', 5000, 80, 'S'))).toBe(
      `original ${server}:5000 > 192.168.77.10:80 assumed`,
    );
  });

  test('the first rule that matches wins', () => {
    const tracker = router('snat 10.0.0.5 to 192.0.2.5:1', 'snat 10.0.0.0/24 to 192.0.2.1:1');
    say(tracker, udp('10.0.0.5', server, 9, 53));
    expect(say(tracker, udp(server, '10.0.0.5', 53, 9))).toContain('> 192.0.2.5:1 ');
    say(tracker, udp('10.0.0.6', server, 9, 53));
    expect(say(tracker, udp(server, '10.0.0.6', 53, 9))).toContain('> 192.0.2.1:1 ');
  });

  test('IPv6', () => {
    const tracker = router('snat fd00::/64 to [2001:db8::9]');
    say(tracker, udp('fd00::5', '2001:db8::7', 4000, 53));
    expect(say(tracker, udp('2001:db8::9', '2001:db8::7', 4000, 53))).toBe('original …5:4000 > …7:53 exact');
    expect(say(tracker, udp('2001:db8::7', 'fd00::5', 53, 4000))).toBe('reply …7:53 > …9:4000 exact');
  });

  test('a table that the user gives is exact, knows translated ports and marks, and never expires', () => {
    const table = parseListing(
      'udp 17 5 src=192.168.77.5 dst=198.51.100.7 sport=4000 dport=53 src=198.51.100.7 dst=203.0.113.2 sport=53 dport=1030 mark=7 use=1',
    );
    const tracker = new Tracker({ table });
    expect(say(tracker, udp(wan, server, 1030, 53), 9e5)).toBe(`original ${lan}:4000 > ${server}:53 exact`);
    expect(say(tracker, udp(server, lan, 53, 4000), 9e6)).toBe(`reply ${server}:53 > ${wan}:1030 exact`);
    const ct = new Ct();
    tracker.track(packetOf(udp(server, wan, 53, 1030)), ct, 9e7 * SECOND);
    expect([ct.mark, ct.direction]).toEqual([7, REPLY]);
    expect(say(tracker, udp(lan, server, 4001, 53))).toBe(`original ${lan}:4001 > ${server}:53 assumed`);
  });
});

describe('rules that are not known in full', () => {
  const out = parseNat('snat 10.0.0.0/8 to 192.0.2.9');
  const { to: _, ...toUnknown } = out;

  test('an address that is not known leaves the sender exact, and the answer assumed', () => {
    const tracker = new Tracker({ rules: [toUnknown] });
    expect(say(tracker, udp('10.0.0.1', '198.51.100.1', 5000, 53))).toBe(
      'original 10.0.0.1:5000 > 198.51.100.1:53 exact',
    );
    expect(say(tracker, udp('198.51.100.1', '10.0.0.1', 53, 5000))).toBe(
      // 192.0.0.8 stands for the router.
      'reply 198.51.100.1:53 > 192.0.0.8:5000 assumed',
    );
    // Any packet outside may be one that was translated.
    expect(say(tracker, udp('203.0.113.2', '198.51.100.1', 5000, 53))).toMatch(/assumed$/);
  });

  test('a rule that may not hold: what it translates is assumed, and so is what it does not', () => {
    const tracker = new Tracker({ rules: [{ ...out, isAssumed: true }] });
    expect(say(tracker, udp('10.0.0.1', '198.51.100.1', 5000, 53))).toMatch(/^original 10\.0\.0\.1.*exact$/);
    expect(say(tracker, udp('198.51.100.1', '10.0.0.1', 53, 5000))).toMatch(/^reply .*192\.0\.2\.9:5000 assumed$/);
    // The answer at the address outside shows that it did.
    expect(say(tracker, udp('198.51.100.1', '192.0.2.9', 53, 5000))).toMatch(/^reply .*exact$/);
    expect(say(tracker, udp('198.51.100.7', '198.51.100.1', 5000, 53))).toMatch(/assumed$/);
  });

  test('an exempt rule keeps later ones from being asked', () => {
    const stays = { kind: 'snat', destination: parsePrefix('172.16.0.0/12'), isExempt: true } as NatRule;
    const tracker = new Tracker({ rules: [stays, out] });
    say(tracker, udp('10.0.0.1', '172.16.0.1', 5000, 53));
    expect(say(tracker, udp('172.16.0.1', '10.0.0.1', 53, 5000))).toBe('reply 172.16.0.1:53 > 10.0.0.1:5000 exact');
  });

  test('netmap keeps the bits of the host', () => {
    const { to } = parseNat('snat 10.0.0.0/8 to 192.0.2.0');
    const tracker = new Tracker({ rules: [{ ...out, to, toBits: 24 } as NatRule] });
    say(tracker, udp('10.0.0.7', '198.51.100.1', 5000, 53));
    expect(say(tracker, udp('198.51.100.1', '192.0.2.7', 53, 5000))).toMatch(
      /^reply 198\.51\.100\.1:53 > 192\.0\.2\.7:5000/,
    );
  });

  test('rules that are given have the device of those of the script', () => {
    const devices = { names: ['wan0'], not: false };
    expect(withDevices([out], [{ ...toUnknown, devices }])).toEqual([{ ...out, devices }]);
    const two = [devices, { names: ['wan1'], not: false }].map((one) => ({ ...toUnknown, devices: one }));
    expect(withDevices([out], two)).toEqual([out]);
  });
});

describe('the household example, against the table that its router kept', () => {
  const file = (name: string): string => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  const table = parseListing(readFileSync(file('household.conntrack'), 'utf8'));
  const text = (t: { src: Int32Array; dst: Int32Array; srcAll: number; dstAll: number }): string =>
    [...t.src, t.srcAll, ...t.dst, t.dstAll].join();
  const originals = new Map(table.map((entry) => [text(entry.original), text(entry.reply)]));
  const replies = new Set(table.map((entry) => text(entry.reply)));

  function tracked(rules: readonly NatRule[]): { tuples: [Direction, string][]; unknown: Set<string> } {
    const reader = openCapture();
    reader.push(readFileSync(file('household.pcapng')));
    reader.finish();
    const tracker = new Tracker({ rules });
    const frame = new Frame();
    const ct = new Ct();
    const tuples: [Direction, string][] = [];
    const unknown = new Set<string>();
    while (reader.next(frame)) {
      const p = packetOf([...frame.data.subarray(frame.at, frame.end)]);
      p.len = frame.length;
      p.mac = 0;
      p.network = 14;
      p.protocol = ((p.data[12] ?? 0) << 8) | (p.data[13] ?? 0);
      if (!tracker.track(p, ct, frame.seconds * SECOND + frame.nanoseconds)) continue;
      const tuple = text(ct);
      const listed = ct.direction === ORIGINAL ? originals.has(tuple) : replies.has(tuple);
      if (listed) tuples.push([ct.direction, tuple]);
      else unknown.add(tuple);
    }
    return { tuples, unknown };
  }

  test('every listed connection is found with the very tuples of the kernel, whichever side a packet was seen on', () => {
    const { tuples, unknown } = tracked([parseNat('masquerade 192.168.77.0/24 to 203.0.113.2')]);
    const seen = new Set(tuples.filter(([direction]) => direction === ORIGINAL).map(([, tuple]) => tuple));
    expect(seen.size).toBe(originals.size);
    // Connections that had ended before the table was written are in no line; nothing else may be.
    for (const tuple of unknown) {
      expect(originals.has(tuple) || replies.has(tuple), `${tuple}: known, but in the other direction`).toBe(false);
    }
    expect(unknown.size).toBeLessThanOrEqual(12);
    expect(tuples.length).toBeGreaterThan(4500);
  });

  test('without the rule the other side of the router looks like other connections', () => {
    expect(tracked([]).unknown.size).toBeGreaterThan(50);
  });
});

describe('any bytes', () => {
  const rules = ['masquerade 0.0.0.0/1 to 203.0.113.2', 'snat ::/1 to 2001:db8::1', 'dnat 1.2.3.4:5 to 6.7.8.9:10'].map(
    parseNat,
  );
  const bytes = fc.uint8Array({ maxLength: 120 });
  const ipLike = fc
    .record({
      bytes: fc.uint8Array({ minLength: 20, maxLength: 120 }),
      proto: fc.constantFrom(1, 6, 17, 33, 47, 50, 58, 132, 136, 44, 0, 51),
      v6: fc.boolean(),
    })
    .map(({ bytes: data, proto, v6 }) => {
      data[0] = v6 ? 0x60 : 0x45;
      data[v6 ? 6 : 9] = proto;
      return data;
    });

  test('neither throw nor are read beyond head and end: what lies around them does not matter', () => {
    const [zeros, ones] = [0, 0xff].map(() => new Tracker({ rules, max: 64 }));
    fc.assert(
      fc.property(fc.oneof(bytes, ipLike), fc.constantFrom(0x0800, 0x86dd, 0x8100), (data, protocol) => {
        const said = (
          [
            [zeros, 0],
            [ones, 0xff],
          ] as const
        ).map(([tracker, canary]) => {
          const p = packetOf([...data], 32, canary);
          p.protocol = protocol;
          const ct = new Ct();
          return [tracker?.track(p, ct, 0), ct];
        });
        expect(said[0]).toEqual(said[1]);
      }),
      { numRuns: 2000 },
    );
  });
});
