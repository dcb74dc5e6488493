# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by run: the verb sync.

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
