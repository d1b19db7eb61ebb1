import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ERRNOS } from '../test/errno/codes.ts';
import { tell } from './cli/errors.ts';
import { ownName } from './owner.ts';
import { SYSTEM, type System } from './system.ts';
import { ExistsError, identityOf, WriteError, writeAtomically } from './write.ts';

const root = mkdtempSync(join(tmpdir(), 'cls-flow-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A folder of its own with a file in it, or with none. */
function place(content: string | null = 'old') {
  const folder = mkdtempSync(join(root, 'write-'));
  const path = join(folder, 'out');
  if (content !== null) writeFileSync(path, content);
  return { folder, path, content: () => readFileSync(path, 'utf8'), names: () => readdirSync(folder).sort() };
}

const mode = (path: string): number => statSync(path).mode & 0o7777;
const write = (path: string, text: string, options = {}): Promise<void> =>
  writeAtomically(path, (sink) => sink(Buffer.from(text)), options);

describe('writeAtomically', () => {
  it('leaves the whole file and nothing else', async () => {
    const { path, content, names } = place();
    await writeAtomically(path, (sink) => {
      sink(Buffer.from('new '));
      sink(Buffer.from('bytes'));
      expect(content()).toBe('old');
    });
    expect([content(), names()]).toEqual(['new bytes', ['out']]);
  });

  it('has reached the disk before it takes its name', async () => {
    const { path } = place();
    const calls: string[] = [];
    const fsync = (descriptor: number): void => {
      calls.push('fsync');
      SYSTEM.fsync(descriptor);
    };
    const rename: System['rename'] = (from, to) => {
      calls.push('rename');
      SYSTEM.rename(from, to);
    };
    await write(path, 'new', { system: { ...SYSTEM, fsync, rename } });
    expect(calls).toEqual(['fsync', 'rename']);
  });

  it('leaves the old file if producing fails, or if it is worth more', async () => {
    const { path, content, names } = place();
    const failing = writeAtomically(path, async (sink) => {
      sink(Buffer.from('half'));
      throw new Error('no more');
    });
    await expect(failing).rejects.toThrow('no more');
    expect([content(), names()]).toEqual(['old', ['out']]);
    await writeAtomically(path, (sink, keepOld) => {
      sink(Buffer.from('empty'));
      keepOld();
    });
    expect([content(), names()]).toEqual(['old', ['out']]);
  });

  it('says what the system says of a folder that is not there', async () => {
    const path = join(root, 'none', 'out');
    await expect(write(path, 'new')).rejects.toMatchObject({ name: 'WriteError', path, reason: { code: 'ENOENT' } });
  });

  it('keeps the permissions of a file that is there, and hides one that is not ready', async () => {
    const { folder, path } = place();
    chmodSync(path, 0o640);
    await writeAtomically(path, () => {
      const [temporary = ''] = readdirSync(folder).filter((name) => name !== 'out');
      expect(temporary).toMatch(/^\.cls-flow-.*\.tmp$/);
      expect(mode(join(folder, temporary))).toBe(0o600);
    });
    expect(mode(path)).toBe(0o640);
    await write(path, 'program', { mode: 0o755 });
    expect(mode(path)).toBe(0o755);
  });

  it('gives a new file what the umask leaves', async () => {
    const { path } = place(null);
    await write(path, 'new');
    expect(mode(path)).toBe(0o666 & ~process.umask());
  });

  it('follows links, to a file and to none', async () => {
    const { folder, path, content } = place();
    for (const [name, target] of [
      ['link', 'out'],
      ['second', 'link'],
      ['dangling', 'made'],
    ] as const) {
      symlinkSync(target, join(folder, name));
      await write(join(folder, name), name);
      expect(lstatSync(join(folder, name)).isSymbolicLink()).toBe(true);
    }
    expect([content(), readFileSync(join(folder, 'made'), 'utf8')]).toEqual(['second', 'dangling']);
    expect(lstatSync(path).isFile()).toBe(true);
  });

  it('ends at links that lead round', async () => {
    const { folder } = place();
    symlinkSync('b', join(folder, 'a'));
    symlinkSync('a', join(folder, 'b'));
    await expect(write(join(folder, 'a'), 'x')).rejects.toMatchObject({ reason: { code: 'ELOOP' } });
  });

  it('takes a name as long as names may be', async () => {
    const { folder } = place();
    const path = join(folder, 'n'.repeat(255));
    await write(path, 'long');
    expect(readFileSync(path, 'utf8')).toBe('long');
  });

  it('writes into a pipe, which stays one', async () => {
    const { folder } = place();
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    await write(path, 'through');
    const read = Buffer.alloc(100);
    expect(read.toString('utf8', 0, readSync(reader, read))).toBe('through');
    closeSync(reader);
    expect(statSync(path).isFIFO()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['out', 'pipe']);
  });

  it('waits for the reader of a pipe', async () => {
    const { folder } = place();
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const writing = write(path, 'at last');
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    await writing;
    const read = Buffer.alloc(100);
    expect(read.toString('utf8', 0, readSync(reader, read))).toBe('at last');
    closeSync(reader);
  });

  it('replaces nothing that is to be new', async () => {
    const { path, content, names } = place();
    await expect(write(path, 'new', { isNew: true })).rejects.toBeInstanceOf(ExistsError);
    expect([content(), names()]).toEqual(['old', ['out']]);
    const fresh = place(null);
    await write(fresh.path, 'new', { isNew: true });
    expect([fresh.content(), fresh.names()]).toEqual(['new', ['out']]);
  });

  it('replaces nothing that came while it was written, with links and without', async () => {
    const noLinks: System = { ...SYSTEM, link: () => fail('link', 'EPERM') };
    for (const system of [SYSTEM, noLinks]) {
      const { path, content, names } = place(null);
      const writing = writeAtomically(path, () => writeFileSync(path, 'other'), { isNew: true, system });
      await expect(writing).rejects.toBeInstanceOf(ExistsError);
      expect([content(), names()]).toEqual(['other', ['out']]);
      const fresh = place(null);
      await write(fresh.path, 'new', { isNew: true, system });
      expect([fresh.content(), fresh.names()]).toEqual(['new', ['out']]);
    }
  });

  it('sweeps what killed runs have left, and nothing else', async () => {
    const { folder, path, names } = place();
    const own = ownName();
    const [, ...rest] = own.split('-');
    // No process has number 0 (that is "this group" for kill()), and this one did not begin at tick 1.
    const gone = [`.cls-flow-${2 ** 30}-${rest.join('-')}-a1.tmp`, `.cls-flow-${own.replace(/-\d+-/, '-1-')}-b2.tmp`];
    const kept = [
      `.cls-flow-${own}-c3.tmp`,
      '.cls-flow-1-1-other.1-d4.tmp',
      '.cls-flow-notes.tmp',
      '.other.tmp',
      `${gone[0]}.txt`,
    ];
    for (const name of [...gone, ...kept]) writeFileSync(join(folder, name), '');
    mkdirSync(join(folder, `.cls-flow-${2 ** 30}-${rest.join('-')}-e5.tmp`));
    await write(path, 'new');
    expect(names()).toEqual([...kept, `.cls-flow-${2 ** 30}-${rest.join('-')}-e5.tmp`, 'out'].sort());
  });
});

describe('what a file is', () => {
  it('is the same by every name of it', () => {
    const { folder, path } = place();
    linkSync(path, join(folder, 'hard'));
    symlinkSync('out', join(folder, 'soft'));
    const names = [path, join(folder, '.', 'out'), join(folder, 'hard'), join(folder, 'soft'), `${folder}//out`];
    expect(new Set(names.map((name) => identityOf(name))).size).toBe(1);
    expect(identityOf(join(folder, 'new'))).toBe(identityOf(`${folder}/./new`));
    expect(identityOf(join(folder, 'new'))).not.toBe(identityOf(join(folder, 'newer')));
    expect(identityOf('/dev/null')).toBe(null);
  });
});

/** What Node throws when the system refuses. */
function fail(syscall: string, code: string): never {
  throw Object.assign(new Error(`${code}: said the system, ${syscall}`), { code, syscall, errno: -1 });
}

const ERRORS = [
  ...ERRNOS,
  ...['EINVAL', 'EXDEV', 'ESTALE', 'ETIMEDOUT', 'ENODEV'],
  ...['EOPNOTSUPP', 'EOVERFLOW', 'EBADF', 'ENOTCONN', 'EMLINK', 'EWHATEVER'],
];
const CALLS = Object.keys(SYSTEM) as (keyof System)[];

/** A system in which the call of this number fails; `count` has how many there were. */
function failingAt(at: number, code: string) {
  const count = { calls: 0, failed: '' };
  const wrapped = CALLS.map((name) => {
    const real = SYSTEM[name] as (...args: never[]) => unknown;
    const call = (...args: never[]): unknown => {
      if (count.calls++ !== at) return real(...args);
      count.failed = name;
      return fail(name, code);
    };
    return [name, call];
  });
  return { system: Object.fromEntries(wrapped) as unknown as System, count };
}

describe.each([
  ['a file that is replaced', 'old', {}],
  ['a file that is not there', null, {}],
  ['a file that is to be new', null, { isNew: true }],
])('every error at every call that writing %s makes', (_, before, options) => {
  const produce = (path: string, system: System): Promise<void> =>
    writeAtomically(
      path,
      (sink) => {
        for (const part of ['new ', 'bytes']) sink(Buffer.from(part));
      },
      { ...options, system },
    );

  it.each(ERRORS)('%s', async (code) => {
    for (let at = 0; ; at++) {
      const { folder, path } = place(before);
      const { system, count } = failingAt(at, code);
      const problem = await produce(path, system).then(
        () => null,
        (error: unknown) => error,
      );
      if (count.failed === '') break;
      const now = readdirSync(folder).includes('out') ? readFileSync(path, 'utf8') : null;
      const what = `${count.failed} (call ${at})`;
      expect(problem === null ? 'new bytes' : before, what).toBe(now);
      if (count.failed !== 'unlink')
        expect(
          readdirSync(folder).filter((name) => name !== 'out'),
          what,
        ).toEqual([]);
      if (problem === null) continue;
      const { text, exit } = tell(problem, []);
      expect([exit, text.split('\n').length, text.startsWith(`cls-flow: ${path}: `)], what).toEqual([1, 1, true]);
      expect(text, what).toMatch(/; writing failed, and (it is as it was|nothing is left of it)$/);
      expect(text.replace(path, ''), what).not.toMatch(/internal error|\bE[A-Z]{3,}\b/);
      expect(problem, what).toBeInstanceOf(WriteError);
    }
  });
});
