import {
  callback,
  count,
  iterable,
  listOf,
  members,
  object,
  oneOf,
  optional,
  type Rule,
  type Rules,
  text,
  yesOrNo,
} from '../argument.ts';
import { ArgumentError } from '../errors.ts';
import type { ReadOptions } from './read.ts';
import type { Besides } from './settle.ts';

const RULES: Readonly<Record<keyof ReadOptions | keyof Besides, Rule>> = {
  signal: members({ aborted: yesOrNo }),
  progress: callback,
  warn: callback,
  failed: callback,
  note: callback,
  script: callback,
  copied: callback,
  looksAt: oneOf('sources', 'destinations'),
  sample: members({ sides: callback }),
  engine: oneOf('auto', 'plain', 'compiled'),
  shell: members({
    name: optional(text),
    path: optional(text),
    files: optional(members({ read: callback, is: callback, list: callback })),
    signal: optional(members({ aborted: yesOrNo })),
  }),
  simulated: (value, at) => {
    if (value !== null) object(value, at);
  },
  unpackers: members({ deflate: callback, zstd: callback, crc32: callback }),
  tables: members({
    conntrack: optional(iterable),
    sets: optional(listOf(members({ name: optional(text), lines: iterable, most: optional(count) }))),
    metadata: optional(iterable),
  }),
};

/** Checks what a call is given besides its question. Throws an ArgumentError that names the field: `options.signal`. */
export function checkOptions(options: object, more: Rules = {}): void {
  object(options, 'options');
  const rules: Rules = { ...RULES, ...more };
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name)) throw new ArgumentError(`options.${name}`, 'no such option');
    if (value !== undefined) rules[name]?.(value, `options.${name}`);
  }
}
