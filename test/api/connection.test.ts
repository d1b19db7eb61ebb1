import { describe, expect, it } from 'vitest';
import { classify, explain, type Question } from '../../src/api/index.ts';
import type { Explanation } from '../../src/replay/index.ts';
import { pcap } from '../captures.ts';

const LISTED =
  'udp 17 29 src=192.168.1.5 dst=198.51.100.1 sport=5000 dport=443 src=198.51.100.1 dst=203.0.113.2 sport=443 dport=5000 [ASSURED] mark=8 use=1';
/** As it leaves for the internet, and what comes back. */
const OUT = 'udp 203.0.113.2:5000 > 198.51.100.1:443';
const BACK = 'udp 198.51.100.1:443 > 203.0.113.2:5000';
const INSIDE = 'udp 192.168.1.5:5000 > 198.51.100.1:443';

const BY_MARK = 'flow map key mark and 0xff baseclass 1:1';
const CLASSES = (dev: string): string[] => [
  `qdisc add dev ${dev} root handle 1: drr`,
  `class add dev ${dev} parent 1: classid 1:1 drr`,
  `class add dev ${dev} parent 1: classid 1:9 drr`,
];
const MATCHALL = 'protocol all prio 1 matchall action';

/** Marks restored at eth0's egress by an action, and classes by mark. */
const outgoing = (action: string): string =>
  [
    ...CLASSES('eth0'),
    `filter add dev eth0 parent 1: ${MATCHALL} ${action} continue`,
    `filter add dev eth0 parent 1: protocol all prio 2 handle 1 ${BY_MARK}`,
  ].join('\n');

/** Everything that comes in on eth0 goes past an action to ifb0, which has such a filter. */
const incoming = (action: string, flow: string): string =>
  [
    'qdisc add dev eth0 handle ffff: ingress',
    `filter add dev eth0 parent ffff: ${MATCHALL} ${action && `${action} action`} mirred egress redirect dev ifb0`,
    ...CLASSES('ifb0'),
    `filter add dev ifb0 parent 1: protocol all prio 1 handle 1 ${flow}`,
  ].join('\n');

const asked = (script: string, change: Question = {}): Question => ({
  script,
  dev: 'eth0',
  conntrack: LISTED,
  ...change,
});
const AT_INGRESS = { at: 'ingress' } as const;
const onIfb = ({ sentElsewhere = [] }: Explanation): string | undefined => sentElsewhere[0]?.fate.class;

