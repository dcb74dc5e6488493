# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# usage: bash complete.bash FILE WORD...
# Prints what the completion in FILE makes of the words, one a line.
# shellcheck source=/dev/null
. "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_mapbufctl
printf '%s\n' "${COMPREPLY[@]}"
