/** Elements of an array. `next`: one above the highest index, which is asked for at each `+=`. */
class Elements extends Map<string, string> {
  private highest = 0;

  constructor(elements: Iterable<readonly [string, string]> = []) {
    super();
    for (const [key, value] of elements) this.set(key, value);
  }

  override set(key: string, value: string): this {
    this.highest = Math.max(this.highest, Number(key) + 1 || 0);
    return super.set(key, value);
  }

  get next(): number {
    if (this.has(String(this.highest - 1))) return this.highest;
    this.highest = [...this.keys()].reduce((next, key) => Math.max(next, Number(key) + 1 || 0), 0);
    return this.highest;
  }
}

/** A variable of the shell. An array is never shared between two shells. */
export interface Variable {
  readonly value: string | null;
  /** Elements of an indexed array (keys are numbers as text) or an associative one; null: none. */
  readonly array: Elements | null;
  readonly isAssociative: boolean;
  readonly isInteger: boolean;
  readonly isReadonly: boolean;
  readonly isExported: boolean;
  /** `declare -l` and `-u`. */
  readonly letters: 'lower' | 'upper' | null;
  /** `declare -n`: it stands for the variable of this name. */
  readonly isReference: boolean;
}

const PLAIN: Variable = {
  value: null,
  array: null,
  isAssociative: false,
  isInteger: false,
  isReadonly: false,
  isExported: false,
  letters: null,
  isReference: false,
};

/** The variables of a shell: those of the functions that are running hide those below. */
export class Variables {
  private readonly scopes: Map<string, Variable>[];

  constructor(scopes: Map<string, Variable>[] = [new Map()]) {
    this.scopes = scopes;
  }

  /** For a subshell. */
  copy(): Variables {
    const copyOf = (variable: Variable): Variable =>
      variable.array === null ? variable : { ...variable, array: new Elements(variable.array) };
    return new Variables(this.scopes.map((scope) => new Map([...scope].map(([name, one]) => [name, copyOf(one)]))));
  }

  enter(): void {
    this.scopes.push(new Map());
  }

  leave(): void {
    this.scopes.pop();
  }

  get isInFunction(): boolean {
    return this.scopes.length > 1;
  }

  /** The variable itself, or the one that a reference names. */
  get(name: string): Variable | undefined {
    const found = this.scopeOf(name)?.get(name);
    if (found?.isReference !== true || found.value === null || found.value === name) return found;
    return this.get(found.value);
  }

  /** Names that begin so, sorted. */
  names(prefix: string): string[] {
    const all = new Set(this.scopes.flatMap((scope) => [...scope.keys()]));
    return [...all].filter((name) => name.startsWith(prefix) && this.isSet(name)).sort();
  }

  isSet(name: string): boolean {
    const found = this.get(name);
    return found !== undefined && (found.value !== null || (found.array?.size ?? 0) > 0);
  }

  /** The text that `$NAME` is; undefined: unset. Of an array the first element. */
  text(name: string): string | undefined {
    const found = this.get(name);
    if (found === undefined) return undefined;
    return found.array === null ? (found.value ?? undefined) : found.array.get('0');
  }

  element(name: string, key: string): string | undefined {
    const found = this.get(name);
    if (found?.array != null) return found.array.get(key);
    return key === '0' ? (found?.value ?? undefined) : undefined;
  }

  /** Keys and elements: of an indexed array by number. A plain variable is an array of one. */
  elements(name: string): (readonly [string, string])[] {
    const found = this.get(name);
    if (found?.array == null) return found?.value == null ? [] : [['0', found.value]];
    if (found.isAssociative) return [...found.array];
    return [...found.array].sort(([a], [b]) => Number(a) - Number(b));
  }

  set(name: string, value: string): void {
    const found = this.get(name);
    if (found?.array != null) found.array.set('0', cased(found, value));
    else this.put(name, { ...(found ?? PLAIN), value: cased(found ?? PLAIN, value) });
  }

  setElement(name: string, key: string, value: string): void {
    this.arrayOf(name).set(key, cased(this.get(name) ?? PLAIN, value));
  }

  setArray(name: string, elements: Iterable<readonly [string, string]>): void {
    const found = this.get(name) ?? PLAIN;
    this.put(name, { ...found, value: null, array: new Elements(elements) });
  }

  /** One above the highest index. */
  nextIndex(name: string): number {
    const found = this.get(name);
    if (found?.array != null) return found.array.next;
    return found?.value == null ? 0 : 1;
  }

  /** How many elements it has. */
  count(name: string): number {
    const found = this.get(name);
    return found?.array?.size ?? (found?.value == null ? 0 : 1);
  }

  /** Changes what a variable is, made in the function's own scope if `isLocal`. */
  declare(name: string, is: Partial<Variable>, isLocal = false): void {
    const scope = this.scopes.at(-1);
    const own = isLocal ? scope?.get(name) : this.get(name);
    const before = own ?? PLAIN;
    const array = is.array !== undefined ? (before.array ?? arrayFrom(before.value)) : before.array;
    const next = { ...before, ...is, array, value: array === null ? before.value : null };
    if (isLocal) scope?.set(name, next);
    else this.put(name, next);
  }

  /** The value of a reference is a name, which is no value of the variable it names. */
  refer(name: string, target: string, isLocal: boolean): void {
    const scope = isLocal ? this.scopes.at(-1) : (this.scopeOf(name) ?? this.scopes[0]);
    scope?.set(name, { ...PLAIN, value: target, isReference: true });
  }

  /** A variable of the function that is running stays its own, without a value. A reference unsets what it names. */
  unset(name: string): void {
    const scope = this.scopeOf(name);
    const found = scope?.get(name);
    if (found?.isReference === true && found.value !== null && found.value !== name) this.unset(found.value);
    else if (scope !== undefined && scope === this.scopes.at(-1) && this.isInFunction) scope.set(name, PLAIN);
    else scope?.delete(name);
  }

  /** The name that a reference stands for; null: it is none. */
  referred(name: string): string | null {
    const found = this.scopeOf(name)?.get(name);
    return found?.isReference === true ? found.value : null;
  }

  unsetElement(name: string, key: string): void {
    this.get(name)?.array?.delete(key);
  }

  private arrayOf(name: string): Elements {
    const found = this.get(name);
    if (found?.array != null) return found.array;
    const array = arrayFrom(found?.value ?? null);
    this.put(name, { ...(found ?? PLAIN), value: null, array });
    return array;
  }

  private put(name: string, variable: Variable): void {
    const found = this.scopeOf(name)?.get(name);
    if (found?.isReference === true && found.value !== null && found.value !== name) this.put(found.value, variable);
    else (this.scopeOf(name) ?? this.scopes[0])?.set(name, variable);
  }

  private scopeOf(name: string): Map<string, Variable> | undefined {
    return this.scopes.findLast((scope) => scope.has(name));
  }
}

export const arrayFrom = (value: string | null): Elements => new Elements(value === null ? [] : [['0', value]]);

function cased({ letters }: Variable, value: string): string {
  if (letters === 'lower') return value.toLowerCase();
  return letters === 'upper' ? value.toUpperCase() : value;
}
