import type { SetsLines } from '../../src/api/index.ts';
import type { Limits } from './limits.ts';
import { readLines } from './named-file.ts';

/** `NAME=FILE`, or a file of sets that have names. */
const SPEC = /^([^=]*)=(.*)$/s;

export const fileOfSets = (spec: string): string => SPEC.exec(spec)?.[2] ?? spec;

/** The files of `--ipset [NAME=]FILE`, which are read as they are asked for. */
export function setsLines(specs: readonly string[], limits: Limits): SetsLines[] {
  return specs.map((spec) => {
    const name = SPEC.exec(spec)?.[1];
    return {
      ...(name === undefined ? {} : { name }),
      lines: readLines(fileOfSets(spec), limits),
      most: limits.entries,
    };
  });
}
