# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by run: the verb bench, with buffers that are files.

: "${tmp:=}" "${here:=}"

bench_system()
{
	fresh_system
	mkdir "$tmp/root/dev/shm"
}

# left NAME: nothing of it is.
left()
{
	{
		cat "$tmp"/root/sys/class/mapbuf/mapbuf*/name 2>"$tmp/no" || :
		ls "$tmp/root/dev/shm"
	} >"$tmp/left"
	same "$1" "$tmp/empty" "$tmp/left"
}

# machine PATH TEXT: what the machine tells there
machine()
{
	mkdir -p "$tmp/root/$(dirname "$1")"
	echo "$2" >"$tmp/root/$1"
}

# notes NAME TEXT: by the last run
notes()
{
	if grep -qF -e "$2" "$tmp/stdout"; then
		ok "bench: $1"
	else
		not_ok "bench: $1"
		note <"$tmp/stdout"
	fi
}

# no_notes NAME TEXT: none by the last run, which had others
no_notes()
{
	if grep -q "^note: " "$tmp/stdout" &&
		! grep -qF -e "$2" "$tmp/stdout"; then
		ok "bench: $1"
	else
		not_ok "bench: $1"
		note <"$tmp/stdout"
	fi
}

# run_bench OPTION...: with the shortest rounds
run_bench()
{
	fake bench --seconds=1 --size=2M "$@" >"$tmp/stdout" 2>"$tmp/stderr"
}

test_bench()
{
	usage "bench with an argument" "'adc0' is not expected" bench adc0
	usage "bench with an unknown option" "unrecognized option" \
		bench --colour
	usage "bench with other bars" "--bars must be auto, always or never" \
		bench --bars=on
	usage "bench of no memory" "--size=0: it is 0" bench --size=0
	usage "bench of a size that is none" "--size=1x: the unit is none of" \
		bench --size=1x
	for seconds in 0 1s '' -1 100001 99999999999999999999; do
		usage "bench for '$seconds' seconds" "--seconds must be" \
			bench --seconds="$seconds"
	done
	: >"$tmp/empty"
	bench_system
	if run_bench; then
		ok "bench"
	else
		not_ok "bench"
		note <"$tmp/stderr"
	fi
	same "bench has nothing to complain of" "$tmp/empty" "$tmp/stderr"
	left "bench leaves nothing"
	sed -n 's/bench-[0-9]*/bench/; s/ uid.*//p' "$tmp/root/requests" |
		sort -u >"$tmp/actual"
	cat >"$tmp/expected" <<-EOT
		create bench flags=0xe bytes=1 backing=1 numa_node=0 dma_bits=0
		create bench flags=0xe bytes=1048576 backing=1 numa_node=0 dma_bits=0
		create bench flags=0xe bytes=2097152 backing=1 numa_node=0 dma_bits=0
		create bench flags=0xe bytes=2097152 backing=2 numa_node=0 dma_bits=0
		create bench.back flags=0xe bytes=1 backing=1 numa_node=0 dma_bits=0
	EOT
	same "the buffers that bench makes" "$tmp/expected" "$tmp/actual"
	run_bench --json
	contains "each row of bench has numbers, or a hint" 0 "all is well" \
		perl "$here/bench.pl" 2097152 memfd,tmpfs <"$tmp/stdout"
}

# bars NAME PATTERN: of the last run, in lines of a pattern
bars()
{
	if grep -q "$2" "$tmp/stdout"; then
		ok "bench: $1"
	else
		not_ok "bench: $1"
		note <"$tmp/stdout"
	fi
}

