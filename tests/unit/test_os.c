/* SPDX-License-Identifier: MIT */
#include "os/os.h"
#include "t.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static str folder(struct cx *cx)
{
    char z[] = "/tmp/kontor-os-XXXXXX";
    T(mkdtemp(z) != NULL);
    return arena_dup(cx->a, str_from(z));
}

static void test_files(void)
{
    struct cx cx = t_cx();
    str dir = folder(&cx), got = S("");
    str sub = arena_fmt(cx.a, "%.*s/a/b", FS(dir)), f = arena_fmt(cx.a, "%.*s/x", FS(sub));
    T_OK(&cx, os_mkdirs(&cx, sub, 0700));
    T_OK(&cx, os_mkdirs(&cx, sub, 0700));
    T(os_read_file(&cx, f, 100, &got) == E_NOTFOUND);
    T_OK(&cx, os_write_file_atomic(&cx, f, S("first"), 0600));
    T_OK(&cx, os_write_file_atomic(&cx, f, S("second\0x"), 0640));
    T_OK(&cx, os_read_file(&cx, f, 100, &got));
    T_STR(got, S("second\0x"));
    struct stat st = {0};
    T(stat(f.p, &st) == 0 && (st.st_mode & 0777) == 0640);
    T_OK(&cx, os_read_file(&cx, f, 8, &got));
    T(os_read_file(&cx, f, 7, &got) == E_LIMIT);
    T(os_read_file(&cx, sub, 7, &got) != E_OK);
    T(os_read_file(&cx, S("/etc\0/passwd"), 7, &got) == E_BAD);
    T(os_read_file(&cx, S(""), 7, &got) == E_BAD);
    T_OK(&cx, os_write_file_atomic(&cx, f, S(""), 0600));
    T_OK(&cx, os_read_file(&cx, f, 0, &got));
    T_INT((int64_t)got.n, 0);
    T(os_mkdirs(&cx, arena_fmt(cx.a, "%.*s/c", FS(f)), 0700) == E_NOTFOUND);
    T_OK(&cx, os_read_file(&cx, S("/proc/self/smaps"), 1 << 20, &got)); /* has no size beforehand */
    T(got.n > 4096);
    T(os_write_file_atomic(&cx, S("/proc/nothing/here"), S("x"), 0600) != E_OK);
    T(os_free_bytes(&cx, dir) > 0 && os_free_bytes(&cx, S("/no/such")) == -1);
    os_unlink(&cx, f);
    T(rmdir(sub.p) == 0); /* no temporary file was left */
    t_cx_free(&cx);
}

/* RFC 4648, section 10, and what is none of it. */
static void test_base64(void)
{
    static const struct {
        str raw, plain, url;
    } all[] = {{S0(""), S0(""), S0("")},
               {S0("f"), S0("Zg=="), S0("Zg")},
               {S0("fo"), S0("Zm8="), S0("Zm8")},
               {S0("foo"), S0("Zm9v"), S0("Zm9v")},
               {S0("foobar"), S0("Zm9vYmFy"), S0("Zm9vYmFy")},
               {S0("\xfb\xff\0"), S0("+/8A"), S0("-_8A")}};
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(all); i++)
        for (enum os_base64 form = OS_BASE64; form <= OS_BASE64URL; form++) {
            str text = form == OS_BASE64 ? all[i].plain : all[i].url;
            size_t n = 99;
            T_STR(os_base64(cx.a, form, all[i].raw.p, all[i].raw.n), text);
            const unsigned char *back = os_unbase64(cx.a, form, text, &n);
            T(back && back[n] == 0);
            if (back) T_STR(((str){(const char *)back, n}), all[i].raw);
        }
    static const str bad[] = {S0("Zg"), S0("Zg="), S0("Zg==="), S0("Z"), S0("Zm9v\n"), S0("Z m9v"), S0("-_8A"), S0("\xc3\xbc")};
    for (size_t i = 0; i < COUNT(bad); i++) T(os_unbase64(cx.a, OS_BASE64, bad[i], &(size_t){0}) == NULL);
    T(os_unbase64(cx.a, OS_BASE64URL, S("Zg=="), &(size_t){0}) == NULL);
    T(os_unbase64(cx.a, OS_BASE64URL, S("+/8A"), &(size_t){0}) == NULL);
    t_cx_free(&cx);
}

static void test_lock(void)
{
    struct cx cx = t_cx();
    int a = -1, b = -1;
    str f = arena_fmt(cx.a, "%.*s/lock", FS(folder(&cx)));
    T_OK(&cx, os_lock_file(&cx, f, &a));
    T(os_lock_file(&cx, f, &b) == E_CONFLICT && b == -1);
    T_INT(os_lock_holder(&cx, f), getpid());
    T_INT(os_lock_holder(&cx, arena_fmt(cx.a, "%.*s.no", FS(f))), 0);
    os_close_fd(&a);
    T_OK(&cx, os_lock_file(&cx, f, &b));
    os_close_fd(&b);
    T(b == -1);
    t_cx_free(&cx);
}

