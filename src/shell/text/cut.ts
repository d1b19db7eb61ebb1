import { needAscii } from './bytes.ts';
import { inputsOf, linesOf, noSuchFile, result, textOfLines } from './input.ts';
import { type Parsed, parseOptions } from './options.ts';
import { type TextTool, Unsupported } from './tool.ts';

type Ranges = (place: number) => boolean;

/** `1,3-5,7-`: places from 1. */
function rangesOf(list: string): Ranges {
  const ranges = list.split(/[, ]/).map((range): [number, number] => {
    const match = /^(\d*)(-?)(\d*)$/.exec(range);
    if (match === null || range === '-' || range === '') throw new Unsupported(`the list ${list}`);
    const [, from = '', dash, to = ''] = match;
    const first = from === '' ? 1 : Number(from);
    const last = dash === '' ? first : to === '' ? Number.POSITIVE_INFINITY : Number(to);
    if (first < 1 || last < first) throw new Unsupported(`the list ${list}`);
    return [first, last];
  });
  return (place) => ranges.some(([from, to]) => place >= from && place <= to);
}

interface Fields {
  readonly delimiter: string;
  readonly joint: string;
  readonly isSelected: Ranges;
  readonly onlyDelimited: boolean;
}

/** undefined: the line is left out. */
function fieldsOf(line: string, { delimiter, joint, isSelected, onlyDelimited }: Fields): string | undefined {
  if (!line.includes(delimiter)) return onlyDelimited ? undefined : line;
  return line
    .split(delimiter)
    .filter((_, at) => isSelected(at + 1))
    .join(joint);
}

function charactersOf(line: string, isSelected: Ranges): string {
  needAscii(line, 'characters');
  return [...line].filter((_, at) => isSelected(at + 1)).join('');
}

const NAMES = {
  flags: 'snC',
  values: 'dfcbO',
  long: {
    delimiter: 'd',
    fields: 'f',
    characters: 'c',
    bytes: 'b',
    'only-delimited': 's',
    'output-delimiter': 'O',
    complement: 'C',
  },
};

function cutterOf(parsed: Parsed): (line: string) => string | undefined {
  const [list, ...more] = parsed.options.filter(([name]) => 'fcb'.includes(name));
  if (list === undefined || more.length > 0) throw new Unsupported('not one list of fields or characters');
  const delimiter = parsed.value('d') ?? '\t';
  if (delimiter.length !== 1) throw new Unsupported('a delimiter that is not one character');
  const chosen = rangesOf(list[1]);
  const isSelected: Ranges = parsed.has('C') ? (place) => !chosen(place) : chosen;
  if (list[0] !== 'f') {
    if (parsed.has('d') || parsed.has('s') || parsed.has('O')) throw new Unsupported('a delimiter for characters');
    return (line) => charactersOf(line, isSelected);
  }
  const about = { delimiter, joint: parsed.value('O') ?? delimiter, isSelected, onlyDelimited: parsed.has('s') };
  return (line) => fieldsOf(line, about);
}

export const cut: TextTool = (call) => {
  const parsed = parseOptions(call.args, NAMES);
  const cutter = cutterOf(parsed);
  const { inputs, missing } = inputsOf(call, parsed.operands, noSuchFile);
  const lines = inputs.flatMap(({ text }) => linesOf(text)).map(cutter);
  return result(textOfLines(lines.filter((line) => line !== undefined)), missing);
};
