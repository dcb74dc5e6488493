# SPDX-License-Identifier: GPL-2.0-only
# For the makefiles beside this directory's suites: the sources of library and
# tool, built again with the sanitizers, all into one place, and what takes the
# place of libudev.
LIB := ../../src/lib
CTL := ../../src/ctl
# Of the suite's own; that of suite cli has the objects.
B := build
O := ../cli/$(B)
PKG_CONFIG ?= pkg-config

packages := json-c libkmod libudev smartcols
CFLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
flags := -std=gnu11 -Wall -Wextra -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-DMAPBUF_VERSION='"$(shell cat ../../VERSION)"' \
	-I../../src/uapi -I$(LIB) -I$(CTL) -I../cli -MMD -MP \
	$(shell $(PKG_CONFIG) --cflags $(packages))

# The tests have a paths.c of their own.
lib_objects := $(patsubst $(LIB)/%.c,$(O)/lib-%.o, \
	$(filter-out $(LIB)/paths.c,$(wildcard $(LIB)/*.c)))
ctl_objects := $(patsubst $(CTL)/%.c,$(O)/ctl-%.o, \
	$(filter-out $(CTL)/paths.c,$(wildcard $(CTL)/*.c)))

udev_wraps := udev_new udev_unref udev_monitor_new_from_netlink \
	udev_monitor_unref udev_monitor_filter_add_match_subsystem_devtype \
	udev_monitor_enable_receiving udev_monitor_get_fd \
	udev_monitor_receive_device udev_device_get_action \
	udev_device_get_property_value udev_device_get_sysname \
	udev_device_unref

.PHONY: all clean
all:

$(B) $(O):
	mkdir -p $@

$(B)/%.o: %.c Makefile ../objects.mk | $(B)
	$(CC) $(flags) $(CFLAGS) -c -o $@ $<

$(O)/lib-%.o: $(LIB)/%.c Makefile ../objects.mk | $(O)
	$(CC) $(flags) $(CFLAGS) -c -o $@ $<

$(O)/ctl-%.o: $(CTL)/%.c Makefile ../objects.mk | $(O)
	$(CC) $(flags) $(CFLAGS) -c -o $@ $<

clean:
	rm -rf $(B)

-include $(wildcard $(B)/*.d $(O)/*.d)
