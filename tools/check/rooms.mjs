// Who may import whom: a room imports rooms to its left only, through their index.ts.
// Only node/ imports node:*; nobody exports by default. Inside a room no file imports itself, by way of others either.
import path from 'node:path';
import { filesOf, isSource, lineOf, report } from './sources.mjs';

/** From left to right; rooms of one row stand beside each other. A room is a folder or a file without `.ts`. */
const ORDER = [
  ['src/u32', 'src/errors', 'src/verdict', 'src/version'],
  ['src/argument'],
  ['src/hash'],
  ['src/lang', 'src/capture'],
  ['src/netfilter'],
  ['src/netlink', 'src/packet', 'src/report'],
  ['src/era'],
  ['src/env'],
  ['src/conntrack'],
  ['src/ruleset', 'src/hook'],
  ['src/sched/notation', 'src/sched/psched'],
  ['src/sched/ematch', 'src/sched/action'],
  ['src/sched/flow'],
  ['src/sched/classifier'],
  ['src/kernel/chain', 'src/sched/qdisc'],
  ['src/kernel'],
  ['src/engine'],
  ['src/plan'],
  ['src/run', 'src/command', 'src/shell'],
  ['src/replay', 'src/lint', 'src/study'],
  ['src/api'],
  ['src/index'],
  ['src/doors'],
  ['node'],
];
/** Packages that the core holds: tools/bundle.mjs builds them into the file that imports them. */
const HELD = new Map([
  ['re2js', /^src\/shell\/text\/regex\.ts$/],
  ['unbash', /^src\/shell\//],
]);
const RANK = new Map(ORDER.flatMap((rooms, rank) => rooms.map((room) => [room, rank])));

/** A quoted word `from` is data. */
const IMPORT = /(?<!')(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g;
const DEFAULT_EXPORT = /^export\s+(?:default\b|\{[^}]*\bas default\b)/gm;

/** The room a file is in: the longest name in ORDER that its path begins with. */
function roomOf(file) {
  const parts = file.replace(/\.ts$/, '').split('/');
  for (let length = parts.length; length > 0; length--) {
    const name = parts.slice(0, length).join('/');
    if (RANK.has(name)) return name;
  }
  return null;
}

/** Why a file may not import this, or null if it may. */
function objection(file, room, specifier) {
  if (specifier.startsWith('node:')) return room === 'node' ? null : 'only node/ imports node:*';
  if (!specifier.startsWith('.')) {
    return room === 'node' || HELD.get(specifier)?.test(file) ? null : 'the core has no dependencies';
  }
  const target = path.posix.join(path.posix.dirname(file), specifier);
  const other = roomOf(target);
  if (other === room) return null;
  if (other === null) return `${target} is in no room of the table`;
  if (RANK.get(other) >= RANK.get(room)) return `${other} is not to the left of ${room}`;
  return target === `${other}.ts` || target === `${other}/index.ts` ? null : `${other}/index.ts is the only door`;
}

/** The files that import each other in a circle: one of each circle's ways round. `graph`: whom each file imports. */
function circles(graph) {
  const found = [];
  const done = new Set();
  const visit = (file, way) => {
    const at = way.indexOf(file);
    if (at >= 0) found.push([...way.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    for (const other of graph.get(file) ?? []) visit(other, [...way, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

/** `import(…)` runs later, and so makes no circle; a type does: neither file can be read without the other. */
const STATIC_IMPORT = /^(?:import|export)\b[^;']*?\bfrom\s+'(\.[^']+)'/gm;

/** What nobody imports, though it is for others to run: the doors, the programs, and what is loaded by its path. */
const isEntry = (name) =>
  /(?:^|\/)index\.ts$|^src\/doors\/|^node\/door\.ts$|^node\/cli\/(?:main|recover\/lane)\.ts$/.test(name);

const findings = [];
const sources = filesOf(['src', 'node'], isSource);
const imported = new Set();
const graph = new Map();
let imports = 0;
for (const { name, text } of sources) {
  const room = roomOf(name);
  if (room === null) findings.push(`${name}: in no room of the table`);
  for (const match of text.matchAll(IMPORT)) {
    imports++;
    if (match[1].startsWith('.')) imported.add(path.posix.join(path.posix.dirname(name), match[1]));
    const why = room && objection(name, room, match[1]);
    if (why) findings.push(`${name}:${lineOf(text, match.index)}: imports '${match[1]}': ${why}`);
  }
  const targets = [...text.matchAll(STATIC_IMPORT)].map((match) => path.posix.join(path.posix.dirname(name), match[1]));
  graph.set(name, targets);
  for (const match of text.matchAll(DEFAULT_EXPORT)) {
    findings.push(`${name}:${lineOf(text, match.index)}: default export`);
  }
}
for (const { name } of sources) {
  if (!imported.has(name) && !isEntry(name)) findings.push(`${name}: no file imports it: is its row missing?`);
}
for (const way of circles(graph)) findings.push(`${way[0]}: imports itself: ${way.join(' → ')}`);
report(findings, `rooms: ${imports} imports, all to the left and through the door, none in a circle`);
