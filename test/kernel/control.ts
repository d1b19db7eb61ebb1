import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { RunningKernel } from './harness.ts';
import { GUEST } from './root.ts';

/** What the kernel answered in one session: for each datagram its answers, or the errno with which sending failed. */
export interface SessionAnswers {
  /** Netlink port of the sender. */
  readonly port: number;
  readonly answers: readonly (readonly Buffer[] | number)[];
}

/** The devices of each session's namespace, besides lo. */
export const DEVICES = [
  { name: 'lo', ifindex: 1, kind: 'loopback' },
  { name: 'd0', ifindex: 7, kind: 'dummy' },
  { name: 'd1', ifindex: 8, kind: 'dummy' },
] as const;

/** Sends each session's datagrams, in order, to a network namespace of its own; extended acknowledgements are on. */
export async function converse(
  k: RunningKernel,
  sessions: readonly (readonly Uint8Array[])[],
): Promise<SessionAnswers[]> {
  const text = sessions.map((session) => session.map((datagram) => Buffer.from(datagram).toString('hex')));
  const script = readFileSync(path.join(GUEST, 'control.py'), 'utf8');
  const job = await k.run(script, { 'sessions.json': JSON.stringify(text) }, 600);
  if (job.exit !== 0) throw new Error(`control.py ended with ${job.exit}: ${job.stderr}`);
  const { ports, answers } = JSON.parse(job.file('answers.json').toString('utf8')) as {
    ports: number[];
    answers: (string[] | number)[][];
  };
  return answers.map((session, i) => ({
    port: ports[i] ?? 0,
    answers: session.map((given) =>
      typeof given === 'number' ? given : given.map((datagram) => Buffer.from(datagram, 'hex')),
    ),
  }));
}
