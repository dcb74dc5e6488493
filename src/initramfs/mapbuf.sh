#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the initramfs, before the root file system is mounted.  initramfs-tools runs
# this file; dracut sources it, for which its name must end in .sh.  A failure never
# stops the boot: later, mapbuf.service runs apply again and reports what it cannot
# create.
if [ "$1" = prereqs ]; then
	exit 0
fi
read -r line </proc/cmdline
case " $line " in
*' mapbuf.apply=0 '*) ;;
*)
	if modprobe mapbuf; then
		# From this "mapbufctl status" knows where the module came from.
		mkdir -p /run/initramfs
		: >/run/initramfs/mapbuf
		mapbufctl apply --early --root=/usr/lib/mapbuf/root 2>&1 |
			while read -r line; do
				echo "mapbuf: $line" >/dev/kmsg
			done
	fi
	;;
esac
