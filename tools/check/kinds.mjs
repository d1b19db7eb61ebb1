// What is known of a kind stands in its row: nobody outside a noun's folder names one of its kinds in quotes. Needs a build.

import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesOf, isSource, lineOf, ROOT, report } from './sources.mjs';

const load = (file) => import(pathToFileURL(path.join(ROOT, 'dist/src/sched', file)).href);
const { QDISCS } = await load('qdisc/index.js');
const { CLASSIFIERS } = await load('classifier/index.js');
const { ACTIONS } = await load('action/index.js');
const { EMATCHES } = await load('ematch/index.js');

const NOUNS = [
  ['src/sched/qdisc/', QDISCS],
  ['src/sched/classifier/', CLASSIFIERS],
  ['src/sched/action/', ACTIONS],
  ['src/sched/ematch/', EMATCHES],
];

/** Words that mean something else too: outside their folder only comparisons with a kind count. */
const ORDINARY = new Set([
  ...['ingress', 'red', 'default', 'plug', 'text', 'set', 'meta', 'basic', 'nat', 'vlan', 'ct', 'simple', 'sample'],
  ...['u32', 'ipset', 'gate', 'route', 'cgroup', 'csum', 'police', 'connmark', 'ctinfo', 'mirred', 'drop', 'ipt', 'xt'],
  ...['flow', 'prio', 'mpls', 'tbf', 'blackhole'],
]);

/** File (or folder), kind, and why it may name it there. */
const EXCEPTIONS = [
  [
    'src/sched/flow/',
    'flow',
    'the classifier itself: its file in src/sched/classifier only hands it to tc and the kernel',
  ],
  ['src/command/decode.ts', 'flow', 'netlink decode shows the attributes of this classifier by their names'],
  ['src/lint/', 'flow', 'findings are about flow filters'],
  ['src/plan.ts', null, 'the qdiscs that --filter stands on'],
  ['src/lint/', 'htb', 'the kind that is assumed for a qdisc which the script does not make'],
  ['src/lint/reach.ts', null, 'is being replaced by the plan'],
  ['src/lint/rules/ft030-priority-decides-first.ts', 'skbedit', 'the finding is about this action'],
  [
    'src/shell/tools/',
    'pfifo_fast',
    'what a fresh device has before tc: the simulated tools print it, and hold no rows',
  ],
  ['src/shell/tools/', 'noqueue', 'the same, of a device without a queue'],
  ['node/cli/choices.ts', null, 'is made from the rows'],
  ['src/kernel/journey.ts', 'mq', 'the records have no step for it'],
  ['src/kernel/walk.ts', 'fw', 'reads the mark: a row does not yet say what its kind reads'],
  ['src/command/action.ts', 'gact', 'tc reads an action without a kind as this one'],
  ['node/cli/commands/advise.ts', null, 'the default of --qdisc'],
  ['node/cli/commands/classes.ts', null, 'the default of --kind'],
];

/** Several nouns may have a kind of this name. */
const isHome = (name, kind) =>
  NOUNS.some(([folder, rows]) => name.startsWith(folder) && rows.some((row) => row.kind === kind));
const isExcepted = (name, kind) =>
  EXCEPTIONS.some(([where, which]) => name.startsWith(where) && (which === null || which === kind));

const findings = [];
let kinds = 0;
for (const [folder, rows] of NOUNS) {
  for (const { kind } of rows) {
    kinds++;
    const quoted = new RegExp(`(kind\\S* (?:===|!==) )?'${kind}'`, 'g');
    for (const { name, text } of filesOf(['src', 'node'], isSource)) {
      if (isHome(name, kind) || isExcepted(name, kind)) continue;
      for (const match of text.matchAll(quoted)) {
        if (ORDINARY.has(kind) && match[1] === undefined) continue;
        findings.push(
          `${name}:${lineOf(text, match.index)}: names the kind '${kind}': make it a field of its row in ${folder}`,
        );
      }
    }
  }
}
report(findings, `kinds: ${kinds} kinds, none named outside its folder but for ${EXCEPTIONS.length} exceptions`);
