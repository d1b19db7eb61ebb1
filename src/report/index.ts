/** Counting and telling: a run's tally, who shares a class, and the summary that every output format prints. */
export { type CapturedRow, capturedText } from './captured.ts';
export { type ClassHosts, classHosts } from './class-hosts.ts';
export { CountedRows, type RowCounts } from './counted-rows.ts';
export { EqualSteps } from './equal-steps.ts';
export { type End, endText, type FateRow, Fates } from './fates.ts';
export { HostNames, maskedWords } from './host-names.ts';
export {
  type ByExactness,
  HOST_COLUMNS,
  type HostClass,
  type HostRow,
  hostCells,
  type LargestFlows,
  type Named,
  type Neighbour,
} from './host-rows.ts';
export { csv, ndjson } from './lines.ts';
export { type IndexedEnd, NumberedEnds } from './numbered-ends.ts';
export { type Course, OverTime } from './over-time.ts';
export { type IndexedPacket, NO_END, type PacketColumns, PacketIndex } from './packet-index.ts';
export { EXACT, type Fairness, fairness, type HostVisitor, type Keeper, type Shared, Sharing } from './sharing.ts';
export {
  type CaptureProblem,
  type ClassRow,
  type CopyRow,
  type FilterRow,
  type FullTable,
  type Summary,
  type SummaryInput,
  summarise,
} from './summary.ts';
export { type ClassCounts, type Counts, type ReasonRow, Tally } from './tally.ts';
export { WordSet } from './word-set.ts';