static void test_small(void)
{
    struct cx cx = t_cx();
    unsigned char a[32] = {0}, b[32] = {0};
    os_random(a, sizeof a);
    os_random(b, sizeof b);
    T(memcmp(a, b, 32) != 0);
    T(!os_equal(a, b, 32) && os_equal(a, a, 32));
    os_sha256(S("abc"), a);
    T_STR(os_hex(cx.a, a, 32),
          S("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    str file = S("/tmp/kontor-os-sum"), big = {arena_get(cx.a, 200000), 200000}; /* more than a block */
    T_OK(&cx, os_write_file_atomic(&cx, file, big, 0600));
    os_sha256(big, a);
    T_OK(&cx, os_sha256_file(&cx, file, b));
    T(os_equal(a, b, 32));
    os_unlink(&cx, file);
    T(os_sha256_file(&cx, file, b) == E_NOTFOUND && os_equal(a, b, 32));
    T(os_mono_ms() > 0 && os_now_ms() > 1600000000000 && os_cores() >= 1);
    T(os_rss_anon_bytes() > 4096 && os_open_fds() >= 3 && os_raise_nofile() >= 1024);
    T_OK(&cx, os_drop_privileges(&cx, S("")));
    t_cx_free(&cx);
}

static void test_notify(void)
{
    struct cx cx = t_cx();
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    str f = arena_fmt(cx.a, "%.*s/n", FS(folder(&cx)));
    char got[32] = "";
    memcpy(sa.sun_path, f.p, f.n);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    T(bind(fd, (struct sockaddr *)&sa, sizeof sa) == 0);
    os_notify(S("READY=1")); /* nobody asked: nothing happens */
    T(setenv("NOTIFY_SOCKET", f.p, 1) == 0);
    os_notify(S("READY=1\nSTATUS=x"));
    ssize_t n = recv(fd, got, sizeof got, MSG_DONTWAIT);
    T_STR(((str){got, n > 0 ? (size_t)n : 0}), S("READY=1\nSTATUS=x"));
    T(recv(fd, got, sizeof got, MSG_DONTWAIT) < 0);
    (void)unsetenv("NOTIFY_SOCKET");
    (void)close(fd);
    t_cx_free(&cx);
}

/* In a child: the fences cannot be taken down again. */
static int caged(struct cx *cx, str dir)
{
    const str rd[] = {S0("/usr"), S0("/no/such")}, wr[] = {dir};
    struct os_sandbox s = {.read = rd, .n_read = 2, .write = wr, .n_write = 1};
    unsigned got = os_sandbox(cx, &s);
    str f = arena_fmt(cx->a, "%.*s/x", FS(dir));
    if (os_write_file_atomic(cx, f, S("in"), 0600) != E_OK) return 1;
    if (got & OS_LANDLOCK && open("/etc/hostname", O_RDONLY) >= 0) return 2;
    if (got & OS_LANDLOCK && open("/tmp/kontor-outside", O_WRONLY | O_CREAT, 0600) >= 0) return 3;
    if (got & OS_SECCOMP && execl("/bin/true", "true", (char *)NULL) != -1) return 4;
    return got & OS_NO_NEW_PRIVS ? 0 : 5;
}

static void test_sandbox(void)
{
    struct cx cx = t_cx();
    str dir = folder(&cx);
    pid_t child = fork();
    if (child == 0) _exit(caged(&cx, dir));
    int st = -1;
    T(waitpid(child, &st, 0) == child);
    T_INT(st, 0);
    t_cx_free(&cx);
}

/* Pieces are zero, their own, and keep what is stored. */
static bool scratch_holds(struct scratch *s)
{
    enum { PIECES = 16, EACH = 4 << 20 };
    unsigned char *p[PIECES];
    bool ok = true;
    for (int i = 0; i < PIECES; i++) {
        p[i] = scratch_get(s, EACH - 5);
        for (size_t k = 0; k < EACH - 5; k += 4096) ok &= p[i][k] == 0;
        memset(p[i], i + 1, EACH - 5);
    }
    for (int i = 0; i < PIECES; i++)
        for (size_t k = 0; k < EACH - 5; k += 511) ok &= p[i][k] == i + 1;
    return ok && scratch_bytes(s) == (size_t)PIECES * EACH;
}

static int short_of_disk(str dir)
{
    struct scratch *s = scratch_new(dir);
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR ||
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){10 << 20, 10 << 20}))
        return 2;
    bool ok = scratch_holds(s);
    scratch_free(&s);
    return ok ? 0 : 3;
}

static void test_scratch(void)
{
    struct cx cx = t_cx();
    str dir = folder(&cx);
    struct scratch *s = scratch_new(dir);
    int64_t before = os_rss_anon_bytes();
    T(scratch_holds(s));
    T(os_rss_anon_bytes() - before < 16 << 20); /* 64 MiB of it stand in the file */
    scratch_free(&s);
    T(s == NULL);
    T(rmdir(dir.p) == 0); /* nothing is left */
    const str none[] = {S(""), S("/nowhere/at/all"), S("/etc/passwd")};
    for (size_t i = 0; i < COUNT(none); i++) {
        s = scratch_new(none[i]);
        T(scratch_holds(s));
        scratch_free(&s);
    }
    pid_t child = fork();
    if (child == 0) _exit(short_of_disk(folder(&cx)));
    int st = -1;
    T(waitpid(child, &st, 0) == child);
    T_INT(st, 0);
    t_cx_free(&cx);
}

static void *set_one(void *p) { return *(int *)p = 1, p; }

static void test_thread(void)
{
    struct cx cx = t_cx();
    pthread_t t = {0};
    int x = 0;
    T_OK(&cx, os_thread(&cx, "t", 0, set_one, &x, &t));
    T(pthread_join(t, NULL) == 0 && x == 1);
    t_cx_free(&cx);
}

TESTS("os", test_files, test_base64, test_lock, test_small, test_notify, test_sandbox, test_scratch, test_thread)
