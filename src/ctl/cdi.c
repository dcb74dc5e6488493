// SPDX-License-Identifier: GPL-2.0-only
/*
 * A specification of the Container Device Interface, which podman, containerd
 * and others read from /etc/cdi and /run/cdi.  0.5.0 is the first version that
 * has hostPath of device nodes, and podman 4.3 knows none after it.
 *
 * A runtime takes no symbolic link for a device node, so the path on the host is
 * /dev/mapbufN.  The kernel gives no number again until all others were given.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mapbuf.h>

#include "ctl.h"
#include "json.h"
#include "pick.h"
#include "xalloc.h"

#define CDI_VERSION "0.5.0"
#define CDI_KIND "mapbuf/buffer"
#define LEFT_OUT "mapbufctl cdi: buffer '%s' is left out: in CDI a name begins and ends with a letter or digit"

/**
 * struct request - what was asked for
 * @names: of buffers; all if @name_count is 0
 * @output: the file; NULL is standard output
 * @follow: keep the file right until a signal
 */
struct request {
	char **names;
	size_t name_count;
	const char *output;
	int follow;
};

static void help(void)
{
	puts("      --follow         keep the file right as buffers come and go\n"
	     "      --output=FILE    write it to FILE, or remove FILE if there are no buffers");
}

static int is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* What a name of a device may not be, of what is one of a buffer. */
static int fits(const char *name)
{
	return is_alphanumeric(name[0]) &&
	       is_alphanumeric(name[strlen(name) - 1]);
}

static struct json_object *node_of(const struct mapbuf_entry *entry)
{
	struct json_object *node = json_object_new_object();
	int64_t uid = mapbuf_entry_uid(entry), gid = mapbuf_entry_gid(entry);
	int64_t mode = mapbuf_entry_mode(entry);
	char path[64];

	snprintf(path, sizeof(path), "/dev/mapbuf/%s",
		 mapbuf_entry_name(entry));
	json_add_text(node, "path", path);
	snprintf(path, sizeof(path), "/dev/mapbuf%u", mapbuf_entry_id(entry));
	json_add_text(node, "hostPath", path);
	json_add_text(node, "type", "c");
	json_add_text(node, "permissions", "rw");
	/* It has just been destroyed. */
	if (mode < 0 || uid < 0 || gid < 0)
		return node;
	json_add_number(node, "fileMode", mode);
	json_add_number(node, "uid", uid);
	json_add_number(node, "gid", gid);
	return node;
}

static struct json_object *device_of(const struct mapbuf_entry *entry)
{
	struct json_object *device = json_object_new_object();
	struct json_object *edits = json_object_new_object();
	struct json_object *nodes = json_object_new_array();

	json_object_array_add(nodes, node_of(entry));
	json_object_object_add(edits, "deviceNodes", nodes);
	json_add_text(device, "name", mapbuf_entry_name(entry));
	json_object_object_add(device, "containerEdits", edits);
	return device;
}

static int is_wanted(const struct request *request, const char *name)
{
	size_t i;

	for (i = 0; i < request->name_count; i++) {
		if (strcmp(request->names[i], name) == 0)
			return 1;
	}
	return !request->name_count;
}

static struct json_object *devices_of(const struct request *request,
				      const struct mapbuf_list *list)
{
	struct json_object *devices = json_object_new_array();
	const struct mapbuf_entry *entry;
	const char *name;
	size_t i;

	for (i = 0; list && (entry = mapbuf_list_get(list, i)); i++) {
		name = mapbuf_entry_name(entry);
		if (!is_wanted(request, name))
			continue;
		if (fits(name))
			json_object_array_add(devices, device_of(entry));
		else
			message(LEVEL_WARNING, LEFT_OUT, name);
	}
	return devices;
}

/* NULL if there are no buffers: runtimes refuse a document without devices. */
static struct json_object *document_of(const struct request *request,
				       const struct mapbuf_list *list)
{
	struct json_object *devices = devices_of(request, list), *document;

	if (!json_object_array_length(devices)) {
		json_object_put(devices);
		return NULL;
	}
	document = json_object_new_object();
	json_add_text(document, "cdiVersion", CDI_VERSION);
	json_add_text(document, "kind", CDI_KIND);
	json_object_object_add(document, "devices", devices);
	return document;
}

static int write_text(int fd, const char *text)
{
	size_t left = strlen(text);
	ssize_t written;

	for (; left; left -= written, text += written) {
		written = write(fd, text, left);
		if (written < 0)
			return -1;
	}
	return 0;
}

