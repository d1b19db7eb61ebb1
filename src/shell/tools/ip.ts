import { batchLines, matches } from '../../lang/index.ts';
import type { Machine, ToolAnswer, ToolCall } from '../tool.ts';
import { DONE, printed, refused, unknown } from './answer.ts';
import { doAddress } from './ip-address.ts';
import type { IpCall, IpOptions } from './ip-call.ts';
import { doLink, doTunnel } from './ip-link.ts';
import { doNetns } from './ip-netns.ts';
import { doNeighbour, doRoute } from './ip-route.ts';
import { doRule } from './ip-rule.ts';

/** ip/ip.c: main(), in the order in which a prefix is tried; the second says that a word follows. */
const OPTIONS: readonly (readonly [name: string, hasArgument: boolean, isWhole?: boolean])[] = [
  ['-loops', true],
  ['-family', true],
  ['-4', false, true],
  ['-6', false, true],
  ['-0', false, true],
  ['-M', false, true],
  ['-B', false, true],
  ['-human-readable', false],
  ['-iec', false],
  ['-stats', false],
  ['-statistics', false],
  ['-details', false],
  ['-resolve', false],
  ['-oneline', false],
  ['-timestamp', false],
  ['-tshort', false],
  ['-Version', false],
  ['-force', false],
  ['-batch', true],
  ['-brief', false],
  ['-json', false],
  ['-pretty', false],
  ['-rcvbuf', true],
  ['-color', false],
  ['-help', false],
  ['-netns', true],
  ['-Numeric', false],
  ['-all', false],
  ['-echo', false, true],
];

const VERSION = 'ip utility, iproute2-6.1.0, libbpf 1.1.0\n';

type Obey = (call: IpCall) => ToolAnswer;

/** Taken, and nothing is printed that anyone could know. */
const passOver: Obey = (call) => (call.args.some((word) => word !== 'show') ? DONE : unknown('what ip prints of this'));

/** ip/ip.c: cmds[], in its order: of two objects that begin alike the first is meant. */
const OBJECTS: readonly (readonly [name: string, obey: Obey])[] = [
  ['address', doAddress],
  ['addrlabel', passOver],
  ['maddress', passOver],
  ['route', doRoute],
  ['rule', doRule],
  ['neighbor', doNeighbour],
  ['neighbour', doNeighbour],
  ['ntable', passOver],
  ['ntbl', passOver],
  ['link', doLink],
  ['l2tp', passOver],
  ['fou', passOver],
  ['ila', passOver],
  ['macsec', passOver],
  ['tunnel', doTunnel],
  ['tunl', doTunnel],
  ['tuntap', doTunnel],
  ['tap', doTunnel],
  ['token', passOver],
  ['tcpmetrics', passOver],
  ['tcp_metrics', passOver],
  ['monitor', passOver],
  ['xfrm', passOver],
  ['mroute', passOver],
  ['mrule', passOver],
  ['netns', doNetns],
  ['netconf', passOver],
  ['vrf', passOver],
  ['sr', passOver],
  ['nexthop', passOver],
  ['mptcp', passOver],
];

/** Sets what an option says; the word behind it is `value`. */
function obeyOption(options: IpOptions, name: string, value: string): void {
  if (name === '-4') options.family = 4;
  else if (name === '-6') options.family = 6;
  else if (name === '-family') options.family = value === 'inet' ? 4 : value === 'inet6' ? 6 : options.family;
  else if (name === '-oneline') options.oneline = true;
  else if (name === '-json') options.json = true;
  else if (name === '-brief') options.brief = true;
  else if (name === '-details') options.details = true;
  else if (name === '-stats' || name === '-statistics') options.stats++;
  else if (name === '-force') options.force = true;
  else if (name === '-netns') options.netns = value;
  else if (name === '-batch') options.batch = value;
  else if (name === '-Version') options.version = true;
}

/** Cuts ip's own options off. `bad`: the first that ip has not. */
export function ipOptions(args: readonly string[]): {
  readonly options: IpOptions;
  readonly words: readonly string[];
  readonly bad: string | null;
} {
  const options: IpOptions = {
    ...{ family: null, oneline: false, json: false, brief: false, details: false },
    ...{ stats: 0, force: false, netns: null, batch: null, version: false },
  };
  let at = 0;
  for (; args[at]?.startsWith('-'); at++) {
    const word = (args[at] ?? '').replace(/^--(?=.)/, '-');
    if (word === '--') return { options, words: args.slice(at + 1), bad: null };
    const row = OPTIONS.find(([name, , isWhole]) => (isWhole ? word === name : matches(word, name)));
    if (row === undefined) return { options, words: args.slice(at), bad: args[at] ?? '' };
    if (row[1]) at++;
    obeyOption(options, row[0], args[at] ?? '');
  }
  return { options, words: args.slice(at), bad: null };
}

/** ip of iproute2 6.1 on an idle host. */
export function ip(call: ToolCall, machine: Machine): ToolAnswer {
  const { options, words, bad } = ipOptions(call.args);
  if (options.version) return printed(VERSION);
  if (bad !== null) return refused(`Option "${bad}" is unknown, try "ip -help".`, 255);
  const own = { machine, netns: options.netns ?? call.netns, options, args: words };
  if (options.batch !== null) return batch(call, own, options.batch);
  return words.length === 0 ? refused('Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }', 255) : obeyObject(own);
}

function obeyObject(call: IpCall): ToolAnswer {
  const [object = '', ...args] = call.args;
  const obey = OBJECTS.find(([name]) => matches(object, name))?.[1];
  if (obey === undefined) return refused(`Object "${object}" is unknown, try "ip help".`, 1);
  return obey({ ...call, args });
}

/** Words that ip cannot read: it ends there, whatever -force says. */
const ENDS = 255;

/** ip/ip.c: batch() — the first failure ends it, unless -force was given. */
function batch(call: ToolCall, own: IpCall, file: string): ToolAnswer {
  const text = file === '-' ? call.stdin : call.files.read(file);
  if (text === undefined) return refused(`Cannot open file "${file}" for reading: No such file or directory`, 1);
  const printedTexts: string[] = [];
  const messages: string[] = [];
  const assumed = new Set<string>();
  let exit = 0;
  for (const { line, words } of batchLines(text)) {
    const answer = obeyObject({ ...own, args: words });
    if (answer.unknown !== undefined) return answer;
    printedTexts.push(answer.stdout ?? '');
    messages.push(answer.stderr ?? '');
    if (answer.assumed !== undefined) assumed.add(answer.assumed);
    if (answer.exit === undefined) continue;
    exit = answer.exit === ENDS ? ENDS : 1;
    if (exit === ENDS) break;
    messages.push(`Command failed ${file}:${line}\n`);
    if (!own.options.force) break;
  }
  const texts = { stdout: printedTexts.join(''), stderr: messages.join(''), exit };
  return assumed.size === 0 ? texts : { ...texts, assumed: [...assumed].join(', ') };
}
