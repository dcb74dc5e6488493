# SPDX-License-Identifier: GPL-2.0-only
# usage: zsh -f complete.zsh COMPLETIONS PROGRAMS LINE
# Prints what a shell makes of LINE when TAB is pressed.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; fpath=($1 \$fpath); PATH=$2:\$PATH"
zpty -w shell 'autoload -U compinit; compinit -u -D; unsetopt beep automenu'
# It says when it reads keys, and when a line has been completed.
zpty -w shell 'told() { zle -I; print -r -- ${1}2: $BUFFER }'
zpty -w shell 'completed() { zle expand-or-complete; zle auto-suffix-remove; told result }'
zpty -w shell 'ready() { told ready }; zle -N completed; zle -N ready'
zpty -w shell 'bindkey "^I" completed; zle -N zle-line-init ready'
zpty -r shell out '*ready2*'
zpty -w -n shell "$3"$'\t'
zpty -r shell out $'*\nresult2: *\n'
print -r -- ${${${out##*$'\n'result2: }%%$'\n'*}%%[[:space:]]#}
