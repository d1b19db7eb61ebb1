import { Batch, type Transcript } from './batch.ts';

/** One command as a stand-in wrote it down. */
export interface Call {
  readonly tool: string;
  /** Network namespace it was run in (`ip netns exec`, `tc -n`); empty: the first. */
  readonly netns: string;
  /** What `-batch` read; empty where there was none. */
  readonly input: string;
  readonly args: readonly string[];
}

const FIELDS = 4;

/** The records of the log. A record that a killed stand-in left unfinished is left out. */
export function readLog(log: string): Call[] {
  const fields = log.split('\0');
  const calls: Call[] = [];
  for (let at = 0; at + FIELDS < fields.length; ) {
    const [tool = '', netns = '', input = '', count = ''] = fields.slice(at, at + FIELDS);
    const end = at + FIELDS + Number(count);
    // The text behind the last zero byte is no field.
    if (!/^\d+$/.test(count) || end >= fields.length) break;
    calls.push({ tool, netns, input, args: fields.slice(at + FIELDS, end) });
    at = end;
  }
  return calls;
}

/** What a script asked for, as a file for `tc -batch`. `source`: the command that was run. */
export function transcript(calls: readonly Call[], source: string): Transcript {
  const batch = new Batch(`Recorded by cls-flow record from: ${source}`);
  for (const call of calls) add(batch, call);
  return batch.transcript();
}

function add(batch: Batch, { tool, netns, input, args }: Call): void {
  if (tool !== 'tc' || netns !== '' || (input === '' && !isBatch(args))) {
    batch.command(tool, netns, withoutOptions(args), args);
    return;
  }
  batch.comment(`from tc ${args.join(' ')}`);
  for (const line of input.replace(/\r/g, ' ').split('\n')) batch.batched(line);
}

/** tc/tc.c: main() takes options in front of the object only; those that have a value. */
const VALUED = ['-netns', '-net', '-n', '-loops', '-l', '-cf', '-conf', '-rcvbuf', '-rc'];

function withoutOptions(args: readonly string[]): readonly string[] {
  let at = 0;
  while (args[at]?.startsWith('-')) at += VALUED.includes(args[at] ?? '') ? 2 : 1;
  return args.slice(at);
}

function isBatch(args: readonly string[]): boolean {
  return args.some((arg) => /^--?b(atch|atc|at|a)?$/.test(arg));
}
