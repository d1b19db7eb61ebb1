import { describe, expect, it } from 'vitest';
import { Frame, PcapWriter } from '../capture/index.ts';
import { describeFrame } from '../packet/index.ts';
import {
  type Bytes,
  CancelledError,
  check,
  classify,
  compare,
  explain,
  type Question,
  QuestionError,
  recoverSeed,
  tc,
} from './index.ts';

const FILTER: Question = { filters: ['hash keys src divisor 16'] };

/** A capture of three packets. */
function capture(): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter({ linkType: 1 }, (chunk) => void chunks.push(chunk.slice()));
  const data = describeFrame('udp 10.0.0.1:1 > 192.0.2.1:53');
  for (let i = 0; i < 3; i++) {
    writer.write(Object.assign(new Frame(), { data, end: data.length, length: data.length, linkType: 1 }));
  }
  writer.finish();
  return Buffer.concat(chunks);
}

/** Of a MiB, without the file's header. */
const manyPackets = (() => {
  const records = capture().subarray(24);
  return new Uint8Array(Buffer.concat(new Array<Uint8Array>(Math.ceil((1 << 20) / records.length)).fill(records)));
})();

/** The field that is named, and what is said of it. */
async function wrong(call: () => unknown): Promise<[field: string, sentence: string]> {
  try {
    await call();
  } catch (error) {
    if (error instanceof QuestionError) return [error.field, error.problem];
    throw error;
  }
  throw new Error('nothing was wrong');
}

describe('a question that is wrong names its field', () => {
  const asked = (question: unknown) => () => classify(capture(), question as Question);

  it.each([
    [{ filters: 'hash keys src' }, 'filters', 'expected a list, not "hash keys src"'],
    [{ filters: ['hash keys sorc'] }, 'filters[0]', 'Unknown flow key "sorc"'],
    [{ filters: [7] }, 'filters[0]', 'expected a text, not 7'],
    [{ filters: new Array(1) }, 'filters[0]', 'expected a text, not undefined'],
    [{ ...FILTER, metadata: { all: { mark: 5n } } }, 'metadata.all', 'holds what JSON cannot: a BigInt, or itself'],
    [{}, 'filters', 'no filter given'],
    [null, '', 'expected an object, not null'],
    [{ ...FILTER, seed: Number.NaN }, 'seed', 'expected a whole number from 0 to 4294967295, not NaN'],
    [{ ...FILTER, seed: 2 ** 40 }, 'seed', 'expected a whole number from 0 to 4294967295, not 1099511627776'],
    [{ ...FILTER, hashrnd: [1, -1] }, 'hashrnd[1]', 'expected a whole number from 0 to 4294967295, not -1'],
    [{ ...FILTER, kernel: '9.9' }, 'kernel', 'expected one of 6.1, 6.1.170, 6.12, seed, not "9.9"'],
    [{ ...FILTER, colour: 'red' }, 'colour', 'no such field'],
    [{ ...FILTER, __proto__: null, constructor: 1 }, 'constructor', 'no such field'],
    [{ ...FILTER, nat: ['masquerade all'] }, 'nat[0]', null],
    [{ ...FILTER, conntrack: 'tcp nonsense' }, 'conntrack', null],
    [{ ...FILTER, sets: [{ text: 5 }] }, 'sets[0].text', 'expected a text, not 5'],
    [{ ...FILTER, metadata: { all: { mark: -1 } } }, 'metadata.all', null],
    [{ ...FILTER, metadata: { some: [{ packet: 1 }, { packet: 0 }] } }, 'metadata.some[1]', null],
    [{ ...FILTER, dev: 'eth0' }, 'dev', 'goes with a script'],
    [{ ...FILTER, script: 'qdisc add dev eth0 root sfq' }, 'filters', 'give filters or a script, not both'],
    [{ script: 'echo nothing' }, 'script', 'no tc command in 1 line'],
    [{ filters: ['map key src rshift 40'] }, 'filters[0]', 'rshift is at most 31'],
  ])('%o', async (question, field, sentence) => {
    const [named, said] = await wrong(asked(question));
    expect(named).toBe(field);
    if (sentence !== null) expect(said).toBe(sentence);
  });

  it('on the side of a comparison', async () => {
    expect((await wrong(() => compare(capture(), FILTER, { filters: ['x'] })))[0]).toBe('after.filters[0]');
  });

  it('of every other call', async () => {
    expect((await wrong(() => explain('tpc 1.1.1.1:1 > 2.2.2.2:2', FILTER)))[0]).toBe('packet');
    expect((await wrong(() => explain(new Uint8Array(0), FILTER)))[0]).toBe('packet');
    expect((await wrong(() => explain({ source: capture(), number: 0.5 }, FILTER)))[0]).toBe('number');
    expect((await wrong(() => check(5 as never)))[0]).toBe('script');
    expect((await wrong(() => check('', { hosts: Number.POSITIVE_INFINITY })))[0]).toBe('hosts');
    expect((await wrong(() => recoverSeed({ filter: 'hash keys src divisor 4', pairs: [] })))[0]).toBe('pairs');
    expect((await wrong(() => recoverSeed({} as never)))[0]).toBe('filter');
    expect((await wrong(() => tc(['qdisc', 7] as never)))[0]).toBe('commands[1]');
    expect((await wrong(() => tc('', { schema: 2, era: '6.1' } as never)))[0]).toBe('state');
  });
});

