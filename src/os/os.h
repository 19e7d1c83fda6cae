/* SPDX-License-Identifier: MIT */
/* os/os.h - what the program asks of Linux: random bytes, clocks, files, threads, the sandbox and
 * the supervisor. Knows no request and no record.
 *
 * Paths come as slices and are made NUL-ended inside; one with a NUL in it is E_BAD. Engine text
 * (strerror) goes into cx->msg of errors that only the log sees (E_INTERNAL, E_FULL).
 */
#pragma once
#include "base/base.h"

#include <pthread.h>

/* ---- random, clocks, digests ---- */
void os_random(void *p, size_t n);      /* from the kernel; aborts when it has none */
int os_tz_min(int64_t at_ms);           /* what this machine's local time is ahead of UTC at that moment, in minutes */
int64_t os_mono_ms(void);               /* never goes back; for timers (coarse: 1 to 4 ms) */
int64_t os_mono_us(void);               /* the same clock, fine: for measuring */
void os_sleep_us(int64_t us);           /* at least so long, unless a signal comes; at most a second */
int64_t os_now_ms(void);                /* UTC milliseconds since 1970 */
void os_sha256(str bytes, unsigned char ret[32]);
MUST enum err os_sha256_file(struct cx *cx, str path, unsigned char ret[32]);
enum { OS_HEX_MAX = 64 };
/* Lower-case hex of at most OS_HEX_MAX bytes in the arena. */
str os_hex(struct arena *a, const void *p, size_t n);
/* RFC 4648, in the arena, NUL-ended: with padding, or with the letters of addresses and without it. */
enum os_base64 { OS_BASE64, OS_BASE64URL };
str os_base64(struct arena *a, enum os_base64 form, const void *p, size_t n);
/* The bytes, NUL-ended; NULL when the text is not wholly of that form. */
unsigned char *os_unbase64(struct arena *a, enum os_base64 form, str text, size_t *ret_n);
bool os_equal(const void *a, const void *b, size_t n); /* in constant time, for secrets */

enum { OS_NET_MAX = 64 };
/* Whose address it is, written to `ret`: an IPv4 address as it is, of IPv6 the /64. "" = it is no address. */
str os_addr_net(str addr, char ret[OS_NET_MAX]);

/* ---- files: E_NOTFOUND, E_DENIED, E_FULL (no space, quota), E_LIMIT (larger than max), E_INTERNAL ---- */
/* The whole file in cx->a, NUL-ended for convenience. */
MUST enum err os_read_file(struct cx *cx, str path, size_t max_bytes, str *ret);
/* Writes beside the target, fsyncs, renames, fsyncs the folder: a reader sees the old or the new. */
MUST enum err os_write_file_atomic(struct cx *cx, str path, str bytes, unsigned mode);
/* Like mkdir -p; there already = E_OK. What it makes survives a loss of power. */
MUST enum err os_mkdirs(struct cx *cx, str path, unsigned mode);
MUST enum err os_fsync_dir(struct cx *cx, str path);
/* Creates the file when absent, locks it until the descriptor is closed and writes our pid into it;
 * E_CONFLICT when another holds it. */
MUST enum err os_lock_file(struct cx *cx, str path, int *ret_fd);
int64_t os_lock_holder(struct cx *cx, str path); /* the pid written there, 0 = none */
/* A new empty file "prefixXXXXXX" of mode 600, open for reading and writing. */
MUST enum err os_temp_file(struct cx *cx, str prefix, int *ret_fd, str *ret_path);
MUST enum err os_write_all(struct cx *cx, int fd, str bytes); /* blocking descriptors */
void os_unlink(struct cx *cx, str path);                      /* silent when absent */
int64_t os_free_bytes(struct cx *cx, str path);               /* of the file system; -1 unknown */
void os_close_fd(int *fd);              /* for OWNED; -1 is left alone, then set to -1 */
/* Turns errno `en` into an error that names what failed: "open /x: No such file". */
MUST enum err os_fail(struct cx *cx, int en, const char *what, str path);

