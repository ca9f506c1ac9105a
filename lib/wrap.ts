/** The least width that text is wrapped to, however narrow the terminal: below, tables fall apart. */
const minWidth = 30;

/** Breaks text at spaces into lines of at most `width` characters, at least 30. A longer word stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > Math.max(width, minWidth)) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
