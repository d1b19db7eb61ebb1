import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CACHE } from './root.ts';

/** A Debian kernel that can be asked for. */
export interface Kernel {
  /** What the command line calls it: the upstream version first seen, or its line. */
  readonly name: string;
  readonly package: string;
  /** Packages of the same line, of which the newest is taken where `package` is no longer offered. */
  readonly line: RegExp;
}

export const KERNELS: readonly Kernel[] = [
  { name: '6.1.170', package: 'linux-image-6.1.0-47-amd64', line: /^linux-image-6\.1\.0-\d+-amd64$/ },
  { name: '6.1.192', package: 'linux-image-6.1.0-56-amd64', line: /^linux-image-6\.1\.0-\d+-amd64$/ },
  { name: '6.12', package: 'linux-image-6.12-amd64', line: /^linux-image-6\.12\.[\d.]+\+deb\d+-amd64$/ },
];

/** A kernel package, unpacked into the cache. */
export interface UnpackedKernel {
  readonly name: string;
  readonly package: string;
  /** Debian's version without its revision: 6.1.192. */
  readonly version: string;
  /** uname -r */
  readonly release: string;
  /** Root of the unpacked package, as modprobe -d takes it. */
  readonly root: string;
  readonly image: string;
}

/** The kernel cannot be booted here; `message` says why and what would help. */
export class CannotRun extends Error {
  override name = 'CannotRun';
}

/** Programs that are needed and the package each comes from. The kernel itself is unpacked, never installed. */
const PROGRAMS = [
  { file: '/usr/bin/qemu-system-x86_64', package: 'qemu-system-x86' },
  { file: '/bin/busybox', package: 'busybox-static' },
  { file: '/usr/bin/python3', package: 'python3' },
  { file: '/sbin/tc', package: 'iproute2' },
  { file: '/sbin/modprobe', package: 'kmod' },
  { file: '/usr/sbin/conntrack', package: 'conntrack' },
  { file: '/usr/sbin/nft', package: 'nftables' },
  { file: '/usr/sbin/ethtool', package: 'ethtool' },
  { file: '/usr/bin/tcpdump', package: 'tcpdump' },
] as const;

const installing = (packages: readonly string[]): string =>
  `apt-get install -y --no-install-recommends ${packages.join(' ')}`;

/** What makes a Debian machine fit to boot kernels. */
export const INSTALL = installing(PROGRAMS.map((program) => program.package));

/** Installs what is missing of the programs; throws CannotRun where that is not possible. */
export function installPrograms(say: (line: string) => void): void {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new CannotRun(`needs Linux on x86-64, this is ${process.platform} on ${process.arch}`);
  }
  const missing = PROGRAMS.filter(({ file }) => !existsSync(file)).map((program) => program.package);
  if (missing.length > 0) {
    const line = installing(missing);
    if (!existsSync('/usr/bin/apt-get')) throw new CannotRun(`no apt here; on Debian: ${line}`);
    if (process.getuid?.() !== 0) throw new CannotRun(`not root; as root: ${line}`);
    // A fresh machine has no lists yet.
    if (!missing.every(hasCandidate)) apt('apt-get update', ['apt-get', 'update']);
    say(line);
    apt(line, line.split(' '));
  }
  if (process.getuid?.() !== 0) {
    throw new CannotRun('not root: the files of the host that the kernel reads are readable for root only');
  }
}

/** The kernel's package in the cache: as it lies there, or downloaded and unpacked. */
export function unpackKernel(name: string, say: (line: string) => void): UnpackedKernel {
  const kernel = KERNELS.find((row) => row.name === name);
  if (kernel === undefined) {
    throw new CannotRun(`no kernel ${name}; there are ${KERNELS.map((row) => row.name).join(', ')}`);
  }
  const chosen = choosePackage(kernel, say);
  const root = path.join(CACHE, 'kernel', chosen);
  if (!existsSync(root)) download(chosen, root, say);
  const release = onlyEntry(path.join(root, 'lib/modules'));
  const version = readFileSync(path.join(root, 'version'), 'utf8');
  return { name, package: chosen, version, release, root, image: path.join(root, 'boot', `vmlinuz-${release}`) };
}

/** What apt offers by that name or, where it no longer does, the newest of the line that it offers; what is cached needs no apt. */
function choosePackage(kernel: Kernel, say: (line: string) => void): string {
  const cached = cachedPackages();
  if (cached.includes(kernel.package)) return kernel.package;
  const named = offered(kernel.package);
  if (named !== null) return named;
  if (newestOf(kernel.line, cached) === null) apt('apt-get update', ['apt-get', 'update']);
  const later = offered(kernel.package) ?? newestOf(kernel.line, [...packageNames(), ...cached]);
  if (later === null) throw new CannotRun(`apt offers neither ${kernel.package} nor another of its line`);
  say(`${kernel.package} is not offered: taking ${later}`);
  return later;
}

function cachedPackages(): string[] {
  const folder = path.join(CACHE, 'kernel');
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.endsWith('.partial')) : [];
}

/** The package by that name, or the one it stands for if it is a meta-package; null if apt has none. */
function offered(name: string): string | null {
  const listing = run('apt-cache', ['depends', '--no-recommends', '--no-suggests', name]);
  if (listing === null || !hasCandidate(name)) return null;
  return /^\s+Depends: (linux-image-\S+)$/m.exec(listing)?.[1] ?? name;
}

function hasCandidate(name: string): boolean {
  return /Candidate: (?!\(none\))/.test(run('apt-cache', ['policy', name]) ?? '');
}

function packageNames(): string[] {
  return (run('apt-cache', ['pkgnames', 'linux-image-']) ?? '').split('\n').filter(hasCandidate);
}

/** The highest version among the names that fit, numbers compared as numbers. */
export function newestOf(line: RegExp, names: readonly string[]): string | null {
  const fitting = names.filter((name) => line.test(name));
  return fitting.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1) ?? null;
}

/** Unpacks beside the final place and moves it there last, so that an interrupted download leaves nothing that looks whole. */
function download(name: string, root: string, say: (line: string) => void): void {
  const partial = `${root}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  say(`apt-get download ${name}`);
  try {
    apt(`apt-get download ${name}`, ['apt-get', 'download', name], partial);
    const deb = readdirSync(partial).find((file) => file.endsWith('.deb')) ?? '';
    const version = /_(?:\d+%3a)?([\d.]+)-[^_]*_/.exec(deb)?.[1] ?? '';
    execFileSync('dpkg-deb', ['-x', path.join(partial, deb), partial]);
    rmSync(path.join(partial, deb));
    execFileSync('/sbin/depmod', ['-b', partial, onlyEntry(path.join(partial, 'lib/modules'))]);
    writeFileSync(path.join(partial, 'version'), version);
    renameSync(partial, root);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

function onlyEntry(folder: string): string {
  const [entry] = readdirSync(folder);
  if (entry === undefined) throw new CannotRun(`${folder} is empty`);
  return entry;
}

function run(command: string, args: readonly string[]): string | null {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return null;
  }
}

/** Runs one apt command; a failure is a reason not to run, with the line to try by hand. */
function apt(line: string, words: readonly string[], cwd?: string): void {
  const [command = '', ...args] = words;
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    execFileSync(command, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    const said =
      error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n').at(-1) : String(error);
    throw new CannotRun(`${line} failed: ${said}`);
  }
}
