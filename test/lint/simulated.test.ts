import { describe, expect, test } from 'vitest';
import { simulateScript } from '../../src/api/index.ts';
import { type CheckedFinding, checkSimulated, mended, mendedFiles } from '../../src/lint/index.ts';
import type { SimulatedCommand } from '../../src/shell/index.ts';
import { NAME, Run, turn } from './run.ts';

const found = (run: Run): readonly CheckedFinding[] => checkSimulated(run.simulated).findings;
const short = (run: Run): string[] =>
  found(run).map(({ code, file, line, turns }) => `${code} ${file ?? ''}${line}${turns > 1 ? ` x${turns}` : ''}`);
const fixed = (run: Run, file: string | null = null): string =>
  mended(run.texts.get(file ?? NAME) ?? '', checkSimulated(run.simulated), file).text;

const SFQ = '$TC qdisc add dev $IF root handle 1: sfq';
const TOO_MANY = '$TC filter add dev $IF parent 1: protocol all handle 1 flow hash keys nfct-src divisor 2048';
const VALUES = { $TC: 'tc', $IF: 'eth0' };

describe('a simulated run', () => {
  test('has its findings at the words of the script', () => {
    const run = new Run(`#!/bin/sh\nIF=eth0\n${SFQ}\n  ${TOO_MANY} # why\n`).ran(SFQ, VALUES).ran(TOO_MANY, VALUES);
    const [finding] = found(run);
    expect(finding).toMatchObject({ code: 'FT004', file: null, line: 4, column: 90, endLine: 4, endColumn: 94 });
    expect(finding?.fix).toBe(
      '$TC filter add dev eth0 parent 1: protocol all handle 1 flow hash keys nfct-src divisor 1024',
    );
    expect(fixed(run)).toBe(`#!/bin/sh\nIF=eth0\n${SFQ}\n  ${TOO_MANY.replace('2048', '1024')} # why\n`);
  });

  test('has them in the files that the script reads, by their names', () => {
    const sourced = `# tools\n${TOO_MANY}\n`;
    const run = new Run(`. ./lib.sh\n${SFQ}\n`, {}, { 'lib.sh': sourced })
      .ran(SFQ, VALUES)
      .ran(TOO_MANY, VALUES, { file: 'lib.sh' });
    expect(short(run)).toEqual(['FT004 lib.sh2']);
    expect(mendedFiles(checkSimulated(run.simulated))).toEqual(['lib.sh']);
    expect(fixed(run, 'lib.sh')).toBe(sourced.replace('2048', '1024'));
    expect(fixed(run)).toBe(run.texts.get(NAME));
  });

  test('proposes a change of words that a variable made, and edits nothing', () => {
    const filter = TOO_MANY.replace('2048', '$N');
    const values = { ...VALUES, $N: '2048' };
    const run = new Run(`${SFQ}\n${filter}\n`).ran(SFQ, VALUES).ran(filter, values);
    const [finding] = found(run);
    expect(finding).toMatchObject({ code: 'FT004', line: 2, column: 88, endColumn: 90, changes: [] });
    expect(finding?.fix).toContain('divisor 1024');
    expect(fixed(run)).toBe(run.texts.get(NAME));
  });

  test('puts words beside those of a variable, but never between them', () => {
    const filter = 'tc filter add dev eth0 parent 1: protocol all $KIND keys nfct-src divisor 8';
    const one = new Run(`${SFQ}\n${filter}\n`).ran(SFQ, VALUES).ran(filter, { $KIND: 'flow hash' });
    expect(fixed(one)).toBe(`${SFQ}\n${filter.replace('$KIND', 'handle 1 $KIND')}\n`);
    const two = new Run(`${SFQ}\n${filter}\n`).ran(SFQ, VALUES).ran(filter, { $KIND: 'prio 1 flow hash' });
    expect(found(two)).toMatchObject([{ code: 'FT002', changes: [] }]);
  });

  test('stands at the command where a word is written nowhere', () => {
    const filter = 'tc filter add dev eth0 parent 1: protocol all handle 1 flow hash keys nfct-src divisor 2048';
    const run = new Run(`${SFQ}\n${filter}\n`).ran(SFQ, VALUES).ran(filter);
    const [qdisc, last] = run.commands;
    const words = (last?.words ?? []).map((word) => ({ ...word, place: null, literal: false }));
    const simulated = { ...run.simulated, commands: [qdisc, { ...last, words }] as SimulatedCommand[] };
    const [finding] = checkSimulated(simulated).findings;
    expect(finding).toMatchObject({ code: 'FT004', line: 2, column: 1, endColumn: filter.length + 1, changes: [] });
    expect(finding?.fix).toBe(filter.replace('2048', '1024'));
  });

  test('expects what the script expects: no finding, but for what is wrong with the words themselves', () => {
    const again = 'tc qdisc add dev eth0 root handle 1: sfq';
    const gone = 'tc qdisc del dev eth1 root';
    const nameless = 'tc filter add dev eth0 parent 1: protocol all flow hash keys nfct-src divisor 8';
    const run = (mayFail: boolean): Run =>
      new Run(`${gone}\n${SFQ}\n${again}\n${nameless}\n`)
        .ran(gone)
        .ran(SFQ, VALUES)
        .ran(again, {}, { mayFail })
        .ran(nameless, {}, { mayFail });
    expect(short(run(false))).toEqual(['REFUSED 3', 'FT002 4']);
    expect(short(run(true))).toEqual(['FT002 4']);
  });

  test('hears comments that silence a line in the file where they stand', () => {
    const sourced = `# cls-flow: ignore FT004\n${TOO_MANY}\n`;
    const run = new Run(`# cls-flow: ignore FT001\n${SFQ}\n`, {}, { 'lib.sh': sourced })
      .ran(SFQ, VALUES)
      .ran(TOO_MANY, VALUES, { file: 'lib.sh' });
    expect(short(run)).toEqual([]);
  });

  test('knows what other tools did', () => {
    const lines = [
      'ip link add $IFB type ifb',
      'tc qdisc add dev eth0 ingress',
      'tc filter add dev eth0 parent ffff: protocol all matchall action mirred egress redirect dev $IFB',
    ];
    const up = 'ip link set $IFB up';
    const values = { $IFB: 'ifb4eth0' };
    const run = new Run([...lines, up].join('\n'));
    for (const line of lines) run.ran(line, values);
    expect(short(run)).toEqual(['FT036 3']);
    expect(short(run.ran(up, values))).toEqual([]);
    expect(checkSimulated(run.simulated).script.tools.at(-1)).toMatchObject({
      tool: 'ip',
      words: ['link', 'set', 'ifb4eth0', 'up'],
      place: { line: 4, file: null },
    });
  });
});

