/** The reader of the shell's language. Each file that imports the package holds a copy of it once built: so this one alone does. */
import { forEachChild, parse } from 'unbash';

export { forEachChild, parse };
