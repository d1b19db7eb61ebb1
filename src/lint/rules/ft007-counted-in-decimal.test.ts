import { describe, expect, test } from 'vitest';
import { simulateScript } from '../../api/index.ts';
import { check, checkSimulated } from '../index.ts';

const found = (script: string) => check(script).findings;
const codes = (script: string): string[] => found(script).map(({ code }) => code);

/** What a loop over `from + i` makes of 32 hosts, as a recording of it shows. */
function recorded(from: number, kind = 'htb'): string {
  const options = kind === 'htb' ? ' rate 1mbit' : '';
  const classes = Array.from(
    { length: 32 },
    (_, i) => `class add dev eth0 parent 2: classid 2:${from + i} ${kind}${options}`,
  );
  const filter = `filter add dev eth0 parent 2: protocol all prio 1 handle 1 flow hash keys src divisor 32 baseclass 2:${from}`;
  return [`qdisc add dev eth0 root handle 2: ${kind}`, ...classes, filter].join('\n');
}

describe('classes that a loop counted in decimal', () => {
  test('are named as such, wherever the loop begins, and never mended by fewer classes', () => {
    for (const [from, after, comes] of [
      [100, '2:109', '2:10a'],
      [1, '2:9', '2:a'],
      [5, '2:9', '2:a'],
      [995, '2:999', '2:99a'],
    ] as const) {
      const decimal = found(recorded(from)).find(({ code }) => code === 'FT007');
      expect(decimal).toMatchObject({ code: 'FT007', fix: null });
      expect(decimal?.message).toContain('hexadecimal');
      expect(decimal?.effect).toContain(`after ${after} comes ${comes}, which does not exist`);
      const missing = found(recorded(from, 'drr')).find(({ code }) => code === 'FT005');
      expect(missing).toMatchObject({ fix: null });
      expect(missing?.effect).toContain('the classes are counted in decimal: see FT007');
    }
  });

  test('are not those that a loop in hexadecimal made, nor a row that has no number with a letter', () => {
    const row = (numbers: readonly string[], divisor: number): string =>
      [
        'qdisc add dev eth0 root handle 1: drr',
        ...numbers.map((number) => `class add dev eth0 parent 1: classid 1:${number} drr`),
        `filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys mark divisor ${divisor} baseclass 1:${numbers[0]}`,
      ].join('\n');
    const hexadecimal = Array.from({ length: 40 }, (_, i) => (i + 1).toString(16));
    expect(codes(row(hexadecimal, 50))).not.toContain('FT007');
    expect(codes(row(['10', '11', '12', '13'], 5))).not.toContain('FT007');
    expect(codes(row(['8', '9', '20'], 3))).not.toContain('FT007');
  });
});

describe('a loop in the script', () => {
  const loop = (head: string, id: string): string =>
    `${head}\n  tc class add dev eth0 parent 1: classid ${id} drr\ndone\n`;

  test('is found however it counts and adds', () => {
    const heads = [
      'for i in $(seq 0 31); do',
      'for i in `seq 31`; do',
      'for i in {0..31}; do',
      'for ((i=0;i<32;i++)); do',
      'for (( i = 0; i <= 31; i++ ))',
    ];
    const ids = [
      '1:$i',
      '"1:$i"',
      '1:$((100+i))',
      '1:$((i + 100))',
      '1:$(( $i + 100 ))',
      '1:`expr 100 + $i`',
      '1:$(expr $i + 100)',
    ];
    for (const head of heads) {
      for (const id of ids) expect(found(loop(head, id)), `${head} ${id}`).toMatchObject([{ code: 'FT007', line: 2 }]);
    }
  });

  test('that passes no 9, or prints hexadecimal, leaves nothing out', () => {
    expect(codes(loop('for i in $(seq 1 9)', '1:$i'))).toEqual([]);
    expect(codes(loop('for i in $(seq 0 7)', '1:$((i + 100))'))).toEqual([]);
    expect(codes(loop('for ((i=0;i<10;i++))', '1:$((i + 100))'))).toEqual([]);
    expect(codes(loop('for i in $(seq 1 32)', '1:$(printf %x $i)'))).toEqual([]);
    expect(codes(loop('for i in $(seq 1 32)', '1:$(printf %x $((i + 100)))'))).toEqual([]);
  });
});

describe('classes that a loop of a simulated script counted in decimal', () => {
  const script = (classes: string, filter: string): string => `#!/bin/sh
tc qdisc add dev eth0 root handle 2: drr
for i in $(seq 0 31); do tc class add dev eth0 parent 2: classid ${classes} drr; done
tc filter add dev eth0 parent 2: protocol all prio 1 handle 1 flow hash keys dst ${filter}
`;
  const findings = async (text: string) => checkSimulated(await simulateScript({ text })).findings;

  test('are the cause that FT005 names, and it offers no part of them instead', async () => {
    // 12 of 32 are missing, and ten of the user's classes were the mend. The second filter begins elsewhere.
    for (const filter of ['divisor 32 baseclass 2:100', 'divisor 64 baseclass 2:f0']) {
      const all = await findings(script('2:$((100 + i))', filter));
      expect(all.find(({ code }) => code === 'FT005')).toMatchObject({ fix: null, changes: [] });
      expect(all.find(({ code }) => code === 'FT005')?.effect).toMatch(
        /; the classes are counted in decimal: see FT007$/,
      );
      expect(all.find(({ code }) => code === 'FT007')?.effect).toContain('$(printf %x ...)');
    }
    const right = await findings(script('2:$(printf %x $((100 + i)))', 'divisor 64 baseclass 2:64'));
    expect(right.find(({ code }) => code === 'FT005')?.fix).toContain('divisor 32 baseclass 2:64');
  });
});
