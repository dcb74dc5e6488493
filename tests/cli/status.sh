# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by run: what status tells of a machine, and what switches it all off.

: "${tmp:=}" "${top:=}"

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
	mkdir -p "$tmp/root/sys/class/misc/mapbuf-control"
	echo 73400320 >"$tmp/root/sys/class/misc/mapbuf-control/used"
	echo 2097152 >"$tmp/root/sys/class/misc/mapbuf-control/pinned"
	contains "status: what counts of destroyed buffers" 0 \
		"Memory used: 70M in 2 buffers" fake status
	contains "status: what is pinned of destroyed buffers" 0 \
		"Still pinned: 2M of destroyed buffers" fake status
	echo 2 >"$tmp/root/sys/class/mapbuf/mapbuf0/errors"
	contains "status: memory errors" 1 \
		"Memory errors: 2 pages cannot be used, of: adc0 (" fake status
	rm "$tmp/root/sys/class/mapbuf/mapbuf0/errors"
	printf '[adc1]\nSize=1M\n[adc2]\nSize=1x\n' >>"$tmp/root/etc/mapbuf.conf"
	contains "status: what is missing" 1 \
		"3 configured in 1 files, 1 present, 2 missing: adc1 adc2 (mapbufctl apply)" \
		fake status
	contains "status: errors of the configuration" 1 \
		"Configuration: 1 errors, reported above" fake status
	contains "status: and told they are" 1 \
		"/etc/mapbuf.conf:7: buffer 'adc2': cannot be made: Size=1x" \
		fake status
	echo "quiet mapbuf.apply=0 root=/dev/vda" >"$tmp/root/proc/cmdline"
	contains "status: switched off" 1 \
		"no buffers are created: mapbuf.apply=0 is on the kernel command line" \
		fake status
	echo 0.0.1 >"$tmp/root/sys/module/mapbuf/version"
	contains "status: another version" 1 \
		"loaded, version 0.0.1, but mapbufctl is version $version" fake status
	modules=/lib/modules/$(uname -r)
	mkdir -p "$tmp/root$modules"
	: >"$tmp/root$modules/modules.order"
	: >"$tmp/root$modules/modules.builtin"
	module_file "$modules" version=0.0.2
	contains "status: another version loaded than is installed" 1 \
		"loaded, version 0.0.1, but version 0.0.2 is installed, and mapbufctl is version $version (the next boot" \
		fake status
	test_status_initramfs
	module_file "$modules" version=0.0.1
	contains "status: loaded as installed, and another than the tool's" 1 \
		"loaded, version 0.0.1, but mapbufctl is version $version" fake status
	echo "$version" >"$tmp/root/sys/module/mapbuf/version"
	contains "status: only what is installed is another" 1 \
		"loaded, version $version, but version 0.0.1 is installed" fake status
	module_file "$modules" "version=$version" srcversion=533BB7E5866E52F63B9ACCB
	echo 533BB7E5866E52F63B9ACCA >"$tmp/root/sys/module/mapbuf/srcversion"
	contains "status: another build is loaded than is installed" 1 \
		"loaded, version $version, but another build of it is installed (the next boot" \
		fake status
	rm "$tmp/root/sys/module/mapbuf/srcversion"
	rm -r "$tmp/root/lib"
	contains "status --root" 0 "0 configured in 0 files" \
		fake_status_of_nothing
}

# The versions differ; the scripts of the initramfs have left their mark.
test_status_initramfs()
{
	mkdir -p "$tmp/root/run/initramfs" "$tmp/root/usr/sbin"
	: >"$tmp/root/run/initramfs/mapbuf"
	contains "status: an old module in the initramfs of dracut" 1 \
		"version 0.0.1, but version 0.0.2 is installed, and mapbufctl is version $version (the loaded one is from the initramfs, which contains an old copy: dracut -f, then reboot)" \
		fake status
	: >"$tmp/root/usr/sbin/update-initramfs"
	contains "status: an old module in the initramfs of initramfs-tools" 1 \
		"which contains an old copy: update-initramfs -u, then reboot)" \
		fake status
	rm -r "$tmp/root/run/initramfs"
}

