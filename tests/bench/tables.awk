# SPDX-License-Identifier: GPL-2.0-only
#
# awk -v table=NAME -f tables.awk FILE...: one table, in Markdown, of what the
# bench program printed, a file for each kernel.  Where kernels differ, a cell
# has one value for each, in the order of the files.

BEGIN { FS = "\t" }

$1 == "kernel" {
	kernels++
	split($2, part, ".")
	releases = releases (kernels > 1 ? ", " : "") $2
	short = short (kernels > 1 ? " / " : "") part[1] "." part[2] + 0
	next
}

!(($3) in seen) { seen[$3] = 1; rows[++n] = $3 }

# A kernel that has no such memory has no value.
$1 == "error" { next }

{
	there[$3] = $5 == "there"
	for (i = 6; i <= NF; i++)
		value[$1, $2, $3, kernels, i - 5] = $i
}

# Thousands.
function thousands(x) { return sprintf(x < 99950 ? "%.1fk" : "%.0fk", x / 1000) }

# The same, but what is less as it is, and millions.
function amount(x) {
	if (x < 1000)
		return sprintf("%.0f", x)
	if (x < 999500)
		return thousands(x)
	return sprintf(x < 9995000 ? "%.2fM" : x < 99950000 ? "%.1fM" : \
		       "%.0fM", x / 1000000)
}

# The value of one kernel, or a dash.  A column is WHAT SIZE HOW FIELD...: "sum"
# the fields, the field in "MiB", or "KiB" in each MiB; the field as "one", of
# "hundredths", or for "each" MiB, or divided "by" that of another SIZE; with "use" the field is in
# the place of HOW.
function cell(column, row, k,    i, sum, what, size) {
	split(column, part, " ")
	what = part[1]
	size = part[2]
	if (!((what, size, row, k, 1) in value))
		return "–"
	if (what == "use")
		return value[what, size, row, k, part[3]]
	if (part[3] == "sum") {
		for (i = 4; i in part; i++)
			sum += value[what, size, row, k, part[i]]
		return thousands(sum)
	}
	sum = value[what, size, row, k, part[4]]
	if (part[3] == "one")
		return sum == "" ? "–" : amount(sum)
	if (part[3] == "hundredths")
		return sprintf(sum % 100 ? "%.1f" : "%.0f", sum / 100)
	if (part[3] == "each")
		return sum == "" ? "–" : amount(sum * 1048576 / size)
	if (part[3] == "by") {
		if (!((what, part[5], row, k, part[4]) in value))
			return "–"
		sum /= value[what, part[5], row, k, part[4]]
		return sprintf(sum < 10 ? "%.2f" : "%.0f", sum)
	}
	if (part[3] == "MiB")
		return sprintf("%.2f", sum < 0 ? 0 : sum / 1048576)
	# KiB for each MiB, beyond what was asked for if that is in there.
	if (part[5] && sum < size / 2)
		return "none taken"
	sum = (sum - part[5] * size) * 1024 / size
	return sprintf("%.1f", sum > -0.05 && sum < 0 ? 0 : sum)
}

function cells(column, row,    k, one, same, all) {
	same = 1
	for (k = 1; k <= kernels; k++) {
		one = cell(column, row, k)
		all = all (k > 1 ? " / " : "") one
		if (k > 1 && one != cell(column, row, 1))
			same = 0
	}
	return same ? cell(column, row, 1) : all
}

# Rows of memory that is there, or not yet, with any value at all.
function print_rows(columns, want,    i, r, m, line, filled, list, text) {
	m = split(columns, list, ",")
	for (r = 1; r <= n; r++) {
		if (there[rows[r]] != want)
			continue
		line = "| " rows[r] " |"
		filled = 0
		for (i = 1; i <= m; i++) {
			text = cells(list[i], rows[r])
			filled = filled || text != "–"
			line = line " " text " |"
		}
		if (filled)
			print line
	}
}

# A column for each of the fields 1 to @m, as they are.
function ones(what, size, m,    i, list) {
	for (i = 1; i <= m; i++)
		list = list (i > 1 ? "," : "") what " " size " one " i
	return list
}

# Columns for the sizes of buffers: small ones whole, others for each MiB.
function by_size(what, i) {
	return what " 4096 one " i "," what " 65536 one " i "," what " " MiB \
	       " one " i "," what " " 4 * MiB " each " i "," what " " 64 * MiB \
	       " each " i "," what " " 1024 * MiB " each " i
}

