# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by run: what programs read, as mapbufctl(8) says it stays.

: "${tmp:=}" "${here:=}" "${top:=}"

# For this fake system a module of this version, and half of 1G used
loaded()
{
	mkdir -p "$tmp/root/sys/module/mapbuf/parameters" "$tmp/root/proc" \
		"$tmp/root/sys/class/misc/mapbuf-control"
	cp "$top/VERSION" "$tmp/root/sys/module/mapbuf/version"
	echo 1G >"$tmp/root/sys/module/mapbuf/parameters/max_bytes"
	echo 536870912 >"$tmp/root/sys/class/misc/mapbuf-control/used"
	echo 4096 >"$tmp/root/sys/class/misc/mapbuf-control/pinned"
}

# The unit of mapbufctl(8) does what it says.
test_manual_metrics()
{
	mkdir -p "$tmp/programs" "$tmp/textfiles"
	cat >"$tmp/programs/mapbufctl" <<-EOF
		#!/bin/sh
		MAPBUF_FIXTURE=$tmp/root exec $here/$TEST_BUILD/mapbufctl "\$@"
	EOF
	chmod +x "$tmp/programs/mapbufctl"
	command=$(sed -n "s/^ExecStart=sh -c '\(.*\)'$/\1/p" \
		"$top/docs/man/mapbufctl.8")
	if (
		cd "$tmp/textfiles"
		PATH=$tmp/programs:$PATH sh -c "$command" 2>"$tmp/out"
	) && cmp -s "$tmp/metrics" "$tmp/textfiles/mapbuf.prom"; then
		ok "the manual's unit writes the metrics"
	else
		not_ok "the manual's unit writes the metrics"
		note <"$tmp/out"
	fi
}

test_json_status()
{
	fresh_system
	loaded
	fake create adc0 --size=64M --group=7 >"$tmp/out"
	echo 3 >"$tmp/root/sys/class/mapbuf/mapbuf0/errors"
	echo "Node 1, zone Normal 2 1 0 0 0 0 0 0 0 1 0" \
		>"$tmp/root/proc/buddyinfo"
	printf '[adc0]\nSize=64M\n[adc1]\nSize=4K\n[adc2]\nSize=x\n' \
		>"$tmp/root/etc/mapbuf.conf"
	expect "status as JSON" 1 '{
  "healthy": false,
  "module": {
    "loaded": true,
    "version": "'"$(cat "$top/VERSION")"'",
    "problem": null
  },
  "configuration": {
    "files": 1,
    "buffers": 3,
    "missing": [
      "adc1",
      "adc2"
    ],
    "errors": 1,
    "applied_at_boot": true
  },
  "memory": {
    "buffers": 1,
    "used": 536870912,
    "limit": 1073741824,
    "pinned": 4096,
    "errors": 3
  },
  "free": [
    {
      "numa": 1,
      "bytes": 2113536,
      "huge": 2097152,
      "largest": 2097152
    }
  ]
}' '{ "level": "error", "message": "@ROOT@/etc/mapbuf.conf:6: buffer '"'adc2'"': cannot be made: Size=x: it is not a number (write for instance 64M, 1.5G, 10% or a number of bytes)" }' \
		fake status --json
	fake status --metrics >"$tmp/metrics" 2>"$tmp/out" || :
	grep -v '^#' "$tmp/metrics" >"$tmp/actual"
	cat >"$tmp/expected" <<-EOF
		mapbuf_healthy 0
		mapbuf_module_loaded 1
		mapbuf_configured_buffers 3
		mapbuf_missing_buffers 2
		mapbuf_configuration_errors 1
		mapbuf_used_bytes 536870912
		mapbuf_limit_bytes 1073741824
		mapbuf_destroyed_pinned_bytes 4096
		mapbuf_buffer_size_bytes{name="adc0",backing="vmalloc"} 67108864
		mapbuf_buffer_opens{name="adc0",backing="vmalloc"} 0
		mapbuf_buffer_mappings{name="adc0",backing="vmalloc"} 0
		mapbuf_buffer_pinned_bytes{name="adc0",backing="vmalloc"} 0
		mapbuf_buffer_error_pages{name="adc0",backing="vmalloc"} 3
	EOF
	same "status as metrics" "$tmp/expected" "$tmp/actual"
	# Each has its two lines of explanation, as Prometheus wants them.
	sed 's/[{ ].*//' "$tmp/expected" | sort >"$tmp/names"
	for kind in HELP TYPE; do
		sed -n "s/^# $kind \([a-z_]*\) .*/\1/p" "$tmp/metrics" | sort \
			>"$tmp/explained"
		same "metrics: $kind of each" "$tmp/names" "$tmp/explained"
	done
	test_manual_metrics
	rm -r "$tmp/root/sys"
	rm "$tmp/root/proc/buddyinfo"
	contains "status as JSON without the module" 1 '"memory": null' \
		fake status --json --root="$tmp/none"
	contains "status as metrics without the module" 1 \
		"mapbuf_module_loaded 0" fake status --metrics
}

