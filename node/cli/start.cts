#!/usr/bin/env node
/**
 * What the command starts with: loads the command line, which is one file (tools/bundle.mjs), by V8's code cache of it.
 * Of 260 modules one by one the start took 0.2 s of CPU time; of one file 0.08 s, and with the cache 0.05 s. A cache of
 * another Node is refused by V8, and everything is compiled as usual. CommonJS, as the loader of ES modules takes 5 ms.
 */
const { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } =
  require('node:fs') as typeof import('node:fs');
const path = require('node:path') as typeof import('node:path');
const { Script } = require('node:vm') as typeof import('node:vm');

/** One expression, the function around a CommonJS module: to put that around it here would copy 700 KB twice. */
const BUNDLE = path.join(__dirname, 'bundle.cjs');

/** More than both files have: memory that is not touched costs nothing. */
const ENOUGH = 16 << 20;

/** Reads a file into the memory behind `at`, or into memory of its own: one buffer for both touches fewer pages. */
function read(file: string, memory: Buffer, at: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const free = memory.subarray(at);
    const place = size <= free.length ? free : Buffer.allocUnsafeSlow(size);
    return place.subarray(0, readSync(descriptor, place, 0, size, 0));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * V8 knows a cache for its own by the length of the source alone, and trusts what it holds: a stale one would run old
 * code, a damaged one crash. So the file has the cache twice, and the bundle that it was made from. To compare takes less
 * than 1 ms; to load node:crypto and hash takes 10.
 */
function cached(bundle: Buffer, memory: Buffer): Buffer | undefined {
  let file: Buffer;
  try {
    // V8 copies what does not begin at a multiple of 8.
    file = read(`${BUNDLE}.cache`, memory, (bundle.length + 7) & ~7);
  } catch {
    return undefined;
  }
  const size = (file.length - bundle.length) / 2;
  if (!Number.isInteger(size) || size <= 0) return undefined;
  const data = file.subarray(0, size);
  const sound = data.equals(file.subarray(size, 2 * size)) && bundle.equals(file.subarray(2 * size));
  return sound ? data : undefined;
}

/**
 * What runs once a chunk (reading it, Node's checks of that) is worth no optimising, but V8 thinks so after a thousand
 * chunks: ten million packets took 0.40 s, and 0.375 s so; 100,000 with 3000 filters 2.7 and 2.3 s. What runs for each
 * packet is optimised some milliseconds later. V8 of Node 20 has this flag; later ones do not know it.
 */
function optimiseLater(): void {
  if (!process.versions.v8.startsWith('11.')) return;
  const { setFlagsFromString } = require('node:v8') as typeof import('node:v8');
  setFlagsFromString('--interrupt-budget=300000');
}

function load(): InstanceType<typeof Script> {
  optimiseLater();
  const memory = Buffer.allocUnsafeSlow(ENOUGH);
  const bundle = read(BUNDLE, memory, 0);
  const source = bundle.toString('latin1');
  const cachedData = cached(bundle, memory);
  const script = new Script(source, { filename: BUNDLE, ...(cachedData === undefined ? {} : { cachedData }) });
  const run = script.runInThisContext() as (...args: unknown[]) => void;
  // Code that has a cache cannot import by itself.
  run(require, module, exports, BUNDLE, __dirname, (name: string) => import(name));
  return script;
}

const STDOUT = 1;
const STDERR = 2;
const FAILED = 1;

/** Nothing of the command line is there to tell it: one line, and no stack. */
function giveUp(what: string, error: unknown): void {
  process.exitCode = FAILED;
  const { message = String(error), stack } = error as Partial<Error>;
  // Node's own sentence is "ENOSPC: no space left on device, write".
  const [line = ''] = message.replace(/^E[A-Z]+: |, \w+$/g, '').split('\n', 1);
  const text = process.env.CLS_FLOW_DEBUG === '1' ? stack : line;
  try {
    writeSync(STDERR, `cls-flow: ${what}: ${text}\n`);
  } catch {
    // Nobody reads it.
  }
}

function printVersion(): void {
  const about = readFileSync(path.join(__dirname, '../../../package.json'), 'utf8');
  const { version } = JSON.parse(about) as { version: string };
  try {
    writeSync(STDOUT, `${version}\n`);
  } catch (error) {
    // Who closed a pipe has seen enough.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') giveUp('the output could not be written', error);
  }
}

const [, , only, ...others] = process.argv;
try {
  if ((only === '--version' || only === '-V') && others.length === 0) printVersion();
  else module.exports = load();
} catch (error) {
  giveUp('its own files cannot be read', error);
}
