# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Sourced by the scripts of tests, which set top to the checkout and may have
# arguments.  Makes what surrounds them what they expect, whoever runs them.

# Of a make that runs this one: -s would reach the kernel's, -j would wait for it.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL GNUMAKEFLAGS
unset CFLAGS CPPFLAGS CXXFLAGS LDFLAGS GREP_OPTIONS
unset LANGUAGE LC_MESSAGES LC_COLLATE LC_CTYPE LC_NUMERIC LC_TIME
export LC_ALL=C.UTF-8
umask 022

# is_plain PATH: neither the shells' lists of words nor QEMU's of options break it.
is_plain()
{
	case $1 in
	/*[!A-Za-z0-9/._+~-]*) return 1 ;;
	/*) return 0 ;;
	esac
	return 1
}

if ! is_plain "${TMPDIR:-/tmp}" || [ ! -w "${TMPDIR:-/tmp}" ]; then
	unset TMPDIR
fi

# What is built and downloaded, kept from one run to the next.
: "${cache:=${MAPBUF_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/mapbuf}}"
if ! mkdir -p "$cache" 2>/dev/null; then
	cache=/var/tmp/mapbuf
	export MAPBUF_CACHE=$cache
fi

# Run the script again by a path that is plain, to checkout and cache.
if ! is_plain "${top:?}" || ! is_plain "$cache"; then
	plain=$(mktemp -d /tmp/mapbuf.XXXXXX)
	trap 'rm -rf "$plain"' EXIT
	trap 'exit 130' INT TERM
	ln -s "$top" "$plain/checkout"
	ln -s "$cache" "$plain/cache"
	# The caller may have gone elsewhere since it was started.
	script=${here:-${tests:-${vm:-}}}/${0##*/}
	status=0
	cd /
	MAPBUF_CACHE=$plain/cache "$plain/checkout/${script#"$top"/}" "$@" ||
		status=$?
	exit "$status"
fi

# The compilers and checkers of other releases find other things.
if [ -z "${MAPBUF_INSIDE:-}" ] &&
		! grep -qsx 'VERSION_CODENAME=bookworm' /etc/os-release; then
	script=${here:-${tests:-${vm:-}}}/${0##*/}
	exec "$top/tests/vm/inside" "$script" "$@"
fi
