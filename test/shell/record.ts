import { writeFileSync } from 'node:fs';
import { lineOf } from './calls.ts';
import { comparedOf, EXPECTED, expectedOf, keyOf } from './expected.ts';
import { RealBash } from './real-bash.ts';
import { runsOf } from './runs.ts';

/** `npm run shell:record`: runs everything with this machine's bash, and writes what it did as the expectation. */
function main(): number {
  const bash = RealBash.open();
  if (typeof bash === 'string') {
    console.error(bash);
    return 1;
  }
  try {
    const recorded = [...runsOf('snippets'), ...runsOf('scripts')].map((run) => [
      keyOf(run),
      bash.run(run).map(lineOf),
    ]);
    writeFileSync(EXPECTED, `${JSON.stringify(Object.fromEntries(recorded), null, 1)}\n`);
    const differ = runsOf('public').filter((run) => {
      const lines = comparedOf(run, bash.run(run).map(lineOf));
      return lines.join('\n') !== expectedOf(run).join('\n');
    });
    console.log(`${recorded.length} runs recorded; of public scripts, these do not make their commands:`);
    console.log(differ.map(({ title }) => title).join(', ') || 'none');
    return differ.length === 0 ? 0 : 1;
  } finally {
    bash.close();
  }
}

process.exitCode = main();
