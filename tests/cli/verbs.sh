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
@ROOT@/etc/mapbuf.conf:7: buffer 'busy2': is left as it is: it is in use (close it first, or give --deferred to free it with its last user)" \
		fake apply --replace --root="$tmp/root"
	requests "what apply --replace asks for" "destroy adc0 flags=0
create adc0 flags=0xe bytes=8192 backing=0 numa_node=0 dma_bits=0 uid=0 gid=7 mode=0660
destroy busy2 flags=0
destroy fail-later flags=0
create fail-later flags=0xe bytes=8192 backing=0 numa_node=0 dma_bits=0 uid=0 gid=7 mode=0660"

	printf '[fail-ENOMEM]\nSize=4K\nGroup=7\n' >"$tmp/root/etc/mapbuf.conf"
	echo fail-ENOMEM >"$tmp/root/sys/class/mapbuf/mapbuf4/name"
	expect "a buffer that cannot be made anew" 1 "" \
		"@ROOT@/etc/mapbuf.conf:1: buffer 'fail-ENOMEM': is destroyed and cannot be made anew: not enough free memory, or not in one piece (make it smaller, or choose the backing vmalloc)" \
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
		"mapbufctl: buffer 'busy': is left as it is: it is in use (close it first, or give --deferred to free it with its last user)
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

# A signal while the module works, before and after the buffer exists.
test_interrupted()
{
	for name in slow late; do
		fresh_system
		start=$(date +%s)
		status=0
		MAPBUF_FIXTURE=$tmp/root timeout --preserve-status \
			-s INT 1 "$TEST_BUILD/mapbufctl" create "$name" \
			--size=4K --group=7 >"$tmp/out" 2>&1 || status=$?
		took=$(($(date +%s) - start))
		sleep 3
		cat "$tmp/root"/sys/class/mapbuf/mapbuf*/name >"$tmp/names" \
			2>"$tmp/no" || :
		if [ "$status" -eq 130 ] && [ "$took" -lt 3 ] &&
			! [ -s "$tmp/names" ]; then
			ok "Ctrl-C leaves nothing of a $name buffer"
		else
			not_ok "Ctrl-C leaves nothing of a $name buffer"
			echo "status $status after $took s, left:" | note
			note <"$tmp/names"
		fi
	done
	fresh_system
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

test_progress()
{
	fresh_system
	contains "progress on a terminal" 0 "making buffer 'slow0', 1 s" \
		tty "$TEST_BUILD/mapbufctl create slow0 --size=4K --group=7"
	tty "$TEST_BUILD/mapbufctl create slow1 --size=4K --group=7 2>$tmp/err" \
		>"$tmp/out"
	: >"$tmp/empty"
	same "no progress elsewhere" "$tmp/empty" "$tmp/err"
	mkfifo "$tmp/root/udev"
	contains "progress of wait" 1 "waiting for buffer 'adc0', 1 s" \
		tty "$TEST_BUILD/mapbufctl wait --timeout=2 adc0"
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
	: >"$tmp/root/dev/mapbuf0"
	chmod 640 "$tmp/root/dev/mapbuf0"
	echo 32 >"$tmp/root/sys/class/mapbuf/mapbuf0/dma_bits"
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
      NODE: -
      PATH: /dev/mapbuf0
     OPENS: 0
  MAPPINGS: 0
        ID: 0
   DMABITS: 32
   ADDRESS: 0x12340000
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
	contains "show --bytes" 0 "SIZE: 67108864" fake show --bytes adc0
	expect "show as JSON" 1 '{
   "buffers": [
      {
         "name": "adc0",
         "size": 67108864,
         "backing": "vmalloc",
         "node": null,
         "path": "/dev/mapbuf0",
         "opens": 0,
         "mappings": 0,
         "id": 0,
         "dmabits": 32,
         "address": "0x12340000",
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
      },{
         "name": "adc0",
         "pid": 46,
         "process": "bash",
         "unit": null,
         "opens": 1,
         "mappings": 0
      },{
         "name": "adc0",
         "pid": 123,
         "process": "recorder",
         "unit": "recorder@adc0.service",
         "opens": 2,
         "mappings": 1
      }
   ]
}' "mapbufctl: buffer 'x': there is no such buffer (see mapbufctl list)" \
		fake show --json adc0 x
	fake show --json adc1 >"$tmp/json"
	contains "show as JSON of a buffer nobody holds" 0 '"holders": [' \
		perl -MJSON::PP -0ne 'print JSON::PP->new->pretty->indent(0)->space_before(0)->encode(decode_json($_))' \
		"$tmp/json"
	contains "show of a buffer nobody holds" 0 "HELD BY: no process" \
		fake show adc1
	contains "show of none" 1 "buffer 'x': there is no such buffer" \
		fake show x
	rm -r "$tmp/root/sys"
	contains "show without the module" 1 "the module mapbuf is not loaded" \
		fake show adc0
}

