# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by run: apply in an initramfs, and after one.

: "${tmp:=}"

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
