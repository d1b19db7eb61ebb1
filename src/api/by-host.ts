import { anything, type Rules } from '../argument.ts';
import { UsageError } from '../errors.ts';
import { type Prefix, parsePrefix } from '../lang/index.ts';
import { HostNames, type Summary } from '../report/index.ts';
import type { Run } from '../run.ts';
import { ByHost, type HostsBy } from '../study/index.ts';
import { Digests, type InputDigest } from './digest.ts';
import { linesOf } from './lines.ts';
import { oneOf, whole } from './question.ts';
import { QuestionError } from './question-error.ts';

/** Hosts that are listed unless a limit is given. */
const MOST = 65_536;
/** As many as are counted one by one. */
const MOST_MOST = 1 << 18;
const MOST_TOP = 1000;
const SUBSCRIBER_PREFIX = 64;

/** Whether and how packets are counted by host, too. */
export interface ByHostQuestion {
  /**
   * Whose: hosts (senders, unless the keys of the filter or `question.hosts` name others), receivers, flows, or
   * subscribers, which are hosts with the IPv6 addresses of one prefix put together. Absent: nobody's.
   */
  readonly by?: HostsBy | undefined;
  /** Bits of IPv6 addresses that are one subscriber's, 0 to 128. Default: 64. */
  readonly subscriberPrefix?: number | undefined;
  /** The hosts of this address or prefix alone. */
  readonly only?: string | undefined;
  /** Hosts that are listed at most, the largest. Default: 65 536; most: 262 144. */
  readonly most?: number | undefined;
  /** The largest flows of each class, so many of them, 1 to 1000. Absent: none. */
  readonly top?: number | undefined;
  /** Lines `ADDRESS NAME` or `PREFIX NAME`: of several that cover an address, the longest names it. A text, or its lines. */
  readonly names?: string | Iterable<string> | undefined;
}

/** For checkOptions(): what is wrong with these is a QuestionError. */
export const BY_HOST_OPTIONS: Rules = {
  by: anything,
  subscriberPrefix: anything,
  only: anything,
  most: anything,
  top: anything,
  names: anything,
};

/** What such a question comes to. */
export class CountingHosts {
  private readonly counts: ByHost | null;
  private readonly flows: ByHost | null;
  private readonly top: number;
  private readonly names: HostNames | null;
  private readonly only: Prefix | null;
  private readonly most: number;
  readonly inputs: readonly InputDigest[];

  /** null: nobody's packets are asked for. Throws a QuestionError. */
  static of(run: Run, question: ByHostQuestion): CountingHosts | null {
    const { by, top } = question;
    if (by !== undefined || top !== undefined) return new CountingHosts(run, question);
    const alone = (['subscriberPrefix', 'only', 'most', 'names'] as const).find((name) => question[name] !== undefined);
    if (alone === undefined) return null;
    throw new QuestionError(alone, 'goes with by', { hint: 'one of host, dst, flow, subscriber' });
  }

  private constructor(run: Run, question: ByHostQuestion) {
    const { by, top, subscriberPrefix = SUBSCRIBER_PREFIX, only, most = MOST } = question;
    this.only = only === undefined ? null : prefixOf(only, 'only');
    this.most = whole(1, MOST_MOST)(most, 'most');
    this.top = top === undefined ? 0 : whole(1, MOST_TOP)(top, 'top');
    const bits = whole(0, 128)(subscriberPrefix, 'subscriberPrefix');
    const { names, inputs } = namesOf(question.names);
    this.names = names;
    this.inputs = inputs;
    const counted = by === undefined ? null : oneOf(['host', 'dst', 'flow', 'subscriber'])(by, 'by');
    this.counts = counted === null ? null : new ByHost(run, { by: counted, subscriberPrefix: bits });
    this.flows = top === undefined ? null : new ByHost(run, { by: 'flow', subscriberPrefix: bits });
  }

  /** Counts the packet of the run's last step. */
  add(): void {
    this.counts?.add();
    this.flows?.add();
  }

  /** The fields that a summary has more. */
  get fields(): Pick<Summary, 'hosts' | 'hostsSeen' | 'hostsSampled' | 'largestFlows'> {
    const { names, flows, top } = this;
    return { ...this.hosts, ...(flows === null ? {} : { largestFlows: flows.largest(top, names) }) };
  }

  private get hosts(): Pick<Summary, 'hosts' | 'hostsSeen' | 'hostsSampled'> {
    const { counts, names, only, most } = this;
    if (counts === null) return {};
    const { rows, seen, each } = counts.result({ names, only, most });
    return { hosts: rows, hostsSeen: seen, ...(each > 1 ? { hostsSampled: each } : {}) };
  }
}

/** The fields of such a question that its record holds: all but the names, which are among the inputs. */
export function recordedOf({
  by,
  subscriberPrefix,
  only,
  most,
  top,
}: ByHostQuestion): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries({ by, subscriberPrefix, only, most, top }).filter(([, value]) => value !== undefined),
  );
}

/** An address or a prefix. Throws a QuestionError. */
export function prefixOf(typed: unknown, field: string): Prefix {
  const prefix = typeof typed === 'string' ? parsePrefix(typed) : null;
  if (prefix !== null) return prefix;
  throw new QuestionError(field, 'expected an address or a prefix like 192.168.0.0/16');
}

/** The names, and the digest of what they were read from. Throws a QuestionError with the index of the line. */
export function namesOf(given: ByHostQuestion['names']): {
  readonly names: HostNames | null;
  readonly inputs: readonly InputDigest[];
} {
  if (given === undefined) return { names: null, inputs: [] };
  const lines = typeof given === 'string' ? linesOf(given) : given;
  const isIterable = typeof (lines as Partial<Iterable<string>> | null)?.[Symbol.iterator] === 'function';
  if (!isIterable) throw new QuestionError('names', 'expected a text or its lines');
  const digests = new Digests();
  try {
    const names = new HostNames(digests.ofLines('names', lines));
    return { names, inputs: digests.inputs };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new QuestionError(`names[${error.word}]`, error.message, { reason: error });
  }
}
