import { parseArgs } from 'node:util';
import { randomFrame } from '../diff/frames.ts';
import { Random } from '../diff/random.ts';
import { eraOf } from '../era-of.ts';
import { withKernel } from '../harness.ts';
import { CannotRun, KERNELS } from '../packages.ts';
import { recordClassify } from './classify.ts';
import { type Family, type Session, writeFamily } from './files.ts';
import { withProvenance } from './provenance.ts';
import { recordTc } from './tc.ts';
import { recordWatched } from './watched.ts';

const USAGE = `npm run golden:record -- DIR [--kernel ${KERNELS.map(({ name }) => name).join('|')}] [--frames N] [--cases N] [--seed S]
Asks a real kernel about the project's own frames, filters, commands and trees and writes its answers to DIR, as golden
records of the families classify, hash, errors, show, netlink, chain, fate, meta and conntrack, each with its
provenance; npm run golden -- DIR replays them.`;

interface Options {
  readonly directory: string;
  readonly kernel: string;
  readonly frames: number;
  readonly cases: number;
  readonly seed: number;
}

/** null: the command line asks for something else. */
function options(): Options | 'help' | null {
  const { values, positionals } = parseArgs({
    options: {
      kernel: { type: 'string', default: '6.1.192' },
      frames: { type: 'string', default: '400' },
      cases: { type: 'string', default: '80' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [directory] = positionals;
  const [frames, cases, seed] = [Number(values.frames), Number(values.cases), Number(values.seed)];
  if (values.help) return 'help';
  if (directory === undefined || !(frames > 0) || !(cases > 0) || Number.isNaN(seed)) return null;
  return { directory, kernel: values.kernel, frames, cases, seed };
}

/** All families; each draws its cases from a stream of its own. */
async function record(session: Session, { cases, seed }: Options): Promise<Family[]> {
  let streams = 0;
  const stream = (): Random => new Random(seed + ++streams);
  return [
    ...(await recordClassify(session, stream())),
    ...(await recordTc(session, stream(), cases)),
    ...(await recordWatched(session, stream, Math.ceil(cases / 2))),
  ];
}

async function main(): Promise<number> {
  const asked = options();
  if (asked === null || asked === 'help') {
    console.log(USAGE);
    return asked === null ? 2 : 0;
  }
  const r = new Random(asked.seed);
  // The records have no owners: every frame is sent by root.
  const frames = Array.from({ length: asked.frames }, () => ({ ...randomFrame(r, []), owner: 0 }));
  try {
    await withKernel(asked.kernel, async (k) => {
      const families = await record({ k, era: eraOf(k.about.version), frames }, asked);
      for (const family of families) writeFamily(asked.directory, withProvenance(family, k.about, asked.seed));
      console.log(`${k.about.version}: ${families.map(({ name }) => name).join(', ')} in ${asked.directory}`);
    });
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    console.log(`skipped: ${error.message}`);
  }
  return 0;
}

process.exitCode = await main();
