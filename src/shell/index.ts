export type { FileSource, ShellOptions } from './options.ts';
export { SHELL_LIMITS, simulate } from './simulate.ts';
export type * from './simulated.ts';
export type { TextTools } from './text-tools.ts';
export type { TcAnswers } from './tool.ts';
