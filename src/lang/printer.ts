/** A JSON value. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [name: string]: Json };

export type Style = 'text' | 'json' | 'pretty';

/**
 * iproute2 lib/json_print.c, json_writer.c: one call says a thing in text and in JSON, so the two cannot drift
 * apart. The text is given ready-made (`divisor 16 `), with its blank or newline; JSON gets a name and a value.
 * `pretty` lays JSON out as `tc -j -p` does.
 */
export class Printer {
  readonly style: Style;
  /** The JSON of tc 6.1.0, where options that were not converted yet stand as bare text: invalid, for records only. */
  readonly old: boolean;
  private readonly parts: string[] = [];
  private readonly brackets: ('}' | ']')[] = [];
  private separator = '';

  constructor(style: Style = 'text', old = false) {
    this.style = style;
    this.old = old;
  }

  get isJson(): boolean {
    return this.style !== 'text';
  }

  /** PRINT_ANY: the text, or the member `name` of the object that is open. */
  put(name: string, value: Json, text: string): void {
    if (this.isJson) this.member(name, value);
    else this.parts.push(text);
  }

  /** PRINT_JSON: nothing in text. */
  member(name: string, value: Json): void {
    if (!this.isJson) return;
    this.writeName(name);
    this.writeValue(value);
  }

  /** PRINT_FP: nothing in JSON. */
  text(text: string): void {
    if (!this.isJson) this.parts.push(text);
  }

  /** fprintf() past the writer: the text, whatever the style. */
  raw(text: string): void {
    this.parts.push(text);
  }

  /** What tc 6.1.0 prints past its JSON writer. Properly converted, unless the old form was asked for. */
  unconverted(print: (out: Printer) => void): void {
    if (!this.isJson || !this.old) {
      print(this);
      return;
    }
    const out = new Printer('text');
    print(out);
    this.raw(out.toString());
  }

  /** Opens a JSON object or array, as a member if it has a name; nothing in text. */
  open(bracket: '{' | '[', name?: string): void {
    if (!this.isJson) return;
    if (name !== undefined) this.writeName(name);
    this.begin(bracket);
  }

  /** Closes what was opened last. */
  close(): void {
    if (this.isJson) this.end();
  }

  toString(): string {
    return this.parts.join('');
  }

  /** jsonw_name() */
  private writeName(name: string): void {
    this.parts.push(this.separator, this.newline(), JSON.stringify(name), this.style === 'pretty' ? ': ' : ':');
    this.separator = '';
  }

  private writeValue(value: Json): void {
    if (typeof value !== 'object' || value === null) {
      this.parts.push(this.separator, typeof value === 'bigint' ? value.toString() : JSON.stringify(value));
      this.separator = ',';
      return;
    }
    if (isArray(value)) {
      this.begin('[');
      for (const item of value) this.writeValue(item);
    } else {
      this.begin('{');
      for (const [name, item] of Object.entries(value)) this.member(name, item);
    }
    this.end();
  }

  /** jsonw_begin(), jsonw_start_array() */
  private begin(bracket: '{' | '['): void {
    this.parts.push(this.separator, bracket, bracket === '[' && this.style === 'pretty' ? ' ' : '');
    this.brackets.push(bracket === '{' ? '}' : ']');
    this.separator = '';
  }

  /** jsonw_end(), jsonw_end_array() */
  private end(): void {
    const bracket = this.brackets.pop() ?? '}';
    if (this.separator !== '') this.parts.push(bracket === '}' ? this.newline() : this.style === 'pretty' ? ' ' : '');
    this.parts.push(bracket);
    this.separator = ',';
  }

  private newline(): string {
    return this.style === 'pretty' ? `\n${'    '.repeat(this.brackets.length)}` : '';
  }
}

function isArray(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
