import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Frame, PcapngWriter } from '../../src/capture/index.ts';
import { describeFrame } from '../../src/packet/index.ts';
import { cli, HOUSEHOLD } from './cli.ts';

/** ESC, C1, a bell, bidi, a tag, a soft hyphen, a line separator, DEL. */
const EVIL = 'e\u001b[31m\u009b\u0007\u202e\u{e0041}\u00ad\u2028\u007f';
/** The same in the fifteen bytes of a device's name. */
const NAME = 'e\u001b[1m\u202e\u00ad';

const folder = mkdtempSync(path.join(tmpdir(), 'cls-flow-terminal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const home = path.join(folder, EVIL);
mkdirSync(home);

function file(name: string, content: string | Uint8Array): string {
  const target = path.join(home, EVIL + name);
  writeFileSync(target, content);
  return target;
}

function capture(): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter([{ linkType: 1, snapLength: 0, name: EVIL }], (chunk) => chunks.push(chunk));
  const data = describeFrame('udp 192.0.2.1:1 > 192.0.2.4:2');
  const frame = Object.assign(new Frame(), { data, end: data.length, length: data.length, linkType: 1 });
  writer.write(frame, 0, new TextEncoder().encode(EVIL));
  writer.finish();
  return Buffer.concat(chunks);
}

const script = (root: string) => [
  `tc qdisc add dev '${NAME}' root handle 1: ${root}`,
  `tc class add dev '${NAME}' parent 1: classid 1:1 htb rate 1mbit`,
  `tc filter add dev '${NAME}' parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 4 baseclass 1:1`,
  `tc filter add dev '${NAME}' parent 1: prio 2 flow hash keys '${EVIL}'`,
  `tc filter add dev '${NAME}' parent 1: prio 3 handle 3 flow map key mark match 'ipset(${EVIL} src)'`,
];

const CAPTURE = file('.pcapng', capture());
const CUT = file('.cut.pcapng', capture().slice(0, -5));
const SCRIPT = file('.tc', `${script('htb').join('\n')}\n`);
const BATCH = file('.batch', `${script('htb').join('\n').replaceAll('tc ', '')}\nqdisc show dev '${NAME}'\n`);
const JSON_FILE = file('.json', JSON.stringify({ [EVIL]: EVIL, schema: 1, era: EVIL }));
const LIST = file('.txt', `${EVIL} 192.0.2.1\n`);
const SHELL = file('.sh', `#!/bin/sh\n${script('htb').join('\n')}\nip link show dev '${NAME}' | head -n 0\n`);
const MISSING = path.join(home, `${EVIL}missing`);
const FILTER = ['--filter', 'flow hash keys src divisor 4'];
const STATE = path.join(home, `${EVIL}state`);
const ON = ['--dev', NAME];
const WALK = ['--script', SCRIPT, ...ON];

/** Words of command lines, by what they try. */
const LINES: readonly (readonly string[])[] = [
  [EVIL],
  ['classify', `--${EVIL}`],
  ['help', EVIL],
  ...['table', 'json', 'ndjson', 'csv'].flatMap((format) => [
    ['classify', CAPTURE, CUT, MISSING, ...WALK, '--format', format],
    ['classify', CAPTURE, CUT, MISSING, ...WALK, '--packets', '--format', format],
  ]),
  ['classify', CAPTURE, ...FILTER, '--set', `${EVIL}=1`],
  ['classify', CAPTURE, ...FILTER, '--set', `mark=${EVIL}`],
  ['classify', CAPTURE, ...FILTER, '--meta', JSON_FILE],
  ['classify', CAPTURE, ...FILTER, '--expect', LIST],
  ['classify', CAPTURE, ...WALK, '--expect', file('.expect', '1 1:7\n')],
  ['classify', CAPTURE, ...FILTER, '--ipset', LIST],
  ['classify', CAPTURE, ...FILTER, '--nat', EVIL],
  ['classify', CAPTURE, ...FILTER, '--conntrack', LIST],
  ['classify', CAPTURE, ...FILTER, '--export', path.join(MISSING, 'x')],
  ['classify', CAPTURE, '--filter', `flow hash keys ${EVIL}`],
  ['explain', CAPTURE, '--packet', '1', ...WALK],
  ['explain', CAPTURE, '--packet', '1', ...WALK, '--format', 'json'],
  ['explain', EVIL, ...FILTER],
  ['explain', '--hex', EVIL, ...FILTER],
  ['compare', CAPTURE, ...FILTER, '--filter', `flow hash keys ${EVIL}`],
  ['compare', CAPTURE, ...FILTER, ...FILTER],
  ['advise', CAPTURE, ...ON],
  ['advise', CAPTURE, '-o', path.join(MISSING, 'x')],
  ['classes', ...FILTER, ...ON],
  ['classes', ...WALK],
  ...['text', 'json', 'sarif'].map((format) => ['check', SCRIPT, '--format', format]),
  ['check', MISSING],
  ['check', SHELL, '--fix'],
  ['diff', SCRIPT],
  ['recover-seed', JSON_FILE],
  ['recover-seed', '--filter', `flow hash keys ${EVIL}`, '--before', LIST, '--after', LIST],
  ['tc', '--state', STATE, EVIL],
  ['tc', '--state', STATE, ...ON, '-batch', BATCH],
  ['tc', '--state', STATE, 'qdisc', 'show'],
  ['tc', '--state', STATE, '-j', 'qdisc', 'show'],
  ['tc', '--state', STATE, 'filter', 'show', 'dev', NAME],
  ['tc', '--state', JSON_FILE, 'qdisc', 'show'],
  ['netlink', 'encode', 'qdisc', 'add', 'dev', EVIL, 'root', 'drr'],
  ['netlink', 'encode', EVIL],
  ['netlink', 'decode', LIST],
  ['netlink', 'decode', EVIL],
  ['completion', EVIL],
  ['record', '--unsafe', '--yes', '--', 'sh', SHELL],
];

/** By number, not by the classes that escape.ts goes by: what moves, hides or turns text on a terminal. */
const RAW: readonly (readonly [first: number, last: number])[] = [
  [0, 8],
  [0x0b, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xfeff, 0xfeff],
  [0xe0000, 0xe0fff],
];

/** Places of characters that may not be there. */
function raw(output: string): string[] {
  return [...output].flatMap((char, at, all) => {
    const code = char.codePointAt(0) ?? 0;
    const isRaw = RAW.some(([first, last]) => code >= first && code <= last);
    return isRaw
      ? [`U+${code.toString(16)} in ${JSON.stringify(all.slice(Math.max(0, at - 40), at + 5).join(''))}`]
      : [];
  });
}

describe('what comes from outside is escaped in a pipe', () => {
  test.each(LINES.map((line) => [line.map((word) => (word.startsWith(folder) ? '…' : word)).join(' '), line] as const))(
    '%j',
    (_, line) => {
      const { stdout, stderr } = cli(line, { env: { CLS_FLOW_STATE: STATE } });
      expect(stdout.length + stderr.length).toBeGreaterThan(0);
      expect([raw(stdout), raw(stderr)]).toEqual([[], []]);
    },
  );

  test('and on a terminal nothing but our colours is left', () => {
    const args = ['classify', HOUSEHOLD, CAPTURE, CUT, MISSING, ...WALK];
    const { stdout, stderr } = cli(args, { env: { FORCE_COLOR: '1' } });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(raw((stdout + stderr).replace(/\x1b\[(?:1|2|22|31|33|36|39)m/g, ''))).toEqual([]);
  });
});
