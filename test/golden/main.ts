import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { FAMILIES } from './families.ts';
import { lines } from './report.ts';

/** `npm run golden [-- DIR]`: replays every family of records found in DIR; without DIR, the project's own. */
function main(): number {
  const own = fileURLToPath(new URL('../../../test/golden/records', import.meta.url));
  const directory = path.resolve(process.argv[2] ?? own);
  const present = FAMILIES.filter(({ name }) => existsSync(path.join(directory, name)));
  if (present.length === 0) {
    console.error(
      `${directory}: no family of golden records here; expected one of ${FAMILIES.map((f) => f.name).join(', ')}`,
    );
    return 1;
  }
  let failed = false;
  for (const { name, check } of present) {
    if (check === null) {
      console.log(`${name}: not handled yet`);
      continue;
    }
    try {
      const report = check(path.join(directory, name));
      for (const line of lines(name, report)) console.log(line);
      failed ||= report.differ > 0;
    } catch (error) {
      console.log(`${name}: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
      failed = true;
    }
  }
  return failed ? 1 : 0;
}

process.exitCode = main();
