# make | make test | make lab | make browser | make asan | make fuzz | make bench | make install | make golden | make fixtures
PROG    = pcaphop
VERSION = 0.1.0
PREFIX  = /usr/local
CC     ?= cc
B      ?= build

CFLAGS ?= -O2 -g
WARN    = -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wstrict-prototypes \
          -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wvla $(WERROR)
ALL_CFLAGS = -std=c17 -pthread -D_DEFAULT_SOURCE -DVERSION='"$(VERSION)"' -DDATA_FOLDER='"$(PREFIX)/share/$(PROG)"' \
          -I. -I$(B) -DSQLITE_CORE $(WARN) -MMD -MP $(CFLAGS)
UNPACK  = -lz -lzstd -llz4 -llzma -lbz2
LIBS    = -lpcap -lsqlite3 $(UNPACK) -lsmartcols -lnettle -lm -pthread

SRC   := $(wildcard schema/*.c ingest/*.c ingest/decode/*.c ingest/anonymize/*.c correlate/*.c correlate/report/*.c)
SQL   := $(patsubst %.sql,$(B)/%.sql.h,$(wildcard */*.sql */*/*.sql))
WEB   := $(patsubst %,$(B)/%.h,$(wildcard correlate/report/*.css correlate/report/*.js))
OBJ   := $(SRC:%.c=$(B)/%.o)
LIB   := $(filter-out %/main.o,$(OBJ))
SIM   := $(patsubst %.c,$(B)/%.o,$(wildcard tests/sim/*.c))
TESTS := $(patsubst %.c,$(B)/%,$(wildcard tests/test_*.c))
FUZZ  := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
BENCH := $(patsubst %.c,$(B)/%,$(wildcard tests/bench/*.c))
GOLD  := $(wildcard tests/golden/*.cmd)

# SELECT ... FROM capture('FILE') for every SQLite: the reader, without a SQLite of its own.
EXT   := $(B)/$(PROG)_capture.so
EXT_OBJ := $(patsubst %.c,$(B)/pic/%.o,schema/array.c schema/err.c $(wildcard ingest/decode/*.c) $(addprefix ingest/, \
	capture.c capture_table.c compression.c option_text.c pcap.c pcapng.c pcapng_interface.c source.c))

all: $(B)/$(PROG) $(EXT)

$(B)/$(PROG): $(OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(EXT): $(EXT_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-z,defs -o $@ $^ $(UNPACK)

$(B)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -USQLITE_CORE -fPIC -fvisibility=hidden -c -o $@ $<

$(B)/%.o: %.c | $(SQL) $(WEB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# schema/x.sql becomes build/schema/x.sql.h, which defines x_sql[].
$(B)/%.sql.h: %.sql
	@mkdir -p $(@D)
	{ echo 'static const char $(*F)_sql[] ='; \
	  sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $<; echo ';'; } >$@

# correlate/report/x.js becomes build/correlate/report/x.js.h, which defines x_js[] and x_js_hash[], by which a page allows it to run (CSP).
$(WEB): $(B)/%.h: %
	@mkdir -p $(@D)
	{ echo 'static const char $(subst .,_,$(<F))[] ='; sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $<; echo ';'; \
	  echo 'static const char $(subst .,_,$(<F))_hash[] ='; printf '"sha256-%s";\n' \
	  "$$(sha256sum $< | cut -c1-64 | tr a-f A-F | basenc --base16 -d | base64)"; } >$@

$(TESTS): $(B)/%: $(B)/%.o $(SIM) $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

$(BENCH): $(B)/%: $(B)/%.o $(SIM) $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/replay_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

test: $(TESTS:%=run/%) $(GOLD:%=run/%) $(FUZZ:%=replay/%) run/docs run/queries run/fixtures run/formats run/export run/anonymize run/page
$(TESTS:%=run/%): run/%: % $(B)/$(PROG)
	PROG=$(B)/$(PROG) ./$<
$(GOLD:%=run/%): run/%: % $(B)/$(PROG) $(EXT)
	sh tests/golden.sh $(B)/$(PROG) $<
$(FUZZ:%=replay/%): replay/%: $(B)/replay_%
	./$< fixtures/fuzz/$*/*
run/docs: $(B)/$(PROG)
	sh tests/docs.sh $<
run/queries: $(B)/$(PROG)
	python3 tests/queries.py $<
run/formats: $(B)/$(PROG)
	sh tests/formats.sh $<
run/export: $(B)/$(PROG)
	sh tests/export.sh $<
run/anonymize: $(B)/$(PROG)
	python3 tests/anonymize.py $<
run/page: $(B)/$(PROG) $(B)/tests/bench/simgen
	python3 tests/page.py $^
golden: $(B)/$(PROG) $(EXT)
	for t in $(GOLD); do UPDATE=1 sh tests/golden.sh $< $$t; done

# Real TCP stacks, firewalls and tcpdump in network namespaces: only root can.
lab: $(B)/$(PROG)
	sh tests/lab/lab.sh $< $(SCENARIOS)

# The page of `pcaphop report` in Chromium.
browser: $(B)/$(PROG) $(B)/tests/bench/simgen
	python3 tests/browser/browser.py $^

SAN = -fsanitize=address,undefined -fno-sanitize-recover=all
# Of random worlds a fourth: what is looked for does not hide in one of a hundred.
asan:
	SIM_WORLDS=$${SIM_WORLDS:-25} $(MAKE) B=build/asan CFLAGS="-O1 -g $(SAN)" test

SECONDS = 30
fuzz:
	$(MAKE) B=build/fuzz CC=clang CFLAGS="-O1 -g $(SAN) -fsanitize=fuzzer-no-link" \
		$(FUZZ:%=build/fuzz/fuzz_%)
	for t in $(FUZZ); do mkdir -p build/corpus/$$t; \
		build/fuzz/fuzz_$$t -max_total_time=$(SECONDS) \
		build/corpus/$$t fixtures/fuzz/$$t || exit 1; done
$(B)/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(LIB)
	$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LIBS)

