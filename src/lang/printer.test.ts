import { expect, test } from 'vitest';
import { Printer, type Style } from './printer.ts';

function sample(style: Style, old = false): string {
  const out = new Printer(style, old);
  out.open('[');
  for (const pref of [10, 11]) {
    out.open('{');
    out.put('kind', 'flow', 'filter flow ');
    out.put('pref', pref, `pref ${pref} `);
    out.open('{', 'options');
    out.unconverted((plain) => plain.put('keys', ['src', 'dst'], 'keys src,dst '));
    out.close();
    out.text('\n');
    out.close();
  }
  out.close();
  return out.toString();
}

test('text is what the calls said, one after another', () => {
  expect(sample('text')).toBe('filter flow pref 10 keys src,dst \nfilter flow pref 11 keys src,dst \n');
});

test('JSON is compact and means the same', () => {
  expect(sample('json')).toBe(
    '[{"kind":"flow","pref":10,"options":{"keys":["src","dst"]}},{"kind":"flow","pref":11,"options":{"keys":["src","dst"]}}]',
  );
});

// The layout of `tc -j -p`, as recorded from tc 6.1.0.
test('pretty JSON is laid out as tc lays it out', () => {
  const out = new Printer('pretty');
  out.open('[');
  for (const chain of [0, 1]) {
    out.open('{');
    out.put('protocol', 'all', '');
    out.put('chain', chain, '');
    out.close();
  }
  out.close();
  expect(out.toString()).toBe(
    '[ {\n        "protocol": "all",\n        "chain": 0\n    },{\n        "protocol": "all",\n        "chain": 1\n    } ]',
  );
  const empty = new Printer('pretty');
  empty.open('[');
  empty.close();
  expect(empty.toString()).toBe('[ ]');
});

test('pretty JSON parses to the same as compact', () => {
  expect(JSON.parse(sample('pretty'))).toEqual(JSON.parse(sample('json')));
});

test('the old form has bare text where 6.1.0 had it', () => {
  expect(sample('json', true)).toContain('"options":{keys src,dst }');
  expect(() => JSON.parse(sample('json', true))).toThrow();
});

test('any text is a valid JSON string', () => {
  const out = new Printer('json');
  out.open('{');
  out.put('a"\n', '\u0000\ud800"\\', '');
  out.member('big', 18446744073709551615n);
  out.close();
  expect(JSON.parse(out.toString())['a"\n']).toBe('\u0000\ud800"\\');
  expect(out.toString()).toContain('"big":18446744073709551615');
});
