# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# TAP for the scripts of this suite.
tap_count=0
tap_failed=0

# check NAME COMMAND...: passes if the command succeeds; shows what it printed
# if it does not, and how long it took if that was long.
check()
{
	tap_name=$1
	shift
	tap_count=$((tap_count + 1))
	tap_begun=$(date +%s)
	if tap_output=$("$@" 2>&1 </dev/null); then
		echo "ok $tap_count - $tap_name"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $tap_name"
		printf '%.200s failed:\n%s\n' "$*" "$tap_output" |
			sed 's/^/# /'
	fi
	took "$tap_begun" "$tap_name"
}

# took BEGUN WHAT: tests/run looks for such lines.
took()
{
	tap_seconds=$(($(date +%s) - $1))
	[ "$tap_seconds" -lt 5 ] || echo "# $2 took $tap_seconds s"
}

# silent COMMAND...: it must succeed, and print nothing.
silent()
{
	tap_said=$("$@" 2>&1) && [ -z "$tap_said" ] && return
	printf '%s\n' "$tap_said"
	return 1
}

skip()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# wait_for COMMAND...: until it succeeds.  The bound is there to end what hangs.
wait_for()
{
	tap_tries=0
	until "$@" >/dev/null 2>&1; do
		tap_tries=$((tap_tries + 1))
		if [ "$tap_tries" = 1500 ]; then
			"$@"
			return
		fi
		sleep 0.2
	done
}

equal()
{
	[ "$1" = "$2" ] && return
	printf 'got:  %s\nwant: %s\n' "$1" "$2"
	return 1
}

# contains TEXT PART
contains()
{
	case $1 in
	*"$2"*) return ;;
	esac
	printf "no '%s' in:\n%s\n" "$2" "$1"
	return 1
}

fails()
{
	! "$@"
}

# Print the results of another script that prints TAP, as part of this one's.
# It must get to its plan.
merge()
{
	merge_name=$1
	shift
	merge_begun=$(date +%s)
	merge_file=$(mktemp)
	"$@" >"$merge_file" || :
	merge_count=$(grep -cE '^(not )?ok ' "$merge_file" || :)
	merge_plan=$(sed -n 's/^1\.\.//p' "$merge_file")
	awk -v n="$tap_count" '
		/^(not )?ok / { sub(/[0-9]+/, ++n) }
		!/^1\.\./' "$merge_file"
	tap_failed=$((tap_failed + $(grep -c '^not ok ' "$merge_file" || :)))
	tap_count=$((tap_count + merge_count))
	rm -f "$merge_file"
	took "$merge_begun" "$merge_name"
	check "$merge_name: got to its end" equal "$merge_plan" "$merge_count"
}

finish()
{
	echo "1..$tap_count"
	exit $((tap_failed > 0))
}
