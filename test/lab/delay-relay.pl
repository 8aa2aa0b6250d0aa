#!/usr/bin/perl
# Two TUN devices with a wire of a given delay between them: delay-relay.pl NAME_A NAME_B DELAY_MS
# Perl because every Debian has it and it can do the one ioctl that node cannot. Packets stay unsegmented (GSO),
# so that 1 Gbps is a few thousand reads a second and not ninety thousand.
use strict;
use warnings;
use Fcntl;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

use constant { TUNSETIFF => 0x400454ca, TUNSETOFFLOAD => 0x400454d0 };
use constant { IFF_TUN => 0x1, IFF_NO_PI => 0x1000, IFF_VNET_HDR => 0x4000 };
use constant { TUN_F_CSUM => 1, TUN_F_TSO4 => 2 };
use constant { PACKET_BYTES_MAX => 70_000, QUEUE_BYTES_MAX => 256 * 1024 * 1024 };

sub open_tun {
    my ($name) = @_;
    sysopen(my $tun, '/dev/net/tun', O_RDWR | O_NONBLOCK) or die "/dev/net/tun: $!\n";
    ioctl($tun, TUNSETIFF, pack('Z16 s x22', $name, IFF_TUN | IFF_NO_PI | IFF_VNET_HDR)) or die "TUNSETIFF $name: $!\n";
    ioctl($tun, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) or die "TUNSETOFFLOAD $name: $!\n";
    return $tun;
}

my ($name_a, $name_b, $delay_ms) = @ARGV;
my @tuns = (open_tun($name_a), open_tun($name_b));
my @queues = ([], []);
my @bytes = (0, 0);
my $delay_s = $delay_ms / 1000;
$| = 1;
print "ready\n";

while (1) {
    my $now = clock_gettime(CLOCK_MONOTONIC);
    my $wait = 1;
    for my $from (0, 1) {
        my $queue = $queues[$from];
        while (@$queue && $queue->[0][0] <= $now) {
            my $packet = shift(@$queue)->[1];
            $bytes[$from] -= length $packet;
            syswrite($tuns[1 - $from], $packet);
        }
        if (@$queue && $queue->[0][0] - $now < $wait) { $wait = $queue->[0][0] - $now }
    }
    my $ready = '';
    vec($ready, fileno($_), 1) = 1 for @tuns;
    # A parent that is gone closes stdin; the relay must not outlive it.
    vec($ready, fileno(STDIN), 1) = 1;
    next if select($ready, undef, undef, $wait) <= 0;
    exit 0 if vec($ready, fileno(STDIN), 1) && !sysread(STDIN, my $ignored, 100);
    $now = clock_gettime(CLOCK_MONOTONIC);
    for my $from (0, 1) {
        next unless vec($ready, fileno($tuns[$from]), 1);
        for (1 .. 64) {
            my $size = sysread($tuns[$from], my $packet, PACKET_BYTES_MAX);
            last unless $size;
            next if $bytes[$from] + $size > QUEUE_BYTES_MAX;
            $bytes[$from] += $size;
            push @{ $queues[$from] }, [$now + $delay_s, $packet];
        }
    }
}
