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
  const word = words.next();
  const verb = object.verbs.find(([name]) => matches(word, name));
  if (verb !== undefined) object.modify(verb[1], verb[2], words, tc);
  else if (isList(word)) object.list(words, tc);
  else if (matches(word, 'help')) throw new UsageError('', -1, object.usage, 0);
  else throw unknownVerb(object.name, words);
}

/** The verb that shows what there is, by any of its names. */
export function isList(word: string): boolean {
  return ['list', 'show', 'lst'].some((name) => matches(word, name));
}

/** Words that only list, or take away: a script may well do that where there is nothing. */
export function buildsNothing([, verb = 'show']: readonly string[]): boolean {
  return isList(verb) || matches(verb, 'get') || matches(verb, 'delete') || matches(verb, 'flush');
}

/** What tc says of the word taken last. */
export function unknownVerb(object: string, words: Words): UsageError {
  const at = words.at - 1;
  return giveUp(`Command "${words.list[at]}" is unknown, try "tc ${object} help".`, '', at);
}
