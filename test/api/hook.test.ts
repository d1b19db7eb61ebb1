import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import {
  type Classification,
  Classifying,
  classify,
  explain,
  fullTableNotes,
  type Question,
  readSources,
} from '../../src/api/index.ts';
import { Frame, openCapture, PcapWriter } from '../../src/capture/index.ts';
import { describeFrame, enter, Packet } from '../../src/packet/index.ts';
import { projectPath } from '../fuzz/corpus.ts';

const HOUSEHOLD = new Uint8Array(readFileSync(projectPath('examples/household.pcapng')));
const TABLE = readFileSync(projectPath('examples/household.conntrack'), 'utf8');
const NAT = ['masquerade 192.168.77.0/24 to 203.0.113.2'];
const HOSTS = ['192.168.77.0/24', '2001:db8:77::/64'];

function pcap(linkType: number, frames: readonly Uint8Array[]): Uint8Array {
  const chunks: number[] = [];
  const writer = new PcapWriter({ linkType }, (chunk) => chunks.push(...chunk));
  for (const data of frames) {
    writer.write(Object.assign(new Frame(), { data, end: data.length, length: data.length, linkType }));
  }
  writer.finish();
  return Uint8Array.from(chunks);
}

const ethernet = (...words: readonly string[]): Uint8Array => pcap(1, words.map(describeFrame));

/** include/uapi/linux/if_packet.h: PACKET_HOST, PACKET_OUTGOING */
const [HOST, OUTGOING] = [0, 4];

/** The packet as `tcpdump -i any` writes it with SLL: the type of the packet, no address, its protocol. */
function cooked(type: number, words: string): Uint8Array {
  const head = new Uint8Array(16);
  head.set([0, type, 0, 1]);
  head.set([8, 0], 14);
  return Uint8Array.from([...head, ...describeFrame(words).subarray(14)]);
}

/** One interface of the bundled capture, as a file of its own. */
function side(name: string): Uint8Array {
  const reader = openCapture();
  reader.push(HOUSEHOLD);
  reader.finish();
  const frames: Uint8Array[] = [];
  for (const frame = new Frame(); reader.next(frame); ) {
    if (frame.interface.name === name) frames.push(frame.data.slice(frame.at, frame.end));
  }
  return pcap(1, frames);
}

const elsewhere = ({ captured }: Classification): Readonly<Record<string, number>> =>
  Object.fromEntries((captured?.elsewhere ?? []).map(({ reason, packets }) => [reason, packets]));

