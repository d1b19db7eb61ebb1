import type { ParsedScript, SyntaxNode } from 'unbash';
import type { UncheckedPlace } from './simulated.ts';
import type { Source } from './source.ts';
import { forEachChild } from './syntax.ts';

/** What bash has and a plain sh such as dash has not, and how it is called. */
function bashOnly(node: SyntaxNode): string | null {
  switch (node.type) {
    case 'TestCommand':
      return '[[ ]]';
    case 'ArithmeticCommand':
      return '(( ))';
    case 'ArithmeticFor':
      return 'for (( ))';
    case 'Select':
      return 'select';
    case 'ArrayValue':
      return 'an array';
    case 'ProcessSubstitution':
      return '<( )';
    case 'HereString':
      return '<<<';
    case 'AnsiCQuoted':
      return "$'…'";
    case 'BraceExpansion':
      return 'braces such as {1..3}';
    case 'Redirect':
      return node.operator.startsWith('&>') ? node.operator : null;
    case 'Replace':
    case 'Slice':
    case 'CaseModification':
      return 'this form of parameter expansion';
    case 'Command':
      return /^(?:source|declare|typeset|let|mapfile|readarray|shopt)$/.test(node.name?.value ?? '')
        ? (node.name?.value ?? null)
        : null;
    default:
      return null;
  }
}

/** Quirk 78. Where a script for a plain sh uses what only bash has: the first place of each kind. */
export function bashOnlyPlaces(tree: ParsedScript, source: Source): UncheckedPlace[] {
  if (!/^#!\s*\S*\/(?:env\s+)?(?:da)?sh\b/.test(source.text)) return [];
  const found = new Map<string, UncheckedPlace>();
  const visit = (node: SyntaxNode): void => {
    const what = bashOnly(node);
    if (what !== null && !found.has(what)) {
      found.set(what, { place: source.place(node), why: `${what} is known to bash, not to every sh` });
    }
    forEachChild(node, visit);
  };
  visit(tree);
  return [...found.values()];
}