describe('turns of a loop', () => {
  const loop = (filter: string, values: (i: number) => Readonly<Record<string, string>>): Run => {
    const run = new Run(`for i in 1 2 3; do\n  ${SFQ}\n  ${filter}\ndone\n`);
    for (const i of [1, 2, 3]) {
      const own = { ...values(i), $TC: 'tc', $IF: `eth${i}` };
      run.ran(SFQ, own, { loops: [turn('i', i)] }).ran(filter, own, { loops: [turn('i', i)] });
    }
    return run;
  };

  test('are one finding, with their number and the values of the first', () => {
    const run = loop(TOO_MANY, () => ({}));
    expect(found(run)).toMatchObject([{ code: 'FT004', line: 3, turns: 3, loops: [turn('i', 1)] }]);
    expect(fixed(run)).toContain(`  ${TOO_MANY.replace('2048', '1024')}\n`);
    expect(mended('', checkSimulated(run.simulated)).fixes).toBe(1);
  });

  test('of which some are right leave the text as it is', () => {
    const filter = TOO_MANY.replace('nfct-src', '$KEY').replace('protocol all', 'protocol $P').replace('2048', '8');
    const run = loop(`${filter} perturb 10`, (i) => ({ $KEY: 'nfct-src', $P: i === 2 ? 'all' : 'ip' }));
    expect(found(run).filter(({ code }) => code === 'FT011')).toMatchObject([{ turns: 2, changes: [] }]);
    const literal = TOO_MANY.replace('parent 1:', '$PARENT');
    const mixed = loop(literal, (i) => ({ $PARENT: i === 2 ? 'parent 7:' : 'parent 1:' }));
    expect(found(mixed).filter(({ code }) => code === 'FT004')).toMatchObject([{ turns: 2, changes: [] }]);
    expect(fixed(mixed)).toBe(mixed.texts.get(NAME));
  });

  test('that are run again with the same words count once', () => {
    const stop = 'tc qdisc del dev $IF root';
    const run = new Run(`${SFQ}\n${stop}\n${TOO_MANY}\n`);
    run.ran(SFQ, VALUES).ran(TOO_MANY, VALUES).ran(stop, VALUES).ran(SFQ, VALUES).ran(TOO_MANY, VALUES);
    expect(short(run)).toEqual(['FT004 3']);
    expect(fixed(run)).toContain('divisor 1024');
  });

  test('keep several findings of one turn apart', () => {
    const words = 'tc filter add dev eth0 parent 1: protocol all handle 1 flow hash keys src,src,dst,dst divisor 8';
    const apart = new Run(`${SFQ}\n${words}\n`).ran(SFQ, VALUES).ran(words);
    const codes = found(apart).map(({ code, turns }) => `${code} ${turns}`);
    expect(codes.every((code) => code.endsWith(' 1'))).toBe(true);
    expect(codes.length).toBeGreaterThan(0);
  });
});

