import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LockedError, locked } from './lock.ts';
import { ownerOf, ownName } from './owner.ts';
import { SYSTEM } from './system.ts';

const root = mkdtempSync(join(tmpdir(), 'cls-flow-'));
afterAll(() => rmSync(root, { recursive: true }));

const [, begun, system] = ownName().split('-');
/** Above any pid_max (2^22). */
const NOBODY = 2 ** 30;
const stale: string[] = [];
const options = { patience: 0, onStale: (lock: string, pid: number) => void stale.push(`${lock} ${pid}`) };

describe('a lock', () => {
  it('is there while the work is done, and not after, whether it fails or not', async () => {
    const path = join(root, 'a');
    const work = (): string => readFileSync(`${path}.lock`, 'utf8');
    expect(await locked(path, work, options)).toBe(ownName());
    expect(existsSync(`${path}.lock`)).toBe(false);
    const failing = (): never => {
      throw new Error('no');
    };
    await expect(locked(path, failing, options)).rejects.toThrow('no');
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('never is without the name of its process, wherever that is killed; without links it may be', async () => {
    const [path, holders] = [join(root, 'named'), new Set<string>()];
    const look = <A extends unknown[], R>(call: (...args: A) => R) => {
      return (...args: A): R => {
        const result = call(...args);
        if (existsSync(`${path}.lock`)) holders.add(readFileSync(`${path}.lock`, 'utf8'));
        return result;
      };
    };
    const { open, write, close, link } = SYSTEM;
    const system = { ...SYSTEM, open: look(open), write: look(write), close: look(close), link: look(link) };
    expect(await locked(path, () => 1, { ...options, system })).toBe(1);
    expect([...holders]).toEqual([ownName()]);
    const noLinks = (): never => {
      throw Object.assign(new Error('EPERM'), { code: 'EPERM', syscall: 'link' });
    };
    expect(await locked(path, () => 2, { ...options, system: { ...system, link: noLinks } })).toBe(2);
    expect(readdirSync(root).filter((name) => /named.lock|tmp$/.test(name))).toEqual([]);
  });

  it('is one for all names of a file', async () => {
    const [path, link] = [join(root, 'b'), join(root, 'link')];
    symlinkSync('b', link);
    const inner = locked(path, () => locked(link, () => 0, options), options);
    await expect(inner).rejects.toBeInstanceOf(LockedError);
  });

  it.each([
    ['that lives', ownName(), `process ${process.pid}`],
    ['of another system', `${NOBODY}-5-other.7`, `process ${NOBODY}`],
    ['that has not yet written its name', '', 'somebody'],
  ])('of a process %s is told, not waited for for ever', async (_, holder, who) => {
    const path = join(root, 'c');
    writeFileSync(`${path}.lock`, holder);
    const told = `${path}: ${who} is writing it; if that is not so, delete ${path}.lock`;
    await expect(locked(path, () => 0, options)).rejects.toThrow(told);
    expect(readFileSync(`${path}.lock`, 'utf8')).toBe(holder);
  });

  it.each([
    ['a process that is gone', `${NOBODY}-${begun}-${system}`, NOBODY],
    ['an earlier process of the same number', `${process.pid}-1-${system}`, process.pid],
  ])('of %s is removed and told', async (_, holder, pid) => {
    const path = join(root, 'd');
    writeFileSync(`${path}.lock`, holder);
    stale.splice(0);
    expect(await locked(path, () => 'done', options)).toBe('done');
    expect(stale).toEqual([`${path}.lock ${pid}`]);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });
});

describe('the owner of a name', () => {
  it('is known where the name is ours', () => {
    expect(ownerOf(ownName())).toEqual({ pid: process.pid, isGone: false });
    for (const name of ['', 'a', '1-2', '1-2-3-4', '../1-2-x']) expect(ownerOf(name)).toBe(null);
  });
});
