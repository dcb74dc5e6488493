# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by run: the verbs whose output is looked at, top and map, and sync.

: "${tmp:=}"

# attribute N NAME VALUE: of buffer N
attribute()
{
	echo "$3" >"$tmp/root/sys/class/mapbuf/mapbuf$1/$2"
}

test_top()
{
	fresh_system
	for name in adc0 adc1 frames; do
		fake create "$name" --size=64M --group=7 >"$tmp/out"
	done
	: >"$tmp/root/dev/mapbuf0"
	mkdir -p "$tmp/root/proc"
	holder 123 recorder "0::/system.slice/recorder.service" 2 1
	holder 45 viewer "0::/" 0 2
	set_opens 0 3
	attribute 0 mappings 3
	attribute 0 pinned 2097152
	set_opens 2 1
	busy='3 buffers, 192M used, 0B of destroyed ones pinned
NAME   SIZE BACKING OPENS MAPPINGS PINNED NOTIFIED/S USERS PROCESSES
adc0    64M vmalloc     3        3     2M                2 viewer(45) recorder(123)
frames  64M vmalloc     1        0     0B                0 
adc1    64M vmalloc     0        0     0B                0 '
	expect "top: the busiest first" 0 "$busy" "" fake top --once
	# An older module does not report them.
	rm "$tmp/root/sys/class/mapbuf/mapbuf1/notifications"
	expect "top: twice" 0 "$busy

3 buffers, 192M used, 0B of destroyed ones pinned
NAME   SIZE BACKING OPENS MAPPINGS PINNED NOTIFIED/S USERS PROCESSES
adc0    64M vmalloc     3        3     2M          0     2 viewer(45) recorder(123)
frames  64M vmalloc     1        0     0B          0     0 
adc1    64M vmalloc     0        0     0B                0 " "" fake top -n 2
	echo 1G >"$tmp/limit"
	mkdir -p "$tmp/root/sys/module/mapbuf/parameters"
	mv "$tmp/limit" "$tmp/root/sys/module/mapbuf/parameters/max_bytes"
	contains "top: of what is allowed" 0 "192M of 1G used" fake top --once
	tty "stty rows 5; $TEST_BUILD/mapbufctl top -n 2" >"$tmp/shown" 2>&1
	# A mark for each new picture; the end of a line and of a picture is erased.
	printf '\033[2J\033[H' >"$tmp/begin"
	head -c 7 "$tmp/shown" >"$tmp/actual"
	same "top: a terminal is erased" "$tmp/begin" "$tmp/actual"
	grep -c "^adc0" "$tmp/shown" >"$tmp/actual"
	grep -c "^frames" "$tmp/shown" >>"$tmp/actual"
	grep -c "^adc1" "$tmp/shown" >>"$tmp/actual" || :
	printf '2\n2\n0\n' >"$tmp/expected"
	same "top: as many buffers as fit on the terminal" "$tmp/expected" \
		"$tmp/actual"
	usage "top with a name" "'adc0' is not expected" top adc0
	usage "top with a bad number" "--iterations must be" top -n 0
	usage "top with no number" "--iterations must be" top -n x
	usage "top with an unknown option" "unrecognized option" top --colour
	rm -r "$tmp/root/sys"
	contains "top without the module" 1 "the module mapbuf is not loaded" \
		fake top
}

# The count changes between two tables, whenever that is.
test_top_notified()
{
	fresh_system
	fake create adc0 --size=64M --group=7 >"$tmp/out"
	MAPBUF_FIXTURE=$tmp/root "$TEST_BUILD/mapbufctl" top >"$tmp/shown" &
	until_line "$tmp/shown" "adc0 .* 0B  *0 "
	attribute 0 notifications 1000000
	until_line "$tmp/shown" "adc0 .* 0B  *[1-9][0-9]*  *0 "
	kill $!
	wait $! 2>"$tmp/no" || :
	# That many at most, as tables are a second apart.
	awk '/^adc0/ { if (NF == 8 && $7 > most) most = $7 }
		END { print (most > 1000 && most <= 1000000) }' "$tmp/shown" \
		>"$tmp/actual"
	echo 1 >"$tmp/expected"
	same "top: notifications a second" "$tmp/expected" "$tmp/actual"
	awk '/^adc0/ && NF == 7' "$tmp/shown" | head -n 1 >"$tmp/actual"
	echo "adc0  64M vmalloc     0        0     0B                0 " \
		>"$tmp/expected"
	same "top: no notifications in the first table" "$tmp/expected" \
		"$tmp/actual"
}

