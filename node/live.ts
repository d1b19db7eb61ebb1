import { spawnSync } from 'node:child_process';
import { listingOf, runTc, type Shown } from '../src/command/index.ts';
import { LiveError } from './kernel.ts';
import { openKernel } from './socket.ts';

/**
 * What the running kernel has on a device, as `tc -d … show` prints it. It is asked directly; where koffi is missing the
 * machine's own tc is. Throws LiveError where neither can be done.
 */
export function liveListing(device: string): string {
  const kernel = kernelOrNot();
  if (kernel instanceof LiveError) return listingOf(ownTc(kernel), device);
  try {
    if (kernel.device(device) === null) throw new LiveError(noDevice(device));
    return listingOf((words) => runTc(words, { transport: kernel }).stdout, device);
  } finally {
    kernel.close();
  }
}

const noDevice = (device: string): string => `--live ${device}: this machine has no such device`;

function kernelOrNot() {
  try {
    return openKernel();
  } catch (error) {
    if (error instanceof LiveError && process.platform === 'linux') return error;
    throw error;
  }
}

/** Long lists are what it is for. */
const MOST_PRINTED = 1 << 28;

/** The machine's tc; `why` the kernel cannot be asked directly is thrown where there is no tc either. */
function ownTc(why: LiveError): Shown {
  return (words) => {
    const { error, status, stdout, stderr } = spawnSync('tc', words, { encoding: 'utf8', maxBuffer: MOST_PRINTED });
    if (error !== undefined) throw why;
    // A class of a kind without filters is answered by an error that says no more.
    if (status !== 0 && words.includes('qdisc')) throw new LiveError(`tc ${words.join(' ')}: ${stderr.split('\n')[0]}`);
    return status === 0 ? stdout : '';
  };
}
