/* SPDX-License-Identifier: MIT */
#include "forget.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { READY_MS = 30000, PATH = 1024 };
static pid_t server; /* of `where`; 0: nothing is mounted */
static char where[PATH];

const char *forget_refused(void)
{
    static char why[128];
    int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        (void)snprintf(why, sizeof why, "/dev/fuse: %s", strerrordesc_np(errno));
        return why;
    }
    close(fd);
    /* not even fusermount3 has a right that the whole container lacks */
    return prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN) == 0 ? "nothing in this container may mount"
                                                      : NULL;
}

/* A folder whose device is not its parent's. One whose server has died cannot even be looked at. */
static bool is_mounted(const char *folder)
{
    char up[PATH];
    struct stat a = {0}, b = {0};
    (void)snprintf(up, sizeof up, "%s/..", folder);
    return stat(folder, &a) != 0 || stat(up, &b) != 0 || a.st_dev != b.st_dev;
}

static void tear_away(const char *folder)
{
    char command[PATH];
    (void)snprintf(command, sizeof command, "fusermount3 -q -u -z '%s' || umount -l '%s'", folder,
                   folder);
    if (system(command) != 0) (void)fprintf(stderr, "forget: %s is still mounted\n", folder);
}

/* A test that gives up leaves no mount behind either; one that is killed takes the server with it, which unmounts. */
static void at_exit(void)
{
    if (server) (void)forget_end(server, where);
}

pid_t forget_mount(const char *program, const char *folder)
{
    static bool told;
    char said[8] = "";
    int fd[2];
    if (!told && atexit(at_exit) != 0) return -1;
    told = true;
    if (pipe2(fd, O_CLOEXEC) != 0) return -1;
    pid_t pid = fork();
    if (pid == 0) {
        if (dup2(fd[1], 1) == 1) execl(program, program, folder, (char *)NULL);
        _exit(127);
    }
    close(fd[1]);
    server = pid > 0 ? pid : 0;
    (void)snprintf(where, sizeof where, "%s", folder);
    struct pollfd p = {.fd = fd[0], .events = POLLIN};
    bool ok = pid > 0 && poll(&p, 1, READY_MS) == 1 && read(fd[0], said, sizeof said - 1) > 0;
    close(fd[0]);
    if (ok && strcmp(said, "ready\n") == 0 && is_mounted(folder)) return pid;
    if (pid > 0) (void)forget_end(pid, folder);
    return -1;
}

bool forget_power(const char *folder, bool half, uint32_t seed)
{
    char how[32] = "none";
    if (half) (void)snprintf(how, sizeof how, "half %u", seed);
    return setxattr(folder, "user.power", how, strlen(how), 0) == 0;
}

bool forget_end(pid_t pid, const char *folder)
{
    int status = 0;
    server = 0;
    bool well = kill(pid, SIGTERM) == 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
                WEXITSTATUS(status) == 0;
    if (!is_mounted(folder)) return well;
    tear_away(folder);
    return false;
}
