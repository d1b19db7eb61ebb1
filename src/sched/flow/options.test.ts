import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KernelError, UsageError } from '../../errors.ts';
import { Printer, Words } from '../../lang/index.ts';
import { AttrWriter, decode, encode } from '../../netlink/index.ts';
import { ALL_KEYS, KEYS } from './key.ts';
import {
  dumpFlow,
  FLOW,
  type FlowOptions,
  type FlowParts,
  NO_PARTS,
  parseFlowHandle,
  parseFlowOptions,
  printFlow,
  readFlowOptions,
  speakFlow,
} from './options.ts';

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');

function bytesOf(spec: string, parts?: FlowParts): string {
  const w = new AttrWriter();
  speakFlow(new Words(spec.split(' ')), w, parts);
  return hex(w.done());
}

function textOf(o: FlowOptions): string {
  const out = new Printer();
  printFlow(1, o, out);
  return out.toString();
}

function errorOf(spec: string): UsageError {
  try {
    parseFlowOptions(spec);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error(`accepted: ${spec}`);
}

/** Attributes as hex: number and u32. */
const attrs = (...pairs: [number, number][]) =>
  pairs
    .map(([type, value]) => {
      const w = new AttrWriter();
      w.nest(type, () => w.u32(value));
      return hex(w.done());
    })
    .join('');

describe('a request of repeated attributes', () => {
  const twice = (first: number, last: number) => Buffer.from(attrs([4, first], [4, last]), 'hex');

  test('quirk 53: each rshift must be allowed', () => {
    expect(() => readFlowOptions(twice(58, 14), true)).toThrow(expect.objectContaining({ errno: 34 }));
    expect(readFlowOptions(twice(58, 14), false)).toEqual({ rshift: 14 });
    expect(readFlowOptions(twice(31, 14), true)).toEqual({ rshift: 14 });
  });

  test('no other number is a shift, and the refusal names its rule', () => {
    expect(readFlowOptions(Buffer.from(attrs([8, 1024]), 'hex'), true)).toEqual({ divisor: 1024 });
    expect(() => readFlowOptions(twice(32, 1), true)).toThrow(
      expect.objectContaining({ errno: 34, extack: '', code: 'rshift-range', attribute: 'rshift' }),
    );
  });
});

describe('words to bytes, as tc 6.1.0 sends them', () => {
  test.each([
    // Recorded with strace.
    ['hash keys dst divisor 1024', '080001000200000008000800000400000800020001000000'],
    ['hash keys mark,dst divisor 1024', '080001008200000008000800000400000800020001000000'],
  ])('%s', (spec, bytes) => expect(bytesOf(spec)).toBe(bytes));

  test('attributes follow the words, repeated ones too; mode, mask and xor come last', () => {
    expect(bytesOf('divisor 4 and 0xff hash divisor 8 keys src rshift 1')).toBe(
      attrs([8, 4], [8, 8], [1, 1], [4, 1], [2, 1], [6, 0xff], [7, 0]),
    );
  });

  test('a mask or an xor is sent with the other', () => {
    expect(bytesOf('key src xor 5')).toBe(attrs([1, 1], [2, 0], [6, 0xffffffff], [7, 5]));
    expect(bytesOf('key src and 5')).toBe(attrs([1, 1], [2, 0], [6, 5], [7, 0]));
  });

  test('every word may be cut short, the first in tc’s order wins', () => {
    expect(bytesOf('m k s ad 5 a 3 d 7 b 1:2')).toBe(
      attrs([1, 1], [5, 5], [8, 7], [3, 0x00010002], [2, 0], [6, 3], [7, 0]),
    );
  });

  test('keys match by prefix in number order', () => {
    const short: Record<string, string> = {
      s: 'src',
      d: 'dst',
      p: 'proto',
      'proto-s': 'proto-src',
      i: 'iif',
      pri: 'priority',
      m: 'mark',
      n: 'nfct',
      'nfct-s': 'nfct-src',
      'nfct-p': 'nfct-proto-src',
      r: 'rt-classid',
      sk: 'sk-uid',
      'sk-g': 'sk-gid',
      v: 'vlan-tag',
      rx: 'rxhash',
    };
    for (const [prefix, name] of Object.entries(short)) {
      expect(parseFlowOptions(`key ${prefix}`).keys).toBe(parseFlowOptions(`key ${name}`).keys);
    }
    for (const key of ALL_KEYS) expect(parseFlowOptions(`key ${KEYS[key].name}`).keys).toBe(2 ** key);
  });

  test('a later list of keys replaces the earlier one', () => {
    expect(parseFlowOptions('keys src,dst keys mark')).toEqual({ keys: 128, mode: 0 });
  });

  // tc-flow(8) claims another order; f_flow.c folds the words into one mask and one xor.
  test.each([
    ['and 0xff', 0xff, 0],
    ['and 0xff xor 0xff', 0xff, 0xff],
    ['or 0xff', 0xffffff00, 0xff],
    ['or 0x0f and 0x3c', 0x30, 0x0c],
    ['and 0x3c or 0x0f', 0x30, 0x0f],
    ['xor 1 and 0', 0, 0],
  ])('%s folds', (spec, mask, xor) => {
    expect(parseFlowOptions(`map key dst ${spec}`)).toEqual({ keys: 2, mode: 0, mask, xor });
  });

  test('bit operations that cancel out are not sent', () => {
    expect(parseFlowOptions('map key dst xor 5 xor 5')).toEqual({ keys: 2, mode: 0 });
  });

  test.each([
    ['map key dst addend -10.9.8.0', 0xf5f6f800],
    ['map key src addend 1.2', 0x01020000],
    ['map key proto-src addend 1.2.3.4', 0x01020304],
    ['map key src addend ::5', 5],
    ['map key mark addend -0x10', 0xfffffff0],
    ['map key mark addend 010', 8],
  ])('%s', (spec, addend) => expect(parseFlowOptions(spec).addend).toBe(addend));

  test('the base class may be cut short', () => {
    expect(parseFlowOptions('key src baseclass :5').baseclass).toBe(5);
    expect(parseFlowOptions('key src baseclass root').baseclass).toBe(0xffffffff);
  });

  test('the word flow may stand before it, and words may come quoted', () => {
    expect(parseFlowOptions(`flow hash keys 'src'`)).toEqual({ keys: 1, mode: 1 });
    expect(parseFlowOptions(['flow', 'hash', 'keys', 'src'])).toEqual({ keys: 1, mode: 1 });
  });
});

describe('refusals, in the words recorded from tc 6.1.0', () => {
  test.each([
    ['map keys', 'Command line is not complete. Try option "help"', 2, 255],
    ['key', 'Command line is not complete. Try option "help"', 1, 255],
    ['keys src dst', 'What is "dst"?', 2, 1],
    ['map key bogus', 'Unknown flow key "bogus"', 2, 1],
    ['map key ""', 'Unknown flow key ""', 2, 1],
    ['hash keys src,', 'Unknown flow key ""', 2, 1],
    ['map key SRC', 'Unknown flow key "SRC"', 2, 1],
    ['key src,dst', 'Invalid mode "map" for multiple keys', 1, 1],
    ['key src,src', 'Invalid mode "map" for multiple keys', 1, 1],
    ['hash keys src,dst map', 'Invalid mode "map" for multiple keys', 2, 1],
    ['hashh key src', 'What is "hashh"?', 0, 1],
    ['map key src and -1', 'Illegal "mask"', 4, 1],
    ['map key src or 1x', 'Illegal "or"', 4, 1],
    ['map key src xor 0x', 'Illegal "xor"', 4, 1],
    ['map key src rshift x', 'Illegal "rshift"', 4, 1],
    ['map key proto addend 10.0.0.1', 'Illegal "addend"', 4, 1],
    ['map key nfct-src addend 1.2.3.4', 'Illegal "addend"', 4, 1],
    ['addend 1.2.3.4 key src', 'Illegal "addend"', 1, 1],
    ['map key src addend default', 'Illegal "addend"', 4, 1],
    ['map key src addend all', 'Illegal "addend"', 4, 1],
    ['map key src addend any', 'Illegal "addend"', 4, 1],
    ['map key src addend -', 'Error: any valid address is expected rather than "".', 4, 1],
    ['map key src addend 4294967296', 'Error: any valid address is expected rather than "4294967296".', 4, 1],
    ['map key src divisor 4294967296', 'Illegal "divisor"', 4, 1],
    ['map key src baseclass 0', 'Illegal "baseclass"', 4, 1],
    ['map key src baseclass none', 'Illegal "baseclass"', 4, 1],
    ['map key src baseclass 1:1:1', 'Illegal "baseclass"', 4, 1],
    ['map key src flowid 1:1', 'What is "flowid"?', 3, 1],
    ['hash keys src perturb -1', 'Illegal "perturb"', 4, 1],
    ['map key src po', 'Command line is not complete. Try option "help"', 4, 255],
  ])('%s: %s', (spec, message, word, exit) => {
    expect(errorOf(spec)).toMatchObject({ message, word, exit });
  });

  test('an addend that is none has its own code, for those who explain', () => {
    expect(errorOf('map key mark addend 10.0.0.1')).toMatchObject({ hint: '', exit: 1, code: 'illegal-addend' });
    expect(errorOf('map key src addend x').code).toBeNull();
  });

  test('the handle is a u32 of any base', () => {
    expect(parseFlowHandle('0x10')).toBe(16);
    for (const text of ['-1', 'x', '1:1', '', 'none']) expect(() => parseFlowHandle(text)).toThrow('Illegal "handle"');
  });

  test('usage names every key', () => {
    const { hint, message } = errorOf('help');
    expect(message).toBe('');
    expect(hint.split('\n').map((line) => line.trim().split(/ +/, 4).join(' '))).toEqual([
      'Usage: ... flow map',
      '... flow hash keys',
      '[ divisor NUM ]',
      'KEY is one of',
    ]);
    for (const key of ALL_KEYS) expect(hint).toContain(` ${KEYS[key].name}`);
  });

  test('parts that nobody plugged in are refused by name', () => {
    for (const word of ['match', 'action', 'police']) {
      expect(errorOf(`map key src ${word} x`)).toMatchObject({ message: `"${word}" is not supported yet`, word: 3 });
    }
  });
});

test('a part that is plugged in takes its words and writes its payload in its place', () => {
  const match = {
    speak(words: Words, w: AttrWriter) {
      expect(words.next()).toBe('x');
      w.u32(0xaabbccdd);
    },
    print: (payload: Uint8Array, out: Printer) => out.put('match', hex(payload), `match ${hex(payload)}`),
  };
  const parts = { ...NO_PARTS, match };
  expect(bytesOf('key src match x divisor 5', parts)).toBe(`${attrs([1, 1])}08000b00ddccbbaa${attrs([8, 5], [2, 0])}`);
  const out = new Printer();
  printFlow(1, parseFlowOptions('key src match x', parts), out, parts);
  expect(out.toString()).toBe('handle 0x1 map keys src match ddccbbaa');
});

test('police and actions are printed behind it, actions on a line of their own', () => {
  const part = (name: string) => ({
    speak: (words: Words, w: AttrWriter) => w.bytes(Buffer.from(words.next())),
    print: (payload: Uint8Array, out: Printer) => out.put(name, hex(payload), `${name} ${hex(payload)} `),
  });
  const parts = { match: part('match'), police: part('police'), action: part('action') };
  const options = parseFlowOptions('key src action aaaa police pppp match mmmm', parts);
  const text = new Printer();
  printFlow(1, options, text, parts);
  expect(text.toString()).toBe('handle 0x1 map keys src match 6d6d6d6d police 70707070 \naction 61616161 ');
  const json = new Printer('json');
  json.open('{');
  printFlow(1, options, json, parts);
  json.close();
  expect(JSON.parse(json.toString())).toEqual({
    handle: '0x1',
    mode: 'map',
    keys: ['src'],
    match: '6d6d6d6d',
    police: '70707070',
    action: '61616161',
  });
});

describe('the kernel’s dump', () => {
  test('has its own order and is silent about what has no effect', () => {
    const w = new AttrWriter();
    dumpFlow({ perturb: 10, divisor: 0, keys: 3, mode: 1, xor: 5, baseclass: 0x00010001, rshift: 0 }, w);
    expect(hex(w.done())).toBe(attrs([1, 3], [2, 1], [6, 0xffffffff], [7, 5], [3, 0x00010001], [12, 10]));
  });

  test('a full mask without xor is not dumped; nests come last', () => {
    const w = new AttrWriter();
    dumpFlow({ keys: 1, mask: 0xffffffff, xor: 0, ematches: Uint8Array.of(), act: Uint8Array.of(1, 2, 3, 4) }, w);
    expect(hex(w.done())).toBe(`${attrs([1, 1], [2, 0])}080009000102030404000b00`);
  });
});

describe('what is printed', () => {
  test.each([
    // Recorded from tc 6.1.0 showing kernel 6.1.192's dumps.
    ['map keys dst baseclass 1:1', 'handle 0x1 map keys dst baseclass 1:1 '],
    [
      'hash keys src,dst divisor 1024 baseclass 1:1 perturb 10',
      'handle 0x1 hash keys src,dst divisor 1024 baseclass 1:1 perturb 10sec ',
    ],
    [
      'map key priority xor 0x80000000 or 037 addend -0x100 or 037 rshift 16 xor 40 baseclass 1:1',
      'handle 0x1 map keys priority and 0xffffffe0 xor 0x80000020 or 0x00000017 rshift 16 addend 0xffffff00 baseclass 1:1 ',
    ],
    [
      'map keys sk-gid xor 0x0 baseclass ffff:ffff xor 1 and 0x0 xor 0xffffffff',
      'handle 0x1 map keys sk-gid and 0x00000000 or 0xffffffff baseclass root ',
    ],
  ])('%s', (spec, text) => expect(textOf(parseFlowOptions(spec))).toBe(text));

  const jsonOf = (o: FlowOptions): unknown => {
    const out = new Printer('json');
    out.open('{');
    printFlow(1, o, out);
    out.close();
    return JSON.parse(out.toString());
  };

  test('an unknown mode has no name, and its number in JSON', () => {
    expect(textOf({ keys: 1, mode: 7 })).toBe('handle 0x1 keys src ');
    expect(jsonOf({ keys: 1, mode: 7 })).toEqual({ handle: '0x1', mode: '0x7', keys: ['src'] });
  });

  test('what is not there is not printed, and no part asked', () => {
    const print = () => {
      throw new Error('nothing to print');
    };
    const part = { speak: () => {}, print };
    const out = new Printer();
    printFlow(1, {}, out, { match: part, police: part, action: part });
    expect(out.toString()).toBe('handle 0x1 ');
    expect(jsonOf({})).toEqual({ handle: '0x1' });
    expect(jsonOf({ rshift: 5, xor: 2, mode: 0 })).toEqual({ handle: '0x1', mode: 'map', xor: '0x2', rshift: 5 });
  });

  test('JSON has members, hexadecimal ones as text', () => {
    const out = new Printer('json');
    out.open('{');
    printFlow(1, parseFlowOptions('hash keys src,dst or 0xff divisor 16 perturb 10 addend 3 baseclass :7'), out);
    out.close();
    expect(JSON.parse(out.toString())).toEqual({
      handle: '0x1',
      mode: 'hash',
      keys: ['src', 'dst'],
      and: '0xffffff00',
      or: '0xff',
      addend: '0x3',
      divisor: 16,
      baseclass: ':7',
      perturb: 10,
    });
  });

  test('tc 6.1.0 put the text into its JSON', () => {
    const out = new Printer('json', true);
    out.open('{', 'options');
    printFlow(1, parseFlowOptions('map key dst'), out);
    out.close();
    expect(out.toString()).toBe('"options":{handle 0x1 map keys dst }');
  });
});

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const key = fc.constantFrom(...ALL_KEYS.map((each) => KEYS[each].name));
const option = fc.oneof(
  fc
    .tuple(fc.constantFrom('and', 'or', 'xor', 'rshift', 'addend', 'divisor', 'perturb'), u32)
    .map(([w, n]) => `${w} ${n}`),
  fc
    .tuple(fc.nat(0xffff), fc.integer({ min: 1, max: 0xffff }))
    .map(([a, b]) => `baseclass ${a.toString(16)}:${b.toString(16)}`),
  fc.array(key, { minLength: 1, maxLength: 5 }).map((keys) => `keys ${keys.join(',')}`),
  fc.constantFrom('hash', 'map'),
);

describe('properties', () => {
  test('words, bytes, options, text, words: settled after one turn', () => {
    fc.assert(
      fc.property(fc.array(option), (options) => {
        const once = parseFlowOptions(`${options.join(' ')} hash`);
        const words = textOf(once)
          .replace('handle 0x1 ', '')
          .replace(/(\d)sec /, '$1 ');
        // A mask and xor that say nothing are not printed; everything else comes back.
        const { mask = 0xffffffff, xor = 0, ...rest } = parseFlowOptions(words);
        expect({ mask, xor, ...rest }).toEqual({ mask: 0xffffffff, xor: 0, ...once });
        expect(textOf(parseFlowOptions(words))).toBe(textOf(once));
      }),
    );
  });

  test('what tc sends and what the kernel dumps mean the same', () => {
    fc.assert(
      fc.property(fc.array(option), (options) => {
        const o = parseFlowOptions(`key src ${options.join(' ')} hash`);
        const w = new AttrWriter();
        dumpFlow(o, w);
        const back = decode(FLOW, w.done());
        for (const [name, value] of Object.entries(o)) {
          const silent = name === 'mask' ? 0xffffffff : 0;
          expect(back[name as keyof FlowOptions] ?? silent).toBe(value);
        }
      }),
    );
  });

  test('random bytes are options or a KernelError, and options survive', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (data) => {
        try {
          const o = decode(FLOW, data);
          expect(decode(FLOW, encode(FLOW, o))).toEqual(o);
          textOf(o);
        } catch (error) {
          if (!(error instanceof KernelError)) throw error;
        }
      }),
    );
  });

  test('random words are options or a UsageError about a word that exists, or is missing', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('map', 'keys', 'src', 'and', '1', 'addend', '::1', 'baseclass', 'match'),
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        try {
          parseFlowOptions(words);
        } catch (error) {
          if (!(error instanceof UsageError)) throw error;
          expect(error.word >= 0 && error.word <= words.length).toBe(true);
        }
      }),
    );
  });
});
