# SPDX-License-Identifier: MIT
# make            build/libredial.so, libredial-policy.so, redial-policy, redial-entrypoint
# make check      installs what it needs, builds, runs every test
# make zoo        some eighty further clients, newest releases and other languages
# make demo       shows three unmodified programs with and without redial
# make soak       200,000 requests on 128 threads of 4 processes, every tenth one cut off
# make outage     50 programs against a server that fails every request for 10 seconds
# make storm      clients of all kinds amid every fault, killed, and redial switched: SECONDS=600
# make chaos      random policies, faults and clients for SECONDS (300), held to what may never be
# make inject     lets each system call of a rescue fail, with each errno, in each way of waiting
# make model      goes through all that a writer, a reader, a closer and a rescue can do at once
# make fuzz       random schedules on a simulated kernel, framing, and all else that reads what
#                 others wrote, for SECONDS (300)
# make mutate     makes the code wrong in many ways, one at a time: do the tests find out?
# make sanitize   unit tests, flow tests and schedules, the preload with them, under sanitizers
# make coverage   which lines and branches unit and flow tests come by
# make lint       installs what it needs: clang-tidy, cppcheck and gcc -fanalyzer, all quiet
# make bench      prints the measures of speed and memory
# make install    DESTDIR= PREFIX=/usr/local; make uninstall the same
# make image      what an image for init containers holds, build/image
# make deb        a Debian package, build/redial_VERSION_ARCH.deb
# make release    the packages for amd64 and arm64, what is in them as SPDX, and checksums: build/release

VERSION := 1.0.0
# make V=1 shows the commands.
V ?= 0
Q := $(if $(filter 0,$(V)),@)
PREFIX ?= /usr/local
B := build

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Werror
CPPFLAGS += -D_GNU_SOURCE -DREDIAL_VERSION='"$(VERSION)"' -MMD -MP
CFLAGS ?= -O2 -g
# Where it is built is nobody's business, and would make each build another one.
CFLAGS += -std=gnu11 $(WARN) -ffile-prefix-map=$(CURDIR)=.

