import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { cli } from './cli.ts';

/** FT001 at 1:10, line 5. */
const WRONG = `#!/bin/sh
tc qdisc add dev eno1 root handle 1: htb default 10
tc class add dev eno1 parent 1: classid 1:10 htb rate 50mbit
tc qdisc add dev eno1 parent 1:10 handle 10: sfq
tc filter add dev eno1 protocol ip parent 1:10 handle 20 flow hash keys src,dst divisor 1024
`;
const CLEAN = 'qdisc add dev eth0 root handle 1: cake\n';
const UNMODELLED = 'qdisc add dev eth1 root handle 1: stab overhead 4 sfq\n';
const VARIABLE = `${CLEAN}tc class add dev $DEV \\\n  parent 1:\n`;

/** A folder with these files, and the command run in it. */
function folder(files: Readonly<Record<string, string | Uint8Array>>) {
  const path = mkdtempSync(join(tmpdir(), 'cls-flow-check-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  const check = (...args: readonly string[]) => cli(['check', ...args], { cwd: path });
  const json = (...args: readonly string[]) => JSON.parse(check(...args, '--format', 'json').stdout);
  return { path, check, json };
}

const valid = new Ajv2020().compile(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/schema/check.schema.json'), 'utf8')),
);

describe('cls-flow check of several scripts', () => {
  test('prints what it prints of each, one after the other, and a sum', () => {
    const { check } = folder({ 'a.sh': WRONG, 'b.tc': CLEAN });
    const { status, stdout, stderr } = check('a.sh', 'b.tc');
    const [a, b] = ['a.sh', 'b.tc'].map((name) => check(name).stdout);
    expect(stdout).toBe(`${a}\n${b}\n2 scripts: 1 error\n`);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
  });

  test('goes on behind one that cannot be judged, and names it', () => {
    const { check, json } = folder({ 'a.sh': WRONG, 'none.sh': 'echo\n' });
    const { status, stdout, stderr } = check('none.sh', 'nowhere.sh', 'a.sh');
    expect(stderr).toBe('cls-flow: none.sh: there is no tc command in it\ncls-flow: nowhere.sh: no such file\n');
    expect(stdout).toContain('a.sh:5  FT001 error');
    expect(stdout).toContain('\n3 scripts: 1 error; 2 could not be checked\n');
    expect(status).toBe(2);
    const { files } = json('none.sh', 'nowhere.sh', 'a.sh');
    const notRun = { args: null, triedStart: false, ended: null };
    const run = { args: [] };
    expect(files).toEqual(
      [
        { file: 'none.sh', commands: 0, assumed: [], problem: 'none.sh: there is no tc command in it', kind: 'shell' },
        { file: 'nowhere.sh', commands: 0, assumed: [], problem: 'nowhere.sh: no such file', kind: null },
        { file: 'a.sh', commands: 4, assumed: [], problem: null, kind: 'shell', ...run },
      ].map((row) => ({ ...notRun, ...row })),
    );
  });

  test.each([
    [['wrong.sh', 'nowhere.sh', 'part.tc', 'clean.tc'], 2],
    [['clean.tc', 'part.tc', 'wrong.sh'], 1],
    [['clean.tc', 'part.tc'], 3],
    [['clean.tc', 'variable.sh'], 3],
    [['clean.tc', 'also.tc'], 0],
  ])('exits with the worst: %j with %i', (names, status) => {
    const files = { 'wrong.sh': WRONG, 'part.tc': UNMODELLED, 'clean.tc': CLEAN, 'also.tc': CLEAN };
    const { check } = folder({ ...files, 'variable.sh': VARIABLE });
    expect(check(...names, '--strict').status).toBe(status);
  });

  test('as JSON holds what its schema says, each finding with its file and its end', () => {
    const assumes = 'class add dev eth0 parent 1: classid 1:10 drr\nclass add dev eth0 parent 1: classid 1:10 drr\n';
    const { json } = folder({ 'a.sh': WRONG, 'b.tc': assumes, 'c.tc': UNMODELLED, 'd.sh': VARIABLE });
    const answer = json('b.tc', 'a.sh', 'c.tc', 'd.sh');
    expect(valid(answer) ? [] : valid.errors).toEqual([]);
    const [refused, leaf] = answer.findings;
    expect(refused).toMatchObject({ file: 'b.tc', code: 'REFUSED', line: 2 });
    expect(leaf).toMatchObject({ file: 'a.sh', code: 'FT001', line: 5, column: 43, endLine: 5, endColumn: 47 });
    expect(answer.notModelled).toMatchObject([{ file: 'c.tc', line: 1, column: 35, endColumn: 39 }]);
    expect(answer.files.map(({ assumed }: { assumed: string[] }) => assumed)).toEqual([
      ['qdisc add dev eth0 root handle 1: drr'],
      [],
      [],
      [],
    ]);
    expect(answer.record.inputs.map(({ name }: { name: string }) => name)).toEqual(['b.tc', 'a.sh', 'c.tc', 'd.sh']);
    const [one, ...rest] = json('a.sh').findings;
    expect([one, rest]).toEqual([leaf, []]);
  });

  test('lists the lines with variables, to where they end, and exits with 3 for them under --strict', () => {
    const { check, json } = folder({ 'd.sh': VARIABLE });
    // Behind "tc ", and up to the end of "parent 1:" on the line that the backslash joins.
    const place = { line: 2, column: 4, endLine: 3, endColumn: 12 };
    expect(json('d.sh').unchecked).toEqual([{ file: 'd.sh', ...place, why: 'it holds variables' }]);
    expect(check('d.sh').status).toBe(0);
    expect(check('d.sh', '--strict').status).toBe(3);
    const { runs } = JSON.parse(check('d.sh', '--format', 'sarif').stdout);
    expect(runs[0].invocations[0].toolExecutionNotifications).toEqual([
      {
        level: 'note',
        message: { text: 'not checked: it holds variables' },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: 'd.sh' },
              region: { startLine: 2, startColumn: 4, endLine: 3, endColumn: 12 },
            },
          },
        ],
      },
    ]);
  });

  test('writes a corrected copy beside each with --fix', () => {
    const { check, path } = folder({ 'a.sh': WRONG, 'sub/b.sh': WRONG });
    expect(check('a.sh', 'sub', '--fix').stdout).toContain(`1 fix written to ${join('sub', 'b.fixed.sh')}`);
    const [a, b] = ['a.fixed.sh', 'sub/b.fixed.sh'].map((name) => readFileSync(join(path, name), 'utf8'));
    expect(a).toContain('protocol all parent 10:');
    expect(b).toBe(a);
  });

  test('is given each script once, however often it is named', () => {
    const { json } = folder({ 'a.sh': WRONG });
    expect(json('a.sh', './a.sh', '.').files).toHaveLength(1);
  });
});

