# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by run: the verbs that show, follow and bring in line.

: "${tmp:=}" "${top:=}"

test_usage_of_verbs()
{
	usage "show without a name" "give at least one NAME" show
	usage "events with a name" "'adc0' is not expected" events adc0
	usage "status with an argument" "'adc0' is not expected" status adc0
	for verb in show events status; do
		usage "$verb with an unknown option" "unrecognized option" \
			"$verb" --colour
	done
}

# Nobody sees it empty, and who has it open sees the change.
set_opens()
{
	echo "$2" | dd of="$tmp/root/sys/class/mapbuf/mapbuf$1/opens" \
		conv=notrunc status=none
}

test_apply_replace()
{
	fresh_system
	printf '[%s]\nSize=4K\nGroup=7\n' adc0 adc1 busy2 fail-later \
		>"$tmp/root/etc/mapbuf.conf"
	fake apply --root="$tmp/root" >"$tmp/out"
	sed -i 's/4K/8K/' "$tmp/root/etc/mapbuf.conf"
	set_opens 1 2
	: >"$tmp/root/requests"
	expect "apply --dry-run --replace" 0 \
		"replace adc0: its size is 4096, not 8192
leave adc1: its size is 4096, not 8192, but it is in use (see mapbufctl show)
replace busy2: its size is 4096, not 8192
replace fail-later: its size is 4096, not 8192" "" \
		fake apply --dry-run --replace --root="$tmp/root"
	expect "apply --replace" 0 \
		"replaced 'adc0': /dev/mapbuf4
replaced 'fail-later': /dev/mapbuf5" \
		"@ROOT@/etc/mapbuf.conf:4: buffer 'adc1': is left as it is: its size is 4096, not 8192, but it is in use (see mapbufctl show)
@ROOT@/etc/mapbuf.conf:7: buffer 'busy2': is left as it is: it is in use (mapbufctl show names what holds it; --deferred frees it with its last user)" \
		fake apply --replace --root="$tmp/root"
	requests "what apply --replace asks for" "destroy adc0 flags=0
create adc0 flags=0xe bytes=8192 backing=0 numa_node=0 dma_bits=0 uid=0 gid=7 mode=0660
destroy busy2 flags=0
destroy fail-later flags=0
create fail-later flags=0xe bytes=8192 backing=0 numa_node=0 dma_bits=0 uid=0 gid=7 mode=0660"

	printf '[fail-ENOMEM]\nSize=4K\nGroup=7\n' >"$tmp/root/etc/mapbuf.conf"
	echo fail-ENOMEM >"$tmp/root/sys/class/mapbuf/mapbuf4/name"
	expect "a buffer that cannot be made anew" 1 "" \
		"@ROOT@/etc/mapbuf.conf:1: buffer 'fail-ENOMEM': is destroyed and cannot be created again: not enough free memory, or not in one piece (make it smaller, or choose the backing vmalloc)" \
		fake apply --replace --root="$tmp/root"
}

test_apply_prune()
{
	fresh_system
	for name in old adc0 busy used; do
		fake create "$name" --size=4K --group=7 >"$tmp/out"
	done
	printf '[adc0]\nSize=4K\nGroup=7\n' >"$tmp/root/etc/mapbuf.conf"
	: >"$tmp/root/requests"
	set_opens 3 1
	expect "apply --prune" 0 "removed 'old'" \
		"mapbufctl: buffer 'busy': is left as it is: it is in use (mapbufctl show names what holds it; --deferred frees it with its last user)
mapbufctl: buffer 'used': is left as it is: it is not configured, but in use (see mapbufctl show)" \
		fake apply --prune --root="$tmp/root"
	requests "what apply --prune asks for" "destroy old flags=0
destroy busy flags=0"
	# Nobody knows what the broken header was to say.
	echo '[used' >>"$tmp/root/etc/mapbuf.conf"
	set_opens 3 0
	contains "no pruning by a configuration with errors" 1 \
		"nothing is pruned, because the configuration has errors" \
		fake apply --prune --root="$tmp/root"
	requests "and nothing is asked for" "destroy old flags=0
destroy busy flags=0"
}

