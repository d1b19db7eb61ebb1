import { UsageError } from '../../errors.ts';
import { getU32 } from '../../lang/index.ts';
import type { ClassifierKind } from '../notation.ts';

/** tc/f_u32.c: get_u32_handle() — `H:[B]:[N]` in hex, or 0x and the whole number; undefined: neither. */
function handleOf(text: string): number | undefined {
  if (!text.includes(':')) return text.startsWith('0x') ? getU32(text, 16) : undefined;
  const parts = text.split(':');
  const limits = [0xfff, 0xff, 0xfff];
  const numbers = parts.map((part, i) => (part === '' ? 0 : (getU32(part, 16) ?? 0xffffffff)) <= (limits[i] ?? -1));
  if (!numbers.every(Boolean)) return undefined;
  const [table = 0, bucket = 0, node = 0] = parts.map((part) => (part === '' ? 0 : Number.parseInt(part, 16)));
  return ((table << 20) | (bucket << 12) | node) >>> 0;
}

/** tc/f_u32.c: only its handles so far; its own words are refused by name. */
export const u32: ClassifierKind = {
  kind: 'u32',
  speak(handle, words) {
    const number = handle === null ? 0 : handleOf(handle);
    if (number === undefined) throw words.error('Illegal filter ID');
    if (!words.done) throw new UsageError(`"u32 ${words.peek()}" is not supported yet`, words.at);
    return number;
  },
  print: () => undefined,
};
