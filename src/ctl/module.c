// SPDX-License-Identifier: GPL-2.0-only
/* Whether the module is loaded, and if not, what is in the way. */
#include <errno.h>
#include <libkmod.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "system.h"
#include "xalloc.h"

#define NAME "mapbuf"
#define DKMS_NAME NAME "/" MAPBUF_VERSION

static int exists(const char *format, const char *release)
{
	char *below = xprintf(format, release);
	char *path = system_path("%s", below);
	int result = access(path, F_OK) == 0;

	free(path);
	free(below);
	return result;
}

static int has_efi(void)
{
	return exists("%s", "/sys/firmware/efi");
}

/* Why the kernel accepts signed modules only; NULL if it takes any. */
static const char *signatures_needed(void)
{
	char *text = system_read("/sys/module/module/parameters/sig_enforce");
	int is_enforced = text && text[0] == 'Y';

	free(text);
	if (!system_is_locked_down())
		return is_enforced ? "module.sig_enforce" : NULL;
	if (system_has_argument("lockdown=integrity") ||
	    system_has_argument("lockdown=confidentiality") || !has_efi())
		return is_enforced ? "lockdown= and module.sig_enforce" :
				     "lockdown=";
	return "lockdown, which Secure Boot brings";
}

/* Where DKMS has the public part of the key that it signs with */
static const char *dkms_key(void)
{
	static const char ubuntu[] = "/var/lib/shim-signed/mok/MOK.der";

	return exists("%s", ubuntu) ? ubuntu : "/var/lib/dkms/mok.pub";
}

/* A field of modinfo(8); NULL if there is none. */
static char *get_info(struct kmod_list *info, const char *field)
{
	struct kmod_list *item;

	kmod_list_foreach(item, info) {
		if (strcmp(kmod_module_info_get_key(item), field) == 0)
			return xstrdup(kmod_module_info_get_value(item));
	}
	return NULL;
}

/* Of that name; -1 if the keys cannot be seen, which ordinary users cannot. */
static int has_key(const char *signer)
{
	char *text = system_read("/proc/keys"), *rest = text, *line, *key;
	int result = text && strstr(text, ".builtin_trusted_keys") ? 0 : -1;

	key = xprintf(" %s: ", signer);
	while (result == 0 && (line = strsep(&rest, "\n")))
		result = strstr(line, " asymmetr") && strstr(line, key);
	free(key);
	free(text);
	return result;
}

/* Keys are enrolled in variables of UEFI. */
static char *key_advice(const char *needed, const char *what)
{
	if (has_efi())
		return xprintf("%s with mokutil --import %s, and reboot", what,
			       dkms_key());
	return xprintf("remove %s from the kernel command line and reboot, or sign the module with a key that is built into the kernel; without UEFI no key can be enrolled",
		       needed);
}

static char *check_signature(const char *needed, const char *signer)
{
	char *advice, *why = NULL;
	int is_known = signer ? has_key(signer) : 0;

	if (!signer) {
		advice = key_advice(needed, "have DKMS sign it, enrol its key");
		why = xprintf("it is not signed, and this kernel accepts signed modules only (%s): %s",
			      needed, advice);
		free(advice);
		return why;
	}
	advice = key_advice(needed, "enrol that key, if it is that of DKMS,");
	if (is_known == 0)
		why = xprintf("it is signed by '%s', whose key this kernel does not have, and it accepts signed modules only (%s): %s",
			      signer, needed, advice);
	else if (is_known < 0)
		why = xprintf("this kernel accepts signed modules only (%s), and this one is signed by '%s': if modprobe says \"Key was rejected\", %s (for root, this command reports whether the kernel has the key)",
			      needed, signer, advice);
	free(advice);
	return why;
}