describe('which packets come to the hook', () => {
  const frames = [...Array(10)].map(() => cooked(OUTGOING, 'tcp 192.0.2.1:80 > 192.0.2.9:5000'));
  const others = [...Array(20)].map(() => cooked(HOST, 'tcp 192.0.2.9:5000 > 192.0.2.1:80'));
  const capture = pcap(113, [...frames, ...others]);
  const question: Question = { filters: ['hash keys src divisor 16'] };

  test('at egress those that went out, as cooked captures say (N6)', async () => {
    const found = await classify(capture, question);
    expect([found.packets, elsewhere(found)]).toEqual([10, { 'comes in: this hook sees what goes out': 20 }]);
  });

  test('at ingress those that came in', async () => {
    const found = await classify(capture, { ...question, at: 'ingress' });
    expect([found.packets, elsewhere(found)]).toEqual([20, { 'goes out: this hook sees what comes in': 10 }]);
  });

  test('all of them, where it is said that all went out', async () => {
    expect((await classify(capture, { ...question, direction: 'out' })).packets).toBe(30);
  });

  test('an ifb has what comes in by the device that feeds it', async () => {
    const script = `qdisc add dev eth0 handle ffff: ingress
filter add dev eth0 parent ffff: protocol all matchall action mirred egress redirect dev ifb0
qdisc add dev ifb0 root handle 1: drr
class add dev ifb0 parent 1: classid 1:1 drr
filter add dev ifb0 parent 1: protocol all handle 1 flow hash keys src divisor 1 baseclass 1:1`;
    const found = await classify(capture, { script, dev: 'ifb0' });
    expect([found.packets, elsewhere(found)]).toEqual([20, { 'goes out: this hook sees what comes in': 10 }]);
  });

  test('by the addresses of the hosts, on either side', async () => {
    const both = ethernet(
      'tcp 192.168.1.7:5000 > 1.1.1.1:443',
      'tcp 1.1.1.1:443 > 192.168.1.7:5000',
      'tcp 192.168.1.7:5000 > 192.168.1.8:22',
    );
    const of = (more: Question) => classify(both, { ...question, hosts: ['192.168.1.0/24'], ...more });
    expect((await of({ captured: 'wan' })).packets).toBe(1);
    expect((await of({ captured: 'wan', at: 'ingress' })).packets).toBe(1);
    expect(elsewhere(await of({ captured: 'lan' }))).toEqual({
      'comes in: this hook sees what goes out': 1,
      'stays on its side of the router': 1,
    });
  });

  test('by the hosts that the filter looks at, where nobody says which side it is', async () => {
    const both = ethernet('tcp 100.64.0.7:5000 > 1.1.1.1:443', 'tcp 1.1.1.1:443 > 100.64.0.7:5000');
    const of = async (keys: string, at: 'egress' | 'ingress' = 'egress') => {
      const { hosts = [], packets } = await classify(
        both,
        { filters: [`hash keys ${keys} divisor 16`], hosts: ['100.64.0.0/10'], at },
        { by: 'host' },
      );
      return [packets, hosts.map(({ address }) => address)];
    };
    for (const keys of ['src', 'dst', 'src,dst']) expect(await of(keys)).toEqual([1, ['100.64.0.7']]);
    expect(await of('dst', 'ingress')).toEqual([1, ['100.64.0.7']]);
  });

  test('those of one interface; a file of both sides counts each packet once', async () => {
    const of = (more: Question) => classify(HOUSEHOLD, { ...question, nat: NAT, hosts: HOSTS, ...more });
    const once = await of({ captured: { lan0: 'lan', wan0: 'wan' } });
    expect(elsewhere(once)['captured on the other side of the router, too']).toBe(2735);
    const alone = await classify(side('wan0'), { ...question, nat: NAT, hosts: HOSTS, captured: 'wan' });
    const packetsOf = ({ classes }: Classification) =>
      new Map(classes.map(({ classid, packets }) => [classid, packets]));
    expect(packetsOf(once)).toEqual(packetsOf(alone));
    expect(elsewhere(await of({ interface: 'wan0' }))).toMatchObject({ 'captured on another interface': 2735 });
  });

  test('both sides in one file without names: what has the addresses of the other side is counted apart', async () => {
    const both = ethernet('tcp 192.168.77.7:5000 > 1.1.1.1:443', 'tcp 203.0.113.2:5000 > 1.1.1.1:443');
    const found = await classify(both, { ...question, nat: NAT, captured: 'wan' });
    expect([found.packets, elsewhere(found)]).toEqual([1, { 'has the addresses of the other side of the router': 1 }]);
  });

  it('says in the way of a wrong prefix which it is', async () => {
    await expect(classify(capture, { ...question, hosts: ['10.0.0.0/8', 'x'] })).rejects.toMatchObject({
      field: 'hosts[1]',
    });
  });
});