describe('a loop that was run', () => {
  const run = (line: string, values: readonly string[]): string[] => {
    const made = new Run(`tc qdisc add dev eth0 root handle 1: drr\nfor i in …; do\n  ${line}\ndone\n`);
    made.ran('tc qdisc add dev eth0 root handle 1: drr');
    for (const value of values) {
      const words = Object.fromEntries(line.split(' ').flatMap((word) => asTurn(word, value)));
      made.ran(line, words, { loops: [turn('i', value)] });
    }
    return short(made);
  };
  const asTurn = (word: string, value: string): [string, string][] =>
    word.includes('$i') ? [[word, word.replace('$i', value)]] : [];
  const numbers = (base: number): string[] => Array.from({ length: 18 }, (_, i) => (i + 1).toString(base));

  test('and counted in decimal is found, and one that counted in hexadecimal is not', () => {
    const line = 'tc class add dev eth0 parent 1: classid 1:$i drr';
    expect(run(line, numbers(10))).toContain('FT007 3');
    expect(run(line, numbers(16)).filter((one) => one.startsWith('FT007'))).toEqual([]);
  });

  test.each([
    ['tc filter replace dev eth0 parent 1: protocol all prio 1 handle 1 fw classid 1:$i', true],
    ['tc qdisc replace dev eth1 root handle $i: pfifo', true],
    ['tc class replace dev eth0 parent 1: classid 1:1 drr quantum $i', true],
    ['tc filter replace dev eth0 parent 1: protocol all pref $i handle 1 fw classid 1:1', false],
    ['tc qdisc replace dev eth$i root pfifo', false],
    ['tc class replace dev eth0 parent 1: classid 1:$i drr', false],
    ['tc qdisc replace dev eth1 root pfifo', false],
    ['tc filter replace dev eth0 parent 1: protocol all prio 1 matchall classid 1:$i', false],
  ])('and replaced what it made is found, if what it made differs: %s', (line, isFound) => {
    expect(run(line, ['1', '2', '3']).filter((one) => one.startsWith('FT037'))).toEqual(isFound ? ['FT037 3'] : []);
  });
});

describe('what no run reached', () => {
  const filter = 'tc filter add dev eth0 parent 1: protocol all flow hash keys nfct-src divisor 8';
  const hidden = 'tc class add dev eth0 parent 1: classid 1:$i drr';
  const text = `${SFQ}\ncase $1 in stop)\n  ${filter}\n  ${hidden}\nesac\n`;

  test('is judged by itself where its words are plain, and else not checked', () => {
    const run = new Run(text).ran(SFQ, VALUES);
    const why = 'no run reached it';
    const unchecked = [filter, hidden].map((line) => ({ place: run.place(line), why }));
    const report = checkSimulated({ ...run.simulated, unchecked });
    expect(report.findings).toMatchObject([{ code: 'FT002', line: 3, column: 49, file: null }]);
    expect(report.unchecked).toEqual([
      { file: null, line: 4, column: 3, endLine: 4, endColumn: 3 + hidden.length, length: hidden.length, why },
    ]);
    expect(mended(text, report).text).toBe(text.replace('all flow', 'all handle 1 flow'));
    expect(report.assumed).toEqual([]);
  });
});

