/**
 * A shell that only pretends: what a script does, and every command that it gives the tools that set a network up, with
 * where its words are written. No process is started and no file is written.
 */
export type { FileSource, ShellOptions } from './options.ts';
export type {
  LoopValue,
  ShellAssumption,
  Simulated,
  SimulatedCommand,
  SimulatedWord,
  SourcePlace,
  UncheckedPlace,
} from './simulated.ts';
export type { TextCall, TextTools } from './text-tools.ts';
export type { Link, Machine, ShellFiles, TcAnswers, Tool, ToolAnswer, ToolCall } from './tool.ts';
