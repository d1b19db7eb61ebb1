import { createEnv } from '../../../src/env.ts';
import type { Era } from '../../../src/era.ts';
import { Netns } from '../../../src/kernel/index.ts';
import { DEVICES, type SessionAnswers } from '../control.ts';

/** A datagram that the kernel and we answered otherwise. */
export interface ControlDifference {
  readonly session: number;
  readonly datagram: number;
  /** All that was answered, one after the other, in hex. */
  readonly kernel: string;
  readonly ours: string;
}

/** The first difference of each session: what comes after it follows from it. */
export function compareControl(
  era: Era,
  sessions: readonly (readonly Uint8Array[])[],
  theirs: readonly SessionAnswers[],
): ControlDifference[] {
  return sessions.flatMap((session, number) => {
    const { port = 0, answers = [] } = theirs[number] ?? {};
    const netns = new Netns({ env: createEnv({ era, seed: 0 }), devices: DEVICES });
    for (const [datagram, bytes] of session.entries()) {
      const given = answers[datagram] ?? [];
      const kernel =
        typeof given === 'number' ? `cannot be sent: errno ${given}` : Buffer.concat(given).toString('hex');
      const ours = Buffer.concat(netns.request(bytes, port)).toString('hex');
      if (kernel !== ours) return [{ session: number, datagram, kernel, ours }];
    }
    return [];
  });
}

export type AskSessions = (sessions: readonly (readonly Uint8Array[])[]) => Promise<readonly ControlDifference[]>;

const MAX_TURNS = 16;

/** The shortest session found that still ends in a difference: requests are left out, many at once and then one by one. */
export async function shrinkSession(start: readonly Uint8Array[], ask: AskSessions): Promise<readonly Uint8Array[]> {
  let best = start;
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const shorter = shorterSessions(best);
    const found = (await ask(shorter))
      .map(({ session, datagram }) => shorter[session]?.slice(0, datagram + 1) ?? best)
      .sort((a, b) => a.length - b.length)[0];
    if (found === undefined || found.length >= best.length) return best;
    best = found;
  }
  return best;
}

/** Everything but a run of requests, for runs of every length that is a half, a quarter … of the whole, at every place; and a run alone. */
export function shorterSessions<T>(session: readonly T[]): (readonly T[])[] {
  const shorter: (readonly T[])[] = [];
  for (let size = session.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < session.length; at += size) {
      shorter.push(session.toSpliced(at, size));
      if (at > 0) shorter.push([...session.slice(0, 1), ...session.slice(at)], session.slice(at));
    }
  }
  return shorter.filter((each) => each.length < session.length);
}
