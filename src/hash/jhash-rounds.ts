import { rol, word } from '../u32.ts';

/** The three words of jhash2() after one step of it: int32. */
export interface JhashRound {
  readonly step: 'start' | 'add' | 'mix' | 'final';
  /** The words of the input that were added: from this one on, and how many. */
  readonly from: number;
  readonly count: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** __jhash_mix() and __jhash_final() as rows: which of the three words changes, by how many bits the other is turned. */
type Turn = readonly [changed: 0 | 1 | 2, other: 0 | 1 | 2, bits: number];
const MIX: readonly Turn[] = [
  [0, 2, 4],
  [1, 0, 6],
  [2, 1, 8],
  [0, 2, 16],
  [1, 0, 19],
  [2, 1, 4],
];
const FINAL: readonly Turn[] = [
  [2, 1, 14],
  [0, 2, 11],
  [1, 0, 25],
  [2, 1, 16],
  [0, 2, 4],
  [1, 0, 14],
  [2, 1, 24],
];

/**
 * include/linux/jhash.h: jhash2(), step by step, for those who want to see it: slow, and written another way than
 * jhash2(), which a test holds it against. The hash is the last step's `c`.
 */
export function jhash2Rounds(words: Int32Array, count: number, initval: number): JhashRound[] {
  const state = new Int32Array(3).fill(0xdeadbeef + (count << 2) + initval);
  const rounds: JhashRound[] = [];
  const note = (step: JhashRound['step'], from = 0, many = 0): void => {
    rounds.push({ step, from, count: many, a: word(state, 0), b: word(state, 1), c: word(state, 2) });
  };
  note('start');
  for (let at = 0; at < count; at += 3) {
    const many = Math.min(3, count - at);
    for (let i = 0; i < many; i++) state[i] = word(state, i) + word(words, at + i);
    note('add', at, many);
    if (count - at > 3) {
      for (const turn of MIX) mix(state, turn);
      note('mix');
    } else {
      for (const turn of FINAL) final(state, turn);
      note('final');
    }
  }
  return rounds;
}

function mix(state: Int32Array, [changed, other, bits]: Turn): void {
  const third = 3 - changed - other;
  state[changed] = (word(state, changed) - word(state, other)) ^ rol(word(state, other), bits);
  state[other] = word(state, other) + word(state, third);
}

function final(state: Int32Array, [changed, other, bits]: Turn): void {
  state[changed] = (word(state, changed) ^ word(state, other)) - rol(word(state, other), bits);
}
