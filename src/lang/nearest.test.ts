import { describe, expect, it } from 'vitest';
import { nearest } from './nearest.ts';

describe('nearest', () => {
  it('finds the word that was meant, also with two letters swapped', () => {
    expect(nearest('divsor', ['divisor', 'addend'])).toEqual(['divisor']);
    expect(nearest('prot', ['proto', 'proto-src'])).toEqual(['proto']);
    expect(nearest('rsc', ['dst', 'src'])).toEqual(['src']);
  });

  it('finds all words that are equally near, in their order', () => {
    expect(nearest('prol', ['prob', 'src', 'prio', 'proto', 'prof'])).toEqual(['prob', 'prof']);
  });

  it('finds nothing where nothing is near, nor where a word would have no letter left', () => {
    expect(nearest('banana', ['src', 'dst'])).toEqual([]);
    expect(nearest('z', ['b', 'k'])).toEqual([]);
    expect(nearest('', ['b'])).toEqual([]);
  });
});
