// What is mutated, and which tests judge it.

/** What a real kernel and tc did. */
export const RECORDS = 'test/golden/golden.test.ts';

/** `tests`: those beside the code; what they let live meets the records. */
export const ROOMS = [
  { name: 'hash', mutate: ['src/u32.ts', 'src/hash/*.ts'], tests: ['src/u32.test.ts', 'src/hash/*.test.ts'] },
  {
    name: 'dissect',
    mutate: ['src/packet/{dissect,dissect-seed,headers,protocol,rxhash}.ts', 'src/packet/header/*.ts'],
    tests: ['src/packet/*.test.ts', RECORDS],
  },
  {
    name: 'flow',
    mutate: ['src/sched/flow/{key,classid,filter,options}.ts'],
    tests: ['src/sched/flow/*.test.ts', RECORDS],
  },
  {
    name: 'parser',
    mutate: ['src/lang/{words,units,address,prefix,split,protocol}.ts'],
    tests: ['src/lang/*.test.ts', RECORDS],
  },
];
