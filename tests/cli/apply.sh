# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by run: apply, also in an initramfs, and after one.

: "${tmp:=}"

# With a look at each buffer for each that is made, thousands would take for ever.
test_apply_many()
{
	fresh_system
	for i in 1 2 3 4 5 6 7 8; do
		printf '[adc%d]\nSize=4K\n' "$i"
	done >"$tmp/root/etc/mapbuf.conf"
	contains "apply of many" 0 "created 'adc8': /dev/mapbuf7" \
		fake apply --root="$tmp/root"
	# The module that is none does so for each.
	yes list | head -n 9 >"$tmp/expected"
	same "looks through the buffers once" "$tmp/expected" "$tmp/root/lists"
	sort -u "$tmp/root/makers" | wc -l >"$tmp/actual"
	echo 1 >"$tmp/expected"
	same "one process makes all of them" "$tmp/expected" "$tmp/actual"
}

# The process that makes buffers is killed while it makes one.
test_apply_killed()
{
	fresh_system
	printf '[adc0]\nSize=4K\n[slow0]\nSize=4K\n[adc1]\nSize=4K\n' \
		>"$tmp/root/etc/mapbuf.conf"
	status=0
	MAPBUF_FIXTURE=$tmp/root "$TEST_BUILD/mapbufctl" apply \
		--root="$tmp/root" >"$tmp/said" 2>&1 &
	apply_pid=$!
	until_line "$tmp/root/requests" "create slow0 "
	pkill -KILL -P "$apply_pid"
	wait "$apply_pid" || status=$?
	echo "status $status" >>"$tmp/said"
	sed -i "s|$tmp/root/|@ROOT@/|" "$tmp/said"
	cat >"$tmp/expected" <<-EOT
		created 'adc0': /dev/mapbuf0
		@ROOT@/etc/mapbuf.conf:3: buffer 'slow0': cannot be made: interrupted
		created 'adc1': /dev/mapbuf2
		status 1
	EOT
	same "apply makes the others with another process" "$tmp/expected" \
		"$tmp/said"
}

# apply_nodes NAME BUFFER=NODE...: in the background, until that name is asked for.
apply_nodes()
{
	fresh_system
	last=$1
	shift
	for buffer; do
		printf '[%s]\nSize=64M\nGroup=7\nNUMANode=%s\n' "${buffer%=*}" \
			"${buffer#*=}"
	done >"$tmp/root/etc/mapbuf.conf"
	MAPBUF_FIXTURE=$tmp/root env --default-signal=INT \
		"$TEST_BUILD/mapbufctl" apply --root="$tmp/root" \
		>"$tmp/said" 2>&1 &
	until_line "$tmp/root/requests" "create $last "
	sed 's/^create \([^ ]*\).*/\1/' "$tmp/root/requests" >"$tmp/asked"
}

# All of the memory of a node is cleared by its processors: those of others can
# have more to do.
test_apply_nodes()
{
	printf '%s\n' slow0 slow1 adc0 >"$tmp/expected"
	apply_nodes adc0 slow0=1 slow1=0 adc0=2 slow2=2
	same "buffers of other nodes are made meanwhile" "$tmp/expected" \
		"$tmp/asked"
	sort "$tmp/root/makers" | uniq -d >"$tmp/actual"
	same "by a process each" /dev/null "$tmp/actual"
	same "none is told of before its turn" /dev/null "$tmp/said"
	: >"$tmp/root/go"
	wait $!
	for i in 0 1 2 3; do
		set -- slow0 slow1 adc0 slow2
		shift "$i"
		echo "created '$1': /dev/mapbuf$i"
	done >"$tmp/expected"
	same "with numbers in their order" "$tmp/expected" "$tmp/said"

	apply_nodes slow1 slow0=1 slow1=0
	kill -INT $!
	status=0
	wait $! 2>"$tmp/no" || status=$?
	echo "status $status" >>"$tmp/said"
	: >"$tmp/root/go"
	cat >"$tmp/expected" <<-EOT
		mapbufctl: buffer 'slow0': cannot be made: interrupted
		mapbufctl: buffer 'slow1': cannot be made: interrupted
		status 130
	EOT
	same "Ctrl-C ends all that are being made" "$tmp/expected" "$tmp/said"
}

