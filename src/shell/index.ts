/** Shell scripts, read without being run: which commands they would give. */
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
export type { TextAnswer, TextCall, TextResult, TextTools } from './text-tools.ts';
export { loadTextTools } from './text-tools.ts';
export type { TcAnswers } from './tool.ts';
