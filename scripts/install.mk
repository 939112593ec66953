# SPDX-License-Identifier: MIT
# make install, uninstall, man and deb. What is installed where is listed once, here.

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
install: all man
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
	@echo 'installed below $(DEST)'

# Policies in /etc/redial are the operator's and stay.
uninstall:
	$(Q)cd $(DEST) && rm -f $(INSTALLED) && \
		for dir in $(INSTALLED_DIRS); do rmdir $$dir 2>/dev/null || :; done
	@echo 'removed from $(DEST)'

deb: all man
	$(Q)sh scripts/deb/build.sh $(VERSION) $(B)

.PHONY: man install uninstall deb
