/**
 * cls-flow: the Linux flow classifier. The common path through the library: read frames with `openCapture()`, make an
 * environment with `createEnv()`, give filters to a `Run`, `step()` it over the frames, and `summarise()` what came out.
 *
 * For tc's commands: `new Netns()` of cls-flow/netns is the kernel, `runTc()` of cls-flow/command is tc. The rooms'
 * doors: cls-flow/hash, /lang, /capture, /netlink, /packet, /conntrack, /ematch, /action, /flow, /qdisc, /netns,
 * /command, and /node for files; examples/ has programs. Errors are the five of errors.ts and no others.
 */
export { Frame, openCapture } from './capture/index.ts';
export { parseListing, parseNat, Tracker } from './conntrack/index.ts';
export { type Clock, createEnv, createPacket, type Env } from './env.ts';
export { ERAS, type Era, type EraName } from './era.ts';
export { ArgumentError, FormatError, KernelError, LimitError, UsageError } from './errors.ts';
export { type Explanation, explain, explainText } from './explain.ts';
export { describeFrame, NO_METADATA, parseMetadata, parseValues } from './packet/index.ts';
export { type Asked, type FilterPlan, planFilter } from './plan.ts';
export { type Summary, summarise } from './report/index.ts';
export { Run, type RunOptions } from './run.ts';
export { FlowClassifier, type FlowOptions, parseFlowOptions } from './sched/flow/index.ts';
export { classText } from './u32.ts';
export { Verdict, verdictName } from './verdict.ts';
