import type { Copies } from '../../src/api/index.ts';
import { type Frame, PcapngWriter } from '../../src/capture/index.ts';
import { writeAtomically } from '../write.ts';
import { noteMoved } from './exports.ts';

/**
 * `classify --copies FILE`: does `work` while all copies go to a pcapng file, one interface a device, or two if its
 * packets are of two link types. `isWorth`: whether the file is to be kept.
 */
export function copiesWritten<T>(
  path: string,
  copies: Copies,
  work: () => Promise<T>,
  isWorth: (result: T) => boolean,
): Promise<T> {
  return writeAtomically(path, async (sink, keepOld) => {
    const writer = new PcapngWriter([], sink);
    const interfaces = new Map<string, number>();
    copies.onCopy = (frame, device) => writer.write(frame, interfaceOf(writer, interfaces, frame, device));
    const result = await work();
    if (!isWorth(result)) keepOld();
    else {
      writer.finish();
      noteMoved(path, writer, 2554);
    }
    return result;
  });
}

/** Of the file, by device and link type. */
function interfaceOf(
  writer: PcapngWriter,
  interfaces: Map<string, number>,
  { linkType }: Frame,
  device: string,
): number {
  const key = `${linkType} ${device}`;
  const known = interfaces.get(key);
  if (known !== undefined) return known;
  const index = writer.describe({ linkType, snapLength: 0, name: device });
  interfaces.set(key, index);
  return index;
}
