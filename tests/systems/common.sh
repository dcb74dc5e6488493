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
	exec 8<>/dev/mapbuf/scattered
	sleep infinity <&8 8>&- &
	holder=$!
	exec 8>&-
}

release()
{
	kill "$holder"
	wait "$holder" 2>/dev/null || :
}

# What the service printed, and as whom.
sums()
{
	journalctl --sync
	journalctl -o cat -t mapbuf-example-sum -u "$1"
}

agrees()
{
	sums "$1" | sha256sum -c
	contains "$(sums "$1")" /boot/vmlinuz
}

udev_complaints()
{
	journalctl --sync
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

# Numbers: there need not be such users.
owner()
{
	stat -L -c '%u:%g %a' "/dev/mapbuf/$1"
}

# owner_is WHAT NAME OWNER: once udev has been there, and when it comes again.
owner_is()
{
	udevadm settle
	check "$1" equal "$(owner "$2")" "$3"
	udevadm trigger --action=change --settle --subsystem-match=mapbuf
	udevadm trigger --action=add --settle --subsystem-match=mapbuf
	check "$1, also when udev is triggered" equal "$(owner "$2")" "$3"
	mapbufctl destroy "$2"
}

# Where there is no memory.  A kernel that is locked down gives no range.
range=0x800000000
test_range_owners()
{
	! grep -q '\[integrity\]' /sys/kernel/security/lockdown || return 0
	mapbufctl create registers --size=4K --backing=reserved \
		--start=$range >/dev/null
	owner_is "a reserved range is root's" registers '0:0 600'
	perl create.pl registers start=$range
	owner_is "also if its creator says nothing" registers '0:0 600'
	mapbufctl create registers --size=4K --backing=reserved \
		--start=$range --group=4713 >/dev/null
	owner_is "unless something else is asked for" registers '0:4713 660'
}

# units NODE LINK: those that are active of the devices that systemd knows, of which
# it has a unit for each path.
units()
{
	systemctl list-units --all --state=active --plain --no-legend \
		"*-$1.device" "dev-mapbuf-$2.device" | sed 's/ .*//' | sort
}

has_tag()
{
	udevadm info --query=all "/dev/mapbuf/$1" | grep '^E: TAGS=.*systemd'
}

# retag: for the buffers that exist, after a change of the rules.
retag()
{
	udevadm control --reload
	udevadm trigger --action=change --settle --subsystem-match=mapbuf
}

# What a rule of mapbuf.service(8) keeps from systemd.
test_units()
{
	rules=/run/udev/rules.d/50-quiet.rules
	mkdir -p "${rules%/*}"
	echo 'SUBSYSTEM=="mapbuf", ENV{MAPBUF_NAME}=="quiet*", ENV{SYSTEMD_READY}="0"' \
		>"$rules"
	udevadm control --reload
	mapbufctl create loud --size=4K >/dev/null
	mapbufctl create quiet --size=4K >/dev/null
	node=$(basename "$(readlink /dev/mapbuf/loud)")
	check "a buffer gets its device unit" wait_for device_is_active loud
	check "and those of its node and of sysfs, but no more" \
		equal "$(units "$node" loud)" \
		"$(printf '%s\n' "dev-$node.device" dev-mapbuf-loud.device \
			"sys-devices-virtual-mapbuf-$node.device" | sort)"
	node=$(basename "$(readlink /dev/mapbuf/quiet)")
	check "a buffer that a rule keeps from systemd has its link" \
		test -c /dev/mapbuf/quiet
	check "and its owner and mode" equal "$(node mapbuf/quiet)" \
		'root:mapbuf 660'
	check "systemd gets no events of it" fails has_tag quiet
	check "nor has it units" equal "$(units "$node" quiet)" ''
	rm "$rules"
	retag
	check "without the rule it gets its device unit" \
		wait_for device_is_active quiet
	check "and systemd its events" has_tag quiet
	mapbufctl destroy loud quiet
}

# Ordinary users, with numbers of 1000 and more.
test_owners()
{
	group=$(getent group mapbuf | cut -d: -f3)
	useradd -u 4711 -U someone
	gid=$(id -g someone)
	mapbufctl create owned-by-one --size=4K --user=someone \
		--group=someone >/dev/null
	owner_is "an ordinary user and group" owned-by-one "4711:$gid 660"
	mapbufctl create nobodys --size=4K --user=4712 --group=4713 --mode=0604 \
		>/dev/null
	owner_is "numbers that nobody has" nobodys '4712:4713 604'
	test_range_owners
	perl create.pl nothing
	owner_is "nothing was chosen" nothing "0:$group 660"
	perl create.pl part uid=4712
	owner_is "an owner alone" part "4712:$group 660"
	perl create.pl part gid=4713
	owner_is "a group alone" part '0:4713 660'
	perl create.pl part mode=0604
	owner_is "a mode alone" part "0:$group 604"
	perl create.pl part uid=4712 mode=0
	owner_is "a mode for nobody" part "4712:$group 0"

	groupmod -n mapbuf-away mapbuf
	systemctl restart systemd-udevd
	perl create.pl nothing
	owner_is "without the group mapbuf" nothing '0:0 660'
	perl create.pl part gid=4713
	owner_is "without it, another group" part '0:4713 660'
	groupmod -n mapbuf mapbuf-away
	systemctl restart systemd-udevd
}

# first LOG TEXT: the number of the first line that contains it
first()
{
	grep -nF "$2" "$1" | sed 's/:.*//;q'
}

# test_initramfs HOOK: in a system that was booted with the initramfs in its /boot
test_initramfs()
{
	check "no initramfs contains anything of it by default" \
		fails grep mapbuf /var/lib/initramfs-off
	for file in sbin/mapbufctl updates/dkms/mapbuf.ko \
		root/etc/mapbuf.conf.d/test.conf "$1"; do
		check "if it is turned on it contains $file" \
			grep -F "$file" /var/lib/initramfs-on
	done
	journalctl --sync
	journalctl -b -k >kernel.log
	check "the initramfs created the contiguous buffer first" equal \
		"$(grep -o "mapbuf: created '[^']*" kernel.log | head -n 1)" \
		"mapbuf: created 'one-piece.0"
	check "all of them before the root file system was mounted" [ \
		"$(first kernel.log "mapbuf: created 'closed'")" -lt \
		"$(first kernel.log 'EXT4-fs (vda): mounted')" ]
	check "the journal contains what it created" contains \
		"$(journalctl -b -t mapbuf)" "created 'closed'"
	check "the unit created none" fails contains \
		"$(journalctl -b -u mapbuf.service -o cat)" created
	check "it changed the one whose owner has another number now" contains \
		"$(journalctl -b -u mapbuf.service -o cat)" "changed 'owned'"
}

