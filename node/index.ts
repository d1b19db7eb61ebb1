/** The Node door of the library: capture files in, files out. Everything else is in the core and knows no Node. */
export { FileSource, openFile } from './file-source.ts';
export { CaptureFile, readFrames, UNPACKERS } from './files.ts';
export { ExistsError, WriteError, writeAtomically } from './write.ts';
