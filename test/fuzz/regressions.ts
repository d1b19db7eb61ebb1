/**
 * What once went wrong, or nearly could: by name, kept for good. `frame` is read with `linkType`; `capture` is a file;
 * `request` is sent to the emulated kernel; `words` are tc's.
 * The fuzzer prints a row like these when it finds something.
 */
export type Regression =
  | { readonly name: string; readonly linkType: number; readonly wire: number; readonly frame: string }
  | { readonly name: string; readonly capture: string }
  | { readonly name: string; readonly request: string }
  | { readonly name: string; readonly words: readonly string[] };

const MACS = '020000000002020000000001';

const FLOW_WITH_LENGTH_0 =
  '380000002c0005060100000000000000000000000100000001000000f2ffffff0000010009000100666c6f770000000008000280' +
  '00000100';

export const REGRESSIONS: readonly Regression[] = [
  { name: 'nothing at all', linkType: 1, wire: 0, frame: '' },
  { name: 'a tag without the two bytes behind it', linkType: 1, wire: 18, frame: `${MACS}810000640800` },
  { name: 'nineteen tags', linkType: 1, wire: 90, frame: `${MACS}${'81000001'.repeat(19)}` },
  {
    name: 'IPv4 options that reach behind the frame',
    linkType: 1,
    wire: 34,
    frame: `${MACS}08004f000028000000004006000001020304050607080102`,
  },
  { name: 'a pktap header in a pktap header', linkType: 258, wire: 24, frame: '0c000000010000000201000000000000' },
  { name: 'a pktap header of 4 GiB', linkType: 258, wire: 12, frame: 'ffffffff0100000001000000' },
  { name: 'an nflog attribute of length 0', linkType: 239, wire: 8, frame: '0200000000000900' },
  { name: 'an nflog attribute longer than the record', linkType: 239, wire: 8, frame: '02000000ffff0900' },
  { name: 'raw IP of version 0', linkType: 101, wire: 1, frame: '00' },
  {
    name: 'a pcapng block of length 0',
    capture: '0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c0000000600000000000000',
  },
  { name: 'a pcapng block of 4 GiB', capture: '0a0d0d0afcffffff4d3c2b1a01000000ffffffffffffffff1c000000' },
  {
    name: 'a pcapng packet before any interface',
    capture: `0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c0000000600000020000000${'00'.repeat(20)}20000000`,
  },
  {
    name: 'a pcap record of 4 GiB',
    capture: `d4c3b2a1020004000000000000000000ffff0000010000000000000000000000ffffffffffffffff`,
  },
  { name: 'a pcap magic number and nothing else', capture: 'd4c3b2a1' },
  { name: 'a request shorter than its header', request: '10000000' },
  { name: 'a request that says it is longer than it is', request: 'ffffffff2c000506010000000000000000' },
  { name: 'a filter whose options are one attribute of length 0', request: FLOW_WITH_LENGTH_0 },
  {
    name: 'a filter of more options than an attribute holds',
    words: [
      'filter',
      'add',
      'dev',
      'lo',
      'ingress',
      'flow',
      'hash',
      ...new Array<string>(20_000).fill('div 5').join(' ').split(' '),
    ],
  },
  {
    name: 'more actions to be got than an attribute holds',
    words: ['actions', 'get', ...'action gact index 1 '.repeat(5000).trim().split(' ')],
  },
];