describe('a script that dies', () => {
  const SECOND = 'tc class add dev eth0 parent 1: classid 1:1 drr';
  const DRR = 'tc qdisc add dev eth0 root handle 1: drr';
  const ends = async (text: string) => {
    const { findings, unchecked } = checkSimulated(await simulateScript({ text }));
    const told = findings.map(({ code, severity, line, message, effect }) => ({
      is: `${code} ${severity} ${line}`,
      text: `${message}; ${effect}`,
    }));
    return { told, unchecked };
  };

  test.each([
    [
      ['set -u', DRR, 'tc class add dev $LOCAL parent 1: classid 1:2 drr', SECOND],
      'FT040 warning 3',
      'the script ends here: LOCAL is not set; 1 tc command behind it is never run; --env LOCAL=VALUE gives it a value',
    ],
    [
      [DRR, `: \${DEV:?give the device}`, SECOND],
      'FT040 warning 2',
      'the script ends here: DEV: give the device; 1 tc command behind it is never run; --env DEV=VALUE gives it a value',
    ],
    [
      [DRR, `: \${1:?}`, SECOND],
      'FT040 warning 2',
      'the script ends here: $1 is not set; 1 tc command behind it is never run; arguments for the script go behind --',
    ],
    [
      ['set -e', DRR, 'false', SECOND, `${SECOND.replace('1:1', '1:2')}`],
      'FT040 warning 3',
      'the script ends here: set -e: exit status 1; 2 tc commands behind it are never run',
    ],
  ])('is found where it ends, with what is lost and the way out: %j', async (lines, is, text) => {
    expect((await ends(lines.join('\n'))).told).toEqual([{ is, text }]);
  });

  test('at a syntax error has an error; what ends it before that comes first', async () => {
    const [found, ...others] = (await ends(`${DRR}\nif true; then\n${SECOND}\n`)).told;
    expect(others).toEqual([]);
    expect(found?.is).toMatch(/^FT040 error /);
    expect(found?.text).toMatch(/: syntax error: .*; the shell reads no further: 1 tc command is never run$/);
    const earlier = await ends(`set -u\n${DRR}\necho $NO\nif true; then\n${SECOND}\n`);
    expect(earlier.told.map(({ is }) => is)).toEqual(['FT040 warning 3']);
  });

  test('of a refusal is told there, once, also where a function runs tc', async () => {
    const wrong = 'tc class add dev eth0 parent 2: classid 1:1 drr';
    const end = '; the script ends here (set -e): 1 tc command behind it is never run';
    const { told } = await ends(`set -e\n${DRR}\n${wrong}\n${SECOND}\n`);
    expect(told.map(({ is }) => is)).toEqual(['REFUSED error 3']);
    expect(told[0]?.text).toContain(end);
    const run = await ends(`set -e\nrun() { "$@"; }\nrun ${DRR}\nrun ${wrong}\nrun ${SECOND}\n`);
    expect(run.told.map(({ is }) => is)).toEqual(['REFUSED error 4']);
    expect(run.told[0]?.text).toContain(end);
    // The script hides what tc says, but it ends all the same.
    const quiet = await ends(`set -e\n${DRR}\n${wrong} 2>/dev/null\n${SECOND}\n`);
    expect(quiet.told.map(({ is }) => is)).toEqual(['FT040 warning 3']);
  });

  test('in a namespace is found once', async () => {
    const text = `set -e\n${DRR}\nfalse\nip netns add lab\ntc -n lab qdisc add dev eth0 root sfq perturb 10\n`;
    expect((await ends(text)).told.map(({ is }) => is)).toEqual(['FT040 warning 3']);
  });

  test('by a limit of ours has no finding: what stands behind it is not checked', () => {
    const run = new Run(`${SFQ}\nwhile :; do :; done\n`, {}).ran(SFQ, VALUES);
    const ended = { place: run.place('while'), why: 'more than 2 steps', kind: 'limit', commands: 1 } as const;
    const report = checkSimulated({ ...run.simulated, ended });
    expect(report.findings).toEqual([]);
    expect(report.unchecked).toMatchObject([{ file: null, line: 2, why: 'we stopped: more than 2 steps' }]);
  });
});
