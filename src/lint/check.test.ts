import { describe, expect, test } from 'vitest';
import { FormatError } from '../errors.ts';
import { check, mended } from './index.ts';

const SFQ = 'tc qdisc add dev eth0 root handle 1: sfq';
const found = (text: string) => check(text).findings;
const places = (text: string) => found(text).map(({ code, line, column, length }) => [code, line, column, length]);

describe('a finding', () => {
  test('stands at the word it is about, also behind a continued line', () => {
    const script = `#!/bin/sh\n${SFQ}\n  sudo tc filter add dev eth0 \\\n    parent 1: protocol ip handle 1 \\\n    flow hash keys src divisor 8\n`;
    expect(places(script)).toEqual([['FT011', 4, 24, 2]]);
  });

  test.each([
    ["basic match 'meta(rxhash gt 5)' classid 1:2", "'meta(rxhash gt 5)'"],
    ['basic match meta(rxhash gt 5)', 'meta(rxhash'],
    ['basic match meta(fwmark eq 1) and meta(rxhash gt 5) flowid 1:2', 'meta(rxhash'],
    ["basic match 'nosuch(3)' flowid 1:2", "'nosuch(3)'"],
    ['handle 1 flow hash keys dst match nosuch(3) divisor 4', 'nosuch(3)'],
    ['fw classid 1:2', 'fw'],
    ['handle 1 flow hash divisor 4', 'flow'],
    ['handle 1 flow map key dst perturb 5', '5'],
  ])('underlines the word that is wrong: %s', (words, underlined) => {
    const line = `tc filter add dev eth0 parent 1: protocol all prio 1 ${words}`;
    const [finding] = found(`${SFQ}\n${line}\n`).filter(({ refusedBy }) => refusedBy !== null);
    expect(line.slice((finding?.column ?? 0) - 1).slice(0, finding?.length)).toBe(underlined);
  });

  test('is silenced on its line, by a comment behind it or alone above it', () => {
    const filter = 'tc filter add dev eth0 parent 1: protocol ip handle 1 flow hash keys src divisor 8';
    expect(places(`${SFQ}\n${filter}  # cls-flow: ignore FT011\n`)).toEqual([]);
    expect(places(`${SFQ}\n# cls-flow: ignore FT016, FT011\n${filter}\n`)).toEqual([]);
    expect(places(`${SFQ} # cls-flow: ignore FT011\n${filter}\n`)).toHaveLength(1);
    expect(places(`${SFQ}\n${filter}  # cls-flow: ignore FT012\n`)).toHaveLength(1);
  });

  test('is not made of what variables hide: classes that a loop makes are not missing', () => {
    const loop = 'for i in $(seq 1 8); do\ntc class add dev eth0 parent 1: classid 1:$i drr\ndone\n';
    const filter = 'tc filter add dev eth0 parent 1: handle 1 flow map key src and 7 divisor 8\n';
    const drr = 'tc qdisc add dev eth0 root handle 1: drr\n';
    expect(check(drr + loop + filter).script.unexpanded).toHaveLength(1);
    expect(found(drr + loop + filter).filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(found(drr + filter).map(({ code }) => code)).toContain('FT005');
  });

  test('tells of a loop that counts in decimal where tc reads hexadecimal', () => {
    const loop = (last: number): string =>
      `for i in $(seq 1 ${last})\ndo\ntc class add dev eth0 parent 1: classid 1:$i drr\ndone\n`;
    expect(places(loop(12))).toEqual([['FT007', 3, 41, 4]]);
    expect(places(loop(9))).toEqual([]);
  });

  test('is about what a script sets up, though it can take it down again', () => {
    const stop = 'stop() {\n  tc qdisc del dev eth0 root 2>/dev/null\n}\n';
    const start = `start() {\n  ${SFQ}; tc filter add dev eth0 parent 1: protocol ip handle 1 flow map key src and 7;\n}\n`;
    const { length } = `  ${SFQ}; tc filter add dev eth0 parent 1: protocol `;
    expect(places(stop + start)).toEqual([['FT011', 5, length + 1, 2]]);
    expect(places(start + stop)).toEqual([['FT011', 2, length + 1, 2]]);
  });

  test('is advice where a branch of the script may have been taken for both', () => {
    const both = (between: string): string => `if true; then\n${SFQ}\n${between}\n${SFQ}\nfi\n`;
    expect(found(both('else'))).toMatchObject([{ code: 'REFUSED', severity: 'advice' }]);
    expect(found(both('true'))).toMatchObject([{ code: 'REFUSED', severity: 'error' }]);
  });

  test("is not made of tc's own options, nor of batches elsewhere", () => {
    expect(
      places(`tc -force ${SFQ.slice(3)}\ntc -s qdisc show dev eth0\ntc -b other.tc\ntc -n lan qdisc show\n`),
    ).toEqual([]);
  });

  test('is advice where a line shows or deletes what is not there', () => {
    expect(found('tc -s qdisc show dev eth0\n')).toMatchObject([
      { code: 'SYNTAX', severity: 'advice', refusedBy: 'tc' },
    ]);
    expect(found(`${SFQ}\ntc filter del dev eth0 parent 1: prio 7\n`)).toMatchObject([
      { code: 'REFUSED', severity: 'advice', line: 2, refusedBy: 'kernel' },
    ]);
  });

  test.each([
    ['tc qdisc add dev eth1 root handle 1: htb defualt 10', 'defualt', 'default'],
    ['tc qdisc add dev eth1 root handle 1: sfq pertub 10', 'pertub', 'perturb'],
    ['tc qdisc add dve eth1 root handle 1: sfq', 'dve', 'dev'],
    ['tc qdisc add dev eth1 root handle 1: fq_codle', 'fq_codle', 'fq_codel'],
    ['tc qdisc add dev eth1 root handle 1: tbf rate 50mbits burst 15k latency 50ms', '50mbits', '50mbit'],
    ['tc qdisc add dev eth1 root handle 1: fq_codel target 5mss', '5mss', '5ms'],
    ['tc qdsic add dev eth1 root handle 1: sfq', 'qdsic', 'qdisc'],
    ['tc filter add dev eth0 parent 1: flow hash keys src,proto-srcs divisor 8', 'src,proto-srcs', 'src,proto-src'],
    ['tc filter add dev eth0 parent 1: u32 match ip scr 192.0.2.1 flowid 1:1', 'scr', 'src'],
    ['tc filter add dev eth0 parent 1: matchall action mired egress redirect dev ifb0', 'mired', 'mirred'],
  ])('names the word that was meant, stands at the one that was typed, and mends it: %s', (line, typed, meant) => {
    const [finding] = found(`${SFQ}\n${line}\n`).filter(({ line, refusedBy }) => line === 2 && refusedBy !== null);
    expect(finding?.effect).toContain(`did you mean "${meant}"?`);
    expect(line.slice((finding?.column ?? 0) - 1).slice(0, finding?.length)).toBe(typed);
    expect(finding?.fix).toBe(line.replace(typed, meant));
  });

  test.each([
    ['several words are as near', 'qdisc add dev eth0 root handle 1: sfq quantum 20kk', '"20k" or "20kb"?'],
    ['bytes may have been meant for bits', 'qdisc add dev eth0 root handle 1: tbf rate 5Mbps/s burst 15k', '"5mbps"?'],
  ])('mends nothing where %s', (_, line, meant) => {
    const [finding] = found(line);
    expect(finding?.effect).toContain(`did you mean ${meant}`);
    expect(finding?.fix).toBeNull();
  });

  test.each([
    'qdisc add dev eth0 root handle 1: hfsc default 1 sfq',
    'filter add dev eth0 parent 1: protocol all flow map key dst-192.0.2.0',
    'class add dev eth0 parent 1: classid 1:1 hfsc sc rate 7bit',
    'qdisc add dev eth0 root handle 1: sfq perturb 10s',
    'qdisc add dev eth0 root handle 1: sfq perturb 10secz',
    'filter add dev eth0 protocol ip protocol ip parent 1: matchall',
  ])('guesses nothing where no word is near, or the words are right: %s', (line) => {
    const [finding] = found(line);
    expect(finding).toMatchObject({ code: 'SYNTAX', fix: null });
    expect(finding?.effect).not.toContain('did you mean');
  });

  test('judges the rest of a script with the word that was meant', () => {
    const script =
      'qdisc add dev eth0 root handle 1: htb defualt 20\nclass add dev eth0 parent 1: classid 1:10 htb rate 5mbit\n';
    expect(found(script).map(({ code, line }) => `${code} ${line}`)).toContain('FT032 1');
  });

  test('guesses at the words of the first lines only where a script is no script', () => {
    const lines = Array.from({ length: 201 }, () => 'qdisc add dev eth0 root handle 1: htb defualt 10');
    expect(found(lines.join('\n')).filter(({ effect }) => effect.includes('did you mean'))).toHaveLength(200);
  });

  test('says what to use instead of esfq, which is in no kernel', () => {
    const esfq = (words: string) => found(`qdisc add dev lan0 root ${words}\n`)[0];
    expect(esfq('handle 7: esfq hash dst perturb 10')).toMatchObject({ code: 'SYNTAX', fix: null });
    expect(esfq('handle 7: esfq hash dst perturb 10')?.effect).toContain(
      'use "sfq perturb 10" and "tc filter add dev lan0 parent 7: protocol all prio 1 handle 1 flow hash keys dst divisor 1024"',
    );
    expect(esfq('esfq hash fwmark limit 64 divisor 11')?.effect).toContain(
      'use "sfq limit 64" with "handle 1:" and "tc filter add dev lan0 parent 1: protocol all prio 1 handle 1 flow hash keys mark',
    );
    expect(esfq('esfq')?.effect).toContain('use "sfq", which a flow filter below it gives other hash keys');
    const filter = 'qdisc add dev eth0 root handle 1: htb\nfilter add dev eth0 parent 1: esfq hash dst\n';
    expect(found(filter).every(({ effect }) => !effect.includes('patch'))).toBe(true);
  });

  test.each([
    ['sfq divisor 1000', '1000', 'a power of two'],
    ['sfq quantum 600k', '600k', '262136 bytes'],
    ['prio bands 17', '17', '2 to 16 bands'],
    ['prio bands 2', '2', 'priomap'],
    ['fq_codel flows 70000', '70000', '1 to 65536 flows'],
    ['fq buckets 1', '1', '2 to 262144 buckets'],
    ['tbf rate 1mbit burst 15k latency 50ms peakrate 500kbit mtu 1540', '500kbit', 'above the rate'],
  ])("gives the kernel's rule where tc prints no more than an errno: %s", (kind, word, rule) => {
    const line = `qdisc add dev eth0 root handle 1: ${kind}`;
    const [finding] = found(line);
    expect(finding).toMatchObject({ code: 'REFUSED', message: 'RTNETLINK answers: Invalid argument' });
    expect(finding?.effect).toContain(rule);
    expect(line.slice((finding?.column ?? 0) - 1).slice(0, finding?.length)).toBe(word);
  });

  test.each([
    ['htb', 'parent 1: classid 2:1 htb rate 1mbit', "the qdisc's number"],
    ['hfsc', 'parent 1: classid 2:1 hfsc sc rate 1mbit', "the qdisc's number"],
    ['drr', 'parent 1: classid 2:1 drr', "the qdisc's number"],
    ['sfq', 'parent 1: classid 1:1 htb rate 1mbit', 'makes its classes itself'],
  ])("gives the kernel's rule about classes: %s, %s", (kind, words, rule) => {
    const script = `qdisc add dev eth0 root handle 1: ${kind}\nclass add dev eth0 ${words}\n`;
    expect(found(script).find(({ code }) => code === 'REFUSED')?.effect).toContain(rule);
  });

  test('names who refuses the command, also where it is of a more particular kind', () => {
    const script = `${SFQ}\ntc filter add dev eth0 parent 1: protocol all flow hash keys mark divisor 8\n`;
    expect(found(script)).toMatchObject([{ code: 'FT002', refusedBy: 'kernel' }]);
    expect(found(`${SFQ}\ntc class add dev eth0 parent 1: sfq\n`)).toMatchObject([{ code: 'SYNTAX', refusedBy: 'tc' }]);
  });

  test('of a line that ends a batch counts the lines that tc -batch then never runs', () => {
    const lines = ['qdisc add dev eth0 handle x: root sfq', SFQ.slice(3), 'qdisc show dev eth0'];
    const [first, ...others] = found(lines.join('\n'));
    expect(first).toMatchObject({ code: 'SYNTAX', line: 1, refusedBy: 'tc' });
    expect(first?.effect).toContain('tc -batch ends here, also with -force: 2 commands below never run');
    expect(others).toEqual([]);
    expect(found(lines.map((line) => `tc ${line}`).join('\n'))[0]?.effect).not.toContain('-batch');
  });

  test('of a filter below a qdisc that the script does not make is about its words only', () => {
    const one = 'tc filter add dev eth0 parent 7: protocol ip handle 1 flow hash keys src\n';
    expect(places(`${one}${one}`)).toEqual([]);
    expect(places(one.replace('src', 'mar,mark'))).toEqual([['FT008', 1, 70, 8]]);
  });

  test('is not made where another classifier is at work', () => {
    const script = `${SFQ}\ntc filter add dev eth0 parent 1: protocol all prio 2 bpf object-file x.o\n`;
    expect(
      places(`${script}tc filter add dev eth0 parent 1: protocol ip prio 1 handle 1 flow hash keys src divisor 8`),
    ).toEqual([]);
  });
});

describe('every line is judged as tc judges it', () => {
  const short = (text: string) => found(text).map(({ line, code, severity }) => `${line} ${code} ${severity}`);
  const HTB = `qdisc add dev eth0 root handle 1: htb default 10
class add dev eth0 parent 1: classid 1:10 htb rate 10mbit
class add dev eth0 parent 1: classid 1:11 htb rate 10mbit`;

  test('whatever the classifier: words of u32', () => {
    const script = `${HTB}
filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip src 10.0.0.0/8 flwid 1:11
filter add dev eth0 parent 1: protocol ip prio 2 u32 match ip protocol tcp 0xff flowid 1:11
filter add dev eth0 parent 1: protocol all prio 3 handle 1 flow hash keys dst divisor 2 baseclass 1:10`;
    const errors = found(script).filter(({ severity }) => severity === 'error');
    expect(errors).toMatchObject([
      { line: 4, code: 'SYNTAX', refusedBy: 'tc', message: expect.stringContaining('What is "flwid"?') },
      { line: 5, code: 'SYNTAX', refusedBy: 'tc', message: expect.stringContaining('Illegal "match"') },
    ]);
  });

  test('whatever the classifier: one preference serves one protocol and one kind', () => {
    const script = `${HTB}
filter add dev eth0 parent 1: protocol ip prio 1 handle 1 fw classid 1:10
filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip src 10.0.0.1/32 classid 1:10
filter add dev eth0 parent 1: protocol ipv6 prio 1 u32 match ip src 10.0.0.1/32 classid 1:10
filter add dev eth0 parent 1: protocol ip prio 2 fw classid 1:10`;
    expect(short(script)).toEqual(['5 REFUSED error', '6 REFUSED error', '7 REFUSED error']);
  });

  test('on a shared block too, with the base class that it needs', () => {
    const script = `qdisc add dev eth0 ingress_block 22 ingress
qdisc add dev eth1 ingress_block 22 ingress
filter add block 22 protocol ip prio 1 handle 1 flow map key src and 0xff action ok`;
    const [first] = found(script).filter(({ severity }) => severity === 'error');
    expect(first).toMatchObject({ line: 3, code: 'REFUSED', refusedBy: 'kernel' });
    expect(first?.message).toContain('Must specify baseclass when attaching flow filter to block');
    const fix = 'filter add block 22 protocol ip prio 1 handle 1 flow baseclass ffff:1 map key src and 0xff action ok';
    expect(first?.fix).toBe(fix);
    expect(short(script.split('\n').with(2, fix).join('\n'))).toEqual([]);
  });

  test("clsact's ingress hook is ingress", () => {
    const script = `qdisc add dev eth0 clsact
filter add dev eth0 HOOK protocol all prio 1 handle 1 flow hash keys nfct-dst divisor 4 baseclass ffff:1 action ok`;
    expect(short(script.replace('HOOK', 'ingress'))).toContain('2 FT009 warning');
    expect(short(script.replace('HOOK', 'egress'))).not.toContain('2 FT009 warning');
    expect(short(script.replace('HOOK', 'ingress').replace('clsact', 'ingress_block 5 clsact'))).toEqual([
      '2 REFUSED error',
    ]);
  });
});

describe('a network namespace', () => {
  const FILTER = 'filter add dev eth0 parent 1: protocol all handle 1 flow hash keys nfct-src divisor 2048';
  const SFQ_LAB = 'qdisc add dev eth0 root handle 1: sfq';

  test.each([
    ['tc -n lab', 'tc -n lab'],
    ['ip netns exec lab tc', 'sudo ip net e "lab" sudo tc'],
    ['tc -force -netns lab', 'ip netns exec lab tc -s'],
  ])('has a tree of its own: %s and %s', (one, other) => {
    const script = `${one} ${SFQ_LAB}\n${other} ${FILTER}\n`;
    expect(places(script)).toEqual([['FT004', 2, expect.any(Number), 4]]);
    expect(found(script)[0]?.fix).toBe(`${other} ${FILTER.replace('2048', '1024')}`);
    // In the first namespace nothing stands on eth0.
    expect(check(`${one} ${SFQ_LAB}\ntc ${FILTER}\n`).assumed).toEqual(['qdisc add dev eth0 root handle 1: htb']);
    expect(places(`${SFQ}\n${one} ${SFQ_LAB}\n`)).toEqual([]);
    expect(places(`${one} ${SFQ_LAB}\n${other} ${SFQ_LAB}\n`)).toEqual([['REFUSED', 2, expect.any(Number), 2]]);
  });

  test('is named where something in it is assumed', () => {
    const { assumed, standing } = check('tc -n lab class add dev eth0 parent 1: classid 1:1 drr\n');
    expect(assumed).toEqual(['-n lab qdisc add dev eth0 root handle 1: drr']);
    expect(standing).toEqual(assumed);
  });
});

describe('a fix', () => {
  test('begins as the line does: with tc, with a variable for it, with nothing in a batch file', () => {
    const filter = 'filter add dev eth0 parent 1: protocol ip handle 1 flow hash keys src divisor 8';
    const fixes = ['tc ', 'sudo /sbin/tc ', '$TC ', ''].map((before) => found(`${SFQ}\n${before}${filter}\n`)[0]?.fix);
    const right = filter.replace('protocol ip', 'protocol all');
    expect(fixes).toEqual([`tc ${right}`, `sudo /sbin/tc ${right}`, `$TC ${right}`, right]);
  });

  test('holds what other findings of the command ask for too', () => {
    const command = 'tc filter add dev eth0 parent 1: protocol ip flow hash keys src divisor 2048';
    expect(new Set(found(`${SFQ}\n${command}\n`).map(({ fix }) => fix))).toEqual(
      new Set(['tc filter add dev eth0 parent 1: protocol all handle 1 flow hash keys src divisor 1024']),
    );
  });

  test('adds an option before the actions, which would take it for one of theirs', () => {
    const command = 'tc filter add dev eth0 parent 1: protocol all handle 1 flow hash keys mark action pass';
    const [fix] = found(`${SFQ}\n${command}\n`).map(({ fix }) => fix);
    expect(fix).toBe(command.replace('mark', 'mark divisor 1024'));
    expect(found(`${SFQ}\n${fix}\n`)).toEqual([]);
  });
});

describe('the corrected script', () => {
  test('has the fix in place, and keeps comments, indents and what is right', () => {
    const script = `# mine\n${SFQ}\n  tc filter add dev eth0 parent 1: protocol ip handle 1 flow hash keys src divisor 2048  # all\n`;
    const { text, fixes } = mended(script, check(script));
    expect(fixes).toBe(2);
    expect(text).toBe(
      `# mine\n${SFQ}\n  tc filter add dev eth0 parent 1: protocol all handle 1 flow hash keys src divisor 1024  # all\n`,
    );
    expect(found(text).filter(({ severity }) => severity !== 'advice')).toEqual([]);
  });
});

describe('a line of many commands', () => {
  const bad = 'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 2048';

  test('has each fix in place, and each fix is of its own command', () => {
    const script = `${SFQ}\ntrue && sudo ${bad} && ${bad.replace('handle 1', 'handle 2')}; echo done\n`;
    const report = check(script);
    const fixes = report.findings.filter(({ fix }) => fix !== null).map(({ fix }) => fix);
    const good = bad.replace('2048', '1024');
    expect(fixes).toEqual([`sudo ${good}`, good.replace('handle 1', 'handle 2')]);
    expect(mended(script, report).text).toBe(script.replaceAll('2048', '1024'));
  });

  test('keeps the places of words in quotes, behind joined lines, and however long', () => {
    const long = 'x'.repeat(20 << 20);
    const script = `tc qdisc add dev 'eth 0' "a\\"b" \\\n  root ${long}\n`;
    const [command] = check(script).script.commands;
    expect(command?.spans.map((span) => [span?.line, span?.column, span?.length])).toEqual([
      [1, 4, 5],
      [1, 10, 3],
      [1, 14, 3],
      [1, 18, 7],
      [1, 26, 6],
      [2, 3, 4],
      [2, 8, 20 << 20],
    ]);
  });
});

describe('a dump of tc -j filter show', () => {
  test('may nest as deep as it is long', () => {
    expect(check(`${'['.repeat(100_000)}${']'.repeat(100_000)}`).findings).toEqual([]);
  });

  const begin =
    '[{"protocol":"ip","pref":1,"kind":"flow","chain":0},\n{"protocol":"ip","pref":1,"kind":"flow","chain":0,"options":';

  test('is read as the commands that would make its filters', () => {
    const options = '{"handle":"0x1","mode":"hash","keys":["src"],"divisor":8,"baseclass":"1:1","perturb":10}';
    expect(found(`${begin}${options}}]\n`)).toMatchObject([{ code: 'FT016', line: 2 }]);
  });

  test('is read too as tc printed it before 2024, which is no JSON', () => {
    const options = '{handle 0x1 hash keys src divisor 8 baseclass 1:1 perturb 10sec }';
    const { script, findings } = check(`${begin}${options}}]\n`);
    expect(findings).toMatchObject([{ code: 'FT016', line: 2 }]);
    expect(script.commands.map(({ words }) => words.join(' '))).toEqual([
      'filter add dev dev0 protocol ip pref 1 handle 0x1 flow hash keys src divisor 8 baseclass 1:1 perturb 10',
    ]);
  });

  test('that ends early is a FormatError', () => {
    expect(() => check(begin)).toThrow(FormatError);
  });
});
