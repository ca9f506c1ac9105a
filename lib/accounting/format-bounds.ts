import { formatBytes } from '../format-bytes';
import type { VerifiedBounds } from './bounds-verifier';
import type { ComponentBounds } from './component-bounds';
import { parentOf } from './component-name';

/**
 * Writes verified bounds for people: a line of sums, and a tree with a line for each component, which counts those
 * below it too. Several lines, no newline at the end.
 */
export function formatBounds({ grant, availableBytes, minimumBytes, firmBytes, bounds }: VerifiedBounds): string {
  const sums = `Verified memory bounds: ${figures({ minimumBytes, firmBytes })}, ${formatBytes(availableBytes)} available of ${formatBytes(grant.initialBytes)}`;
  return [sums, 'Breakdown of verified bounds:', ...treeLines(bounds)].join('\n');
}

/** Lines of a tree, each component before those below it; the last one says how many are not shown. */
export function treeLines(bounds: ComponentBounds, mostLines = Infinity): string[] {
  const lines: string[] = [];
  const write = (component: ComponentBounds, depth: number): void => {
    const { name, children } = component;
    const label = name === '' ? '(root)' : depth === 0 ? name : name.slice(parentOf(name).length).replace('.', '');
    lines.push(`${'  '.repeat(depth)}- ${label}: ${figures(component)}`);
    for (const child of children) write(child, depth + 1);
  };
  write(bounds, 0);
  const left = lines.length - mostLines;
  return left > 0 ? [...lines.slice(0, mostLines), `and ${left} more`] : lines;
}

function figures({ minimumBytes, firmBytes }: Pick<ComponentBounds, 'minimumBytes' | 'firmBytes'>): string {
  return `${formatBytes(minimumBytes)} minimum, ${formatBytes(firmBytes)} firm`;
}