describe('headers at the hook', () => {
  const words = 'tcp 192.168.1.7:51514 > 1.1.1.1:443';
  const nat = ['masquerade 192.168.1.0/24 to 203.0.113.2'];
  const keys = (names: string): Question => ({ filters: [`hash keys ${names} divisor 16`], hashrnd: [1] });

  test('at the WAN egress src is the router, and nfct-src the host (N2)', async () => {
    const found = await explain(words, { ...keys('src,nfct-src'), nat, captured: 'lan' });
    expect(found.flow).toBe('tcp 203.0.113.2:51514 > 1.1.1.1:443');
    expect(found.filters[0]?.keys.map(({ value }) => value)).toEqual(['0xcb007102', '0xc0a80107']);
    expect(found.exactness).toBe('exact');
  });

  test('a port that the router may have changed is assumed, an address is not', async () => {
    const found = await explain(words, { ...keys('src,proto-src'), nat, captured: 'lan' });
    expect(found.filters[0]?.keys.map(({ exactness }) => exactness)).toEqual(['exact', 'assumed']);
    expect(found.missing).toEqual(['NAT']);
  });

  test('ports behind NAT that another connection has are counted and told', async () => {
    const capture = ethernet('tcp 192.168.1.7:5000 > 1.1.1.1:443', 'tcp 192.168.1.8:5000 > 1.1.1.1:443');
    const notes: string[] = [];
    const classifying = await Classifying.of(
      { ...keys('src'), nat, captured: 'lan' },
      { note: (text) => notes.push(text) },
    );
    const reading = await readSources(capture, classifying.taker());
    expect([reading.errors, fullTableNotes(classifying.run)]).toEqual([
      [],
      [expect.stringContaining('1 connection would get ports behind NAT that another one has')],
    ]);
  });

  test('a masquerading router whose address nobody knows: one stands for it, and nothing is exact (N2)', async () => {
    const script = `#!/bin/sh
iptables -t nat -A POSTROUTING -o wan0 -j MASQUERADE
tc qdisc add dev wan0 root handle 1: drr
tc filter add dev wan0 parent 1: protocol ip handle 1 flow hash keys src divisor 16`;
    const of = (host: string) =>
      explain(`tcp ${host}:5000 > 1.1.1.1:443`, { script, captured: 'lan', metadata: { all: { priority: 0 } } });
    const [one, other] = [await of('192.168.1.7'), await of('192.168.1.8')];
    expect(one.filters[0]?.keys).toMatchObject([{ value: '0xc0000008', exactness: 'assumed' }]);
    expect([one.classid, one.exactness]).toEqual([other.classid, 'assumed']);
    expect(one.given.captured).toContain("the router's address is not known");
  });

  test('a rule for packets of another device gives no mark', async () => {
    const script = (device: string) => `#!/bin/sh
iptables -t mangle -A FORWARD -i ${device} -j MARK --set-mark 10
tc qdisc add dev wan0 root handle 1: drr
tc class add dev wan0 parent 1: classid 1:1 drr
tc filter add dev wan0 parent 1: protocol all handle 10 fw classid 1:1`;
    const of = async (device: string) =>
      (await explain(words, { script: script(device), nat, captured: { lan0: 'lan' } })).classid;
    expect([await of('lan0'), await of('dmz0')]).toEqual(['1:1', null]);
  });

  test('a u32 filter that reads the port is assumed as well, one that reads the address is not', async () => {
    const script = (match: string) => `qdisc add dev wan0 root handle 1: drr
class add dev wan0 parent 1: classid 1:1 drr
filter add dev wan0 parent 1: protocol ip u32 match ${match} classid 1:1`;
    const of = (match: string) =>
      explain(words, { script: script(match), nat, captured: 'lan', metadata: { all: { priority: 0 } } });
    expect(await of('ip sport 51514 0xffff')).toMatchObject({ classid: '1:1', missing: ['NAT'] });
    expect(await of('ip src 203.0.113.2')).toMatchObject({ classid: '1:1', exactness: 'exact' });
  });

  test('where no NAT is known, what passes the router is assumed', async () => {
    const found = await explain(words, { ...keys('src'), captured: 'lan' });
    expect([found.exactness, found.missing]).toEqual(['assumed', ['NAT']]);
  });

  test("at the LAN egress a reply has the host's address, and nfct-dst is the router's", async () => {
    const capture = ethernet('tcp 203.0.113.2:51514 > 1.1.1.1:443', 'tcp 1.1.1.1:443 > 203.0.113.2:51514');
    const conntrack =
      'tcp 6 100 ESTABLISHED src=192.168.1.7 dst=1.1.1.1 sport=51514 dport=443 src=1.1.1.1 dst=203.0.113.2 sport=443 dport=51514 [ASSURED] mark=0 use=1\n';
    const question: Question = {
      ...{ ...keys('dst,nfct-dst'), nat, conntrack, captured: { wan0: 'wan' }, dev: 'lan0' },
      script: `qdisc add dev lan0 root handle 1: drr
filter add dev lan0 parent 1: protocol ip handle 1 flow hash keys dst,nfct-dst divisor 16`,
    };
    const { filters: _, hashrnd: __, ...asked } = question;
    const first = await explain({ source: capture, number: 1 }, asked);
    // By lan0 it comes in.
    expect(first.reason).toBe('comes in: this hook sees what goes out');
    const reply = await explain({ source: capture, number: 2 }, asked);
    expect(reply.flow).toBe('tcp 1.1.1.1:443 > 192.168.1.7:51514');
    expect(reply.filters[0]?.keys.map(({ value }) => value)).toEqual(['0xc0a80107', '0xcb007102']);
  });
});

