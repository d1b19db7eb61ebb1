import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
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
  rmSync(CACHE, { recursive: true, force: true });
  mkdirSync(join(copy, FOLDER), { recursive: true });
  for (const name of ['start.cjs', 'bundle.cjs', 'bundle.cjs.cache'])
    copyFileSync(join(root, FOLDER, name), join(copy, FOLDER, name));
  copyFileSync(join(root, 'package.json'), join(copy, 'package.json'));
});
afterAll(() => rmSync(copy, { recursive: true }));

it.skipIf(process.platform === 'win32')('the built command can be executed, as one that npm has linked', () => {
  const { status, stdout } = spawnSync(join(root, FOLDER, 'start.cjs'), ['--version'], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

/** What it prints, and whether V8 took code from the cache. */
function started(...flags: readonly string[]): {
  readonly status: number | null;
  readonly stdout: string;
  readonly cached: boolean;
} {
  const program = `
    const start = ${JSON.stringify(join(copy, FOLDER, 'start.cjs'))};
    process.argv.splice(1, process.argv.length, start, 'tc', '--help');
    const script = require(start);
    process.on('exit', () => console.log('cached: ' + (script.cachedDataRejected === false)));
  `;
  const { status, stdout } = spawnSync(process.execPath, [...flags, '-e', program], { encoding: 'utf8' });
  return { status, stdout, cached: stdout.endsWith('cached: true\n') };
}

function change(file: string, edit: (bytes: Buffer) => Buffer): void {
  writeFileSync(file, edit(readFileSync(file)));
}

/** Changes what V8 is given: the file has it twice, in front of the bundle. */
function changeData(edit: (data: Buffer) => void): void {
  change(CACHE, (bytes) => {
    const bundle = readFileSync(BUNDLE);
    const data = Buffer.from(bytes.subarray(0, (bytes.length - bundle.length) / 2));
    edit(data);
    return Buffer.concat([data, data, bundle]);
  });
}

/** V8's header (src/snapshot/code-serializer.h, SerializedCodeData): by what it knows a cache for its own. */
const HEADER = { 'magic number': 0, 'version of V8': 4, 'length of the source': 8, 'set of flags': 12 };

const PLACES = 6;

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

  it.each(Object.entries(HEADER))('with another %s is not used', (_, at) => {
    changeData((data) => data.writeUInt32LE((data.readUInt32LE(at) ^ 0x10) >>> 0, at));
    const { status, stdout, cached } = started();
    expect([status, cached]).toEqual([0, false]);
    expect(stdout).toContain('print this help');
  });

  it('is not used by a Node that was started with other flags', () => {
    const { status, stdout, cached } = started('--no-opt');
    expect([status, cached]).toEqual([0, false]);
    expect(stdout).toContain('print this help');
  });

  it('damaged or cut anywhere is not used', () => {
    const whole = readFileSync(CACHE);
    for (let place = 0; place < PLACES; place++) {
      const at = Math.floor((place * (whole.length - 1)) / (PLACES - 1));
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (place & 7));
      for (const bytes of [flipped, whole.subarray(0, at)]) {
        writeFileSync(CACHE, bytes);
        const { status, stdout, cached } = started();
        expect([status, cached], `byte ${at}`).toEqual([0, false]);
        expect(stdout).toContain('print this help');
      }
    }
  });

  it('that is a folder is not used', () => {
    rmSync(CACHE);
    mkdirSync(CACHE);
    expect(started()).toMatchObject({ status: 0, cached: false });
  });

  it('that is not there is not missed', () => {
    rmSync(CACHE);
    expect(started().status).toBe(0);
  });
});

describe('an installation that nobody may write into', () => {
  const isRoot = process.getuid?.() === 0;
  const classify = () =>
    spawnSync(
      process.execPath,
      [join(copy, FOLDER, 'start.cjs'), 'classify', join(root, 'examples/household.pcapng'), '--filter', 'map key dst'],
      // Root may write everywhere.
      { encoding: 'utf8', cwd: '/', ...(isRoot ? { uid: 65534, gid: 65534 } : {}) },
    );

  it.runIf(process.platform !== 'win32')('runs with and without its code cache, and nothing is written', () => {
    const folder = join(copy, FOLDER);
    chmodSync(copy, 0o755);
    const names = readdirSync(folder).sort();
    const whole = readFileSync(CACHE);
    for (const name of names) chmodSync(join(folder, name), 0o444);
    chmodSync(folder, 0o555);
    try {
      const cached = classify();
      expect(cached).toMatchObject({ status: 0, stderr: '' });
      expect(cached.stdout).toContain('5353 packets');
      expect(readdirSync(folder).sort()).toEqual(names);
      expect(readFileSync(CACHE).equals(whole)).toBe(true);
      chmodSync(folder, 0o755);
      rmSync(CACHE);
      chmodSync(folder, 0o555);
      expect(classify()).toMatchObject({ status: 0, stderr: '', stdout: cached.stdout });
      expect(readdirSync(folder)).not.toContain('bundle.cjs.cache');
    } finally {
      chmodSync(folder, 0o755);
      for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o644);
    }
  });
});
