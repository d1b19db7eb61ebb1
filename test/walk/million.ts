/** Three million packets through a tree, as built: prints by how many bytes 100 000 of them make the heap grow. */
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

// The engine optimises code as it goes, on another thread, and a collection makes the heap less: some parts of many count.
const parts = Array.from({ length: 30 }, () => Math.abs(grownBy(100_000)));
const grown = parts.sort((a, b) => a - b)[4];
const classes = Object.fromEntries((run.fates?.rows() ?? []).map((row) => [row.class, row.packets]));
console.log(JSON.stringify({ grown, classes }));
