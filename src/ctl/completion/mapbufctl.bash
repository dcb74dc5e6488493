# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion of mapbufctl(8) for bash.  Verbs, options, their values and
# columns are those that --help tells.

_mapbufctl_words()
{
	case $1 in
	verbs)
		mapbufctl --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'
		;;
	options)
		mapbufctl "$2" --help |
			sed -n 's/^  .*\(--[a-z-]*=\{0,1\}\).*/\1/p'
		;;
	values)
		mapbufctl "$2" --help |
			sed -n "s/^  .*$3=\([a-z]*|[a-z|]*\) .*/\1/p" | tr '|' '\n'
		;;
	columns)
		mapbufctl list --help |
			sed -n '/^Columns:/,$s/^  \([A-Z]*\) .*/\1/p'
		;;
	buffers)
		mapbufctl list --noheadings --raw --output=NAME
		;;
	esac 2>/dev/null
}

# What follows --OPTION=, in the word $2
_mapbufctl_value()
{
	local given
	case $1 in
	--output)
		given=${2%"${2##*,}"}
		[[ -n $given || $2 != +* ]] || given=+
		mapfile -t COMPREPLY < <(compgen -P "$given" \
			-W "$(_mapbufctl_words columns)" -- "${2#"$given"}")
		compopt -o nospace 2>/dev/null
		;;
	--root)
		mapfile -t COMPREPLY < <(compgen -d -- "$2")
		compopt -o filenames 2>/dev/null
		;;
	--user)
		mapfile -t COMPREPLY < <(compgen -u -- "$2")
		;;
	--group)
		mapfile -t COMPREPLY < <(compgen -g -- "$2")
		;;
	*)
		mapfile -t COMPREPLY < <(compgen \
			-W "$(_mapbufctl_words values "$verb" "$1")" -- "$2")
		;;
	esac
}

_mapbufctl()
{
	local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]}
	local before=${COMP_WORDS[COMP_CWORD-1]}

	COMPREPLY=()
	# Bash takes "--root=x" for three words.
	if [ "$word" = = ]; then
		_mapbufctl_value "$before" ""
	elif [ "$before" = = ]; then
		_mapbufctl_value "${COMP_WORDS[COMP_CWORD-2]}" "$word"
	elif [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen \
			-W "$(_mapbufctl_words verbs) --help --version" -- "$word")
	elif [ "$before" = -o ]; then
		_mapbufctl_value --output "$word"
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen \
			-W "$(_mapbufctl_words options "$verb") --help" -- "$word")
		[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
	else
		case $verb in
		help)
			mapfile -t COMPREPLY < <(compgen \
				-W "$(_mapbufctl_words verbs)" -- "$word")
			;;
		destroy | list | notify | show | sync | wait)
			mapfile -t COMPREPLY < <(compgen \
				-W "$(_mapbufctl_words buffers)" -- "$word")
			;;
		esac
	fi
	return 0
}

complete -F _mapbufctl mapbufctl
