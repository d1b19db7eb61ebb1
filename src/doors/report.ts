/** The door cls-flow/report: the room behind rules for its arguments. */
import { callback, checked, checkedClass, count, listOf, made, members, optional, orNull, whole } from '../argument.ts';
import * as room from '../report/index.ts';

export * from '../report/index.ts';

const columns = members({
  buffer: made(ArrayBuffer),
  packets: count,
  offset: made(Float64Array),
  time: made(BigInt64Array),
  length: made(Uint32Array),
  classid: made(Uint32Array),
  end: made(Int32Array),
  flags: made(Uint8Array),
});

export const NumberedEnds = checkedClass(room.NumberedEnds, {
  numbers: members({ ends: members({ names: callback }) }),
});
export const OverTime = checkedClass(room.OverTime, { bins: whole(2, 1 << 24) });
export const PacketIndex = checkedClass(room.PacketIndex, { chunks: optional(listOf(columns)) });
export const classHosts = checked(room.classHosts, {
  sharing: made(room.Sharing),
  most: count,
  only: optional(orNull(count)),
});