# until_done COMMAND...: waits for it, five minutes at most
until_done()
{
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ "$tries" -le 6000 ] || return 0
		sleep 0.05
	done
}

# interrupt NAME FILE PATTERN: while it is created, when the file has that.  What
# would go on creating it may then, and has when nobody has the fifo open.
interrupt()
{
	mkfifo "$tmp/root/ends"
	MAPBUF_FIXTURE=$tmp/root env --default-signal=INT \
		"$TEST_BUILD/mapbufctl" create "$1" --size=4K --group=7 \
		>"$tmp/out" 2>&1 8>"$tmp/root/ends" &
	exec 7<"$tmp/root/ends"
	until_line "$2" "$3"
	kill -INT $!
	status=0
	wait $! 2>"$tmp/no" || status=$?
	: >"$tmp/root/go"
	cat <&7
	exec 7<&-
}

# A signal while the module works, before and after the buffer exists.
test_interrupted()
{
	for name in slow late; do
		fresh_system
		case $name in
		slow) interrupt slow "$tmp/root/requests" "create slow " ;;
		late) interrupt late \
			"$tmp/root/sys/class/mapbuf/mapbuf0/name" late ;;
		esac
		cat "$tmp/root"/sys/class/mapbuf/mapbuf*/name >"$tmp/names" \
			2>"$tmp/no" || :
		if [ "$status" -eq 130 ] && ! [ -s "$tmp/names" ]; then
			ok "Ctrl-C leaves nothing of a $name buffer"
		else
			not_ok "Ctrl-C leaves nothing of a $name buffer"
			echo "status $status, left:" | note
			note <"$tmp/names"
		fi
		echo "mapbufctl: buffer '$name': cannot be made: interrupted" \
			>"$tmp/expected"
		same "and tells so" "$tmp/expected" "$tmp/out"
	done
	fresh_system
	: >"$tmp/root/go"
	fake create late --size=4K --group=7 >"$tmp/out"
	timeout -s INT 1 env MAPBUF_FIXTURE="$tmp/root" "$TEST_BUILD/mapbufctl" create \
		late --size=4K --group=7 >"$tmp/out" 2>&1 || :
	contains "a buffer that was there before stays" 0 "late" \
		fake list --noheadings
}

# tty COMMAND: runs it on a terminal, for what it prints there.
tty()
{
	MAPBUF_FIXTURE=$tmp/root script -qec "stty cols ${columns:-80}; $1" \
		/dev/null </dev/null
}

# shows NAME PATTERN COMMAND END...: the command shows it, on a terminal, and ends
# well when that has been done.
shows()
{
	name=$1 pattern=$2
	rm -f "$tmp/shown"
	tty "$3" >"$tmp/shown" 2>&1 &
	until_line "$tmp/shown" "$pattern"
	shift 3
	"$@" >"$tmp/out"
	status=0
	wait $! || status=$?
	if [ "$status" -eq 0 ] && grep -q "$pattern" "$tmp/shown"; then
		ok "$name"
	else
		not_ok "$name"
		echo "status $status, wanted 0 and '$pattern' in:" | note
		note <"$tmp/shown"
	fi
}

