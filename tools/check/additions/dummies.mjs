// One dummy of each thing that the project is made to be extended by. `files`: how many files may be touched.
// `file`: a new file, [path, text]. `rows`: what is put into files that are there: [path, where, text]; the text stands
// before the first place where `where` is found. `lacks`: without the row, who says so: the orphans of the room check,
// or `tsc`, with the words to be found in its errors.

const row = (file, where, text) => [file, where, text];
const IMPORT = (names, from) => `import { ${names} } from './${from}.ts';\n`;

const noun = (room, file, text, index, list, name) => ({
  files: 2,
  file: [`src/sched/${room}/${file}.ts`, text],
  rows: [row(`src/sched/${room}/${index}.ts`, 'import ', IMPORT(name, file)), list],
});

export const DUMMIES = {
  key: {
    files: 1,
    rows: [
      row('src/sched/flow/key.ts', '} as const;\nexport type Key', '  DUMMY: 18,\n'),
      row('src/sched/flow/key.ts', "'conntrack pointer' | 'vlan tag'", "'packet length' | "),
      row(
        'src/sched/flow/key.ts',
        "  [Key.RXHASH]: { name: 'rxhash'",
        "  [Key.DUMMY]: { name: 'dummy', value: { of: 'packet length' } },\n",
      ),
      row('src/sched/flow/key.ts', '  metadata: { dissect', "  'packet length': { dissect: false, mask: 0xffff },\n"),
      row(
        'src/sched/flow/key.ts',
        "    case 'vlan tag':\n      return vlanTag",
        "    case 'packet length':\n      return (p) => p.len;\n",
      ),
      row('src/sched/flow/key.ts', "    case 'vlan tag':\n      return 'headers'", "    case 'packet length':\n"),
    ],
    // Of what is added, each part alone is not enough.
    partial: [
      { rows: [0], named: ['src/sched/flow/key.ts', '18'] },
      { rows: [1], named: ['src/sched/flow/key.ts', 'packet length'] },
    ],
  },
  header: {
    files: 2,
    file: [
      'src/packet/header/dummy.ts',
      `import { u8 } from '../../u32.ts';
import type { FlowKeys } from '../flow-keys.ts';
import type { Packet } from '../packet.ts';
import { has, DissectRet } from './dissect-ret.ts';

/** Four bytes, the first of which names the next protocol. */
export function dummy(p: Packet, keys: FlowKeys): DissectRet {
  if (!has(p, keys, 4)) return DissectRet.BAD;
  keys.ipProto = u8(p.data, keys.at);
  keys.at += 4;
  return DissectRet.NEXT;
}
`,
    ],
    rows: [
      row('src/packet/headers.ts', 'import { gre }', IMPORT('dummy', 'header/dummy')),
      row(
        'src/packet/headers.ts',
        '  { number: IPPROTO.GRE',
        "  { number: 253, name: 'dummy', ports: null, read: dummy },\n",
      ),
    ],
  },
  ematch: noun(
    'ematch',
    'dummy',
    `import { bytes, encode } from '../../netlink/index.ts';
import type { EmatchKind } from './kind.ts';

/** Takes packets of an odd length. */
export const dummy: EmatchKind<Uint8Array> = {
  kind: 'dummy',
  id: 200,
  usage: 'Usage: dummy(X)',
  codec: bytes,
  scope: () => 'packet',
  speak(args, w) {
    for (let arg = args.next(); arg !== undefined; arg = args.next());
    w.bytes(encode(bytes, Uint8Array.of(0, 0, 0, 0)));
  },
  dump: (value, w) => w.bytes(value),
  print(_, write) {
    write('x');
    return true;
  },
  compile: () => (p) => (p.len & 1) === 1,
};
`,
    'index',
    row('src/sched/ematch/index.ts', '  ematch(ipt),', '  ematch(dummy),\n'),
    'dummy',
  ),
  action: noun(
    'action',
    'dummy',
    `import { gact } from './gact.ts';
import type { Action } from './kind.ts';

export const dummy: Action<unknown> = {
  ...(gact as Action<unknown>),
  kind: 'dummy',
  speak(words, w, ask) {
    words.next();
    gact.speak(words, w, ask);
  },
};
`,
    'kinds',
    row('src/sched/action/kinds.ts', '  police,\n', '  dummy,\n'),
    'dummy',
  ),
  qdisc: noun(
    'qdisc',
    'dummy',
    `import type { QdiscKind } from './kind.ts';
import { RED_KIND } from './red.ts';

export const DUMMY: QdiscKind = { ...(RED_KIND as QdiscKind), kind: 'dummy' };
`,
    'index',
    row('src/sched/qdisc/index.ts', '  RED_KIND,\n', '  DUMMY,\n'),
    'DUMMY',
  ),
  classifier: noun(
    'classifier',
    'dummy',
    `import type { Kind } from './kind.ts';
import { matchall } from './matchall.ts';

export const dummy: Kind = { ...matchall, kind: 'dummy' };
`,
    'index',
    row('src/sched/classifier/index.ts', 'u32, ...OPAQUE];', 'dummy, '),
    'dummy',
  ),
  'link type': {
    files: 1,
    rows: [
      row(
        'src/packet/link.ts',
        "  { number: 228, name: 'IPV4'",
        "  { number: 200, name: 'DUMMY', enter: enterIpv4 },\n",
      ),
    ],
    partial: [{ text: "  { number: 200, name: 'DUMMY' },\n", named: ['src/packet/link.ts', 'enter'] }],
  },
  finding: {
    files: 2,
    file: [
      'src/lint/rules/ft099-dummy.ts',
      `import type { Rule } from '../finding.ts';
import type { Page } from './page.ts';

export const FT099: Rule = {
  code: 'FT099',
  severity: 'advice',
  title: 'a script of one line',
  *look() {},
};

export const PAGE: Page = { happens: ['Nothing.'], mend: ['Nothing.'], found: [], clean: [] };
`,
    ],
    rows: [
      row('src/lint/rules/index.ts', 'import { REFUSED }', IMPORT('FT099', 'ft099-dummy')),
      row('src/lint/rules/index.ts', '  SYNTAX,\n', '  FT099,\n'),
    ],
  },
  era: {
    files: 1,
    rows: [
      row(
        'src/era.ts',
        "  '6.12': {",
        "  '6.99': { ...HIDDEN, name: '6.99', kernel: 'Linux 6.99', compilable: false },\n",
      ),
    ],
    partial: [{ text: "  '6.99': { name: '6.99', kernel: 'Linux 6.99' },\n", named: ['src/era.ts', "'6.99'"] }],
  },
  command: {
    files: 2,
    file: [
      'node/cli/commands/dummy.ts',
      `import type { CliCommand } from './command.ts';

export const dummy: CliCommand = {
  name: 'dummy',
  summary: 'nothing',
  exits: [],
  define() {},
  run: async () => 0,
};
`,
    ],
    rows: [
      row('node/cli/commands/index.ts', 'import { explain }', IMPORT('dummy', 'dummy')),
      row('node/cli/commands/index.ts', '  explain,\n', '  dummy,\n'),
    ],
  },
};
