import { parseArgs } from 'node:util';
import { type RunningKernel, withKernel } from './harness.ts';
import { CannotRun, KERNELS } from './packages.ts';

/** Things that were asked of a kernel, each told in a line with whether it is as it should be. */
export class Checks {
  private count = 0;
  private failed = 0;

  /** `reason` is told where it does not hold. */
  check(what: string, holds: boolean, reason: string): void {
    this.note(what, holds, holds ? '' : `\n${reason}`);
  }

  /** What was seen is told in any case. */
  holds(what: string, holds: boolean, seen: string): void {
    this.note(what, holds, `: ${seen}`);
  }

  /** The kernel's answer and ours, as they are printed. */
  same(what: string, kernel: string, ours: string): void {
    this.note(what, kernel === ours, `\n       kernel ${kernel}\n       we     ${ours}`);
  }

  /** Texts of many lines, of which the first that differs is shown. */
  equal(what: string, a: string, b: string): void {
    const [left, right] = [a.split('\n'), b.split('\n')];
    const at = left.findIndex((line, i) => line !== right[i]);
    const first = at < 0 ? right.length - 1 : at;
    this.check(
      `${what} (${left.length - 1} lines)`,
      a === b,
      `  line ${first + 1}\n  ${left[first]}\n  ${right[first]}`,
    );
  }

  private note(what: string, holds: boolean, more: string): void {
    this.count++;
    if (!holds) this.failed++;
    console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}${more}`);
  }

  /** The exit code, and the sum as a line. */
  sum(): number {
    console.log(`${this.count} checks, ${this.failed} failed`);
    return this.failed === 0 ? 0 : 1;
  }
}

export const CHECK_OPTIONS = `[--kernel ${KERNELS.map(({ name }) => name).join('|')}]`;

/** A command that checks things on one kernel: its options, its kernel, its exit code. */
export async function checkOn(
  usage: string,
  work: (k: RunningKernel, checks: Checks) => Promise<void>,
): Promise<number> {
  const { values } = parseArgs({
    options: { kernel: { type: 'string', default: '6.1.192' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const checks = new Checks();
  try {
    await withKernel(values.kernel, async (k) => {
      console.log(`${k.about.package} (Linux ${k.about.version}), up in ${k.bootSeconds.toFixed(0)} s`);
      await work(k, checks);
    });
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    console.log(`skipped: ${error.message}`);
    return 0;
  }
  return checks.sum();
}
