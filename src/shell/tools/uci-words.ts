import { shellWords } from '../../lang/index.ts';

/** A section of a file in /etc/config. One without a name is called by its type and number. */
export interface UciSection {
  readonly type: string;
  /** As `uci show` prints it: `lan`, `@rule[0]`. */
  readonly name: string;
  readonly options: Map<string, string[]>;
}

/** `config TYPE 'NAME'`, `option NAME 'VALUE'`, `list NAME 'VALUE'`; all else is passed over. */
export function readUci(text: string): readonly UciSection[] {
  const sections: UciSection[] = [];
  for (const line of text.split('\n')) {
    const [word, first = '', second] = shellWords(line.replace(/^\s*#.*/, '').trim());
    const options = sections.at(-1)?.options;
    if (word === 'config') {
      const number = sections.filter(({ type }) => type === first).length;
      sections.push({ type: first, name: second ?? `@${first}[${number}]`, options: new Map() });
    } else if (word === 'option') options?.set(first, [second ?? '']);
    else if (word === 'list') options?.set(first, [...(options.get(first) ?? []), second ?? '']);
  }
  return sections;
}

/** `NAME`, `@TYPE[2]`, `@TYPE[-1]`. */
export function uciSection(sections: readonly UciSection[], name: string): UciSection | undefined {
  const [, type, number] = /^@([\w-]+)\[(-?\d+)\]$/.exec(name) ?? [];
  if (type === undefined) return sections.find((section) => section.name === name);
  return sections.filter((section) => section.type === type).at(Number(number));
}

export function uciOption(section: UciSection, option: string): readonly string[] | undefined {
  return section.options.get(option);
}