describe('cls-flow check of a folder', () => {
  const judged = (answer: { files: { file: string }[] }) => answer.files.map(({ file }) => file);

  test('takes what looks like a tc script, in it and below', () => {
    const { json, path } = folder({
      'a.sh': WRONG,
      'deep/er/b.tc': CLEAN,
      'c.batch': CLEAN,
      'rc.local': 'set -e\n  /sbin/tc qdisc add dev eth0 root sfq\n',
      'sudo-line': 'sudo tc qdisc add dev eth0 root sfq\n',
      // Nothing of tc in it, or only words that a batch file might have too.
      'empty.sh': 'echo\n',
      'notes.txt': 'qdisc add dev eth0 root sfq\nWe use tc here.\n',
      'template.conf': 'tc qdisc add dev $DEV root sfq\n',
      'binary.sh': `${CLEAN}\0`,
      binary: 'tc qdisc add dev eth0 root sfq\n\0',
      '.git/hooks/x.sh': WRONG,
      'node_modules/y.sh': WRONG,
    });
    const outside = folder({ 'far.sh': WRONG });
    symlinkSync(outside.path, join(path, 'linked'));
    symlinkSync(join(outside.path, 'far.sh'), join(path, 'far.sh'));
    symlinkSync('.', join(path, 'round'));
    expect(judged(json('.'))).toEqual(['a.sh', 'c.batch', 'deep/er/b.tc', 'rc.local', 'sudo-line']);
    expect(judged(json('deep', 'c.batch'))).toEqual(['deep/er/b.tc', 'c.batch']);
  });

  test('without any is an error, but with --pass-without-tc', () => {
    const { check } = folder({ 'empty.sh': 'echo\n' });
    expect(check('.')).toEqual({ status: 2, stdout: '', stderr: 'cls-flow: .: there is no tc script in it\n' });
    expect(check('empty.sh').status).toBe(2);
    expect(check('.', '--pass-without-tc').status).toBe(0);
    expect(check('empty.sh', '--pass-without-tc')).toEqual({
      status: 0,
      stdout: 'empty.sh: nothing found in 0 tc commands\n',
      stderr: '',
    });
  });
});

