import { counted } from '../lang/index.ts';
import { pageOf, RULES, type Severity } from '../lint/index.ts';
import { VERSION } from '../version.ts';
import type { Checked, FindingRow } from './check.ts';

const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', advice: 'note' };

/** Where something is; lines and columns from 1. */
interface Region {
  readonly line: number;
  readonly column: number;
  readonly endLine?: number;
  readonly endColumn: number;
}

/** The findings in SARIF 2.1.0. `separator`: what stands between the folders of the files' names. */
export function sarifOf(checked: Checked, separator = '/') {
  const uriOf = (file: string): string => (file === '-' ? 'stdin' : file.split(separator).map(encoded).join('/'));
  const at = (file: string, region?: Region) => ({
    physicalLocation: {
      artifactLocation: { uri: uriOf(file) },
      ...(region === undefined ? {} : { region: regionOf(region) }),
    },
  });
  const results = checked.findings.map((finding) => ({
    ruleId: finding.code,
    ruleIndex: RULES.findIndex(({ code }) => code === finding.code),
    level: LEVELS[finding.severity],
    message: { text: sentenceOf(finding) },
    locations: [at(finding.file, finding)],
    ...(finding.edits.length === 0 ? {} : { fixes: [fixOf(finding, uriOf)] }),
  }));
  const failed = checked.files.filter(({ problem }) => problem !== null);
  const toolExecutionNotifications = [
    ...checked.notModelled.map((row) => noteOf(row.why, at(row.file, row))),
    ...checked.unchecked.map((row) => noteOf(`not checked: ${row.why}`, at(row.file, row))),
    ...checked.assumptions.map((row) => noteOf(`assumed: ${row.question} → ${row.answer}`, at(row.file, row))),
    ...checked.notes.map((row) => noteOf(row.why, at(row.file, row))),
    ...failed.map(({ file, problem }) => ({ ...noteOf(problem ?? '', at(file)), level: 'error' })),
  ];
  const invocations = [{ executionSuccessful: failed.length === 0, toolExecutionNotifications }];
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: driver() }, columnKind: 'utf16CodeUnits', invocations, results }],
  };
}

/** Half a surrogate pair has no bytes in UTF-8. */
const encoded = (part: string): string => encodeURIComponent(part.replace(/\p{Surrogate}/gu, '\ufffd'));

/** What is wrong, what that does, in which turns of a loop, and what would be right, in one text. */
export function sentenceOf({ message, effect, fix, turns, loops }: FindingRow): string {
  const end = /[?.!]$/.test(effect) ? ' ' : '. ';
  const of = turnsText({ turns, loops });
  const what = `${message}: ${effect}${of === '' ? '' : ` (${of})`}`;
  return `${what}${fix === null ? '' : `${of === '' ? end : '. '}Fix: ${fix}`}`;
}

/** As `i = 3; the same in 15 more turns`; empty: the line is run once. */
export function turnsText({ turns, loops }: Pick<FindingRow, 'turns' | 'loops'>): string {
  const values = loops.map(({ name, value }) => `${name} = ${value}`).join(', ');
  const more = counted(turns - 1, loops.length === 0 ? 'more call' : 'more turn');
  return [...(values === '' ? [] : [values]), ...(turns > 1 ? [`the same in ${more}`] : [])].join('; ');
}

/** The package's own URL (purl) with the page in it: an address that needs no network. */
const pageUri = (code: string): string => `pkg:npm/cls-flow@${VERSION}#docs/findings/${code}.md`;

function driver() {
  const rules = RULES.map(({ code, title, severity }) => ({
    id: code,
    shortDescription: { text: title },
    defaultConfiguration: { level: LEVELS[severity] },
    helpUri: pageUri(code),
    help: { text: title, markdown: pageOf(code) },
  }));
  return { name: 'cls-flow', rules, version: VERSION };
}

const noteOf = (text: string, where: object) => ({ level: 'note', message: { text }, locations: [where] });

function regionOf({ line, column, endLine = line, endColumn }: Region) {
  return { startLine: line, startColumn: column, endColumn, endLine };
}

function fixOf({ fix, edits }: FindingRow, uriOf: (file: string) => string) {
  const files = [...new Set(edits.map(({ file }) => file))];
  return {
    description: { text: fix ?? '' },
    artifactChanges: files.map((name) => ({
      artifactLocation: { uri: uriOf(name) },
      replacements: edits
        .filter(({ file }) => file === name)
        .map(({ text, ...range }) => ({ deletedRegion: regionOf(range), insertedContent: { text } })),
    })),
  };
}
