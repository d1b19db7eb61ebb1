import { findQdisc } from '../../sched/qdisc/index.ts';
import { readListing } from './text.ts';
import type { Thing } from './things.ts';

/** Runs tc with these words, and returns what it prints. */
export type Shown = (words: readonly string[]) => string;

/**
 * All that tc lists of a device, as one text that can be read back: its qdiscs, its classes, and the filters of each. tc
 * leaves out what it was asked for, so the device and the parent are put in.
 */
export function listingOf(shown: Shown, device: string): string {
  const dev = ['dev', device];
  const listed = [shown(['-d', 'qdisc', 'show', ...dev]), shown(['-d', 'class', 'show', ...dev])].join('');
  const things = readListing(listed);
  const named = listed.replace(/^(?:qdisc|class) \S+ \S+ /gm, (head) => `${head}dev ${device} `);
  const filters = [...new Set(things.flatMap(parentsIn))].map((parent) =>
    shown(['-d', 'filter', 'show', ...dev, ...parent.split(' ')]).replace(
      /^filter (?!block )/gm,
      () => `filter dev ${device} ${parent} `,
    ),
  );
  return [named, ...filters].join('');
}

/** Where filters of a qdisc or class are listed. */
function parentsIn({ noun, kind, handle }: Thing): string[] {
  const row = findQdisc(kind);
  if (row?.ingress === true) return row.egress ? ['ingress', 'egress'] : ['ingress'];
  if (handle === '0:' || (noun === 'class' && handle.endsWith(':'))) return [];
  return [`parent ${handle}`];
}
