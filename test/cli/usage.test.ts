import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ENVIRONMENT } from '../../node/cli/commands/environment.ts';
import { COMMANDS } from '../../node/cli/commands/index.ts';
import { cli, file, HOUSEHOLD, pcap } from './cli.ts';

const CLI_SOURCES = join(import.meta.dirname, '../../node/cli');
const SRC = ['--filter', 'hash keys src'];

/** The word above the caret: the line before the one of `^`s, cut where they stand. */
function underlined(stderr: string): string | null {
  const lines = stderr.split('\n');
  const at = lines.findIndex((line) => /^ *\^+$/.test(line));
  const caret = lines[at] ?? '';
  return at < 1 ? null : (lines[at - 1] ?? '').slice(caret.indexOf('^'), caret.length);
}

describe('a wrong command line', () => {
  it.each([
    [['frobnicate'], "unknown command 'frobnicate'", 'frobnicate'],
    [['clasify', 'a.pcap'], 'Did you mean classify?', 'clasify'],
    [['a.pcap', ...SRC], 'cls-flow classify a.pcap --filter SPEC', 'a.pcap'],
    [['classify', 'a.pcap', '--fliter', 'x'], 'Did you mean --filter?', '--fliter'],
    [['classify', 'a.pcap', '--filter'], "option '--filter <spec>' argument missing", '--filter'],
    [['classify', 'a.pcap', ...SRC, '--at', 'side'], 'Allowed choices are egress, ingress', 'side'],
    [['classify', 'a.pcap', ...SRC, '--era=2.6'], 'Allowed choices are 6.1, 6.1.170, 6.12, seed', '--era=2.6'],
    [['classify', 'a.pcap', ...SRC, '--seed', '4294967296'], 'from 0 to 4294967295', '4294967296'],
    [['classify', 'a.pcap', ...SRC, '--hashrnd', '1', '--hashrnd', '2'], 'one for each filter', '2'],
    [['classify', 'a.pcap', ...SRC, '--fold-key', '12'], 'two 64-bit numbers in hex', '12'],
    [['classify', 'a.pcap', ...SRC, '--set', 'iif=1,marc=2'], 'Did you mean mark?', 'marc'],
    [['classify', 'a.pcap', ...SRC, '--set', 'iif=1,mark'], 'expected name=value', 'mark'],
    [['classify', 'a.pcap', ...SRC, '--nat', 'snat 10.0.0.0/8 two 192.0.2.1'], '"to" is expected', 'two'],
    [['explain', '--hex', '00:0g', ...SRC], 'no hex digit', 'g'],
    [['explain', 'tpc 192.0.2.1:1 > 192.0.2.2:2', ...SRC], '"tpc" is no protocol', 'tpc'],
    [['explain', 'a.pcap', '--packet', '0', ...SRC], 'from 1 to', '0'],
    [['completion', 'tcsh'], 'Allowed choices are bash, zsh, fish', 'tcsh'],
  ])('is told with a caret under the word and ends with 2: %j', (args, message, word) => {
    const { status, stdout, stderr } = cli(args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(underlined(stderr)).toBe(word);
  });

  it.each([
    [['classify']],
    [['classify', HOUSEHOLD]],
    [['classify', '-', '-', ...SRC]],
    [['explain', ...SRC]],
    [['explain', HOUSEHOLD, ...SRC]],
    [['explain', '--packet', '3', ...SRC]],
    [['explain', 'tcp 192.0.2.1:1 > 192.0.2.2:2', '--hex', '00', ...SRC]],
    [['completion']],
  ])('ends with 2 and says what is missing or too much: %j', (args) => {
    const { status, stdout, stderr } = cli(args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^cls-flow: .+\n/);
  });

  it('shows the neighbours only of a word among hundreds', () => {
    const files = Array.from({ length: 300 }, (_, i) => `${i}.pcap`);
    const { stderr } = cli(['classify', ...files, '--fliter', 'x']);
    expect(underlined(stderr)).toBe('--fliter');
    expect(stderr.split('\n')[1]).toBe('  cls-flow … 296.pcap 297.pcap 298.pcap 299.pcap --fliter x');
  });
});

describe('a filter', () => {
  it.each([
    ['hash keys srcc,dst divisor 16', 'Did you mean src?', 'srcc'],
    ['flow hash keys src divsor 16', 'Did you mean divisor?', 'divsor'],
    ['map key src,dst', 'Invalid mode "map" for multiple keys', 'src,dst'],
    ['hash keys src baseclass 1:0', 'Illegal "baseclass"', '1:0'],
    ['hash keys src match bogus(1) divisor 8', 'Unknown ematch "bogus"', 'bogus'],
    ['hash keys src action bogus', 'Bad action type bogus', 'bogus'],
    ['hash keys src police rate 1mbit', "'burst' requires 'rate'.", '1mbit'],
  ])('is refused in the words of tc, with a caret under the word: %s', (spec, message, word) => {
    const { status, stderr } = cli(['classify', HOUSEHOLD, '--filter', spec]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(underlined(stderr)).toBe(word);
  });

  it.each([
    ['map key src rshift 32', 'RTNETLINK answers: Numerical result out of range', 'rshift'],
    ['map key src perturb 10', 'RTNETLINK answers: Invalid argument', 'perturb'],
    ['hash divisor 4', 'RTNETLINK answers: Invalid argument (a filter needs keys)', 'hash divisor 4'],
  ])('that the kernel would refuse is told as tc tells it, with the rule: %s', (spec, message, word) => {
    const { status, stderr } = cli(['classify', HOUSEHOLD, '--filter', spec]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(underlined(stderr)).toBe(word);
  });

  it('may shift by 32 in the days before the kernel checked', () => {
    const args = ['classify', '-', '--filter', 'map key dst rshift 32', '--era', 'seed'];
    expect(cli(args, { input: pcap('udp 192.0.2.1:1 > 192.0.2.2:2') }).status).toBe(0);
  });
});

describe('files besides the captures', () => {
  it.each([
    ['{"packet":1,"mark":1}\n{"packet":2,"marc":1}', ':2: unknown name "marc"'],
    ['{"packet":1,"mark":', ':1: '],
    ['{"mark":1}', ':1: expected either "packet" or "prefix"'],
  ])('of metadata are told with the line: %s', (text, message) => {
    const path = file('wrong.jsonl', text);
    const { status, stderr } = cli(['classify', HOUSEHOLD, ...SRC, '--meta', path]);
    expect(status).toBe(2);
    expect(stderr).toContain(path + message);
  });

  it('that are not there end the run with 1', () => {
    for (const option of ['--meta', '--conntrack']) {
      const { status, stderr } = cli(['classify', HOUSEHOLD, ...SRC, option, 'nowhere']);
      expect([status, stderr]).toEqual([1, 'cls-flow: nowhere: no such file\n']);
    }
  });

  it('of connections are told with the line', () => {
    const { status, stderr } = cli(['classify', HOUSEHOLD, ...SRC, '--conntrack', file('table', 'hello\n')]);
    expect(status).toBe(1);
    expect(stderr).toContain('line 1');
  });
});

describe('help', () => {
  it('is on standard output when asked for, with the exit codes', () => {
    for (const args of [['--help'], ['classify', '--help'], ['explain', '-h']]) {
      const { status, stdout, stderr } = cli(args);
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/Exit codes:\n {2}0 {4}done\n/);
    }
  });

  it('lists the exit codes of every command', () => {
    for (const { name, exits, helpFlags } of COMMANDS) {
      const { status, stdout } = cli([name, helpFlags === undefined ? '-h' : '--help']);
      expect(status).toBe(0);
      const [, listed = ''] = stdout.split('Exit codes:\n');
      expect([name, [...listed.matchAll(/^ {2}(\d+) /gm)].map(([, code]) => Number(code))]).toEqual([
        name,
        exits.map(([code]) => code),
      ]);
    }
    const explain = cli(['explain', '--help']).stdout;
    expect(explain).not.toMatch(/--expect|--strict/);
  });

  it('is what "help" prints too, of all commands or of one', () => {
    expect(cli(['help']).stdout).toBe(cli(['--help']).stdout);
    for (const { name } of COMMANDS) expect(cli(['help', name]).stdout).toBe(cli([name, '--help']).stdout);
    const { status, stdout, stderr } = cli(['help', 'chekc']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('chekc');
  });

  it('of the man page has every command, exit code and environment variable', () => {
    const page = readFileSync(join(import.meta.dirname, '../../man/cls-flow.1'), 'utf8').replaceAll('\\-', '-');
    const [, synopsis = ''] = page.split('.SH SYNOPSIS');
    for (const { name, exits } of COMMANDS) {
      expect(synopsis.split('.SH')[0]).toContain(`cls-flow ${name}\\fR`);
      for (const [code] of exits) expect(page.split('.SH EXIT STATUS')[1]).toContain(`.B ${code}\n`);
    }
    const read = readdirSync(CLI_SOURCES)
      .filter((name) => /\.c?ts$/.test(name))
      .flatMap((name) => {
        const source = readFileSync(join(CLI_SOURCES, name), 'utf8');
        return [...source.matchAll(/\benv\.([A-Z_]{3,})|([A-Z_]{3,}): \w+(?:, ([A-Z_]{3,}): \w+)? \} = process\.env/g)];
      });
    const names = new Set(
      read.flatMap((match) => match.slice(1)).filter((name) => name !== undefined && name !== 'PATH'),
    );
    expect([...names].sort()).toEqual(ENVIRONMENT.map(([name]) => name).sort());
    for (const name of names) expect(page).toContain(`.B ${name}\n`);
  });

  it('is on standard error when nothing was asked for', () => {
    const { status, stdout, stderr } = cli([]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('classify [options] <capture...>');
  });

  it('and the version need nothing loaded but the argument parser', () => {
    const seen = new Set<string>();
    const follow = (path: string): void => {
      const source = readFileSync(path, 'utf8');
      for (const [, from = ''] of source.matchAll(/^(?:import|export) (?!type)[^;]*from '([^']+)';/gms)) {
        if (seen.has(from)) continue;
        seen.add(from);
        if (from.startsWith('.')) follow(resolve(dirname(path), from));
      }
    };
    follow(join(CLI_SOURCES, 'main.ts'));
    const packages = [...seen].filter((from) => !from.startsWith('node:') && !from.startsWith('.'));
    expect(packages).toEqual(['commander']);
    // What is printed is escaped.
    expect([...seen].filter((from) => from.includes('/src/'))).toEqual(['../../src/lang/index.ts']);
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    expect(cli(['--version']).stdout).toBe(`${version}\n`);
  });
});
