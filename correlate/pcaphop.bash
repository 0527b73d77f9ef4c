# bash completion for pcaphop(1)

_pcaphop_options()
{
	local filter='--kind --what --point --between --host --port --failed --all'
	local output='--format --color --help'

	case $1 in
	run) echo "--output --filter --split --path --reference --running --exit-code $output" ;;
	import) echo "--filter --split --replace --help" ;;
	correlate) echo "--path --reference --running --help" ;;
	list) echo "$filter $output" ;;
	diff) echo "$filter --exit-code $output" ;;
	compare) echo "${filter% --all} --group --against $output" ;;
	report) echo "--output --help" ;;
	export) echo "${filter% --all} --findings-only --from --to --output --captures --format --help" ;;
	query) echo "$output" ;;
	anonymize) echo '--output --key --captures --help' ;;
	esac
}

_pcaphop_words()
{
	case $1 in
	--format) [ "$2" = export ] && echo 'pcapng json csv' || echo 'text json csv' ;;
	--color) echo 'auto always never' ;;
	--split) echo 'interface vlan' ;;
	--what) echo 'SYN SYN-ACK RST RST,ACK data FIN ACK ICMP connection any' ;;
	--kind) echo 'dropped generated modified sent unanswered terminated originated inserted retransmitted duplicated reordered corrupted
		fragmented resegmented not_captured capture_duplicate zero_window keepalive port_reuse stale_state syn_proxy ecn_bleached
		pmtu_blackhole idle_timeout undecided' ;;
	esac
}

_pcaphop()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
	local commands='run import correlate list diff compare report export anonymize query help' words

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$word")
		return
	fi
	words=$(_pcaphop_words "$before" "$command")
	if [ -n "$words" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	elif [ "$command" = help ] && [ "$before" = queries ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(pcaphop help queries | sed -n 's/^  \([a-z_]*\)  .*/\1/p')" -- "$word")
	elif [ "$command" = help ]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands rules queries" -- "$word")
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_pcaphop_options "$command")" -- "$word")
	elif [[ $word == *=* ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "${word#*=}")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}

complete -o filenames -F _pcaphop pcaphop
