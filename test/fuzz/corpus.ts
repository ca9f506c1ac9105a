import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The texts of one folder of the corpus by name, read as the library reads files of the kernel. */
export function corpusOf(folder: string): Record<string, string> {
  const directory = join(__dirname, 'corpus', folder);
  return Object.fromEntries(readdirSync(directory).map((file) => [file, readFileSync(join(directory, file), 'utf8')]));
}
