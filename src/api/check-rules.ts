import { nearest } from '../lang/index.ts';
import { RULES, SEVERITIES, type Severities, type Severity } from '../lint/index.ts';
import { listOf, object, oneOf, text } from './question.ts';
import { QuestionError } from './question-error.ts';

/** What is looked for, and how bad it counts. */
export interface Rulings {
  /** Codes that alone are looked for, also where `severities` has them off. SYNTAX and REFUSED always are. */
  readonly only?: readonly string[];
  /** Codes that are not looked for. */
  readonly ignore?: readonly string[];
  /** How bad the findings of a code count; `off`: it is not looked for. */
  readonly severities?: Severities;
}

const CODES = RULES.map(({ code }) => code);

/**
 * What stands on a refused line is judged without it, so that a run which hides refusals would mean nothing: they may
 * count for less, and a comment silences a line.
 */
const ALWAYS: readonly string[] = ['SYNTAX', 'REFUSED'];

/** A list of codes. */
export const codesOf = listOf(codeOf);

/** A list of codes that may be switched off. */
export const ignoredOf = listOf((value, field) => {
  const code = codeOf(value, field);
  checkOff(code, field);
  return code;
});

const severityOf = oneOf<Severity | 'off'>([...SEVERITIES, 'off']);

/** What counts how much, by code. */
export function severitiesOf(value: unknown, field: string): Severities {
  const rows = Object.entries(object(value, field)).map(([name, given]) => {
    const of = `${field}.${name}`;
    const severity = severityOf(given, of);
    if (severity === 'off') checkOff(codeOf(name, of), of);
    return [codeOf(name, of), severity] as const;
  });
  return Object.fromEntries(rows);
}

function codeOf(value: unknown, field: string): string {
  const code = text(value, field);
  if (CODES.includes(code)) return code;
  const meant = CODES.find((one) => one.toLowerCase() === code.toLowerCase()) ?? nearest(code, CODES)[0];
  const hint =
    meant === undefined ? `codes: FT001 to ${lastNumbered()}, ${ALWAYS.join(', ')}` : `Did you mean ${meant}?`;
  throw new QuestionError(field, `there is no finding "${code}"`, { hint });
}

const lastNumbered = (): string => CODES.findLast((code) => !ALWAYS.includes(code)) ?? '';

function checkOff(code: string, field: string): void {
  if (!ALWAYS.includes(code)) return;
  throw new QuestionError(
    field,
    `${code} cannot be switched off, as what stands on a refused line is judged without it`,
    {
      hint: `it may be made advice; a comment "# cls-flow: ignore ${code}" silences one line`,
    },
  );
}

/** `only` and `ignore` as severities too. What is named in `only` is on, whatever the severities say. */
export function rulings({ only, ignore = [], severities = {} }: Rulings): Severities {
  const isOn = (code: string): boolean => {
    if (ALWAYS.includes(code)) return true;
    if (ignore.includes(code)) return false;
    return only === undefined ? severities[code] !== 'off' : only.includes(code);
  };
  const rows = CODES.flatMap((code) => {
    const severity = severities[code] === 'off' ? undefined : severities[code];
    const ruled = isOn(code) ? severity : 'off';
    return ruled === undefined ? [] : [[code, ruled] as const];
  });
  return Object.fromEntries(rows);
}
