/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints, in /sys/kernel/tracing/events/mapbuf.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mapbuf

#if !defined(MAPBUF_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MAPBUF_TRACE_H

#include <linux/mm.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "backing.h"
#include "mapbuf.h"

/* Arrays: the helpers for strings take other arguments since 6.10. */
DECLARE_EVENT_CLASS(mapbuf_buffer,
	TP_PROTO(const struct mapbuf_buffer *buf),
	TP_ARGS(buf),
	TP_STRUCT__entry(
		__array(char, name, MAPBUF_NAME_SIZE)
		__field(u32, id)
		__field(u32, backing)
		__field(u64, bytes)
	),
	TP_fast_assign(
		memcpy(__entry->name, buf->spec.name, MAPBUF_NAME_SIZE);
		__entry->id = buf->id;
		__entry->backing = buf->spec.ops->id;
		__entry->bytes = buf->spec.bytes;
	),
	TP_printk("name=%s id=%u backing=%s bytes=%llu", __entry->name,
		  __entry->id,
		  __print_symbolic(__entry->backing,
				   { MAPBUF_BACKING_VMALLOC, "vmalloc" },
				   { MAPBUF_BACKING_CONTIGUOUS, "contiguous" },
				   { MAPBUF_BACKING_RESERVED, "reserved" }),
		  __entry->bytes)
);

/* A buffer can be used. */
DEFINE_EVENT(mapbuf_buffer, mapbuf_create,
	TP_PROTO(const struct mapbuf_buffer *buf),
	TP_ARGS(buf)
);

/* Its name and node go. */
DEFINE_EVENT(mapbuf_buffer, mapbuf_destroy,
	TP_PROTO(const struct mapbuf_buffer *buf),
	TP_ARGS(buf)
);

/* Its memory goes, with the last user. */
DEFINE_EVENT(mapbuf_buffer, mapbuf_release,
	TP_PROTO(const struct mapbuf_buffer *buf),
	TP_ARGS(buf)
);

DECLARE_EVENT_CLASS(mapbuf_area,
	TP_PROTO(const struct mapbuf_buffer *buf,
		 const struct vm_area_struct *vma),
	TP_ARGS(buf, vma),
	TP_STRUCT__entry(
		__array(char, name, MAPBUF_NAME_SIZE)
		__field(unsigned long, start)
		__field(unsigned long, end)
		__field(unsigned long, pgoff)
		__field(unsigned long, flags)
	),
	TP_fast_assign(
		memcpy(__entry->name, buf->spec.name, MAPBUF_NAME_SIZE);
		__entry->start = vma->vm_start;
		__entry->end = vma->vm_end;
		__entry->pgoff = vma->vm_pgoff;
		__entry->flags = vma->vm_flags;
	),
	TP_printk("name=%s start=%#lx end=%#lx pgoff=%lu by=%s", __entry->name,
		  __entry->start, __entry->end, __entry->pgoff,
		  __entry->flags & VM_PFNMAP ? "frame" :
		  __entry->flags & VM_MIXEDMAP ? "page" : "2M")
);

/* An area of memory maps a buffer; splitting one makes another. */
DEFINE_EVENT(mapbuf_area, mapbuf_map,
	TP_PROTO(const struct mapbuf_buffer *buf,
		 const struct vm_area_struct *vma),
	TP_ARGS(buf, vma)
);

DEFINE_EVENT(mapbuf_area, mapbuf_unmap,
	TP_PROTO(const struct mapbuf_buffer *buf,
		 const struct vm_area_struct *vma),
	TP_ARGS(buf, vma)
);

/* A page fault was answered: result as VM_FAULT_. */
TRACE_EVENT(mapbuf_fault,
	TP_PROTO(const struct mapbuf_buffer *buf,
		 const struct vm_area_struct *vma, unsigned long pgoff,
		 vm_fault_t result),
	TP_ARGS(buf, vma, pgoff, result),
	TP_STRUCT__entry(
		__array(char, name, MAPBUF_NAME_SIZE)
		__field(unsigned long, start)
		__field(unsigned long, pgoff)
		__field(unsigned int, result)
	),
	TP_fast_assign(
		memcpy(__entry->name, buf->spec.name, MAPBUF_NAME_SIZE);
		__entry->start = vma->vm_start;
		__entry->pgoff = pgoff;
		__entry->result = (__force unsigned int)result;
	),
	TP_printk("name=%s start=%#lx pgoff=%lu result=%#x", __entry->name,
		  __entry->start, __entry->pgoff, __entry->result)
);

#endif /* MAPBUF_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
