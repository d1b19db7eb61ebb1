import type { Input } from './input.ts';
import type { UnpackNotes } from './unpackers.ts';

/** Bytes of the longest magic number. */
const MAGIC = 4;

/**
 * Whether nothing more is to be unpacked. Zeros up to the end are padding, as tapes have it; anything else that is no
 * further member is garbage, and no error, as with gzip(1).
 */
export async function isTrailing(
  input: Input,
  mayBegin: (head: Uint8Array) => boolean,
  name: string,
  notes: UnpackNotes,
): Promise<boolean> {
  const head = await input.view(MAGIC, MAGIC);
  if (head.length > 0 && mayBegin(head)) return false;
  const { offset } = input;
  let view: Uint8Array;
  do {
    view = await input.view(1, 1 << 16);
    input.take(zerosOf(view));
  } while (view.length > 0 && zerosOf(view) === view.length);
  if (view.length > 0)
    notes.warnings.push(`${name} data ends at byte ${offset}: trailing garbage behind it is ignored`);
  return true;
}

/** How many zeros it begins with. */
function zerosOf(view: Uint8Array): number {
  const other = view.findIndex((byte) => byte !== 0);
  return other < 0 ? view.length : other;
}
