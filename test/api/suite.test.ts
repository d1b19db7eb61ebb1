import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { cli } from '../cli/cli.ts';
import { bundled, chromiumHere, domOf } from '../same/chromium.ts';
import { answerOf, CASES, type Given } from './suite.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const capture = join(ROOT, 'examples/household.pcapng');
const script = join(ROOT, 'examples/household.tc');
const given: Given = {
  name: capture,
  capture: new Uint8Array(readFileSync(capture)),
  script: readFileSync(script, 'utf8'),
};

/** The JSON that a command prints; of `check` the name of the script is the path that it was given. */
function printed(command: readonly string[]): unknown {
  const files: Readonly<Record<string, string>> = { CAPTURE: capture, SCRIPT: script };
  const { stdout, stderr } = cli([...command.map((word) => files[word] ?? word), '--format', 'json']);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout.replaceAll(script, 'household.tc'));
}

describe('every call in Node', () => {
  it.each(CASES)('$name', async (one) => {
    const found = JSON.parse(await answerOf(one, given));
    expect(found.error).toBeUndefined();
    if (one.command !== null) expect(found).toEqual(printed(one.command));
  });
});

const folder = mkdtempSync(join(tmpdir(), 'cls-flow-doors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const browser = chromiumHere();
if (browser === null)
  console.log('no Chromium: CHROMIUM=PATH npx vitest run test/api/suite.test.ts runs the suite in one');

/** A page is loaded once its frames are: one that is open waits for what the page does. */
const WAITING = `
  const frame = document.createElement('iframe');
  document.body.append(frame);
  frame.contentDocument.open();
  const done = () => frame.contentDocument.close();
`;

describe.skipIf(browser === null)('in Chromium', () => {
  it('every call answers as in Node', async () => {
    const code = await bundled(join(ROOT, 'dist/test/api/suite.js'), 'suite');
    const bytes = Buffer.from(given.capture).toString('base64');
    const page = `<!doctype html><meta charset="utf-8"><body><pre id="found"></pre>
<script>${code.replaceAll('</script', '<\\/script')}</script>
<script>
  ${WAITING}
  const capture = Uint8Array.from(atob(${JSON.stringify(bytes)}), (character) => character.charCodeAt(0));
  const given = { name: ${JSON.stringify(given.name)}, capture, script: ${JSON.stringify(given.script)} };
  suite.answers(given).catch((error) => [String(error.stack)]).then((all) => {
    document.querySelector('#found').textContent = encodeURIComponent(JSON.stringify(all));
    done();
  });
</script>`;
    const [, text = ''] = /<pre id="found">([^<]*)/.exec(await domOf(browser ?? '', page, folder)) ?? [];
    const found = JSON.parse(decodeURIComponent(text)) as string[];
    const expected = await Promise.all(CASES.map((one) => answerOf(one, given)));
    const named = (all: readonly string[]) => Object.fromEntries(CASES.map(({ name }, at) => [name, all[at]]));
    expect(named(found)).toEqual(named(expected));
  });

  it('the page of the examples classifies a picked file, under its own policy', async () => {
    const { rolldown } = await import('rolldown');
    const bundle = await rolldown({ input: join(ROOT, 'examples/browser.mjs'), platform: 'browser' });
    await bundle.write({ file: join(folder, 'browser.js'), format: 'es', codeSplitting: false });
    copyFileSync(capture, join(folder, 'capture.pcapng'));
    writeFileSync(join(folder, 'pick.js'), pick(Buffer.from(given.capture).toString('base64')));
    const html = readFileSync(join(ROOT, 'examples/browser.html'), 'utf8');
    // Modules of file: pages are each of their own origin.
    const page = `${html.replace('<script type="module" src', '<script defer src')}<script defer src="pick.js"></script>`;
    const [, text = ''] = /<pre id="classes">([^<]*)/.exec(await domOf(browser ?? '', page, folder)) ?? [];
    const { classes } = JSON.parse(cli(['classify', capture, '--filter', FILTER, '--format', 'json']).stdout);
    const rows = (classes as Row[]).map(({ classid, packets, hosts }) => `${classid} ${packets} ${hosts}`);
    expect(text.split('\n')).toEqual(rows);
  });
});

/** That of browser.mjs. */
const FILTER = 'hash keys src,dst divisor 16';
interface Row {
  readonly classid: string;
  readonly packets: number;
  readonly hosts: number;
}

/** Gives the page's input a file, as somebody who picks one does. */
const pick = (base64: string): string => `{
  ${WAITING}
  const bytes = Uint8Array.from(atob(${JSON.stringify(base64)}), (character) => character.charCodeAt(0));
  const picked = new DataTransfer();
  picked.items.add(new File([bytes], 'capture.pcapng'));
  const input = document.querySelector('#capture');
  input.files = picked.files;
  new MutationObserver(done).observe(document.querySelector('#classes'), { childList: true });
  input.dispatchEvent(new Event('change'));
}
`;
