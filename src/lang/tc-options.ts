/**
 * tc/tc.c: main(): tc's own options, in the order in which a prefix is tried; what of its prints each changes (null: nothing
 * that is modelled), and whether a word follows.
 */
export const TC_OPTIONS = [
  ['-stats', 'statistics', false],
  ['-statistics', 'statistics', false],
  ['-details', 'details', false],
  ['-raw', 'raw', false],
  ['-pretty', 'pretty', false],
  ['-graph', null, false],
  ['-Version', null, false],
  ['-iec', 'iec', false],
  ['-help', null, false],
  ['-force', 'force', false],
  ['-batch', null, true],
  ['-netns', null, true],
  ['-Numeric', 'numeric', false],
  ['-names', null, false],
  ['-nm', null, false],
  ['-cf', null, true],
  ['-conf', null, true],
  ['-color', null, false],
  ['-timestamp', null, false],
  ['-tshort', null, false],
  ['-json', 'json', false],
  ['-oneline', null, false],
  ['-brief', 'brief', false],
] as const satisfies readonly (readonly [word: string, flag: string | null, argument: boolean])[];
