/* SPDX-License-Identifier: MIT */
/* os/os.c - random bytes, clocks, digests, threads, the supervisor. */
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void os_random(void *p, size_t n)
{
    unsigned char *at = p;
    while (n) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) abort(); /* without secrets nothing we do is safe */
        at += got;
        n -= (size_t)got;
    }
}

static int64_t clock_us(clockid_t id)
{
    struct timespec t = {0};
    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int os_tz_min(int64_t at_ms)
{
    time_t at = (time_t)(at_ms / 1000);
    struct tm tm = {0};
    return localtime_r(&at, &tm) ? (int)(tm.tm_gmtoff / 60) : 0;
}

int64_t os_mono_ms(void) { return clock_us(CLOCK_MONOTONIC_COARSE) / 1000; }
int64_t os_mono_us(void) { return clock_us(CLOCK_MONOTONIC); }

void os_sleep_us(int64_t us)
{
    int64_t ns = us < 0 ? 0 : us > 999999 ? 999999000 : us * 1000;
    (void)nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}
int64_t os_now_ms(void) { return clock_us(CLOCK_REALTIME) / 1000; }

void os_sha256(str bytes, unsigned char ret[32])
{
    (void)crypto_hash_sha256(ret, (const unsigned char *)bytes.p, bytes.n);
}

str os_hex(struct arena *a, const void *p, size_t n)
{
    assert(n <= OS_HEX_MAX);
    char *to = arena_get(a, 2 * n + 1);
    (void)sodium_bin2hex(to, 2 * n + 1, p, n);
    return (str){to, 2 * n};
}

static const int base64_variant[] = {[OS_BASE64] = sodium_base64_VARIANT_ORIGINAL,
                                     [OS_BASE64URL] = sodium_base64_VARIANT_URLSAFE_NO_PADDING};

str os_base64(struct arena *a, enum os_base64 form, const void *p, size_t n)
{
    size_t room = sodium_base64_encoded_len(n, base64_variant[form]);
    char *to = arena_get(a, room);
    return str_from(sodium_bin2base64(to, room, p, n, base64_variant[form]));
}

unsigned char *os_unbase64(struct arena *a, enum os_base64 form, str text, size_t *ret_n)
{
    unsigned char *to = arena_get(a, text.n + 1);
    if (sodium_base642bin(to, text.n, text.p, text.n, NULL, ret_n, NULL, base64_variant[form]) != 0) return NULL;
    to[*ret_n] = 0;
    return to;
}

bool os_equal(const void *a, const void *b, size_t n) { return sodium_memcmp(a, b, n) == 0; }

enum err os_thread(struct cx *cx, const char *name, size_t stack_bytes, os_thread_fn *fn, void *arg,
                   pthread_t *ret)
{
    pthread_attr_t at;
    sigset_t all, old;
    pthread_t t;
    (void)pthread_attr_init(&at);
    (void)pthread_attr_setstacksize(&at, stack_bytes ? stack_bytes : 256 * 1024);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    int en = pthread_create(&t, &at, fn, arg);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    (void)pthread_attr_destroy(&at);
    if (en) return os_fail(cx, en, "thread", str_from(name));
    (void)pthread_setname_np(t, name);
    *ret = t;
    return E_OK;
}

int os_cores(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int n = CPU_COUNT(&set);
    return n > 0 ? n : 1;
}

void os_notify(str text)
{
    const char *to = getenv("NOTIFY_SOCKET");
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    if (!to || (to[0] != '/' && to[0] != '@') || strlen(to) >= sizeof sa.sun_path) return;
    memcpy(sa.sun_path, to, strlen(to));
    if (to[0] == '@') sa.sun_path[0] = 0; /* the abstract name space */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(to));
    (void)sendto(fd, text.p, text.n, MSG_NOSIGNAL, (struct sockaddr *)&sa, n);
    (void)close(fd);
}

int64_t os_rss_anon_bytes(void)
{
    FILE *f = fopen("/proc/self/status", "re");
    char line[256];
    long long kb = -1;
    if (!f) return -1;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "RssAnon: %lld kB", &kb) == 1) break;
    (void)fclose(f);
    return kb < 0 ? -1 : (int64_t)kb * 1024;
}

int64_t os_open_fds(void)
{
    DIR *d = opendir("/proc/self/fd");
    int64_t n = -3; /* ".", ".." and the folder's own descriptor */
    if (!d) return -1;
    while (readdir(d)) n++;
    (void)closedir(d);
    return n;
}

void os_no_core(void)
{
    const struct rlimit none = {0};
    (void)setrlimit(RLIMIT_CORE, &none); /* lowering is always allowed */
}

int64_t os_raise_nofile(void)
{
    struct rlimit l = {0};
    if (getrlimit(RLIMIT_NOFILE, &l) != 0) return -1;
    if (l.rlim_cur < l.rlim_max) {
        struct rlimit up = {l.rlim_max, l.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &up) == 0) l = up;
    }
    return l.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)l.rlim_cur;
}
