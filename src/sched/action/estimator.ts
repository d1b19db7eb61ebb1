import type { Env } from '../../env.ts';
import { Errno, KernelError } from '../../errors.ts';
import type { Counters, Estimation } from './kind.ts';

/** Quarters of a second in ns: HZ / 4 jiffies. */
const QUARTER = 250_000_000;

/**
 * net/core/gen_estimator.c — bytes a second, averaged over capture time. The kernel's timer becomes a catching up:
 * whoever asks first brings it to the present.
 */
export class Estimator {
  private readonly counters: Counters;
  private readonly env: Env;
  /** log2 of the interval in quarters of a second, and of the weight of the past. */
  private readonly interval: number;
  private readonly ewmaLog: number;
  private next: number;
  private lastBytes = 0;
  private lastPackets = 0;
  /** Scaled by 2^8, as in the kernel. */
  private bytes = 0;
  private packets = 0;

  /** gen_new_estimator(): EINVAL for an interval outside -2…3 or a weight outside 1…30. */
  constructor({ interval, ewmaLog }: Estimation, counters: Counters, env: Env) {
    if (interval < -2 || interval > 3) throw new KernelError(Errno.EINVAL);
    if (ewmaLog === 0 || ewmaLog >= 31) throw new KernelError(Errno.EINVAL);
    this.interval = interval + 2;
    this.ewmaLog = ewmaLog;
    this.counters = counters;
    this.env = env;
    this.next = env.now() + this.period;
  }

  bytesPerSecond(): number {
    this.catchUp();
    return Math.floor(this.bytes / 256);
  }

  packetsPerSecond(): number {
    this.catchUp();
    return Math.floor(this.packets / 256);
  }

  private get period(): number {
    return QUARTER * 2 ** this.interval;
  }

  /** est_timer(), once for each period that has gone by; after a long silence nothing is left to average. */
  private catchUp(): void {
    const now = this.env.now();
    while (this.next <= now) {
      const { bytes, packets } = this.counters;
      this.bytes = this.average(this.bytes, bytes - this.lastBytes);
      this.packets = this.average(this.packets, packets - this.lastPackets);
      const quiet = bytes === this.lastBytes && packets === this.lastPackets;
      this.lastBytes = bytes;
      this.lastPackets = packets;
      this.next += this.period;
      if (quiet && this.bytes < 2 ** this.ewmaLog && this.packets < 2 ** this.ewmaLog) {
        this.next += Math.max(0, Math.ceil((now - this.next + 1) / this.period)) * this.period;
      }
    }
  }

  private average(old: number, counted: number): number {
    const weight = 2 ** this.ewmaLog;
    const rate = counted * 2 ** (10 - this.interval);
    return old + Math.floor(rate / weight) - Math.floor(old / weight);
  }
}
