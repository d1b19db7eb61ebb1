import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Listener, runTc } from '../../src/command/index.ts';
import { Printer } from '../../src/lang/index.ts';
import {
  decode,
  encode,
  joinMessages,
  RTM,
  readTc,
  splitMessages,
  TCA,
  table,
  writeTc,
} from '../../src/netlink/index.ts';
import { findClassifier } from '../../src/sched/classifier/index.ts';
import { FLOW } from '../../src/sched/flow/index.ts';
import type { Talk } from '../../src/sched/notation.ts';
import { hex } from '../frames.ts';
import { readCorpus } from '../golden/corpus.ts';
import { commandLine, expand } from './commands.ts';
import { brokenRequest, freshKernel, requestsOf, tryCommand, tryRequest, tryShow } from './control.ts';
import { projectPath } from './corpus.ts';
import { Random } from './random.ts';
import { REGRESSIONS } from './regressions.ts';

const CORPUS = readCorpus(projectPath('test/golden/records/corpus')).map(({ command }) => command.split(' ').slice(1));

describe('whatever a datagram holds, the emulated kernel answers with messages', () => {
  test('requests of all kinds, broken', () => {
    const random = new Random(21);
    const requests = requestsOf(random, 2000, CORPUS);
    const kernel = freshKernel();
    for (let i = 0; i < 10_000; i++) tryRequest(kernel, brokenRequest(random, requests));
    tryShow(kernel);
  });
});

describe('whatever the words are, tc says something and exits', () => {
  test('lines of the grammar and of the corpus, whole and broken', () => {
    const random = new Random(22);
    const kernel = freshKernel();
    for (let i = 0; i < 3000; i++) tryCommand(kernel, commandLine(random, CORPUS), '');
    tryShow(kernel);
  });

  test('batches of them', () => {
    const random = new Random(23);
    const kernel = freshKernel();
    for (let i = 0; i < 30; i++) {
      const lines = Array.from({ length: 50 }, () => commandLine(random, CORPUS).join(' '));
      tryCommand(kernel, ['-force', '-batch', '-'], lines.join('\n'));
    }
    tryShow(kernel);
  });
});

const TALK: Talk = {
  ifindex: () => 7,
  device: () => 'd0',
  set: () => null,
  warn: () => undefined,
  show: { stats: false, details: false, raw: false, numeric: false, iec: false, oldJson: false },
} as Talk;

/** TCA_OPTIONS that tc sends for these words; null: it refuses them. */
function optionsOf(words: readonly string[]): Uint8Array | null {
  const listener = new Listener();
  const { exit } = runTc(['filter', 'add', 'dev', 'lo', 'parent', '1:', 'flow', ...words], { transport: listener });
  const [request] = listener.requests;
  return exit !== 0 || request === undefined ? null : (readTc(request).attributes.options ?? null);
}

function printed(options: Uint8Array): string {
  const out = new Printer('text');
  findClassifier('flow')?.print(1, options, out, TALK);
  return out.toString();
}

/**
 * What tc prints of a filter without actions, as words that it understands: it leaves out `match` and the quotes of a
 * device's name, puts a needle's bytes before it and `sec` behind perturb, and prints numbers as signed or as bare hex.
 */
function wordsOf(print: string): string[] {
  const [first = '', ...ematches] = print.replace(/^handle 0x1 /, '').split('\n');
  const match = ematches
    .join(' ')
    .replace(/nbyte\((?:[0-9a-f]{2} )+/g, 'nbyte(')
    .replace(/\b(?:AND|OR|NOT)\b/g, (word) => word.toLowerCase())
    .replace(/meta\(([^\s"]+) (\w+) dev\)/g, 'meta("$1" $2 dev)')
    .replace(/u32\((\w+)\/(\w+)/g, 'u32(u32 0x$1 0x$2')
    .replace(/(?<=[( ])-\d+(?=[ )])/g, (number) => `${Number(number) >>> 0}`);
  const words = match.trim() === '' ? '' : `match ${match}`;
  // The ematch cannot come last (quirk 21).
  return `${words} ${first.replace(/(\d+)sec/, '$1')}`.split(/\s+/).filter((word) => word !== '');
}

const FLOWS = [
  ...['hash keys <keys> <flow>*', 'map key <key> <flow>*', 'match <match> hash keys <keys> <flow>*'],
  ...['hash keys <keys> action <action>', 'match <match> hash action <action> action <action>'],
];

/** Options of `count` random filters that tc accepts. */
function randomOptions(seed: number, count: number): Uint8Array[] {
  const random = new Random(seed);
  const found: Uint8Array[] = [];
  while (found.length < count) {
    const rule = random
      .pick(FLOWS)
      .replace(/<(\w+)>(\*?)/g, (_, name: string, star: string) =>
        Array.from({ length: star === '' ? 1 : random.below(5) }, () => expand(random, name, true)).join(' '),
      );
    const options = optionsOf(rule.split(' ').filter((word) => word !== ''));
    if (options !== null) found.push(options);
  }
  return found;
}

describe('a filter told again is the same filter', () => {
  test('words → bytes → options → print → words settles after one turn', () => {
    let matched = 0;
    for (const options of randomOptions(31, 800)) {
      const { act, police, ematches } = decode(FLOW, options);
      if (act !== undefined || police !== undefined) continue;
      const print = printed(options);
      const again = optionsOf(wordsOf(print));
      expect(again === null ? null : printed(again), print).toBe(print);
      if (ematches !== undefined) matched++;
    }
    expect(matched).toBeGreaterThan(100);
  });

  test('options with actions → bytes → options prints the same', () => {
    let acting = 0;
    for (const options of randomOptions(32, 800)) {
      const again = encode(FLOW, decode(FLOW, options));
      expect(printed(again)).toBe(printed(options));
      expect(encode(FLOW, decode(FLOW, again))).toEqual(again);
      if (decode(FLOW, options).act !== undefined) acting++;
    }
    expect(acting).toBeGreaterThan(100);
  });
});

const TCA_TABLE = table(TCA);

test('decode → encode keeps every attribute of a random message, unknown ones too', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat()), fc.integer(), (numbers, handle) => {
      const draw = (bound: number): number => (numbers.next().value ?? 0) % bound;
      const attributes = { ...TCA_TABLE.sample(draw), options: encode(FLOW, FLOW.sample(draw)) };
      const tcm = { ifindex: 7, handle: handle >>> 0, parent: draw(2 ** 31), info: draw(2 ** 31) };
      const payload = writeTc(tcm, (w) => TCA_TABLE.write(attributes, w));
      const sent = joinMessages([
        { type: RTM.NEWTFILTER, flags: draw(0x10000), seq: draw(99), pid: draw(99), payload },
      ]);
      const [message] = [...splitMessages(sent)];
      expect(message).toBeDefined();
      if (message === undefined) return;
      const read = readTc(message);
      expect(read.attributes).toEqual(attributes);
      const options = decode(FLOW, read.attributes.options ?? new Uint8Array());
      const again = writeTc(read, (w) => TCA_TABLE.write({ ...read.attributes, options: encode(FLOW, options) }, w));
      expect(joinMessages([{ ...message, payload: again }])).toEqual(sent);
    }),
    { seed: 1, numRuns: 500 },
  );
});

describe('requests and commands that are kept', () => {
  for (const row of REGRESSIONS) {
    if ('request' in row) test(row.name, () => tryRequest(freshKernel(), hex(row.request)));
    if ('words' in row) test(row.name, () => tryCommand(freshKernel(), row.words, ''));
  }
});