/* ---- large working memory ----
 * Pieces of a file without a name in `folder` (copied), so that the kernel may put away what is not touched; plain
 * memory where the folder takes none ("" = at once) or the disk is full. One thread at a time. Never fails: no memory
 * at all aborts. */
struct scratch;
struct scratch *scratch_new(str folder);
void scratch_free(struct scratch **s);              /* with all its pieces */
void *scratch_get(struct scratch *s, size_t n);     /* n > 0; zeroed, aligned to a page */
size_t scratch_bytes(const struct scratch *s);      /* handed out */

/* ---- threads ---- */
typedef void *os_thread_fn(void *arg);
/* `name` shows in ps (15 bytes at most). stack_bytes 0 = 256 KiB. All signals blocked inside. */
MUST enum err os_thread(struct cx *cx, const char *name, size_t stack_bytes, os_thread_fn *fn, void *arg,
                        pthread_t *ret);
int os_cores(void);                     /* that this process may use, at least 1 */

/* ---- a process of our own program that does one thing for us ---- */
struct os_child {
    int sock;                           /* our end: SOCK_SEQPACKET; its end is its descriptor 0 */
    pid_t pid;
};
/* Starts `program` ("/proc/self/exe" in the server) with the one argument `arg`, by which its main() knows. Before the
 * sandbox, for that lets nobody start programs. */
MUST enum err os_child_start(struct cx *cx, str program, str arg, struct os_child *ret);
void os_child_stop(struct os_child *c); /* closes the socket, waits, kills; nothing when it was never started */
/* The first thing in such a process: deaf to the signals that end the server, fenced in without any file. */
void os_child_begin(void);
/* This process from here on gets the CPU after the others; nothing happens where that is not allowed. No way back. */
void os_yields(void);

/* ---- the supervisor and the process ---- */
/* sd_notify(3) text such as "READY=1" to $NOTIFY_SOCKET; nothing happens without one. */
void os_notify(str text);
int64_t os_rss_anon_bytes(void);        /* our own memory, without mapped files; -1 unknown */
int64_t os_open_fds(void);              /* -1 unknown */
/* Raises the soft limit of open files to the hard one; gives what we have. */
int64_t os_raise_nofile(void);
/* From here on this process leaves no core file: its memory holds keys. */
void os_no_core(void);
/* As root: groups, gid and uid of `user` for good. E_OK at once when not root or user is "". */
MUST enum err os_drop_privileges(struct cx *cx, str user);
/* As root, before that: a `fresh` folder is given to `user`; in another one the first file that is not his is
 * E_DENIED, with what to do. E_OK at once when not root or user is "". */
MUST enum err os_folder_for(struct cx *cx, str path, str user, bool fresh);
/* The supervisor's watchdog ($WATCHDOG_USEC): a thread that pings it twice in that time, as long as alive() comes back
 * with true. NULL in *ret without a supervisor that asks. */
struct os_watch;
MUST enum err os_watch_start(struct cx *cx, bool (*alive)(void *arg), void *arg, struct os_watch **ret);
/* We are ending: waits for an alive() that runs; from then on pings go without asking. Both take NULL. */
void os_watch_leave(struct os_watch *w);
void os_watch_stop(struct os_watch **w);

/* ---- the sandbox: for good, for this process and its threads; call before threads start ---- */
struct os_sandbox {
    const str *read, *write;            /* folders or files: read only; read and write */
    size_t n_read, n_write;
    bool exec;                          /* may start programs (backup tools) */
};
enum os_sandbox_got { OS_LANDLOCK = 1, OS_SECCOMP = 2, OS_NO_NEW_PRIVS = 4 };
/* Gives which fences stand (flags). A kernel without one is no error: the caller logs what is missing.
 * Paths that do not exist are left out. */
unsigned os_sandbox(struct cx *cx, const struct os_sandbox *s);
