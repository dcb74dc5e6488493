# SPDX-License-Identifier: GPL-2.0-only
# Completion of mapbufctl(8) for fish.  Verbs, options, their values and columns
# are those that --help tells.

function __mapbufctl_verbs
    mapbufctl --help | string replace -rf '^  ([a-z]+) +(.*)$' '$1\t$2'
end

function __mapbufctl_buffers
    mapbufctl list --noheadings --raw --output=NAME 2>/dev/null
end

# The verb on the command line, if it is complete
function __mapbufctl_verb
    set -l words (commandline -opc)
    test (count $words) -gt 1; and echo $words[2]
end

function __mapbufctl_options
    mapbufctl (__mapbufctl_verb) --help |
        string replace -rf '^ .*(--[a-z-]+=?)[^ ]* +(.*)$' '$1\t$2'
    echo --help
end

# What follows --OPTION=, with what is before it
function __mapbufctl_values
    set -l word (commandline -ct)
    set -l option (string replace -r '=.*' '' -- $word)
    set -l done (string replace -rf '^[^=]*=(.*,|\+)?.*$' '$1' -- $word)
    switch $option
        case --output
            mapbufctl list --help | string replace -rf -- '^  ([A-Z]+) +(.*)$' "$option=$done\$1\t\$2"
        case --user
            __fish_complete_users | string replace -r -- '^' "$option="
        case --group
            __fish_complete_groups | string replace -r -- '^' "$option="
        case --root
            __fish_complete_directories (string replace -r '^--root=' '' -- $word) | string replace -r -- '^' "$option="
        case '*'
            set -l values (mapbufctl (__mapbufctl_verb) --help | string replace -rf -- "^ .*$option=([a-z]+\\|[a-z|]+) .*" '$1')
            test -n "$values"; and string split '|' -- $values | string replace -r -- '^' "$option="
    end
end

complete -c mapbufctl -f
complete -c mapbufctl -n 'test -z (__mapbufctl_verb)' -a '(__mapbufctl_verbs)'
complete -c mapbufctl -n 'test -z (__mapbufctl_verb)' -a '--help --version'
complete -c mapbufctl -n 'contains -- (__mapbufctl_verb) help' -a '(__mapbufctl_verbs)'
complete -c mapbufctl -n 'contains -- (__mapbufctl_verb) destroy list notify show sync wait' -a '(__mapbufctl_buffers)'
complete -c mapbufctl -n 'test -n (__mapbufctl_verb); and string match -q -- "-*" (commandline -ct); and not string match -q -- "*=*" (commandline -ct)' -a '(__mapbufctl_options)'
complete -c mapbufctl -n 'test -n (__mapbufctl_verb); and string match -q -- "*=*" (commandline -ct)' -a '(__mapbufctl_values)'
