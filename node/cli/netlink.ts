import { Frame, openCapture } from '../../src/capture/index.ts';
import { describeMessage, Listener, runTc } from '../../src/command/index.ts';
import { FormatError, KernelError } from '../../src/errors.ts';
import { escapeLines, escapeText, type Json, Printer } from '../../src/lang/index.ts';
import { joinMessages, splitMessages } from '../../src/netlink/index.ts';
import { errorCode } from '../system.ts';
import { readingText } from '../system-errors.ts';
import type { LimitFlags } from './commands/limits.ts';
import { CommandLineError, FailedError } from './errors.ts';
import { limitsOf } from './limits.ts';
import { say, sayRaw } from './output.ts';
import { readBytes } from './reading.ts';
import { Output } from './result.ts';

/** LINKTYPE_NETLINK: 16 bytes of cooked header, then netlink messages, as nlmon gives them. */
const LINKTYPE_NETLINK = 253;
const COOKED_HEADER = 16;
const HEX = /^[0-9a-fA-F\s:]+$/;

/** Returns the exit status. */
export function netlink(action: 'decode' | 'encode', args: readonly string[], flags: LimitFlags): number {
  return action === 'decode' ? decodeAll(args, limitsOf(flags).text) : encode(args);
}

/** Prints every message as JSON; damage is told with its offset, and what stood before it is printed. */
function decodeAll(args: readonly string[], most: number): number {
  const [source, ...rest] = args;
  if (source === undefined || (rest.length > 0 && !args.every((arg) => HEX.test(arg)))) {
    throw new CommandLineError('netlink decode: one file, or hex, expected');
  }
  const output = new Output();
  let broken = 0;
  for (const datagram of datagrams(args, most)) {
    try {
      for (const message of splitMessages(datagram)) output.write(`${text(describeMessage(message))}\n`);
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof KernelError)) throw error;
      const where = error instanceof FormatError ? ` at byte ${error.offset}` : '';
      say(`cls-flow: not a traffic control message${where}: ${escapeText(error.message)}`);
      broken = 1;
    }
  }
  output.flush();
  return broken;
}

function text(json: Json): string {
  const out = new Printer('pretty');
  out.open('{');
  for (const [name, value] of Object.entries(json as Record<string, Json>)) out.member(name, value);
  out.close();
  return out.toString();
}

/** Hex on the command line, a file of hex (a datagram a line), or an nlmon capture. */
function* datagrams(args: readonly string[], most: number): Generator<Uint8Array> {
  const written = args.join('');
  if (HEX.test(written) && written.replace(/[\s:]/g, '').length >= 32) {
    yield fromHex(written);
    return;
  }
  const bytes = readFile(args[0] ?? '', most);
  const asText = bytes.toString('latin1');
  if (HEX.test(asText)) {
    for (const line of asText.split('\n')) if (line.trim() !== '') yield fromHex(line);
    return;
  }
  yield* captured(bytes, args[0] ?? '');
}

function readFile(name: string, most: number): Buffer {
  try {
    return readBytes(name, most);
  } catch (error) {
    if (errorCode(error) === null) throw error;
    const isMissing = errorCode(error) === 'ENOENT';
    throw new FailedError(
      `${name}: ${isMissing ? 'no such file, and no hex of a message' : readingText(error as Error)}`,
    );
  }
}

function* captured(bytes: Uint8Array, name: string): Generator<Uint8Array> {
  const reader = openCapture();
  const frame = new Frame();
  try {
    reader.push(bytes);
    reader.finish();
    while (reader.next(frame)) {
      if (frame.linkType !== LINKTYPE_NETLINK) continue;
      yield frame.data.slice(Math.min(frame.at + COOKED_HEADER, frame.end), frame.end);
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FailedError(`${name}:${error.offset}: ${error.message}`);
  }
}

function fromHex(written: string): Uint8Array {
  const digits = written.replace(/[\s:]/g, '');
  if (digits.length % 2 !== 0) throw new FailedError(`hex: an even number of digits expected, not ${digits.length}`);
  return Buffer.from(digits, 'hex');
}

/** Prints the requests that tc would send, one a line in hex; refused words as tc refuses them. */
function encode(args: readonly string[]): number {
  const listener = new Listener();
  const answer = runTc(args, { transport: listener, modelledOnly: true });
  const output = new Output();
  for (const request of listener.requests) {
    output.write(`${Buffer.from(joinMessages([request])).toString('hex')}\n`);
  }
  output.flush();
  if (answer.stderr !== '') sayRaw(escapeLines(answer.stderr));
  const made = listener.names.slice(1).map((name, i) => `${escapeText(name)} is ${i + 2}`);
  if (made.length > 0) say(`cls-flow: note: device numbers are made up: ${made.join(', ')}`);
  return answer.exit;
}