as_nobody()
{
	setpriv --reuid=nobody --regid=nogroup "$@"
}

file()
{
	stat -c '%U:%G %a %s' "/run/mapbuf/$1"
}

test_files()
{
	check "the buffers are files before sysinit.target" \
		before run-mapbuf.mount sysinit.target
	check "nor later than mapbuf.service" \
		before run-mapbuf.mount mapbuf.service
	check "they are those that are configured" \
		equal "$(find /run/mapbuf -type f -printf '%f\n' | sort)" \
		"$(mapbufctl list -rn -o NAME | sort)"
	check "a file is root's and the group's" equal \
		"$(file scattered)" 'root:mapbuf 660 33554432'
	check "configured owner, group and mode are a file's, too" equal \
		"$(file owned) $(file closed)" \
		'daemon:adm 640 8192 root:mapbuf 600 4096'
	check "it is what the node is" cmp /run/mapbuf/scattered \
		/dev/mapbuf/scattered
	check "a user outside the group cannot open it" fails \
		as_nobody --clear-groups head -c 1 /run/mapbuf/scattered
	check "a user in the group can" \
		as_nobody --groups=mapbuf head -c 1 /run/mapbuf/scattered
	check "df tells how much memory they have" equal \
		"$(df --output=used -B1 /run/mapbuf | tail -n 1 | tr -d ' ')" \
		"$(cat /sys/class/misc/mapbuf-control/used)"

	mapbufctl create mine --size=12K >/dev/null
	check "a buffer is a file as soon as it is made" equal "$(file mine)" \
		'root:mapbuf 660 12288'
	chown daemon:adm /run/mapbuf/mine
	chmod 604 /run/mapbuf/mine
	check "its owner and mode can be changed" equal "$(file mine)" \
		'daemon:adm 604 12288'
	udevadm settle
	check "as the node's are then" equal "$(node mapbuf/mine)" \
		'daemon:adm 604'
	check "dd goes around no cache" dd if=/run/mapbuf/mine of=direct bs=4K \
		iflag=direct status=none
	check "cp takes all of it" cp /run/mapbuf/mine copy
	check "and puts it back" cp copy /run/mapbuf/mine
	check "which is all there is" equal "$(stat -c %s direct copy)" \
		"$(printf '12288\n12288')"
	check "rm destroys it" rm /run/mapbuf/mine
	check "it is gone" fails mapbufctl list mine
	check "no other file can be made" fails cp copy /run/mapbuf/other
}

