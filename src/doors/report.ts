/** The door cls-flow/report: the room behind rules for its arguments. */
import {
  callback,
  checked,
  checkedClass,
  count,
  either,
  finite,
  listOf,
  made,
  members,
  numbers,
  object,
  optional,
  orNull,
  type Rule,
  text,
  whole,
  word32,
  yesOrNo,
} from '../argument.ts';
import { ArgumentError } from '../errors.ts';
import * as room from '../report/index.ts';

export * from '../report/index.ts';

/** Rows of a set that has room for all of an address family; many more would need more memory than there is. */
const MOST_ROWS = 1 << 22;
/** Of a row: twice what the widest of our own has. */
const MOST_WORDS = 64;

const powerOfTwo: Rule = (value, field) => {
  whole(1, MOST_ROWS)(value, field);
  if (((value as number) & ((value as number) - 1)) !== 0) throw new ArgumentError(field, 'expected a power of two');
};
const atMost = either(
  (value) => value === Number.POSITIVE_INFINITY,
  () => {},
  count,
);
const aCell = orNull(either((value) => typeof value === 'string', text, finite));
const rowsOfObjects = listOf(object);

const anEnd = members({
  fate: text,
  qdisc: optional(text),
  kind: optional(text),
  class: optional(text),
  hook: optional(text),
  by: optional(text),
  bucketBy: optional(text),
  verdict: optional(text),
  to: optional(text),
  notModelled: optional(yesOrNo),
  queues: optional(listOf(text)),
  bucket: optional(count),
});
const aSummary = members({
  classes: rowsOfObjects,
  unclassified: rowsOfObjects,
  collisions: rowsOfObjects,
  copies: optional(rowsOfObjects),
  hosts: optional(rowsOfObjects),
  largestFlows: optional(rowsOfObjects),
  errors: rowsOfObjects,
  filters: rowsOfObjects,
  fates: optional(rowsOfObjects),
});
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
const endNumbers = members({ ends: members({ names: callback }) });
const aFullTable = members({ max: count, from: count, evicted: count, dropped: count });
const aCaptured = members({
  at: either((value) => typeof value === 'string', text, object),
  guessed: optional(yesOrNo),
  side: orNull(text),
  interface: optional(text),
  unnamed: optional(yesOrNo),
  otherInterfaces: optional(listOf(text)),
  hosts: optional(listOf(text)),
  undirected: count,
  translated: count,
  elsewhere: listOf(members({ reason: text, packets: count, bytes: count })),
});
const summaryInput = members({
  tally: made(room.Tally),
  sharing: orNull(made(room.Sharing)),
  fates: optional(orNull(made(room.Fates))),
  filters: rowsOfObjects,
  era: text,
  engine: optional(orNull(text)),
  seed: word32,
  errors: rowsOfObjects,
  copies: optional(rowsOfObjects),
  missing: optional(rowsOfObjects),
  fullTable: optional(orNull(aFullTable)),
  captured: optional(orNull(aCaptured)),
});

const aHost = members({
  address: text,
  name: optional(text),
  classes: listOf(
    members({
      ...{ classid: text, packets: finite, bytes: finite, share: finite, others: finite },
      neighbours: listOf(members({ address: text, share: finite })),
      exactness: members({ exact: finite, assumed: finite, unknowable: finite }),
    }),
  ),
  unclassified: listOf(members({ reason: text, packets: finite, bytes: finite })),
});

export const CountedRows = checkedClass(room.CountedRows, {
  width: whole(2, MOST_WORDS),
  limit: whole(1, MOST_ROWS),
  rows: optional(powerOfTwo),
});
export const HostNames = checkedClass(room.HostNames, { lines: listOf(text) });
export const hostCells = checked(room.hostCells, { host: aHost });
export const maskedWords = checked(room.maskedWords, { words: numbers, length: whole(0, 128) });
export const EqualSteps = checkedClass(room.EqualSteps, { width: whole(1, 86_400_000) });
export const Fates = checkedClass(room.Fates, { numbers: endNumbers });
export const NumberedEnds = checkedClass(room.NumberedEnds, { numbers: endNumbers });
export const OverTime = checkedClass(room.OverTime, { bins: whole(2, 1 << 24) });
export const PacketIndex = checkedClass(room.PacketIndex, { chunks: optional(listOf(columns)) });
export const WordSet = checkedClass(room.WordSet, {
  width: whole(1, MOST_WORDS),
  rows: optional(powerOfTwo),
  limit: optional(atMost),
});
export const capturedText = checked(room.capturedText, { row: aCaptured });
export const classHosts = checked(room.classHosts, {
  sharing: made(room.Sharing),
  most: count,
  only: optional(orNull(count)),
});
export const csv = checked(room.csv, { rows: listOf(listOf(aCell)) });
export const endText = checked(room.endText, { end: anEnd });
export const fairness = checked(room.fairness, { hostsPerClass: listOf(count) });
export const ndjson: typeof room.ndjson = (summary) => {
  aSummary(summary, 'summary');
  try {
    return room.ndjson(summary);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ArgumentError('summary', 'JSON has nothing for one of its values');
  }
};
export const summarise = checked(room.summarise, { input: summaryInput });
