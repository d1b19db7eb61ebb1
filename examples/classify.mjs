// Which class does a filter give each packet of a capture?
import { fileURLToPath } from 'node:url';
import { classify } from 'cls-flow';
import { openFile } from 'cls-flow/node';

const capture = fileURLToPath(new URL('household.pcapng', import.meta.url));
const { classes } = await classify(openFile(capture), {
  filters: ['hash keys dst divisor 4'],
  hashrnd: [0x12345678],
});
for (const { classid, packets, bytes, hosts } of classes) console.log(classid, packets, bytes, hosts);

/* prints
1:3 2084 1738312 13
1:2 1883 1457313 9
1:1 792 280610 9
1:4 594 80713 10
*/
