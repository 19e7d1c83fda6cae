/* SPDX-License-Identifier: MIT */
/* os/os_sandbox.c - Landlock (which files) and seccomp (which system calls).
 *
 * Both are one-way. A kernel or container without them leaves the program running: the flags returned
 * say which fence stands, and the caller logs what does not.
 */
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ABI_REFER = 2, ABI_TRUNCATE = 3 };
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#define READ_FILE  (LANDLOCK_ACCESS_FS_READ_FILE)
#define READ_DIR   (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_FILE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)
#define WRITE_DIR                                                                                  \
    (READ_DIR | WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |      \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |    \
     LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM)
#define ALL_V1                                                                                     \
    (WRITE_DIR | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |                       \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK)

static void allow_path(struct cx *cx, int set, str path, uint64_t file, uint64_t dir)
{
    struct stat st;
    OWNED(os_close_fd) int fd = open(arena_z(cx->a, path), O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) return;
    struct landlock_path_beneath_attr at = {.allowed_access = S_ISDIR(st.st_mode) ? dir : file,
                                            .parent_fd = fd};
    (void)syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &at, 0);
}

static bool landlock(struct cx *cx, const struct os_sandbox *s)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1) return false;
    uint64_t more = (abi >= ABI_REFER ? LANDLOCK_ACCESS_FS_REFER : 0);
    uint64_t cut = (abi >= ABI_TRUNCATE ? LANDLOCK_ACCESS_FS_TRUNCATE : 0);
    struct landlock_ruleset_attr at = {.handled_access_fs = ALL_V1 | more | cut};
    OWNED(os_close_fd) int set = (int)syscall(SYS_landlock_create_ruleset, &at, sizeof at, 0);
    if (set < 0) return false;
    uint64_t run = s->exec ? LANDLOCK_ACCESS_FS_EXECUTE : 0;
    for (size_t i = 0; i < s->n_read; i++)
        allow_path(cx, set, s->read[i], READ_FILE | run, READ_DIR | run);
    for (size_t i = 0; i < s->n_write; i++)
        allow_path(cx, set, s->write[i], WRITE_FILE | cut, WRITE_DIR | more | cut);
    return syscall(SYS_landlock_restrict_self, set, 0) == 0;
}

/* What a server of ours never needs. A deny list: libraries and libc change their calls with every
 * release, and a killed database writer costs more than a call that nobody reaches. */
static const int denied[] = {
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(kcmp),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(move_mount),
    SCMP_SYS(open_tree),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsmount),
    SCMP_SYS(reboot),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(acct),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    SCMP_SYS(quotactl),
    SCMP_SYS(personality),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(mknod),
    SCMP_SYS(mknodat),
    SCMP_SYS(name_to_handle_at),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(vhangup),
    SCMP_SYS(syslog),
    SCMP_SYS(lookup_dcookie),
    SCMP_SYS(nfsservctl),
    SCMP_SYS(modify_ldt),
};

static bool seccomp(bool exec)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
    if (!f) return false;
    int bad = 0;
    for (size_t i = 0; i < COUNT(denied); i++)
        bad |= seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), denied[i], 0);
    if (!exec) {
        bad |= seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(execve), 0);
        bad |= seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(execveat), 0);
    }
    bool ok = !bad && seccomp_load(f) == 0;
    seccomp_release(f);
    return ok;
}

unsigned os_sandbox(struct cx *cx, const struct os_sandbox *s)
{
    unsigned got = 0;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) got |= OS_NO_NEW_PRIVS;
    if (landlock(cx, s)) got |= OS_LANDLOCK;
    if (seccomp(s->exec)) got |= OS_SECCOMP;
    return got;
}
