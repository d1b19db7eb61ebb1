import type { TdcCase } from './suite.ts';

/**
 * What the kernel's own suite for this classifier (filters/flow.json of Linux 6.1.192) asks, as facts: id, the options
 * under test, and the options that must be shown. The frame around them is the same for all.
 */
const SHOWN: readonly (readonly [id: string, options: string, shown: string])[] = [
  ['5294', 'map key dst and 0xff', 'map keys dst and 0x000000ff baseclass'],
  ['3514', 'map key dst or 0xff', 'map keys dst.*or 0x000000ff baseclass'],
  ['7534', 'map key dst xor 0xff', 'map keys dst xor 0x000000ff baseclass'],
  ['4524', 'map key dst rshift 0x1f', 'map keys dst rshift 31 baseclass'],
  ['0230', 'map key dst addend 0xff', 'map keys dst addend 0xff baseclass'],
  ...(
    [
      ['2344', 'src'],
      ['9304', 'proto'],
      ['9038', 'proto-src'],
      ['2a03', 'proto-dst'],
      ['a073', 'iif'],
      ['3b20', 'priority'],
      ['8945', 'mark'],
      ['c034', 'nfct'],
      ['0205', 'nfct-dst'],
      ['5315', 'nfct-src'],
      ['7849', 'nfct-proto-src'],
      ['9902', 'nfct-proto-dst'],
      ['6742', 'rt-classid'],
      ['5432', 'sk-uid'],
      ['4134', 'sk-gid'],
      ['4522', 'vlan-tag'],
      ['4253', 'rxhash'],
    ] as const
  ).map(([id, key]) => [id, `map key ${key} addend 0xff`, `map keys ${key} addend 0xff baseclass`] as const),
  ['4452', 'hash keys src', 'hash keys src baseclass'],
  [
    '4341',
    "hash keys src divisor 1024 baseclass 1:1 match 'cmp(u8 at 0 layer link mask 0xff gt 10)' action drop",
    'hash keys src divisor 1024 baseclass 1:1.*cmp\\(u8 at 0 layer 0 mask 0xff gt 10\\)',
  ],
];

const INGRESS = '$TC qdisc add dev $DEV1 ingress';
const GET = '$TC filter get dev $DEV1 parent ffff: handle 1 protocol ip prio 1 flow';
const PREFIX = 'filter parent ffff: protocol ip pref 1 flow chain [0-9]+ handle 0x1 ';
const verb = (word: string, options: string): string =>
  `$TC filter ${word} dev $DEV1 parent ffff: handle 1 prio 1 protocol ip flow ${options}`;

function shows(id: string, command: string, shown: string, before: readonly string[] = [], count = 1): TdcCase {
  return {
    id,
    name: command.replace(/^.* flow /, ''),
    setup: [INGRESS, ...before],
    cmdUnderTest: command,
    expExitCode: 0,
    verifyCmd: GET,
    matchPattern: PREFIX + shown,
    matchCount: count,
  };
}

const RXHASH = verb('add', 'map key rxhash addend 0xff');

/** All 28. */
export const FLOW_CASES: readonly TdcCase[] = [
  ...SHOWN.map(([id, options, shown]) => shows(id, verb('add', options), shown)),
  {
    id: '4392',
    name: 'list',
    setup: [INGRESS, RXHASH],
    cmdUnderTest: '$TC filter add dev $DEV1 parent ffff: handle 2 prio 1 protocol ip flow map key rxhash or 0xff',
    expExitCode: 0,
    verifyCmd: '$TC filter show dev $DEV1 parent ffff:',
    matchPattern: 'filter protocol ip pref 1 flow chain 0 handle 0x[0-9]+ map keys rxhash',
    matchCount: 2,
  },
  shows('4322', verb('change', 'map key rxhash addend 0x22'), 'map keys rxhash addend 0x22 baseclass', [RXHASH]),
  shows('2320', verb('replace', 'map key rxhash addend 0x88'), 'map keys rxhash addend 0x88 baseclass', [RXHASH]),
  shows(
    '3213',
    verb('delete', 'map key rxhash addend 0xff'),
    'map keys rxhash addend 0x88 baseclass',
    [verb('add', 'map key rxhash addend 0x88')],
    0,
  ),
];
