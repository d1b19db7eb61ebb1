// Which class does a filter give each packet of a capture?
import { fileURLToPath } from 'node:url';
import { createEnv, ERAS, NO_METADATA, parseFlowOptions, Run, summarise } from 'cls-flow';
import { readFrames } from 'cls-flow/node';

const capture = fileURLToPath(new URL('household.pcapng', import.meta.url));
const spec = 'hash keys dst divisor 4';

const clock = { now: 0 };
const env = createEnv({ era: ERAS['6.1'], seed: 1, clock });
const run = new Run({
  env,
  clock,
  device: { hook: 'egress', vlan: 'offload' },
  filters: [{ spec, options: parseFlowOptions(spec), hashrnd: 0x12345678 }],
  known: { rxhashKey: false, foldKey: false },
  metadata: NO_METADATA,
  tracker: null,
  sharing: false,
});
const filters = run.filterRows();
await readFrames(capture, (frame) => run.step(frame));

const { tally, sharing } = run;
const summary = summarise({ tally, sharing, filters, era: env.era.name, seed: 1, errors: [] });
for (const { classid, packets, bytes } of summary.classes) console.log(classid, packets, bytes);

/* prints
1:3 2116 1739664
1:2 1883 1457313
1:1 760 279258
1:4 594 80713
*/
