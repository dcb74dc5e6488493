// SPDX-License-Identifier: GPL-2.0-only
/*
 * A buffer as the memory of an AF_XDP socket: packets of a pair of veth devices are
 * received into it and sent from it, while another process has it mapped, too; also
 * when it is destroyed meanwhile.
 */
#include "t.h"

#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include <arpa/inet.h>

#ifndef SOL_XDP
#define SOL_XDP 283
#endif

#define SIZE (2 * HUGE_PAGE)
#define ENTRIES 16
#define FRAMES 8
#define STEP (SIZE / FRAMES)	/* a frame in each such part */
#define LEN 1200
#define PROTOCOL 0x88b5		/* for experiments */

static const char *store;

/* Netlink: one request, and its answer. */

struct request {
	struct nlmsghdr head;
	struct ifinfomsg info;
	char room[512];
};

static struct nlattr *put(struct request *r, unsigned int type, const void *data,
			  size_t len)
{
	struct nlattr *attr = (void *)((char *)r + NLMSG_ALIGN(r->head.nlmsg_len));

	if ((char *)attr + NLA_HDRLEN + len > r->room + sizeof(r->room))
		t_bail("a request that is too long");
	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy((char *)attr + NLA_HDRLEN, data, len);
	r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len) +
			    NLA_ALIGN(attr->nla_len);
	return attr;
}

static void nest_end(struct request *r, struct nlattr *nest)
{
	nest->nla_len = (char *)r + r->head.nlmsg_len - (char *)nest;
}

static int talk(struct request *r)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	/* The answer has the request, too. */
	char answer[2 * sizeof(*r)];
	const struct nlmsghdr *head = (void *)answer;
	const struct nlmsgerr *error = NLMSG_DATA(head);

	r->head.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (send(fd, r, r->head.nlmsg_len, 0) < 0 ||
	    recv(fd, answer, sizeof(answer), 0) < 0 ||
	    head->nlmsg_type != NLMSG_ERROR)
		t_bail("netlink");
	close(fd);
	return error->error;
}

/* "near" and "far" */
static int make_pair(void)
{
	struct request r = {
		.head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			  .nlmsg_type = RTM_NEWLINK,
			  .nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL },
	};
	struct ifinfomsg none = {};
	struct nlattr *info, *data, *peer;

	put(&r, IFLA_IFNAME, "near", 5);
	info = put(&r, IFLA_LINKINFO, "", 0);
	put(&r, IFLA_INFO_KIND, "veth", 4);
	data = put(&r, IFLA_INFO_DATA, "", 0);
	peer = put(&r, VETH_INFO_PEER, &none, sizeof(none));
	put(&r, IFLA_IFNAME, "far", 4);
	nest_end(&r, peer);
	nest_end(&r, data);
	nest_end(&r, info);
	return talk(&r);
}

static void set_up(const char *name, int program)
{
	struct request r = {
		.head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			  .nlmsg_type = RTM_NEWLINK },
		.info = { .ifi_index = if_nametoindex(name), .ifi_flags = IFF_UP,
			  .ifi_change = IFF_UP },
	};
	struct nlattr *nest;

	if (program >= 0) {
		nest = put(&r, IFLA_XDP | NLA_F_NESTED, "", 0);
		put(&r, IFLA_XDP_FD, &program, sizeof(program));
		nest_end(&r, nest);
	}
	if (talk(&r))
		t_bail("set up %s", name);
}

/* What the kernel runs for each packet: all go to the socket in the map. */

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int make_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_XSKMAP,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};

	return bpf(BPF_MAP_CREATE, &attr);
}

static int make_program(int map)
{
	struct bpf_insn code[] = {
		/* r1 = map; r2 = 0; r3 = XDP_PASS; return redirect_map() */
		{ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1,
		  .src_reg = BPF_PSEUDO_MAP_FD, .imm = map },
		{},
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3,
		  .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uintptr_t)code,
		.insn_cnt = ARRAY_LEN(code),
		.license = (uintptr_t)"GPL",
	};

	return bpf(BPF_PROG_LOAD, &attr);
}

static int map;

static void receive_by(int socket)
{
	uint32_t key = 0, value = socket;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	if (bpf(BPF_MAP_UPDATE_ELEM, &attr))
		t_bail("the socket into the map");
}

/* The socket */

struct xring {
	uint32_t *producer;
	uint32_t *consumer;
	void *entries;
	char *area;
	size_t len;
};

struct xsk {
	int fd;
	struct xring filled, completed, received, sent;
};

static void ring_map(const struct xsk *xsk, struct xring *ring, int size_option,
		     const struct xdp_ring_offset *offsets, size_t entry, off_t at)
{
	int entries = ENTRIES;
	char *area;

	ring->len = offsets->desc + ENTRIES * entry;
	if (setsockopt(xsk->fd, SOL_XDP, size_option, &entries, sizeof(entries)))
		t_bail("a ring of AF_XDP");
	area = mmap(NULL, ring->len, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, xsk->fd, at);
	if (area == MAP_FAILED)
		t_bail("map a ring of AF_XDP");
	ring->area = area;
	ring->producer = (void *)(area + offsets->producer);
	ring->consumer = (void *)(area + offsets->consumer);
	ring->entries = area + offsets->desc;
}

