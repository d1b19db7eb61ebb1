import { type KernelError, UsageError } from '../errors.ts';
import type { Netns, Watch } from '../kernel/index.ts';
import { encodeUtf8 } from '../lang/index.ts';
import type { Transport } from './process.ts';
import { type Answer, runTc } from './tc.ts';

/**
 * What is called while the commands run, and how many transmit queues a new device gets
 * (without a number: as many as the commands name).
 */
export interface Onlooker {
  readonly txQueues?: number | undefined;
  readonly watch?: Watch;
  created?(name: string, ifindex: number): void;
  sent?(datagram: Uint8Array): void;
}

const IFNAMSIZ = 16;
/** What isspace() takes in the kernel: lib/ctype.c has the no-break space of Latin-1 among them, as a byte. */
const BLANKS: readonly number[] = [9, 10, 11, 12, 13, 0x20, 0xa0];

/** net/core/dev.c: dev_valid_name() */
export function isDeviceName(name: string): boolean {
  const bytes = encodeUtf8(name);
  if (bytes.length === 0 || bytes.length >= IFNAMSIZ || name === '.' || name === '..') return false;
  return !/[/:]/.test(name) && !bytes.some((byte) => BLANKS.includes(byte));
}

/**
 * The emulated kernel as tc's other end. Scripts make their devices with other programs, so here a device comes into
 * being with the first qdisc that is put on it, or when a filter names it (mirred, indev).
 */
export function emulated(netns: Netns, { watch = {}, txQueues, created, sent }: Onlooker = {}): Transport {
  const create = (name: string): number => {
    if (!isDeviceName(name)) return 0;
    const ifindex = makeDevice(netns, { name, txQueues });
    created?.(name, ifindex);
    return ifindex;
  };
  return {
    request(datagram) {
      sent?.(datagram);
      return netns.request(datagram, 0, watch);
    },
    set: (key) => netns.set(key),
    links: { ...netns.links, create },
  };
}

/** A line of words as tc answers it, and the rule behind a refusal; null: it was accepted. */
export interface Judged extends Answer {
  readonly refusal: KernelError | UsageError | null;
}

/** tc, one run for each list of words, with an emulated kernel as its other end. */
export function judge(netns: Netns, onlooker: Onlooker = {}): (words: readonly string[]) => Judged {
  let refusal: KernelError | UsageError | null = null;
  const note = (error: KernelError | UsageError): void => {
    refusal = error;
  };
  const transport = emulated(netns, { ...onlooker, watch: { ...onlooker.watch, refused: note } });
  return (words) => {
    refusal = null;
    const answer = runTc(words, { transport, misunderstood: note });
    if (answer.exit === 0) return { ...answer, refusal: null };
    return { ...answer, refusal: refusal ?? new UsageError(answer.stderr) };
  };
}

/** Adds a device that nobody described, under the number given or the next free one. */
export function makeDevice(
  netns: Netns,
  { name, txQueues }: { readonly name: string; readonly txQueues?: number | undefined },
  ifindex = netns.nextIfindex,
): number {
  netns.addDevice({ name, ifindex, ...(txQueues === undefined ? { queuesOpen: true } : { txQueues }) });
  return ifindex;
}
