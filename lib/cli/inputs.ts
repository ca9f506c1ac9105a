import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { readLines } from './read-lines';

/** What commands read beside the facts of the host; tests have their own. */
export interface Inputs {
  /** See `readLines()`. */
  lines(file: string): Iterable<string | undefined>;
  /** What the module at a path exports, run as it is. */
  load(path: string): unknown;
}

export const inputs: Inputs = {
  lines: readLines,
  load: (path) => createRequire(resolve('./'))(resolve(path)) as unknown,
};