static int umem(int fd, char *at, size_t len)
{
	struct xdp_umem_reg reg = {
		.addr = (uintptr_t)at, .len = len, .chunk_size = PAGE,
	};

	return setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)) ?
	       -errno : 0;
}

static void xsk_open(struct xsk *xsk, char *at)
{
	struct sockaddr_xdp address = {
		.sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY,
		.sxdp_ifindex = if_nametoindex("near"),
	};
	struct xdp_mmap_offsets offsets;
	socklen_t len = sizeof(offsets);
	int err;

	xsk->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	err = umem(xsk->fd, at, SIZE);
	t_ok(!err, "%s: it is registered (%d)", store, err);
	if (getsockopt(xsk->fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &len))
		t_bail("the rings of AF_XDP");
	ring_map(xsk, &xsk->filled, XDP_UMEM_FILL_RING, &offsets.fr, 8,
		 XDP_UMEM_PGOFF_FILL_RING);
	ring_map(xsk, &xsk->completed, XDP_UMEM_COMPLETION_RING, &offsets.cr, 8,
		 XDP_UMEM_PGOFF_COMPLETION_RING);
	ring_map(xsk, &xsk->received, XDP_RX_RING, &offsets.rx,
		 sizeof(struct xdp_desc), XDP_PGOFF_RX_RING);
	ring_map(xsk, &xsk->sent, XDP_TX_RING, &offsets.tx,
		 sizeof(struct xdp_desc), XDP_PGOFF_TX_RING);
	if (bind(xsk->fd, (struct sockaddr *)&address, sizeof(address)))
		t_bail("bind AF_XDP");
	receive_by(xsk->fd);
}

/* The mappings of the rings hold it, too. */
static void xsk_close(struct xsk *xsk)
{
	munmap(xsk->filled.area, xsk->filled.len);
	munmap(xsk->completed.area, xsk->completed.len);
	munmap(xsk->received.area, xsk->received.len);
	munmap(xsk->sent.area, xsk->sent.len);
	close(xsk->fd);
}

static void offer(struct xsk *xsk, uint64_t at)
{
	uint32_t n = *xsk->filled.producer;

	((uint64_t *)xsk->filled.entries)[n % ENTRIES] = at;
	__atomic_store_n(xsk->filled.producer, n + 1, __ATOMIC_RELEASE);
}

/* The next entry that the kernel has put there. */
static uint32_t next(const struct xsk *xsk, const struct xring *ring)
{
	struct pollfd polled = { .fd = xsk->fd, .events = POLLIN };
	uint32_t n = *ring->consumer;

	while (__atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) == n)
		poll(&polled, 1, -1);
	return n;
}

static struct xdp_desc receive(const struct xsk *xsk)
{
	const struct xring *ring = &xsk->received;
	uint32_t n = next(xsk, ring);
	struct xdp_desc desc = ((struct xdp_desc *)ring->entries)[n % ENTRIES];

	__atomic_store_n(ring->consumer, n + 1, __ATOMIC_RELEASE);
	return desc;
}

/* The other end of the wire */

static int far;

static void far_open(void)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(PROTOCOL),
		.sll_ifindex = if_nametoindex("far"),
	};

	far = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(PROTOCOL));
	if (bind(far, (struct sockaddr *)&address, sizeof(address)))
		t_bail("AF_PACKET");
}

static void make_frame(char *frame, uint64_t seed)
{
	struct ethhdr head = { .h_proto = htons(PROTOCOL) };

	memset(head.h_dest, 0xff, sizeof(head.h_dest));
	fill(frame, LEN, seed);
	memcpy(frame, &head, sizeof(head));
}

static bool is_frame(const char *at, uint64_t seed)
{
	char frame[LEN];

	make_frame(frame, seed);
	return !memcmp(at, frame, LEN);
}

static void send_frame(uint64_t seed)
{
	char frame[LEN];

	make_frame(frame, seed);
	if (send(far, frame, LEN, 0) != LEN)
		t_bail("send to veth");
}

/* A second process: what came is there, and what is to be sent it puts there. */
static void other(unsigned int first)
{
	int fd = b_open("xdp", O_RDWR);
	char *at = b_map(fd, SIZE, 0);
	unsigned int i;

	for (i = 0; i < FRAMES; i++) {
		/* Where in its frame the kernel begins, xdp() has checked. */
		char *frame = at + i * STEP;
		uint64_t begin;

		memcpy(&begin, at + SIZE - PAGE + i * sizeof(begin),
		       sizeof(begin));
		must(is_frame(at + begin, first + i));
		make_frame(frame, first + 100 + i);
	}
}

