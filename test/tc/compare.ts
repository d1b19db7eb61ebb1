import { Listener, runTc } from '../../src/command/index.ts';
import { hexOf, type Message, splitMessages } from '../../src/netlink/index.ts';
import { JUSTIFIED } from './justified.ts';
import type { Line, Ran } from './real-tc.ts';

/** The devices that shim.c knows, each at its index. */
const DEVICES = ['', 'lo', '', '', '', '', '', 'd0', 'd1'];
const LINKS = {
  index: (name: string): number => Math.max(0, DEVICES.indexOf(name)),
  name: (index: number): string | null => DEVICES[index] || null,
};

/** What our tc did with a line: each of its requests was answered with "done". */
export interface Ours {
  readonly exit: number;
  readonly stderr: string;
  readonly sent: readonly Message[];
  /** It took words that are not modelled, so its bytes are not tc's. */
  readonly isTyped: boolean;
}

/** A line, and what ours and the real tc made of it. */
export interface Pair {
  readonly line: Line;
  readonly ours: Ours;
  readonly theirs: Ran;
}

/** Opened as a batch it is an empty one. There are no other files where tc runs. */
const IS_FOLDER = /^(?:\/+|\.{1,2}\/*)$/;

export function runOurs({ words, input }: Line): Ours {
  const listener = new Listener();
  const transport = { request: (datagram: Uint8Array) => listener.request(datagram), links: LINKS };
  const readBatch = (file: string): string | undefined =>
    file === '-' ? input : IS_FOLDER.test(file) ? '' : undefined;
  const { exit, stderr, notModelled } = runTc(words, { transport, readBatch });
  return { exit, stderr, sent: listener.requests, isTyped: notModelled.length > 0 };
}

/** In which justified way the two differ, or how they do; null: they do not. */
export function verdict(pair: Pair): { readonly justified: string } | { readonly difference: string } | null {
  const difference = differenceOf(pair);
  if (difference === null) return null;
  const justified = JUSTIFIED.find(({ is }) => is(pair));
  return justified === undefined ? { difference: explained(pair, difference) } : { justified: justified.name };
}

function differenceOf({ ours, theirs }: Pair): string | null {
  if (ours.exit !== theirs.exit) return `status ${ours.exit}, tc's ${theirs.exit}`;
  const mine = ours.sent.map(textOf);
  const real = theirs.sent.flatMap((datagram) => [...splitMessages(datagram)].map(textOf));
  if (mine.length !== real.length) return `${mine.length} requests, tc's ${real.length}`;
  const at = mine.findIndex((text, index) => text !== real[index]);
  return at < 0 ? null : `request\n    ${mine[at]}, tc's\n    ${real[at]}`;
}

function explained({ line, ours, theirs }: Pair, difference: string): string {
  const first = (text: string): string => JSON.stringify(text.split('\n')[0]);
  return `${JSON.stringify(line)}: ${difference}\n  ours prints ${first(ours.stderr)}, tc ${first(theirs.stderr)}`;
}

/** Type, flags, and all behind them. */
const textOf = ({ type, flags, payload }: Message): string =>
  `${type} ${flags.toString(16)} ${withoutMemory(hexOf(payload))}`;

/** TCA_DEF_DATA of simple: 32 bytes, of which those behind the text are whatever tc had in memory (quirk 34). */
const SIMPLE = /(73696d706c650000.{0,120}?24000300)((?:..){32})/g;
/** TCA_U32_MARK: value, mask, and a count that the kernel keeps; tc does not set it (quirk 34). */
const U32_MARK = /(0800010075333200.*?10000a00.{16}).{8}/g;

function withoutMemory(hex: string): string {
  const text = hex.replace(U32_MARK, '$1');
  return text.replace(SIMPLE, (_, head: string, data: string) => head + data.replace(/^((?:(?!00)..)*)00.*/, '$1'));
}