test_apply()
{
	fresh_system
	cat >"$tmp/root/etc/mapbuf.conf" <<-EOF
		[adc0]
		Size=64M
		[fail-ENOMEM]
		Size=1M
		Backing=contiguous
		[broken]
		Size=1x
		[adc1]
		Size=4K
	EOF
	cp "$tmp/root/requests" "$tmp/before"
	contains "dry run" 1 "create adc1" fake apply --dry-run \
		--root="$tmp/root"
	same "a dry run asks the module for nothing" "$tmp/before" \
		"$tmp/root/requests"
	expect "apply makes what can be made" 1 \
		"created 'adc0': /dev/mapbuf0
created 'adc1': /dev/mapbuf1" \
		"@ROOT@/etc/mapbuf.conf:7: buffer 'broken': cannot be made: Size=1x: the unit is none of K M G T % (write for instance 64M, 1.5G, 10% or a number of bytes)
@ROOT@/etc/mapbuf.conf:3: buffer 'fail-ENOMEM': cannot be made: not enough free memory in one piece (create it earlier, make it smaller, or choose the backing vmalloc)" \
		fake apply --root="$tmp/root"
	sed -i -e '/fail/,/contiguous/d' -e '/broken/,/1x/d' \
		"$tmp/root/etc/mapbuf.conf"
	: >"$tmp/root/requests"
	expect "apply again" 0 "" "" fake apply --root="$tmp/root"
	same "apply again asks the module for nothing" "$tmp/before" \
		"$tmp/root/requests"
	sed -i 's/64M/32M/' "$tmp/root/etc/mapbuf.conf"
	expect "apply leaves what differs" 0 "" \
		"@ROOT@/etc/mapbuf.conf:1: buffer 'adc0': is left as it is: its size is 67108864, not 33554432 (give --replace to create it again)" \
		fake apply --root="$tmp/root"
	same "and asks the module for nothing" "$tmp/before" \
		"$tmp/root/requests"
}

# Of three buffers: one is done, one by half, and one keeps what it holds.
test_apply_progress()
{
	fresh_system
	cat >"$tmp/root/etc/mapbuf.conf" <<-EOF
		[adc0]
		Size=4K
		[slow0]
		Size=12K
		[hole]
		Size=64M
		Backing=reserved
		Start=0x30000000
	EOF
	shows "progress of all buffers" \
		"making buffer 'slow0', [1-9][0-9]* s, 50 %, 62 % of 3 buffers" \
		"$TEST_BUILD/mapbufctl apply --root=$tmp/root" \
		touch "$tmp/root/go"
	fresh_system
	printf '[slow0]\nSize=1G\n' >"$tmp/root/etc/mapbuf.conf"
	shows "progress of one buffer" "slow0', [1-9][0-9]* s, 50 %" \
		"$TEST_BUILD/mapbufctl apply --root=$tmp/root" \
		touch "$tmp/root/go"
	grep -o "% of 1" "$tmp/shown" >"$tmp/actual" || :
	same "is not told twice" /dev/null "$tmp/actual"
}

# In use as it is.
test_apply_change()
{
	fresh_system
	group=$(id -g)
	printf '[adc0]\nSize=4K\nUser=%s\nGroup=%s\nMode=0640\n' "$(id -u)" \
		"$group" >"$tmp/root/etc/mapbuf.conf"
	fake create adc0 --size=4K --user="$(id -u)" --group="$group" \
		--mode=0606 >"$tmp/out"
	mkdir -p "$tmp/root/run/mapbuf"
	: >"$tmp/root/run/mapbuf/adc0"
	chmod 606 "$tmp/root/run/mapbuf/adc0"
	set_opens 0 2
	expect "apply --dry-run of another mode" 0 \
		"change adc0: its mode is 0606, not 0640" "" \
		fake apply --dry-run --root="$tmp/root"
	expect "apply changes the mode of a buffer that exists" 0 \
		"changed 'adc0': its mode is 0606, not 0640" "" \
		fake apply --root="$tmp/root"
	expect "both the file and the node have it" 0 "640
640" "" stat -c %a "$tmp/root/run/mapbuf/adc0" "$tmp/root/dev/mapbuf0"
	rm "$tmp/root/run/mapbuf/adc0"
	chmod 600 "$tmp/root/dev/mapbuf0"
	fake apply --root="$tmp/root" >"$tmp/out"
	expect "without files the node has it" 0 "640" "" \
		stat -c %a "$tmp/root/dev/mapbuf0"
}

# In an initramfs; what a section names is not taken from [Defaults] then.
test_apply_early()
{
	fresh_system
	: >"$tmp/root/etc/group"
	printf '[Defaults]\nUser=6\nGroup=7\n[adc0]\nSize=4K\nUser=no-one\nGroup=none\n[adc1]\nSize=4K\n' \
		>"$tmp/root/etc/mapbuf.conf"
	contains "apply without users" 1 "User=no-one: there is no such user" \
		fake apply --dry-run --root="$tmp/root"
	expect "apply --early without users" 0 \
		"create adc0 Size=4096 User=0 Group=0 Mode=0660 OnLastClose=keep
create adc1 Size=4096 User=6 Group=7 Mode=0660 OnLastClose=keep" "" \
		fake apply --early --dry-run --root="$tmp/root"
	printf '[adc0]\nSize=4K\n' >"$tmp/root/etc/mapbuf.conf"
	expect "apply --early without the group mapbuf" 0 \
		"create adc0 Size=4096 User=0 Group=0 Mode=0660 OnLastClose=keep" \
		"" fake apply --early --dry-run --root="$tmp/root"
}
