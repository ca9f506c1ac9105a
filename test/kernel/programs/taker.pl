use strict;
use warnings;

# taker.pl [SIGNAL=exit CODE | SIGNAL=drop | SIGNAL=ignore]...: a worker that starts fast and does what
# lines on stdin say:
#   take MIB      takes so much memory, and writes "held ALL"
#   drop          gives all of it back, and writes "dropped"
#   child MIB     has a child that takes so much, and writes "child PID"
#   write FILE    has its children write to the file, and writes to it itself; then says "written"
#   exit CODE
# It writes "ready" at first, and "got SIGNAL" when it has handled one.

# malloc() keeps what was freed, unless each piece is a mapping of its own.
if (!defined $ENV{MALLOC_MMAP_THRESHOLD_}) {
  $ENV{MALLOC_MMAP_THRESHOLD_} = 65536;
  exec $^X, $0, @ARGV;
}

my @held;
my @children;
$| = 1;

sub take {
  for (1 .. $_[0]) {
    my $piece = '';
    vec($piece, 2**20 - 1, 8) = 1;
    push @held, \$piece;
  }
}

sub write_to {
  open my $file, '>>', $_[0] or die "$_[0]: $!";
  print $file "written\n";
  close $file;
}

sub have_child {
  pipe my $orders, my $teller or die $!;
  $teller->autoflush(1);
  my $pid = fork // die $!;
  if ($pid) {
    push @children, $teller;
    return;
  }
  close $teller;
  take($_[0]);
  print "child $$\n";
  while (<$orders>) { chomp; write_to($_) }
  exit;
}

use IO::Handle;
for (@ARGV) {
  my ($signal, $action) = split /=/;
  $SIG{$signal} = sub {
    exit $1 if $action =~ /^exit (\d+)/;
    @held = () if $action eq 'drop';
    print "got $signal\n";
  };
}
print "ready\n";
# Not <STDIN>: a handler must not wait for the next line.
my $buffer = '';
for (;;) {
  my $read = sysread STDIN, $buffer, 4096, length $buffer;
  next if !defined $read && $!{EINTR};
  exit if !$read;
  while ($buffer =~ s/^(\w+) ?(.*)\n//) {
    my ($word, $value) = ($1, $2);
    if ($word eq 'take') { take($value); print 'held ', scalar @held, "\n" }
    elsif ($word eq 'drop') { @held = (); print "dropped\n" }
    elsif ($word eq 'child') { have_child($value) }
    elsif ($word eq 'write') { print $_ "$value\n" for @children; write_to($value); print "written\n" }
    else { exit $value }
  }
}