describe('a source that cannot be read', () => {
  const found = async (bytes: unknown) => classify(bytes as Bytes, FILTER);

  it('is an error of the result; what came before counts', async () => {
    function* failing(): Generator<Uint8Array> {
      yield capture();
      throw new Error('the cable is out');
    }
    const { packets, complete, errors } = await found(failing());
    expect([packets, complete]).toEqual([3, false]);
    expect(errors).toEqual([{ file: 'capture', offset: null, message: 'reading failed: the cable is out' }]);
    const broken = {
      [Symbol.asyncIterator]: () => {
        throw new Error('no cable');
      },
    };
    expect((await found(broken)).errors[0]?.message).toBe('reading failed: no cable');
  });

  it.each([
    ['a text', 'capture.pcap', /expected bytes/],
    ['nothing', undefined, /expected bytes/],
    ['a number', 7, /expected bytes/],
    ['chunks that are none', ['x'], /expected bytes/],
    [
      'compressed bytes without unpackers',
      Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0),
      /gzip data: decompress it/,
    ],
    ['no capture', new Uint8Array(100), /expected a capture/],
  ])('%s', async (_, bytes, message) => {
    const { packets, errors } = await found(bytes);
    expect(packets).toBe(0);
    expect(errors[0]?.message).toMatch(message);
  });

  it('a buffer that was transferred', async () => {
    const bytes = new Uint8Array(capture());
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    expect((await found(bytes)).errors[0]?.message).toMatch(/detached/);
  });

  it('stops its iterator when nothing more is wanted', async () => {
    let returned = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        yield capture();
        for (;;) yield new Uint8Array(0);
      } finally {
        returned = true;
      }
    }
    await explain({ source: endless(), number: 2 }, FILTER);
    expect(returned).toBe(true);
  });
});

describe('a call that is cancelled', () => {
  it('throws, and nothing more is read', async () => {
    const controller = new AbortController();
    let chunks = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield capture();
      for (;;) {
        if (++chunks === 5) controller.abort();
        yield capture().subarray(24);
      }
    }
    const { signal } = controller;
    await expect(classify(endless(), FILTER, { signal })).rejects.toThrow(CancelledError);
    expect(chunks).toBeLessThan(8);
  });

  it('by a timer, while it waits for nobody', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const cancel = () => setTimeout(() => controller.abort(), 0);
    let chunks = 0;
    function* endless(): Generator<Uint8Array> {
      yield capture();
      for (;;) {
        if (++chunks === 5) cancel();
        yield manyPackets;
      }
    }
    await expect(classify(endless(), FILTER, { signal })).rejects.toThrow(CancelledError);
    const seeds = { filter: 'hash keys src divisor 4', pairs: ['10.0.0.1>8.8.8.8=1:1'] };
    const later = new AbortController();
    setTimeout(() => later.abort(), 0);
    await expect(recoverSeed(seeds, { signal: later.signal })).rejects.toThrow(CancelledError);
  });

  it('before it began reads nothing', async () => {
    const signal = AbortSignal.abort();
    await expect(classify(capture(), FILTER, { signal })).rejects.toThrow(CancelledError);
    const pairs = ['10.0.0.1>8.8.8.8=1:1'];
    await expect(recoverSeed({ filter: 'hash keys src divisor 4', pairs }, { signal })).rejects.toThrow(CancelledError);
  });

  it('while its source keeps it waiting, or brings nothing', async () => {
    const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<IteratorResult<Uint8Array>>(() => {}) }) };
    await expect(classify(never, FILTER, { signal: AbortSignal.timeout(5) })).rejects.toThrow(CancelledError);
    function* nothing(): Generator<Uint8Array> {
      for (;;) yield new Uint8Array(0);
    }
    await expect(classify(nothing(), FILTER, { signal: AbortSignal.timeout(5) })).rejects.toThrow(CancelledError);
  });

  it('says how far it has come', async () => {
    const reached: number[] = [];
    const progress = ({ read }: { read: number }): void => void reached.push(read);
    const bytes = capture();
    await classify(bytes, FILTER, { progress });
    expect(reached.at(-1)).toBe(bytes.length);
  });
});
