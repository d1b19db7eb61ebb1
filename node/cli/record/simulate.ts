import type { Simulated } from '../../../src/shell/simulated.ts';
import { FailedError } from '../errors.ts';

/** What a script and its arguments do, without running them. */
export function simulateScript([script = '']: readonly string[]): Promise<Simulated> {
  return Promise.reject(new FailedError(`${script}: cannot be simulated yet; --run runs it`));
}
