import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { check, QuestionError } from '../../src/api/index.ts';
import { cli } from './cli.ts';

/** FT004 (2048 classes, 1024 buckets) and FT016 (perturb) at line 2, and a line that the kernel refuses. */
const SCRIPT = `qdisc add dev eth0 root handle 1: sfq
filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys nfct-src divisor 2048 perturb 10
qdisc add dev eth0 parent 7:1 sfq
`;

/** A folder with the script, and a configuration. */
function folder(config?: unknown, name = 'cls-flow.json') {
  const path = mkdtempSync(join(tmpdir(), 'cls-flow-rules-'));
  writeFileSync(join(path, 'a.tc'), SCRIPT);
  if (config !== undefined)
    writeFileSync(join(path, name), typeof config === 'string' ? config : JSON.stringify(config));
  const run = (...args: readonly string[]) => cli(['check', 'a.tc', ...args], { cwd: path });
  const codes = (...args: readonly string[]): string[] =>
    JSON.parse(run('--format', 'json', ...args).stdout).findings.map(
      ({ code, severity }: { code: string; severity: string }) => `${code} ${severity}`,
    );
  return { run, codes };
}

describe('which findings cls-flow check looks for', () => {
  test('without options: all', () => {
    expect(folder().codes()).toEqual(['FT004 error', 'FT016 advice', 'REFUSED error']);
  });

  test('--ignore leaves out, once for several or several times', () => {
    const { codes } = folder();
    expect(codes('--ignore', 'FT016')).toEqual(['FT004 error', 'REFUSED error']);
    expect(codes('--ignore', 'FT016,FT004')).toEqual(['REFUSED error']);
    expect(codes('--ignore', 'FT016', '--ignore', 'FT004')).toEqual(['REFUSED error']);
  });

  test('--only looks for these alone, and for what is refused', () => {
    const { codes } = folder();
    expect(codes('--only', 'FT016')).toEqual(['FT016 advice', 'REFUSED error']);
    expect(codes('--only', 'FT016,FT004', '--ignore', 'FT004')).toEqual(['FT016 advice', 'REFUSED error']);
  });

  test('what explains a refusal and is off leaves the refusal', () => {
    const input = Buffer.from(
      'qdisc add dev eth0 root handle 1: sfq\nfilter add dev eth0 parent 1: flow map key mark\n',
    );
    const codes = (...args: readonly string[]): string[] =>
      JSON.parse(cli(['check', '-', '--format', 'json', ...args], { input }).stdout).findings.map(
        ({ code }: { code: string }) => code,
      );
    expect(codes()).toContain('FT002');
    expect(codes()).not.toContain('REFUSED');
    expect(codes('--ignore', 'FT002')).toContain('REFUSED');
  });

  test('cls-flow.json of the working folder says how bad a finding counts, or that it is off', () => {
    const { codes, run } = folder({ rules: { FT004: 'advice', FT016: 'off', REFUSED: 'warning' } });
    expect(codes()).toEqual(['FT004 advice', 'REFUSED warning']);
    expect(run('--fail-on', 'error').status).toBe(0);
    expect(run().status).toBe(1);
    // What is named on the command line is wanted.
    expect(codes('--only', 'FT016')).toEqual(['FT016 advice', 'REFUSED warning']);
  });

  test('--config names another file, which then is the only one', () => {
    const { codes } = folder({ rules: { FT016: 'error' } }, 'strict.json');
    expect(codes()).toContain('FT016 advice');
    expect(codes('--config', 'strict.json')).toContain('FT016 error');
  });

  test.each([
    ['FT00', '--only: there is no finding "FT00"', 'Did you mean FT001?'],
    ['ft016', '--only: there is no finding "ft016"', 'Did you mean FT016?'],
    ['REFUSE', '--only: there is no finding "REFUSE"', 'Did you mean REFUSED?'],
    ['whatever', '--only: there is no finding "whatever"', 'codes: FT001 to FT0'],
  ])('--only %s is refused, and the nearest code named', (code, problem, hint) => {
    const { status, stdout, stderr } = folder().run('--only', `FT001,${code}`);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    const [first, line, caret, last] = stderr.split('\n');
    expect(first).toBe(`cls-flow: ${problem}`);
    expect(line?.slice(caret?.indexOf('^'), (caret?.lastIndexOf('^') ?? 0) + 1)).toBe(code);
    expect(last).toContain(hint);
  });

  test.each([
    [{ rules: { FT099: 'off' } }, 'cls-flow.json: rules.FT099: there is no finding "FT099"'],
    [
      { rules: { FT016: 'none' } },
      'cls-flow.json: rules.FT016: expected one of error, warning, advice, off, not "none"',
    ],
    [{ rules: { SYNTAX: 'off' } }, 'cls-flow.json: rules.SYNTAX: SYNTAX cannot be switched off'],
    [{ rules: ['FT016'] }, 'cls-flow.json: rules: expected an object, not a list'],
    [{ rule: {} }, 'cls-flow.json: there is no "rule"'],
    [[], 'cls-flow.json: an object expected'],
    ['{', 'cls-flow.json: no JSON: '],
  ])('a configuration %j is refused', (config, problem) => {
    const { status, stderr } = folder(config).run();
    expect(stderr).toContain(`cls-flow: ${problem}`);
    expect(status).toBe(2);
  });

  test('SYNTAX and REFUSED cannot be switched off, but for a line', () => {
    const { status, stderr } = folder().run('--ignore', 'REFUSED');
    expect(status).toBe(2);
    expect(stderr).toContain('a comment "# cls-flow: ignore REFUSED" silences one line');
    const input = Buffer.from('# cls-flow: ignore REFUSED\nqdisc add dev eth0 parent 7:1 sfq\n');
    expect(cli(['check', '-'], { input }).status).toBe(0);
  });

  test('the schema of a configuration takes what the command takes', () => {
    const path = join(import.meta.dirname, '../../docs/schema/cls-flow.schema.json');
    const valid = new Ajv2020().compile(JSON.parse(readFileSync(path, 'utf8')));
    const good = [{}, { $schema: './x.json', rules: { FT004: 'off', SYNTAX: 'advice' } }];
    const bad = [
      [],
      { rule: {} },
      { rules: { FT016: 'none' } },
      { rules: { REFUSED: 'off' } },
      { rules: { X: 'off' } },
    ];
    expect(good.map((config) => valid(config))).toEqual([true, true]);
    expect(bad.map((config) => valid(config))).toEqual(bad.map(() => false));
    expect(good.map((config) => folder(config).run().status)).toEqual([1, 1]);
    expect(bad.map((config) => folder(config).run().status)).toEqual(bad.map(() => 2));
  });
});

describe('check() of the library', () => {
  const codes = (options: Parameters<typeof check>[1]) => check(SCRIPT, options).findings.map(({ code }) => code);

  test('takes the same, and says in its record what it was given', () => {
    expect(codes({ only: ['FT016'], severities: { FT016: 'off' } })).toEqual(['FT016', 'REFUSED']);
    expect(codes({ ignore: ['FT016'] })).toEqual(['FT004', 'REFUSED']);
    const { question } = check(SCRIPT, { ignore: ['FT016'], severities: { FT004: 'warning' } }).record;
    expect(question).toEqual({ ignore: ['FT016'], severities: { FT004: 'warning' } });
  });

  test.each([
    [{ only: ['FT001', 'FT0001'] }, 'only[1]'],
    [{ ignore: ['REFUSED'] }, 'ignore[0]'],
    [{ severities: { FT001: 'bad' } }, 'severities.FT001'],
    [{ severities: { constructor: 'off' } }, 'severities.constructor'],
  ])('names the field that is wrong: %j', (options, field) => {
    const ask = () => check(SCRIPT, options as Parameters<typeof check>[1]);
    expect(ask).toThrow(QuestionError);
    expect(ask).toThrow(expect.objectContaining({ field }));
  });
});
