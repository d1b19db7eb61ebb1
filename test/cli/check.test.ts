import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { cli, file } from './cli.ts';

const SCRIPT = `#!/bin/sh
tc qdisc add dev eno1 root handle 1: htb default 10
tc class add dev eno1 parent 1: classid 1:10 htb rate 50mbit
tc qdisc add dev eno1 parent 1:10 handle 10: sfq
tc filter add dev eno1 protocol ip parent 1:10 handle 20 flow hash keys src,dst divisor 1024
`;
const FIXED = 'tc filter add dev eno1 protocol all parent 10: handle 20 flow hash keys src,dst divisor 1024';
const CLEAN = 'qdisc add dev eth0 root handle 1: cake\n';

describe('cls-flow check', () => {
  test('tells where, what, the words, what it does to packets, and how it would be right', () => {
    const name = file('qos.sh', SCRIPT);
    const { status, stdout, stderr } = cli(['check', name]);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    const [where, line, caret, effect, fix] = stdout.split('\n');
    expect(where).toBe(`${name}:5  FT001 error  this filter is never used`);
    expect(line?.slice(caret?.indexOf('^'), caret?.length)).toBe('1:10');
    expect(effect).toContain('htb does not evaluate filters on a leaf');
    expect(fix?.trim()).toBe(`fix: ${FIXED}`);
    expect(stdout).toContain('1 error; --fix mends 1 of them in a copy');
  });

  test('as JSON is the findings and nothing else', () => {
    const { status, stdout } = cli(['check', '-', '--format', 'json'], { input: Buffer.from(SCRIPT) });
    expect(status).toBe(1);
    const { schema, findings } = JSON.parse(stdout);
    expect(schema).toBe(1);
    expect(findings).toMatchObject([{ code: 'FT001', severity: 'error', line: 5, column: 43, fix: FIXED }]);
    expect(Object.keys(findings[0])).toEqual([
      ...['code', 'severity', 'line', 'column', 'message', 'effect', 'fix', 'refusedBy'],
      ...['file', 'endLine', 'endColumn', 'edits', 'turns', 'loops'],
    ]);
  });

  test('as JSON holds what its schema says: who refuses, what is assumed, what is not modelled', () => {
    const path = join(import.meta.dirname, '../../docs/schema/check.schema.json');
    const valid = new Ajv2020().compile(JSON.parse(readFileSync(path, 'utf8')));
    const input = Buffer.from(`class add dev eth0 parent 1: classid 1:10 drr
class add dev eth0 parent 1: classid 1:10 drr
qdisc add dev eth1 root handle 1: stab overhead 4 sfq
filter add dev eth1 parent 1: handle 1 flow nosuch
`);
    const { stdout, status } = cli(['check', '-', '--format', 'json'], { input });
    const answer = JSON.parse(stdout);
    expect(valid(answer) ? [] : valid.errors).toEqual([]);
    expect(status).toBe(1);
    const refused = answer.findings.map(({ line, refusedBy }: { line: number; refusedBy: string }) => [
      line,
      refusedBy,
    ]);
    expect(refused).toEqual([
      [2, 'kernel'],
      [4, 'tc'],
    ]);
    expect(answer.assumed).toEqual(['qdisc add dev eth0 root handle 1: drr']);
    expect(answer.notModelled).toMatchObject([{ line: 3, column: 35, length: 4, word: 'stab' }]);
  });

  test('with words that are not modelled exits with 0, and with 3 under --strict; SARIF notes them apart', () => {
    const input = Buffer.from('qdisc add dev eth1 root handle 1: stab overhead 4 sfq\n');
    expect(cli(['check', '-'], { input }).stdout).toBe(
      '-: nothing found in 1 tc command\nread as a tc -batch file\nnote: line 1: "stab" is not modelled here\n',
    );
    expect(cli(['check', '-'], { input }).status).toBe(0);
    expect(cli(['check', '-', '--strict'], { input }).status).toBe(3);
    const { runs } = JSON.parse(cli(['check', '-', '--format', 'sarif'], { input }).stdout);
    expect(runs[0].results).toEqual([]);
    const [note] = runs[0].invocations[0].toolExecutionNotifications;
    expect(note.message.text).toBe('"stab" is not modelled here');
    expect(note.locations[0].physicalLocation.region).toEqual({
      startLine: 1,
      startColumn: 35,
      endLine: 1,
      endColumn: 39,
    });
  });

  test('names every line, also those of which not everything is printed', () => {
    const pair = (n: number): string => `qdisc add dev eth${n} root handle 1: sfq
filter add dev eth${n} parent 1: protocol all prio 1 handle 1 flow hash keys nfct-src divisor 2048`;
    const input = Buffer.from([1, 2, 3, 4, 5].map(pair).join('\n'));
    expect(cli(['check', '-'], { input }).stdout).toContain('FT004: 2 more like line 2, in lines 8, 10\n');
  });

  test('as SARIF names its rules and the region', () => {
    const { stdout } = cli(['check', file('sarif.sh', SCRIPT), '--format', 'sarif']);
    const { version, runs } = JSON.parse(stdout);
    expect(version).toBe('2.1.0');
    const [result] = runs[0].results;
    expect(runs[0].tool.driver.rules[result.ruleIndex].id).toBe('FT001');
    expect(result).toMatchObject({ ruleId: 'FT001', level: 'error' });
    expect(result.locations[0].physicalLocation.region).toEqual({
      startLine: 5,
      startColumn: 43,
      endLine: 5,
      endColumn: 47,
    });
  });

  test('with --fix writes the corrected script beside it, which is then clean', () => {
    const name = file('mend.sh', SCRIPT);
    const fixed = join(dirname(name), 'mend.fixed.sh');
    const { stdout } = cli(['check', name, '--fix']);
    expect(stdout).toContain(`1 fix written to ${fixed}`);
    expect(readFileSync(name, 'utf8')).toBe(SCRIPT);
    expect(readFileSync(fixed, 'utf8').split('\n')[4]).toBe(FIXED);
    expect(statSync(fixed).mode).toBe(statSync(name).mode);
    expect(cli(['check', fixed]).status).toBe(0);
  });

  test('with --fix shows the change as a diff', () => {
    const name = file('shown.sh', SCRIPT);
    const { stdout } = cli(['check', name, '--fix']);
    // As diff -u prints it, without the times.
    expect(stdout).toContain(`--- ${name}
+++ ${name}
@@ -2,4 +2,4 @@
 tc qdisc add dev eno1 root handle 1: htb default 10
 tc class add dev eno1 parent 1: classid 1:10 htb rate 50mbit
 tc qdisc add dev eno1 parent 1:10 handle 10: sfq
-tc filter add dev eno1 protocol ip parent 1:10 handle 20 flow hash keys src,dst divisor 1024
+${FIXED}
`);
    expect(cli(['check', name, '--fix', '--force', '--format', 'json']).stdout).not.toContain('+++');
  });

  test('with --fix --in-place writes the script itself, keeps the old one, and replaces no other file', () => {
    const name = file('place.sh', SCRIPT);
    chmodSync(name, 0o750);
    const kept = `${name}.orig`;
    expect(cli(['check', name, '--fix', '--in-place']).stdout).toContain(`1 fix written to ${name}\n`);
    expect(readFileSync(kept, 'utf8')).toBe(SCRIPT);
    expect(readFileSync(name, 'utf8').split('\n')[4]).toBe(FIXED);
    expect([name, kept].map((one) => statSync(one).mode & 0o777)).toEqual([0o750, 0o750]);
    expect(existsSync(join(dirname(name), 'place.fixed.sh'))).toBe(false);
    expect(cli(['check', name, '--fix', '--in-place'])).toMatchObject({ status: 0 });

    writeFileSync(name, SCRIPT.replace('50mbit', '60mbit'));
    const refused = cli(['check', name, '--fix', '--in-place']);
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining(`${kept}: is there already`) });
    expect(readFileSync(name, 'utf8')).toContain('60mbit');
    expect(readFileSync(kept, 'utf8')).toBe(SCRIPT);
    expect(cli(['check', name, '--fix', '--in-place', '--force']).status).toBe(1);
    expect(readFileSync(kept, 'utf8')).toContain('60mbit');
  });

  test('with --in-place leaves alone what it could not write as it was', () => {
    const bytes = Buffer.concat([Buffer.from(SCRIPT), Buffer.from([0x23, 0xff, 0x0a])]);
    const name = file('latin1.sh', bytes);
    const { status, stderr } = cli(['check', name, '--fix', '--in-place']);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('no plain UTF-8 text') });
    expect(readFileSync(name)).toEqual(bytes);
    expect(existsSync(`${name}.orig`)).toBe(false);
    expect(cli(['check', name, '--in-place']).stderr).toContain('--in-place: goes with --fix only');
  });

  test('with --fix and nothing to mend writes nothing', () => {
    const name = file('right.sh', CLEAN);
    const said = '--fix: nothing to mend, no copy written';
    expect(cli(['check', name, '--fix'])).toMatchObject({ status: 0, stdout: expect.stringContaining(`; ${said}\n`) });
    expect(cli(['check', name, '--fix', '--format', 'json']).stderr).toBe(`cls-flow: ${said}\n`);
    const unmended = file('unmended.sh', 'tc qdisc add dev eth0 root handle 1: nosuch\n');
    expect(cli(['check', unmended, '--fix'])).toMatchObject({
      status: 1,
      stdout: expect.stringContaining(`1 error; ${said}\n`),
    });
    expect(existsSync(join(dirname(name), 'right.fixed.sh'))).toBe(false);
  });

  test('speaks of --hosts only where flow filters could be judged by it', () => {
    const hint = 'with --hosts N the buckets are judged too';
    const wrong = 'qdisc add dev eth1 root handle 1: nosuch\n';
    const printed = (text: string): string => cli(['check', '-'], { input: Buffer.from(text) }).stdout;
    expect(printed(wrong)).not.toContain(hint);
    const flow = 'filter add dev eth0 parent 1: protocol all handle 1 flow map key dst and 7\n';
    expect(printed(`${wrong}qdisc add dev eth0 root handle 1: sfq\n${flow}`)).toContain(hint);
  });

  test('exits 0 where nothing is as bad as --fail-on', () => {
    const input = Buffer.from(
      `${CLEAN}filter add dev eth0 parent 1: handle 1 flow hash keys mark divisor 8 perturb 9\n`,
    );
    const statuses = ['error', 'warning', 'advice'].map(
      (severity) => cli(['check', '-', '--fail-on', severity], { input }).status,
    );
    expect(statuses).toEqual([0, 0, 1]);
  });

  test('exits 2 where there is nothing to check: no such file, no tc command, half a dump', () => {
    const statuses = ['/nowhere/qos.sh', file('empty.sh', 'echo\n'), file('dump.json', '[{"kind":"flow"')].map(
      (name) => cli(['check', name]).status,
    );
    expect(statuses).toEqual([2, 2, 2]);
  });

  test('counts the lines of a batch file that hold variables, and says of a script which variable has no value', () => {
    const { status, stdout } = cli(['check', '-'], { input: Buffer.from(`${CLEAN}tc class add dev $DEV parent 1:\n`) });
    expect(status).toBe(0);
    expect(stdout).toContain('1 tc line holds variables and could not be checked, the first is line 2');
    expect(stdout).toContain('cls-flow record');
    const all = cli(['check', '-'], { input: Buffer.from('tc qdisc add dev $DEV root sfq\n') });
    expect(all.status).toBe(1);
    expect(all.stdout).toContain('assumed: line 1: $DEV → not set, so it is empty; --env DEV=VALUE gives it');
  });

  test('names what it took the text for where neither the name nor the first line says so', () => {
    const kind = (name: string, text: string): string =>
      cli(['check', file(name, text)])
        .stdout.split('\n')
        .find((line) => line.startsWith('read as')) ?? '';
    expect(kind('kind', CLEAN)).toBe('read as a tc -batch file');
    expect(kind('kind.sh', CLEAN)).toBe('read as a tc -batch file');
    expect(kind('kind.tc', CLEAN)).toBe('');
    expect(kind('kind.conf', `tc ${CLEAN}`)).toBe('read as a shell script');
    expect(kind('kind.run', `#!/bin/sh\ntc ${CLEAN}`)).toBe('');
    expect(kind('kind.txt', '[{"kind":"flow","options":{"handle":"0x1","mode":"map","keys":["mark"]}}]')).toBe(
      'read as what tc -j … show prints',
    );
  });

  test('judges a namespace by itself', () => {
    const script = `#!/bin/sh
tc -n lab qdisc add dev eth0 root handle 1: sfq
tc -n lab filter add dev eth0 parent 1: protocol all handle 1 flow hash keys nfct-src divisor 2048
`;
    const { stdout } = cli(['check', file('netns.sh', script)]);
    expect(stdout).toContain('netns.sh:3  FT004');
    expect(stdout).not.toContain('assumed');
  });

  test('judges the number of buckets where it is told the number of hosts', () => {
    const input = Buffer.from(`${CLEAN}filter add dev eth0 parent 1: handle 1 flow hash keys src divisor 8\n`);
    const codes = (...more: string[]): string[] =>
      JSON.parse(cli(['check', '-', '--format', 'json', ...more], { input }).stdout).findings.map(
        ({ code }: { code: string }) => code,
      );
    expect(codes()).not.toContain('FT017');
    expect(codes('--hosts', '8')).toContain('FT017');
    expect(codes('--hosts', '10.0.0.0/29,10.0.0.1')).toEqual(codes('--hosts', '6'));
    expect(codes('--hosts', '10.0.0.0/29,2001:db8::/62')).toContain('FT017');
    expect(cli(['check', '-', '--hosts', 'many'], { input }).status).toBe(2);
  });

  test('lets no control character of a script reach the terminal', () => {
    const input = Buffer.from(`${CLEAN}filter add dev eth0 parent 1: handle 1 flow map key \u001b[31mdst\n`);
    const { stdout } = cli(['check', '-'], { input });
    expect(stdout).toContain('SYNTAX');
    expect(stdout).not.toContain('\u001b');
  });
});
