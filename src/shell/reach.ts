import type { Command, SyntaxNode } from 'unbash';
import { forEachChild } from './syntax.ts';

const TC = /^(?:\S*\/)?tc$|^"?\$\{?\w*tc\w*\}?"?$/i;

/** The commands in a tree that run tc, by its name or by a variable that is called like it. */
export function tcCommands(tree: SyntaxNode): Command[] {
  const found: Command[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'Command' && runsTc(node)) found.push(node);
    forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** `tc …`, `sudo tc …`, `run tc …`. */
function runsTc({ name, args }: Command): boolean {
  if (name === undefined || /^(?:echo|printf|logger|which|type|command|\[)$/.test(name.value)) return false;
  const [first] = args;
  return TC.test(name.text) || (first?.type === 'Word' && TC.test(first.text) && args.length > 1);
}
