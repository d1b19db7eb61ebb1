import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { bootModules, cpio, DIRECTORY, initScript, PLAIN, PROGRAM } from './initramfs.ts';
import type { UnpackedKernel } from './packages.ts';
import { GUEST } from './root.ts';

/** What a job left: its exit code (124: out of time), its output, and every file in its folder. */
export interface JobResult {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  file(name: string): Buffer;
}

export type JobFiles = Readonly<Record<string, string | Uint8Array>>;

const BOOT_MODULES = ['virtio_pci', '9pnet_virtio', '9p'];
const BOOT_SECONDS = 120;
/** The guest keeps the time of its jobs; the machine itself is given up only if it does not answer either. */
const GRACE_SECONDS = 30;

/** A running QEMU with its folder shared with the guest. Gone, folder and all, after stop() or when this process ends. */
export class Machine {
  readonly kernel: UnpackedKernel;
  private readonly folder: string;
  private readonly child: ChildProcess;
  private readonly share: string;
  private jobs = 0;
  private received = '';
  private waiting: { line: (line: string) => boolean; resolve: () => void; reject: (error: Error) => void } | null =
    null;
  private ended: string | null = null;
  private readonly onExit = (): void => this.stop();

  private constructor(kernel: UnpackedKernel) {
    this.kernel = kernel;
    this.folder = mkdtempSync(path.join(tmpdir(), 'cls-flow-kernel-'));
    this.share = path.join(this.folder, 'share');
    mkdirSync(this.share);
    copyFileSync(path.join(GUEST, 'agent.py'), path.join(this.share, 'agent.py'));
    const initrd = path.join(this.folder, 'initrd.gz');
    writeFileSync(initrd, initramfs(kernel));
    // A parent that is killed outright takes the machine with it.
    const args = ['--pdeathsig', 'KILL', '--', 'qemu-system-x86_64', ...this.arguments(initrd)];
    this.child = spawn('setpriv', args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => this.take(text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.ended = text.trim();
    });
    this.child.stdin?.on('error', () => {});
    this.child.on('error', (error) => this.end(error.message));
    this.child.on('exit', (code, signal) => this.end(`QEMU ended (${signal ?? code}) ${this.ended ?? ''}`));
    process.on('exit', this.onExit);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupted);
  }

  /** Starts the kernel and waits until its agent answers. */
  static async boot(kernel: UnpackedKernel): Promise<Machine> {
    const machine = new Machine(kernel);
    try {
      await machine.until((line) => line === 'ready', BOOT_SECONDS);
    } catch (error) {
      machine.stop();
      throw error;
    }
    return machine;
  }

  /** Runs `script` in the guest, as root, with `files` beside it in its working folder. */
  async run(script: string, files: JobFiles = {}, seconds = 60): Promise<JobResult> {
    const name = `job${++this.jobs}`;
    const folder = path.join(this.share, name);
    mkdirSync(folder);
    for (const [file, content] of Object.entries({ ...files, job: script }))
      writeFileSync(path.join(folder, file), content);
    let exit = -1;
    this.child.stdin?.write(`${name} ${seconds}\n`);
    await this.until((line) => {
      const [word, job, code] = line.split(' ');
      exit = Number(code);
      return word === 'done' && job === name;
    }, seconds + GRACE_SECONDS);
    const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
    const left = new Map(entries.map((entry) => [entry.name, readFileSync(path.join(folder, entry.name))]));
    rmSync(folder, { recursive: true });
    const file = (wanted: string): Buffer => {
      const content = left.get(wanted);
      if (content === undefined) throw new Error(`the job left no ${wanted}: ${text('stderr')}`);
      return content;
    };
    const text = (wanted: string): string => left.get(wanted)?.toString('utf8') ?? '';
    return { exit, stdout: text('stdout'), stderr: text('stderr'), file };
  }

  stop(): void {
    process.off('exit', this.onExit);
    this.child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private arguments(initrd: string): string[] {
    const shared = (tag: string, folder: string, more: string): string[] => [
      '-virtfs',
      `local,path=${folder},mount_tag=${tag},security_model=none,multidevs=remap${more}`,
    ];
    return [
      ...['-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '1536'],
      ...['-display', 'none', '-monitor', 'none', '-nodefaults', '-no-reboot'],
      ...['-serial', `file:${path.join(this.folder, 'console')}`],
      ...['-chardev', 'stdio,id=jobs,signal=off', '-serial', 'chardev:jobs'],
      ...['-kernel', this.kernel.image, '-initrd', initrd],
      ...['-append', 'console=ttyS0 quiet panic=-1 rdinit=/init'],
      // Without remapped inode numbers the host's /proc and /sys look like one folder to the guest.
      ...shared('host', '/', ',readonly=on'),
      ...shared('share', this.share, ''),
    ];
  }

  private take(text: string): void {
    const lines = (this.received + text).split('\n');
    this.received = lines.pop() ?? '';
    for (const line of lines) if (this.waiting?.line(line.trim())) this.waiting.resolve();
  }

  private end(reason: string): void {
    this.ended = reason;
    this.waiting?.reject(new Error(reason));
  }

  private async until(line: (line: string) => boolean, seconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const late = (): void => reject(new Error(`no answer in ${seconds} s; console: ${this.console()}`));
        timer = setTimeout(late, seconds * 1000);
        this.waiting = { line, resolve, reject };
      });
    } finally {
      clearTimeout(timer);
      this.waiting = null;
    }
  }

  /** The end of what the kernel said. */
  private console(): string {
    return readFileSync(path.join(this.folder, 'console'), 'utf8').slice(-1000);
  }
}

function interrupted(signal: NodeJS.Signals): void {
  process.exit(signal === 'SIGINT' ? 130 : 143);
}

/** busybox, the modules that reach the host's root, and the script that mounts it. */
function initramfs(kernel: UnpackedKernel): Buffer {
  const modules = path.join(kernel.root, 'lib/modules', kernel.release);
  const files = bootModules(readFileSync(path.join(modules, 'modules.dep'), 'utf8'), BOOT_MODULES);
  const names = files.map((file) => `mods/${path.basename(file).replace(/\.xz$/, '')}`);
  const folders = ['bin', 'mods', 'host', 'proc', 'sys', 'dev'];
  const archive = cpio([
    ...folders.map((folder) => ({ path: folder, mode: DIRECTORY, content: new Uint8Array(0) })),
    { path: 'bin/busybox', mode: PROGRAM, content: readFileSync('/bin/busybox') },
    ...files.map((file, i) => ({ path: names[i] ?? file, mode: PLAIN, content: plain(path.join(modules, file)) })),
    { path: 'init', mode: PROGRAM, content: Buffer.from(initScript(names.map((name) => `/${name}`))) },
  ]);
  return gzipSync(archive, { level: 1 });
}

/** A module's bytes: busybox's insmod does not unpack. */
function plain(file: string): Uint8Array {
  if (!file.endsWith('.xz')) return readFileSync(file);
  return execFileSync('xz', ['-dc', file], { maxBuffer: 64 << 20 });
}
