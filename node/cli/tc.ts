import { type Answer, emulated, isDeviceName, makeDevice, runTc, type Transport } from '../../src/command/index.ts';
import type { EraName } from '../../src/era.ts';
import type { Netns } from '../../src/kernel/index.ts';
import { escapeLines, escapeText } from '../../src/lang/index.ts';
import { explainRefusal } from '../kernel.ts';
import { errorCode } from '../system.ts';
import type { TcFlags } from './commands/tc.ts';
import { decoded } from './decode.ts';
import { CommandLineError } from './errors.ts';
import { type Limits, limitsOf, tooMany } from './limits.ts';
import { readFailure } from './named-file.ts';
import { txQueuesOf } from './numbers.ts';
import { say, sayRaw } from './output.ts';
import { readBytes } from './reading.ts';
import { Output } from './result.ts';
import { defaultStatePath, keepState, openState, type State } from './state.ts';

const MAX_IFINDEX = 0x7fffffff;

/** Runs one tc command, or a batch, against the kernel in the state file or the running one. Returns tc's exit status. */
export async function tc(args: readonly string[], flags: TcFlags): Promise<number> {
  return flags.live ? tcLive(args, flags) : tcEmulated(args, flags);
}

async function tcEmulated(args: readonly string[], flags: TcFlags): Promise<number> {
  const file = flags.state ?? defaultStatePath();
  const limits = limitsOf(flags);
  const open = (): State => openState(file, limits, flags.era as EraName | undefined, flags.ipset);
  const readBatch = batchReader(limits);
  const txQueues = txQueuesOf(flags);
  const { answer, made } = await keepState(file, limits, open, (netns) => {
    const before = JSON.stringify(netns.save());
    for (const spec of flags.dev ?? []) nameDevice(netns, spec, txQueues);
    const made: string[] = [];
    const transport = transportOf(netns, flags.strictDev !== true, made, txQueues);
    const answer = runTc(args, { transport, readBatch });
    const isChanged = flags.ipset !== undefined || JSON.stringify(netns.save()) !== before;
    return { result: { answer, made }, isChanged };
  });
  for (const note of made) say(note);
  print(answer, args);
  noteNotModelled(answer);
  return answer.exit;
}

/** Options that describe an emulated kernel. */
const EMULATED = ['state', 'dev', 'txQueues', 'ipset', 'era', 'strictDev'] as const;

async function tcLive(args: readonly string[], flags: TcFlags): Promise<number> {
  const other = EMULATED.find((name) => flags[name] !== undefined);
  if (other !== undefined) {
    const option = other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new CommandLineError(`--live and --${option}: the running kernel is as it is`, null, 'give one of them');
  }
  const { openKernel } = await import('../socket.ts');
  const limits = limitsOf(flags);
  const readBatch = (file: string): string | undefined => batchText(file, limits);
  const kernel = openKernel();
  const seq = Math.floor(Date.now() / 1000);
  const answer = runTc(args, { transport: kernel, readBatch, seq, modelledOnly: true });
  print(answer, args);
  const explanation = kernel.refusal === null ? null : explainRefusal(kernel.refusal);
  if (explanation !== null) say(`cls-flow: ${escapeText(explanation)}`);
  kernel.close();
  return answer.exit;
}

/**
 * quirk 73: tc prints names and words as they are, and so what they hold reaches the terminal. Here they are escaped; tabs
 * and newlines are tc's own, unless they stand in a word that was typed.
 */
function print({ stdout, stderr }: Answer, args: readonly string[]): void {
  const shown = (text: string): string => escapeLines(withoutBreaks(text, args));
  const output = new Output();
  // JSON has its own escapes.
  output.write(stdout.startsWith('[') ? stdout : shown(stdout));
  output.flush();
  if (stderr !== '') sayRaw(shown(stderr));
}

function withoutBreaks(text: string, args: readonly string[]): string {
  const broken = args.filter((word) => /[\n\t]/.test(word) && word.trim() !== '');
  return broken.reduce((rest, word) => rest.replaceAll(word, escapeText(word)), text);
}

/** One line for each command that was taken with words that are not modelled. */
function noteNotModelled({ notModelled }: Answer): void {
  const lines = new Map<number | undefined, string[]>();
  for (const { line, why } of notModelled) lines.set(line, [...(lines.get(line) ?? []), why]);
  for (const [line, whys] of lines) {
    say(`cls-flow: note: ${line === undefined ? '' : `line ${line}: `}${escapeText(whys.join('; '))}`);
  }
}

/** `--dev NAME[:IFINDEX]`: a device that is there already may be named again. */
function nameDevice(netns: Netns, spec: string, txQueues?: number): void {
  const [name = '', number, ...rest] = spec.split(':');
  const ifindex = number === undefined ? undefined : Number(number);
  const sound = ifindex === undefined || (Number.isInteger(ifindex) && ifindex > 0 && ifindex <= MAX_IFINDEX);
  if (!isDeviceName(name) || rest.length > 0 || !sound) {
    throw new CommandLineError(`--dev ${spec}: NAME or NAME:IFINDEX expected`);
  }
  const known = netns.devices.find((device) => device.spec.name === name);
  if (known !== undefined && (ifindex === undefined || known.ifindex === ifindex)) return;
  if (known !== undefined) throw new CommandLineError(`--dev ${spec}: ${name} has index ${known.ifindex} already`);
  const other = netns.devices.find((device) => device.ifindex === ifindex);
  if (other !== undefined) throw new CommandLineError(`--dev ${spec}: index ${ifindex} is ${other.spec.name}'s`);
  makeDevice(netns, { name, txQueues }, ifindex);
}

/** The emulated kernel. `create`: a device comes into being when it is named first, with a note in `made`. */
function transportOf(netns: Netns, create: boolean, made: string[], txQueues?: number): Transport {
  const transport = emulated(netns, {
    txQueues,
    created: (name, ifindex) =>
      made.push(`cls-flow: note: device ${escapeText(name)} did not exist, made it with index ${ifindex}`),
  });
  return create ? transport : { ...transport, links: netns.links };
}

/**
 * The text of a batch file, which is read once, as a pipe can be read once only; undefined if it cannot be read: tc has
 * its own words for that.
 */
function batchReader(limits: Limits): (file: string) => string | undefined {
  const texts = new Map<string, string | undefined>();
  return (file) => {
    if (!texts.has(file)) texts.set(file, batchText(file, limits));
    return texts.get(file);
  };
}

function batchText(file: string, limits: Limits): string | undefined {
  try {
    const text = decoded(readBytes(file, limits.text), file, 'the rest of its line is left out');
    checkLines(text, file, limits);
    return text;
  } catch (error) {
    // tc's own words are for a file that is not there.
    if (errorCode(error) === 'ENOENT' && file !== '-') return undefined;
    throw readFailure(error, file);
  }
}

/** A command is a line. */
function checkLines(text: string, file: string, { commands }: Limits): void {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    if (++count > commands) throw tooMany(file, commands, 'lines');
  }
}
