import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { maxInputBytes, readLines } from '../../lib/cli/read-lines';
import { maxReportLength } from '../../lib/supervisor/reports/format-report';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spillway-lines-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function linesOf(content: string | Buffer): (string | undefined)[] {
  const file = join(directory, 'file');
  writeFileSync(file, content);
  return [...readLines(file)];
}

it.each<[string, string[]]>([
  ['', []],
  ['\n', ['']],
  ['a', ['a']],
  ['a\nb\n', ['a', 'b']],
  ['a\n\nb', ['a', '', 'b']],
  [`${'ä'.repeat(40_000)}\n${'€'.repeat(70_000)}\nx`, ['ä'.repeat(40_000), '€'.repeat(70_000), 'x']],
])('%#', (content, lines) => {
  expect(linesOf(content)).toEqual(lines);
});

it('reads over a line that is longer than any report', () => {
  expect(linesOf(`a\n${'x'.repeat(maxReportLength + 1)}\nb`)).toEqual(['a', undefined, 'b']);
});

it('refuses to read without end, and closes the file when nobody reads on', () => {
  const file = join(directory, 'file');
  writeFileSync(file, 'a\n');
  const [first] = readLines(file);
  expect(first).toBe('a');
  truncateSync(file, maxInputBytes + 1); // a hole, not so many bytes
  expect(() => [...readLines(file)]).toThrow('there is more than 256 MiB');
});

it('a file that is missing is the error of the system', () => {
  expect(() => [...readLines(join(directory, 'none'))]).toThrow(expect.objectContaining({ code: 'ENOENT' }) as Error);
});
