import type { ProcessEntry } from './process-entry';

/**
 * The children of some processes, their children and so on, parents before children; the roots themselves are
 * not among them. A root that is not in the table has none: whose children they are could not be checked.
 *
 * A child that started before its parent is none: the parent's pid was another process's when the child was
 * read. A process that is adopted (prctl(2), PR_SET_CHILD_SUBREAPER; pid_namespaces(7)) always gets an older parent.
 */
export function descendantsOf(roots: Iterable<number>, table: ReadonlyMap<number, ProcessEntry>): ProcessEntry[] {
  const seen = new Set(roots);
  const parents = Array.from(seen, (pid) => table.get(pid)).filter((entry) => entry !== undefined);
  const children = childrenByParent(table);
  const found: ProcessEntry[] = [];
  // The list grows while it is walked; each process joins it once, so that a cycle ends too.
  for (const parent of parents) {
    for (const child of children.get(parent.pid) ?? []) {
      if (seen.has(child.pid) || child.startTime < parent.startTime) continue;
      seen.add(child.pid);
      parents.push(child);
      found.push(child);
    }
  }
  return found;
}

function childrenByParent(table: ReadonlyMap<number, ProcessEntry>): Map<number, ProcessEntry[]> {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of table.values()) {
    const siblings = children.get(entry.parentPid);
    if (siblings === undefined) children.set(entry.parentPid, [entry]);
    else siblings.push(entry);
  }
  return children;
}
