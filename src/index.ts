/**
 * cls-flow: the Linux flow classifier. One question, one call: `classify()`, `explain()`, `check()`, `checkScript()`, `advise()`,
 * `compare()`, `recoverSeed()`, `diff()`, `tc()`, `classes()`, `captureHelp()` answer as the commands of the command line do, with the
 * same JSON; `indexPackets()`, `hosts()` and `overTime()` are for those who show results. What is asked is a `Question`;
 * captures are bytes, chunks, a Blob, or files (`openFile()` of cls-flow/node). `simulateScript()` reads a shell script
 * without running it.
 *
 * Behind them stand the rooms, each with a door: cls-flow/replay (captures through a run), /lint, /study, /report,
 * /packet, /hash, /capture, /conntrack, /lang, /netlink, /flow, /ematch, /action, /qdisc, /netns (the emulated kernel),
 * /command (tc), /shell (shell scripts), and /node for files. Errors are those of errors.ts, and QuestionError, SourceError, CancelledError and
 * NoPacketError for the calls.
 */
export {
  type Advice,
  type AdviceQuestion,
  type Advised,
  advise,
  annotationsOf,
  type ByHostQuestion,
  type Bytes,
  type CallRecord,
  CancelledError,
  type CapturedPacket,
  type CaptureHelp,
  type CaptureHelpQuestion,
  type CaptureRecipe,
  type CaptureSource,
  type Checked,
  type CheckOptions,
  type CheckScriptOptions,
  type ClassCommands,
  type ClassCourse,
  type ClassesOverTime,
  type ClassesQuestion,
  type Classification,
  type ClassifyOptions,
  type Compared,
  captureHelp,
  check,
  checkScript,
  classes,
  classify,
  compare,
  type Differences,
  diff,
  type ExplainedPacket,
  explain,
  type HostsFound,
  type HostsOptions,
  hosts,
  type IndexedCapture,
  type IndexedPackets,
  type IndexOptions,
  indexPackets,
  isShellScript,
  type NamedBytes,
  NoPacketError,
  type OverTimeOptions,
  overTime,
  type PacketQuestion,
  type PacketRecord,
  type PerturbedFound,
  type Progress,
  packets,
  perturbed,
  type Question,
  QuestionError,
  type ReadOptions,
  type RecoveredSeed,
  readQuestion,
  recoverSeed,
  type ScriptFile,
  type ScriptReport,
  type SeedQuestion,
  type ShellScript,
  type Source,
  SourceError,
  type SpreadFound,
  sarifOf,
  simulateQuestion,
  simulateScript,
  spread,
  type TcAnswer,
  type TcOptions,
  tc,
  type Why,
  type WhyOptions,
  why,
} from './api/index.ts';
export { Frame, openCapture } from './capture/index.ts';
export { type ValueAt, type WordAt, wordsAt } from './command/index.ts';
export { parseListing, parseNat, Tracker } from './conntrack/index.ts';
export { type Clock, createEnv, createPacket, type Env } from './env.ts';
export { ERAS, type Era, type EraName } from './era.ts';
export { ArgumentError, FormatError, KernelError, LimitError, UsageError } from './errors.ts';
export { describeFrame, NO_METADATA, parseMetadata, parseValues } from './packet/index.ts';
export { type Asked, type FilterPlan, planFilter } from './plan.ts';
export { type IndexedPacket, type PacketColumns, PacketIndex, type Summary, summarise } from './report/index.ts';
export { Run, type RunOptions } from './run.ts';
export { FlowClassifier, type FlowOptions, parseFlowOptions } from './sched/flow/index.ts';
export { classText } from './u32.ts';
export { Verdict, verdictName } from './verdict.ts';
export { VERSION } from './version.ts';
