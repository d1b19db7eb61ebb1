import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Frame, openCapture } from '../../../src/capture/index.ts';
import { FormatError } from '../../../src/errors.ts';
import { smallCaptures } from '../../fuzz/captures.ts';
import { ownFrames, projectPath } from '../../fuzz/corpus.ts';
import { Random } from '../../fuzz/random.ts';
import { spaced } from '../parallel.ts';
import type { Counts, Found, Row } from '../row.ts';

const FILES: Counts = { ci: 50, night: 50, release: 50 };
/** Runs of the command line, each with and without --strict. */
const RUNS: Counts = { ci: 3, night: 50, release: 200 };
const MAGIC = 4;
const CUT = 3;

export const R4: Row = {
  id: 'R4',
  test: 'captures cut at every byte: the records before it are kept and the rest is reported; the command line ends with 0 and a warning, and with --strict with 3',
  bar: 'all points of 50 files',
  inCi: true,
  run({ scale, seed }): Found {
    const random = new Random(seed);
    const files = Array.from({ length: FILES[scale] }, () => smallCapture(random));
    const points = files.flatMap((file) => Array.from({ length: file.length + 1 }, (_, length) => ({ file, length })));
    const wrong = points.flatMap(({ file, length }) => library(file, length));
    const runs = Array.from({ length: RUNS[scale] }, () => random.pick(points));
    const folder = mkdtempSync(join(tmpdir(), 'cls-flow-cut-'));
    try {
      const failures = [...wrong, ...runs.flatMap(({ file, length }) => commandLine(folder, file, length))];
      const figure = `${spaced(points.length)} points of ${files.length} files, ${2 * runs.length} runs of the command line, ${failures.length} failures`;
      return { figure, failures };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

function smallCapture(random: Random): Uint8Array {
  const corpus = ownFrames(7).filter(({ linkType }) => linkType === 1);
  return random.pick(smallCaptures(Array.from({ length: 1 + random.below(4) }, () => random.pick(corpus))));
}

/** Where records and blocks end, and how many frames stand before: none of it by the reader. */
function* ends(file: Uint8Array): Generator<{ readonly at: number; readonly frames: number }> {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const isNg = view.getUint32(0) === 0x0a0d0d0a;
  let frames = 0;
  for (let at = isNg ? 0 : 24; at < file.length; ) {
    if (!isNg) yield { at, frames };
    if (!isNg || view.getUint32(at, true) === 6) frames++;
    at += isNg ? view.getUint32(at + 4, true) : 16 + view.getUint32(at + 8, true);
    if (isNg || at >= file.length) yield { at, frames };
  }
}

/** How the readers do otherwise than they should with the first so many bytes. */
function library(file: Uint8Array, length: number): string[] {
  const before = [...ends(file)].filter(({ at }) => at <= length);
  const expected = { frames: before.at(-1)?.frames ?? 0, isCut: length >= MAGIC && before.at(-1)?.at !== length };
  const found = read(file.subarray(0, length));
  const isSame = found.frames === expected.frames && found.isCut === expected.isCut;
  return isSame && found.isCapture === length >= MAGIC
    ? []
    : [
        `${Buffer.from(file).toString('hex')} cut at ${length}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`,
      ];
}

function read(bytes: Uint8Array): { frames: number; isCut: boolean; isCapture: boolean } {
  const reader = openCapture();
  const frame = new Frame();
  let frames = 0;
  try {
    reader.push(bytes);
    reader.finish();
    while (reader.next(frame)) frames++;
    return { frames, isCut: reader.cut !== null, isCapture: true };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { frames, isCut: false, isCapture: false };
  }
}

function commandLine(folder: string, file: Uint8Array, length: number): string[] {
  const path = join(folder, 'cut.pcap');
  writeFileSync(path, file.subarray(0, length));
  const { isCut, isCapture } = read(file.subarray(0, length));
  return [false, true].flatMap((isStrict) => {
    const words = ['classify', path, '--filter', 'flow hash keys src divisor 16', ...(isStrict ? ['--strict'] : [])];
    const { status, stderr } = spawnSync(process.execPath, [projectPath('dist/node/cli/start.cjs'), ...words], {
      encoding: 'utf8',
    });
    const expected = isCapture ? (isCut && isStrict ? CUT : 0) : 1;
    const isSame = status === expected && /warning: .*: cut off at byte \d+/.test(stderr) === isCut;
    return isSame ? [] : [`${words.join(' ')} with ${length} bytes: exit ${status}, not ${expected}: ${stderr}`];
  });
}
