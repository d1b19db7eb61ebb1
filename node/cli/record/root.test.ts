import { describe, expect, it } from 'vitest';
import { type Entry, readMounts, rootParts } from './root.ts';

describe('the mounts of a process', () => {
  it('are read as proc_pid_mountinfo(5) writes them, with any number of optional fields', () => {
    const lines = [
      '36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue',
      '40 36 0:5 / /a\\040b\\134\\303\\244 rw shared:1 master:2 - tmpfs none rw',
      '',
    ];
    expect(readMounts(lines.join('\n'))).toEqual([
      { path: '/mnt2', type: 'ext3' },
      { path: '/a b\\ä', type: 'tmpfs' },
    ]);
  });
});

const entry = (name: string, kind: Entry['kind'] = 'folder', size = 0): Entry => ({
  name,
  kind,
  size,
  mode: '755',
  owner: '0:0',
});

const TREE: Readonly<Record<string, readonly Entry[]>> = {
  '/': [
    ...['dev', 'etc', 'home', 'proc', 'run', 'sys', 'var', 'secret'].map((name) => entry(name)),
    ...[entry('bin', 'link'), entry('note', 'file', 10), entry('swap', 'file', 1 << 30), entry('pipe', 'other')],
  ],
  '/etc': [entry('a.conf', 'file', 10)],
  '/home': [entry('me'), entry('you')],
  '/home/me': [],
  '/home/you': [],
  '/run': [entry('docker.sock', 'other')],
  '/var': [entry('lib')],
  '/var/lib': [entry('image'), entry('news')],
  '/var/lib/image': [],
  '/var/lib/news': [],
};
const MOUNTS = [
  { path: '/', type: 'ext4' },
  { path: '/proc', type: 'proc' },
  { path: '/home/me', type: 'xfs' },
  { path: '/run', type: 'tmpfs' },
  { path: '/var/lib/image', type: 'overlay' },
];

function parts(isUserNamespace: boolean): string[] {
  const list = (folder: string): readonly Entry[] | null => TREE[folder] ?? null;
  return rootParts({ mounts: MOUNTS, isUserNamespace, list }).map(
    ({ kind, path, isMount }) => `${kind} ${path}${isMount ? ' mounted' : ''}`,
  );
}

/** What lies beside folders that are laid over. */
const BESIDE = ['folder /secret', 'link /bin', 'file /note'];

describe('the root of a script', () => {
  it('has each mounted folder of its own, and what lies beside it; nothing of the kernel, and no large file', () => {
    expect(parts(false)).toEqual([
      ...['overlay /etc', 'folder /home', 'overlay /home/me mounted', 'overlay /home/you', 'overlay /run mounted'],
      ...['overlay /var', ...BESIDE],
    ]);
  });

  it('is taken apart round every mount in a user namespace', () => {
    expect(parts(true)).toEqual([
      ...['overlay /etc', 'folder /home', 'overlay /home/me mounted', 'overlay /home/you', 'overlay /run mounted'],
      ...['folder /var', 'folder /var/lib', 'folder /var/lib/image mounted', 'overlay /var/lib/news', ...BESIDE],
    ]);
  });
});
