import { emulated, runTc, setUpScript } from '../../src/command/index.ts';
import { parseListing } from '../../src/conntrack/index.ts';
import { createEnv } from '../../src/env.ts';
import { ERAS } from '../../src/era.ts';
import { Netns } from '../../src/kernel/index.ts';
import { check, mended } from '../../src/lint/index.ts';
import { AddrType, applyMetadata, FlowKeys, NO_METADATA, Packet, parseMetadata } from '../../src/packet/index.ts';
import { parseSets } from '../../src/sched/ematch/index.ts';
import { parseExpectation } from '../../src/study/index.ts';
import { processorMs } from './processor.ts';

/** Work of a size, and a size at which it takes long enough to be measured. */
interface Growing {
  readonly size: number;
  /** What is measured, made beforehand from a size. */
  readonly work: (size: number) => () => void;
}

const HTB =
  'qdisc add dev eth0 root handle 1: htb default 1\nclass add dev eth0 parent 1: classid 1:1 htb rate 1gbit\n';
const FLOW = 'filter add dev eth0 parent 1: protocol ip flow map key src';

const address = (i: number): string => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
const lines = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => `${line(i)}\n`).join('');

/** A text that `check` reads. */
const checked = (size: number, text: (size: number) => string): Growing => ({
  size,
  work: (size) => {
    const script = text(size);
    return () => void mended(script, check(script));
  },
});

/** The same text as the script of `classify`: run, and its plan made. */
const run = (size: number, text: (size: number) => string): Growing => ({
  size,
  work: (size) => {
    const script = text(size);
    return () => void setUpScript(script, fresh).netns.plan;
  },
});

/** A batch of `tc`, whose kernel is saved and loaded again. */
const kept = (size: number, text: (size: number) => string): Growing => ({
  size,
  work: (size) => {
    const batch = text(size);
    return () => {
      const netns = fresh();
      runTc(['-force', '-batch', '-'], { transport: emulated(netns), readBatch: () => batch });
      const saved = JSON.parse(JSON.stringify(netns.save()));
      runTc(['filter', 'show', 'dev', 'eth0'], { transport: emulated(Netns.load(saved, ENV)) });
    };
  },
});

const ENV = createEnv({ era: ERAS['6.1'], seed: 1 });
const fresh = (): Netns => new Netns({ env: ENV, devices: [{ name: 'lo', ifindex: 1 }] });

