# holder.pl MIB [stays]: takes MIB MiB of memory, each page of it written, and writes "held". A line on stdin
#   N           makes it take N MiB more, "held" again
#   grow N MS   makes it take N MiB every MS milliseconds, for ever
#   exit        ends it
# With "stays" SIGTERM makes it write "asked", and no more. In Perl because that starts ten times faster
# than Node in the emulated guest.
use strict;
$| = 1;
my @held;

sub hold {
  my ($mib) = @_;
  # Fills what it skips with zeros.
  vec($held[@held], $mib * 2**20 - 1, 8) = 1 if $mib > 0;
}

$SIG{TERM} = sub { print "asked\n" } if ($ARGV[1] // '') eq 'stays';
hold($ARGV[0]);
print "held\n";
while (my $line = <STDIN>) {
  my ($word, @numbers) = split ' ', $line;
  exit 0 if $word eq 'exit';
  while ($word eq 'grow') {
    hold($numbers[0]);
    select(undef, undef, undef, $numbers[1] / 1000);
  }
  hold($word);
  print "held\n";
}
sleep;