test_progress()
{
	fresh_system
	shows "progress on a terminal" "making buffer 'slow0', [1-9][0-9]* s" \
		"$TEST_BUILD/mapbufctl create slow0 --size=4K --group=7" \
		touch "$tmp/root/go"
	rm "$tmp/root/go"
	shows "progress with a percentage" \
		"making buffer 'slow2', [1-9][0-9]* s, 50 %" \
		"$TEST_BUILD/mapbufctl create slow2 --size=4K --group=7" \
		touch "$tmp/root/go"
	rm "$tmp/root/go"
	tty "$TEST_BUILD/mapbufctl create slow1 --size=4K --group=7 2>$tmp/err" \
		>"$tmp/out" &
	until_line "$tmp/root/requests" "create slow1 "
	sleep 2
	: >"$tmp/root/go"
	wait $!
	: >"$tmp/empty"
	same "no progress elsewhere" "$tmp/empty" "$tmp/err"
	fresh_system
	mkfifo "$tmp/root/udev"
	shows "progress of wait" "waiting for buffer 'adc0', [1-9][0-9]* s" \
		"$TEST_BUILD/mapbufctl wait adc0" \
		fake create adc0 --size=4K --group=7
	fake create a-name-of-thirty-one-characters --size=4K --group=7 \
		>"$tmp/out"
	columns=50
	tty "$TEST_BUILD/mapbufctl list" | tr -d '\r' | awk '
		{ if (length > 50) wide = 1 } END { print wide + 0 }' >"$tmp/wide"
	columns=80
	echo 0 >"$tmp/narrow"
	same "a table fits the terminal" "$tmp/narrow" "$tmp/wide"
}

# holder PID NAME CGROUP FDS MAPS: a process with open descriptors and mappings
holder()
{
	proc=$tmp/root/proc/$1
	mkdir -p "$proc/fd"
	echo "$2" >"$proc/comm"
	echo "$3" >"$proc/cgroup"
	fd=3
	while [ "$fd" -lt $((3 + $4)) ]; do
		ln -s ../../../dev/mapbuf0 "$proc/fd/$fd"
		fd=$((fd + 1))
	done
	ln -s /dev/null "$proc/fd/0"
	{
		echo "55d0c0000000-55d0c0001000 r--p 00000000 08:01 42 /usr/bin/true"
		map=0
		while [ "$map" -lt "$5" ]; do
			echo "7f000000${map}000-7f000000${map}fff rw-s 00000000 00:05 17                 /dev/mapbuf0"
			map=$((map + 1))
		done
		echo "7ffc00000000-7ffc00001000 rw-p 00000000 00:00 0 [stack]"
		echo "7f0000010000-7f0000011000 rw-s 00000000 00:05 18 /dev/mapbuf01"
	} >"$proc/maps"
}

