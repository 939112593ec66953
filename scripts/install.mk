# SPDX-License-Identifier: MIT
# make install, uninstall, man, deb and release. What is installed where is listed once, here.

DEST := $(DESTDIR)$(PREFIX)
LIBDIR := lib/redial
DOCDIR := share/doc/redial
MANDIR := share/man

MAN_PAGES := redial.1 redial-policy.1 redial.cfg.5
INSTALL_BIN := scripts/redial $(B)/redial-policy
INSTALL_LIB := $(B)/libredial.so $(B)/libredial-policy.so $(B)/libredial-rehearse.so
# Programs that the launcher runs, and the one for containers.
INSTALL_TOOL := $(B)/redial-report $(B)/redial-doctor $(B)/redial-stat $(B)/redial-rehearse \
	$(B)/redial-switch \
	$(B)/redial-entrypoint
# The pages keep their folders, by which they refer to each other.
PAGE_DIRS := policy scripts preload
PAGES := README.md $(PAGE_DIRS:%=%/README.md)
INSTALL_DOC := $(PAGES) LICENSE
INSTALL_EXAMPLES := $(wildcard scripts/policies/*.cfg) scripts/otel/collector.yaml \
	scripts/grafana/redial.json

# What lies below PREFIX once it is installed, folders of our own last.
INSTALLED := $(addprefix bin/,$(notdir $(INSTALL_BIN))) \
	$(addprefix $(LIBDIR)/,$(notdir $(INSTALL_LIB) $(INSTALL_TOOL))) \
	$(foreach page,$(MAN_PAGES),$(MANDIR)/man$(lastword $(subst ., ,$(page)))/$(page)) \
	share/bash-completion/completions/redial share/bash-completion/completions/redial-policy \
	share/zsh/site-functions/_redial \
	$(addprefix $(DOCDIR)/,$(INSTALL_DOC)) \
	$(addprefix $(DOCDIR)/examples/,$(notdir $(INSTALL_EXAMPLES)))
INSTALLED_DIRS := $(addprefix $(DOCDIR)/,examples $(PAGE_DIRS)) $(DOCDIR) $(LIBDIR)

man: $(addprefix $(B)/man/,$(MAN_PAGES))

$(B)/man/%: scripts/man/%.in scripts/man/make.sh scripts/man/pages.sh $(PAGES) Makefile
	@mkdir -p $(@D)
	$(Q)echo '  $@'; sh scripts/man/make.sh $< $(VERSION) >$@.new && mv $@.new $@

# A running program maps the library: a new file takes its place, the old one is not written to.
install: all man put
	@echo 'installed below $(DEST)'

# What install does with what is built already.
put:
	$(Q)install -d $(DEST)/bin $(DEST)/$(LIBDIR) $(DEST)/$(DOCDIR)/examples \
		$(DEST)/share/bash-completion/completions $(DEST)/share/zsh/site-functions
	$(Q)install -m 755 $(INSTALL_BIN) $(DEST)/bin/
	$(Q)for file in $(INSTALL_LIB); do \
		install -m 644 $$file $(DEST)/$(LIBDIR)/$${file##*/}.new && \
		mv -f $(DEST)/$(LIBDIR)/$${file##*/}.new $(DEST)/$(LIBDIR)/$${file##*/} || exit 1; \
	done
	$(Q)install -m 755 $(INSTALL_TOOL) $(DEST)/$(LIBDIR)/
	$(Q)for page in $(MAN_PAGES); do \
		install -d $(DEST)/$(MANDIR)/man$${page##*.} && \
		install -m 644 $(B)/man/$$page $(DEST)/$(MANDIR)/man$${page##*.}/ || exit 1; \
	done
	$(Q)install -m 644 scripts/completion/redial.bash \
		$(DEST)/share/bash-completion/completions/redial
	$(Q)ln -sf redial $(DEST)/share/bash-completion/completions/redial-policy
	$(Q)install -m 644 scripts/completion/redial.zsh $(DEST)/share/zsh/site-functions/_redial
	$(Q)for page in $(INSTALL_DOC); do \
		install -Dm 644 $$page $(DEST)/$(DOCDIR)/$$page || exit 1; \
	done
	$(Q)install -m 644 $(INSTALL_EXAMPLES) $(DEST)/$(DOCDIR)/examples/

# Policies in /etc/redial are the operator's and stay.
uninstall:
	$(Q)cd $(DEST) && rm -f $(INSTALLED) && \
		for dir in $(INSTALLED_DIRS); do rmdir $$dir 2>/dev/null || :; done
	@echo 'removed from $(DEST)'

# Of another architecture with Debian's compiler for it: make deb ARCH=arm64.
NATIVE = $(shell dpkg --print-architecture)
ARCH = $(NATIVE)
TRIPLET = $(shell dpkg-architecture -a$(ARCH) -q DEB_HOST_GNU_TYPE 2>/dev/null)
DEB = $(B)/redial_$(VERSION)_$(ARCH).deb
CROSS = $(B)/cross/$(ARCH)
LIBRARIES ?= $(B)/libraries/$(ARCH)

deb:
	@$(MAKE) --no-print-directory deb-$(if $(filter $(NATIVE),$(ARCH)),native,cross)

deb-native: all man
	$(Q)sh scripts/deb/build.sh $(VERSION) $(B) $(ARCH) $(DEB)

deb-cross:
	$(Q)sh scripts/deb/cross.sh $(ARCH) $(LIBRARIES)
	@CPPFLAGS='-I$(LIBRARIES)/usr/include' LDFLAGS='-L$(LIBRARIES)/usr/lib/$(TRIPLET)' \
		$(MAKE) --no-print-directory CC=$(TRIPLET)-gcc B=$(CROSS) all man
	$(Q)sh scripts/deb/build.sh $(VERSION) $(CROSS) $(ARCH) $(DEB)

# What a release hands out, built anew. The same sources, compiler and libraries give the same files.
RELEASE_ARCHS := amd64 arm64
RELEASE := $(B)/release

release: setup-release
	@rm -rf $(RELEASE)
	@for arch in $(RELEASE_ARCHS); do \
		$(MAKE) --no-print-directory release-one ARCH=$$arch B=$(RELEASE)/built \
			LIBRARIES=$(B)/libraries/$$arch || exit 1; \
	done
	@rm -rf $(RELEASE)/built
	@cd $(RELEASE) && sha256sum *.deb *.json >SHA256SUMS && cat SHA256SUMS

release-one: deb
	$(Q)mv $(DEB) $(B)/..
	$(Q)sh scripts/deb/sbom.sh $(B)/../$(notdir $(DEB)) \
		$(if $(filter $(NATIVE),$(ARCH)),$(CC),$(TRIPLET)-gcc) >$(B)/../$(notdir $(DEB:.deb=.spdx.json))

.PHONY: man install put uninstall deb deb-native deb-cross release release-one
