// In CI: is anything wrong with a tc script? Exits with 1 if there is an error in it.
import { readFileSync } from 'node:fs';
import { check } from 'cls-flow';

const script = new URL('household.tc', import.meta.url);
const { findings } = check(readFileSync(script, 'utf8'), { hosts: 12 });
for (const { line, code, severity, message } of findings)
  console.log(`household.tc:${line} ${code} ${severity}: ${message}`);
if (findings.some(({ severity }) => severity === 'error')) process.exitCode = 1;
else console.log('no errors');

/* prints
household.tc:11 FT017 warning: 12 hosts in 3 buckets
no errors
*/
