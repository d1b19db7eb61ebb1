import type { Machine, ToolAnswer, ToolCall } from '../tool.ts';
import { DONE, printed, refused, unknown } from './answer.ts';
import { findLink, linkKey } from './links.ts';
import { keepAlso, keptAs } from './state.ts';

/** Offloads as `ethtool -k` prints them, with their short names: ethtool 6.1, off_flag_def[]. */
const FEATURES: readonly (readonly [long: string, short: string, state: string])[] = [
  ['rx-checksumming', 'rx', 'on'],
  ['tx-checksumming', 'tx', 'on'],
  ['scatter-gather', 'sg', 'on'],
  ['tcp-segmentation-offload', 'tso', 'on'],
  ['generic-segmentation-offload', 'gso', 'on'],
  ['generic-receive-offload', 'gro', 'on'],
  ['large-receive-offload', 'lro', 'off [fixed]'],
  ['rx-vlan-offload', 'rxvlan', 'on'],
  ['tx-vlan-offload', 'txvlan', 'on'],
  ['ntuple-filters', 'ntuple', 'off [fixed]'],
  ['receive-hashing', 'rxhash', 'on'],
];

type Print = (device: string, machine: Machine, key: string) => string;

const features: Print = (device, machine, key) => {
  const set = new Map(keptAs(machine, key).map((line) => line.split(' ') as [string, string]));
  const lines = FEATURES.map(([long, short, state]) => `${long}: ${set.get(short) ?? set.get(long) ?? state}\n`);
  return `Features for ${device}:\n${lines.join('')}`;
};

const driver: Print = () =>
  [
    'driver: e1000e',
    'version: 6.1.0',
    'firmware-version: 0.5-4',
    'expansion-rom-version: ',
    'bus-info: 0000:00:1f.6',
    'supports-statistics: yes',
    'supports-test: yes',
    'supports-eeprom-access: yes',
    'supports-register-dump: yes',
    'supports-priv-flags: yes\n',
  ].join('\n');

const counters: Print = () =>
  `NIC statistics:\n${['rx_packets', 'tx_packets', 'rx_bytes', 'tx_bytes', 'rx_errors', 'tx_errors', 'tx_dropped']
    .map((name) => `     ${name}: 0\n`)
    .join('')}`;

const channels: Print = (device) => {
  const rows = 'RX:\t\tn/a\nTX:\t\tn/a\nOther:\t\tn/a\nCombined:\t1\n';
  return `Channel parameters for ${device}:\nPre-set maximums:\n${rows}Current hardware settings:\n${rows}`;
};

const settings: Print = (device) =>
  [
    `Settings for ${device}:`,
    '\tSupported ports: [ TP ]',
    '\tSupported link modes:   10baseT/Half 10baseT/Full',
    '\t                        100baseT/Half 100baseT/Full',
    '\t                        1000baseT/Full',
    '\tSpeed: 1000Mb/s',
    '\tDuplex: Full',
    '\tAuto-negotiation: on',
    '\tPort: Twisted Pair',
    '\tPHYAD: 1',
    '\tTransceiver: internal',
    '\tLink detected: yes\n',
  ].join('\n');

const PRINTS: Readonly<Record<string, Print>> = {
  ...{ '-k': features, '--show-features': features, '--show-offload': features, '-i': driver, '--driver': driver },
  ...{ '-S': counters, '--statistics': counters, '-l': channels, '--show-channels': channels },
};

/** Commands that set something. */
const SETS = /^(?:-[KGLCAsNUXrpE]|--(?:features|offload|set-|change|coalesce|pause|reset|negotiate|config-).*)$/;

/** ethtool 6.1. */
export function ethtool(call: ToolCall, machine: Machine): ToolAnswer {
  const [first = '', ...rest] = call.args;
  if (first === '--version') return printed('ethtool version 6.1\n');
  const isPlain = !first.startsWith('-');
  const device = isPlain ? first : (rest[0] ?? '');
  if (device === '') return refused('ethtool: bad command line argument(s)\nFor more information run ethtool -h', 1);
  if (findLink(machine, call.netns, device) === null) return refused('netlink error: No such device', 75);
  const key = `ethtool ${linkKey(call.netns, device)}`;
  if (SETS.test(first)) return set(machine, key, first, rest.slice(1));
  const print = isPlain ? settings : PRINTS[first];
  if (print === undefined) return unknown(`what ethtool ${first} prints`);
  return printed(print(device, machine, key), `dev ${device}`);
}

/** Only offloads are kept: they are printed again. */
function set(machine: Machine, key: string, command: string, words: readonly string[]): ToolAnswer {
  if (!/^(?:-K|--features|--offload)$/.test(command)) return DONE;
  for (let at = 0; at + 1 < words.length; at += 2) keepAlso(machine, key, `${words[at]} ${words[at + 1]}`);
  return DONE;
}
