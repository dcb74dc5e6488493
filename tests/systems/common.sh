# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Sourced by the jobs here and in tests/rpm, after tap.sh.
export LC_ALL=C.UTF-8 SYSTEMD_COLORS=0 DEBIAN_FRONTEND=noninteractive

property()
{
	systemctl show --value -p "$1" "$2"
}

node()
{
	stat -L -c '%U:%G %a' "/dev/$1"
}

device_is_active()
{
	systemctl is-active "$(systemd-escape --path --suffix=device \
		"/dev/mapbuf/$1")"
}

before()
{
	[ "$(property ActiveEnterTimestampMonotonic "$1")" -le \
		"$(property ActiveEnterTimestampMonotonic "$2")" ]
}

# Number, name, size and backing of all buffers, and the device numbers of
# their nodes.
state()
{
	mapbufctl list --bytes --raw --noheadings -o ID,NAME,SIZE,BACKING
	stat -L -c '%n %t:%T %U:%G %a' /dev/mapbuf/*
}

# By another process, so that it can be closed by ending that.
hold()
{
	sleep 1000 <>/dev/mapbuf/scattered &
	holder=$!
}

release()
{
	kill "$holder"
	wait "$holder" 2>/dev/null || :
}

wait_for()
{
	i=0
	until "$@" >/dev/null 2>&1; do
		i=$((i + 1))
		if [ $i = 100 ]; then
			"$@"
			return
		fi
		sleep 0.2
	done
}

# What the service printed, and as whom.
sums()
{
	journalctl -o cat -t mapbuf-example-sum -u "$1"
}

agrees()
{
	sums "$1" | sha256sum -c
	contains "$(sums "$1")" /boot/vmlinuz
}

udev_complaints()
{
	journalctl -o cat -u systemd-udevd -p warning | grep -i mapbuf || :
}

test_boot()
{
	echo "# kernel: $(uname -r)"
	check "mapbuf.service is active" systemctl is-active mapbuf.service
	check "it was so before sysinit.target" \
		before mapbuf.service sysinit.target
	check "udev has nothing to say" equal "$(udev_complaints)" ''
	check "mapbufctl list shows the buffers" equal \
		"$(mapbufctl list --bytes --raw --noheadings \
			-o NAME,SIZE,BACKING | sort)" \
		"closed 4096 vmalloc
one-piece.0 33554432 contiguous
owned 8192 vmalloc
scattered 33554432 vmalloc"
	check "the node is root's and the group's" equal \
		"$(node mapbuf/scattered)" 'root:mapbuf 660'
	check "configured owner, group and mode are obeyed" equal \
		"$(node mapbuf/owned)" 'daemon:adm 640'
	check "the mode alone too" equal \
		"$(node mapbuf/closed)" 'root:mapbuf 600'
	check "the control node is root's" equal \
		"$(node mapbuf-control)" 'root:root 600'
	for name in scattered one-piece.0 owned closed; do
		check "the device unit of $name is active" \
			device_is_active "$name"
	done
}

test_consumer()
{
	check "enabled services ran when their buffer appeared" \
		wait_for systemctl is-active mapbuf-example-sum@scattered
	check "the sum of the vmalloc buffer is that of the file" \
		agrees mapbuf-example-sum@scattered
}

# What autopkgtest would run, in a machine like this.
test_autopkgtest()
{
	check "debian/tests/buffers passes" tests/buffers
}
