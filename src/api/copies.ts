import { Frame } from '../capture/index.ts';
import { leave, type Packet } from '../packet/index.ts';
import type { CopyRow } from '../report/index.ts';

/** What mirred sends to devices, counted. */
export class Copies {
  /** Name of a device, as soon as there are any. */
  name: (ifindex: number) => string | null = () => null;
  /** Called with each copy as it leaves, in the same Frame. */
  onCopy: ((frame: Frame, device: string) => void) | null = null;
  private readonly counts = new Map<string, { -readonly [K in keyof CopyRow]: CopyRow[K] }>();
  private readonly frame = new Frame();

  /** What a kernel is to call for each copy. */
  readonly take = (p: Packet, ifindex: number, direction: CopyRow['direction']): void => {
    const bytes = leave(p, this.frame, direction);
    const device = this.name(ifindex) ?? `if${ifindex}`;
    const key = `${direction} ${device}`;
    const row = this.counts.get(key) ?? { device, direction, packets: 0, bytes: 0 };
    row.packets++;
    row.bytes += bytes;
    this.counts.set(key, row);
    this.onCopy?.(this.frame, device);
  };

  get rows(): readonly CopyRow[] {
    return [...this.counts.values()];
  }
}
