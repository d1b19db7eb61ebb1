import { Output } from './result.ts';

const REDRAW_MS = 1000;
const ROWS = 24;

/** Takes the cursor up so many lines and clears from there on (ECMA-48: CUU, ED). */
const back = (lines: number): string => (lines === 0 ? '' : `\x1b[${lines}A\x1b[J`);
/** Without wrapping (DECAWM) a line of text is a line of the screen, however narrow that is. */
const unwrapped = (text: string): string => `\x1b[?7l${text}\x1b[?7h`;

/**
 * A text on a terminal that is drawn anew, about once a second, as long as what it tells of goes on. `text` makes it,
 * `version` changes with it.
 */
export class Screen {
  private readonly text: () => Promise<string>;
  private readonly version: () => number;
  private readonly timer: NodeJS.Timeout;
  private shown = -1;
  private lines = 0;
  private over = false;

  constructor(text: () => Promise<string>, version: () => number) {
    this.text = text;
    this.version = version;
    this.timer = setInterval(() => void this.draw(), REDRAW_MS);
  }

  /** The text is drawn by the clock, not by what is read. */
  update(): void {}

  /** Takes the text off the screen, for good. */
  stop(): void {
    clearInterval(this.timer);
    this.over = true;
    this.put('');
  }

  private async draw(): Promise<void> {
    const version = this.version();
    if (version === this.shown) return;
    this.shown = version;
    const text = await this.text();
    if (!this.over) this.put(fitting(text, process.stdout.rows ?? ROWS));
  }

  private put(text: string): void {
    const drawing = back(this.lines) + (text === '' ? '' : unwrapped(text));
    this.lines = text.split('\n').length - 1;
    const output = new Output();
    output.write(drawing);
    output.flush();
  }
}

/** The lines that a screen of so many rows holds above the cursor. */
export function fitting(text: string, rows: number): string {
  const lines = text.split('\n').slice(0, -1);
  return lines
    .slice(0, Math.max(1, rows - 1))
    .map((line) => `${line}\n`)
    .join('');
}
