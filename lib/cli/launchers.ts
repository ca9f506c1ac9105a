import type { HostFacts } from '../cgroup/preflight/host-facts';

/**
 * The processes that npm puts between the user's shell and this program (`npx spillway doctor`: npm, and
 * mostly a shell). They stand in the same cgroup, and would not be there beside a supervisor.
 */
export function launchersOf(facts: HostFacts): number[] {
  if (facts.env('npm_execpath') === undefined) return [];
  const launchers: number[] = [];
  for (let pid = parentOf(facts.pid, facts); pid > 1 && launchers.length < 4; pid = parentOf(pid, facts)) {
    launchers.push(pid);
    // npm writes its title over its arguments.
    if (/^np[mx] /.test(facts.read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ') ?? '')) return launchers;
  }
  return [];
}

/** 0 where it cannot be told. */
function parentOf(pid: number, facts: HostFacts): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(facts.read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0);
}
