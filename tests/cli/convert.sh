# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by run: what takes the place of u-dma-buf's parameters and device tree.

: "${tmp:=}" "${here:=}" "${top:=}"

# In the directory of the trees, so that their names are short
convert()
{
	(cd "$here" && "$top/src/ctl/from-u-dma-buf" "$@")
}

# sections ARGUMENT...: what it prints, without comments and empty lines
sections()
{
	convert "$@" | sed -e '/^# /d' -e '/^$/d'
}

test_convert_tree()
{
	# But for its license
	sed 1d "$here/u-dma-buf.conf" >"$tmp/wanted"
	convert u-dma-buf.dts >"$tmp/converted" 2>"$tmp/actual" || :
	same "from-u-dma-buf: a tree" "$tmp/wanted" "$tmp/converted"
	cat >"$tmp/expected" <<-EOF
		from-u-dma-buf: u-dma-buf.dts: /udmabuf@7: its size is not one or two cells that are not 0
		from-u-dma-buf: u-dma-buf.dts: /udmabuf@8: its memory-region /reserved-memory/anywhere has no reg, or not one: only the kernel knows where it is
		from-u-dma-buf: u-dma-buf.dts: /udmabuf@12: its memory-region /reserved-memory/pool@900000000 has only 4096 bytes left for it
		from-u-dma-buf: u-dma-buf.dts: /udmabuf@9: there is another buffer 'frames'
		from-u-dma-buf: u-dma-buf.dts: /udmabuf@10: 'a-name-that-has-thirty-two-letters' is longer than 31 characters (give it a device-name that is not)
		from-u-dma-buf: u-dma-buf.dts: /hidden: '.hidden' cannot be the name of a buffer: it begins with . or -, or is empty
	EOF
	same "from-u-dma-buf: what has no counterpart" "$tmp/expected" \
		"$tmp/actual"
	dtc -q -I dts -O dtb -o "$tmp/u-dma-buf.dtb" "$here/u-dma-buf.dts"
	convert "$tmp/u-dma-buf.dtb" 2>"$tmp/out" |
		sed "s|$tmp/u-dma-buf.dtb|u-dma-buf.dts|" >"$tmp/actual" || :
	same "from-u-dma-buf: a compiled tree" "$tmp/wanted" "$tmp/actual"
	expect "from-u-dma-buf: an overlay" 1 "[over]
Size=4096
Backing=contiguous
#Device=/sys/bus/platform/devices/..." \
		"from-u-dma-buf: u-dma-buf-overlay.dts: /fragment@0/__overlay__/udmabuf@1: its memory-region is not in /reserved-memory (for an overlay, read /proc/device-tree when it is in effect)" \
		sh -c "cd $here; $top/src/ctl/from-u-dma-buf u-dma-buf-overlay.dts >$tmp/over || status=\$?
			sed -e '/^# /d' -e '/^$/d' $tmp/over; exit \$status"
}

# What is printed is a configuration.
test_convert_apply()
{
	fresh_system
	convert u-dma-buf.dts udmabuf0=0x100000 2>"$tmp/out" \
		>"$tmp/root/etc/mapbuf.conf" || :
	fake apply --dry-run --root="$tmp/root" >"$tmp/plan" 2>"$tmp/actual" ||
		:
	same "apply accepts what from-u-dma-buf prints" /dev/null "$tmp/actual"
	grep -c '^create ' "$tmp/plan" >"$tmp/actual"
	grep -c '^\[' "$tmp/root/etc/mapbuf.conf" >"$tmp/expected"
	same "apply plans each of its buffers" "$tmp/expected" "$tmp/actual"
}

# A running system: its parameters, its tree, and what sysfs knows of that
live_system()
{
	fresh_system
	mkdir -p "$tmp/root/etc/modprobe.d" "$tmp/root/usr/lib/modprobe.d" \
		"$tmp/root/proc/device-tree/amba/mine@a0000000" \
		"$tmp/root/sys/bus/platform/devices/a0000000.mine"
	printf 'options u-dma-buf udmabuf0=4096 \\\n\tudmabuf1=0x2000\n' \
		>"$tmp/root/etc/modprobe.d/b.conf"
	printf '# options u-dma-buf udmabuf5=1\noptions u_dma_buf udmabuf0=1 udmabuf2=16 info_enable=7\noptions other udmabuf6=1\n' \
		>"$tmp/root/etc/modprobe.d/a.conf"
	echo "options u-dma-buf udmabuf7=1" \
		>"$tmp/root/usr/lib/modprobe.d/a.conf"
	echo "quiet u-dma-buf.udmabuf2=0 u_dma_buf.udmabuf3=010 mapbuf.buffers=1" \
		>"$tmp/root/proc/cmdline"
	node=$tmp/root/proc/device-tree/amba/mine@a0000000
	printf 'ikwzm,u-dma-buf\0' >"$node/compatible"
	printf '\0\0\20\0' >"$node/size"
	printf '\240\0\0\0\0\0\20\0' >"$node/reg"
	ln -s ../../../../firmware/devicetree/base/amba/mine@a0000000 \
		"$tmp/root/sys/bus/platform/devices/a0000000.mine/of_node"
}

