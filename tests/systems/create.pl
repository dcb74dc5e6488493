# SPDX-License-Identifier: GPL-2.0-only
#
# usage: perl create.pl NAME [uid=N] [gid=N] [mode=OCTAL] [start=ADDRESS]
#
# Create a buffer of 4 KiB as struct mapbuf_create allows and mapbufctl does not:
# of the owner, the group and the mode only what is given.
use strict;
use warnings;
no warnings 'portable';	# numbers of 64 bits

my $name = shift;
my %given = map { split /=/ } @ARGV;
my ($flags, $start) = (0, hex($given{start} // 0));
$flags |= 2 if defined $given{uid};
$flags |= 4 if defined $given{gid};
$flags |= 8 if defined $given{mode};
my $request = pack("LLQa32LLlLLLLLQ", 88, $flags, 4096, $name,
		   $start ? 3 : 0, 0, 0, 0, $given{uid} // 0,
		   $given{gid} // 0, oct($given{mode} // 0), 0, $start);
open(my $control, "+<", "/dev/mapbuf-control") or die "control node: $!\n";
ioctl($control, 0xbe00, $request) or die "create: $!\n";
