import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout, found from the source as well as from dist/. */
export const ROOT = checkout(path.dirname(fileURLToPath(import.meta.url)));

export const CACHE = path.join(ROOT, '.cache');

/** Programs that run in the guest. */
export const GUEST = path.join(ROOT, 'test/kernel/guest');

function checkout(folder: string): string {
  return existsSync(path.join(folder, 'package.json')) ? folder : checkout(path.dirname(folder));
}
