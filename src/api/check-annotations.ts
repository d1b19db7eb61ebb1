import { RULES, type Severity } from '../lint/index.ts';
import type { Checked, FindingRow } from './check.ts';
import { sentenceOf } from './check-sarif.ts';

const COMMANDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', advice: 'notice' };

/** The findings as workflow commands of GitHub, a line each: a job that prints them has them shown at their lines. */
export function annotationsOf({ findings, files }: Checked): string {
  const failed = files.filter(({ problem }) => problem !== null);
  return [
    ...findings.map((finding) => command(COMMANDS[finding.severity], propertiesOf(finding), sentenceOf(finding))),
    ...failed.map(({ file, problem }) => command('error', { file: pathOf(file), title: 'not checked' }, problem ?? '')),
  ].join('');
}

type Properties = Readonly<Record<string, string | number>>;

function propertiesOf({ file, code, line, endLine, column, endColumn }: FindingRow): Properties {
  const title = `${code}: ${RULES.find((rule) => rule.code === code)?.title ?? ''}`;
  // GitHub takes columns on one line only.
  const columns = line === endLine ? { col: column, endColumn } : {};
  return { file: pathOf(file), line, endLine, ...columns, title };
}

/** GitHub looks for the file in the repository by just this name. */
const pathOf = (file: string): string => (file === '-' ? 'stdin' : file.replace(/^(?:\.\/)+/, ''));

function command(name: string, properties: Properties, message: string): string {
  const list = Object.entries(properties).map(([key, value]) => `${key}=${escaped(String(value), PROPERTY)}`);
  return `::${name} ${list.join(',')}::${escaped(message, MESSAGE)}\n`;
}

/** actions/toolkit, packages/core/src/command.ts: escapeData() and escapeProperty(). */
const MESSAGE = /[%\r\n]/g;
const PROPERTY = /[%\r\n:,]/g;

const escaped = (text: string, special: RegExp): string =>
  text.replace(special, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
