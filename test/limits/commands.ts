import { Listener, runTc } from '../../src/command/index.ts';
import { createEnv } from '../../src/env.ts';
import { ERAS } from '../../src/era.ts';
import { Netns } from '../../src/kernel/index.ts';
import { shellWords } from '../../src/lang/index.ts';
import { processorMs } from './processor.ts';

const MIB = 1 << 20;
const FILTER = 'filter add dev lo parent 1: protocol ip flow hash keys src ';

/** `unit` as often as it fits into a command line of 1 MiB behind `before`. */
function filled(before: string, unit: string, after = ''): string {
  return before + unit.repeat(Math.floor((MIB - before.length - after.length) / unit.length)) + after;
}

/** Command lines of 1 MiB that are slow to read where a parser is careless. */
const LINES: Readonly<Record<string, string>> = {
  'one long word': filled(FILTER, 'x'),
  'one long number': filled(`${FILTER}divisor `, '1'),
  'a long rate': filled('qdisc add dev lo root tbf rate 1.', '1', 'mbit'),
  'quotes and backslashes': filled('filter add ', `\\"''"a"`),
  'the same option, 100 000 times': filled(FILTER, 'divisor 5 '),
  'a prefix of it': filled(FILTER, 'd 5 '),
  'bit operations': filled('filter add dev lo parent 1: flow map key src ', 'and 1 or 1 '),
  addresses: filled('filter add dev lo parent 1: flow map key src ', 'addend 10.0.0.1 '),
  '200 000 keys': filled('filter add dev lo parent 1: flow hash keys src', ',dst'),
  '70 000 long keys': filled('filter add dev lo parent 1: flow hash keys src', ',nfct-proto-src'),
  'open parentheses': filled(`${FILTER}match `, '( '),
  'negated parentheses': filled(`${FILTER}match `, 'not ( '),
  'a chain of ematches': filled(`${FILTER}match `, 'cmp(u8 at 0 eq 1) and '),
  'a long needle': filled(`${FILTER}match nbyte(\\"`, 'a', '\\" at 0)'),
  '100 000 actions': filled(FILTER, 'action ok '),
  'actions with options': filled(FILTER, 'action skbedit mark 5 '),
  'one action of many words': filled(`${FILTER}action skbedit `, 'mark 5 '),
  'pedit keys': filled('actions add action pedit ', 'munge offset 0 u8 set 5 pipe '),
  'a long cookie': filled('actions add action ok cookie ', 'a'),
  'actions to be got': filled('actions get ', 'action gact index 1 '),
  'qdisc options': filled('qdisc add dev lo root htb ', 'default 1 '),
  'cake options': filled('qdisc add dev lo root cake ', 'nat '),
  'help, and on': filled('class show ', 'help '),
};

/** Commands of a few bytes each, in one line or one file: what one costs counts. */
const MANY: Readonly<Record<string, string>> = {
  'actions on one line': filled('actions ', 'add action ok '),
  'lines of a batch': filled('', 'qdisc show dev lo\n'),
};

/** What one command line took, and what allowance it has: 100 ms a MiB, and 5 times that on a slow machine. */
const ALLOWANCE = 500;
const MICROSECONDS_EACH = 50;
const DEPTH = 1000;

export interface CommandTotals {
  readonly lines: number;
  readonly failed: number;
  /** The slowest line, and the milliseconds it took. */
  readonly slowest: string;
}

/** Every line ends in an exit status, in time; so do attributes in attributes, a thousand deep. */
export function checkCommands(say: (line: string) => void): CommandTotals {
  let failed = 0;
  let slowest = { name: '', ms: 0 };
  const fail = (line: string): void => {
    failed++;
    say(line);
  };
  for (const [name, line] of Object.entries(LINES)) {
    for (const [how, ms] of [
      ['as words', processorMs(() => run(shellWords(line)))],
      ['as a batch', processorMs(() => run(['-batch', '-'], line))],
    ] as const) {
      if (ms > slowest.ms) slowest = { name: `${name}, ${how}`, ms };
      if (ms > ALLOWANCE) fail(`${name}, ${how}: ${ms.toFixed(0)} ms, expected at most ${ALLOWANCE}`);
    }
  }
  for (const [name, text] of Object.entries(MANY)) {
    const batch = text.includes('\n');
    const count = text.split(batch ? '\n' : 'add').length - 1;
    const ms = processorMs(() => (batch ? run(['-batch', '-'], text) : run(shellWords(text))));
    say(`${name}: ${count} commands in ${ms.toFixed(0)} ms`);
    if ((1000 * ms) / count > MICROSECONDS_EACH) fail(`${name}: more than ${MICROSECONDS_EACH} µs each`);
  }
  const deep = processorMs(() => nestedRequest());
  if (deep > ALLOWANCE) fail(`attributes ${DEPTH} deep: ${deep.toFixed(0)} ms`);
  const lines = Object.keys(LINES).length + Object.keys(MANY).length;
  return { lines, failed, slowest: `${slowest.name}: ${slowest.ms.toFixed(0)} ms` };
}

function run(words: readonly string[], batch = ''): void {
  runTc(words, { transport: new Listener(), readBatch: () => batch });
}

/** A request for a filter, each of whose attributes is the only one of the one around it; once for each outermost type. */
function nestedRequest(): void {
  const env = createEnv({ era: ERAS['6.1'], seed: 1 });
  const netns = new Netns({ env, devices: [{ name: 'lo', ifindex: 1 }] });
  for (const options of [1, 2, 9, 10, 11]) {
    const message = Buffer.alloc(16 + 20 + 12 + 4 * DEPTH);
    message.writeUInt32LE(message.length, 0);
    message.writeUInt16LE(44, 4);
    message.writeUInt16LE(0x605, 6);
    message.writeInt32LE(1, 20);
    message.writeUInt32LE(0xffffffff, 28);
    message.writeUInt32LE(0x00010300, 32);
    Buffer.from('09000100666c6f7700000000', 'hex').copy(message, 36);
    for (let depth = 0, at = 48; depth < DEPTH; depth++, at += 4) {
      message.writeUInt16LE(message.length - at, at);
      message.writeUInt16LE(depth === 0 ? 2 : depth === 1 ? options : 1 + (depth % 2), at + 2);
    }
    netns.request(message);
  }
}
