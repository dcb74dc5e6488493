// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>

#include "fake_files.h"

unsigned int readings;

struct dirent *__real_readdir64(DIR *dir);
struct dirent *__wrap_readdir64(DIR *dir);

struct dirent *__wrap_readdir64(DIR *dir)
{
	readings++;
	return __real_readdir64(dir);
}
