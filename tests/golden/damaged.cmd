cp -r $fixtures/damaged .
for f in damaged/*; do rm -f case.db; $prog import case.db p=$f; echo "exit status $?"; done
# What a damaged capture lacks was not dropped, whatever the user vouches for.
for f in trunc_in_pkthdr.pcap pcapng_trunc.pcapng pcapng_no_idb.pcapng unknown_linktype.pcap; do
	$prog run -o $f.db --running all a=damaged/good.pcap b=damaged/$f >/dev/null 2>&1
	$prog query $f.db "SELECT count(*) AS '$f: claims of loss' FROM v_finding WHERE kind IN ('dropped', 'generated') AND confidence <> 'possible'"
done
