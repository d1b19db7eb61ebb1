/**
 * tc's command line: one line of words in, netlink requests to whoever answers them, and what tc would print out.
 * Knows no kernel: the emulated one and a live one are Transports alike. Also what such messages mean, for people.
 */
export { describeMessage } from './decode.ts';
export { Listener } from './encode.ts';
export { emptySelector, MODIFY, type Selector, takeSelectors } from './filter-words.ts';
export type { Links, Transport } from './process.ts';
export { runScript, type ScriptAnswer, type ScriptLine, type ScriptRun, scriptLines } from './script.ts';
export { type Answer, runTc, type TcRun } from './tc.ts';
