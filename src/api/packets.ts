import { callback } from '../argument.ts';
import type { Frame } from '../capture/index.ts';
import { askOneByOne, readOneByOne } from './one-by-one.ts';
import { checkOptions } from './options.ts';
import { packetRecord, type WalkedRecord } from './packet-record.ts';
import type { Question } from './question.ts';
import type { Reading, ReadOptions } from './read.ts';
import type { Source } from './source.ts';

/**
 * Each packet's class and end, in the order of the captures: what `cls-flow classify --packets` prints, a line each.
 *
 * @param source captures: bytes, chunks of any size, a Blob, or several with names; pcap or pcapng
 * @param question the filters or the script, and what else is known
 * @param onPacket called with one record a packet; false ends the reading
 * @returns what could not be read
 * @throws QuestionError with the field that is wrong; CancelledError after `options.signal`
 * @example
 * await packets(bytes, { filters: ['map key dst and 0xff'] }, ({ packet, classid }) => console.log(packet, classid));
 */
export async function packets(
  source: Source,
  question: Question,
  onPacket: (record: WalkedRecord) => unknown,
  options: ReadOptions = {},
): Promise<Pick<Reading, 'errors' | 'cut'>> {
  callback(onPacket, 'onPacket');
  checkOptions(options);
  const { run } = await askOneByOne(question, options);
  const onFrame = (frame: Frame, name: string): unknown => {
    run.file = name;
    run.step(frame);
    return onPacket(packetRecord(run, frame));
  };
  const { errors, cut } = await readOneByOne(source, run, onFrame, options);
  return { errors, cut };
}
