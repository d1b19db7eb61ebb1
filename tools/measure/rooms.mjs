// What is mutated, and which tests judge it.

/** What a real kernel and tc did. */
export const RECORDS = 'test/golden/golden.test.ts';

/** `tests`: those beside the code; what they let live meets the records. */
export const ROOMS = [
  {
    name: 'hash',
    door: 'src/hash/index.ts',
    mutate: ['src/u32.ts', 'src/hash/*.ts'],
    tests: ['src/u32.test.ts', 'src/hash/*.test.ts'],
  },
  {
    name: 'dissect',
    door: 'src/packet/index.ts',
    mutate: ['src/packet/{dissect,dissect-seed,headers,protocol,rxhash}.ts', 'src/packet/header/*.ts'],
    tests: ['src/packet/*.test.ts', RECORDS],
  },
  {
    name: 'flow',
    door: 'src/sched/flow/index.ts',
    mutate: ['src/sched/flow/{key,classid,filter,options}.ts'],
    tests: ['src/sched/flow/*.test.ts', RECORDS],
  },
  {
    name: 'parser',
    door: 'src/lang/index.ts',
    mutate: ['src/lang/{words,units,address,prefix,split,protocol}.ts'],
    tests: ['src/lang/*.test.ts', RECORDS],
  },
];
