import type { WorkerOptions } from '../../../lib/supervisor/worker-options';
import type { Started, Supervised } from './supervisors';

// In Perl, which starts in the guest in a fraction of the time that Node takes.
const source = `
  $| = 1;
  sub take { for (1 .. $_[0]) { vec($held[@held], (1 << 20) - 1, 8) = 1 } }
  # Shared memory is not taken from a process before it has ended.
  if (($ARGV[1] // '') eq 'shared') {
    open($shared, '>', "/dev/shm/spillway-$$") or die $!;
    unlink("/dev/shm/spillway-$$");
    syswrite($shared, 'x' x (1 << 20)) for 1 .. $ARGV[0];
    $ARGV[0] = 4;
  }
  take($ARGV[0]);
  print "held\\n";
  while (<STDIN>) {
    if (/^(\\d+)$/) { take($1); print "held\\n" }
    elsif (/^grow (\\d+)$/) { for (1 .. $1 / 4) { take(4); select(undef, undef, undef, 0.01) } print "full\\n" }
    elsif (/^write (.+)$/) { open(my $file, '>', $1); print "writing\\n"; syswrite($file, 'x') }
    elsif (/^exit$/) { exit }
  }
  sleep 1000;
`;

/**
 * A worker that holds so many MiB. A line N makes it take N more at once ("held"), "grow N" as many in
 * steps of 4 ("full"), "write FILE" makes it write one byte ("writing" before that), "exit" ends it.
 * With 'shared' it holds them as shared memory, and 4 of its own.
 */
export async function taker(pool: Supervised, mib: number, options: WorkerOptions, ...more: 'shared'[]): Promise<Started> {
  const started = await pool.run('perl', ['-e', source, String(mib), ...more], options);
  await started.lines.line('held');
  return started;
}
