// SPDX-License-Identifier: GPL-2.0-only
/* How the kernel, and a process, access memory: what page tables say. */
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/mapbuf.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#include "driver.h"
#include "driver_device.h"

#ifdef CONFIG_X86_64

#define CACHING (_PAGE_PWT | _PAGE_PCD)

/* Of an address that the process has touched, in its page tables. */
static int of_process(unsigned long address, unsigned long *caching)
{
	struct mm_struct *mm = current->mm;
	int err = -ENOENT;
	pgd_t *pgd;
	p4d_t *p4d;
	pud_t *pud;
	pmd_t pmd;

	mmap_read_lock(mm);
	pgd = pgd_offset(mm, address);
	p4d = pgd_none(*pgd) ? NULL : p4d_offset(pgd, address);
	pud = !p4d || p4d_none(*p4d) ? NULL : pud_offset(p4d, address);
	if (pud && !pud_none(*pud)) {
		pmd = *pmd_offset(pud, address);
		if (pmd_val(pmd) & _PAGE_PSE) {
			*caching = pmd_val(pmd);
			err = 0;
		} else if (!pmd_none(pmd)) {
			*caching = pte_val(*pte_offset_kernel(&pmd, address));
			err = *caching ? 0 : -ENOENT;
		}
	}
	mmap_read_unlock(mm);
	*caching &= CACHING;
	return err;
}

/* PWT alone is write-combined, PCD alone uncached, as Linux sets the PAT. */
static u32 cache_of(unsigned long caching)
{
	if (caching & _PAGE_PCD)
		return MAPBUF_CACHE_UNCACHED;
	return (caching & _PAGE_PWT) ? MAPBUF_CACHE_WRITE_COMBINED :
				     MAPBUF_CACHE_CACHED;
}

int driver_caching(struct driver_call *call)
{
	unsigned long caching = 0;
	unsigned int level;
	pte_t *entry;
	int err = 0;

	if (call->address)
		err = of_process(call->address, &caching);
	call->entries = cache_of(caching);
	entry = lookup_address((unsigned long)__va(call->offset), &level);
	if (!entry)
		return -ENOENT;
	call->longest = cache_of(pte_val(*entry));
	return err;
}

#else

int driver_caching(struct driver_call *call)
{
	return -EOPNOTSUPP;
}

#endif
