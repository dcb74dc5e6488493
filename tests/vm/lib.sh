# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What the scripts of the test machines have in common.  Source it after
# setting vm to the directory of this file.

# shellcheck disable=SC2154 # vm is set by the script
top=$(cd "$vm/../.." && pwd)
build=$top/build/vm
# shellcheck source=env.sh
. "$vm/env.sh"

# Nested scripts count the time from the start of the outermost one.
: "${MAPBUF_START:=$(date +%s)}"
export MAPBUF_START

# Exit statuses beside those of the test itself.
# shellcheck disable=SC2034
EXIT_NO_RESULT=69 EXIT_KERNEL_LOG=70 EXIT_SKIP=77

say()
{
	printf '[%3ds] %s\n' "$(($(date +%s) - MAPBUF_START))" "$*" >&2
}

die()
{
	say "${0##*/}: $*"
	exit 1
}

# Run the script again as root; chroots and device nodes need it.
need_root()
{
	[ "$(id -u)" != 0 ] || return 0
	command -v sudo >/dev/null || die "must be root, and there is no sudo"
	exec sudo MAPBUF_CACHE="$cache" MAPBUF_START="$MAPBUF_START" \
		MAPBUF_MIRROR="${MAPBUF_MIRROR:-}" \
		MAPBUF_LANE="${MAPBUF_LANE:-}" SHELL="${SHELL:-}" \
		${KERNELS:+"KERNELS=$KERNELS"} \
		${SYSTEMS:+"SYSTEMS=$SYSTEMS"} \
		${FUZZ_SECONDS:+"FUZZ_SECONDS=$FUZZ_SECONDS"} \
		${SOAK_SECONDS:+"SOAK_SECONDS=$SOAK_SECONDS"} \
		${RANDOM_SEED:+"RANDOM_SEED=$RANDOM_SEED"} \
		${RANDOM_OPS:+"RANDOM_OPS=$RANDOM_OPS"} "$0" "$@"
}

# What root has made in the checkout belongs to whose the checkout is.
give_back()
{
	owner=$(stat -c %u:%g "$top")
	[ "$owner" = 0:0 ] || chown -Rh "$owner" "$top"
}

# quietly NAME COMMAND...: keep the output in a log, show it on failure.
quietly()
{
	mkdir -p "$build/log"
	quietly_log=$build/log/$1.log
	shift
	quietly_rc=0
	"$@" >"$quietly_log" 2>&1 </dev/null || quietly_rc=$?
	[ "$quietly_rc" -ne 0 ] || return 0
	say "failed ($quietly_rc): $*"
	say "the end of $quietly_log:"
	tail -n 60 "$quietly_log" >&2
	return "$quietly_rc"
}

