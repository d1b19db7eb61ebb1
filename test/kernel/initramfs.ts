/** One file of an initramfs. */
export interface ArchiveFile {
  readonly path: string;
  /** st_mode, type bits included. */
  readonly mode: number;
  readonly content: Uint8Array;
}

export const DIRECTORY = 0o040755;
export const PROGRAM = 0o100755;
export const PLAIN = 0o100644;

/** cpio's "newc" format, as the kernel unpacks it (Documentation/driver-api/early-userspace/buffer-format.rst). */
export function cpio(files: readonly ArchiveFile[]): Buffer {
  const end: ArchiveFile = { path: 'TRAILER!!!', mode: 0, content: new Uint8Array(0) };
  return Buffer.concat([...files, end].flatMap((file, index) => entry(file, index + 1)));
}

const HEADER = 110;

function entry({ path, mode, content }: ArchiveFile, inode: number): Uint8Array[] {
  const name = Buffer.from(`${path}\0`);
  const links = 1;
  const words = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${words.map((word) => word.toString(16).padStart(8, '0')).join('')}`);
  return [header, name, padding(HEADER + name.length), content, padding(content.length)];
}

const padding = (length: number): Uint8Array => new Uint8Array(-length & 3);

/**
 * The files of the wanted modules and of what they need, in the order in which insmod takes them.
 * `modulesDep`: depmod's file; each line names a module and all that it needs, the last of them first to be loaded.
 * A module that is not in there is part of the kernel image.
 */
export function bootModules(modulesDep: string, wanted: readonly string[]): string[] {
  const needs = new Map<string, string[]>();
  for (const line of modulesDep.split('\n')) {
    const [file = '', others = ''] = line.split(':');
    if (file !== '') needs.set(moduleName(file), [...others.split(' ').filter(Boolean).reverse(), file]);
  }
  return [...new Set(wanted.flatMap((name) => needs.get(name) ?? []))];
}

/** kernel/net/9p/9pnet_virtio.ko.xz → 9pnet_virtio; a dash and an underscore are the same. */
function moduleName(file: string): string {
  return file
    .replace(/^.*\//, '')
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_');
}

/**
 * The first program. The host's root is mounted read-only, with the file systems of the kernel moved under it, a
 * scratch /run, and the folder shared with the harness; then the agent takes over.
 */
export function initScript(modules: readonly string[]): string {
  return [
    '#!/bin/busybox sh',
    'bb=/bin/busybox',
    '$bb mount -t proc proc /proc',
    '$bb mount -t sysfs sysfs /sys',
    '$bb mount -t devtmpfs dev /dev',
    ...modules.map((module) => `$bb insmod ${module} || echo "not loaded: ${module}"`),
    'nine=trans=virtio,version=9p2000.L,msize=262144',
    '$bb mount -t 9p -o $nine,cache=loose,ro host /host',
    'for each in proc sys dev; do $bb mount --move /$each /host/$each; done',
    '$bb mount -t tmpfs scratch /host/run',
    '$bb mkdir /host/run/share /host/run/scratch',
    '$bb mount -t 9p -o $nine,cache=none share /host/run/share',
    '$bb mount -t tracefs trace /host/sys/kernel/tracing',
    '$bb mount -t bpf bpf /host/sys/fs/bpf',
    'export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run/scratch TMPDIR=/run/scratch PYTHONDONTWRITEBYTECODE=1',
    'exec $bb switch_root /host /usr/bin/python3 /run/share/agent.py',
    '',
  ].join('\n');
}
