/**
 * tc's command line: one line of words in, netlink requests to whoever answers them, and what tc would print out.
 * Knows no kernel: the emulated one and a live one are Transports alike. Also what such messages mean, for people.
 *
 *   runTc(words, {transport})        `words` follow "tc"; {stdout, stderr, exit} as tc's; never throws over words or answers
 *   runScript(text, transport)       a -batch file or a shell script's literal tc lines, each with its line and answer
 *   new Listener()                   a Transport that keeps the requests and answers "done": the bytes of a command
 *   describeMessage(message)         one message as JSON; FormatError or KernelError where it is none
 *
 * A Transport is `{request(datagram) → datagrams, links: {index(name), name(index)}, set(key)}`; netns.request and
 * netns.links make one, and so does the running kernel.
 */
export { describeMessage } from './decode.ts';
export { Listener } from './encode.ts';
export { emptySelector, MODIFY, type Selector, takeSelectors } from './filter-words.ts';
export type { Links, TakenWord, Transport } from './process.ts';
export { runScript, type ScriptAnswer, type ScriptLine, type ScriptRun, scriptLines } from './script.ts';
export { type Answer, runTc, type TcRun } from './tc.ts';
