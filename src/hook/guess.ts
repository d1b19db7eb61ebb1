import type { Frame } from '../capture/index.ts';
import { Headers, type NatRule, readAddresses, readPacket, Tuple } from '../conntrack/index.ts';
import { enter, Packet } from '../packet/index.ts';
import { type Captured, type HookSide, hostsOf, interfaceOf, isWith, outsideOf } from './crossing.ts';

/** The addresses of a packet, and the interface that it was captured on. */
interface Seen {
  readonly interface: string;
  readonly addresses: Tuple;
}

/** The first packets of captures, for those who guess where they were taken. */
export class CaptureSample {
  private readonly seen: Seen[] = [];
  private readonly packet = new Packet();
  private readonly headers = new Headers();

  /** Looks at a packet; what is not IP says nothing. */
  take(frame: Frame): void {
    const { packet, headers } = this;
    if (enter(frame, packet, { hook: 'egress', vlan: 'inband' }) !== null || !readPacket(packet, headers)) return;
    const addresses = new Tuple();
    readAddresses(headers, addresses);
    this.seen.push({ interface: interfaceOf(frame), addresses });
  }

  get interfaces(): ReadonlySet<string> {
    return new Set(this.seen.map((one) => one.interface));
  }

  /** On which side each interface was, by whose addresses most of its packets have; those that tell nothing are left out. */
  sides(nat: readonly NatRule[]): ReadonlyMap<string, HookSide> {
    const [lan, wan] = [nat.flatMap(hostsOf), nat.flatMap(outsideOf)];
    const sides = new Map<string, HookSide>();
    for (const name of this.interfaces) {
      const mine = this.seen.filter((one) => one.interface === name);
      const [inside = 0, outside = 0] = [lan, wan].map(
        (prefixes) => mine.filter(({ addresses }) => isWith(prefixes, addresses)).length,
      );
      if (inside + outside > 0) sides.set(name, inside > outside ? 'lan' : 'wan');
    }
    return sides;
  }
}

/** Where packets were captured, as far as it can be guessed. */
export interface Guess {
  readonly captured: Captured | Readonly<Record<string, Captured>>;
  /** Packets of this interface alone. */
  readonly interface?: string;
}

/**
 * Guesses where captures were taken: with NAT, by the addresses of hosts and router; without, on the device itself, if one of
 * several interfaces has its name. null: nothing tells it.
 */
export function guessCaptured(sample: CaptureSample, nat: readonly NatRule[], dev: string | undefined): Guess | null {
  const sides = sample.sides(nat);
  const { interfaces } = sample;
  if (sides.size > 0) {
    const [side = 'here'] = sides.values();
    return {
      captured: interfaces.size > 1 || (dev !== undefined && interfaces.has(dev)) ? Object.fromEntries(sides) : side,
    };
  }
  const isNamed = dev !== undefined && interfaces.size > 1 && interfaces.has(dev);
  return isNamed ? { captured: 'here', interface: dev } : null;
}
