/** Of this package: package.json names the same (src/version.test.ts). */
export const VERSION = '0.1.0';
