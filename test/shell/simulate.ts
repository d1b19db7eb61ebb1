import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type FileSource, loadTextTools, type Simulated, simulate } from '../../src/shell/index.ts';
import { commandsOf, lineOf, TOOLS, tcAnswer } from './calls.ts';
import { FOLDER, type ShellRun } from './runs.ts';

/** Where the scripts stand for the simulated shell. */
const HOME = '/home/user/qos';

/** What the simulated shell does with a run: calls as the real bash's stand-ins write them down. */
export interface Imitated {
  readonly calls: readonly string[];
  /** Why something of it could not be run. */
  readonly unchecked: readonly string[];
}

export async function imitate({ group, name, text, args, env }: ShellRun): Promise<Imitated> {
  const simulated = await simulate(text, {
    name,
    path: `${HOME}/${name}`,
    args,
    env: { HOME: '/root', ...env },
    files: filesOf(join(FOLDER, group)),
    kernel: () => ({ tc: tcAnswer }),
    textTools: loadTextTools,
  });
  return {
    calls: callsOf(simulated),
    unchecked: simulated.unchecked.map(({ place, why }) => `${place.file}:${place.line}: ${why}`),
  };
}

/** Without those that the script does not come to, as it ends before; and without tools that bash has no stand-in for. */
function callsOf({ commands, ended }: Simulated): string[] {
  return commands.slice(0, ended?.commands).flatMap(({ tool, netns, words }) => {
    if (!TOOLS.includes(tool)) return [];
    return commandsOf({ tool, netns, words: words.map((word) => word.text) }, '').map(lineOf);
  });
}

function filesOf(folder: string): FileSource {
  const real = (path: string): string | null => (path.startsWith(HOME) ? join(folder, path.slice(HOME.length)) : null);
  const about = (path: string) => {
    const place = real(path);
    return place === null ? undefined : statSync(place, { throwIfNoEntry: false });
  };
  return {
    read: (path) => (about(path)?.isFile() ? readFileSync(real(path) ?? '', 'utf8') : undefined),
    is(path) {
      const found = about(path);
      if (found === undefined) return null;
      return found.isDirectory() ? 'folder' : 'file';
    },
    list: (path) => (about(path)?.isDirectory() ? readdirSync(real(path) ?? '') : []),
  };
}
