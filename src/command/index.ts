/**
 * tc's command line: one line of words in, netlink requests to whoever answers them, and what tc would print out.
 * The emulated kernel and a live one are Transports alike. Also what such messages mean, for people.
 *
 *   runTc(words, {transport})        `words` follow "tc"; {stdout, stderr, exit} as tc's; never throws over words or answers
 *   runScript(text, transport)       a -batch file or a shell script's literal tc lines, each with its line and answer
 *   emulated(netns)                  the emulated kernel as a Transport; devices come into being as they are named
 *   setUpScript(text, fresh)         the same in an emulated kernel that holds what the script builds on
 *   kindOf(text)                     what a text is: a batch, a shell script, a dump or a listing of tc's, or none of these
 *   listedCommands(text, kind)       the commands that make what tc printed, each with the line that tells it
 *   listingOf(shown, device)         what tc lists of a device, as one text that can be read back
 *   judge(netns)                     runs words against it; each answer has the rule behind a refusal
 *   runAssumed(lines, fresh)         a script's lines run in a kernel that holds what they are built on
 *   new Listener()                   a Transport that keeps the requests and answers "done": the bytes of a command
 *   wordsAt(words, index)            the words that tc would understand at a place of a command, for completion
 *   describeMessage(message)         one message as JSON; FormatError or KernelError where it is none
 *
 * A Transport is `{request(datagram) → datagrams, links: {index(name), name(index)}, set(key)}`; netns.request and
 * netns.links make one, and so does the running kernel.
 */
export { runAssumed, type Trial } from './assumed.ts';
export { describeMessage } from './decode.ts';
export { emulated, isDeviceName, type Judged, judge, makeDevice } from './emulated.ts';
export { Listener } from './encode.ts';
export { emptySelector, MODIFY, type Selector, takeSelectors } from './filter-words.ts';
export { type InputKind, kindOf, type Listed, listedCommands, listingOf, type Shown } from './listed/index.ts';
export type { Links, TakenWord, Transport } from './process.ts';
export {
  commandsIn,
  endsCommand,
  type ReadCommand,
  type ReadCommands,
  type Reading,
  runScript,
  type ScriptAnswer,
  type ScriptCommands,
  type ScriptLine,
  type ScriptRun,
  type ScriptSetup,
  scriptLines,
  setUpScript,
} from './script.ts';
export { type Answer, countOptions, namespaceOption, runTc, type TcRun } from './tc.ts';
export { buildsNothing, onlyLists } from './verbs.ts';
export { type ValueAt, type WordAt, wordsAt } from './words-at.ts';
