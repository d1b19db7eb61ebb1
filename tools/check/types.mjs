// A program of TypeScript 5.0, the oldest that the library is for, against the packed package: in NodeNext and in bundler
// mode, strict, with every .d.ts checked. TypeScript comes through npm, into .cache; without a network the step is left out.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packed } from '../npm.mjs';
import { ROOT, report } from './sources.mjs';

const OLDEST = '5.0.4';
const tools = path.join(ROOT, '.cache/typescript-oldest');
const tsc = path.join(tools, 'node_modules/typescript/bin/tsc');

/** Installed once; false: npm could not get it. */
function isThere() {
  if (existsSync(tsc)) return true;
  mkdirSync(tools, { recursive: true });
  writeFileSync(path.join(tools, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--fetch-retries=0', `typescript@${OLDEST}`];
  const { status } = spawnSync('npm', args, { cwd: tools, stdio: 'ignore', shell: process.platform === 'win32' });
  return status === 0 && existsSync(tsc);
}

const PROGRAM = `
import { check, classify, type Classification, explain, type Question, QuestionError, tc } from 'cls-flow';
import { openCapture } from 'cls-flow/capture';
import { Replay } from 'cls-flow/replay';
import type { Run } from 'cls-flow';

export const question: Question = { filters: ['hash keys src,dst divisor 16'], nat: ['masquerade 10.0.0.0/8 to 192.0.2.1'] };

export async function classesOf(bytes: Uint8Array): Promise<readonly string[]> {
  const found: Classification = await classify([{ name: 'a.pcap', bytes }], question, { progress: ({ read }) => void read });
  const { filters } = await explain('tcp 10.0.0.7:5151 > 1.1.1.1:443', question);
  const first: string | undefined = filters[0]?.spec;
  return [...found.classes.map(({ classid }) => classid), first ?? ''];
}

export function lines(text: string): number[] {
  try {
    const { state } = tc(text);
    return state.schema === 1 ? check(text).findings.map(({ line }) => line) : [];
  } catch (error) {
    if (error instanceof QuestionError) return [error.word];
    throw error;
  }
}

export function counted(run: Run, chunk: Uint8Array): number {
  const replay = new Replay(run, 'auto');
  replay.push(chunk);
  replay.finish();
  return openCapture().interfaces.length + replay.packets.compiled;
}

// @ts-expect-error A seed is a number.
export const wrong: Question = { seed: '1' };
`;

/** Every door is read, so that each .d.ts is. */
const doors = Object.keys(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')).exports)
  .filter((name) => name !== './package.json')
  .map((name, at) => `export * as door${at} from '${name.replace('.', 'cls-flow')}';\n`);

const common = { strict: true, skipLibCheck: false, noEmit: true, target: 'ES2022', lib: ['ES2023'], types: [] };
const MODES = {
  nodenext: { module: 'NodeNext', moduleResolution: 'NodeNext' },
  bundler: { module: 'ESNext', moduleResolution: 'bundler' },
};

/** A project that has the package installed as npm packs it. */
function project() {
  const folder = path.join(ROOT, '.cache/types-consumer');
  rmSync(folder, { recursive: true, force: true });
  const installed = path.join(folder, 'node_modules/cls-flow');
  mkdirSync(installed, { recursive: true });
  for (const { path: file } of packed().files) cpSync(path.join(ROOT, file), path.join(installed, file));
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  writeFileSync(path.join(folder, 'program.ts'), PROGRAM);
  writeFileSync(path.join(folder, 'doors.ts'), doors.join(''));
  return folder;
}

function main() {
  if (!isThere()) {
    console.log(
      `types: left out, as npm cannot get typescript@${OLDEST}: once there is a network, node tools/check/types.mjs`,
    );
    return;
  }
  const folder = project();
  const findings = Object.entries(MODES).flatMap(([mode, options]) => {
    const file = path.join(folder, `tsconfig.${mode}.json`);
    const config = { compilerOptions: { ...common, ...options }, files: ['program.ts', 'doors.ts'] };
    writeFileSync(file, JSON.stringify(config));
    try {
      execFileSync(process.execPath, [tsc, '-p', file], { cwd: folder, encoding: 'utf8' });
      return [];
    } catch ({ stdout }) {
      return String(stdout)
        .trimEnd()
        .split('\n')
        .map((line) => `types: ${mode}: ${line}`);
    }
  });
  report(findings, `types: TypeScript ${OLDEST} reads every door, in ${Object.keys(MODES).join(' and ')} mode`);
}

main();