# make_tmp: a scratch directory $tmp in the cache, gone when the script ends.
# What a killed one left goes after a day.
make_tmp()
{
	mkdir -p "$cache"
	find "$cache" -maxdepth 1 -name 'tmp.??????' -mtime +1 \
		-exec rm -rf {} +
	tmp=$(mktemp -d "$cache/tmp.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# make_signing_key: gpg's default one from here on, in $tmp.
make_signing_key()
{
	GNUPGHOME=$tmp/gnupg
	export GNUPGHOME
	mkdir -m 700 "$GNUPGHOME"
	gpg --batch --passphrase '' --quick-gen-key packages@mapbuf.example
}

# unpack_next: the sources, as an archive has them, of the next version, which
# is VERSION.1 and differs in nothing but that: $tmp/mapbuf-VERSION.
unpack_next()
{
	this=$(cat "$top/VERSION")
	make -s -C "$top" dist
	tar -C "$tmp" -xf "$top/build/mapbuf-$this.tar.gz"
	grep -rlF --exclude-dir=tests --exclude-dir=LICENSES "$this" \
		"$tmp/mapbuf-$this" |
		xargs sed -i "s/\\b$(echo "$this" | sed 's/[.]/[.]/g')\\b/$this.1/"
}

# A child that does not outlive this shell, even when that is killed.  Its
# standard input never ends: QEMU would take that for a closed connection.
run_bound()
{
	[ -p "$tmp/stdin" ] || mkfifo "$tmp/stdin"
	setpriv --pdeathsig TERM "$@" 0<>"$tmp/stdin" &
	wait $!
}

# lock NAME: wait for it and hold it until the script ends (descriptor 9).
lock()
{
	mkdir -p "$cache"
	exec 9>"$cache/$1.lock"
	flock -n 9 && return
	say "waiting for another $1"
	flock 9
}

# prune KEEP PATTERN: all but the newest KEEP of these cache entries.
prune()
{
	# shellcheck disable=SC2012,SC2086 # the names are our own
	(cd "$cache" && ls -dt $2 2>/dev/null | tail -n "+$(($1 + 1))" |
		xargs -r rm -rf)
}

# in_root ROOT COMMAND...: run it in that tree, with /proc, and the resolver and the
# proxy of this machine.  With BIND set, that directory is /mnt.  What is mounted is
# seen by the command alone; where mounts cannot be made private, because / is
# not one (in a chroot), they go when it ends.  A root that was given to
# remember_compiling has the cache of compilers, too.
in_root()
{
	private=private
	unshare --mount true 2>/dev/null || private=unchanged
	# shellcheck disable=SC2016 # expanded by the inner shell
	BIND=${BIND:-} CCACHE=$cache/ccache \
		unshare --mount --propagation "$private" sh -euc '
		root=$1
		shift
		mount -t proc proc "$root/proc"
		mounted=$root/proc
		trap "umount -l \$mounted" EXIT
		if [ -n "$BIND" ]; then
			mount --bind "$BIND" "$root/mnt"
			mounted="$mounted $root/mnt"
		fi
		if [ -d "$root/var/cache/ccache" ]; then
			mount --bind "$CCACHE" "$root/var/cache/ccache"
			mounted="$mounted $root/var/cache/ccache"
		fi
		if [ -e /etc/resolv.conf ]; then
			touch "$root/etc/resolv.conf"
			mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
			mounted="$mounted $root/etc/resolv.conf"
		fi
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
			LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
			${http_proxy:+"http_proxy=$http_proxy"} \
			${https_proxy:+"https_proxy=$https_proxy"} \
			${no_proxy:+"no_proxy=$no_proxy"} \
			chroot "$root" "$@"' in_root "$@"
}

# remember_compiling ROOT: which has ccache.  Tests build the same module there a
# dozen times, and other tests and the next run do so again.
remember_compiling()
{
	for compiler in "$1"/usr/bin/gcc-[0-9]*; do
		[ -L "$compiler" ] || continue
		real=/usr/bin/$(readlink "$compiler")
		rm "$compiler"
		printf '#!/bin/sh\nexec ccache %s "$@"\n' "$real" >"$compiler"
		chmod 755 "$compiler"
	done
	printf '%s\n' 'cache_dir = /var/cache/ccache' 'max_size = 500M' \
		>"$1/etc/ccache.conf"
	mkdir -p "$cache/ccache" "$1/var/cache/ccache"
}

# get_root NAME: the directory of that suite, or variant of one.
get_root()
{
	case $1 in
	*-clang | *-arm64 | *-full | *-rpm) "$vm/variant" "$1" ;;
	*-nocontig) "$vm/root" "${1%-*}" ;;
	*-debug | *-race | *-um) "$vm/../debug/root" "$1" ;;
	*) "$vm/root" "$1" ;;
	esac
}

# The sources are what git knows or would add; without git, all there is.
list_sources()
{
	if [ -e "$top/.git" ]; then
		git -c safe.directory="$top" -C "$top" ls-files -z \
			--cached --others --exclude-standard
	else
		(cd "$top" && find . -path ./build -prune -o -type f -print0)
	fi
}

# build_packages KIND: have make build the packages of that kind, deb or rpm,
# unless build/KIND has those of just these sources, and print the directory.
build_packages()
{
	dir=$top/build/$1
	lock packages
	key=$(cd "$top" && list_sources | sort -z |
		xargs -0 sha256sum 2>/dev/null | sha256sum) || :
	if [ "$key" != "$(cat "$dir/key" 2>/dev/null)" ]; then
		say "building the $1 packages"
		rm -f "$dir/key"
		quietly "packages-$1" make -C "$top" "$1"
		echo "$key" >"$dir/key"
	fi
	echo "$dir"
}

# The one kernel release of a root.
root_release()
{
	ls "$1/lib/modules"
}

# start_initramfs ROOT MODULE...: make $tmp/initramfs with busybox and, in
# /modules, these modules of that root's kernel, what they depend on, and the
# order to load them.  Its /init is for the caller to add.
start_initramfs()
{
	modules_root=$1
	shift
	mkdir -p "$tmp/initramfs/bin" "$tmp/initramfs/dev" \
		"$tmp/initramfs/proc" "$tmp/initramfs/root" \
		"$tmp/initramfs/sys" "$tmp/initramfs/modules"
	# A root of another processor brings a busybox that runs on it.
	case $(root_release "$modules_root") in
	*-arm64) cp "$modules_root/bin/busybox" "$tmp/initramfs/bin/" ;;
	*) cp /bin/busybox "$tmp/initramfs/bin/" ;;
	esac
	for module in virtio_pci "$@"; do
		modprobe -C /dev/null -d "$modules_root" \
			-S "$(root_release "$modules_root")" \
			--show-depends "$module" || die "no module '$module'"
	done >"$tmp/depends"
	awk '$1 == "insmod" && !seen[$2]++ { print $2 }' "$tmp/depends" |
	while read -r path; do
		name=${path##*/} name=${name%.xz} name=${name%.zst}
		case $path in
		*.xz) xz -dc "$path" ;;
		*.zst) zstd -qdc "$path" ;;
		*) cat "$path" ;;
		esac >"$tmp/initramfs/modules/$name"
		echo "$name"
	done >"$tmp/initramfs/modules/order"
}

