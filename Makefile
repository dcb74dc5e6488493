# SPDX-License-Identifier: GPL-2.0-only
#
# make modules   the kernel module, for KVER (default: the running kernel), or
#                for the kernel build directory KDIR
# make all       the library and the tool
# make install   them, with unit, udev rule and manual, below DESTDIR
# make dist      the sources as one archive, build/mapbuf-VERSION.tar.gz
# make deb       Debian packages, into build/deb
# make rpm       RPM packages, into build/rpm
# make demo      the whole way, from package to service, in a virtual machine
# make check     all tests; make check-NAME runs tests/NAME alone
# make bench     what mapbuf costs beside other ways; KERNELS=, SIZES= and COUNTS=
#                say on which kernels, at which sizes in MiB, among how many
#                buffers
# make lint      what checks the sources without running them

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
PREFIX ?= /usr
DESTDIR ?=
UNITDIR ?= $(PREFIX)/lib/systemd/system
UDEVRULESDIR ?= $(PREFIX)/lib/udev/rules.d
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
MANDIR ?= $(PREFIX)/share/man
export PREFIX DESTDIR

all:
	$(MAKE) -C src/lib all
	$(MAKE) -C src/ctl all

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR)/src/kmod modules

install: all
	$(MAKE) -C src/lib install
	$(MAKE) -C src/ctl install
	install -D -m 644 systemd/mapbuf.service $(DESTDIR)$(UNITDIR)/mapbuf.service
	install -D -m 644 systemd/mapbuf.sysusers $(DESTDIR)$(SYSUSERSDIR)/mapbuf.conf
	install -D -m 644 udev/60-mapbuf.rules $(DESTDIR)$(UDEVRULESDIR)/60-mapbuf.rules
	install -D -m 644 systemd/mapbuf.conf $(DESTDIR)$(PREFIX)/share/doc/mapbuf/examples/mapbuf.conf
	for page in docs/man/*.[0-9]; do \
		install -D -m 644 "$$page" \
			"$(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}" || exit; \
	done

# The checkout as it is now, its uncommitted and new files included; where git
# is not, all but build.  A tracked file that was deleted is still listed,
# hence --ignore-failed-read.
name := mapbuf-$(shell cat VERSION)
dist:
	mkdir -p build
	if [ -e .git ]; then \
		git -c safe.directory="$(CURDIR)" ls-files -z --cached --others \
			--exclude-standard -- . ':!build'; \
	else \
		find . -path ./build -prune -o ! -type d -print0; \
	fi | tar -cz --null --no-recursion --ignore-failed-read -T - \
		--owner=0 --group=0 --transform='s,^\(\./\)*,$(name)/,S' \
		-f build/$(name).tar.gz 2>/dev/null

deb:
	debian/build

rpm:
	rpm/build

demo:
	tests/demo

check:
	tests/run

check-%:
	tests/run $*

bench:
	tests/bench/measure

lint:
	tests/run lint

clean:
	rm -rf build tests/*/build
	$(MAKE) -C src/lib clean
	$(MAKE) -C src/ctl clean
	cd src/kmod && rm -rf *.o *.ko *.mod *.mod.c .*.cmd .*.d modules.order \
		Module.symvers compat/features.h compat/features.log compat/.*.cmd

.PHONY: all modules install dist deb rpm demo check bench lint clean
