# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by run: what the completions of the shells make of a line.

: "${tmp:=}" "${here:=}" "${top:=}"

# completes NAME LINES COMMAND...: the lines it prints, as a set
completes()
{
	name=$1
	printf '%s\n' "$2" | sed '/^$/d' | sort >"$tmp/expected"
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err" || :
	cut -f 1 "$tmp/out" | cat - "$tmp/err" | tr -d '\r' |
		sed '/^$/d' | sort >"$tmp/actual"
	same "$name" "$tmp/expected" "$tmp/actual"
}

in_bash()
{
	PATH=$tmp/bin:$PATH bash complete.bash \
		"$top/src/ctl/completion/mapbufctl.bash" mapbufctl "$@"
}

in_fish()
{
	PATH=$tmp/bin:$PATH HOME=$tmp fish --no-config -c \
		"source $top/src/ctl/completion/mapbufctl.fish; complete -C \"\$argv\"" \
		"mapbufctl $1"
}

in_zsh()
{
	timeout 600 zsh -f complete.zsh "$top/src/ctl/completion" "$tmp/bin" \
		"mapbufctl $1"
}

all_verbs="status
list
notify
show
create
destroy
apply
sync
wait
events
bench
top
map
cdi
help
--help
--version"

test_completion()
{
	fresh_system
	fake create adc0 --size=4K --group=7 >"$tmp/out"
	fake create frames --size=4K --group=7 >"$tmp/out"
	mkdir -p "$tmp/bin"
	cat >"$tmp/bin/mapbufctl" <<-EOF
		#!/bin/sh
		MAPBUF_FIXTURE=$tmp/root exec $here/$TEST_BUILD/mapbufctl "\$@"
	EOF
	chmod +x "$tmp/bin/mapbufctl"
	for shell in bash fish zsh; do
		if command -v "$shell" >"$tmp/out"; then
			"test_$shell"
		else
			skip "completion in $shell" "no $shell"
		fi
	done
}

test_bash()
{
	completes "bash: verbs" "$all_verbs" in_bash ""
	completes "bash: a verb" "show
status
sync" in_bash s
	completes "bash: options" "--dry-run
--early
--no-wait
--json
--prune
--replace
--root=
--help" in_bash apply --
	completes "bash: options of bench" "--bars=
--json
--seconds=
--size=
--help" in_bash bench --
	completes "bash: options of top" "--iterations=
--once
--help" in_bash top --
	completes "bash: buffers" "adc0
frames" in_bash show ""
	completes "bash: a buffer" "frames" in_bash destroy adc0 f
	completes "bash: no buffers where there are none to give" "" \
		in_bash create ""
	completes "bash: columns" "NAME,SIZE" in_bash list --output = NAME,S
	completes "bash: columns of -o" "ADDRESS" in_bash list -o A
	completes "bash: columns added by -o" "+ADDRESS" in_bash list -o +A
	completes "bash: buffers of list" "frames" in_bash list fr
	completes "bash: verbs of help" "show
status
sync" in_bash help s
	completes "bash: values" "vmalloc
contiguous
reserved
coherent" in_bash create --backing =
	completes "bash: other values" "wb
wc" in_bash create --cache = w
	completes "bash: directories" "/etc" in_bash apply --root = /et
	completes "bash: groups" "root" in_bash create --group = roo
	completes "bash: users" "root" in_bash create --user = roo
}

test_fish()
{
	completes "fish: verbs" "$all_verbs" in_fish ""
	completes "fish: options" "--dry-run
--early
--no-wait
--json
--prune
--replace
--root=
--help" in_fish "apply --"
	completes "fish: buffers" "adc0
frames" in_fish "show "
	completes "fish: columns" "--output=NAME,SIZE" \
		in_fish "list --output=NAME,S"
	completes "fish: columns added" "--output=+ADDRESS" \
		in_fish "list --output=+A"
	completes "fish: buffers of list" "frames" in_fish "list fr"
	completes "fish: verbs of help" "show
status
sync" in_fish "help s"
	completes "fish: values" "--backing=vmalloc
--backing=contiguous
--backing=reserved
--backing=coherent" in_fish "create --backing="
	completes "fish: groups" "--group=root" in_fish "create --group=roo"
}

test_zsh()
{
	completes "zsh: a verb" "mapbufctl status" in_zsh sta
	completes "zsh: an option" "mapbufctl apply --replace" \
		in_zsh "apply --rep"
	completes "zsh: a buffer" "mapbufctl destroy adc0 frames" \
		in_zsh "destroy adc0 f"
	completes "zsh: columns" "mapbufctl list --output=NAME,SIZE" \
		in_zsh "list --output=NAME,SI"
	completes "zsh: a column added" "mapbufctl list --output=+ADDRESS" \
		in_zsh "list --output=+AD"
	completes "zsh: a buffer of list" "mapbufctl list frames" \
		in_zsh "list fr"
	completes "zsh: a verb of help" "mapbufctl help status" \
		in_zsh "help sta"
	completes "zsh: a value" "mapbufctl create --backing=contiguous" \
		in_zsh "create --backing=con"
}
