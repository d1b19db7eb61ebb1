import * as doors from '../../src/doors/main.ts';

/*
 * Every call of the main door once, and a capture in each form: the same in Node and, bundled, in a browser. Nothing here
 * may be Node's.
 */

/** What the calls are given: texts and bytes that stand in the project's examples. */
export interface Given {
  /** As the command line names it. */
  readonly name: string;
  readonly capture: Uint8Array;
  readonly script: string;
}

export interface Case {
  readonly name: string;
  /** The command that prints the same JSON; null: there is none. `CAPTURE` and `SCRIPT` stand for files. */
  readonly command: readonly string[] | null;
  run(given: Given): unknown;
}

const SPEC = 'hash keys src,dst,nfct-src perturb 60 divisor 16';
const NAT = 'masquerade 192.168.77.0/24 to 203.0.113.2';
const TYPED = ['--filter', SPEC, '--nat', NAT, '--captured', 'here'];
const DEFAULTS: doors.Question = { at: 'egress', vlan: 'offload', kernel: '6.1' };
const question: doors.Question = { ...DEFAULTS, filters: [SPEC], nat: [NAT], captured: 'here' };
const filter = (divisor: number): doors.Question => ({ ...DEFAULTS, filters: [`hash keys src divisor ${divisor}`] });
const WORDS = 'tcp 192.168.1.7:51514 > 1.1.1.1:443';
const PAIR = ['hash keys src,dst divisor 1024', '192.168.1.1>8.8.8.8=1:6b'] as const;
const HTB = 'qdisc add dev eth0 root handle 1: htb';

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* later(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (const piece of pieces(bytes, 4096)) yield await Promise.resolve(piece);
}

/** A capture in each form that a source may have. */
const FORMS: Readonly<Record<string, (bytes: Uint8Array) => doors.Bytes>> = {
  bytes: (bytes) => bytes,
  'an ArrayBuffer': (bytes) => bytes.slice().buffer,
  'chunks of a byte': (bytes) => pieces(bytes, 1),
  'a list of chunks': (bytes) => [...pieces(bytes, 1000)],
  'an async iterable': later,
  'a Blob': (bytes) => new Blob([bytes.slice()]),
  'a stream': (bytes) => new Blob([bytes.slice()]).stream() as unknown as AsyncIterable<Uint8Array>,
};

const classified = Object.entries(FORMS).map(
  ([form, of]): Case => ({
    name: `classify: ${form}`,
    command: ['classify', 'CAPTURE', ...TYPED],
    run: ({ name, capture }) => doors.classify({ name, bytes: of(capture) }, { ...question, flows: true }),
  }),
);

const source = ({ name, capture }: Given): doors.NamedBytes => ({ name, bytes: capture });

export const CASES: readonly Case[] = [
  ...classified,
  {
    name: 'classify with a script',
    command: ['classify', 'CAPTURE', '--script', 'SCRIPT', '--dev', 'wan0', '--captured', 'here'],
    run: (given) =>
      doors.classify(source(given), { ...DEFAULTS, script: given.script, dev: 'wan0', captured: 'here', flows: true }),
  },
  {
    name: 'explain a packet of a capture',
    command: ['explain', 'CAPTURE', '--packet', '7', ...TYPED],
    run: (given) => doors.explain({ source: source(given), number: 7 }, question),
  },
  {
    name: 'explain words',
    command: ['explain', WORDS, ...TYPED],
    run: () => doors.explain(WORDS, question),
  },
  {
    name: 'check',
    command: ['check', 'SCRIPT'],
    run: ({ script }) => doors.check(script, { name: 'household.tc' }),
  },
  {
    name: 'classify by host',
    command: ['classify', 'CAPTURE', ...TYPED, '--by', 'host', '--only', '192.168.77.0/24'],
    run: (given) =>
      doors.classify(source(given), { ...question, flows: true }, { by: 'host', only: '192.168.77.0/24' }),
  },
  {
    name: 'why',
    command: ['why', '192.168.77.11', 'CAPTURE', ...TYPED],
    run: (given) => doors.why(source(given), '192.168.77.11', question),
  },
  {
    name: 'compare',
    command: ['compare', 'CAPTURE', ...[16, 64].flatMap((n) => ['--filter', `hash keys src divisor ${n}`])],
    run: (given) => doors.compare(source(given), filter(16), filter(64)),
  },
  {
    name: 'advise',
    command: ['advise', 'CAPTURE', '--seeds', '10'],
    run: (given) =>
      doors.advise(source(given), {
        ...{ at: 'egress', vlan: 'offload', kernel: '6.1', by: 'host', qdisc: 'auto', dev: 'eth0', max: 4096 },
        seeds: 10,
      }),
  },
  {
    name: 'spread',
    command: ['classify', 'CAPTURE', ...TYPED, '--seeds', '10'],
    run: (given) => doors.spread(source(given), question, 10),
  },
  {
    name: 'perturbed',
    command: ['classify', 'CAPTURE', ...TYPED, '--perturb'],
    run: (given) => doors.perturbed(source(given), question),
  },
  {
    name: 'recoverSeed',
    command: ['recover-seed', '--filter', PAIR[0], '--pair', PAIR[1], '--range', '0-4095'],
    run: () => doors.recoverSeed({ filter: PAIR[0], pairs: [PAIR[1]], probes: [], first: 0, count: 4096 }),
  },
  {
    name: 'tc and diff',
    command: null,
    run: () => {
      const { state, ...answer } = doors.tc(HTB);
      return [answer, doors.tc(['qdisc', 'show'], state).stdout, doors.diff(`${HTB} default 10`, state, 'eth0')];
    },
  },
  {
    name: 'classes',
    command: null,
    run: () => doors.classes({ filters: ['hash keys src divisor 4'], kind: 'htb' }),
  },
  {
    name: 'packets',
    command: null,
    run: async (given) => {
      const records: unknown[] = [];
      await doors.packets(source(given), question, (record) => void records.push(record));
      return records;
    },
  },
  { name: 'hosts', command: null, run: (given) => doors.hosts(source(given), question) },
  { name: 'overTime', command: null, run: (given) => doors.overTime(source(given), question, { bins: 8 }) },
  {
    name: 'indexPackets',
    command: null,
    run: async (given) => {
      const { index, ends, record } = await doors.indexPackets(source(given), question);
      return [index.row(1), index.row(9), ends, record];
    },
  },
  { name: 'readQuestion', command: null, run: () => doors.readQuestion(question) },
  {
    name: 'a wrong question',
    command: null,
    run: async (given) => {
      try {
        return await doors.classify(source(given), { filters: ['hash keys sorc'] });
      } catch (error) {
        if (!(error instanceof doors.QuestionError)) throw error;
        return [error.field, error.problem, error.hint];
      }
    },
  },
];

/** What a case comes to, as JSON has it. */
export async function answerOf({ run }: Case, given: Given): Promise<string> {
  try {
    return JSON.stringify(await run(given));
  } catch (error) {
    return JSON.stringify({ error: String(error) });
  }
}

/** All of them, for a page. */
export async function answers(given: Given): Promise<string[]> {
  const all: string[] = [];
  for (const one of CASES) all.push(await answerOf(one, given));
  return all;
}