describe('cls-flow check --all', () => {
  test('prints every finding in full', () => {
    const pair = (n: number): string => `qdisc add dev eth${n} root handle 1: sfq
filter add dev eth${n} parent 1: protocol all prio 1 handle 1 flow hash keys nfct-src divisor 2048
`;
    const { check } = folder({ 'five.tc': [1, 2, 3, 4, 5].map(pair).join('') });
    const lines = (stdout: string) => [...stdout.matchAll(/^five\.tc:(\d+) {2}FT004/gm)].map(([, line]) => line);
    expect(lines(check('five.tc').stdout)).toEqual(['2', '4', '6']);
    const all = check('five.tc', '--all').stdout;
    expect(lines(all)).toEqual(['2', '4', '6', '8', '10']);
    expect(all).not.toContain('more like');
  });
});

describe('cls-flow check of a folder', () => {
  test('leaves out what --fix has put beside a script, and nothing else', () => {
    const files = { 'a.sh': WRONG, 'b.sh': WRONG, 'mine.fixed.sh': WRONG, 'mine.orig': WRONG };
    const { check, json } = folder(files);
    check('a.sh', '--fix');
    check('b.sh', '--fix', '--in-place');
    const names = (...args: string[]): string[] => json(...args).files.map(({ file }: { file: string }) => file);
    expect(names('.')).toEqual(['a.sh', 'b.sh', 'mine.fixed.sh', 'mine.orig']);
    expect(names('a.fixed.sh', 'b.sh.orig')).toEqual(['a.fixed.sh', 'b.sh.orig']);
  });
});

describe('cls-flow check of a script whose arguments stand behind no --', () => {
  const MISSING = 'cls-flow: start: no such file\n';
  const WAY = '  the arguments of a script stand behind --: cls-flow check a.sh -- start eth0\n';

  test('names the way out once', () => {
    const { check } = folder({ 'a.sh': WRONG });
    expect(check('a.sh', 'start', 'eth0').stderr).toBe(`${MISSING}${WAY}cls-flow: eth0: no such file\n`);
  });

  test.each([
    ['the file before it is not there', ['no.sh', 'start', 'eth0']],
    ['it looks like a file', ['a.sh', 'start.sh']],
    ['it stands in a folder', ['a.sh', 'bin/start']],
    ['nothing stands before it', ['start', 'a.sh']],
  ])('does not where %s', (_, names) => {
    const { check } = folder({ 'a.sh': WRONG });
    const { stderr } = check(...names);
    expect(stderr).toContain('no such file\n');
    expect(stderr).not.toContain('behind --');
  });
});

