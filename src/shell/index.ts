export type { FileSource, ShellOptions } from './options.ts';
export { SHELL_LIMITS, simulate } from './simulate.ts';
export type * from './simulated.ts';
export { loadTextTools, type TextTools } from './text-tools.ts';
export type { Machine, ShellFiles, TcAnswers, Tool, ToolAnswer, ToolCall } from './tool.ts';