static char *check_file(struct kmod_module *module, const char *release)
{
	const char *needed = signatures_needed();
	struct kmod_list *info = NULL;
	char *built_for, *signer, *why = NULL;
	int error;

	error = kmod_module_get_info(module, &info);
	if (error < 0)
		return xprintf("%s cannot be read: %s (dkms install --force %s)",
			       kmod_module_get_path(module), strerror(-error),
			       DKMS_NAME);
	built_for = get_info(info, "vermagic");
	signer = get_info(info, "signer");
	if (built_for)
		built_for[strcspn(built_for, " ")] = '\0';
	if (built_for && strcmp(built_for, release) != 0)
		why = xprintf("it was built for kernel %s, not %s (dkms install --force %s)",
			      built_for, release, DKMS_NAME);
	else if (needed)
		why = check_signature(needed, signer);
	free(built_for);
	free(signer);
	kmod_module_info_free_list(info);
	return why;
}

static int is_blacklisted(struct kmod_ctx *kmod, struct kmod_list *found)
{
	struct kmod_list *left = NULL;

	if (kmod_module_apply_filter(kmod, KMOD_FILTER_BLACKLIST, found, &left))
		return 0;
	if (!left)
		return 1;
	kmod_module_unref_list(left);
	return 0;
}

/* By the kernel itself, which then refuses it to everybody */
static int is_refused(void)
{
	static const char key[] = "module_blacklist=";
	char *line = system_read("/proc/cmdline"), *rest = line;
	char *argument, *name;
	int found = 0;

	while (!found && (argument = strsep(&rest, " "))) {
		if (strncmp(argument, key, strlen(key)) != 0)
			continue;
		argument += strlen(key);
		while (!found && (name = strsep(&argument, ",")))
			found = strcmp(name, NAME) == 0;
	}
	free(line);
	return found;
}

static char *explain_file(struct kmod_ctx *kmod, struct kmod_list *found,
			  const char *release)
{
	struct kmod_module *module = kmod_module_get_module(found);
	const char *command;
	char *why = NULL;

	command = kmod_module_get_install_commands(module);
	if (is_refused())
		why = xprintf("it is blacklisted by module_blacklist= on the kernel command line");
	else if (is_blacklisted(kmod, found))
		why = xprintf("it is blacklisted, by modprobe.d or on the kernel command line, so that only \"modprobe %s\" loads it",
			      NAME);
	else if (command && *command)
		why = xprintf("modprobe runs \"%s\" instead of loading it (grep -r " NAME " /etc/modprobe.d)",
			      command);
	else if (!kmod_module_get_path(module))
		why = xprintf("there is no file of it (dkms status)");
	else
		why = check_file(module, release);
	if (!why)
		why = xprintf("nothing seems to be in the way (modprobe " NAME ", and see dmesg)");
	kmod_module_unref(module);
	return why;
}

static char *explain_no_file(const char *release)
{
	if (!exists("/lib/modules/%s", release))
		return xprintf("/lib/modules has nothing for the running kernel %s (reboot into an installed one)",
			       release);
	if (!exists("%s", "/usr/sbin/dkms"))
		return xprintf("it is not installed for kernel %s (reboot if a newer kernel is installed; or install mapbuf-dkms or, if there is no compiler, mapbuf-modules-%s or kmod-mapbuf-%s)",
			       release, release, release);
	if (!exists("/lib/modules/%s/build", release))
		return xprintf("it is not built for kernel %s, whose headers are not installed (reboot if a newer kernel is installed; or install linux-headers-%s or kernel-devel-%s, and run: dkms install %s)",
			       release, release, release, DKMS_NAME);
	return xprintf("it is not built for kernel %s (dkms install %s prints why)",
		       release, DKMS_NAME);
}

/* As their managers mark them */
static int in_container(void)
{
	return exists("%s", "/run/systemd/container") ||
	       exists("%s", "/run/host/container-manager") ||
	       exists("%s", "/run/.containerenv") ||
	       exists("%s", "/.dockerenv");
}

