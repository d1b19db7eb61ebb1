/** A million packets through a tree, as built: prints by how many bytes 100 000 of them make the heap grow. */
import { runOf, TWO_LEVELS, udp } from './run.ts';

const run = runOf(TWO_LEVELS);
const frames = Array.from({ length: 16 }, (_, i) => udp('192.0.2.1', `${i % 2 === 0 ? 10 : 192}.0.0.${i}`));

function grownBy(count: number): number {
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < count; i++) {
    const frame = frames[i & 15];
    if (frame !== undefined) run.step(frame);
  }
  return process.memoryUsage().heapUsed - before;
}

grownBy(100_000);
// A collection in between makes one of them less: the middle one counts.
const grown = Array.from({ length: 10 }, () => grownBy(100_000)).sort((a, b) => a - b)[5];
const classes = Object.fromEntries((run.fates?.rows() ?? []).map((row) => [row.class, row.packets]));
console.log(JSON.stringify({ grown, classes }));
