# SPDX-License-Identifier: GPL-2.0-only
#
# make modules   the kernel module, for KVER (default: the running kernel), or
#                for the kernel build directory KDIR
# make modules_install  it, where that kernel looks for modules
# make install-module  it, stripped, in MODULEDIR below DESTDIR, as packages need
#                it; KEY and CERT, files, sign it
# make all       the library and the tool
# make install   them, with units, udev rule and manual: PREFIX=/usr/local, below
#                DESTDIR; LIBDIR as the system has it
# make install-dkms  the module's sources for DKMS, which builds and installs it
# make uninstall what the two have installed, with the same variables
# make check-build  the tests of the library and the tool that need no module, as
#                each build of a package runs them
# make dist      the sources as one archive, build/mapbuf-VERSION.tar.gz
# make deb       Debian packages, into build/deb
# make rpm       RPM packages, into build/rpm
# make deb-kmod  Debian or RPM packages of the compiled module, for hosts without a
# make rpm-kmod  compiler: KVER="KERNEL..."; KEY and CERT, files, sign the module
# make repo      signed repositories of both, for apt and dnf, in build/repo, with
#                KEY=, one of gpg's, or its default one
# make demo      the whole way, from package to service, in a virtual machine
# make check     all tests; make check-NAME runs tests/NAME alone, and make
#                check-quick what tells most in a few minutes
# make bench     what mapbuf costs beside other ways; KERNELS=, SIZES= and COUNTS=
#                say on which kernels, at which sizes in MiB, among how many
#                buffers
# make lint      what checks the sources without running them

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
PREFIX ?= /usr/local
DESTDIR ?=
SBINDIR ?= $(PREFIX)/sbin
INCLUDEDIR ?= $(PREFIX)/include
UNITDIR ?= $(PREFIX)/lib/systemd/system
UDEVRULESDIR ?= $(PREFIX)/lib/udev/rules.d
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/mapbuf
SHAREDIR ?= $(PREFIX)/share/mapbuf
# initramfs-tools and dracut look nowhere else.
INITRAMFSDIR ?= /usr/share/initramfs-tools
DRACUTDIR ?= /usr/lib/dracut
SYSCONFDIR ?= /etc
MODULEDIR ?= /lib/modules/$(KVER)/updates
DKMSDIR ?= /usr/src/mapbuf-$(version)
version := $(shell cat VERSION)
places := PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" SBINDIR="$(SBINDIR)" \
	INCLUDEDIR="$(INCLUDEDIR)"

