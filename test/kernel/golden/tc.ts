import { readFileSync } from 'node:fs';
import path from 'node:path';
import { converse } from '../control.ts';
import type { Random } from '../diff/random.ts';
import { randomSession } from '../diff/requests.ts';
import type { RunningKernel } from '../harness.ts';
import { GUEST } from '../root.ts';
import { type TcCase, type TcCommand, tcCases, treeCases } from './cases.ts';
import { type Family, lines, type Session } from './files.ts';

/** A datagram that was sent or received, in hex. */
type Datagram = readonly ['send' | 'recv', string];

interface Told extends TcCommand {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly netlink: readonly Datagram[];
}

/** A datagram that was sent as it is, with what came back. */
interface Answered {
  readonly raw: string;
  readonly replies: readonly string[];
  readonly sendErrno?: number;
}

interface Case<Step> extends Pick<TcCase, 'id' | 'setup'> {
  readonly steps: readonly Step[];
}

/** errors/, show/ and netlink/: what tc says, and the datagrams between it and the kernel. */
export async function recordTc({ k }: Session, r: Random, count: number): Promise<Family[]> {
  const told = await tell(k, [...tcCases(r, count), ...treeCases(r, Math.ceil(count / 4))]);
  const raw = await send(k, r, count);
  const spoken = ({ id, setup, steps }: Case<Told>): object => ({
    id,
    setup,
    steps: steps.map(({ netlink: _, ...step }) => step),
  });
  const [failing, working] = [told.filter(fails), told.filter((one) => !fails(one))];
  return [
    { name: 'errors', files: { 'cases.jsonl': lines([...failing.map(spoken), ...raw]) } },
    { name: 'show', files: { 'cases.jsonl': lines(working.map(spoken)) } },
    { name: 'netlink', files: { 'cases.jsonl': lines([...told.map(datagrams), ...raw.map(rawDatagrams)]) } },
  ];
}

/** Whether already the first command was refused. */
const fails = ({ steps }: Case<Told>): boolean => steps[0]?.exit !== 0;

/** Without lists of all qdiscs: those name the tap, too, that the datagrams were seen with. */
function datagrams(one: Case<Told>): object {
  const { id, setup, steps } = one;
  const family = fails(one) ? 'errors' : 'show';
  return {
    id,
    sub: 'commands',
    setup,
    family,
    steps: steps
      .filter(({ command }) => !command.includes('qdisc show'))
      .map(({ exit, stdout, stderr, ...step }) => step),
  };
}

/** What could not be sent is not there. */
function rawDatagrams({ id, setup, steps }: Case<Answered>): object {
  const sent = steps.filter(({ sendErrno }) => sendErrno === undefined);
  return {
    id,
    sub: 'raw',
    setup,
    family: 'errors',
    steps: sent.map(({ raw, replies }) => ({
      raw,
      netlink: [['send', raw], ...replies.map((reply) => ['recv', reply])],
    })),
  };
}

type Answer = [exit: number, stdout: string, stderr: string, netlink: Datagram[]];

async function tell(k: RunningKernel, cases: readonly TcCase[]): Promise<Case<Told>[]> {
  const script = readFileSync(path.join(GUEST, 'tc_cases.py'), 'utf8');
  const job = await k.run(script, { 'cases.json': JSON.stringify(cases) }, 300);
  if (job.exit !== 0) throw new Error(`tc_cases.py ended with ${job.exit}: ${job.stderr}`);
  const answers = JSON.parse(job.file('answers.json').toString('utf8')) as Answer[][];
  return cases.map(({ id, setup, commands }, i) => ({
    id,
    setup,
    steps: commands.map((command, at) => {
      const [exit, stdout, stderr, netlink] = answers[i]?.[at] ?? [-1, '', '', []];
      return { ...command, exit, stdout, stderr, netlink };
    }),
  }));
}

async function send(k: RunningKernel, r: Random, count: number): Promise<Case<Answered>[]> {
  const sessions = Array.from({ length: count }, () => randomSession(r));
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return (await converse(k, sessions)).map(({ answers }, i) => ({
    id: `r${String(i + 1).padStart(3, '0')}`,
    setup: [],
    steps: (sessions[i] ?? []).map((datagram, at) => {
      const given = answers[at] ?? [];
      const raw = hex(datagram);
      return typeof given === 'number' ? { raw, replies: [], sendErrno: given } : { raw, replies: given.map(hex) };
    }),
  }));
}
