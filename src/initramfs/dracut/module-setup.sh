# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For dracut: with add_dracutmodules+=" mapbuf " in /etc/dracut.conf.d the
# initramfs creates the buffers before the root file system is mounted.

# 255: only where it is asked for.
check() {
	return 255
}

depends() {
	return 0
}

installkernel() {
	hostonly='' instmods mapbuf
}

# shellcheck disable=SC2154 # variables of dracut
install() {
	local file root=$initdir/usr/lib/mapbuf/root

	inst_multiple mkdir modprobe
	inst /usr/sbin/mapbufctl /sbin/mapbufctl
	for file in /etc/modprobe.d/*.conf; do
		if grep -qsw mapbuf "$file"; then
			inst_simple "$file"
		fi
	done
	for file in /etc/passwd /etc/group /etc/mapbuf.conf \
			/usr/lib/mapbuf.conf /etc/mapbuf.conf.d/*.conf \
			/usr/lib/mapbuf.conf.d/*.conf; do
		if [ -e "$file" ]; then
			mkdir -p "$root${file%/*}"
			cat "$file" >"$root$file"
		fi
	done
	inst_hook pre-mount 10 "$moddir/mapbuf.sh"
}