describe('the bundled capture, each side as a file of its own', () => {
  const question: Question = { nat: NAT, conntrack: TABLE, hosts: HOSTS, hashrnd: [1] };
  const of = (name: string, captured: 'lan' | 'wan', keys: string) =>
    classify(side(name), { ...question, captured, filters: [`hash keys ${keys} divisor 1024`] });

  test('src puts all hosts of IPv4 in one class at the WAN egress, seen from either side', async () => {
    const [lan, wan] = [await of('lan0', 'lan', 'src'), await of('wan0', 'wan', 'src')];
    const largest = ({ classes }: Classification) => classes[0];
    expect(largest(lan)?.classid).toBe(largest(wan)?.classid);
    expect(largest(lan)?.hosts).toBe(11);
  });

  test('nfct-src puts every host into the same class, seen from either side', async () => {
    const classesOf = async (name: string, captured: 'lan' | 'wan') => {
      const asked = { ...question, captured, filters: ['hash keys nfct-src divisor 1024'] };
      const { hosts = [] } = await classify(side(name), asked, { by: 'host' });
      return new Map(hosts.map(({ address, classes }) => [address, classes.map(({ classid }) => classid)]));
    };
    const lan = await classesOf('lan0', 'lan');
    expect([lan.size, new Set([...lan.values()].flat()).size]).toEqual([14, 14]);
    expect(await classesOf('wan0', 'wan')).toEqual(lan);
  });
});

function* framesOf(name: string): Generator<Frame> {
  const reader = openCapture();
  reader.push(HOUSEHOLD);
  reader.finish();
  for (const frame = new Frame(); reader.next(frame); ) if (frame.interface.name === name) yield frame;
}

describe('against a real router', () => {
  /** From the IP header on: Ethernet addresses and tags are not rewritten. */
  const ipBytes = ({ data, network, end }: Packet): string => Buffer.from(data.subarray(network, end)).toString('hex');
  /** A snapshot of a packet without its tag has four bytes more of it. */
  const SNAPSHOT = 94;
  const cut = (hex: string): string => hex.slice(0, 2 * SNAPSHOT);

  function bytesOn(name: string): ReadonlySet<string> {
    const packet = new Packet();
    const found = new Set<string>();
    for (const frame of framesOf(name)) {
      enter(frame, packet, { hook: 'egress', vlan: 'offload' });
      found.add(cut(ipBytes(packet)));
    }
    return found;
  }

  test.each([
    ['LAN to the WAN', { lan0: 'lan' }, 'lan0', 'wan0', 983],
    ['WAN to the LAN', { wan0: 'wan' }, 'wan0', 'lan0', 1328],
  ] as const)(
    'from the %s packets have the bytes that the kernel gave them',
    async (_, captured, from, to, packets) => {
      const there = bytesOn(to);
      const question: Question = { nat: NAT, conntrack: TABLE, hosts: HOSTS, captured, dev: to, flows: false };
      const { run } = await Classifying.of({ ...question, filters: ['hash keys src divisor 16'], hashrnd: [1] });
      const found = { same: 0, other: [] as string[] };
      for (const frame of framesOf(from)) {
        run.step(frame);
        const { packet: p, reason } = run;
        if (reason !== null || p.guessed >= 0 || p.hasGuessedAddresses) continue;
        if (there.has(cut(ipBytes(p)))) found.same++;
        else found.other.push(`${run.number} ${ipBytes(p).slice(0, 48)}`);
      }
      expect(found).toEqual({ same: packets, other: [] });
    },
  );
});
