# worker.pl GATE PROGRESS KIND MIB [...]: a worker of the storm. It takes MIB MiB, works, and at the opening of
# the pipe GATE does what its KIND says:
#   honest                     goes on as before
#   grower RATE LIMIT          takes RATE MiB a second, as exactly as it can (0: as fast as it can), until it has LIMIT
#   reader FILE                reads the file again and again, through the page cache
# PROGRESS always holds "ROUNDS MIB BEGAN": rounds of work done, memory held, and when it began, in seconds
# (CLOCK_MONOTONIC). In Perl because that starts ten times faster than Node in the emulated guest.
use strict;
use Fcntl;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my ($gate, $progress, $kind, $mib, @rest) = @ARGV;
my $began = clock_gettime(CLOCK_MONOTONIC);
my ($rounds, @held) = (0);
sysopen my $told, $progress, O_WRONLY | O_CREAT or die "$progress: $!";

sub hold {
  # A mapping of its own for each MiB; fills what it skips with zeros.
  vec($held[@held], 2**20 - 1, 8) = 1 for 1 .. $_[0];
}

sub report {
  sysseek $told, 0, 0;
  syswrite $told, sprintf '%-12d %-6d %.6f', $rounds, scalar @held, $began;
}

sub wait_for {
  select undef, undef, undef, $_[0] / 1000;
}

# The work of a round is always the same: some memory, touched and given back, and some arithmetic.
sub work {
  vec(my $page, 2**19 - 1, 8) = 1;
  my $sum = 0;
  $sum += $_ * $_ for 1 .. 2000;
  $rounds++;
}

hold($mib);
report();
if ($kind eq 'honest') {
  while () { work(); report(); wait_for(20) }
}
# Opened by its end.
open my $opened, '<', $gate or die "$gate: $!";
if ($kind eq 'grower') {
  my ($rate, $limit) = @rest;
  my $from = clock_gettime(CLOCK_MONOTONIC);
  while (@held < $limit) {
    # By the clock: on a slow machine it catches up.
    if ($rate == 0 || @held < $mib + $rate * (clock_gettime(CLOCK_MONOTONIC) - $from)) { hold(1); report() }
    else { wait_for(5) }
  }
} else {
  open my $file, '<', $rest[0] or die "$rest[0]: $!";
  while () {
    sysseek $file, 0, 0;
    while (sysread $file, my $piece, 2**20) { }
    $rounds++;
    report();
  }
}
# What it has taken is still its own.
wait_for(60_000) while 1;
