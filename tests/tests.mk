# SPDX-License-Identifier: MIT
# What `make check` and `make bench` build beside the product.

T := $(B)/tests
TEST_CFLAGS := -Itests -Ipolicy -Iscripts/report

SUPPORT_SRC := $(addprefix tests/support/,runner.c process.c paths.c)
UNIT_SRC := $(wildcard tests/unit/*.c) $(SUPPORT_SRC)
UNIT_PURE := $(POLICY_PURE:%=policy/%.c) $(POLICY_LOAD:%=policy/%.c) $(wildcard preload/http1/*.c)
UNIT_PURE += $(addprefix preload/conn/,conn.c end.c hello.c idle.c mark.c options.c peer.c pollers.c secured.c)
UNIT_PURE += $(addprefix preload/conn/,greeting.c resume.c settings.c stream.c switch.c table.c tunnel.c turns.c usual.c)
UNIT_PURE += $(addprefix preload/,log/file.c log/line.c log/patience.c log/sink.c log/structured.c)
UNIT_PURE += $(addprefix preload/log/,told.c told_file.c) preload/os/jitter.c
UNIT_PURE += $(addprefix preload/os/,arena.c copy.c file.c memory.c option.c ranges.c region.c ticks.c)
UNIT_PURE += $(addprefix preload/wire/,notes.c option.c)
UNIT_PURE += $(addprefix preload/process/,abandons.c live.c repeats.c resolved.c shared.c switch.c)
UNIT_PURE += $(DOCTOR_PURE:%=scripts/doctor/%.c)
UNIT_PURE += preload/connect/loopback.c policy/share_memory.c policy/switchboard_turn.c
UNIT_PURE += $(REPORT_PURE:%=scripts/report/%.c)
FLOW_SRC := $(wildcard tests/flow/*.c) $(SUPPORT_SRC)
FLOW_SRC += policy/share_memory.c policy/state.c
FLOW_BEHIND := $(patsubst tests/flow/behind/%.c,$(T)/behind/%.so,$(wildcard tests/flow/behind/*.c))
CLIENTS_SRC := $(wildcard tests/clients/test_*.c) $(SUPPORT_SRC)
ZOO_SRC := $(wildcard tests/clients/zoo_*.c) $(addprefix tests/clients/,test_programs.c test_run.c)
ZOO_SRC += $(SUPPORT_SRC)
CLIENT_PROGRAMS := $(patsubst tests/clients/c/%.c,$(T)/clients/%,$(wildcard tests/clients/c/*.c))
BENCH_BIN := $(patsubst tests/bench/%.c,$(T)/bench/%,$(wildcard tests/bench/*.c))

tests: $(T)/unit-tests $(T)/flow-tests $(T)/client-tests $(B)/faultd $(CLIENT_PROGRAMS) $(BENCH_BIN)
tests: $(FLOW_BEHIND) $(T)/zoo-tests $(addprefix $(T)/tls/,client ask alone early shared ways amid anew libcurl gnutls libcurl-gnutls ask-gnutls)
ifneq ($(and $(wildcard /usr/include/neon/*.h),$(wildcard /usr/lib/*/libneon-gnutls.so.27)),)
tests: $(T)/tls/neon-gnutls
endif
ifneq ($(wildcard /usr/include/neon/ne_ssl.h),)
tests: $(T)/tls/neon
endif
ifneq ($(and $(wildcard /usr/include/Poco/Net/HTTPSClientSession.h),$(shell command -v $(CXX))),)
tests: $(T)/tls/poco
endif
tests: $(T)/soak $(T)/outage $(T)/storm-asks $(T)/chaos-client $(T)/schedule $(T)/node/node_modules/.package-lock.json
tests: $(T)/kubernetes/node_modules/.package-lock.json image

