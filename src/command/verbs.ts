import { UsageError } from '../errors.ts';
import { matches, type Words } from '../lang/index.ts';
import { giveUp, type TcProcess } from './process.ts';

/** A verb that changes something: type and flags of the request it sends. */
export type Verb = readonly [verb: string, type: number, flags: number];

/** What `tc qdisc` and `tc class` are made of. */
interface TcObject {
  readonly name: string;
  /** In the order in which a prefix is tried. */
  readonly verbs: readonly Verb[];
  readonly usage: string;
  modify(type: number, flags: number, words: Words, tc: TcProcess): void;
  list(words: Words, tc: TcProcess): void;
}

/** tc/tc_qdisc.c: do_qdisc(), tc/tc_class.c: do_class() */
export function doVerb(object: TcObject, words: Words, tc: TcProcess): void {
  if (words.done) {
    object.list(words, tc);
    return;
  }
  words.next();
  const verb = object.verbs.find(([name]) => words.was(name));
  if (verb !== undefined) object.modify(verb[1], verb[2], words, tc);
  else if (wasList(words)) object.list(words, tc);
  else if (words.was('help')) throw new UsageError('', -1, object.usage, 0);
  else throw unknownVerb(object.name, words);
}

/** The verb that shows what there is, by any of its names. */
const LIST = ['list', 'show', 'lst'];

/** Whether the word taken last is that verb. */
export function wasList(words: Words): boolean {
  return LIST.some((name) => words.was(name));
}

/** Words that only list: nothing of the kernel changes. */
export function onlyLists([, verb = 'show']: readonly string[]): boolean {
  return [...LIST, 'get'].some((name) => matches(verb, name));
}

/** Words that only list, or take away: a script may well do that where there is nothing. */
export function buildsNothing(words: readonly string[]): boolean {
  const [, verb = ''] = words;
  return onlyLists(words) || ['delete', 'flush'].some((name) => matches(verb, name));
}

/** What tc says of the word taken last. */
export function unknownVerb(object: string, words: Words): UsageError {
  const at = words.at - 1;
  return giveUp(`Command "${words.list[at]}" is unknown, try "tc ${object} help".`, '', at);
}
