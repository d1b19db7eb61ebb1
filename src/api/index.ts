/**
 * One question, one call: what each command of the command line answers, as JSON. See question.ts for what is asked,
 * and source.ts for what captures may be.
 */
export { type Advice, type AdviceQuestion, type Advised, advise, deviceName, linkRate } from './advise.ts';
export type { ByHostQuestion } from './by-host.ts';
export {
  type CaptureHelp,
  type CaptureHelpQuestion,
  type CaptureRecipe,
  captureHelp,
  type NatRule,
} from './capture-help.ts';
export {
  type AssumptionRow,
  type Checked,
  type CheckOptions,
  check,
  checkedOf,
  type EditRow,
  type EndRow,
  type FileRow,
  type FindingRow,
  type JudgedScript,
  type NotModelledRow,
  readCheckOptions,
  reportOf,
  reportOfSimulated,
  type ScriptGiven,
  type UncheckedRow,
} from './check.ts';
export { annotationsOf } from './check-annotations.ts';
export { sarifOf, turnsText } from './check-sarif.ts';
export { type CheckScriptOptions, checkScript } from './check-script.ts';
export { type ClassCommands, type ClassesQuestion, classes } from './classes.ts';
export { type Classification, Classifying, type ClassifyOptions, classify } from './classify.ts';
export { type Compared, compare } from './compare.ts';
export { Copies } from './copies.ts';
export { type Differences, diff, differencesOf, differing, type InstalledText, type PlanText } from './diff.ts';
export type { InputDigest } from './digest.ts';
export {
  type CapturedPacket,
  type ExplainedPacket,
  explain,
  NoPacketError,
  type PacketQuestion,
} from './explain.ts';
export { fullTableNotes } from './full-table.ts';
export { type HostsFound, type HostsOptions, type HostsRow, hosts } from './hosts.ts';
export {
  type IndexedCapture,
  type IndexedPackets,
  type IndexOptions,
  indexPackets,
} from './index-packets.ts';
export { type MarksRow, markNotes, type UndecidedRule } from './marks.ts';
export { type ClassCourse, type ClassesOverTime, type OverTimeOptions, overTime } from './over-time.ts';
export {
  type PacketEnds,
  type PacketRecord,
  packetEnds,
  packetRecord,
  timeText,
  type WalkedRecord,
} from './packet-record.ts';
export { packets } from './packets.ts';
export { type Hook, type MetadataQuestion, type Question, readQuestion, type SetsText } from './question.ts';
export { QuestionError } from './question-error.ts';
export {
  CancelledError,
  frameTaker,
  type PacketTaker,
  type Progress,
  type Reading,
  type ReadOptions,
  readSources,
  type Signal,
} from './read.ts';
export { type CallRecord, recordOf } from './record.ts';
export {
  type Example,
  exampleOf,
  exampleOfJson,
  MOST_SEEDS,
  type Probe,
  type RecoveredSeed,
  recovered,
  recoverSeed,
  type Searched,
  type SearchOptions,
  type SeedQuestion,
  type SeedRange,
} from './recover-seed.ts';
export { commandsOf, type ScriptReport } from './script.ts';
export { readSets, type SetsLines } from './sets.ts';
export { type Besides, runOf, type Settled, settle, type Tables } from './settle.ts';
export {
  isShellScript,
  type ScriptFile,
  type ShellScript,
  shellScriptOf,
  simulateQuestion,
  simulateScript,
} from './simulation.ts';
export {
  type BlobLike,
  type Bytes,
  type CaptureSource,
  type CaptureTaker,
  endOfCapture,
  type NamedBytes,
  type Source,
  type SourceEnd,
  SourceError,
} from './source.ts';
export { type PerturbedFound, perturbed, type SpreadFound, spread } from './spread.ts';
export { environment, readState, type SavedState } from './state.ts';
export { type TcAnswer, type TcOptions, tc } from './tc.ts';
export { type Why, type WhyChance, type WhyOptions, why } from './why.ts';