test_map()
{
	fresh_system
	expect "map of nothing" 0 "" "" fake map
	for name in adc0 adc1 adc2 secret; do
		fake create "$name" --size=4M --backing=contiguous --group=7
	done >"$tmp/out"
	fake create hole --size=64M --backing=reserved --start=0x100000000 \
		--group=7 >"$tmp/out"
	fake create bar --size=16M --backing=reserved --start=0x8000000000 \
		--group=7 >"$tmp/out"
	fake create frames --size=64M --backing=vmalloc --group=7 >"$tmp/out"
	attribute 0 phys_addr 0x20400000
	attribute 1 phys_addr 0x20800000
	attribute 2 phys_addr 0x800000
	attribute 4 phys_addr 0x100000000
	attribute 5 phys_addr 0x8000000000
	mkdir -p "$tmp/root/proc"
	cat >"$tmp/root/proc/zoneinfo" <<-EOF
		Node 0, zone      DMA
		  per-node stats
		      nr_inactive_anon 5
		  pages free     2816
		        spanned  4095
		        present  3998
		  pagesets
		    cpu: 0
		              count: 0
		  start_pfn:           1
		Node 0, zone    DMA32
		        spanned  258048
		  start_pfn:           4096
		Node 0, zone   Normal
		        spanned  0
		Node 1, zone   Normal
		        spanned  1048576
		  start_pfn:           1048576
	EOF
	# What is not in front of the first block are blanks.
	expect "map" 0 "Node 0, zone DMA, 0x1000 to 0xffffff, a character is 2M:
  0x000000000000 ....AA..

Node 0, zone DMA32, 0x1000000 to 0x3fffffff, a character is 4M:
  0x000000000000     ............................................................
  0x000010000000 ................................................................
  0x000020000000 .BC.............................................................
  0x000030000000 ................................................................

Node 1, zone Normal, 0x100000000 to 0x1ffffffff, a character is 32M:
  0x000100000000 DD..............................................................
  0x000180000000 ................................................................

SIGN NAME SIZE BACKING           FIRST         LAST WHERE
A    adc2   4M contiguous     0x800000     0xbfffff node 0, DMA
B    adc0   4M contiguous   0x20400000   0x207fffff node 0, DMA32
C    adc1   4M contiguous   0x20800000   0x20bfffff node 0, DMA32
D    hole  64M reserved    0x100000000  0x103ffffff node 1, Normal
E    bar   16M reserved   0x8000000000 0x8000ffffff outside of all zones
Buffers in pages from anywhere (vmalloc): 1, 64M in all
Buffers in one piece whose address you may not see (root may): 1, 4M in all" \
		"" fake map
	attribute 1 phys_addr 0x20600000
	contains "map: two buffers in a block" 0 "  0x000020000000 .*C" fake map
	rm "$tmp/root/proc/zoneinfo"
	contains "map without zones" 0 "outside of all zones" fake map
	usage "map with a name" "'adc0' is not expected" map adc0
	usage "map with an unknown option" "unrecognized option" map --colour
	rm -r "$tmp/root/sys"
	contains "map without the module" 1 "the module mapbuf is not loaded" \
		fake map
}

test_sync()
{
	fresh_system
	fake create adc0 --size=64K --group=7 >"$tmp/out"
	fake create lone --size=4K --group=7 >"$tmp/out"
	: >"$tmp/root/requests"
	expect "sync" 0 "" "" fake sync --for=cpu adc0
	expect "sync of a part" 0 "" "" fake sync --for=device --direction=to \
		--offset=4K --length=100 adc0
	expect "sync before a device writes" 0 "" "" fake sync --for=device \
		--direction=from adc0
	printf 'sync adc0 %s\n' "flags=0xd offset=0 bytes=65536" \
		"flags=0x6 offset=4096 bytes=100" \
		"flags=0xa offset=0 bytes=65536" >"$tmp/expected"
	same "what sync asks for" "$tmp/expected" "$tmp/root/requests"
	contains "sync with no device" 1 \
		"buffer 'lone': cannot be synchronized: no device has it mapped" \
		fake sync --for=cpu lone
	contains "sync beyond the end" 1 "the part is not within the buffer" \
		fake sync --for=cpu --length=65K adc0
	contains "sync of no buffer" 1 "there is no such buffer" \
		fake sync --for=cpu x
	contains "sync for nobody" 2 "give --for=cpu or --for=device, and one NAME" \
		fake sync adc0
	contains "sync for others" 2 "--for=gpu: it is neither cpu nor device" \
		fake sync --for=gpu adc0
	contains "sync in no direction" 2 "it is none of to, from and both" \
		fake sync --for=cpu --direction=up adc0
	contains "sync of a wrong length" 2 "--length=-1" \
		fake sync --for=cpu --length=-1 adc0
}
