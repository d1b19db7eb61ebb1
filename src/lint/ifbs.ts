import type { Script } from './script.ts';

/** What other programs of a script do with ifb devices, as far as the words tell. */
export interface Ifbs {
  /** The script makes a device of this name. */
  isMade(name: string): boolean;
  /** Some line brings it up, or may do so. */
  isUp(name: string): boolean;
}

const LIMITS = /[\s;&|(){}"']+/;
/** Programs that load the module, which then makes ifb0 and ifb1. */
const LOADER = /(?:^|\/)(?:modprobe|insmod)$/;
const LOADED = /^ifb\d+$/;
const BRINGS_UP = /(?:^|\/)(?:up|ifup|ifconfig)$/;
/** What other files do is not seen here: sourced ones, and batches of ip. */
const ELSEWHERE = /^(?:\.|source|-b(?:a(?:t(?:ch?)?)?)?)$/;

/** Reads the lines of a script, tc's too, as another program may stand beside it on a line. */
export function readIfbs({ commands, unexpanded, others }: Script): Ifbs {
  const made = new Set<string>();
  const up = new Set<string>();
  let loaded = false;
  let anyUp = false;
  for (const source of new Set([...commands, ...unexpanded, ...others].map((line) => line.source))) {
    const words = source.split(LIMITS);
    if (words.some((word) => ELSEWHERE.test(word))) anyUp = true;
    if (words.some((word) => BRINGS_UP.test(word))) {
      for (const word of words) up.add(word);
      if (/[$`]/.test(source)) anyUp = true;
    } else if (words.includes('ifb')) {
      loaded ||= words.some((word) => LOADER.test(word));
      if (words.includes('type')) for (const word of words) made.add(word);
    }
  }
  return {
    isMade: (name) => made.has(name) || (loaded && LOADED.test(name)),
    isUp: (name) => anyUp || up.has(name),
  };
}
