import type { Packet } from '../packet/index.ts';
import { WordSet } from '../report/index.ts';
import { HOST_OR_FLOW_WORDS } from './host-or-flow.ts';

/** Who is active at once, and how much the hosts send: hosts that are never active together do not take from each other. */
export interface Activity {
  /** Hosts (or flows) of the second in which most of them had a packet, and the mean of the seconds in which any had. */
  readonly most: number;
  readonly mean: number;
  /** The fewest hosts that have half of all bytes, and what part the largest one has, 0 … 1. */
  readonly half: number;
  readonly largest: number;
}

/** Rows for the hosts of a second at first. */
const ROOM = 64;

/** Counts the hosts of each second of a capture, and the bytes of each host. */
export class Activities {
  /** The hosts of the busiest second. */
  busiest = new WordSet(HOST_OR_FLOW_WORDS, ROOM);
  private now = new WordSet(HOST_OR_FLOW_WORDS, ROOM);
  private second = Number.NaN;
  private seconds = 0;
  private sum = 0;
  private readonly bytes = new Map<string, number>();

  /** `row` begins with the words of the host that the packet belongs to. */
  add(packet: Packet, row: Int32Array): void {
    if (packet.seconds !== this.second) this.turn(packet.seconds);
    this.now.add(row);
    const name = row.subarray(0, HOST_OR_FLOW_WORDS).join();
    this.bytes.set(name, (this.bytes.get(name) ?? 0) + packet.len);
  }

  summary(): Activity {
    this.turn(Number.NaN);
    const bytes = [...this.bytes.values()].sort((a, b) => b - a);
    const all = bytes.reduce((total, one) => total + one, 0);
    let part = 0;
    const half = bytes.findIndex((one) => {
      part += one;
      return 2 * part >= all;
    });
    return {
      most: this.busiest.size,
      mean: this.seconds === 0 ? 0 : this.sum / this.seconds,
      half: half + 1,
      largest: all === 0 ? 0 : (bytes[0] ?? 0) / all,
    };
  }

  private turn(second: number): void {
    if (this.now.size > 0) {
      this.seconds++;
      this.sum += this.now.size;
      if (this.now.size > this.busiest.size) this.busiest = this.now;
      this.now = new WordSet(HOST_OR_FLOW_WORDS, ROOM);
    }
    this.second = second;
  }
}
