#!/bin/sh
# lab.sh PROG [SCENARIO...]: the live lab (__main__.py), in mount, network and process namespaces of its own, so that nothing of it
# reaches the host or outlives it, however it ends. Where that is not possible it says why, and is no failure.
set -u
skip()
{
	echo "lab: skipped: $*"
	exit 0
}

[ "$(id -u)" = 0 ] || skip "not root, and network namespaces, nft and tcpdump need it"
PATH=$PATH:/usr/sbin:/sbin
for tool in unshare nsenter ip nft ethtool tcpdump python3; do
	command -v $tool >/dev/null || skip "there is no $tool here"
done
own="unshare --mount --net --pid --fork --kill-child --mount-proc"
$own true 2>/dev/null || skip "no namespaces can be made here"
# shellcheck disable=SC2016
exec $own sh -c '
mount -t tmpfs lab /run && mkdir /run/netns || { echo "lab: skipped: nothing can be mounted here"; exit 0; }
printf "table inet lab {\n chain c {\n tcp dport 1 drop\n }\n}\n" | nft -f - 2>/dev/null || { echo "lab: skipped: the kernel has no nf_tables"; exit 0; }
exec python3 -B "$0" "$@"' "$(dirname "$0")" "$@"
