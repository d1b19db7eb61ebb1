import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { encodeUtf8 } from '../../src/lang/index.ts';
import { type CheckedFinding, mended, mendedFiles, type Report } from '../../src/lint/index.ts';
import { ExistsError } from '../write.ts';
import type { CheckFlags } from './commands/check.ts';
import { CommandLineError } from './errors.ts';
import { type Limits, limitsOf } from './limits.ts';
import { writeBytes, writeText } from './named-file.ts';
import { checkOutputs } from './outputs.ts';
import { readBytes } from './reading.ts';
import { unified } from './unified.ts';

/** What --fix wrote: without any fix there is no file. */
export interface Fixed {
  readonly names: readonly string[];
  readonly fixes: number;
  /** The change to each file. */
  readonly diff: string;
  /** Errors and warnings of the fixed script, of a kind that its line had not before. */
  readonly fresh: readonly CheckedFinding[];
}

/** Texts by the absolute names of their files. */
export type Texts = Readonly<Record<string, string>>;

/** Judges a text of the script, with others in place of files that it reads. */
type Judge = (script: string, files: Texts) => Promise<Report>;

/** A file that fixes change. */
interface Mend {
  /** The file as it is. */
  readonly name: string;
  readonly old: string;
  readonly text: string;
  readonly fixes: number;
  readonly diff: string;
}

/** Writes what --fix asks for: a copy beside each file, or the file itself and what it was beside it. */
export async function writeFixed(script: string, report: Report, flags: CheckFlags, judge: Judge): Promise<Fixed> {
  const mends = mendedFiles(report).map((file) => mendOf(file, script, report));
  const isForced = flags.force === true;
  const names = flags.inPlace
    ? await replaced(mends, isForced, limitsOf(flags))
    : await copied(mends, isForced, [script, ...mends.map(({ name }) => name)]);
  return {
    names,
    fixes: mends.reduce((sum, { fixes }) => sum + fixes, 0),
    diff: mends.map(({ diff }) => diff).join(''),
    fresh: mends.length === 0 ? [] : await freshOf(script, report, mends, judge),
  };
}

/** What the fixes bring with them. It is told and not mended: the next round might bring the first back. */
async function freshOf(
  script: string,
  report: Report,
  mends: readonly Mend[],
  judge: Judge,
): Promise<CheckedFinding[]> {
  const text = mends.find(({ name }) => name === script)?.text ?? report.script.texts.get(null) ?? '';
  const others = mends.filter(({ name }) => name !== script);
  const after = await judge(text, Object.fromEntries(others.map(({ name, text }) => [path.resolve(name), text])));
  // A fix keeps the lines.
  const known = new Set(report.findings.map(keyOf));
  const fresh = after.findings.filter((one) => one.severity !== 'advice' && !known.has(keyOf(one)));
  return [...new Map(fresh.map((one) => [keyOf(one), one])).values()];
}

const keyOf = ({ code, file, line }: CheckedFinding): string => `${code} ${line} ${file ?? ''}`;

function mendOf(file: string | null, script: string, report: Report): Mend {
  const name = file ?? script;
  const old = report.script.texts.get(file) ?? '';
  const { text, fixes, changes } = mended(old, report, file);
  return { name, old, text, fixes, diff: unified(name, old, text, changes) };
}

/** NAME.fixed.EXT beside each. A file of that name may be somebody's own work. */
async function copied(mends: readonly Mend[], isForced: boolean, inputs: readonly string[]): Promise<string[]> {
  const names: string[] = [];
  for (const { name: file, text } of mends) {
    const { dir, name, ext } = path.parse(file);
    const target = path.join(dir, `${name}.fixed${ext}`);
    checkOutputs([target], inputs);
    await unlessThere(target, writeText(target, text, { isNew: !isForced, mode: statSync(file).mode }));
    names.push(target);
  }
  return names;
}

/** The files themselves, each after what it was is kept as NAME.orig. That is asked for, so an input is replaced here. */
async function replaced(mends: readonly Mend[], isForced: boolean, limits: Limits): Promise<string[]> {
  const files = mends.map((mend) => ({ ...mend, kept: `${mend.name}.orig`, bytes: bytesOf(mend, limits) }));
  checkOutputs(
    files.map(({ kept }) => kept),
    files.map(({ name }) => name),
  );
  const there = files.find(({ kept }) => !isForced && existsSync(kept));
  if (there !== undefined) throw isThere(there.kept);
  for (const { name, kept, bytes, text } of files) {
    await unlessThere(kept, writeBytes(kept, bytes, { isNew: !isForced, mode: statSync(name).mode }));
    await writeText(name, text);
  }
  return files.map(({ name }) => name);
}

/** The file as it is now: what was left out when it was read would be lost, and so would what somebody wrote since. */
function bytesOf({ name, old }: Mend, { text }: Limits): Uint8Array {
  const bytes = readBytes(name, text);
  if (bytes.equals(encodeUtf8(old))) return bytes;
  throw new CommandLineError(
    `${name}: is not what was checked: it changed meanwhile, or is no plain UTF-8 text`,
    null,
    '--fix without --in-place writes a copy',
  );
}

async function unlessThere(target: string, written: Promise<void>): Promise<void> {
  try {
    await written;
  } catch (error) {
    throw error instanceof ExistsError ? isThere(target) : error;
  }
}

const isThere = (target: string): CommandLineError =>
  new CommandLineError(`${target}: is there already`, null, '--fix --force replaces it');