# test_status_without_efi: the module is not signed.
test_status_without_efi()
{
	contains "status: not signed, sig_enforce without UEFI" 1 \
		"signed modules only (module.sig_enforce): remove module.sig_enforce from the kernel command line and reboot, or sign" \
		fake status
	echo "none [integrity] confidentiality" \
		>"$tmp/root/sys/kernel/security/lockdown"
	contains "status: not signed, both without UEFI" 1 \
		"(lockdown= and module.sig_enforce): remove lockdown= and" \
		fake status
	echo N >"$tmp/root/sys/module/module/parameters/sig_enforce"
	contains "status: not signed, lockdown without UEFI" 1 \
		"(lockdown=): remove lockdown= from the kernel command line and reboot" \
		fake status
	contains "status: no key can be enrolled without UEFI" 1 \
		"a key that is built into the kernel; without UEFI no key can be enrolled" \
		fake status
	mkdir -p "$tmp/root/sys/firmware/efi"
	echo "quiet lockdown=integrity" >"$tmp/root/proc/cmdline"
	contains "status: lockdown= on a machine with UEFI" 1 \
		"(lockdown=): have DKMS sign it, enrol its key with mokutil" \
		fake status
	rm "$tmp/root/proc/cmdline"
	contains "status: lockdown by Secure Boot" 1 \
		"(lockdown, which Secure Boot brings): have DKMS sign it" \
		fake status
	echo "[none] integrity confidentiality" \
		>"$tmp/root/sys/kernel/security/lockdown"
	echo Y >"$tmp/root/sys/module/module/parameters/sig_enforce"
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
	type=$(echo asymmetric | cut -c 1-9)
	cat >"$keys" <<-EOF
		3182e60c I------     1 perm 1f0b0000     0     0 keyring   .builtin_trusted_keys: 1
		351c7f4a I------     1 perm 1f030000     0     0 $type Debian Secure Boot CA: 6ccece7e4c6c0d1f: X509.rsa 4c6c0d1f []
	EOF
	contains "status: signed by a key that the kernel does not trust" 1 \
		"it is signed by 'DKMS module signing key', whose key this kernel does not have" \
		fake status
	echo "0c2f7f4a I------     1 perm 1f030000     0     0 $type DKMS module signing key: e8b1aa7e4c6c: X509.rsa 7e4c6c []" \
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

# early LINE: what the script of the initramfs runs with that command line
early()
{
	mkdir -p "$tmp/early"
	for program in modprobe mapbufctl; do
		printf '#!/bin/sh\necho "%s $*" >>"%s/ran"\n' "$program" \
			"$tmp/early" >"$tmp/early/$program"
		chmod +x "$tmp/early/$program"
	done
	echo "$1" >"$tmp/early/cmdline"
	: >"$tmp/early/ran"
	sed -e "s|/proc/cmdline|$tmp/early/cmdline|" \
		-e "s|/run/|$tmp/early/run/|" -e "s|/dev/kmsg|$tmp/early/kmsg|" \
		"$top/src/initramfs/mapbuf.sh" >"$tmp/early/script"
	PATH=$tmp/early:$PATH sh "$tmp/early/script"
	cat "$tmp/early/ran"
}

# Where it is in the line makes no difference.
test_switched_off_early()
{
	for line in "mapbuf.apply=0" "mapbuf.apply=0 quiet" \
		"quiet mapbuf.apply=0" "quiet mapbuf.apply=0 root=/dev/vda"; do
		expect "the initramfs does nothing with $line" 0 "" "" \
			early "$line"
	done
	for line in "quiet" "mapbuf.apply=1" "mapbuf.apply=01 quiet"; do
		expect "the initramfs creates buffers with $line" 0 \
			"modprobe mapbuf
mapbufctl apply --early --root=/usr/lib/mapbuf/root" "" early "$line"
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
	contains "status: no DKMS" 1 \
		"mapbuf-dkms or, if there is no compiler, mapbuf-modules-$release" \
		fake status
	mkdir -p "$tmp/root/usr/sbin"
	: >"$tmp/root/usr/sbin/dkms"
	contains "status: no headers" 1 "whose headers are not installed" \
		fake status
	contains "status: what to do" 1 \
		"and run: dkms install mapbuf/$version)" fake status
	mkdir "$tmp/root$modules/build"
	contains "status: not built" 1 "it is not built for kernel $release" \
		fake status
	module_file "$modules/updates" "vermagic=5.1.0 SMP"
	contains "status: built for another kernel" 1 \
		"it was built for kernel 5.1.0, not $release (dkms install --force mapbuf/$version)" \
		fake status
	module_file "$modules/updates" "vermagic=$release SMP"
	contains "status: not loaded" 1 "nothing seems to be in the way" \
		fake status
	mkdir -p "$tmp/root/sys/kernel/security" \
		"$tmp/root/sys/module/module/parameters"
	echo "none [integrity] confidentiality" \
		>"$tmp/root/sys/kernel/security/lockdown"
	contains "status: not signed, under lockdown" 1 \
		"it is not signed, and this kernel accepts signed modules only (lockdown" \
		fake status
	echo "[none] integrity confidentiality" \
		>"$tmp/root/sys/kernel/security/lockdown"
	echo Y >"$tmp/root/sys/module/module/parameters/sig_enforce"
	test_status_without_efi
	contains "status: not signed, and that is enforced" 1 \
		"signed modules only (module.sig_enforce): have DKMS sign it, enrol its key with mokutil --import /var/lib/dkms/mok.pub" \
		fake status
	mkdir -p "$tmp/root/var/lib/shim-signed/mok"
	: >"$tmp/root/var/lib/shim-signed/mok/MOK.der"
	contains "status: the key of DKMS on Ubuntu" 1 \
		"mokutil --import /var/lib/shim-signed/mok/MOK.der" fake status
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
	for mark in run/systemd/container run/host/container-manager \
		run/.containerenv .dockerenv; do
		mkdir -p "$tmp/root/run/systemd" "$tmp/root/run/host"
		: >"$tmp/root/$mark"
		contains "status: in a container, by /$mark" 1 \
			"not loaded: this is a container" fake status
		rm "$tmp/root/$mark"
	done
}
