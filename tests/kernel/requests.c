// SPDX-License-Identifier: GPL-2.0-only
#include "requests.h"

#define FIELD(type, name, kind, rules) \
	{ offsetof(struct type, name), kind, rules }

static const struct field create_fields[] = {
	FIELD(mapbuf_create, size, SIZE, 0),
	FIELD(mapbuf_create, flags, FLAGS, 0),
	FIELD(mapbuf_create, bytes, LENGTH, OUTPUT),
	FIELD(mapbuf_create, name, NAME, 0),
	FIELD(mapbuf_create, backing, BACKING, OUTPUT),
	FIELD(mapbuf_create, id, NUMBER, OUTPUT),
	FIELD(mapbuf_create, numa_node, NODE, 0),
	FIELD(mapbuf_create, dma_bits, BITS, 0),
	FIELD(mapbuf_create, uid, NUMBER, 0),
	FIELD(mapbuf_create, gid, NUMBER, 0),
	FIELD(mapbuf_create, mode, MODE, 0),
	FIELD(mapbuf_create, cache, NUMBER, 0),
	FIELD(mapbuf_create, phys_addr, LONG, 0),
	FIELD(mapbuf_create, device, DEVICE, 0),
	{ 0 }
};

static const struct field destroy_fields[] = {
	FIELD(mapbuf_destroy, size, SIZE, 0),
	FIELD(mapbuf_destroy, flags, FLAGS, 0),
	FIELD(mapbuf_destroy, name, NAME, 0),
	{ 0 }
};

static const struct field info_fields[] = {
	FIELD(mapbuf_info, size, SIZE, 0),
	FIELD(mapbuf_info, flags, FLAGS, ZERO),
	FIELD(mapbuf_info, bytes, LONG, OUTPUT),
	FIELD(mapbuf_info, name, NAME, OUTPUT),
	FIELD(mapbuf_info, backing, NUMBER, OUTPUT),
	FIELD(mapbuf_info, id, NUMBER, OUTPUT),
	FIELD(mapbuf_info, numa_node, NUMBER, OUTPUT),
	FIELD(mapbuf_info, dma_bits, NUMBER, OUTPUT),
	{ 0 }
};

static const struct field notify_fields[] = {
	FIELD(mapbuf_notify, size, SIZE, 0),
	FIELD(mapbuf_notify, flags, FLAGS, ZERO),
	FIELD(mapbuf_notify, sequence, LONG, OUTPUT),
	{ 0 }
};

static const struct field eventfd_fields[] = {
	FIELD(mapbuf_eventfd, size, SIZE, 0),
	FIELD(mapbuf_eventfd, flags, FLAGS, ZERO),
	FIELD(mapbuf_eventfd, fd, FD, 0),
	FIELD(mapbuf_eventfd, reserved, NUMBER, ZERO),
	{ 0 }
};

static const struct field export_fields[] = {
	FIELD(mapbuf_export, size, SIZE, 0),
	FIELD(mapbuf_export, flags, FLAGS, ZERO),
	FIELD(mapbuf_export, offset, LENGTH, 0),
	FIELD(mapbuf_export, bytes, LENGTH, 0),
	FIELD(mapbuf_export, fd, FD, OUTPUT),
	FIELD(mapbuf_export, reserved, NUMBER, ZERO),
	{ 0 }
};

static const struct field sync_fields[] = {
	FIELD(mapbuf_sync, size, SIZE, 0),
	FIELD(mapbuf_sync, flags, FLAGS, 0),
	FIELD(mapbuf_sync, offset, LENGTH, 0),
	FIELD(mapbuf_sync, bytes, LENGTH, 0),
	{ 0 }
};

static const struct field dma_fields[] = {
	FIELD(mapbuf_dma, size, SIZE, 0),
	FIELD(mapbuf_dma, flags, FLAGS, ZERO),
	FIELD(mapbuf_dma, offset, LENGTH, 0),
	FIELD(mapbuf_dma, address, LONG, OUTPUT),
	FIELD(mapbuf_dma, bytes, LONG, OUTPUT),
	{ 0 }
};