$(B)/faultd: $(patsubst %.c,$(T)/%.o,$(wildcard tests/faultd/*.c))
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $^ -o $@

$(T)/unit-tests: $(UNIT_SRC:%.c=$(T)/%.o) $(UNIT_PURE:%.c=$(T)/%.o)
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $^ -lcunit -lconfig -lhttp_parser -lpthread -o $@

$(T)/flow-tests: $(FLOW_SRC:%.c=$(T)/%.o)
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $^ -lcunit -lcurl -lpthread -o $@

# Preloads that stand behind libredial.so in a flow test.
$(T)/behind/%.so: tests/flow/behind/%.c
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CPPFLAGS) $(CFLAGS) -shared -fPIC $< -o $@

$(T)/tests/flow/test_unwinding.o: CFLAGS += -fexceptions

$(T)/client-tests: $(CLIENTS_SRC:%.c=$(T)/%.o)
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $^ -lcunit -o $@

$(T)/zoo-tests: $(ZOO_SRC:%.c=$(T)/%.o)
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $^ -lcunit -o $@

$(T)/soak: $(patsubst %.c,$(T)/%.o,$(wildcard tests/soak/*.c))
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $^ -lpthread -o $@

$(T)/chaos-client: $(patsubst %.c,$(T)/%.o,$(wildcard tests/chaos/*.c))
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $^ -lpthread -o $@

$(T)/outage: $(T)/tests/outage/client.o
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $^ -o $@

$(T)/storm-asks: tests/storm/asks.c
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CPPFLAGS) $(CFLAGS) $< -lcurl -o $@

$(T)/tls/%: tests/tls/%.c
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CPPFLAGS) $(CFLAGS) $< $(TLS_LIBS) -o $@

$(T)/tls/%: TLS_LIBS = -lssl -lcrypto -lcurl
$(T)/tls/gnutls: TLS_LIBS = -lgnutls -lpthread

$(T)/tls/neon: TLS_LIBS = -I/usr/include/neon -lneon
$(T)/tls/poco: tests/tls/poco.cc
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CXX) -O1 $< -lPocoNetSSL -lPocoNet -lPocoFoundation -o $@

$(T)/tls/neon-gnutls: tests/tls/neon.c
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CPPFLAGS) $(CFLAGS) -I/usr/include/neon $< -l:libneon-gnutls.so.27 -o $@

$(T)/tls/ask-gnutls: tests/tls/ask.c tests/tls/by_gnutls/openssl/ssl.h
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CPPFLAGS) -Itests/tls/by_gnutls $(CFLAGS) $< -lgnutls -o $@

# By the headers of the other libcurl: they are the same.
$(T)/tls/libcurl-gnutls: tests/tls/libcurl.c
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CPPFLAGS) $(CFLAGS) $< -l:libcurl-gnutls.so.4 -o $@

$(T)/clients/%: tests/clients/c/%.c
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CPPFLAGS) $(CFLAGS) $< $(CLIENT_LIBS) -lpthread -o $@

$(T)/clients/curl_multi: CLIENT_LIBS := -lcurl

# The npm packages, at the versions that the locks name.
$(T)/node/node_modules/.package-lock.json: $(wildcard tests/clients/node/package*.json)
$(T)/kubernetes/node_modules/.package-lock.json: $(wildcard tests/kubernetes/package*.json)
$(T)/%/node_modules/.package-lock.json:
	@mkdir -p $(T)/$*
	$(Q)echo '  $(T)/$*/node_modules'; cp $^ $(T)/$*/ && cd $(T)/$* && \
		npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >/dev/null && \
		touch node_modules/.package-lock.json

$(T)/bench/secured: BENCH_LIBS = -lssl -lcrypto

$(T)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CPPFLAGS) $(CFLAGS) $< $(BENCH_LIBS) -lpthread -o $@

$(T)/bench/https $(T)/bench/https_server $(T)/bench/load: BENCH_LIBS := -lssl -lcrypto

$(T)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CPPFLAGS) $(CFLAGS) $(TEST_CFLAGS) -c $< -o $@

# The preload on a simulated kernel: compiled from its sources but for the next functions of hooked
# calls, with preload_ in front of every name, so that its send and close stand beside libc's, and
# its variables in sections that each run starts anew.
SIM_CFLAGS := -DREDIAL_SIMULATED -ffreestanding -fno-builtin -fno-stack-protector -U_FORTIFY_SOURCE \
	-fno-pic -fsanitize-coverage=trace-pc
