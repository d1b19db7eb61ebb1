import { parseOptions } from './options.ts';
import { printed, Refused, type TextTool } from './tool.ts';

const HELP = (name: string): string => `Try '${name} --help' for more information.`;

function lastPart(path: string): string {
  const parts = path.replace(/\/+$/, '');
  return parts === '' && path !== '' ? '/' : parts.slice(parts.lastIndexOf('/') + 1);
}

function without(name: string, suffix: string): string {
  return suffix !== '' && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

export const basename: TextTool = ({ args }) => {
  const parsed = parseOptions(args, { flags: 'a', values: 's', long: { multiple: 'a', suffix: 's' } });
  const { operands } = parsed;
  const [path, suffix, extra] = operands;
  if (path === undefined) throw new Refused(`missing operand\n${HELP('basename')}`);
  if (parsed.has('a') || parsed.has('s')) {
    return printed(operands.map((one) => `${without(lastPart(one), parsed.value('s') ?? '')}\n`).join(''));
  }
  if (extra !== undefined) throw new Refused(`extra operand ‘${extra}’\n${HELP('basename')}`);
  return printed(`${without(lastPart(path), suffix ?? '')}\n`);
};

function folderOf(path: string): string {
  const parts = path.replace(/\/+$/, '');
  const slash = parts.lastIndexOf('/');
  if (slash < 0) return parts === '' && path !== '' ? '/' : '.';
  return parts.slice(0, slash).replace(/\/+$/, '') || '/';
}

export const dirname: TextTool = ({ args }) => {
  const { operands } = parseOptions(args, { flags: '' });
  if (operands.length === 0) throw new Refused(`missing operand\n${HELP('dirname')}`);
  return printed(operands.map((path) => `${folderOf(path)}\n`).join(''));
};