static int write_temporary(char *path, const char *text)
{
	int fd = mkostemp(path, O_CLOEXEC), failed;

	if (fd < 0)
		return -1;
	failed = write_text(fd, text) || fchmod(fd, 0644);
	if (close(fd) || failed) {
		unlink(path);
		return -1;
	}
	return 0;
}

/* Whoever reads it finds the old one or the new one, whole. */
static int replace(const char *path, const char *text)
{
	char *temporary = xprintf("%s.XXXXXX", path);
	int failed = write_temporary(temporary, text);

	if (!failed && rename(temporary, path)) {
		unlink(temporary);
		failed = -1;
	}
	free(temporary);
	return failed;
}

/* @document: NULL if there are no buffers */
static int write_file(const char *path, struct json_object *document)
{
	char *text;
	int failed;

	if (document) {
		text = xprintf("%s\n", json_text(document));
		failed = replace(path, text);
		free(text);
	} else {
		failed = unlink(path) && errno != ENOENT;
	}
	if (failed)
		message(LEVEL_ERROR, "mapbufctl cdi: %s: %s", path,
			strerror(errno));
	return failed ? EXIT_FAILED : EXIT_OK;
}

static int print(struct json_object *document)
{
	if (document) {
		puts(json_text(document));
		return EXIT_OK;
	}
	message(LEVEL_ERROR, "mapbufctl cdi: there are no buffers for it");
	return EXIT_FAILED;
}

/* Reports each name that is of no buffer. */
static int names_exist(const struct request *request,
		       const struct mapbuf_list *list)
{
	size_t found;

	free(pick(list, request->names, request->name_count, &found));
	return !request->name_count || found == request->name_count;
}

static int once(const struct request *request)
{
	struct mapbuf_list *list = pick_list();
	struct json_object *document;
	int status = EXIT_FAILED;

	if (!list)
		return EXIT_FAILED;
	if (names_exist(request, list)) {
		document = document_of(request, list);
		status = request->output ?
			 write_file(request->output, document) : print(document);
		json_object_put(document);
	}
	mapbuf_list_free(list);
	return status;
}

/* What there is now, if it is not what @last says. */
static int update(const struct request *request, char **last)
{
	struct mapbuf_list *list = mapbuf_list_read();
	struct json_object *document;
	const char *text = "";
	int status = EXIT_OK;

	/* Without the module there are none. */
	if (!list && errno != ENOENT)
		return -1;
	document = document_of(request, list);
	if (document)
		text = json_text(document);
	if (!*last || strcmp(*last, text)) {
		free(*last);
		*last = xstrdup(text);
		status = write_file(request->output, document);
	}
	json_object_put(document);
	mapbuf_list_free(list);
	return status;
}

/* A message of any kind may be of another owner, or of many that were lost. */
static int next_message(struct mapbuf_monitor *monitor)
{
	struct pollfd poller = {
		.fd = mapbuf_monitor_fd(monitor), .events = POLLIN
	};
	int found;

	while (poll(&poller, 1, -1) < 0) {
		if (errno != EINTR)
			return -1;
	}
	do
		found = mapbuf_monitor_next(monitor);
	while (found > 0);
	return found < 0 && errno != ENOBUFS ? -1 : 0;
}

static int follow(const struct request *request)
{
	struct mapbuf_monitor *monitor = mapbuf_monitor_open();
	char *last = NULL;
	int status = -1;

	if (monitor) {
		do
			status = update(request, &last);
		while (status == EXIT_OK && !(status = next_message(monitor)));
	}
	if (status < 0)
		message(LEVEL_ERROR, "mapbufctl cdi: buffers cannot be followed: %s",
			strerror(errno));
	mapbuf_monitor_close(monitor);
	free(last);
	return EXIT_FAILED;
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ "follow", no_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 }
	};
	struct request request = { 0 };
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (option) {
		case 'f':
			request.follow = 1;
			break;
		case 'o':
			request.output = optarg;
			break;
		default:
			return usage_error(argv);
		}
	}
	if (request.follow && !request.output) {
		message(LEVEL_ERROR, "%s: --follow needs --output=FILE", argv[0]);
		return usage_error(argv);
	}
	request.names = argv + optind;
	request.name_count = argc - optind;
	return request.follow ? follow(&request) : once(&request);
}

const struct verb verb_cdi = {
	.name = "cdi", .arguments = "[OPTION]... [NAME]...",
	.summary = "describe buffers to what runs containers",
	.help = help, .run = run
};
