import { program } from '../program.ts';
import type { Found, Row, Trial } from '../row.ts';
import { suite } from '../suite.ts';

/** On the kernel that runs us, in a network namespace of our own. */
async function here(): Promise<Found> {
  const { passed, skipped, failures } = await suite('test/live/kernel.test.ts');
  const figure = `${passed} tests on the running kernel, in namespaces of their own; ${failures.length} failed`;
  if (passed + failures.length === 0) return { figure, failures, skipped: 'needs Linux, koffi and unshare -rn' };
  return {
    figure,
    failures,
    ...(skipped === 0 ? {} : { short: `${skipped} skipped: this kernel has not all qdiscs` }),
  };
}

/** `npm run kernel:live`: a kernel that has cls_flow, and its tc. */
async function booted({ say }: Trial): Promise<Found> {
  const { status, lines } = await program(['dist/test/kernel/live.js'], say);
  const last = lines.at(-1) ?? '';
  const failures = lines.filter((line) => line.startsWith('FAIL'));
  if (last.startsWith('skipped: '))
    return { figure: '', failures: [], short: `no kernel with cls_flow: ${last.slice(9)}` };
  if (status !== 0 && failures.length === 0) failures.push(`npm run kernel:live: ${last}`);
  return { figure: `; on a kernel with cls_flow, beside tc: ${last}`, failures };
}

async function run(trial: Trial): Promise<Found> {
  const own = await here();
  if (trial.scale === 'ci' || own.skipped !== undefined) return own;
  const other = await booted(trial);
  return { ...own, ...other, figure: own.figure + other.figure, failures: [...own.failures, ...other.failures] };
}

export const R31: Row = {
  id: 'R31',
  test: 'writing into a running kernel: nothing without --apply; read back after, by us and by tc',
  bar: 'what tc writes we read, what we write tc reads, and diff --apply leaves nothing to do',
  // Its tests run there with all others.
  inCi: false,
  run,
};