static void works(struct xsk *xsk, char *at)
{
	unsigned int i, bad = 0;
	char frame[LEN + 1];
	struct xdp_desc *sent = xsk->sent.entries;

	for (i = 0; i < FRAMES; i++) {
		offer(xsk, i * STEP);
		send_frame(i);
	}
	for (i = 0; i < FRAMES; i++) {
		struct xdp_desc desc = receive(xsk);
		uint64_t begin = desc.addr;

		bad += desc.len != LEN || begin / PAGE != i * STEP / PAGE ||
		       !is_frame(at + begin, i);
		memcpy(at + SIZE - PAGE + i * sizeof(begin), &begin,
		       sizeof(begin));
	}
	t_ok(!bad, "%s: packets are received into it", store);
	child(other, 0);
	t_ok(reap(), "%s: another process finds them there", store);

	for (i = 0; i < FRAMES; i++)
		sent[i] = (struct xdp_desc){ .addr = i * STEP, .len = LEN };
	__atomic_store_n(xsk->sent.producer, FRAMES, __ATOMIC_RELEASE);
	while (__atomic_load_n(xsk->completed.producer, __ATOMIC_ACQUIRE) <
	       FRAMES) {
		if (sendto(xsk->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 &&
		    errno != EAGAIN && errno != EBUSY)
			t_bail("sendto AF_XDP");
	}
	for (i = 0; i < FRAMES; i++)
		bad += recv(far, frame, sizeof(frame), 0) != LEN ||
		       !is_frame(frame, 100 + i);
	t_ok(!bad, "%s: and what it puts there is sent", store);
}

/* Registered memory is pinned: who has it outlives the buffer, and its name. */
static void destroyed(struct xsk *xsk, char *at, int fd, unsigned int id)
{
	unsigned int i, bad = 0;
	char *anew;

	for (i = 0; i < FRAMES / 2; i++) {
		offer(xsk, i * STEP);
		send_frame(i);
		bad += receive(xsk).len != LEN;
	}
	munmap(at, SIZE);
	close(fd);
	t_ok(b_destroy("xdp", 0) == -EBUSY, "%s: destroy is EBUSY", store);
	t_ok(!b_destroy("xdp", MAPBUF_DESTROY_DEFERRED) && b_id("xdp") < 0,
	     "%s: unless it is deferred", store);
	b_create("xdp", SIZE, id);
	for (; i < FRAMES; i++) {
		offer(xsk, i * STEP);
		send_frame(i);
		bad += receive(xsk).len != LEN;
	}
	t_ok(!bad, "%s: packets are received then, too", store);
	fd = b_open("xdp", O_RDWR);
	anew = b_map(fd, SIZE, 0);
	t_ok(all_zero(anew, SIZE), "%s: but not into a new buffer of that name",
	     store);
	munmap(anew, SIZE);
	close(fd);
	b_destroy("xdp", 0);
	t_ok(b_bytes("pinned") >= (long)SIZE, "%s: the pins are shown", store);
}

/* What a program does that expects another size, or may only read. */
static void refused(char *at, int fd)
{
	int xsk = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	int reader = b_open("xdp", O_RDONLY);
	char *seen = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, reader, 0);

	t_ok(seen != MAP_FAILED && umem(xsk, seen, SIZE) == -EFAULT,
	     "%s: read-only memory is EFAULT", store);
	t_ok(umem(xsk, at + SIZE - PAGE, 2 * PAGE) == -ENOMEM,
	     "%s: more than the buffer has is ENOMEM", store);
	munmap(seen, SIZE);
	close(reader);
	close(xsk);
	t_ok(pread(fd, &xsk, 1, 0) == 1, "%s: it can be read still", store);
}

static void xdp(const struct store *s)
{
	struct xsk xsk;
	char *at, *alone;
	int fd;

	store = s->name;
	b_create("xdp", SIZE, s->id);
	fd = b_open("xdp", O_RDWR);
	at = b_map(fd, SIZE, 0);
	/* So that nothing lies behind it. */
	alone = mmap(at + SIZE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		     MAP_FIXED_NOREPLACE, -1, 0);
	refused(at, fd);
	if (alone != MAP_FAILED)
		munmap(alone, PAGE);
	xsk_open(&xsk, at);
	works(&xsk, at);
	destroyed(&xsk, at, fd, s->id);
	xsk_close(&xsk);
	while (b_bytes("pinned"))
		usleep(10000);
	t_ok(true, "%s: all comes back when the socket is closed", store);
}

int main(void)
{
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0), program;
	const struct store *s;

	if (fd < 0) {
		t_skip("the kernel has no AF_XDP", "a buffer as its memory");
		return t_done();
	}
	close(fd);
	if (make_pair())
		t_bail("a pair of veth devices");
	map = make_map();
	program = make_program(map);
	if (map < 0 || program < 0)
		t_bail("a program for XDP: %s", strerror(errno));
	set_up("near", program);
	set_up("far", -1);
	far_open();
	for (s = stores; s->name; s++)
		xdp(s);
	return t_done();
}
