import { statSync } from 'node:fs';
import { frameTaker, type Question, readSources } from '../../src/api/index.ts';
import { CaptureSample } from '../../src/hook/index.ts';
import { sourcesOf } from './captures.ts';
import type { WalkFlags } from './commands/walk.ts';

/** Packets that are looked at: both sides of a router show themselves within a few connections. */
const PACKETS = 2000;

/** For a command that was not given where the packets were captured: what that is guessed from. */
export async function sampleFor(
  captures: readonly string[],
  { captured }: Pick<WalkFlags, 'captured'>,
): Promise<{ readonly sample?: CaptureSample }> {
  return captured === undefined ? { sample: await sampleOf(captures) } : {};
}

/** The first packets of captures. What is no file can be read only once, and is not looked at beforehand. */
async function sampleOf(captures: readonly string[]): Promise<CaptureSample> {
  const sample = new CaptureSample();
  let packets = 0;
  const taker = frameTaker(
    () => packets,
    (frame) => {
      sample.take(frame);
      return ++packets < PACKETS;
    },
  );
  await readSources(sourcesOf(captures.filter(isFile)), taker);
  return sample;
}

/** What a reader should know of a sample: several interfaces may show the same packet more than once. */
export function sampleNotes(
  captures: readonly string[],
  { captured = 'here', interface: name, nat }: Question,
  sample: CaptureSample | undefined,
): string[] {
  if (sample === undefined) return [];
  if (nat !== undefined && !captures.every(isFile)) {
    return ['what is no file can be read only once: where it was captured is not guessed; say it with --captured'];
  }
  const names = [...sample.interfaces];
  if (names.length < 2 || name !== undefined || typeof captured !== 'string') return [];
  return [`captured on ${names.join(', ')}, and the packets of all count: choose with --interface or --captured`];
}

function isFile(path: string): boolean {
  return path !== '-' && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