/* What modprobe would find for this kernel; NULL if there is nothing. */
static struct kmod_list *find_file(struct kmod_ctx **kmod, const char *release)
{
	struct kmod_list *found = NULL;
	char *directories[5] = {
		system_path("/etc/modprobe.d"), system_path("/run/modprobe.d"),
		system_path("/usr/lib/modprobe.d"),
		system_path("/lib/modprobe.d"), NULL
	};
	char *path = system_path("/lib/modules/%s", release);
	int i;

	*kmod = kmod_new(path, (const char *const *)directories);
	if (*kmod && kmod_module_new_from_lookup(*kmod, NAME, &found))
		found = NULL;
	free(path);
	for (i = 0; i < 4; i++)
		free(directories[i]);
	return found;
}

static char *explain(void)
{
	struct kmod_list *found;
	struct utsname kernel;
	struct kmod_ctx *kmod;
	char *why;

	if (in_container())
		return xstrdup("this is a container, whose host has the modules (load it there, and give the container the nodes of its buffers)");
	uname(&kernel);
	found = find_file(&kmod, kernel.release);
	if (!kmod)
		why = xprintf("libkmod cannot be used: %s", strerror(errno));
	else if (!found)
		why = explain_no_file(kernel.release);
	else
		why = explain_file(kmod, found, kernel.release);
	kmod_module_unref_list(found);
	kmod_unref(kmod);
	return why;
}

/* A field of the file that the next modprobe loads; NULL if it is not known. */
static char *installed_info(const char *field)
{
	struct kmod_list *found, *info = NULL;
	struct kmod_module *module;
	struct utsname kernel;
	struct kmod_ctx *kmod;
	char *value = NULL;

	uname(&kernel);
	found = find_file(&kmod, kernel.release);
	if (found) {
		module = kmod_module_get_module(found);
		if (kmod_module_get_info(module, &info) >= 0)
			value = get_info(info, field);
		kmod_module_info_free_list(info);
		kmod_module_unref(module);
	}
	kmod_module_unref_list(found);
	kmod_unref(kmod);
	return value;
}

/* Whether the loaded module is another build than that which is installed */
static int is_other_build(void)
{
	char *loaded = system_read("/sys/module/" NAME "/srcversion");
	char *installed = installed_info("srcversion");
	int result = loaded && installed && strcmp(loaded, installed) != 0;

	free(installed);
	free(loaded);
	return result;
}

/* What loads the installed one; the scripts of the initramfs leave the file. */
static const char *load_advice(void)
{
	static const char *const advice[] = {
		"the next boot loads the installed one; so does, with the loss of what buffers hold: umount -q /run/mapbuf; rmmod mapbuf && systemctl restart mapbuf",
		"the loaded one is from the initramfs, which contains an old copy: update-initramfs -u, then reboot",
		"the loaded one is from the initramfs, which contains an old copy: dracut -f, then reboot",
	};

	if (!exists("%s", "/run/initramfs/mapbuf"))
		return advice[0];
	return advice[exists("%s", "/usr/sbin/update-initramfs") ? 1 : 2];
}

/* How the loaded module, the installed one and this tool differ */
static char *compare_versions(const char *loaded)
{
	char *installed = installed_info("version"), *why = NULL;

	if (installed && strcmp(installed, loaded) != 0)
		why = xprintf("version %s is installed, and mapbufctl is version %s (%s)",
			      installed, MAPBUF_VERSION, load_advice());
	else if (strcmp(loaded, MAPBUF_VERSION) != 0)
		why = xprintf("mapbufctl is version %s (install the same version of both)",
			      MAPBUF_VERSION);
	else if (is_other_build())
		why = xprintf("another build of it is installed (%s)",
			      load_advice());
	free(installed);
	return why;
}

enum module_state module_examine(char **version, char **why)
{
	*why = NULL;
	*version = NULL;
	if (!exists("/sys/module/%s", NAME)) {
		*why = explain();
		return MODULE_MISSING;
	}
	*version = system_read("/sys/module/" NAME "/version");
	if (!*version)
		*version = xstrdup("unknown");
	*why = compare_versions(*version);
	return *why ? MODULE_OTHER_VERSION : MODULE_LOADED;
}