const struct request requests[REQUESTS] = {
	[CREATE] = {
		MAPBUF_IOC_CREATE, true, sizeof(struct mapbuf_create),
		offsetof(struct mapbuf_create, device), 0x7f,
		create_fields,
		{ EPERM, EEXIST, ENOSPC, ENOMEM, ENODEV, EOPNOTSUPP, EBUSY, EIO }
	},
	[DESTROY] = {
		MAPBUF_IOC_DESTROY, true, sizeof(struct mapbuf_destroy),
		sizeof(struct mapbuf_destroy), 1,
		destroy_fields, { ENOENT, EBUSY }
	},
	[INFO] = {
		MAPBUF_IOC_INFO, false, sizeof(struct mapbuf_info),
		sizeof(struct mapbuf_info), 0,
		info_fields, { 0 }
	},
	[NOTIFY] = {
		MAPBUF_IOC_NOTIFY, false, sizeof(struct mapbuf_notify),
		sizeof(struct mapbuf_notify), 0,
		notify_fields, { EBADF }
	},
	[SEEN] = {
		MAPBUF_IOC_SEEN, false, sizeof(struct mapbuf_notify),
		sizeof(struct mapbuf_notify), 0,
		notify_fields, { 0 }
	},
	[EVENTFD] = {
		MAPBUF_IOC_EVENTFD, false, sizeof(struct mapbuf_eventfd),
		sizeof(struct mapbuf_eventfd), 0,
		eventfd_fields, { EBADF }
	},
	[EXPORT] = {
		MAPBUF_IOC_EXPORT, false, sizeof(struct mapbuf_export),
		sizeof(struct mapbuf_export), 0,
		export_fields, { EACCES, EMFILE, ENOMEM }
	},
	[SYNC] = {
		MAPBUF_IOC_SYNC, false, sizeof(struct mapbuf_sync),
		sizeof(struct mapbuf_sync), 0xf, sync_fields, { EACCES, ENODEV }
	},
	[DMA] = {
		MAPBUF_IOC_DMA, false, sizeof(struct mapbuf_dma),
		sizeof(struct mapbuf_dma), 0, dma_fields, { ENODEV }
	},
};

void name_of(const struct fuzz *f, char *name, unsigned int i)
{
	memset(name, 0, MAPBUF_NAME_SIZE);
	snprintf(name, MAPBUF_NAME_SIZE, "--------%u", i);
	memset(name, 'a' + f->worker, 8);
}

int number_of(const struct fuzz *f, const char *name)
{
	char other[MAPBUF_NAME_SIZE];
	int i;

	for (i = 0; i < NAMES; i++) {
		name_of(f, other, i);
		if (!memcmp(name, other, sizeof(other)))
			return i;
	}
	return -1;
}

static uint64_t pick(struct fuzz *f, const uint64_t *values, unsigned int n)
{
	return fuzz_one_in(f, 8) ? fuzz_value(f) :
	       values[fuzz_below(f, n)];
}

static uint64_t member_value(struct fuzz *f, enum kind what, uint32_t size,
			     const int fds[FDS])
{
	static const uint64_t lengths[] = {
		0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 3 * PAGE, MIB,
		HUGE_PAGE, HUGE_PAGE + 1, 5 * MIB, 64 * MIB, 64 * MIB + 1, ~0ULL,
		1ULL << 63, (1ULL << 63) - PAGE, -PAGE,
	};
	static const uint64_t bits[] = { 0, 11, 12, 20, 24, 31, 32, 33, 63, 64, 65 };
	static const uint64_t modes[] = { 0, 0600, 0666, 0660, 0777, 01000, 0444 };
	static const uint64_t backings[] = { 0, 1, 2, 3, 4 };
	const uint64_t sizes[] = {
		size, size - 1, size + 1, size + 8, 0, 4, PAGE, PAGE + 1,
		1ULL << 31, ~0U,
	};
	const uint64_t numbers[] = {
		-1, -2, 0, fds[CONTROL], fds[SMALL], fds[DMABUF], fds[EVENT],
		fds[EVENT2], 1023, 1 << 30,
	};

	switch (what) {
	case SIZE:
		return pick(f, sizes, ARRAY_LEN(sizes));
	case FLAGS:
		return fuzz_one_in(f, 4) ? fuzz_value(f) :
		       fuzz_below(f, 64);
	case LENGTH:
		return pick(f, lengths, ARRAY_LEN(lengths));
	case BACKING:
		return pick(f, backings, ARRAY_LEN(backings));
	case BITS:
		return pick(f, bits, ARRAY_LEN(bits));
	case NODE:
		return pick(f, backings, 2);
	case MODE:
		return pick(f, modes, ARRAY_LEN(modes));
	case FD:
		return pick(f, numbers, ARRAY_LEN(numbers));
	default:
		return fuzz_value(f);
	}
}