/** Scripts of as many parts as their size says. */
const SCRIPTS: Readonly<Record<string, readonly [size: number, text: (size: number) => string]>> = {
  'commands joined by &&': [2000, (n) => `${'tc qdisc show && '.repeat(n)}tc qdisc show\n`],
  'words that are no commands, behind &&': [20_000, (n) => `${'a && '.repeat(n)}tc qdisc show\n`],
  'commands joined by ;': [2000, (n) => `${'tc qdisc show; '.repeat(n)}\n`],
  'bit operations of one filter': [10_000, (n) => `${HTB}${FLOW}${' and 1'.repeat(n)}\n`],
  'options of one filter': [10_000, (n) => `${HTB}${FLOW}${' divisor 5'.repeat(n)}\n`],
  'keys of one filter': [10_000, (n) => `tc ${FLOW}${',dst'.repeat(n)}\n`],
  'quoted words': [10_000, (n) => `tc qdisc add dev eth0 root ${`"a b" 'c' \\d `.repeat(n)}\n`],
  'open quotes': [10_000, (n) => lines(n, () => `tc qdisc add dev "eth0`)],
  'lines joined by a backslash': [10_000, (n) => `tc qdisc show${' \\\n dev lo'.repeat(n)}\n`],
  'actions of one filter': [2000, (n) => `${HTB}${FLOW}${' action ok'.repeat(n)}\n`],
  'ematches of one filter': [
    2000,
    (n) =>
      `${HTB}filter add dev eth0 parent 1: basic match ${'cmp(u8 at 0 eq 1) and '.repeat(n)}cmp(u8 at 0 eq 1) flowid 1:1\n`,
  ],
  classes: [
    2000,
    (n) => HTB + lines(n, (i) => `class add dev eth0 parent 1:1 classid 1:${(i + 2).toString(16)} htb rate 1mbit`),
  ],
  'u32 filters': [
    2000,
    (n) =>
      HTB +
      lines(n, (i) => `filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst ${address(i)}/32 flowid 1:1`),
  ],
  'u32 filters, a priority each': [
    300,
    (n) =>
      HTB +
      lines(
        n,
        (i) => `filter add dev eth0 parent 1: protocol ip prio ${i + 1} u32 match ip dst ${address(i)}/32 flowid 1:1`,
      ),
  ],
  'u32 hash tables': [
    500,
    (n) =>
      HTB +
      lines(
        n,
        (i) =>
          `filter add dev eth0 parent 1: protocol ip prio 1 handle ${((i % 2047) + 1).toString(16)}: u32 divisor 1`,
      ),
  ],
  'flower filters': [
    300,
    (n) =>
      HTB + lines(n, (i) => `filter add dev eth0 parent 1: protocol ip prio 1 flower dst_ip ${address(i)} classid 1:1`),
  ],
  'fw filters': [
    300,
    (n) => HTB + lines(n, (i) => `filter add dev eth0 parent 1: prio 1 handle ${i + 1} fw classid 1:1`),
  ],
  'flow filters': [
    300,
    (n) =>
      HTB +
      lines(n, (i) => `filter add dev eth0 parent 1: prio 1 handle ${i + 1} flow map key src divisor 4 baseclass 1:10`),
  ],
  'basic filters': [
    300,
    (n) => HTB + lines(n, () => `filter add dev eth0 parent 1: prio 1 basic match 'cmp(u8 at 0 eq 1)' flowid 1:1`),
  ],
  'matchall filters, a priority each': [
    300,
    (n) => HTB + lines(n, (i) => `filter add dev eth0 parent 1: prio ${i + 1} matchall classid 1:1`),
  ],
  chains: [300, (n) => HTB + lines(n, (i) => `filter add dev eth0 parent 1: chain ${i} prio 1 matchall classid 1:1`)],
  'actions of their own': [300, (n) => lines(n, (i) => `actions add action skbedit mark ${i} index ${i + 1}`)],
  'policers, drawn an index': [300, (n) => lines(n, () => `actions add action police rate 1mbit burst 10k`)],
  devices: [300, (n) => lines(n, (i) => `qdisc add dev eth${i} root handle 1: htb`)],
  subscribers: [
    300,
    (n) =>
      `${HTB}${lines(n, (i) => `class add dev eth0 parent 1:1 classid 1:${(i + 2).toString(16)} htb rate 1mbit ceil 10mbit\nfilter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst ${address(i)}/32 flowid 1:${(i + 2).toString(16)}`)}`,
  ],
  'qdiscs below classes': [
    300,
    (n) =>
      HTB +
      lines(
        n,
        (i) =>
          `class add dev eth0 parent 1:1 classid 1:${(i + 2).toString(16)} htb rate 1mbit\nqdisc add dev eth0 parent 1:${(i + 2).toString(16)} fq_codel`,
      ),
  ],
  'classes below classes, all deleted': [
    500,
    (n) =>
      HTB +
      lines(n, (i) => `class add dev eth0 parent 1:1 classid 1:${(i + 2).toString(16)} htb rate 1mbit`) +
      lines(n, (i) => `class del dev eth0 classid 1:${(i + 2).toString(16)}`),
  ],
  'filters added and deleted': [
    300,
    (n) =>
      HTB +
      lines(n, (i) => `filter add dev eth0 parent 1: prio ${i + 1} matchall classid 1:1`) +
      lines(n, (i) => `filter del dev eth0 parent 1: prio ${i + 1} matchall`),
  ],
  'commands that fail': [300, (n) => lines(n, (i) => `tc qdisc add dev eth0 root nonsense${i}`)],
  'findings on one line': [
    300,
    (n) =>
      `${HTB}${'tc filter add dev eth0 parent 1: prio 1 flow hash keys src divisor 5 baseclass 1:ffff; '.repeat(n)}\n`,
  ],
  'findings of one kind': [
    300,
    (n) =>
      HTB +
      lines(n, (i) => `filter add dev eth0 parent 1: prio ${i + 1} flow hash keys src divisor 5 baseclass 1:ffff`),
  ],
  'commands on what is not made': [
    1000,
    (n) =>
      lines(
        n,
        (i) => `class add dev eth0 parent ${(i + 1).toString(16)}: classid ${(i + 1).toString(16)}:1 htb rate 1mbit`,
      ),
  ],
  'lines with variables': [10_000, (n) => lines(n, () => 'tc qdisc add dev $DEV root htb')],
  'lines of another program': [20_000, (n) => lines(n, () => 'iptables -A FORWARD -j ACCEPT')],
  'lines that silence a finding': [5000, (n) => lines(n, () => 'tc qdisc show # cls-flow: ignore FT011')],
};