test_json_plan()
{
	fresh_system
	cat >"$tmp/root/etc/mapbuf.conf" <<-EOF
		[hole]
		Size=64K
		Backing=reserved
		Start=0x30000000
		[adc0]
		Size=4K
		[broken]
		Mode=9
	EOF
	fake create adc0 --size=8K --group=543 >"$tmp/out"
	expect "dry run as JSON" 1 '{
  "plan": [
    {
      "action": "create",
      "name": "hole",
      "why": null,
      "file": "'"$tmp"'/root/etc/mapbuf.conf",
      "line": 1,
      "size": 65536,
      "backing": "reserved",
      "address": "0x30000000",
      "cache": "wb",
      "oncreate": "keep",
      "numa": null,
      "dmabits": null,
      "device": null,
      "showaddress": null,
      "owner": 0,
      "group": 0,
      "mode": "0600",
      "lastclose": "keep"
    },
    {
      "action": "leave",
      "name": "adc0",
      "why": "its size is 8192, not 4096 (give --replace to create it again)",
      "file": "'"$tmp"'/root/etc/mapbuf.conf",
      "line": 5
    }
  ]
}' '{ "level": "error", "message": "@ROOT@/etc/mapbuf.conf:8: buffer '"'broken'"': cannot be made: Mode=9: it is not an octal mode of read and write permissions (write for instance 0660)" }' \
		fake apply --dry-run --json --root="$tmp/root"
}

test_json_events()
{
	fresh_system
	fake create adc0 --size=4K --group=7 >"$tmp/out"
	mkfifo "$tmp/root/udev"
	MAPBUF_FIXTURE=$tmp/root "$TEST_BUILD/mapbufctl" events --json \
		>"$tmp/events" 2>"$tmp/events_err" &
	events_pid=$!
	exec 9<>"$tmp/root/udev"
	until_done [ -e "$tmp/root/polled" ]
	set_opens 0 2
	until_line "$tmp/events" "open"
	echo "remove mapbuf0 adc0" >&9
	until_line "$tmp/events" "destroy"
	kill "$events_pid"
	wait "$events_pid" 2>"$tmp/out" || :
	exec 9>&-
	cat >"$tmp/expected" <<-EOF
		{ "event": "open", "name": "adc0", "path": "/dev/mapbuf0", "opens": 2 }
		{ "event": "destroy", "name": "adc0", "path": "/dev/mapbuf0", "opens": null }
	EOF
	same "events as JSON" "$tmp/expected" "$tmp/events"
	rm "$tmp/root/udev"
	contains "events as JSON that cannot be followed" 1 \
		'{ "level": "error", "message": "mapbufctl: events cannot be followed: No such file' \
		fake events --json
}

test_json_errors()
{
	fresh_system
	expect "errors as JSON" 1 '{
  "buffers": [
  ]
}' '{ "level": "error", "message": "mapbufctl: buffer '"'x'"': there is no such buffer (see mapbufctl list)" }' \
		fake list --json x
	rm -r "$tmp/root/sys"
	contains "errors of show as JSON" 1 \
		'{ "level": "error", "message": "mapbufctl: the buffers cannot be listed: ' \
		fake show --json adc0
	contains "a wrong command line is told as text" 2 \
		"mapbufctl list: unrecognized option" real list --json --colour
}

test_json()
{
	test_json_status
	test_json_plan
	test_json_events
	test_json_errors
}
