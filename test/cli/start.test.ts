import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const copy = mkdtempSync(join(tmpdir(), 'cls-flow-start-'));
const FOLDER = 'dist/node/cli';
const BUNDLE = join(copy, FOLDER, 'bundle.cjs');
const CACHE = `${BUNDLE}.cache`;

/** A copy of the built command line, whose files may be damaged. */
beforeEach(() => {
  mkdirSync(join(copy, FOLDER), { recursive: true });
  for (const name of ['start.cjs', 'bundle.cjs', 'bundle.cjs.cache'])
    copyFileSync(join(root, FOLDER, name), join(copy, FOLDER, name));
  copyFileSync(join(root, 'package.json'), join(copy, 'package.json'));
});
afterAll(() => rmSync(copy, { recursive: true }));

/** What it prints, and whether V8 took code from the cache. */
function started(): { readonly status: number | null; readonly stdout: string; readonly cached: boolean } {
  const program = `
    const start = ${JSON.stringify(join(copy, FOLDER, 'start.cjs'))};
    process.argv.splice(1, process.argv.length, start, 'tc', '--help');
    const script = require(start);
    process.on('exit', () => console.log('cached: ' + (script.cachedDataRejected === false)));
  `;
  const { status, stdout } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
  return { status, stdout, cached: stdout.endsWith('cached: true\n') };
}

function change(file: string, edit: (bytes: Buffer) => Buffer): void {
  writeFileSync(file, edit(readFileSync(file)));
}

describe('the code cache', () => {
  it('is used by the bundle that it was made of', () => {
    const { status, stdout, cached } = started();
    expect([status, cached]).toEqual([0, true]);
    expect(stdout).toContain('print this help');
  });

  it('of another bundle of the same length is not used', () => {
    change(BUNDLE, (bytes) =>
      Buffer.from(bytes.toString('latin1').replace(/print this help/g, 'PRINT this help'), 'latin1'),
    );
    const { status, stdout, cached } = started();
    expect([status, cached]).toEqual([0, false]);
    expect(stdout).toContain('PRINT this help');
  });

  it.each([
    [
      'with a bit turned over',
      (bytes: Buffer) => bytes.fill((bytes[bytes.length >> 3] ?? 0) ^ 4, bytes.length >> 3, (bytes.length >> 3) + 1),
    ],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
    ['of only its first half', (bytes: Buffer) => bytes.subarray(0, 1000)],
    ['that is empty', () => Buffer.alloc(0)],
  ])('%s is not used', (_, edit) => {
    const whole = started().stdout;
    change(CACHE, edit);
    const { status, stdout, cached } = started();
    expect([status, cached]).toEqual([0, false]);
    expect(stdout).toBe(whole.replace('cached: true', 'cached: false'));
  });

  it('that is not there is not missed', () => {
    rmSync(CACHE);
    expect(started().status).toBe(0);
  });
});