describe('what reads a connection has it followed', () => {
  it.each(['connmark', 'ctinfo cpmark'])('%s at egress, without any nfct key', async (action) => {
    const found = await explain(OUT, asked(outgoing(action)));
    expect([found.fate?.class, found.filters[0]?.keys[0]]).toMatchObject([
      '1:9',
      { value: '0x00000008', exactness: 'exact' },
    ]);
  });

  it.each(['connmark', 'ctinfo cpmark'])('%s at ingress, where it looks the entry up by itself', async (action) => {
    const found = await explain(BACK, asked(incoming(action, BY_MARK), AT_INGRESS));
    expect([onIfb(found), found.exactness]).toEqual(['1:9', 'exact']);
  });

  it('an action on a device that packets are redirected to', async () => {
    const script = `${incoming('', BY_MARK)}
      filter add dev ifb0 parent 1: protocol all prio 2 matchall action connmark continue
      filter add dev ifb0 parent 1: protocol all prio 3 handle 1 ${BY_MARK}
      filter del dev ifb0 parent 1: prio 1`;
    expect(onIfb(await explain(BACK, asked(script, AT_INGRESS)))).toBe('1:9');
  });

  it('not under a tuple that no entry is kept under: behind NAT the table knows no source of the router', async () => {
    const found = await explain(OUT, asked(incoming('connmark', BY_MARK), AT_INGRESS));
    expect([onIfb(found), found.exactness, found.missing]).toEqual(['1:1', 'assumed', ['conntrack']]);
    expect(onIfb(await explain(INSIDE, asked(incoming('connmark', BY_MARK), AT_INGRESS)))).toBe('1:9');
  });

  it('under the headers that the packet has at the hook, wherever it was captured', async () => {
    const inside = { captured: 'lan', hosts: ['192.168.1.0/24'] } as const;
    const reply = 'udp 198.51.100.1:443 > 192.168.1.5:5000';
    const back = await explain(reply, asked(incoming('connmark', BY_MARK), { ...AT_INGRESS, ...inside }));
    expect([back.flow, onIfb(back)]).toEqual([BACK, '1:9']);
    // As it leaves, it is the router's, and on the ifb nothing but the table can tell.
    const script = [
      'qdisc add dev eth0 root handle 1: prio',
      `filter add dev eth0 parent 1: ${MATCHALL} mirred egress redirect dev ifb0`,
      ...CLASSES('ifb0'),
      `filter add dev ifb0 parent 1: ${MATCHALL} connmark continue`,
      `filter add dev ifb0 parent 1: protocol all prio 2 handle 1 ${BY_MARK}`,
    ].join('\n');
    const out = await explain(INSIDE, asked(script, inside));
    expect([out.flow, onIfb(out)]).toEqual([OUT, '1:1']);
  });

  it('not where nothing reads it', async () => {
    const found = await explain(INSIDE, asked(outgoing('')));
    expect([found.given.conntrack, found.missing]).toEqual([undefined, ['mark', 'priority']]);
  });

  it('the compiled engine leaves such captures to the plain one', async () => {
    const question = asked(outgoing('connmark'));
    const { classes } = await classify(pcap(OUT, OUT, OUT), question);
    expect(classes.map(({ classid, packets }) => [classid, packets])).toEqual([['1:9', 3]]);
  });
});

describe('quirk 91: a packet that mirred sends on has no connection', () => {
  const NFCT = 'flow map key nfct-src and 0xff baseclass 1:1';
  const script = (flow: string): string =>
    [
      'qdisc add dev eth0 root handle 1: prio',
      `filter add dev eth0 parent 1: ${MATCHALL} mirred egress redirect dev ifb0`,
      ...CLASSES('ifb0'),
      `class add dev ifb0 parent 1: classid 1:6 drr`,
      `class add dev ifb0 parent 1: classid 1:3 drr`,
      `filter add dev ifb0 parent 1: protocol all prio 1 handle 1 ${flow}`,
    ].join('\n');

  it('so that nfct keys fall back behind it; in the seed era it still has it', async () => {
    // 192.168.1.5 is the host, 203.0.113.2 the router.
    expect(onIfb(await explain(OUT, asked(script(NFCT))))).toBe('1:3');
    expect(onIfb(await explain(OUT, asked(script(NFCT), { kernel: 'seed' })))).toBe('1:6');
  });

  it('and what connmark found at ingress is no connection: its mark alone goes along', async () => {
    const filter = 'flow map key nfct-dst and 0xff baseclass 1:7';
    const found = await explain(BACK, asked(incoming('connmark', filter), AT_INGRESS));
    expect(onIfb(found)).toBe('1:9');
  });
});

describe('a packet that mirred sends on from egress is a copy', () => {
  const OWNER = 'flow map key sk-uid baseclass 1:1';
  const told = { metadata: { all: { skUid: 8 } } };

  it('which has no socket, so that its owner is 0', async () => {
    const script = [
      'qdisc add dev eth0 root handle 1: prio',
      `filter add dev eth0 parent 1: ${MATCHALL} mirred egress redirect dev ifb0`,
      ...CLASSES('ifb0'),
      `filter add dev ifb0 parent 1: protocol all prio 1 handle 1 ${OWNER}`,
    ].join('\n');
    expect(onIfb(await explain(INSIDE, asked(script, told)))).toBe('1:1');
  });

  it('while one that is redirected at ingress goes itself', async () => {
    expect(onIfb(await explain(INSIDE, asked(incoming('', OWNER), { ...AT_INGRESS, ...told })))).toBe('1:9');
  });
});
