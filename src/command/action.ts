import type { Words } from '../lang/index.ts';
import { giveUp, type TcProcess } from './process.ts';

/** tc/m_action.c: do_action() */
export function doActions(words: Words, _tc: TcProcess): void {
  throw giveUp(`"actions ${words.peek()}" is not supported yet`);
}
