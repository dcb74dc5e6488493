# SPDX-License-Identifier: GPL-2.0-only
# usage: zsh -f complete.zsh COMPLETIONS PROGRAMS LINE
# Prints what a shell makes of LINE when TAB is pressed.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D; PATH=$2:\$PATH; unsetopt beep automenu; echo ready\$((1+1))"
zpty -r shell out '*ready2*'
zpty -w -n shell "$3"$'\t'
# The end of completion is not told; what is typed too early is lost.
sleep 1
zpty -w shell $'\x01echo result: \x05'
zpty -r shell out $'*\nresult: *\n'
print -r -- ${${${out##*$'\n'result: }%%$'\n'*}%%[[:space:]]#}