const ENTRIES = Object.entries(SCRIPTS);

/** What is read besides scripts. */
const TEXTS: Readonly<Record<string, Growing>> = {
  'connection table': {
    size: 5000,
    work: (size) => {
      const text = lines(
        size,
        (i) =>
          `tcp 6 300 ESTABLISHED src=${address(i)} dst=1.1.1.1 sport=1 dport=2 src=1.1.1.1 dst=${address(i)} sport=2 dport=1 mark=0 use=1`,
      );
      return () => void parseListing(text);
    },
  },
  'entries of a set': {
    size: 20_000,
    work: (size) => {
      const text = `create s hash:net family inet\n${lines(size, (i) => `add s ${address(i)}`)}`;
      return () => void parseSets(text, () => 0);
    },
  },
  sets: {
    size: 300,
    work: (size) => {
      const text = lines(size, (i) => `create s${i} hash:net family inet\nadd s${i} 10.0.0.0/8`);
      return () => void parseSets(text, () => 0);
    },
  },
  'metadata of packets': {
    size: 20_000,
    work: (size) => {
      const objects = Array.from({ length: size }, (_, i) => ({ packet: i + 1, mark: i }));
      return () => void parseMetadata(objects);
    },
  },
  'metadata of prefixes, asked': {
    size: 10_000,
    work: (size) => {
      const objects = Array.from({ length: size }, (_, i) => ({ prefix: address(i), mark: i }));
      const metadata = { ...NO_METADATA, ...parseMetadata(objects) };
      const packet = new Packet();
      const keys = new FlowKeys();
      keys.addrType = AddrType.IPV4;
      return () => {
        for (let i = 0; i < size; i++) {
          keys.addr[0] = i;
          applyMetadata(metadata, i, packet, keys);
        }
      };
    },
  },
  'metadata of one packet': {
    size: 20_000,
    work: (size) => {
      const objects = Array.from({ length: size }, (_, i) => ({ packet: 1, mark: i }));
      return () => void parseMetadata(objects);
    },
  },
  expectations: {
    size: 10_000,
    work: (size) => {
      const texts = Array.from({ length: size }, (_, i) => `${address(i)} -> 1:1`);
      return () => texts.forEach((text) => void parseExpectation(text, true));
    },
  },
};

/** As many times the work takes as many times as long; where it takes the square, 16 times. */
const STEPS = [1, 2, 4] as const;
const MOST_TIMES = 8;
/** Less than this is noise, whatever it grows by. */
const NOISE_MS = 40;
/** A measure that is too high is taken again: something else may have been at work. */
const TRIES = 3;

export interface GrowthTotals {
  readonly texts: number;
  readonly failed: number;
  /** What grew most, and how. */
  readonly most: string;
}

/** Time grows as the text does: measured at a size, twice and four times as much. */
export function checkGrowth(say: (line: string) => void): GrowthTotals {
  let failed = 0;
  let most = { name: '', times: 0 };
  const all = [...Object.entries(TEXTS), ...ENTRIES.flatMap(waysOf)];
  for (const [name, growing] of all) {
    const { ms, times } = grown(growing);
    if (times > most.times) most = { name, times };
    if (times <= MOST_TIMES) continue;
    failed++;
    say(`${name}: ${ms.map((one) => one.toFixed(0)).join(', ')} ms at one, two and four times ${growing.size}`);
  }
  return { texts: all.length, failed, most: `${most.name}: ${most.times.toFixed(1)} times` };
}

/** A script is checked, run, and given to tc as a batch. */
function waysOf([name, [size, text]]: (typeof ENTRIES)[number]): [string, Growing][] {
  return [
    [`check of ${name}`, checked(size, text)],
    [`script of ${name}`, run(size, text)],
    [`batch of ${name}`, kept(size, (n) => text(n).replaceAll(/^tc /gm, ''))],
  ];
}

function grown(growing: Growing): { readonly ms: readonly number[]; readonly times: number } {
  let least = measured(growing);
  for (let i = 1; i < TRIES && least.times > MOST_TIMES; i++) {
    const again = measured(growing);
    if (again.times < least.times) least = again;
  }
  return least;
}

function measured({ size, work }: Growing): { readonly ms: readonly number[]; readonly times: number } {
  work(size)();
  const ms = STEPS.map((step) => processorMs(work(step * size)));
  const [one = 0, , four = 0] = ms;
  return { ms, times: four < NOISE_MS ? 0 : four / one };
}