function head(titles,    i, m, list, line, rule) {
	m = split(titles, list, ",")
	line = "| " short " |"
	rule = "|---|"
	for (i = 1; i <= m; i++) {
		line = line " " list[i] " |"
		rule = rule "---|"
	}
	print line
	print rule
}

END {
	MiB = 1048576
	if (table == "kernels") {
		print "Linux " releases
	} else if (table == "sum") {
		head("1 MiB,4 MiB,64 MiB,1 GiB")
		print_rows("cost " MiB " sum 2 3 4,cost " 4 * MiB \
			   " sum 2 3 4,cost " 64 * MiB " sum 2 3 4,cost " \
			   1024 * MiB " sum 2 3 4", 1)
	} else if (table == "steps") {
		head("mmap,first touch,munmap")
		print_rows("cost " 64 * MiB " sum 2,cost " 64 * MiB \
			   " sum 3,cost " 64 * MiB " sum 4", 1)
	} else if (table == "make") {
		head("make,free")
		print_rows("cost " 64 * MiB " sum 1,cost " 64 * MiB " sum 5", 1)
	} else if (table == "late") {
		head("first touch,munmap and free")
		print_rows("cost " 64 * MiB " sum 3,cost " 64 * MiB " sum 4 5", 0)
	} else if (table == "memory") {
		head("3 MiB take,more than asked for," \
		     "page tables of each process")
		print_rows("memory " 3 * MiB " MiB 1,memory " 64 * MiB \
			   " KiB 1 1,memory " 64 * MiB " KiB 2 0", 1)
	} else if (table == "use") {
		head("O_DIRECT,process_vm_readv,vmsplice," \
		     "MADV_DONTNEED,RSS of 4096 KiB,page KiB")
		u = "use " 4 * MiB " "
		print_rows(u "1," u "2," u "3," u "4," u "5," u "6", 1)
	} else if (table == "create" || table == "destroy") {
		head("4 KiB,64 KiB,1 MiB,4 MiB,64 MiB,1 GiB")
		print_rows(by_size("create", table == "create" ? 1 : 2), 1)
	} else if (table == "buffers") {
		head("no other,1000,10 000,the last by the first")
		print_rows("buffers 0 one 1,buffers 1000 one 1," \
			   "buffers 10000 one 1,buffers 10000 by 1 0", 1)
	} else if (table == "scale") {
		head("opening,mapping,notifying")
		print_rows(ones("scale", 0, 3), 1)
	} else if (table == "threads") {
		head("64 MiB,1 GiB")
		print_rows("threads " 64 * MiB " one 1,threads " 1024 * MiB \
			   " one 1", 1)
	} else if (table == "boot") {
		head("start to end,process 1,udev,journal,the unit")
		print_rows(ones("boot", 0, 5), 1)
	} else if (table == "open") {
		head("open,fstat,close")
		print_rows(ones("open", 64 * MiB, 3), 1)
	} else if (table == "io") {
		head("read of 64 KiB,write,read of 1 MiB,write," \
		     "memcpy from the mapping,memcpy to it")
		print_rows(ones("io", 64 * MiB, 6), 1)
	} else if (table == "flow") {
		head("instructions")
		print_rows(ones("flow", 256 * MiB, 1), 1)
	} else if (table == "wake") {
		head("until the other runs,there and back,nobody waits")
		print_rows(ones("wake", 0, 3), 1)
	} else if (table == "items") {
		head("64 bytes,4 KiB")
		print_rows("items 64 one 1,items 4096 one 1", 1)
	} else if (table == "disk") {
		head("instructions")
		print_rows(ones("disk", 32 * MiB, 1), 1)
	} else if (table == "segments") {
		head("requests,segments,entries of a scatterlist")
		s = "segments " 16 * MiB " hundredths "
		print_rows(s "1," s "2," s "3", 1)
	} else if (table == "dmabuf") {
		head("export,mmap,first touch,munmap,attach,map,unmap,detach," \
		     "close,pieces")
		print_rows(ones("dmabuf", 64 * MiB, 10), 1)
	} else {
		print "tables.awk: no table " table >"/dev/stderr"
		exit 1
	}
}
