import { Frame, PcapngWriter } from '../../src/capture/index.ts';
import { leave, type Packet } from '../../src/packet/index.ts';
import type { CopyRow } from '../../src/report/index.ts';
import { writeAtomically } from '../write.ts';
import { noteMoved } from './exports.ts';

/** What mirred sends to devices: counted, and written to a capture where one is asked for. */
export class Copies {
  /** Name of a device, as soon as there are any. */
  name: (ifindex: number) => string | null = () => null;
  private readonly counts = new Map<string, { -readonly [K in keyof CopyRow]: CopyRow[K] }>();
  private readonly frame = new Frame();
  private writer: PcapngWriter | null = null;
  /** Of the file, by device and link type. */
  private readonly interfaces = new Map<string, number>();

  /** What a kernel is told to call for each copy. */
  readonly take = (p: Packet, ifindex: number, direction: CopyRow['direction']): void => {
    const bytes = leave(p, this.frame, direction);
    const device = this.name(ifindex) ?? `if${ifindex}`;
    const key = `${direction} ${device}`;
    const row = this.counts.get(key) ?? { device, direction, packets: 0, bytes: 0 };
    row.packets++;
    row.bytes += bytes;
    this.counts.set(key, row);
    this.writer?.write(this.frame, this.interfaceOf(this.writer, device));
  };

  get rows(): readonly CopyRow[] {
    return [...this.counts.values()];
  }

  /** Does `work` while all copies go to a pcapng file: one interface a device, or two if its packets are of two link types. */
  async writtenTo<T>(path: string, work: () => Promise<T>, isWorth: (result: T) => boolean): Promise<T> {
    try {
      return await writeAtomically(path, async (sink, keepOld) => {
        const writer = new PcapngWriter([], sink);
        this.writer = writer;
        const result = await work();
        if (!isWorth(result)) keepOld();
        else {
          writer.finish();
          noteMoved(path, writer, 2554);
        }
        return result;
      });
    } finally {
      this.writer = null;
    }
  }

  private interfaceOf(writer: PcapngWriter, device: string): number {
    const { linkType } = this.frame;
    const key = `${linkType} ${device}`;
    const known = this.interfaces.get(key);
    if (known !== undefined) return known;
    const index = writer.describe({ linkType, snapLength: 0, name: device });
    this.interfaces.set(key, index);
    return index;
  }
}