# Pack it into $tmp/initrd.
pack_initramfs()
{
	(cd "$tmp/initramfs" && find . | cpio --quiet -o -H newc -R 0:0) \
		>"$tmp/initrd"
	rm -rf "$tmp/initramfs"
}

# kernel_log_check FILE: print what a healthy kernel never logs.
kernel_log_check()
{
	grep -aE -e 'WARNING:|BUG:|kernel BUG|Oops|Bad page|Bad rss' \
		-e 'KASAN|UBSAN|kmemleak: [0-9]+ new' \
		-e 'Call Trace:|general protection|Kernel panic|stack segment' \
		-e 'blocked for more than|self-detected stall|oom-killer' \
		-e 'possible (recursive|circular) locking|inconsistent lock' \
		-e 'suspicious RCU|held lock freed|sleeping function called' \
		-e 'invalid wait context|lock held when returning' \
		-e 'ODEBUG: |leak detector disabled|pagealloc: memory' \
		-e 'turning off the locking correctness validator' "$1"
}

# set_machine RELEASE [ICOUNT]: the machine for that kernel; with ICOUNT one
# whose clock counts the instructions of its only processor.  Never KVM: it may
# be there and hang.  The processor without cx16 because QEMU's emulation of
# that breaks newer kernels.  Without erms and fsrm, too, unless its instructions
# are counted: memory would be cleared and copied byte by byte, which makes the
# tests of the module take twice as long.
# shellcheck disable=SC2034
set_machine()
{
	case $1 in
	*-arm64)
		qemu_system=qemu-system-aarch64 console=ttyAMA0
		qemu_machine='-machine virt -cpu cortex-a57'
		;;
	*)
		qemu_system=qemu-system-x86_64 console=ttyS0
		qemu_machine='-machine q35 -cpu max,-cx16'
		[ -n "${2:-}" ] || qemu_machine=$qemu_machine,-erms,-fsrm
		;;
	esac
	case ${2:-} in
	'') accel='-accel tcg,thread=multi,tb-size=512' ;;
	*) accel='-accel tcg,thread=single,tb-size=512 -icount shift=0' ;;
	esac
	qemu_machine="$qemu_machine $accel
		-nodefaults -no-user-config -display none -no-reboot"
}

# snakeoil_key FILE: of the certificate that a firmware of Debian's package ovmf
# trusts, for tests.
snakeoil_key()
{
	openssl pkey -passin pass:snakeoil -out "$1" \
		-in /usr/share/ovmf/PkKek-1-snakeoil.key
}

# Sign $tmp/vmlinuz, and add to the machine the firmware that checks that.
set_secure_boot()
{
	snakeoil_key "$tmp/key"
	sbsign --key "$tmp/key" --cert /usr/share/ovmf/PkKek-1-snakeoil.pem \
		--output "$tmp/signed" "$tmp/vmlinuz" >"$tmp/sbsign" 2>&1
	mv -f "$tmp/signed" "$tmp/vmlinuz"
	cp /usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd "$tmp/variables"
	qemu_machine="$qemu_machine
		-global driver=cfi.pflash01,property=secure,value=on
		-drive if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd
		-drive if=pflash,format=raw,unit=1,file=$tmp/variables"
}

# A kernel that patches itself while both processors run does not always survive
# that in the emulation: one of them meets the int3 that has gone again.  It would
# where a busy host makes it doubt its clock, and in the scheduler, to record names
# of processes, for each event that is traced.  By the machine's clock a busy host
# looks like a stall.
# shellcheck disable=SC2034
kernel_args='panic=-1 mitigations=off cryptomgr.notests nowatchdog
	tsc=nowatchdog trace_clock=local trace_options=norecord-cmd
	rcupdate.rcu_cpu_stall_timeout=200
	sysctl.kernel.hung_task_timeout_secs=1200'

# One line of the words, however they were spaced.
words()
{
	echo "$*"
}

# Start the machine with boot, which fills $log and $tmp/result, and exit with
# the status of what ran in it.  An emulated processor dies now and then early
# in the boot, also of a kernel that the test itself starts and says so ("booting"):
# try again, but never when the test has begun.
run_machine()
{
	: "${log:?}"
	for attempt in 1 2 3; do
		status=0
		boot || status=$?
		case $(grep -aoE '^(started|booting)' "$tmp/result" |
				tail -n 1) in
		started) break ;;
		esac
		say "the machine did not reach the test (QEMU: $status," \
			"attempt $attempt)"
	done
	result=$(sed -n 's/\r$//; s/^exit //p' "$tmp/result")
	if kernel_log_check "$log" >"$tmp/bad"; then
		say "the kernel log has (the test's own status: ${result:-none})"
		cat "$tmp/bad" >&2
		exit "$EXIT_KERNEL_LOG"
	fi
	if [ -z "$result" ]; then
		say "no result from the machine (QEMU: $status, 124 is" \
			"too long); the end of its kernel log:"
		tail -n 40 "$log" >&2
		exit "$EXIT_NO_RESULT"
	fi
	exit "$result"
}