describe('cls-flow check --fix', () => {
  const HEAD = `#!/bin/sh
tc qdisc add dev eno1 root handle 1: htb default 10
tc class add dev eno1 parent 1: classid 1:10 htb rate 50mbit
tc qdisc add dev eno1 parent 1:10 handle 10: sfq
`;
  const unused = 'tc filter add dev eno1 protocol ip parent 1:10 prio 1 handle 1 flow hash keys src divisor 1024\n';
  const second = 'tc filter add dev eno1 protocol all parent 10: prio 2 handle 2 flow hash keys dst divisor 1024\n';
  const note = 'the fixed script has a new finding: FT022 in line 6';

  test('tells what the fixes bring with them, also those of a file that the script reads', () => {
    const { check } = folder({
      'a.sh': HEAD + unused + second,
      'b.sh': `${HEAD}. ./lib.sh\n${second}`,
      'lib.sh': unused,
    });
    expect(check('a.sh').stdout).not.toContain('FT022');
    expect(check('a.sh', '--fix').stdout).toContain(`1 fix written to a.fixed.sh\n`);
    expect(check('a.sh', '--fix', '--force').stdout).toContain(`\n${note}\n`);
    expect(check('a.sh', '--fix', '--force', '--format', 'json').stderr).toContain(`cls-flow: ${note}\n`);
    expect(check('b.sh', '--fix').stdout).toContain(`\n${note}\n`);
  });

  test('says nothing of what was there before', () => {
    const { check } = folder({ 'a.sh': `${HEAD}${unused}tc qdisc add dev eno1 root handle 1: sfq perturb 10\n` });
    const { stdout } = check('a.sh', '--fix');
    expect(stdout).toContain('1 fix written');
    expect(stdout).not.toContain('new finding');
  });

  test('of what tc prints, or of words that variables make, leaves the fixes to be typed', () => {
    const listing = 'qdisc htb 1: dev eth0 root refcnt 2 r2q 10 default 0x10 direct_packets_stat 0 direct_qlen 1000\n';
    const one = 'class htb 1:20 dev eth0 root prio 0 rate 1Mbit ceil 1Mbit burst 1600b cburst 1600b\n';
    const made = `#!/bin/sh\nD=10\ntc qdisc add dev eth0 root handle 1: htb default $D\ntc class add dev eth0 parent 1: classid 1:20 htb rate 1mbit\n`;
    const { check } = folder({ 'list.txt': listing + one, 'made.sh': made });
    for (const [name, why] of [
      ['list.txt', 'what tc prints is no script'],
      ['made.sh', 'variables make the words'],
    ] as const) {
      const { stdout } = check(name, '--fix');
      expect(stdout).toMatch(/fix: tc qdisc add dev eth0 root handle 1: htb .*default 20\b/);
      expect(stdout).toContain(`; --fix: no copy written, as ${why}: type the fixes yourself\n`);
    }
  });
});

describe('cls-flow check of a list without the classes', () => {
  test('names what to add, in one line, and finds nothing', () => {
    const root = 'qdisc htb 1: dev eth0 root refcnt 2 r2q 10 default 0x10 direct_packets_stat 0 direct_qlen 1000\n';
    const leaf = (n: number): string =>
      `qdisc sfq ${n}: dev eth0 parent 1:${n} limit 127p quantum 1514b depth 127 divisor 1024\n`;
    const { check, json } = folder({ 'list.txt': root + leaf(10) + leaf(20) });
    expect(check('list.txt')).toMatchObject({
      status: 0,
      stdout: `list.txt: nothing found in 3 tc commands
read as what tc … show prints
not checked, lines 2, 3: classes were not listed: add what tc class show prints
`,
    });
    expect(check('list.txt', '--strict').status).toBe(3);
    expect(json('list.txt').unchecked).toMatchObject([{ line: 2 }, { line: 3 }]);
  });
});

describe('cls-flow check of a script that dies', () => {
  test('exits 1 for it, in every format, and 0 once the variable has a value', () => {
    const text = '#!/bin/sh\nset -u\ntc qdisc add dev eth0 root handle 1: sfq perturb 10\ntc qdisc show dev $LOCAL\n';
    const { check } = folder({ 'a.sh': text });
    for (const format of ['text', 'json', 'sarif', 'github']) {
      const { status, stdout } = check('a.sh', '--format', format);
      expect(status, format).toBe(1);
      expect(stdout, format).toContain('the script ends here: LOCAL is not set');
    }
    expect(check('a.sh', '--env', 'LOCAL=eth0').status).toBe(0);
  });
});
