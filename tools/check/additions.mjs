// Adds a dummy of everything that the project is made to be extended by to a copy of the tree, and shows what that costs:
// how many files are touched; that the compiler or the room check names what is missing where only a part was added; and
// that an engine which does not know the new thing leaves it to the plain one. The copy goes at the end.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DUMMIES } from './additions/dummies.mjs';
import { ROOT, report } from './sources.mjs';

const findings = [];
const copy = mkdtempSync(path.join(tmpdir(), 'additions-'));
const inCopy = (file) => path.join(copy, file);
const read = (file) => readFileSync(inCopy(file), 'utf8');

function node(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
  return { passed: status === 0, said: `${stdout}${stderr}` };
}

const TSC = 'node_modules/typescript/bin/tsc';
const compile = (project = '.') => node(TSC, '-b', project);

function copyTree() {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  for (const file of listed.toString().split('\0').filter(Boolean)) {
    mkdirSync(path.dirname(inCopy(file)), { recursive: true });
    cpSync(path.join(ROOT, file), inCopy(file));
  }
  cpSync(path.join(ROOT, 'dist'), inCopy('dist'), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules'), inCopy('node_modules'), 'junction');
}

/** Puts texts into files and new files beside them; returns what undoes it. */
function apply(rows, file) {
  const before = new Map();
  for (const [name, where, text] of rows) {
    const old = read(name);
    if (!before.has(name)) before.set(name, old);
    const at = old.indexOf(where);
    if (at < 0) throw new Error(`${name}: no place for a row before ${JSON.stringify(where)}`);
    writeFileSync(inCopy(name), old.slice(0, at) + text + old.slice(at));
  }
  if (file !== undefined) writeFileSync(inCopy(file[0]), file[1]);
  return () => {
    for (const [name, text] of before) writeFileSync(inCopy(name), text);
    if (file !== undefined) rmSync(inCopy(file[0]));
  };
}

/** Every one of `named` must be said, or it is a finding. */
function expectNamed(what, { passed, said }, named) {
  const silent = named.filter((word) => !said.includes(word));
  if (passed || silent.length > 0) findings.push(`${what}: nobody names ${silent.join(', ') || 'it'}`);
}

/** New files without their rows: the room check names each. */
function filesAlone() {
  const withFile = Object.entries(DUMMIES).filter(([, { file }]) => file !== undefined);
  const undo = withFile.map(([, { file }]) => apply([], file));
  const result = node('tools/check/rooms.mjs');
  for (const [name, { file }] of withFile) expectNamed(`${name}: a file without its row`, result, [file[0]]);
  for (const back of undo) back();
}

/** Rows without their files, and rows of which a part is missing: the compiler names each. Node's part comes after. */
function rowsAlone() {
  for (const [folder, project] of [
    ['src/', 'src'],
    ['node/', 'node'],
  ]) {
    const withFile = Object.entries(DUMMIES).filter(([, { file }]) => file?.[0].startsWith(folder));
    const undo = withFile.map(([, { rows }]) => apply(rows));
    const result = compile(project);
    for (const [name, { file, rows }] of withFile) {
      const imported = path.basename(file[0]);
      expectNamed(`${name}: a row without its file`, result, [rows[0][0], imported]);
    }
    for (const back of undo.reverse()) back();
  }
  for (const [name, { rows, partial = [] }] of Object.entries(DUMMIES)) {
    for (const { rows: some = [0], text, named } of partial) {
      const undo = apply(some.map((i) => [rows[i][0], rows[i][1], text ?? rows[i][2]]));
      expectNamed(`${name}: a part of its row`, compile('src'), named);
      undo();
    }
  }
}

/** All of them, each whole: how many files that takes, and that everything knows them. */
function everything() {
  for (const [name, { files, file, rows }] of Object.entries(DUMMIES)) {
    const touched = new Set([...rows.map(([one]) => one), ...(file === undefined ? [] : [file[0]])]);
    if (touched.size !== files) findings.push(`${name}: ${touched.size} files are touched, not ${files}`);
    apply(rows, file);
  }
  const steps = [
    ['the compiler', () => compile()],
    ['the types of the tests', () => node(TSC, '-p', 'tsconfig.tests.json')],
    ['tools/generate/choices.mjs', () => node('tools/generate/choices.mjs')],
    ['the compiler, after that', () => compile()],
    ['the room check', () => node('tools/check/rooms.mjs')],
    ['the dummies', () => node('tools/check/additions/probe.mjs')],
    [
      'both engines',
      () =>
        node(
          'dist/test/fuzz/main.js',
          ...'--seconds 0 --messages 0 --commands 0 --scripts 0 --trees 0 --pairs 30000'.split(' '),
        ),
    ],
  ];
  for (const [who, step] of steps) {
    const { passed, said } = step();
    if (passed) continue;
    findings.push(`all dummies together: ${who} failed:\n${said}`);
    return;
  }
}

try {
  copyTree();
  filesAlone();
  rowsAlone();
  everything();
} finally {
  rmSync(copy, { recursive: true, force: true });
}
report(findings, `additions: ${Object.keys(DUMMIES).length} things added to a copy, each at its price, none silent`);
