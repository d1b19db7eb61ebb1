/** Where packets ended, in the names of the journeys (kernel/journey.ts), without what differs from packet to packet. */
export interface End {
  readonly fate: string;
  readonly qdisc?: string;
  readonly kind?: string;
  /** The class that the qdisc hangs on. */
  readonly class?: string;
  readonly hook?: string;
  readonly by?: string;
  readonly bucketBy?: string;
  readonly verdict?: string;
  /** The device that packets were redirected to. */
  readonly to?: string;
  /** The qdisc's kind is not modelled. */
  readonly notModelled?: true;
  /** Of an end that hangs on an unknown transmit queue: what stands below each queue that it may be: `1:1 htb 10:`. */
  readonly queues?: readonly string[];
}

export interface FateRow extends End {
  readonly packets: number;
  readonly bytes: number;
}

const NAMES = ['fate', 'qdisc', 'kind', 'class', 'hook', 'by', 'bucketBy', 'verdict', 'to', 'notModelled'] as const;

/** What a reader must see first: traffic that is lost, then what is not shaped, then what is not known. */
const ORDER = ['dropped', 'direct', 'unknowable'];

/** Who numbers ends: the numbers hold as long as `ends` is the same. */
export interface EndNumbers {
  readonly ends: { names(number: number): End };
}

interface Count {
  readonly end: End;
  packets: number;
  bytes: number;
}

/** Packets and bytes by their end: counted by number, named at the end. */
export class Fates {
  private readonly numbers: EndNumbers;
  private ends: EndNumbers['ends'];
  private packets: number[] = [];
  private bytes: number[] = [];
  /** What was counted under numbers that hold no longer, by name. */
  private readonly named = new Map<string, Count>();

  constructor(numbers: EndNumbers) {
    this.numbers = numbers;
    this.ends = numbers.ends;
  }

  /** Counts packets that ended there. */
  add(end: number, bytes: number, packets = 1): void {
    if (this.numbers.ends !== this.ends) this.settle();
    this.packets[end] = (this.packets[end] ?? 0) + packets;
    this.bytes[end] = (this.bytes[end] ?? 0) + bytes;
  }

  /** Puts names to the numbers that were counted. */
  private settle(): void {
    for (const [number, packets] of this.packets.entries()) {
      if (packets === undefined) continue;
      const end = this.ends.names(number);
      const name = NAMES.map((field) => end[field] ?? '').join('\n');
      const count = this.named.get(name) ?? { end, packets: 0, bytes: 0 };
      count.packets += packets;
      count.bytes += this.bytes[number] ?? 0;
      this.named.set(name, count);
    }
    this.packets = [];
    this.bytes = [];
    this.ends = this.numbers.ends;
  }

  /** Dropped, direct and unknowable traffic first; each with most bytes first. */
  rows(): FateRow[] {
    this.settle();
    const rank = ({ fate }: End): number => (ORDER.includes(fate) ? ORDER.indexOf(fate) : ORDER.length);
    return [...this.named.values()]
      .map(({ end, packets, bytes }) => ({ ...end, packets, bytes }))
      .sort((a, b) => rank(a) - rank(b) || b.bytes - a.bytes || b.packets - a.packets);
  }
}

/** The end of one packet. */
export interface OneEnd extends End {
  /** Of a queue of many flows, counted from 0. */
  readonly bucket?: number;
}

/** An end in plain words: `dropped by drr 1:, class missing`. */
export function endText(end: OneEnd): string {
  const { fate, qdisc, kind, class: hangs, hook, by, bucket, bucketBy, verdict, to } = end;
  const at = hook === undefined ? `${kind === undefined ? '' : `${kind} `}${qdisc ?? ''}` : `the ${hook} hook`;
  if (end.notModelled === true) return notModelledText(end, at);
  switch (fate) {
    case 'queued': {
      const secret = bucketBy === 'internal hash' ? ', bucket by its own secret hash' : '';
      const where = bucket === undefined ? secret : `, bucket ${bucket}`;
      const own = qdisc === '0:' ? kind : at;
      return `queued in ${hangs === undefined ? at : `class ${hangs}, ${own}`}${where}`;
    }
    case 'direct':
      return `direct past ${qdisc}, unshaped (${DIRECT[by ?? ''] ?? by})`;
    case 'dropped':
      return `dropped by ${at}, ${by}`;
    case 'stolen':
      return `taken at ${at} (${verdict})`;
    case 'redirected':
      return `redirected to ${to} at ${at}`;
    case 'passed':
      return 'passed on';
    case 'sent':
      return 'sent without being queued';
    default:
      if (by === 'queue') {
        return `unknowable from ${at} on: the transmit queue is not known (${(end.queues ?? []).join(', or ')})`;
      }
      return `unknowable${qdisc === undefined && hook === undefined ? '' : ` from ${at} on`}`;
  }
}

/** Into a qdisc whose kind is not modelled, and not known what becomes of the packet there. */
function notModelledText({ fate, kind, class: hangs }: OneEnd, at: string): string {
  if (fate !== 'queued') return `unknowable below ${at}, which is not modelled`;
  return hangs === undefined ? `queued in ${at} (not modelled)` : `queued in class ${hangs} (${kind}, not modelled)`;
}

const DIRECT: Readonly<Record<string, string>> = {
  default: 'no class, and no leaf as default',
  filter: 'a filter said minor 0',
  priority: 'its priority is the qdisc itself',
};