size_t member_width(const struct field *m)
{
	return m->kind == NAME ? MAPBUF_NAME_SIZE :
	       m->kind == DEVICE ? MAPBUF_DEVICE_SIZE : m->kind <= LENGTH ? 8 : 4;
}

static void set_member(struct input *in, const struct field *m, uint64_t value)
{
	memcpy(in->bytes + m->offset, &value, member_width(m));
}

uint64_t member(const struct input *in, const struct field *m)
{
	uint64_t value = 0;

	if (m->kind != NAME && m->kind != DEVICE)
		memcpy(&value, in->bytes + m->offset, member_width(m));
	return value;
}

static void mutate_member(struct fuzz *f, struct input *in,
			  const struct field *m, const int fds[FDS])
{
	char *name = (char *)in->bytes + m->offset;

	if (m->kind == DEVICE && fuzz_one_in(f, 2))
		memset(name, 0, MAPBUF_DEVICE_SIZE);
	else if (m->kind == DEVICE && fuzz_one_in(f, 2))
		snprintf(name, MAPBUF_DEVICE_SIZE, "platform/%u",
			 fuzz_below(f, 4));
	else if (m->kind == DEVICE)
		name[fuzz_below(f, MAPBUF_DEVICE_SIZE)] = fuzz_bits(f);
	else if (m->kind != NAME)
		set_member(in, m, member_value(f, m->kind,
					       requests[in->request].size, fds));
	else if (fuzz_one_in(f, 4))
		name[fuzz_below(f, MAPBUF_NAME_SIZE)] = fuzz_bits(f);
	else
		name_of(f, name, fuzz_below(f, NAMES));
}

void request_generate(struct fuzz *f, struct input *in, const int fds[FDS])
{
	const struct request *r;
	const struct field *m;

	memset(in, 0, sizeof(*in));
	in->request = fuzz_below(f, ARRAY_LEN(requests));
	r = &requests[in->request];
	in->cmd = r->cmd;
	in->target = r->control ? CONTROL : SMALL + fuzz_below(f, 4);
	for (m = r->fields; m->kind != END; m++) {
		if (m->kind == NAME)
			name_of(f, (char *)in->bytes + m->offset,
				fuzz_below(f, NAMES));
		else if (m->kind == SIZE)
			set_member(in, m, r->size);
		else if (m->kind == LENGTH || m->kind == BACKING)
			set_member(in, m, member_value(f, m->kind, 0, fds));
		else if (m->kind == FD && !(m->rules & OUTPUT))
			set_member(in, m, fds[EVENT + fuzz_below(f, 2)]);
	}
}

void request_mutate(struct fuzz *f, struct input *in, const int fds[FDS])
{
	const struct request *r = &requests[in->request];
	const struct field *m = r->fields;
	unsigned int n = 0;

	switch (fuzz_below(f, 16)) {
	case 0:
		in->target = fuzz_below(f, TARGETS);
		return;
	case 1:
		in->place = fuzz_below(f, PLACES);
		in->cut = fuzz_below(f, r->size + 1);
		return;
	case 2:
		in->tail = fuzz_below(f, PAGE);
		set_member(in, m, member_value(f, SIZE, r->size, fds));
		return;
	case 3:
		/* The same with another direction and size, or any number. */
		in->cmd = fuzz_one_in(f, 2) ?
			  in->cmd ^ 1U << fuzz_below(f, 32) :
			  _IO(MAPBUF_IOC_TYPE, fuzz_below(f, 256));
		for (n = 0; n < REQUESTS; n++) {
			if (in->cmd == requests[n].cmd)
				in->cmd = r->cmd;
		}
		return;
	case 4:
		in->bytes[fuzz_below(f, fuzz_one_in(f, 8) ? r->size :
							    r->first_size)] ^=
			1 << fuzz_below(f, 8);
		return;
	default:
		while (m[n].kind != END)
			n++;
		mutate_member(f, in, &m[fuzz_below(f, n)], fds);
	}
}