# What is a process of its own, or is loaded for a moment.
TOOL_CFLAGS := -fPIC -fvisibility=hidden -fstack-protector-strong \
	$(if $(filter -O1 -O2 -O3 -Os,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
LDFLAGS += -Wl,-z,relro -Wl,-z,now

# libredial.so has to load into any process on any libc: nothing that only one libc has, no
# stack protector, no fortified call, no relocation that only new loaders know.
MACHINE := $(shell $(CC) -dumpmachine)
FREE_CFLAGS := -fPIC -ffreestanding -fno-builtin -fno-stack-protector -U_FORTIFY_SOURCE \
	-fvisibility=hidden -ftls-model=initial-exec -fasynchronous-unwind-tables \
	-Wconversion -Wno-sign-conversion $(if $(findstring aarch64,$(MACHINE)),-mno-outline-atomics)
# Across files gcc makes the hot path a tenth shorter. Not mem.c: calls of memcpy appear late.
LTO := $(if $(findstring clang,$(shell $(CC) --version)),,-flto=auto)
# What the library calls of its own names needs no look-up at its start, nor a detour past others.
FREE_LDFLAGS := -shared -nostdlib -Wl,--hash-style=gnu -Wl,-z,now -Wl,-z,norelro \
	-Wl,-z,noseparate-code -Wl,-z,noexecstack -Wl,-Bsymbolic-functions \
	-Wl,-T,preload/os/layout.ld \
	-Wl,--version-script=$(B)/exports.map -Wl,-soname,libredial.so

POLICY_PURE := method policy match path redact decide backoff compiled window process state \
	switchboard budget breaker
POLICY_LOAD := load load_scan load_keys load_values load_methods load_headers load_answers load_paths \
	load_words
POLICY_SHARE := share_memory share_root share_sweep
POLICY_TOOL := main tool_compile tool_explain tool_features tool_question tool_share tool_show $(POLICY_SHARE)
REPORT_PURE := stamp journal entry quantile busy tally
REPORT_OBJ := $(patsubst %,$(B)/pic/scripts/report/%.o,$(REPORT_PURE) main print_table print_json \
	print_prometheus) $(B)/pic/scripts/prometheus/text.o
DOCTOR_PURE := elf_file elf_dynamic find inlined libraries wrapper
DOCTOR_OBJ := $(patsubst %,$(B)/pic/scripts/doctor/%.o,$(DOCTOR_PURE) main report installed program \
	addons own_calls tls reach known command process)
STAT_OBJ := $(patsubst %,$(B)/pic/scripts/stat/%.o,main launches launch proc print_text print_json \
	print_prometheus serve request where folder) $(B)/pic/scripts/prometheus/text.o
REHEARSE_TOOL_OBJ := $(patsubst %,$(B)/pic/scripts/rehearse/%.o,main options place child outcome rows \
	judge print_table print_json print_html) \
	$(patsubst %,$(B)/pic/scripts/report/%.o,entry journal stamp)
SWITCH_OBJ := $(patsubst %,$(B)/pic/scripts/%.o,switch/main switch/turn stat/launches stat/launch \
	stat/proc)
PRELOAD_SRC := $(filter-out preload/rehearse/%,$(wildcard preload/*/*.c))
PRELOAD_OBJ := $(PRELOAD_SRC:%.c=$(B)/so/%.o) $(POLICY_PURE:%=$(B)/so/policy/%.o)
POLICY_OBJ := $(POLICY_PURE:%=$(B)/pic/policy/%.o) $(POLICY_LOAD:%=$(B)/pic/policy/%.o)

all: $(B)/libredial.so $(B)/libredial-policy.so $(B)/redial-policy $(B)/redial-report \
	$(B)/redial-doctor $(B)/redial-stat $(B)/redial-switch $(B)/redial-entrypoint $(B)/redial-rehearse \
	$(B)/libredial-rehearse.so

$(B)/libredial.so: $(PRELOAD_OBJ) $(B)/exports.map preload/os/layout.ld
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $(FREE_CFLAGS) $(LTO) $(FREE_LDFLAGS) $(PRELOAD_OBJ) -o $@

# The names exported are those of symbols.def, whatever the sources define.
$(B)/exports.map: $(addprefix preload/hooks/,symbols.def words.def exports.sh)
	@mkdir -p $(@D)
	$(Q)sh preload/hooks/exports.sh map preload/hooks/symbols.def >$@ || { rm $@; exit 1; }

# What a rehearsal has behind libredial.so, to which it is the kernel.
REHEARSE_SRC := $(wildcard preload/rehearse/*.c preload/http1/*.c) \
	$(addprefix preload/,log/file.c log/line.c log/peer.c) \
	$(addprefix preload/os/,clock.c early.c elevated.c mem.c next.c real.c stand_in.c)
REHEARSE_OBJ := $(REHEARSE_SRC:%.c=$(B)/so/%.o) $(POLICY_PURE:%=$(B)/so/policy/%.o)

$(B)/libredial-rehearse.so: $(REHEARSE_OBJ) preload/rehearse/exports.map preload/os/layout.ld
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $(FREE_CFLAGS) $(LTO) \
		$(subst libredial.so,libredial-rehearse.so,$(subst $(B)/exports.map,preload/rehearse/exports.map,$(FREE_LDFLAGS))) \
		$(REHEARSE_OBJ) -o $@

$(B)/libredial-policy.so: $(POLICY_OBJ)
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $(LDFLAGS) -shared -fPIC -Wl,-soname,libredial-policy.so $^ -lconfig -o $@

$(B)/redial-policy: $(POLICY_TOOL:%=$(B)/pic/policy/%.o) $(POLICY_OBJ)
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $(LDFLAGS) $^ -lconfig -o $@

$(B)/redial-report: $(REPORT_OBJ) $(POLICY_PURE:%=$(B)/pic/policy/%.o)
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@

$(B)/redial-stat: $(STAT_OBJ) $(POLICY_PURE:%=$(B)/pic/policy/%.o) $(B)/pic/policy/share_memory.o
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@

$(B)/redial-rehearse: $(REHEARSE_TOOL_OBJ) $(POLICY_PURE:%=$(B)/pic/policy/%.o)
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@

$(B)/redial-switch: $(SWITCH_OBJ) $(POLICY_OBJ) \
		$(addprefix $(B)/pic/policy/,share_memory.o switchboard_turn.o)
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $(LDFLAGS) $^ -lconfig -o $@

$(B)/redial-doctor: $(DOCTOR_OBJ) $(POLICY_PURE:%=$(B)/pic/policy/%.o) $(B)/pic/policy/load_words.o
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@

# A static program without any libc: an image may have no shell, a machine no static libc.
ENTRYPOINT_SRC := scripts/redial-entrypoint.c $(wildcard scripts/entrypoint/*.c) preload/os/mem.c
ENTRYPOINT_OBJ := $(ENTRYPOINT_SRC:%.c=$(B)/so/%.o) \
	$(addprefix $(B)/so/policy/,compiled.o match.o method.o path.o policy.o)

$(B)/redial-entrypoint: $(ENTRYPOINT_OBJ)
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $(FREE_CFLAGS) $(LTO) -static -nostdlib -s \
		-Wl,-z,noexecstack -Wl,--build-id=none $^ -o $@

# What the image of init containers holds, which has no libc either.
image: $(addprefix $(B)/image/,libredial.so redial-entrypoint redial-policy redial-stat)

$(B)/image/redial-policy: $(POLICY_TOOL:%=$(B)/pic/policy/%.o) $(POLICY_OBJ)
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $(LDFLAGS) -static -s $^ -lconfig -o $@

$(B)/image/redial-stat: $(STAT_OBJ) $(POLICY_PURE:%=$(B)/pic/policy/%.o) $(B)/pic/policy/share_memory.o
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $(LDFLAGS) -static -s $^ -o $@

$(B)/image/%: $(B)/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(B)/so/preload/os/mem.o: LTO :=

# What runs seldom, or not at all while nothing fails, is not to be large: it is loaded, and may be
# locked, all the same.
SELDOM := $(wildcard $(patsubst %,preload/%/*.c,connect rescue log process wire)) \
	$(addprefix preload/tls/,bios.c flight.c given_up.c held.c hold_text.c hush.c) \
	$(addprefix preload/tls/,library.c look.c memory.c object.c pin.c replaceable.c seats.c secure.c spoil.c widen.c) \
	$(wildcard preload/tls/gnutls*.c) \
	$(filter-out %/bytes.c %/read.c %/read_piece.c %/secured.c %/write.c %/write_piece.c \
		%/write_rescue.c,$(wildcard preload/calls/*.c)) \
	$(filter-out %/conn.c %/idle.c %/mark.c %/secured.c %/stream.c %/table.c %/turns.c %/usual.c, \
		$(wildcard preload/conn/*.c)) \
	$(addprefix preload/hooks/,aio.c exec.c fork.c print.c resolver.c spawn.c transfer.c) \
	$(addprefix preload/os/,copy.c early.c elevated.c epoll.c fdsize.c file.c memory.c owner.c) \
	$(addprefix preload/os/,next.c ranges.c region.c) \
	$(addprefix preload/os/,sigpipe.c stand_in.c watcher.c) \
	$(addprefix preload/http1/,chunks.c date.c number.c rate_limit.c rest.c retry_after.c) \
	$(POLICY_PURE:%=policy/%.c)
$(SELDOM:%.c=$(B)/so/%.o): FREE_CFLAGS += -Os

# Small functions that no exception, and no cancelled thread, ever passes while they have a frame.
$(B)/so/preload/hooks/made.o $(B)/so/preload/os/real.o: LTO :=
$(B)/so/preload/hooks/made.o $(B)/so/preload/os/real.o: \
	FREE_CFLAGS += -fno-asynchronous-unwind-tables

$(B)/so/%.o: %.c
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CPPFLAGS) $(CFLAGS) $(FREE_CFLAGS) $(LTO) -c $< -o $@

$(B)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CPPFLAGS) $(CFLAGS) $(TOOL_CFLAGS) -c $< -o $@

# What says the version, which is in this file.
VERSIONED := policy/main policy/tool_features scripts/doctor/main scripts/redial-entrypoint \
	preload/log/sink preload/process/version tests/unit/test_launcher tests/unit/test_tool
$(foreach dir,so pic tests tests/sim,$(VERSIONED:%=$(B)/$(dir)/%.o)): Makefile

include tests/tests.mk
include scripts/install.mk

setup-build setup-check setup-zoo setup-demo setup-bench setup-many setup-model setup-release setup-lint: setup-%:
	@sh scripts/setup.sh $*

# Who has not said otherwise builds on all processors.
check: setup-check
	@$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc)) all tests
	@sh tests/clients/install.sh java python node
	@sh tests/run.sh

zoo: setup-zoo
	@$(MAKE) --no-print-directory all $(B)/faultd $(T)/zoo-tests $(T)/tls/ways
	@sh tests/clients/install.sh all
	@REDIAL_ZOO=all $(T)/zoo-tests; zoo=$$?; sh tests/zoo/doctor.sh || zoo=1; \
		sh tests/zoo/https.sh && exit $$zoo

demo: setup-demo
	@$(MAKE) --no-print-directory all $(B)/faultd
	@sh scripts/demo.sh

soak: all $(B)/faultd $(T)/soak
	@sh tests/soak/soak.sh

outage: all $(B)/faultd $(T)/outage
	@sh tests/outage/outage.sh 10000

storm: setup-check
	@$(MAKE) --no-print-directory all $(B)/faultd $(T)/storm-asks
	@python3 -B tests/storm/storm.py $(SECONDS)

SECONDS ?= 300
chaos: all $(B)/faultd $(T)/chaos-client
	@python3 -B tests/chaos/chaos.py $(SECONDS)

.PHONY: model setup-model
model: setup-model
	@sh tests/model/model.sh

.PHONY: inject
inject: all $(addprefix $(T)/inject/,inject client client-gnutls)
	@sh tests/inject/inject.sh

fuzz: $(T)/schedule
	@$(MAKE) --no-print-directory $(T)/fuzz-http1 $(FUZZ_TARGETS:%=$(T)/fuzz-%) || :
	@sh tests/fuzz/fuzz.sh $(SECONDS)

# MUTANTS="NAME..." for those only.
mutate: all tests
	@python3 -B tests/mutate/mutate.py $(MUTANTS)

sanitize:
	@python3 -B tests/sanitize/sanitize.py

# FILES="policy/decide.c..." to see which lines of them nobody comes by.
coverage:
	@python3 -B tests/coverage/coverage.py $(FILES)

lint: setup-lint
	@sh tests/lint/lint.sh

bench: setup-bench
	@$(MAKE) --no-print-directory all $(B)/faultd $(BENCH_BIN)
	@sh tests/bench/bench.sh
	@python3 -B tests/bench/sidecars/compare.py --json $(B)/bench.json --plots $(B)/plots

bench-many: setup-many
	@$(MAKE) --no-print-directory all $(T)/bench/held
	@sh tests/bench/many.sh

clean:
	rm -rf $(B)

.PHONY: all image tests check zoo soak outage storm chaos fuzz mutate sanitize coverage lint demo bench bench-many clean setup-build setup-check setup-zoo setup-demo setup-bench setup-release setup-lint
-include $(shell find $(B) -path $(B)/mutate -prune -o -type f -name '*.d' -print 2>/dev/null)
