$prog help rules | head -20
COLUMNS=60 $prog help rules | awk 'length($0) > 60'
