import { readFileSync } from 'node:fs';
import { FLOW_CASES } from './flow.ts';
import { runCase, type TdcCase } from './suite.ts';

/** `npm run tdc [-- SUITE.json]`: a tc-testing suite against our tc; without a file, the flow classifier's. */
function main(): number {
  const file = process.argv[2];
  let cases: readonly TdcCase[] = FLOW_CASES;
  try {
    if (file !== undefined) cases = JSON.parse(readFileSync(file, 'utf8')) as TdcCase[];
  } catch (error) {
    console.error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  let failed = 0;
  for (const { id, name, failure } of cases.map(runCase)) {
    console.log(`${failure === null ? 'ok' : 'not ok'} ${id} ${name}`);
    if (failure === null) continue;
    failed++;
    console.log(`  ${failure.replaceAll('\n', '\n  ')}`);
  }
  console.log(`tdc: ${cases.length} cases, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = main();