test_show()
{
	fresh_system
	fake create adc0 --size=64M --group=7 >"$tmp/out"
	fake create adc1 --size=4K --group=7 >"$tmp/out"
	chmod 640 "$tmp/root/dev/mapbuf0"
	echo 32 >"$tmp/root/sys/class/mapbuf/mapbuf0/dma_bits"
	echo 2 >"$tmp/root/sys/class/mapbuf/mapbuf0/exports"
	echo 3 >"$tmp/root/sys/class/mapbuf/mapbuf0/errors"
	echo 0x0000000012340000 >"$tmp/root/sys/class/mapbuf/mapbuf0/phys_addr"
	holder 123 recorder "0::/system.slice/recorder@adc0.service" 2 1
	holder 45 viewer "12:cpu:/
1:name=systemd:/user.slice/user-1000.slice/user@1000.service/app.slice/viewer.service/sub" 0 2
	holder 46 bash "0::/user.slice" 1 0
	holder 47 other "0::/init.scope" 0 0
	owner=$(stat -c %U "$tmp/root/dev/mapbuf0")
	group=$(stat -c %G "$tmp/root/dev/mapbuf0")
	expect "show" 0 "      NAME: adc0
      SIZE: 64M
   BACKING: vmalloc
      NUMA: -
      PATH: /dev/mapbuf0
     OPENS: 0
  MAPPINGS: 0
    PINNED: 0B
   EXPORTS: 2
  NOTIFIED: 0
    ERRORS: 3
        ID: 0
   DMABITS: 32
   ADDRESS: 0x12340000
    DEVICE: -
DMAADDRESS: -
     CACHE: wb
 LASTCLOSE: keep
     OWNER: $owner
     GROUP: $group
      MODE: 0640
   HELD BY:
PID PROCESS  UNIT                  OPENS MAPPINGS
 45 viewer   viewer.service            0        2
 46 bash                               1        0
123 recorder recorder@adc0.service     2        1" "" fake show adc0
	echo 'büro' >"$tmp/root/proc/123/comm"
	contains "a name that is not ASCII" 0 "123 büro " \
		env LC_ALL=C.UTF-8 MAPBUF_FIXTURE="$tmp/root" \
		"$TEST_BUILD/mapbufctl" show adc0
	echo recorder >"$tmp/root/proc/123/comm"
	contains "show --bytes" 0 "SIZE: 67108864" fake show --bytes adc0
	expect "show as JSON" 1 '{
  "buffers": [
    {
      "name": "adc0",
      "size": 67108864,
      "backing": "vmalloc",
      "numa": null,
      "path": "/dev/mapbuf0",
      "opens": 0,
      "mappings": 0,
      "pinned": 0,
      "exports": 2,
      "notified": 0,
      "errors": 3,
      "id": 0,
      "dmabits": 32,
      "address": "0x12340000",
      "device": null,
      "dmaaddress": null,
      "cache": "wb",
      "lastclose": "keep",
      "owner": "'"$owner"'",
      "group": "'"$group"'",
      "mode": "0640"
    }
  ],
  "holders": [
    {
      "name": "adc0",
      "pid": 45,
      "process": "viewer",
      "unit": "viewer.service",
      "opens": 0,
      "mappings": 2
    },
    {
      "name": "adc0",
      "pid": 46,
      "process": "bash",
      "unit": null,
      "opens": 1,
      "mappings": 0
    },
    {
      "name": "adc0",
      "pid": 123,
      "process": "recorder",
      "unit": "recorder@adc0.service",
      "opens": 2,
      "mappings": 1
    }
  ]
}' '{ "level": "error", "message": "mapbufctl: buffer '"'x'"': there is no such buffer (see mapbufctl list)" }' \
		fake show --json adc0 x
	fake show --json adc1 >"$tmp/json"
	contains "show as JSON of a buffer nobody holds" 0 '"holders" : []' \
		json_pp -json_opt pretty <"$tmp/json"
	contains "show of a buffer nobody holds" 0 "HELD BY: no process" \
		fake show adc1
	contains "show of none" 1 "buffer 'x': there is no such buffer" \
		fake show x
	rm -r "$tmp/root/sys"
	contains "show without the module" 1 "the module mapbuf is not loaded" \
		fake show adc0
}

# until_line FILE PATTERN: waits until the file has it
until_line()
{
	until_done grep -qs "$2" "$1"
}

test_events()
{
	fresh_system
	fake create adc0 --size=4K --group=7 >"$tmp/out"
	mkfifo "$tmp/root/udev"
	MAPBUF_FIXTURE=$tmp/root "$TEST_BUILD/mapbufctl" events \
		>"$tmp/events" 2>"$tmp/events_err" &
	events_pid=$!
	exec 9<>"$tmp/root/udev"
	until_done [ -e "$tmp/root/polled" ]
	set_opens 0 2
	until_line "$tmp/events" "open adc0"
	set_opens 0 1
	until_line "$tmp/events" "close adc0"
	fake create adc1 --size=4K --group=7 >"$tmp/out"
	echo "add mapbuf1 adc1" >&9
	echo "change mapbuf1 adc1" >&9
	echo "add other1 adc1" >&9
	until_line "$tmp/events" "create adc1"
	echo lost >&9
	until_line "$tmp/events_err" "lost"
	fake destroy adc1
	echo "remove mapbuf1 adc1" >&9
	until_line "$tmp/events" "destroy adc1"
	kill "$events_pid"
	wait "$events_pid" 2>"$tmp/out" || :
	exec 9>&-
	cat >"$tmp/expected" <<-EOF
		open adc0 /dev/mapbuf0 opens=2
		close adc0 /dev/mapbuf0 opens=1
		create adc1 /dev/mapbuf1
		destroy adc1 /dev/mapbuf1
	EOF
	same "events as they happen" "$tmp/expected" "$tmp/events"
	echo "mapbufctl: there were too many events, some are lost" \
		>"$tmp/expected"
	same "events that are lost" "$tmp/expected" "$tmp/events_err"
	set_opens 0 0
	if [ -w /dev/full ]; then
		exec 9<>"$tmp/root/udev"
		echo "add mapbuf1 adc1" >&9
		contains "events whose output cannot be written" 1 \
			"the output cannot be written" sh -c \
			"MAPBUF_FIXTURE=$tmp/root $TEST_BUILD/mapbufctl events >/dev/full"
		exec 9>&-
	fi
	rm "$tmp/root/udev"
	contains "events that cannot be followed" 1 \
		"events cannot be followed: No such file" fake events
}

