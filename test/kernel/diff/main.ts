import { parseArgs } from 'node:util';
import { withKernel } from '../harness.ts';
import { CannotRun, KERNELS } from '../packages.ts';
import { Run } from './run.ts';

const USAGE = `npm run kernel:diff -- [--kernel ${KERNELS.map(({ name }) => name).join('|')}|all] [--minutes M] [--pairs N] [--chains N] [--messages N] [--seed S] [--tell N]
Random filters and frames, random setups of filters with actions and chains, and random requests, asked of a real kernel
and of us: until so many pairs of a packet and a filter, pairs of a packet and a setup (default: one for 20 of the
former), and messages were compared, or M minutes are over (default 1). The first differences (--tell, default 5) are made small, printed, and kept in
test/golden/records/regress. --witness: keeps instead what shows the differences between kernels.`;

const PAIRS_PER_CHAIN_PAIR = 20;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kernel: { type: 'string', default: '6.1.192' },
      minutes: { type: 'string' },
      pairs: { type: 'string' },
      chains: { type: 'string' },
      messages: { type: 'string' },
      seed: { type: 'string' },
      tell: { type: 'string' },
      witness: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const number = (text: string | undefined, absent: number): number => (text === undefined ? absent : Number(text));
  const counted = [values.pairs, values.chains, values.messages].some((count) => count !== undefined);
  const seed = number(values.seed, Date.now() % 0x7fffffff);
  const minutes = number(values.minutes, counted ? Number.POSITIVE_INFINITY : 1);
  const pairs = number(values.pairs, counted ? 0 : Number.POSITIVE_INFINITY);
  const chains = number(values.chains, pairs / PAIRS_PER_CHAIN_PAIR);
  const messages = number(values.messages, counted ? 0 : Number.POSITIVE_INFINITY);
  const tell = number(values.tell, 5);
  if (values.help || [seed, minutes, pairs, chains, messages, tell].some(Number.isNaN)) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const kernels = values.kernel === 'all' ? KERNELS.map(({ name }) => name) : [values.kernel];
  let differences = 0;
  for (const name of kernels) {
    try {
      differences += await withKernel(name, async (k) => {
        const run = await Run.open(k, seed, tell);
        return values.witness ? run.witness() : run.until({ minutes, pairs, chains, messages });
      });
    } catch (error) {
      if (!(error instanceof CannotRun)) throw error;
      console.log(`${name}: skipped: ${error.message}`);
    }
  }
  return differences === 0 ? 0 : 1;
}

process.exitCode = await main();
