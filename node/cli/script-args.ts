import type { Command } from 'commander';

/** Where a command is given its script: as its first argument, or behind --script. */
export type ScriptPlace = 'argument' | 'option';

/** A command line, and what the script that it names is given. */
export interface Cut {
  readonly words: readonly string[];
  readonly args: readonly string[];
}

/**
 * Cuts a command line at the `--` that follows a script. The words behind it are the script's arguments. A `--` before the
 * script keeps its usual meaning. `words` begins with the command's name.
 */
export function cutScriptArgs(words: readonly string[], command: Command, place: ScriptPlace): Cut {
  let isNamed = false;
  let isPlain = false;
  for (let at = 1; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--' && isNamed) return { words: words.slice(0, at), args: words.slice(at + 1) };
    if (word === '--') isPlain = true;
    else if (isPlain || !/^-./.test(word)) isNamed ||= place === 'argument';
    else {
      const [name = ''] = word.split('=', 1);
      const option = command.options.find(({ long, short }) => long === name || short === name);
      if (name === '--script') isNamed ||= place === 'option';
      if (option?.required === true && !word.includes('=')) at++;
    }
  }
  return { words, args: [] };
}
