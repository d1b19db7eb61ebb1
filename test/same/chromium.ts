import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const CORE = fileURLToPath(new URL('./core.js', import.meta.url));
const OPTIONS = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-extensions'];
/** No look-ups of its own. */
const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic'];
const PATIENCE_MS = 900_000;
/** Bytes of captures in one page. */
const PAGE = 8 << 20;

/** The browser: CHROMIUM, or where Debian has it; null: there is none. */
export function chromiumHere(): string | null {
  const path = process.env.CHROMIUM ?? '/usr/bin/chromium';
  return existsSync(path) ? path : null;
}

/** A module without Node, and all that it imports, as a script that makes `name`. */
export async function bundled(input = CORE, name = 'core'): Promise<string> {
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({ input, platform: 'browser' });
  const { output } = await bundle.generate({ format: 'iife', name, codeSplitting: false });
  return output[0].code;
}

/**
 * The page in the browser once it is loaded, as HTML. `folder`: of the page and what it loads, and for the browser's own
 * files.
 */
export async function domOf(browser: string, page: string, folder: string): Promise<string> {
  const file = join(folder, 'page.html');
  writeFileSync(file, page);
  const own = [`--user-data-dir=${join(folder, 'chromium')}`, '--dump-dom', pathToFileURL(file).href];
  const limits = { maxBuffer: 1 << 30, timeout: PATIENCE_MS };
  const { stdout } = await promisify(execFile)(browser, [...OPTIONS, ...QUIET, ...own], limits);
  return stdout;
}

/** What core.ts answers in the browser, a text for each file. `folder`: for pages and the browser's own files. */
export async function inChromium(
  browser: string,
  files: readonly Uint8Array[],
  least: number,
  folder: string,
): Promise<string[]> {
  const code = await bundled();
  const answers: string[] = [];
  for (let at = 0; at < files.length; ) {
    const count = pageful(files, at);
    answers.push(...(await onPage(browser, code, files.slice(at, at + count), least, folder)));
    at += count;
  }
  return answers;
}

/** How many files from one on a page has. */
function pageful(files: readonly Uint8Array[], from: number): number {
  let size = 0;
  let count = 0;
  for (const { length } of files.slice(from)) {
    size += length;
    if (count > 0 && size > PAGE) break;
    count++;
  }
  return count;
}

/** The page is done when it is loaded; --dump-dom prints it then. */
async function onPage(
  browser: string,
  code: string,
  files: readonly Uint8Array[],
  least: number,
  folder: string,
): Promise<string[]> {
  const [, text = ''] = /<body>([^<]*)/.exec(await domOf(browser, pageOf(code, files, least), folder)) ?? [];
  return JSON.parse(decodeURIComponent(text)) as string[];
}

function pageOf(code: string, files: readonly Uint8Array[], least: number): string {
  const texts = files.map((file) => Buffer.from(file).toString('base64'));
  return `<!doctype html><meta charset="utf-8"><body><script>${code.replaceAll('</script', '<\\/script')}</script>
<script>
  function answer(text) {
    try {
      return core.answer(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)), ${least});
    } catch (error) {
      return 'exception: ' + error.stack;
    }
  }
  document.body.textContent = encodeURIComponent(JSON.stringify(${JSON.stringify(texts)}.map(answer)));
</script>`;
}
