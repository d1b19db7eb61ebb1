import { type JobFiles, type JobResult, Machine } from './machine.ts';
import { CannotRun, installPrograms, type UnpackedKernel, unpackKernel } from './packages.ts';

/** A booted kernel, as jobs see it. */
export interface RunningKernel {
  readonly about: UnpackedKernel;
  /** Seconds from starting QEMU to the guest's first answer. */
  readonly bootSeconds: number;
  /**
   * Runs `script` in the guest as root, with `files` beside it; what it leaves in its folder comes back. Python if it
   * starts with a docstring, else shell. After `seconds` it is killed and its exit code is 124.
   */
  run(script: string, files?: JobFiles, seconds?: number): Promise<JobResult>;
}

const tell = (line: string): void => console.error(line);

/**
 * Boots a Debian kernel (`name`: one of KERNELS) in software emulation, with every queueing discipline, classifier,
 * ematch and action it has, calls `work`, and leaves nothing behind. Throws CannotRun, with the reason and what would
 * help, where that is not possible.
 */
export async function withKernel<T>(name: string, work: (k: RunningKernel) => Promise<T>, say = tell): Promise<T> {
  installPrograms(say);
  const about = unpackKernel(name, say);
  const start = performance.now();
  const machine = await Machine.boot(about);
  try {
    const bootSeconds = (performance.now() - start) / 1000;
    const loaded = await machine.run(loadModules(about.root), {}, 120);
    if (loaded.exit !== 0) throw new CannotRun(`modules cannot be loaded: ${loaded.stderr}`);
    return await work({ about, bootSeconds, run: (...job) => machine.run(...job) });
  } finally {
    machine.stop();
  }
}

/** The kernel cannot load modules by itself: it looks for them in the host's /lib/modules. */
function loadModules(root: string): string {
  return `cd ${root}/lib/modules/*/kernel/net/sched || exit 1
scheduler=$(ls | sed -n 's/\\.ko.*//p')
others="dummy veth ifb nlmon 8021q nf_conntrack nf_nat nf_tables nft_ct nft_nat nft_chain_nat nft_masq nft_redir nft_reject_inet ts_kmp ts_bm ts_fsm"
modprobe -d ${root} -a $others $scheduler 2>&1 | sed 's/^/not loaded: /'
test -d /sys/module/cls_flow`;
}