bench: $(BENCH) $(B)/$(PROG)
	python3 tests/bench/bench.py $(B) $(WORLDS)

# The captures in fixtures/ that are made by a program, made again.
MADE = founding f5 compare six
$(MADE:%=$(B)/make_%): $(B)/make_%: $(B)/fixtures/make_%.o $(SIM) $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
fixtures: $(MADE:%=$(B)/make_%)
	for m in $(MADE); do $(B)/make_$$m fixtures/$$m || exit 1; done
run/fixtures: $(MADE:%=$(B)/make_%)
	for m in $(MADE); do rm -rf $(B)/$$m && mkdir -p $(B)/$$m && $(B)/make_$$m $(B)/$$m || exit 1; \
		for f in $(B)/$$m/*; do cmp $$f fixtures/$$m/$${f##*/} || exit 1; done; done

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/$(PROG) $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/$(PROG)/queries
	install -d $(DESTDIR)$(PREFIX)/share/$(PROG)/profile
	install -m 755 $(B)/$(PROG) $(DESTDIR)$(PREFIX)/bin/
	install -m 644 correlate/wireshark/$(PROG).lua $(DESTDIR)$(PREFIX)/share/$(PROG)/
	install -m 644 correlate/wireshark/profile/* $(DESTDIR)$(PREFIX)/share/$(PROG)/profile/
	install -m 644 $(EXT) $(DESTDIR)$(PREFIX)/lib/$(PROG)/
	install -m 644 correlate/$(PROG).1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 correlate/$(PROG).bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/$(PROG)
	install -m 644 correlate/queries/*.sql $(DESTDIR)$(PREFIX)/share/$(PROG)/queries/

clean:
	rm -rf build

.PHONY: all test lab golden asan fuzz bench fixtures install clean run/docs run/queries run/fixtures \
	run/formats run/export run/anonymize run/page browser $(TESTS:%=run/%) $(GOLD:%=run/%) $(FUZZ:%=replay/%)
.SECONDARY:
.DELETE_ON_ERROR:
-include $(wildcard $(B)/*/*.d $(B)/*/*/*.d $(B)/*/*/*/*.d)