units := mapbuf.service mapbuf-cdi.service run-mapbuf.mount
manual = $(foreach page,$(wildcard docs/man/*.[0-9]), \
	$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))

all:
	$(MAKE) -C src/lib all
	$(MAKE) -C src/ctl all

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR)/src/kmod modules

modules_install:
	$(MAKE) -C $(KDIR) M=$(CURDIR)/src/kmod modules_install

# sign-file of the kernel's headers; as dkms, with the hash that the kernel chose.
module := $(DESTDIR)$(MODULEDIR)/mapbuf.ko
sign_hash = $(shell sed -n 's/^CONFIG_MODULE_SIG_HASH="\(.*\)"/\1/p' \
	$(KDIR)/.config $(KDIR)/include/config/auto.conf 2>/dev/null | head -n 1)
install-module: modules
	install -D -m 644 src/kmod/mapbuf.ko $(module)
	$(CROSS_COMPILE)strip --strip-debug $(module)
	$(if $(KEY)$(CERT),$(KDIR)/scripts/sign-file $(or $(sign_hash),sha512) \
		"$(KEY)" "$(CERT)" $(module))

early_script := scripts/init-premount/mapbuf

install: all
	$(MAKE) -C src/lib install $(places)
	$(MAKE) -C src/ctl install $(places)
	install -D -m 644 src/uapi/linux/mapbuf.h $(DESTDIR)$(INCLUDEDIR)/linux/mapbuf.h
	install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSCONFDIR)/mapbuf.conf.d
	for unit in $(units); do \
		sed 's,/usr/sbin/,$(SBINDIR)/,' systemd/$$unit >$(DESTDIR)$(UNITDIR)/$$unit && \
		chmod 644 $(DESTDIR)$(UNITDIR)/$$unit || exit; \
	done
	install -D -m 644 systemd/dev-mapbuf-.device.d/mapbuf.conf \
		$(DESTDIR)$(UNITDIR)/dev-mapbuf-.device.d/mapbuf.conf
	install -D -m 644 systemd/mapbuf.sysusers $(DESTDIR)$(SYSUSERSDIR)/mapbuf.conf
	install -D -m 644 udev/60-mapbuf.rules $(DESTDIR)$(UDEVRULESDIR)/60-mapbuf.rules
	install -D -m 644 systemd/mapbuf.conf $(DESTDIR)$(DOCDIR)/examples/mapbuf.conf
	install -D src/ctl/from-u-dma-buf $(DESTDIR)$(SHAREDIR)/from-u-dma-buf
	install -D src/initramfs/hook $(DESTDIR)$(INITRAMFSDIR)/hooks/mapbuf
	install -D src/initramfs/mapbuf.sh $(DESTDIR)$(INITRAMFSDIR)/$(early_script)
	install -D -m 644 -t $(DESTDIR)$(DRACUTDIR)/modules.d/90mapbuf \
		src/initramfs/dracut/module-setup.sh
	install -D -t $(DESTDIR)$(DRACUTDIR)/modules.d/90mapbuf \
		src/initramfs/mapbuf.sh
	sed -i 's,/usr/sbin/mapbufctl,$(SBINDIR)/mapbufctl,' \
		$(DESTDIR)$(INITRAMFSDIR)/hooks/mapbuf \
		$(DESTDIR)$(DRACUTDIR)/modules.d/90mapbuf/module-setup.sh
	for page in $(manual); do \
		install -D -m 644 docs/man/$${page##*/} $(DESTDIR)$$page || exit; \
	done
	$(if $(DESTDIR),,@echo "Now, as root: ldconfig; systemd-sysusers $(SYSUSERSDIR)/mapbuf.conf;" \
		"systemctl daemon-reload; udevadm control --reload")

# All that install and install-dkms have made, not what an administrator has.
uninstall:
	$(MAKE) -C src/lib uninstall $(places)
	$(MAKE) -C src/ctl uninstall $(places)
	rm -f $(DESTDIR)$(INCLUDEDIR)/linux/mapbuf.h
	rm -f $(units:%=$(DESTDIR)$(UNITDIR)/%)
	rm -rf $(DESTDIR)$(UNITDIR)/dev-mapbuf-.device.d
	rm -f $(DESTDIR)$(SYSUSERSDIR)/mapbuf.conf
	rm -f $(DESTDIR)$(UDEVRULESDIR)/60-mapbuf.rules
	rm -f $(manual:%=$(DESTDIR)%)
	rm -rf $(DESTDIR)$(DOCDIR) $(DESTDIR)$(SHAREDIR)
	rm -f $(DESTDIR)$(INITRAMFSDIR)/hooks/mapbuf
	rm -f $(DESTDIR)$(INITRAMFSDIR)/$(early_script)
	rm -rf $(DESTDIR)$(DRACUTDIR)/modules.d/90mapbuf
	rmdir $(DESTDIR)$(SYSCONFDIR)/mapbuf.conf.d 2>/dev/null || :
	$(if $(DESTDIR),,[ ! -d $(DKMSDIR) ] || dkms remove mapbuf/$(version) --all)
	rm -rf $(DESTDIR)$(DKMSDIR)

# The sources of the module, of which DKMS makes one for this kernel, and for each
# that is installed later.
install-dkms:
	install -d $(DESTDIR)$(DKMSDIR)/src
	cp -R dkms.conf Makefile VERSION $(DESTDIR)$(DKMSDIR)
	cp -R src/kmod src/uapi $(DESTDIR)$(DKMSDIR)/src
	$(if $(DESTDIR),,dkms install mapbuf/$(version) -k $(KVER))

# The checkout as it is now, its uncommitted and new files included; where git
# is not, all but build.  A tracked file that was deleted is still listed,
# hence --ignore-failed-read.
name := mapbuf-$(version)
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

# The flags are of the tests, not of the package.
check-build:
	$(MAKE) -C tests/unit check B=build/package CFLAGS="-O1 -g"

deb:
	debian/build

rpm:
	rpm/build

deb-kmod:
	debian/build-kmod build/deb-kmod $(KVER)

rpm-kmod:
	rpm/build build/rpm-kmod $(KVER)

# Each only where its tools are.
repo:
	if command -v apt-ftparchive >/dev/null; then \
		$(MAKE) deb && debian/repo build/deb build/repo/apt $(KEY); \
	fi
	if command -v createrepo_c >/dev/null; then \
		$(MAKE) rpm && rpm/repo build/rpm build/repo/dnf $(KEY); \
	fi

demo:
	tests/demo

check:
	tests/run

check-quick:
	tests/run --quick

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
		Module.symvers compat/features.h compat/features.log compat/.probe.* compat/.*.cmd

.PHONY: all modules modules_install install-module install install-dkms uninstall dist check-build deb rpm deb-kmod rpm-kmod repo demo check check-quick bench lint clean
