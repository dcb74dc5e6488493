#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# probe.sh OUTPUT PROBES SYMVERS COMPILER [FLAG]...
#
# Writes OUTPUT, a header with "#define MAPBUF_HAVE_NAME" for each
# PROBES/name.c that compiles without a warning about types and whose symbols,
# named in lines "symbol: NAME", SYMVERS lists as exported.  What the compiler
# said is in features.log beside OUTPUT.
#
# All probes are compiled as one file, because nearly all of the time would go into
# reading the same headers for each.  Those that the compiler complains about are
# left out, until it complains about none.
set -u

out=$1 probes=$(cd "$2" && pwd) symvers=$3
shift 3
dir=$(dirname "$out")
mkdir -p "$dir"
log=$dir/features.log
all=$dir/.probe

exported() {
	sed -n 's/^.*symbol: *\([A-Za-z0-9_]*\).*$/\1/p' "$1" |
	while read -r symbol; do
		grep -q "[[:space:]]${symbol}[[:space:]]" "$symvers" || {
			echo "$symbol: not exported" >&2
			exit 1
		}
	done
}

headers() {
	sed -n 's/^#include \(<.*>\)$/\1/p' "$probes/$1.c"
}

# The headers of the probes $names, and then these, so that the compiler names no
# probe for what is in a header.  One that is absent would end the compiler.
write_all() {
	for name in $names; do
		headers "$name"
	done | sort -u | while read -r header; do
		printf '%s\n' "#if __has_include($header)" "#include $header" \
			'#endif'
	done
	for name in $names; do
		probe=$probes/$name.c
		echo "#if 1 $(headers "$name" | sed 's/.*/\&\& __has_include(&)/' |
			tr '\n' ' ')"
		printf '%s\n' "#define mapbuf_probe mapbuf_probe_$name" \
			"#include \"$probe\"" '#undef mapbuf_probe' '#else' \
			"#error $probe: its header is absent" '#endif'
	done
}

# compile COMPILER [FLAG]...: $names
compile() {
	write_all >"$all.c"
	"$@" -Werror -Wno-unused-function -Wno-unused-variable \
		-Wno-missing-prototypes -Wno-missing-declarations \
		-c -o "$all.o" "$all.c" 2>"$all.log" && return
	cat "$all.log" >>"$log"
	return 1
}

# compile_each COMPILER [FLAG]...: leave those in $names that compile alone.
compile_each() {
	passed=
	for one in $names; do
		names=$one
		! compile "$@" || passed="$passed $one"
	done
	names=$passed
}

# A compiler that compiles nothing would make every feature look absent.
probe_all() {
	: >"$log"
	names=
	for probe in "$probes"/*.c; do
		name=$(basename "$probe" .c)
		! exported "$probe" 2>>"$log" || names="$names $name"
	done
	until compile "$@"; do
		was=$names names=
		for name in $was; do
			grep -qF "$probes/$name.c:" "$all.log" ||
				names="$names $name"
		done
		# Something else is wrong, maybe a header.
		[ "$names" = "$was" ] || continue
		compile_each "$@"
		break
	done
	case "$names " in
	*" module "*) ;;
	*)
		cat "$log" >&2
		echo "mapbuf: this kernel's headers cannot build a module at all" >&2
		return 1
		;;
	esac
	# REUSE-IgnoreStart
	echo '/* SPDX-License-Identifier: GPL-2.0-only */'
	# REUSE-IgnoreEnd
	echo '/* Written by probe.sh for the kernel being built against. */'
	for name in $names; do
		echo "#define MAPBUF_HAVE_$(echo "$name" | tr '[:lower:]' '[:upper:]') 1"
	done
}

if ! probe_all "$@" >"$out.tmp"; then
	rm -f "$out.tmp"
	exit 1
fi
rm -f "$all".*
mv "$out.tmp" "$out"
