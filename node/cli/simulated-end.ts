import type { Simulated, SourcePlace } from '../../src/shell/index.ts';

/** How a simulated run ends, and the first line that it prints; not escaped. */
export function endText({ ended, exit, said, texts }: Simulated): string {
  const [line = '', ...more] = said.trim().split('\n');
  const printed = line === '' ? '' : ` and prints "${line.trim()}"${more.length === 0 ? '' : ' and more'}`;
  const [script] = texts.keys();
  const at = ({ file, line }: SourcePlace): string => `line ${line}${file === script ? '' : ` of ${file}`}`;
  if (ended !== null) return `it ends at ${at(ended.place)}: ${ended.why}`;
  return `${exit === null ? 'it runs to its end' : `it ends with exit ${exit.status} at ${at(exit.place)}`}${printed}`;
}

/** A real run of it would fail, or could not be followed to its end. */
export const endsBadly = ({ ended, exit }: Simulated): boolean => ended !== null || (exit?.status ?? 0) !== 0;
