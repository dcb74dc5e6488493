# SPDX-License-Identifier: GPL-2.0-only
#
# usage: bench.pl SIZE NAME[,NAME]... <JSON
#
# Whether each row that "mapbufctl bench --json" shall print is there once, with
# medians that can be, or a hint why there are none, by each of several processes
# but for anonymous memory.  Rows whose names begin
# like that, those of mapbuf, and all that moves data, must have been measured.
use strict;
use warnings;
use JSON::PP;

my ($size, $must) = @ARGV;
my $json = decode_json(do { local $/; <STDIN> });
my @memory = ('mapbuf vmalloc', 'mapbuf contiguous', 'memfd',
	      'memfd, 2 MiB pages', 'hugetlbfs', 'tmpfs file',
	      'anonymous, allocated by touch', 'dma-heap system', 'udmabuf');
my @moves = ('read', 'read', 'read', 'write', 'write', 'write',
	     ('to another process') x 4, ('wake-up and back') x 3,
	     ('open and close') x 2);
my %hinted = map { $_->{about} => 1 } @{$json->{hints}};
my $wrong = 0;

sub wrong
{
	print "@_\n";
	$wrong = 1;
}

sub check
{
	my ($name, $row, $median) = @_;

	for my $key ($median, 'spread', 'min', 'max') {
		return wrong("$name: no $key") unless defined $row->{$key};
	}
	wrong("$name: rounds") if $row->{rounds} < 5;
	wrong("$name: not in order")
		unless 0 < $row->{min} && $row->{min} <= $row->{$median} &&
		       $row->{$median} <= $row->{max} && $row->{spread} >= 0;
}

wrong("memory") if "@{[map { $_->{memory} } @{$json->{memory}}]}" ne "@memory";
wrong("moves") if "@{[map { $_->{what} } @{$json->{moves}}]}" ne "@moves";
for my $row (@{$json->{memory}}) {
	my $name = $row->{memory};

	wrong("$name: size $row->{size}") if $row->{size} != $size;
	if (!$row->{rounds}) {
		wrong("$name: no hint") unless $hinted{$name};
		wrong("$name: not measured")
			if grep { index($name, $_) == 0 && $name !~ /2 MiB/ }
			   'mapbuf', 'anonymous', split /,/, $must;
		next;
	}
	check($name, $row, 'sum');
	for my $key (qw(mmap touch munmap)) {
		wrong("$name: $key") unless $row->{$key} > 0;
	}
	my $several = $row->{processes} > 1 && $name !~ /anonymous/;

	for my $key (qw(create destroy random), $several ? 'parallel' : ()) {
		wrong("$name: $key") unless $row->{$key} && $row->{$key} > 0;
	}
	wrong("$name: parallel") if !$several && defined $row->{parallel};
	wrong("$name: huge") if $row->{huge} < 0 || $row->{huge} > 100;
	wrong("$name: no hint, $row->{huge}% huge")
		if $name =~ /mapbuf/ && $row->{huge} < 100 && !$hinted{$name};
}
check("$_->{what}, $_->{by}", $_, 'median') for @{$json->{moves}};
print "all is well\n" unless $wrong;
exit $wrong;
