import { type Nat, natOf } from '../../netfilter/index.ts';
import { KEYS, Key, keysOf } from '../../sched/flow/index.ts';
import { lineOf, put, type Rule } from '../finding.ts';
import { isUnset } from '../hooks.ts';
import { keyNames } from '../minors.ts';
import { meets, netfilterOf } from '../netfilter.ts';
import { type Command, flowArgument } from '../script.ts';
import { type FilterAt, isDeaf, type Setup } from '../setup.ts';
import type { Page } from './page.ts';

/** With one of these, packets of two hosts differ behind NAT too: NAT never gives two connections the same ports. */
const APART: readonly Key[] = [Key.NFCT_SRC, Key.NFCT_PROTO_SRC, Key.PROTO_SRC, Key.RXHASH, Key.MARK];

/** net/ipv4/ip_output.c: ip_output() goes through POSTROUTING, and then to the qdisc. */
export const FT038: Rule = {
  code: 'FT038',
  severity: 'warning',
  title: 'src behind NAT, where all hosts have one address',
  *look(tree) {
    const filters = tree.filters.filter((filter) => !filter.atIngress && !isDeaf(filter) && tellsHostsBySrc(filter));
    if (filters.length === 0) return;
    const rules = natOf(netfilterOf(tree.script)).filter(({ kind, packets }) => kind !== 'netmap' && packets !== 'one');
    if (rules.length === 0) return;
    const shaped = shapedDevices(tree);
    const known = new Map<string, Nat | undefined>();
    for (const filter of filters) {
      const { command, flow, device, protocol } = filter;
      const place = `${protocol} ${device}`;
      if (!known.has(place)) known.set(place, ruleFor(filter, rules, tree));
      const rule = known.get(place);
      if (flow === null || rule === undefined) continue;
      const isAlone = keysOf(flow.config.keymask).length === 1;
      const isKnown = !isUnset('connection', filter, tree);
      const isSure = rule.packets === 'all' && (rule.device !== null || shaped.size < 2);
      yield {
        command,
        word: flowArgument(command, 'keys'),
        severity: isAlone && isSure ? 'warning' : 'advice',
        message: `${keyNames(flow.config)}: the NAT rule of ${lineOf(rule.place)} comes first`,
        effect: `${isAlone ? SHARED : ADDS_NOTHING}; ${isKnown ? "nfct-src is the host's own" : REDIRECTED}`,
        mend: isKnown ? mendOf(command) : null,
      };
    }
  },
};

const SHARED = "a packet that it is for has the router's address here, so all inside hosts share a bucket";
const ADDS_NOTHING = "a packet that it is for has the router's address here, so src keeps no hosts apart";
const REDIRECTED = 'nfct-src is known on the device that they leave by, and no more on this one';

/** The first rule that packets of a filter may have gone by. */
function ruleFor(filter: FilterAt, rules: readonly Nat[], tree: Setup): Nat | undefined {
  const devices = leftBy(filter, tree);
  return rules.find((one) => meets(filter.protocol, one.family) && devices.some((name) => isFor(one, name)));
}

function tellsHostsBySrc({ flow }: FilterAt): boolean {
  const keys = flow === null ? [] : keysOf(flow.config.keymask);
  return keys.includes(Key.SRC) && !keys.some((key) => APART.includes(key));
}

/** Devices that the script makes queues for, helpers aside: behind a rule for any device, one of several may be the inner one. */
const shapedDevices = (tree: Setup): ReadonlySet<string> =>
  new Set(tree.qdiscs().flatMap(({ kind, device: { name } }) => (kind.ingress || isIfb(name) ? [] : [name])));

const isIfb = (name: string): boolean => /^ifb/.test(name);

/** The devices by which packets have left when the filter sees them; none: they come in. */
function leftBy({ device }: FilterAt, tree: Setup): readonly string[] {
  const feeds = tree.sending(device);
  if (feeds.length === 0) return isIfb(device) ? [] : [device];
  return feeds.flatMap((feed) => (feed.atIngress ? [] : [feed.device]));
}

/** A `+` or `*` at the end of a name stands for any rest. */
function isFor({ device, except }: Nat, name: string): boolean {
  const fits = (one: string): boolean => (/[+*]$/.test(one) ? name.startsWith(one.slice(0, -1)) : one === name);
  return device === null ? !except.some(fits) : fits(device);
}

/** The word as it is written, with nfct-src in the place of src. */
function mendOf(command: Command) {
  const at = flowArgument(command, 'keys');
  const items = command.words[at]?.split(',') ?? [];
  const { name } = KEYS[Key.NFCT_SRC];
  return items.includes('src') ? [put(at, items.map((item) => (item === 'src' ? name : item)).join(','))] : null;
}

const WAN = ['tc qdisc add dev eth0 root handle 1: sfq', 'tc filter add dev eth0 parent 1: protocol all handle 1'];

export const PAGE: Page = {
  happens: [
    'A packet goes through POSTROUTING before it comes to the qdisc of its device.',
    'After `MASQUERADE` or `SNAT` every packet has the address of the router. `src` is one value then, and all hosts inside share one bucket.',
    'With other keys beside it the finding is advice: these still spread packets, but they keep no hosts apart. With `proto-src` nothing is found, as connections keep ports of their own.',
    'It is advice too where the rule is for some packets only, or names no device and the script shapes several.',
  ],
  mend: [
    'Use `nfct-src`: the address that connection tracking has seen before NAT. NAT makes tracking run, so it is known here.',
    'It is not known at ingress, and on an ifb that packets are redirected to: see [FT009](FT009.md).',
  ],
  found: [
    {
      script: [
        '#!/bin/sh',
        'iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE',
        WAN[0] ?? '',
        `${WAN[1]} flow hash keys src divisor 256`,
      ],
      line: 4,
      word: 'src',
    },
    {
      script: [
        '# Recorded by cls-flow record from: sh qos.sh',
        '# nft add rule ip nat postrouting oifname "ppp*" masquerade',
        'qdisc add dev ppp0 root handle 1: sfq',
        'filter add dev ppp0 parent 1: protocol all handle 1 flow map key src and 0xff divisor 256',
      ],
      line: 4,
      word: 'src',
    },
  ],
  clean: [
    {
      script: [
        '#!/bin/sh',
        'iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE',
        WAN[0] ?? '',
        `${WAN[1]} flow hash keys nfct-src divisor 256`,
      ],
      why: 'Connection tracking keeps the address from before NAT.',
    },
    {
      script: [
        '#!/bin/sh',
        'iptables -t nat -A POSTROUTING -o ppp0 -j MASQUERADE',
        WAN[0] ?? '',
        `${WAN[1]} flow hash keys src divisor 256`,
      ],
      why: 'Another device is behind NAT.',
    },
    {
      script: [
        '#!/bin/sh',
        'iptables -t nat -A POSTROUTING -o eth0 -s 10.0.0.0/24 -j NETMAP --to 192.0.2.0/24',
        WAN[0] ?? '',
        `${WAN[1]} flow hash keys src divisor 256`,
      ],
      why: 'Each host gets an address of its own.',
    },
  ],
};
