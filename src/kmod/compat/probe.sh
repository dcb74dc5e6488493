#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# probe.sh OUTPUT PROBES SYMVERS COMPILER [FLAG]...
#
# Writes OUTPUT, a header with "#define MAPBUF_HAVE_NAME" for each
# PROBES/name.c that compiles without a warning about types and whose symbols,
# named in lines "symbol: NAME", SYMVERS lists as exported.  What the compiler
# said is in features.log beside OUTPUT.
set -u

out=$1 probes=$2 symvers=$3
shift 3
dir=$(dirname "$out")
mkdir -p "$dir"
log=$dir/features.log

exported() {
	sed -n 's/^.*symbol: *\([A-Za-z0-9_]*\).*$/\1/p' "$1" |
	while read -r symbol; do
		grep -q "[[:space:]]${symbol}[[:space:]]" "$symvers" || {
			echo "$symbol: not exported" >&2
			exit 1
		}
	done
}

# A compiler that compiles nothing would make every feature look absent.
probe_all() {
	# REUSE-IgnoreStart
	echo '/* SPDX-License-Identifier: GPL-2.0-only */'
	# REUSE-IgnoreEnd
	echo '/* Written by probe.sh for the kernel being built against. */'
	: >"$log"
	for probe in "$probes"/*.c; do
		name=$(basename "$probe" .c)
		echo "== $name" >>"$log"
		if exported "$probe" 2>>"$log" &&
		   "$@" -Werror -Wno-unused-function -Wno-unused-variable \
			-Wno-missing-prototypes -Wno-missing-declarations \
			-c -o "$dir/.probe.o" "$probe" 2>>"$log"; then
			echo "#define MAPBUF_HAVE_$(echo "$name" | tr '[:lower:]' '[:upper:]') 1"
		elif [ "$name" = module ]; then
			cat "$log" >&2
			echo "mapbuf: this kernel's headers cannot build a module at all" >&2
			return 1
		fi
	done
}

if ! probe_all "$@" >"$out.tmp"; then
	rm -f "$out.tmp"
	exit 1
fi
rm -f "$dir/.probe.o"
mv "$out.tmp" "$out"