# What begins the fixture's create has no node of it, until the test makes one.
test_named()
{
	fresh_system
	mkfifo "$tmp/root/udev"
	exec 9<>"$tmp/root/udev"
	fake create nameless --size=4K --group=7 >"$tmp/out" 2>"$tmp/err" &
	named_pid=$!
	until_done [ -e "$tmp/root/polled" ]
	same "create waits until the buffer has its name" /dev/null "$tmp/out"
	: >"$tmp/root/dev/mapbuf0"
	echo "add mapbuf0 nameless" >&9
	wait "$named_pid"
	echo /dev/mapbuf0 >"$tmp/expected"
	same "it returns then" "$tmp/expected" "$tmp/out"
	rm "$tmp/root/polled" "$tmp/root/dev/mapbuf0"
	fake destroy nameless
	expect "create --no-wait returns at once" 0 /dev/mapbuf1 "" \
		fake create nameless --no-wait --size=4K --group=7
	fake destroy nameless
	printf '[nameless1]\nSize=4K\nGroup=7\n' >"$tmp/root/etc/mapbuf.conf"
	fake apply --root="$tmp/root" >"$tmp/out" 2>"$tmp/err" &
	named_pid=$!
	until_done [ -e "$tmp/root/polled" ]
	echo "created 'nameless1': /dev/mapbuf2" >"$tmp/expected"
	same "apply tells what is made before that has its name" \
		"$tmp/expected" "$tmp/out"
	: >"$tmp/root/dev/mapbuf2"
	echo "add mapbuf2 nameless1" >&9
	wait "$named_pid"
	exec 9>&-
	same "and then returns" /dev/null "$tmp/err"
}

test_wait()
{
	fresh_system
	mkfifo "$tmp/root/udev"
	exec 9<>"$tmp/root/udev"
	MAPBUF_FIXTURE=$tmp/root "$TEST_BUILD/mapbufctl" wait --timeout=600 adc0 &
	wait_pid=$!
	until_done [ -e "$tmp/root/polled" ]
	fake create adc0 --size=4K --group=7 >"$tmp/out"
	echo "add mapbuf0 adc0" >&9
	status=0
	wait "$wait_pid" || status=$?
	exec 9>&-
	if [ "$status" -eq 0 ]; then
		ok "wait until a buffer is there"
	else
		not_ok "wait until a buffer is there"
	fi
}

test_notify()
{
	fresh_system
	fake create adc0 --size=4K --group=7 >"$tmp/out"
	: >"$tmp/root/requests"
	# The fake module tells from the node's path which buffer it is of.
	truncate -s 4096 "$tmp/root/dev/mapbuf0"
	expect "notify" 0 "" "" fake notify adc0
	expect "wait for data" 0 "" "" fake wait --data --timeout=5 adc0
	printf 'notify\nseen\n' >"$tmp/expected"
	same "what reaches the module" "$tmp/expected" "$tmp/root/requests"
	contains "notify of none" 1 \
		"buffer 'x': nobody is notified: there is no such buffer" \
		fake notify x adc0
	contains "wait for data of none" 1 "buffer 'x': there is no such buffer" \
		fake wait --data --timeout=0 x
	contains "notify of nothing" 2 "give at least one NAME" fake notify
	contains "notify with an option" 2 "Try" fake notify --all adc0
}