test_convert_live()
{
	live_system
	sections "--root=$tmp/root" >"$tmp/actual"
	cat >"$tmp/expected" <<-EOF
		[udmabuf0]
		Size=4096
		Backing=contiguous
		DMABits=32
		#Device=/sys/bus/platform/devices/...
		[udmabuf1]
		Size=8192
		Backing=contiguous
		DMABits=32
		#Device=/sys/bus/platform/devices/...
		[udmabuf3]
		Size=8
		Backing=contiguous
		DMABits=32
		#Device=/sys/bus/platform/devices/...
		[mine_a0000000]
		Size=4096
		Backing=contiguous
		Device=/sys/bus/platform/devices/a0000000.mine
	EOF
	same "from-u-dma-buf: a running system" "$tmp/expected" "$tmp/actual"
	mkdir "$tmp/few"
	for program in awk cat find grep mktemp rm sed sort tail tr; do
		ln -s "$(command -v "$program")" "$tmp/few"
	done
	contains "from-u-dma-buf: without dtc" 1 \
		"dtc and fdtget are needed to read device trees (package device-tree-compiler" \
		env PATH="$tmp/few" /bin/sh "$top/src/ctl/from-u-dma-buf" \
		"--root=$tmp/root"
	rm -r "$tmp/root/proc/device-tree"
	expect "from-u-dma-buf: a system without a tree" 0 "[udmabuf0]
[udmabuf1]
[udmabuf3]" "" sh -c "PATH=$tmp/few /bin/sh $top/src/ctl/from-u-dma-buf --root=$tmp/root | grep '^\['"
	rm -r "$tmp/root/etc/modprobe.d" "$tmp/root/usr/lib/modprobe.d"
	echo quiet >"$tmp/root/proc/cmdline"
	contains "from-u-dma-buf: a system without buffers" 0 \
		"there are no buffers of u-dma-buf" \
		convert "--root=$tmp/root"
}

test_convert_parameters()
{
	sections udmabuf0=4096 bind=43c00000.dma quirk_mmap_mode=1 \
		dma_mask_bit=64 >"$tmp/actual"
	sections udmabuf1=4096 bind=pci/0000:01:00.0 >>"$tmp/actual"
	sections udmabuf2=4096 bind=amba/x quirk_mmap_mode=1 >>"$tmp/actual"
	cat >"$tmp/expected" <<-EOF
		[udmabuf0]
		Size=4096
		Backing=coherent
		DMABits=64
		Device=/sys/bus/platform/devices/43c00000.dma
		[udmabuf1]
		Size=4096
		Backing=contiguous
		DMABits=32
		Device=/sys/bus/pci/devices/0000:01:00.0
		[udmabuf2]
		Size=4096
		Backing=contiguous
		DMABits=32
		#Device=/sys/bus/platform/devices/...
	EOF
	same "from-u-dma-buf: a device to bind to" "$tmp/expected" "$tmp/actual"
	contains "from-u-dma-buf: a bus that is not known" 0 \
		"# bind=amba/x: mapbuf does not know this bus." \
		convert udmabuf2=4096 bind=amba/x
	contains "from-u-dma-buf: a wrong size" 1 \
		"parameter udmabuf0=8M: it is not a number of bytes" \
		convert udmabuf0=8M
	contains "from-u-dma-buf: no such tree" 1 \
		"/none.dtb: there is no such file" convert /none.dtb
	echo none >"$tmp/none.dtb"
	contains "from-u-dma-buf: what is no tree" 1 \
		"none.dtb: dtc cannot read it" convert "$tmp/none.dtb"
	contains "from-u-dma-buf: an unknown option" 2 \
		"there is no option --all" convert --all
	contains "from-u-dma-buf: an unknown word" 2 \
		"mine is neither a device tree" convert mine
	contains "from-u-dma-buf: help" 0 "usage: from-u-dma-buf" \
		convert --help
}

test_convert()
{
	test_convert_tree
	test_convert_apply
	test_convert_live
	test_convert_parameters
}