# sorted NAME: the numbers before the bars grow within each group
sorted()
{
	awk '
		!/^  [^ ].* [#-]+$/ { last = 0; bar = ""; next }
		{
			n++
			if ($(NF - 1) + 0 < last || length($NF) < length(bar))
				print
			last = $(NF - 1) + 0
			bar = $NF
		}
		END { if (n < 19) print n + 0 " bars" }' "$tmp/stdout" \
		>"$tmp/unsorted"
	same "$1" "$tmp/empty" "$tmp/unsorted"
}

test_bench_bars()
{
	: >"$tmp/empty"
	bench_system
	run_bench
	notes "a second table" "Creating and destroying 2M"
	no_notes "no bars where no terminal is" "##"
	run_bench --bars=always
	bars "bars of mapbuf" '^  mapbuf vmalloc  *[0-9.]* ##*$'
	bars "bars of others" '^  memfd  *[0-9.]* --*$'
	sorted "bench: the cheapest bar is first"
	LC_ALL=C.UTF-8 run_bench --bars=always
	bars "blocks of mapbuf" '^  mapbuf, by name  *[0-9.]* █.*█$'
	bars "blocks of others" '^  pipe  *[0-9.]* ░.*$'
	run_bench --bars=never
	no_notes "no bars where nobody wants them" "##"
	run_bench --json --bars=always
	contains "JSON has no bars" 0 "all is well" \
		perl "$here/bench.pl" 2097152 memfd,tmpfs <"$tmp/stdout"
	columns=100 tty "$TEST_BUILD/mapbufctl bench --seconds=1 --size=2M" |
		tr -d '\r' >"$tmp/stdout"
	bars "bars on a terminal" '^  mapbuf vmalloc  *[0-9.]* ##*$'
	awk '/[#-]$/ && length > most { most = length } END { print most }' \
		"$tmp/stdout" >"$tmp/actual"
	echo 100 >"$tmp/expected"
	same "bars are as wide as the terminal" "$tmp/expected" "$tmp/actual"
}

# What a machine has, and lacks
test_bench_machine()
{
	bench_system
	machine proc/meminfo "MemAvailable: 9000 kB"
	machine sys/devices/system/node/online 0-1
	machine sys/devices/system/cpu/cpu0/cpufreq/scaling_governor powersave
	machine sys/kernel/mm/transparent_hugepage/enabled "[always] never"
	machine sys/kernel/mm/transparent_hugepage/shmem_enabled \
		"always advise [never] deny"
	machine sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages 3
	machine sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages 3
	machine sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages 7
	machine dev/dma_heap/system ""
	machine dev/udmabuf ""
	fake bench --seconds=1 --size=3M >"$tmp/stdout"
	notes "less memory" "note: memory: too little is free for 4M, so it was measured with 2M"
	notes "the size is told" "Mapping 2M, ns per MiB"
	notes "the governor" "note: processor: its speed changes: the governor is powersave"
	notes "2 MiB pages of memfd that are off" "note: memfd, 2 MiB pages: switched off"
	notes "how to switch them on" "  echo advise >/sys/kernel/mm/transparent_hugepage/shmem_enabled"
	notes "2 MiB pages of buffers" "note: mapbuf vmalloc: 0% of the mapping has 2 MiB pages: free memory is in smaller pieces"
	notes "no free page of hugetlbfs" "note: hugetlbfs: 1 free pages of 2 MiB are needed, there are 0"
	notes "how to get one" "  echo 8 >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
	notes "a dma-heap that gives nothing" "note: dma-heap system: it provides no memory"
	notes "a udmabuf that takes nothing" "note: udmabuf: it does not accept this memory"
	machine sys/devices/system/cpu/cpu0/cpufreq/scaling_governor performance
	machine sys/kernel/mm/transparent_hugepage/shmem_enabled \
		"always [advise] never deny"
	rm -r "$tmp/root/dev/shm"
	run_bench
	notes "no /dev/shm" "note: tmpfs file: /dev/shm: No such file"
	notes "no /dev/shm for copies" "note: read, tmpfs file, pread(): /dev/shm: No such file"
	notes "no /dev/shm to open" "note: open and close, file in /dev/shm: /dev/shm: No such file"
	no_notes "a governor that is right is not told" governor
	no_notes "2 MiB pages of memfd that are on" "note: memfd, 2 MiB"
	echo full >"$tmp/root/limit"
	run_bench
	notes "no memory for a buffer" "note: mapbuf vmalloc: the buffers would be more than the module's limit allows"
	notes "nor for notifications" "note: wake-up and back, mapbuf, mapbuf_notify(): the buffers would be more"
	rm -r "$tmp/root/sys/class"
	contains "bench without the module" 1 \
		"mapbufctl bench: the module mapbuf is not loaded" fake bench
	bench_system
	rm "$tmp/root/dev/mapbuf-control"
	contains "bench without the control node" 1 \
		"no buffer can be made: the module mapbuf is not loaded" \
		fake bench
}

# interrupted SIGNAL STATUS: while it measures
interrupted()
{
	bench_system
	status=0
	MAPBUF_FIXTURE=$tmp/root env --default-signal="$1" \
		"$TEST_BUILD/mapbufctl" bench --seconds=1000 --size=2M \
		>"$tmp/stdout" 2>"$tmp/stderr" &
	until_line "$tmp/root/requests" "create bench-$! "
	kill "-$1" $!
	wait $! 2>"$tmp/no" || status=$?
	if [ "$status" -eq "$2" ]; then
		ok "$1 ends bench"
	else
		not_ok "$1 ends bench"
		echo "status $status, wanted $2" | note
	fi
	contains "it had made a buffer before $1" 0 "create bench-" \
		cat "$tmp/root/requests"
	left "bench leaves nothing after $1"
}

test_bench_interrupted()
{
	interrupted INT 130
	interrupted TERM 143
	interrupted HUP 129
	bench_system
	status=0
	MAPBUF_FIXTURE=$tmp/root "$TEST_BUILD/mapbufctl" bench --seconds=1000 \
		--size=2M >"$tmp/stdout" 2>"$tmp/said" &
	bench_pid=$!
	until_line "$tmp/root/requests" "create bench-$bench_pid "
	pkill -KILL -P "$bench_pid"
	wait "$bench_pid" || status=$?
	echo "status $status" >>"$tmp/said"
	expect "bench tells when it was killed" 0 \
		"mapbufctl bench: it was killed (not enough memory? give a smaller --size)
status 1" "" cat "$tmp/said"
	left "bench leaves nothing when what measures is killed"
}
