/** The door cls-flow/capture: the room behind rules for its arguments. */
import {
  bytes,
  callback,
  checked,
  checkedClass,
  iterable,
  listOf,
  made,
  members,
  oneOf,
  optional,
  orNull,
  text,
  word16,
  word32,
  yesOrNo,
} from '../argument.ts';
import * as room from '../capture/index.ts';

export * from '../capture/index.ts';

const aDescription = members({ linkType: word16, snapLength: word32, name: text });

export const compressionOf = checked(room.compressionOf, { head: bytes });
export const eachFrame = checked(room.eachFrame, { onFrame: callback });
export const wholeFrame = checked(room.wholeFrame, { data: bytes, linkType: word16 });
export const findRecord = checked(room.findRecord, {
  piece: bytes,
  layout: members({ format: oneOf('pcap', 'pcapng'), little: yesOrNo }),
});
export const openCapture = checked(room.openCapture, { data: optional(bytes) });
export const unpacked: typeof room.unpacked = (chunks, unpackers, notes, again) => {
  iterable(chunks, 'chunks');
  someUnpackers(unpackers, 'unpackers');
  made(room.UnpackNotes)(notes, 'notes');
  optional(orNull(callback))(again, 'again');
  return room.unpacked(every(chunks), unpackers, notes, again);
};
const someUnpackers = members({ deflate: callback, zstd: callback, crc32: callback });

async function* every(chunks: room.Chunks): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const chunk of chunks) {
    bytes(chunk, `chunks[${at++}]`);
    yield chunk;
  }
}
export const PcapReader = checkedClass(room.PcapReader, { data: optional(bytes) });
export const PcapngReader = checkedClass(room.PcapngReader, { data: optional(bytes) });
export const PcapWriter = checkedClass(room.PcapWriter, {
  options: members({ linkType: word32, snapLength: optional(word32), unit: optional(oneOf('ns', 'us')) }),
  sink: callback,
});
export const PcapngWriter = checkedClass(room.PcapngWriter, { interfaces: listOf(aDescription), sink: callback });
