import type { SetsText } from '../../src/api/index.ts';
import { readText } from './named-file.ts';

/** `NAME=FILE`, or a file of sets that have names. */
const SPEC = /^([^=]*)=(.*)$/s;

export const fileOfSets = (spec: string): string => SPEC.exec(spec)?.[2] ?? spec;

/** The files of `--ipset [NAME=]FILE`. */
export function setsTexts(specs: readonly string[]): SetsText[] {
  return specs.map((spec) => {
    const name = SPEC.exec(spec)?.[1];
    return { ...(name === undefined ? {} : { name }), text: readText(fileOfSets(spec)) };
  });
}
