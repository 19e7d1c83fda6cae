/* SPDX-License-Identifier: MIT */
/* tests/torture/forget.h - a folder on forgetfs.c, the file system that forgets what was not synced. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Why nobody on this machine may mount such a folder: it has no /dev/fuse, that cannot be opened, or nothing in this
 * container may mount. NULL: it can be done, and then a mount that fails is a failure. */
const char *forget_refused(void);
/* Mounts it, empty, on the folder, one at a time; exit() unmounts what is left. `program`: the path of forgetfs. The process that serves it; -1: it did not begin. */
pid_t forget_mount(const char *program, const char *folder);
/* The power goes and comes back: all that was not synced is gone, or (`half`) half of it, by a coin of this seed. Files
 * that are still open are lost to whoever has them (EIO). False: the file system did not take the order. */
bool forget_power(const char *folder, bool half, uint32_t seed);
/* Unmounts. False: its process had died or did not end well, or it was still mounted then and had to be torn away. */
bool forget_end(pid_t pid, const char *folder);
