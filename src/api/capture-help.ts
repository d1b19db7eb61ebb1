import { type NetfilterCommand, natOf } from '../netfilter/index.ts';
import { deviceName } from './advise.ts';
import { checkOptions } from './options.ts';
import { type Fields, fieldsReader, QUESTION_FIELDS, type Question } from './question.ts';
import { type CallRecord, recordOf } from './record.ts';
import type { Besides } from './settle.ts';
import { isShellScript } from './simulation.ts';

/** Of which router. */
export interface CaptureHelpQuestion extends Pick<Question, 'script' | 'args' | 'env' | 'files'> {
  /** The device to the outside. Default: the one of the script's NAT rules, or `wan0`. */
  readonly dev?: string;
  /** The device to the hosts. Default: `lan0`. */
  readonly lan?: string;
}

const { script, args, env, files } = QUESTION_FIELDS;
const FIELDS: Fields<CaptureHelpQuestion> = { ...{ script, args, env, files }, dev: deviceName, lan: deviceName };
const readCaptureHelpQuestion = fieldsReader<CaptureHelpQuestion>(FIELDS);

/** How to capture for one question. */
export interface CaptureRecipe {
  readonly question: string;
  /** The side of the router, and what is seen there. */
  readonly where: string;
  /** Lines to type on the router. */
  readonly commands: readonly string[];
  /** Options of `classify`, `advise` and the others for what was captured. */
  readonly options: string;
}

/** A rule that gives packets the router's address. */
export interface NatRule {
  /** null: any device. */
  readonly device: string | null;
  readonly kind: string;
  /** null: the script has no name. */
  readonly file: string | null;
  readonly line: number;
}

/** What `captureHelp` returns, and what `cls-flow capture-help --format json` prints: docs/schema/capture-help.schema.json. */
export interface CaptureHelp {
  readonly schema: 1;
  readonly dev: string;
  readonly lan: string;
  /** Of the script. */
  readonly nat: readonly NatRule[];
  readonly recipes: readonly CaptureRecipe[];
  readonly notes: readonly string[];
  readonly record: CallRecord;
}

/** Room for the headers of a link with tags, of IPv6 and of TCP. */
const SNAP_LENGTH = 128;

/**
 * Where to capture on a router, with which line, for which question; and the options that then tell where it was.
 *
 * @param asked the devices; with a shell script its NAT rules name the outer one. The hooks are those of
 * net/ipv4/ip_output.c: ip_output(), which has POSTROUTING before the qdisc, and of net/core/dev.c: __netif_receive_skb_core(), where
 * captures and ingress come before connection tracking
 * @param besides `simulated`: the run of the script
 * @returns a recipe for each question
 * @throws QuestionError with the field that is wrong
 * @example
 * for (const { question, commands } of captureHelp({ dev: 'wan0', lan: 'br-lan' }).recipes) console.log(question, commands);
 */
export function captureHelp(asked: CaptureHelpQuestion = {}, besides: Besides = {}): CaptureHelp {
  const question = readCaptureHelpQuestion(asked);
  checkOptions(besides);
  const nat = natRules(besides.simulated?.commands ?? []);
  const outer = [...new Set(nat.flatMap(({ device }) => (device === null ? [] : [device])))];
  const [first] = outer.filter((name) => /^[\w.@-]{1,15}$/.test(name));
  const { dev = first ?? 'wan0', lan = 'lan0' } = question;
  return {
    ...{ schema: 1, dev, lan, nat },
    recipes: recipesOf(dev, lan),
    notes: notesOf(question, outer, dev),
    record: recordOf('captureHelp', question, []),
  };
}

function natRules(commands: readonly NetfilterCommand[]): NatRule[] {
  return natOf(commands).map(({ device, kind, place: { file, line } }) => ({ device, kind, file, line }));
}

function notesOf({ script, dev: typed }: CaptureHelpQuestion, outer: readonly string[], dev: string): string[] {
  const all = [
    [
      script !== undefined && !isShellScript(script),
      'it is no shell script: NAT rules are looked for in shell scripts',
    ],
    [
      script !== undefined && typed !== undefined && outer.length > 0 && !outer.includes(dev),
      `the script has NAT on ${outer.join(', ')}, not on ${dev}`,
    ],
    [outer.length > 1 && typed === undefined, `the script has NAT on ${outer.join(', ')}: --dev chooses one`],
  ] as const;
  return all.flatMap(([applies, note]) => (applies ? [note] : []));
}

function recipesOf(dev: string, lan: string): CaptureRecipe[] {
  const dump = (device: string, way: string, file: string, more = ''): string =>
    `tcpdump -n -i ${device}${way} -s ${SNAP_LENGTH}${more} -w ${file}`;
  return [
    {
      question: `who shares on the way out (upload), at the egress of ${dev}`,
      where: `${lan}, what comes in: hosts have their own addresses, nothing is shaped`,
      commands: [dump(lan, ' -Q in', 'up.pcap')],
      options: `--dev ${dev} --captured ${lan}=lan --direction in`,
    },
    {
      question: `who shares on the way in (download), at the egress of ${lan}, or on an ifb`,
      where: `${dev}, what comes in: packets have the router's address, as on an ifb`,
      commands: [dump(dev, ' -Q in', 'down.pcap')],
      options: `--dev ${lan} --captured ${dev}=wan --direction in; for an ifb --dev ifb0 --captured here`,
    },
    {
      question: 'what NAT makes of the hosts: does src or nfct-src keep them apart',
      where: `both sides at once, and the connections; a packet that is on both counts once`,
      commands: [
        `tcpdump -n -i any -y LINUX_SLL2 -s ${SNAP_LENGTH} -w both.pcap`,
        'conntrack -L > table; ip -o link > numbers',
      ],
      options: `--dev ${dev} --conntrack table --captured LAN=lan,WAN=wan (their numbers)`,
    },
    {
      question: `what leaves ${dev}, behind its queue`,
      where: `${dev}, what goes out: shaped already, and what was dropped is missing`,
      commands: [dump(dev, ' -Q out', 'out.pcap')],
      options: `--dev ${dev} --captured ${dev}=wan --direction out`,
    },
    {
      question: 'classes by mark (fw, map key mark)',
      where: `${lan}, what comes in: no capture holds marks, rules give them`,
      commands: [dump(lan, ' -Q in', 'up.pcap')],
      options: `--dev ${dev} --captured ${lan}=lan --direction in --script qos.sh; --set mark=N where no script has the rules`,
    },
    {
      question: 'the busiest hour',
      where: 'a ring of files: 20 of 100 MB, the oldest is written over',
      commands: [dump(lan, ' -Q in', 'ring.pcap', ' -B 8192 -C 100 -W 20')],
      options: 'all files at once: cls-flow classify ring.pcap* …',
    },
  ];
}
