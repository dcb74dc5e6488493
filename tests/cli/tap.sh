# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by the suites beside this one too: numbers the results of a suite.
# They set tmp, a directory to write to.

: "${tmp:=}"
: "${top:=$(cd "${here:?}/../.." && pwd)}"
# shellcheck source=../vm/env.sh
. "$top/tests/vm/env.sh"
tap_count=0
tap_failed=0

ok()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

not_ok()
{
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
}

skip()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# Standard input as diagnostics.
note()
{
	sed 's/^/# /'
}

# same NAME EXPECTED_FILE ACTUAL_FILE
same()
{
	if diff -u "$2" "$3" >"$3.diff"; then
		ok "$1"
	else
		not_ok "$1"
		note <"$3.diff"
	fi
}

# What the programs of the tests are compiled with, and into; else what their
# makefiles say.
: "${TEST_CFLAGS:=}" "${TEST_BUILD:=build}"

make_tests()
{
	if [ -n "$TEST_CFLAGS" ]; then
		make -s -C "$1" B="$TEST_BUILD" CFLAGS="$TEST_CFLAGS"
	else
		make -s -C "$1"
	fi
}

# build TARGET_DIR...: bails out of the suite when something does not compile
build()
{
	for tap_dir in "$@"; do
		tap_make=make_tests
		case $tap_dir in
		*/src/lib | */src/ctl) tap_make="make -s -C" ;;
		esac
		if ! $tap_make "$tap_dir" >"$tmp/make" 2>&1; then
			note <"$tmp/make"
			not_ok "make -C $tap_dir"
			tap_end
		fi
	done
}

tap_end()
{
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ] && exit 0
	exit 1
}
