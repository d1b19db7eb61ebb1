import { checkRegress } from '../kernel/diff/record.ts';
import { checkChain } from './chain.ts';
import { checkClassify, checkHash } from './classify.ts';
import { checkCorpus } from './corpus.ts';
import { checkFate } from './fate.ts';
import { readBack } from './listed.ts';
import { checkNetlink } from './netlink.ts';
import type { Report } from './report.ts';
import { checkTc } from './tc.ts';
import { checkValues } from './values-family.ts';

/** One row for each family of records; `check` is null where the project does not handle it yet. */
export const FAMILIES: readonly { readonly name: string; readonly check: ((directory: string) => Report) | null }[] = [
  { name: 'classify', check: checkClassify },
  { name: 'hash', check: checkHash },
  { name: 'meta', check: checkValues },
  { name: 'conntrack', check: checkValues },
  { name: 'errors', check: checkTc },
  { name: 'show', check: (directory) => readBack(directory, checkTc(directory)) },
  { name: 'netlink', check: checkNetlink },
  { name: 'chain', check: checkChain },
  { name: 'corpus', check: checkCorpus },
  { name: 'regress', check: checkRegress },
  { name: 'fate', check: checkFate },
];