# What container runtimes are told.
test_cdi()
{
	spec=/run/cdi/mapbuf.json
	check "the unit of container runtimes is off" \
		fails systemctl is-enabled mapbuf-cdi
	check "it can be turned on" systemctl enable --now mapbuf-cdi
	check "it describes the buffers at once" grep -q '"owned"' "$spec"
	check "and no more than that" equal "$(mapbufctl cdi)" "$(cat "$spec")"
	mapbufctl create told --size=4K >/dev/null
	check "one that comes" wait_for grep -q '"/dev/mapbuf/told"' "$spec"
	chmod 600 /run/mapbuf/told
	check "one with another mode" wait_for agree "$spec"
	mapbufctl destroy told
	check "one that goes" wait_for fails grep -q '"told"' "$spec"
	systemctl disable --now mapbuf-cdi
	check "when the unit stops the file goes" fails test -e "$spec"
	check "the directory stays, with what others have in it" test -d /run/cdi
}

# 0600 is 384.
agree()
{
	grep -A 10 '"told"' "$1" | grep -q '"fileMode": 384'
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

# What mapbufctl bench could leave
bench_traces()
{
	cat /sys/class/mapbuf/*/name | grep '^bench' || :
	find /dev/shm -name 'bench*'
	grep -sxl mapbufctl /proc/[0-9]*/comm || :
}

# Without another process, which could miss a buffer that is soon gone.
has_buffer()
{
	for file in /sys/class/mapbuf/mapbuf*/name; do
		if read -r name <"$file" && [ "$name" = "$1" ]; then
			return 0
		fi
	done 2>/dev/null
	return 1
}

# end_bench SIGNAL NAME: while it has a buffer whose name ends like that; its
# exit status.  Should it be missed, the next time it lasts longer.
end_bench()
{
	for seconds in 15 60 240; do
		env --default-signal=INT mapbufctl bench --size=2M \
			--seconds=$seconds >/dev/null 2>&1 &
		until has_buffer "bench-$!$2" ||
			[ ! -e "/proc/$!/exe" ]; do :; done
		kill "-$1" $! 2>/dev/null || :
		status=0
		wait $! 2>/dev/null || status=$?
		[ "$status" = 0 ] || break
	done
	echo "$status"
}

# Not how fast it is: that is the emulator's.
test_bench()
{
	check "bench measures" \
		sh -c 'mapbufctl bench --size=2M --seconds=1 >bench.text'
	sed 's/^/# /' bench.text
	for row in 'mapbuf vmalloc' 'mapbuf contiguous' memfd \
		'memfd, 2 MiB pages' hugetlbfs 'tmpfs file' anonymous \
		'dma-heap system' udmabuf read write 'to another process' \
		'wake-up and back' 'open and close'; do
		check "bench prints the row $row" grep "^$row" bench.text
	done
	check "bench prints JSON" sh -c \
		'mapbufctl bench --json --size=2M --seconds=1 >bench.json'
	check "each row has numbers, or a hint why not" \
		sh -c "perl bench.pl 2097152 memfd,tmpfs <bench.json"
	check "nothing is left of it" equal "$(bench_traces)" ''
	check "an interrupt ends it" equal "$(end_bench INT '')" 130
	check "nothing is left then" equal "$(bench_traces)" ''
	check "a signal ends it while it notifies" \
		equal "$(end_bench TERM .back)" 143
	check "nothing is left then either" equal "$(bench_traces)" ''
	status=0
	text=$(setpriv --reuid=nobody --regid=nogroup --clear-groups \
		mapbufctl bench 2>&1) || status=$?
	check "a user who may make no buffers is told so" equal \
		"$text, $status" \
		"mapbufctl bench: no buffer can be made: permission denied (only root may do this), 1"
}