SIM_SRC := $(filter-out $(addprefix preload/os/,memory.c next.c real.c),$(PRELOAD_SRC)) $(POLICY_PURE:%=policy/%.c)
SIM_OBJ := $(SIM_SRC:%.c=$(T)/sim/%.o)

$(T)/sim/%.o: %.c
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CPPFLAGS) $(CFLAGS) $(SIM_CFLAGS) -c $< -o $@ && \
		objcopy --prefix-symbols=preload_ --globalize-symbol=preload_placed \
			--rename-section .data=preload_data --rename-section .data.start=preload_data \
			--rename-section .data.often=preload_data --rename-section .bss=preload_zero $@

$(T)/schedule: $(patsubst %.c,$(T)/%.o,$(wildcard tests/schedule/*.c)) $(SIM_OBJ)
	$(Q)echo '  $@'; $(CC) $(CFLAGS) -no-pie $^ -o $@

# Framing under libFuzzer, which only clang has.
FUZZ_CC ?= $(if $(shell command -v clang-14),clang-14,clang)
FUZZ_SRC := $(wildcard tests/fuzz/*.c) $(wildcard preload/http1/*.c) policy/method.c \
	preload/os/mem.c tests/unit/http1_messages.c tests/unit/http1_bad.c

$(T)/fuzz-http1: $(FUZZ_SRC) $(wildcard preload/http1/*.h)
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(FUZZ_CC) -D_GNU_SOURCE -DFUZZ_HTTP1_LIBFUZZER -std=gnu11 -O1 -g \
		-fsanitize=fuzzer,address $(TEST_CFLAGS) $(FUZZ_SRC) -o $@

# Each system call of a rescue fails once (tests/inject).
INJECT_SRC := $(wildcard tests/inject/*.c)
INJECT_CLIENT_SRC := $(wildcard tests/inject/client/*.c)
tests: $(addprefix $(T)/inject/,inject client client-gnutls)

$(T)/inject/inject: $(INJECT_SRC:%.c=$(T)/%.o)
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $^ -lssl -lcrypto -lpthread -o $@

$(T)/inject/client: $(INJECT_CLIENT_SRC:%.c=$(T)/%.o)
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CFLAGS) $^ -lssl -lcrypto -o $@

$(T)/inject/client-gnutls: $(INJECT_CLIENT_SRC) $(wildcard tests/inject/client/*.h)
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(CC) $(CPPFLAGS) -Itests/tls/by_gnutls $(CFLAGS) $(INJECT_CLIENT_SRC) -lgnutls -o $@

# Readers of what others wrote, each under libFuzzer: tests/fuzz/targets.
FUZZ_TARGETS := policy compiled log tls state framing
FUZZED_SRC := $(UNIT_PURE) preload/tls/flight.c preload/os/mem.c \
	$(addprefix scripts/stat/,launches.c launch.c proc.c folder.c)
FUZZED_OBJ := $(FUZZED_SRC:%.c=$(T)/fuzzed/%.o)
FUZZ_CFLAGS := -D_GNU_SOURCE -DREDIAL_VERSION='"fuzz"' -std=gnu11 -O1 -g -fno-sanitize-recover=undefined $(TEST_CFLAGS)

$(T)/fuzz-tls: FUZZ_LIBS = $(addprefix -Wl$(comma)--defsym=,$(addsuffix =fuzz_never,os_now_ms \
	wire_cookie wire_narrow wire_same_peer wire_send wire_send_pieces wire_widen))
comma := ,

$(T)/fuzzed/%.o: %.c
	@mkdir -p $(@D)
	$(Q)echo '  $@'; $(FUZZ_CC) $(FUZZ_CFLAGS) -MMD -MP -fsanitize=fuzzer-no-link,address,undefined \
		-c $< -o $@

$(T)/libfuzzed.a: $(FUZZED_OBJ)
	$(Q)echo '  $@'; rm -f $@; ar rcs $@ $^

$(FUZZ_TARGETS:%=$(T)/fuzz-%): $(T)/fuzz-%: tests/fuzz/targets/%.c $(T)/libfuzzed.a
	$(Q)echo '  $@'; $(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer,address,undefined $(filter %.c %.a,$^) -o $@ \
		$(FUZZ_LIBS) -lconfig -lhttp_parser -lpthread
