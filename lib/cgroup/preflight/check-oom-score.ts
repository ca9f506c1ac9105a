import { ok, skipped, warning } from './finding';
import type { Situation } from './situation';
import type { Finding } from './types';

/** proc(5): above 0 the kernel prefers a process as its victim. A user's systemd gives its units 100 to 200. */
export function checkOomScore({ facts }: Situation): Finding {
  if (facts.platform !== 'linux') return skipped('oom-score', 'this is not Linux');
  const text = facts.read('/proc/self/oom_score_adj')?.trim();
  if (text === undefined || !/^-?\d+$/.test(text)) return skipped('oom-score', '/proc/self/oom_score_adj cannot be read');
  const score = Number(text);
  if (score <= 0) return ok('oom-score', `The OOM killer does not prefer this process (oom_score_adj ${score}).`);
  return warning('oom-score', `The OOM killer prefers this process to others (oom_score_adj ${score}); workers get at least 500.`, {
    fix: `as root: 'choom -n 0 -p ${facts.pid}'`,
  });
}
