# bloat.pl PROCESSES MIB: a family. Starts so many processes, writes "pids ..." of them, and at a line on
# stdin each takes MIB MiB, one at a time.
use strict;
$| = 1;
my ($processes, $mib) = @ARGV;
pipe(my $gate, my $key) or die $!;
my @pids = map {
  my $pid = fork() // die $!;
  if ($pid == 0) {
    close $key;
    # Opened by its end.
    <$gate>;
    my @held;
    vec($held[$_], 2**20 - 1, 8) = 1 for 0 .. $mib - 1;
    sleep;
  }
  $pid;
} 1 .. $processes;
print "pids @pids\n";
<STDIN>;
close $key;
sleep;
