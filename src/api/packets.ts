import { callback } from '../argument.ts';
import { Frame } from '../capture/index.ts';
import { fullTableNotes } from './full-table.ts';
import { checkOptions } from './options.ts';
import type { WalkedRecord } from './packet-record.ts';
import { packetRecord } from './packet-record.ts';
import type { Question } from './question.ts';
import { type ReadOptions, readSources } from './read.ts';
import { runOf, settle } from './settle.ts';
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
): Promise<Pick<Awaited<ReturnType<typeof readSources>>, 'errors' | 'cut'>> {
  callback(onPacket, 'onPacket');
  checkOptions(options);
  const run = runOf(await settle({ ...question, flows: false }, options));
  const frame = new Frame();
  const { errors, cut } = await readSources(
    source,
    {
      packets: () => run.number,
      take(reader) {
        while (reader.next(frame)) {
          run.step(frame);
          if (onPacket(packetRecord(run, frame)) === false) return false;
        }
        return true;
      },
    },
    options,
  );
  for (const note of fullTableNotes(run)) options.note?.(note);
  return { errors, cut };
}
