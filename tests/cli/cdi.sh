# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by run: cdi, which describes buffers to what runs containers.

: "${tmp:=}"

# node N MODE: of buffer N
node()
{
	: >"$tmp/root/dev/mapbuf$1"
	chmod "$2" "$tmp/root/dev/mapbuf$1"
}

# device NAME N MODE: what a specification has of it
device()
{
	cat <<-EOT
	    {
	      "name": "$1",
	      "containerEdits": {
	        "deviceNodes": [
	          {
	            "path": "/dev/mapbuf/$1",
	            "hostPath": "/dev/mapbuf$2",
	            "type": "c",
	            "permissions": "rw",
	            "fileMode": $3,
	            "uid": $(stat -c %u "$tmp/root/dev/mapbuf$2"),
	            "gid": $(stat -c %g "$tmp/root/dev/mapbuf$2")
	          }
	        ]
	      }
	    }
	EOT
}

# specification DEVICE...
specification()
{
	printf '{\n  "cdiVersion": "0.5.0",\n  "kind": "mapbuf/buffer",\n  "devices": [\n'
	printf '%s' "$1"
	shift
	[ $# = 0 ] || printf ',\n%s' "$@"
	printf '\n  ]\n}\n'
}

test_cdi_once()
{
	fresh_system
	expect "cdi: no buffers" 1 "" \
		"mapbufctl cdi: there are no buffers for it" fake cdi
	for name in adc0 frames left_; do
		fake create "$name" --size=4K --group=7 >"$tmp/out"
	done
	node 0 660
	node 1 640
	left="mapbufctl cdi: buffer 'left_' is left out: in CDI a name begins and ends with a letter or digit"
	all=$(specification "$(device adc0 0 432)" "$(device frames 1 416)")
	expect "cdi: all buffers" 0 "$all" "$left" fake cdi
	expect "cdi: one that is named" 0 \
		"$(specification "$(device frames 1 416)")" "" fake cdi frames
	expect "cdi: one that does not exist" 1 "" \
		"mapbufctl: buffer 'no': there is no such buffer (see mapbufctl list)" \
		fake cdi adc0 no
	echo old >"$tmp/spec.json"
	expect "cdi: to a file" 0 "" "$left" fake cdi --output="$tmp/spec.json"
	expect "cdi: which has all of it" 0 "$all" "" cat "$tmp/spec.json"
	expect "cdi: and others may read" 0 "644" "" \
		stat -c %a "$tmp/spec.json"
	expect "cdi: nothing else is left" 0 "$tmp/spec.json" "" \
		find "$tmp" -maxdepth 1 -name 'spec.json*'
	contains "cdi: to a directory that is not there" 1 \
		"mapbufctl cdi: $tmp/nowhere/spec.json: No such file" \
		fake cdi adc0 --output="$tmp/nowhere/spec.json"
	for name in adc0 frames left_; do
		fake destroy "$name"
	done
	expect "cdi: a file for no buffers" 0 "" "" \
		fake cdi --output="$tmp/spec.json"
	expect "cdi: is removed" 1 "" "" test -e "$tmp/spec.json"
	expect "cdi: and need not be there" 0 "" "" \
		fake cdi --output="$tmp/spec.json"
	usage "cdi: an unknown option" "unrecognized option" cdi --json
	usage "cdi: to follow what is printed" "--follow needs --output=FILE" \
		cdi --follow
	rm -r "$tmp/root/sys"
	contains "cdi without the module" 1 "the module mapbuf is not loaded" \
		fake cdi
}

test_cdi_follow()
{
	fresh_system
	rm -r "$tmp/root/sys/class/mapbuf"
	mkfifo "$tmp/root/udev"
	echo old >"$tmp/spec.json"
	MAPBUF_FIXTURE=$tmp/root "$TEST_BUILD/mapbufctl" cdi --follow \
		--output="$tmp/spec.json" >"$tmp/shown" 2>&1 &
	cdi_pid=$!
	exec 9<>"$tmp/root/udev"
	until_done [ ! -e "$tmp/spec.json" ]
	ok "cdi --follow: without the module there is no file"
	mkdir "$tmp/root/sys/class/mapbuf"
	fake create adc0 --size=4K --group=7 >"$tmp/out"
	node 0 660
	echo "add mapbuf0 adc0" >&9
	until_line "$tmp/spec.json" '"fileMode": 432'
	expect "cdi --follow: a buffer that comes" 0 \
		"$(specification "$(device adc0 0 432)")" "" cat "$tmp/spec.json"
	node 0 600
	echo "change mapbuf0 adc0" >&9
	until_line "$tmp/spec.json" '"fileMode": 384'
	ok "cdi --follow: another mode"
	fake create frames --size=4K --group=7 >"$tmp/out"
	node 1 640
	echo lost >&9
	until_line "$tmp/spec.json" '"frames"'
	ok "cdi --follow: messages that were lost"
	fake destroy adc0
	echo "remove mapbuf0 adc0" >&9
	until_done no_line "$tmp/spec.json" adc0
	expect "cdi --follow: a buffer that goes" 0 \
		"$(specification "$(device frames 1 416)")" "" cat "$tmp/spec.json"
	fake destroy frames
	echo "remove mapbuf1 frames" >&9
	until_done [ ! -e "$tmp/spec.json" ]
	ok "cdi --follow: the last one goes"
	kill "$cdi_pid"
	wait "$cdi_pid" 2>"$tmp/out" || :
	exec 9>&-
	expect "cdi --follow: nothing is said" 0 "" "" cat "$tmp/shown"
	rm "$tmp/root/udev"
	contains "cdi --follow: without udev" 1 "buffers cannot be followed: No such" \
		fake cdi --follow --output="$tmp/spec.json"
}

no_line()
{
	! grep -qs "$2" "$1"
}

test_cdi()
{
	test_cdi_once
	test_cdi_follow
}
