#!/bin/sh
# docs.sh PROG: what --help says is in the man page and in the completion, and the man page is well-formed.
set -u
prog=$1
man=correlate/pcaphop.1
completion=correlate/pcaphop.bash
status=0

complain()
{
	echo "$*" >&2
	status=1
}

# As a reader sees it, and without the hyphens that typesetting breaks words at.
page=$(MANWIDTH=1000 mandoc -T ascii "$man" | col -bx) || complain "$man: mandoc cannot read it"

commands=$($prog --help | sed -n 's/^  \([a-z]\{1,\}\)  *[^ ].*/\1/p' | grep -v '^pcaphop$')
[ -n "$commands" ] || complain "$prog --help names no command"
for command in $commands; do
	printf '%s\n' "$page" | grep -q "pcaphop $command" || complain "$man: there is no command $command"
	grep -qw -- "$command" "$completion" || complain "$completion: there is no command $command"
	[ "$command" = help ] && continue
	help=$($prog "$command" --help) || complain "$prog $command --help fails"
	[ -n "$help" ] || complain "$prog $command --help says nothing"
	for option in $(printf '%s\n' "$help" | grep -o -- '--[a-z][a-z-]*' | sort -u); do
		printf '%s\n' "$page" | grep -q -- "$option" || complain "$man: there is no $option ($command)"
		grep -q -- "$option" "$completion" || complain "$completion: there is no $option ($command)"
	done
done

lint=$(mandoc -T lint -W warning "$man") || complain "$lint"
bash -n "$completion" || complain "$completion: bash cannot read it"
exit $status
