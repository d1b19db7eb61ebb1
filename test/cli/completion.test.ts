import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, file } from './cli.ts';

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

/** What bash offers for the last of these words. */
function offered(...words: readonly string[]): string[] {
  const script = cli(['completion', 'bash']).stdout;
  const list = words.map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(cls-flow ${list}); COMP_CWORD=${words.length}; _cls_flow; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', `${script}\n${ask}`], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

describe('completion', () => {
  it.skipIf(!has('bash'))('offers commands, options and choices in bash', () => {
    expect(offered('')).toEqual(expect.arrayContaining(['classify', 'explain', 'completion']));
    expect(offered('cl')).toEqual(['classify', 'classes']);
    expect(offered('classify', 'a.pcap', '--no')).toEqual(['--no-flows']);
    expect(offered('classify', 'a.pcap', '--at', 'in')).toEqual(['ingress']);
    expect(offered('explain', '--format', '')).toEqual(['text', 'json']);
    expect(offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
    // Files: left to bash.
    expect(offered('classify', 'a')).toEqual([]);
  });

  it.each(['bash', 'zsh', 'fish'])('for %s names every command, option and choice', (shell) => {
    const { status, stdout } = cli(['completion', shell]);
    expect(status).toBe(0);
    const long = shell === 'fish' ? '-l ' : '--';
    for (const word of [
      'classify',
      'explain',
      'completion',
      `${long}hashrnd`,
      `${long}no-flows`,
      '6.1.170',
      'ndjson',
    ]) {
      expect(stdout).toContain(word);
    }
  });

  it.skipIf(!has('zsh'))('is a script that zsh can read', () => {
    expect(spawnSync('zsh', ['-n', file('_cls-flow', cli(['completion', 'zsh']).stdout)]).status).toBe(0);
  });

  it.skipIf(!has('fish'))('is a script that fish can read', () => {
    expect(spawnSync('fish', ['-n', file('cls-flow.fish', cli(['completion', 'fish']).stdout)]).status).toBe(0);
  });
});

describe('what the program knows about itself', () => {
  it.each([
    ['the man page', 'man.mjs'],
    ["the README's list of commands", 'readme.mjs'],
    ['the choices and eras that the core has rows for', 'choices.mjs'],
  ])('is %s', (_, name) => {
    const generator = join(import.meta.dirname, '../../tools/generate', name);
    const { status, stderr } = spawnSync(process.execPath, [generator, '--check'], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });
});
