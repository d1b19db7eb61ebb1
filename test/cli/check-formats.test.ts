import { describe, expect, test } from 'vitest';
import { annotationsOf, check, sarifOf } from '../../src/api/index.ts';
import { cli, file } from './cli.ts';

const SCRIPT = `#!/bin/sh
tc qdisc add dev eno1 root handle 1: htb default 10
tc class add dev eno1 parent 1: classid 1:10 htb rate 50mbit
tc qdisc add dev eno1 parent 1:10 handle 10: sfq
tc filter add dev eno1 protocol ip parent 1:10 handle 20 flow hash keys src,dst divisor 1024
`;

/** One finding, of a kind and place of its own. */
function finding(fields: Readonly<Record<string, unknown>>) {
  const usual = { code: 'FT001', severity: 'error', line: 5, column: 43, endLine: 5, endColumn: 47 };
  const texts = {
    message: 'wrong',
    effect: 'lost',
    fix: null,
    refusedBy: null,
    file: 'a.sh',
    edits: [],
    turns: 1,
    loops: [],
  };
  return { ...usual, ...texts, ...fields };
}

function checked(fields: Readonly<Record<string, unknown>>) {
  const lists = { findings: [], assumed: [], notModelled: [], unchecked: [], files: [], assumptions: [], notes: [] };
  const nothing = { schema: 1, ...lists, record: {} };
  return { ...nothing, ...fields } as unknown as Parameters<typeof annotationsOf>[0];
}

describe('workflow commands of GitHub', () => {
  const lines = (...findings: readonly Readonly<Record<string, unknown>>[]) =>
    annotationsOf(checked({ findings: findings.map(finding) })).split('\n');

  test('say where, what and how bad', () => {
    const { stdout, status } = cli(['check', file('qos.sh', SCRIPT), '--format', 'github']);
    const [first = '', last] = stdout.split('\n');
    expect(first).toMatch(
      /^::error file=\S+\/qos\.sh,line=5,endLine=5,col=43,endColumn=47,title=FT001%3A a filter on a leaf class is never evaluated::this filter is never used: .*\. Fix: tc filter add dev eno1 protocol all parent 10: handle 20 .*$/,
    );
    expect(last).toBe('');
    expect(status).toBe(1);
    const commands = lines({}, { severity: 'warning' }, { severity: 'advice' }).map((line) => line.split(' ')[0]);
    expect(commands).toEqual(['::error', '::warning', '::notice', '']);
  });

  test('are escaped as GitHub reads them', () => {
    const [line] = lines({ file: './a,b:50%\n.sh', message: '100%: one,\r\ntwo' });
    expect(line).toBe(
      '::error file=a%2Cb%3A50%25%0A.sh,line=5,endLine=5,col=43,endColumn=47,title=FT001%3A a filter on a leaf class is never evaluated::100%25: one,%0D%0Atwo: lost',
    );
  });

  test('name no columns of what goes over several lines, which GitHub does not take', () => {
    expect(lines({ endLine: 6 })[0]).toMatch(/^::error file=a\.sh,line=5,endLine=6,title=/);
  });

  test('name a script that could not be judged', () => {
    const files = [{ file: 'b.sh', commands: 0, assumed: [], problem: 'b.sh: no such file' }];
    expect(annotationsOf(checked({ files }))).toBe('::error file=b.sh,title=not checked::b.sh: no such file\n');
  });
});

describe('SARIF', () => {
  const { runs } = sarifOf(check(SCRIPT, { name: 'dir/q o.sh' }));
  const [run] = runs;

  test('has the fix as what goes and what comes, each at its place', () => {
    const [result] = run?.results ?? [];
    // "ip" behind "protocol " and "1:10" behind "parent ".
    const replacements = [
      {
        deletedRegion: { startLine: 5, startColumn: 33, endLine: 5, endColumn: 35 },
        insertedContent: { text: 'all' },
      },
      {
        deletedRegion: { startLine: 5, startColumn: 43, endLine: 5, endColumn: 47 },
        insertedContent: { text: '10:' },
      },
    ];
    expect(result?.fixes).toEqual([
      {
        description: {
          text: 'tc filter add dev eno1 protocol all parent 10: handle 20 flow hash keys src,dst divisor 1024',
        },
        artifactChanges: [{ artifactLocation: { uri: 'dir/q%20o.sh' }, replacements }],
      },
    ]);
  });

  test('puts in what is missing, behind the last word', () => {
    const text =
      'qdisc add dev eth0 root handle 1: sfq\nfilter add dev eth0 parent 1: protocol all handle 1 flow hash keys src';
    const [edit] = check(text).findings.flatMap(({ code, edits }) => (code === 'FT003' ? edits : []));
    expect(edit).toMatchObject({ line: 2, column: 71, endLine: 2, endColumn: 71 });
    expect(edit?.text).toMatch(/^ divisor \d+$/);
  });

  test('has the page of each rule, and its address in the package', () => {
    const rules = run?.tool.driver.rules ?? [];
    expect(rules.filter(({ help, helpUri }) => help.markdown === '' || !URL.canParse(helpUri))).toEqual([]);
    const leaf = rules.find(({ id }) => id === 'FT001');
    expect(leaf?.help.markdown).toMatch(/^# FT001: a filter on a leaf class is never evaluated\n\n```\n/);
    expect(leaf?.help.markdown).toContain('**The mend.**');
    expect(leaf?.helpUri).toMatch(/^pkg:npm\/cls-flow@\d+\.\d+\.\d+#docs\/findings\/FT001\.md$/);
  });

  test('has an address for any name', () => {
    const uris = ['-', 'a b/c:d.sh', '\ud800.sh'].map((name) => {
      const { runs } = sarifOf(check(SCRIPT, { name }));
      return runs[0]?.results[0]?.locations[0]?.physicalLocation.artifactLocation.uri;
    });
    expect(uris).toEqual(['stdin', 'a%20b/c%3Ad.sh', '%EF%BF%BD.sh']);
  });

  test('of several scripts is one run with all, and says whether one failed', () => {
    const [a, none] = [file('a.sh', SCRIPT), file('none.sh', 'echo\n')];
    const { runs } = JSON.parse(cli(['check', a, none, file('b.sh', SCRIPT), '--format', 'sarif']).stdout);
    expect(runs).toHaveLength(1);
    const uris = runs[0].results.map(
      ({ locations: [where] }: { locations: [{ physicalLocation: { artifactLocation: { uri: string } } }] }) =>
        where.physicalLocation.artifactLocation.uri,
    );
    expect(uris).toEqual([a, a.replace(/a\.sh$/, 'b.sh')]);
    const [invocation] = runs[0].invocations;
    expect(invocation.executionSuccessful).toBe(false);
    expect(invocation.toolExecutionNotifications).toMatchObject([
      { level: 'error', message: { text: `${none}: there is no tc command in it` } },
    ]);
    expect(run?.invocations[0]?.executionSuccessful).toBe(true);
  });
});

describe('the end of a finding', () => {
  test('is on the line where its word ends', () => {
    const base = 'tc qdisc add dev eth0 root handle 1: sfq\n';
    const [word] = check(`${base}tc filter add dev eth0 \\\n  parent 9:9 handle 1 flow map key mark\n`).findings;
    expect(word).toMatchObject({ line: 3, column: 10, endLine: 3, endColumn: 13 });
    // It is about the whole command.
    const [command] = check('tc qdisc add dev eth0 root \\\n  nosuch || true\n').findings;
    expect(command).toMatchObject({ line: 1, column: 4, endLine: 2, endColumn: 9 });
  });
});
