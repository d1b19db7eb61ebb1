import { emptiesAll, type NetfilterCommand, tracks, untracked } from '../../netfilter/index.ts';
import { lineOf, type Rule } from '../finding.ts';
import { isUnset } from '../hooks.ts';
import { keyNames } from '../minors.ts';
import { meets, netfilterOf } from '../netfilter.ts';
import { type Command, flowArgument, type Script } from '../script.ts';
import { isDeaf } from '../setup.ts';
import { asksForTuple } from './ft009-conntrack-has-not-run.ts';
import type { Page } from './page.ts';

/** net/netfilter/nf_conntrack_proto.c: nf_ct_netns_get() is called by the rules that need connections, and by nothing else. */
export const FT039: Rule = {
  code: 'FT039',
  severity: 'advice',
  title: 'nfct keys where nothing makes connection tracking run',
  *look(tree) {
    const filters = tree.filters.filter(
      (filter) => asksForTuple(filter) && !isDeaf(filter) && !isUnset('connection', filter, tree),
    );
    const [first] = filters;
    if (first === undefined) return;
    const commands = netfilterOf(tree.script);
    const rules = untracked(commands);
    const isWithout = isWithoutTracking(first.command, tree.script, commands);
    for (const filter of filters) {
      const rule = rules.find(({ family }) => meets(filter.protocol, family));
      if (rule === undefined && !isWithout) continue;
      const { command, flow } = filter;
      yield {
        command,
        word: flowArgument(command, 'keys'),
        severity: rule === undefined ? 'advice' : 'warning',
        message: `${flow === null ? 'nfct' : keyNames(flow.config)}: ${
          rule === undefined
            ? 'no rule of the script makes connection tracking run'
            : `the rule of ${lineOf(rule.place)} keeps packets from being tracked`
        }`,
        effect: "the packet's own address and port are used instead",
      };
    }
  },
};

/** All rules of the namespace of a command are known, and none of them needs connections. */
function isWithoutTracking(command: Command, script: Script, commands: readonly NetfilterCommand[]): boolean {
  if (script.simulated === null || script.unreached.includes(command) || tracks(commands)) return false;
  return (emptiesAll(commands) || isOwnNamespace(command.netns, script)) && !mayTrack(script);
}

/** A namespace that the script makes begins without rules. */
function isOwnNamespace(netns: string, { simulated }: Script): boolean {
  if (netns === '') return false;
  return (simulated?.commands ?? []).some(
    ({ tool, words, exit }) =>
      tool === 'ip' &&
      exit === 0 &&
      /^netns add /.test(`${words.map(({ text }) => text).join(' ')} `) &&
      words[2]?.text === netns,
  );
}

/** Words of rules that need connections, and programs that make such rules: a run may have gone past them. */
const TRACKERS =
  /masquerade|conntrack|connmark|ctstate|--state|-j redirect|redirect to|\b(?:ct|[sd]nat|synproxy|firewall[\w-]*|fw[34]|ufw|shorewall|ferm|docker|podman|libvirtd?|virsh|service|systemctl|rc-service|ipvsadm)\b/i;
/** Questions about texts and programs that nobody has seen: files that are sourced or read, programs by their path. */
const UNSEEN = /^(?:\.|source|<|\S*\/\S*)(?:\s|$)/;

function mayTrack({ texts, simulated }: Script): boolean {
  const lines = [...texts.values()].flatMap((text) => text.split('\n'));
  return (
    lines.some((line) => TRACKERS.test(line.replace(/^\s*#.*/, ''))) ||
    (simulated?.assumptions ?? []).some(({ question }) => UNSEEN.test(question))
  );
}

const FLUSH = ['iptables -F', 'iptables -t nat -F', 'iptables -t mangle -F'];
const TREE = [
  'tc qdisc add dev eth0 root handle 1: sfq',
  'tc filter add dev eth0 parent 1: protocol all handle 1 flow hash keys nfct-src divisor 256',
];

export const PAGE: Page = {
  happens: [
    'Connection tracking runs in a network namespace only while some rule needs it: NAT, `-m conntrack`, `CONNMARK`, `ct` in nft.',
    'Kernels before 4.10 track as soon as the module is loaded.',
    "Without a connection, the key falls back to the packet's own address and port.",
    'The finding is a warning where a rule keeps all packets from being tracked (`NOTRACK`, `CT --notrack`, `notrack` in nft).',
    'It is advice where the script throws all older rules away, or makes the namespace itself, and no rule of its own needs connections. A script that leaves the rules of others in place says nothing about them, and nothing is found.',
  ],
  mend: [
    'Where there is no NAT, use `src` and `dst`: they are the same values.',
    'Else add a rule that needs connections, such as `iptables -t mangle -A FORWARD -m conntrack --ctstate NEW`, or take out the one that keeps packets from them.',
  ],
  found: [
    { script: ['#!/bin/sh', 'iptables -t raw -A PREROUTING -j NOTRACK', ...TREE], line: 4, word: 'nfct-src' },
    { script: ['#!/bin/sh', ...FLUSH, 'iptables -P FORWARD ACCEPT', ...TREE], line: 7, word: 'nfct-src' },
  ],
  clean: [
    { script: ['#!/bin/sh', ...TREE], why: 'The script says nothing of the rules that are there.' },
    {
      script: ['#!/bin/sh', ...FLUSH, 'iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE', ...TREE],
      why: 'NAT needs connections.',
    },
    {
      script: ['#!/bin/sh', 'iptables -t raw -A PREROUTING -i lan1 -j NOTRACK', ...TREE],
      why: 'Only the packets of one device are not tracked.',
    },
  ],
};