# until_line FILE PATTERN: waits at most ten seconds
until_line()
{
	tries=0
	until grep -q "$2" "$1"; do
		tries=$((tries + 1))
		[ "$tries" -le 100 ] || return 0
		sleep 0.1
	done
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
	sleep 1
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

test_wait()
{
	fresh_system
	mkfifo "$tmp/root/udev"
	: >"$tmp/root/dev/mapbuf0"
	exec 9<>"$tmp/root/udev"
	MAPBUF_FIXTURE=$tmp/root "$TEST_BUILD/mapbufctl" wait --timeout=20 adc0 &
	wait_pid=$!
	sleep 1
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

test_status()
{
	version=$(cat "$top/VERSION")
	fresh_system
	mkdir -p "$tmp/root/sys/module/mapbuf/parameters" "$tmp/root/proc"
	cp "$top/VERSION" "$tmp/root/sys/module/mapbuf/version"
	echo 1G >"$tmp/root/sys/module/mapbuf/parameters/max_bytes"
	cat >"$tmp/root/proc/buddyinfo" <<-EOF
		Node 0, zone      DMA      0      0      0      0      0      0      0      0      1      1      3
		Node 0, zone   Normal      3      0      0      0      0      0      0      0      0      2      0
		Node 1, zone   Normal      2      1      0      0      0      0      0      0      0      0      0
	EOF
	printf '[adc0]\nSize=4K\nGroup=7\n' >"$tmp/root/etc/mapbuf.conf"
	fake create adc0 --size=64M --group=7 >"$tmp/out"
	fake create bar --size=4K --group=7 >"$tmp/out"
	echo reserved >"$tmp/root/sys/class/mapbuf/mapbuf1/backing"
	expect "status when all is well" 0 "        Module: loaded, version $version
       Buffers: 1 configured in 1 files, 1 present, 0 missing
   Memory used: 64M in 2 buffers, of 1G that max_bytes=1G allows
   Memory free: 19M on NUMA node 0, 18M of it in pieces of 2M and more, at most 4M without moving pages
   Memory free: 16K on NUMA node 1, 0B of it in pieces of 2M and more, at most 8K without moving pages" \
		"" fake status
	printf '[adc1]\nSize=1M\n[adc2]\nSize=1x\n' >>"$tmp/root/etc/mapbuf.conf"
	contains "status: what is missing" 1 \
		"3 configured in 1 files, 1 present, 2 missing: adc1 adc2 (mapbufctl apply)" \
		fake status
	contains "status: errors of the configuration" 1 \
		"Configuration: 1 errors, told above" fake status
	contains "status: and told they are" 1 \
		"/etc/mapbuf.conf:7: buffer 'adc2': cannot be made: Size=1x" \
		fake status
	echo "quiet mapbuf.apply=0 root=/dev/vda" >"$tmp/root/proc/cmdline"
	contains "status: switched off" 1 \
		"nothing is made: mapbuf.apply=0 is on the kernel command line" \
		fake status
	echo 0.0.1 >"$tmp/root/sys/module/mapbuf/version"
	contains "status: another version" 1 \
		"loaded, version 0.0.1, but mapbufctl is version $version" fake status
	contains "status --root" 0 "0 configured in 0 files" \
		fake_status_of_nothing
}

fake_status_of_nothing()
{
	cp "$top/VERSION" "$tmp/root/sys/module/mapbuf/version"
	mkdir -p "$tmp/nothing"
	fake status --root="$tmp/nothing"
}

# module_file DIR FIELD=VALUE...: a module file with these, known to modprobe
module_file()
{
	file=$tmp/root$1/mapbuf.ko
	mkdir -p "${file%/*}"
	shift
	{
		n=0
		for field; do
			n=$((n + 1))
			echo "const char f${n}[] __attribute__((section(\".modinfo\"))) = \"$field\";"
		done
	} >"$tmp/module.c"
	"${CC:-cc}" -c -o "$file" "$tmp/module.c"
	depmod -b "$tmp/root" "$(uname -r)" 2>"$tmp/depmod"
}

# sign MODULE NAME: as DKMS does, with a key of that name
sign()
{
	sign_file=$(find /usr/lib/linux-kbuild-*/scripts -name sign-file |
		head -n 1)
	openssl req -new -x509 -newkey rsa:2048 -nodes -subj "/CN=$2" \
		-keyout "$tmp/key" -outform DER -out "$tmp/certificate" \
		2>"$tmp/openssl"
	"$sign_file" sha256 "$tmp/key" "$tmp/certificate" "$1"
}

# test_status_signed DIR: of the module file, where the kernel wants signatures
test_status_signed()
{
	sign "$tmp/root$1/mapbuf.ko" "DKMS module signing key"
	contains "status: signed, and the keys cannot be seen" 1 \
		"signed by 'DKMS module signing key': if modprobe says" fake status
	keys=$tmp/root/proc/keys
	cat >"$keys" <<-EOF
		3182e60c I------     1 perm 1f0b0000     0     0 keyring   .builtin_trusted_keys: 1
		351c7f4a I------     1 perm 1f030000     0     0 asymmetri Debian Secure Boot CA: 6ccece7e4c6c0d1f: X509.rsa 4c6c0d1f []
	EOF
	contains "status: signed by a key that the kernel does not trust" 1 \
		"it is signed by 'DKMS module signing key', of which this kernel has no key" \
		fake status
	echo "0c2f7f4a I------     1 perm 1f030000     0     0 asymmetri DKMS module signing key: e8b1aa7e4c6c: X509.rsa 7e4c6c []" \
		>>"$keys"
	contains "status: signed by a key that the kernel trusts" 1 \
		"nothing seems to be in the way" fake status
	rm "$keys"
}

# What systemd makes of the unit's condition
starts()
{
	SYSTEMD_PROC_CMDLINE=$1 systemd-analyze condition \
		"$(grep '^ConditionKernelCommandLine=' \
			"$top/systemd/mapbuf.service")"
}

test_switched_off()
{
	contains "mapbuf.apply=0: the unit does not start" 1 "failed" \
		starts "quiet mapbuf.apply=0 root=/dev/vda"
	for line in "quiet root=/dev/vda" "mapbuf.apply=1" "mapbuf.apply=01"; do
		contains "the unit starts with $line" 0 "Conditions succeeded" \
			starts "$line"
	done
}

test_status_module()
{
	release=$(uname -r)
	modules=/lib/modules/$release
	fresh_system
	rm -r "$tmp/root/sys"
	mkdir -p "$tmp/root/proc" "$tmp/root/etc/modprobe.d"
	contains "status: no modules at all" 1 \
		"/lib/modules has nothing for the running kernel" fake status
	mkdir -p "$tmp/root$modules"
	: >"$tmp/root$modules/modules.order"
	: >"$tmp/root$modules/modules.builtin"
	depmod -b "$tmp/root" "$release" 2>"$tmp/depmod"
	contains "status: no headers" 1 "whose headers are not installed" \
		fake status
	mkdir "$tmp/root$modules/build"
	contains "status: not built" 1 "it is not built for kernel $release" \
		fake status
	module_file "$modules/updates" "vermagic=5.1.0 SMP"
	contains "status: built for another kernel" 1 \
		"it was built for kernel 5.1.0, not $release" fake status
	module_file "$modules/updates" "vermagic=$release SMP"
	contains "status: not loaded" 1 "nothing seems to be in the way" \
		fake status
	mkdir -p "$tmp/root/sys/kernel/security" \
		"$tmp/root/sys/module/module/parameters"
	echo "none [integrity] confidentiality" \
		>"$tmp/root/sys/kernel/security/lockdown"
	contains "status: not signed, under lockdown" 1 \
		"it is not signed, and this kernel takes signed modules only (lockdown" \
		fake status
	echo "[none] integrity confidentiality" \
		>"$tmp/root/sys/kernel/security/lockdown"
	echo Y >"$tmp/root/sys/module/module/parameters/sig_enforce"
	contains "status: not signed, and that is enforced" 1 \
		"signed modules only (module.sig_enforce)" fake status
	test_status_signed "$modules/updates"
	echo N >"$tmp/root/sys/module/module/parameters/sig_enforce"
	echo "blacklist mapbuf" >"$tmp/root/etc/modprobe.d/a.conf"
	contains "status: blacklisted" 1 "it is blacklisted, by modprobe.d" \
		fake status
	echo "install mapbuf /bin/false" >"$tmp/root/etc/modprobe.d/a.conf"
	contains "status: modprobe runs something else" 1 \
		'modprobe runs "/bin/false" instead' fake status
	echo "quiet module_blacklist=a,mapbuf" >"$tmp/root/proc/cmdline"
	contains "status: refused by the kernel" 1 \
		"blacklisted by module_blacklist=" fake status
	rm "$tmp/root/etc/modprobe.d/a.conf" "$tmp/root/proc/cmdline"
	echo "not a module" >"$tmp/root$modules/updates/mapbuf.ko"
	contains "status: a broken file" 1 "mapbuf.ko cannot be read" fake status
}
