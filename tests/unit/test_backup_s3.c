/* SPDX-License-Identifier: MIT */
/* The store: every request signed as AWS wants it (the stub checks), clear words for what goes wrong, and backups
 * that go there and are rotated there. */
#include "backup/backup_int.h"
#include "backup/restore.h"
#include "backup/s3_int.h"
#include "base/time.h"
#include "bed.h"
#include "os/os.h"
#include "stub.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct store_stub {
    struct stub stub;
    struct s3 s;
};

static struct store_stub store_start(struct cx *cx)
{
    struct stub stub = stub_start(cx, "tests/backup/s3stub.py");
    return (struct store_stub){.stub = stub,
                               .s = {.endpoint = stub.base,
                                     .bucket = S("box"),
                                     .region = S("eu-test-1"),
                                     .key = S("AKTEST"),
                                     .secret = S("SECRET"),
                                     .prefix = S("k/")}};
}

static str temp(struct cx *cx, str bytes)
{
    int fd = -1;
    str path = {0};
    T_OK(cx, os_temp_file(cx, S("/tmp/kontor-s3-"), &fd, &path));
    T_OK(cx, os_write_all(cx, fd, bytes));
    os_close_fd(&fd);
    return path;
}

static void put_get(void)
{
    struct cx cx = t_cx();
    struct store_stub t = store_start(&cx);
    char *p = arena_get(cx.a, 3000000);
    os_random(p, 3000000);
    str bytes[] = {S(""), S("x"), {p, 3000000}};
    for (size_t i = 0; i < COUNT(bytes); i++) {
        str path = temp(&cx, bytes[i]), back = arena_fmt(cx.a, "%.*s-back", FS(path)), got = {0};
        struct entry e = {0};
        int64_t n = -1;
        T_OK(&cx, file_sha(&cx, path, &e));
        T_OK(&cx, s3_put(&cx, &t.s, path, e.bytes, e.sha, S("a/b-c_d.db")));
        T_OK(&cx, s3_head(&cx, &t.s, S("a/b-c_d.db"), &n));
        T_INT(n, (int64_t)bytes[i].n);
        T_OK(&cx, s3_get(&cx, &t.s, S("a/b-c_d.db"), back));
        T_OK(&cx, os_read_file(&cx, back, 4000000, &got));
        T(str_eq(got, bytes[i]));
        T_OK(&cx, s3_delete(&cx, &t.s, S("a/b-c_d.db")));
        T_OK(&cx, s3_delete(&cx, &t.s, S("a/b-c_d.db")));
        T(s3_head(&cx, &t.s, S("a/b-c_d.db"), &n) == E_NOTFOUND);
        os_unlink(&cx, back);
        T(s3_get(&cx, &t.s, S("a/b-c_d.db"), back) == E_NOTFOUND && !file_exists(&cx, back));
        if (bytes[i].n) { /* what the signature promises is not what is sent */
            T(s3_put(&cx, &t.s, path, e.bytes,
                     S("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                     S("x")) == E_BAD);
            T(str_find(cx.msg, S("XAmzContentSHA")) >= 0);
        }
        os_unlink(&cx, path);
    }
    stub_stop(&t.stub);
    t_cx_free(&cx);
}

static void goes_wrong(void)
{
    struct cx cx = t_cx();
    struct store_stub t = store_start(&cx);
    int64_t n = 0;
    struct s3 s = t.s;
    str path = temp(&cx, S("x")),
        sha = S("2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
    s.secret = S("WRONG");
    T(s3_put(&cx, &s, path, 1, sha, S("x")) == E_AUTH);
    T(str_find(cx.msg, S("refuses key or secret")) >= 0 &&
      str_find(cx.msg, S("SignatureDoesNotMatch")) >= 0);
    s = t.s;
    s.key = S("NOBODY");
    T(s3_put(&cx, &s, path, 1, sha, S("x")) == E_AUTH &&
      str_find(cx.msg, S("InvalidAccessKeyId")) >= 0);
    s = t.s;
    s.bucket = S("other");
    T(s3_put(&cx, &s, path, 1, sha, S("x")) == E_BAD && str_find(cx.msg, S("no bucket")) >= 0);
    s = t.s;
    s.prefix = S("busy/");
    T(s3_put(&cx, &s, path, 1, sha, S("x")) == E_BUSY);
    s = t.s;
    s.region = S("");
    T(s3_put(&cx, &s, path, 1, sha, S("x")) == E_BAD);
    static const struct {
        const char *to;
        bool plain;
        enum err want;
    } way[] = {{"http://store.example", false, E_INVALID}, {"http://127.evil.example", false, E_INVALID}, {"http://10.0.0.1:9000", false, E_INVALID}, {"http://10.0.0.1:9000", true, E_OK},
               {"https://store.example", false, E_OK},     {"http://localhost:9000", false, E_OK},        {"http://[::1]:9000", false, E_OK}};
    for (size_t i = 0; i < COUNT(way); i++) {
        s = t.s;
        s.endpoint = str_from(way[i].to);
        s.plain = way[i].plain;
        T(s3_sealed(&cx, &s) == way[i].want);
        if (!way[i].want) continue;
        T(str_eq(cx.at, S("s3_endpoint")) && str_find(cx.msg, S("plain_outgoing")) > 0);
        T(s3_head(&cx, &s, S("x"), &n) == E_INVALID && s3_put(&cx, &s, path, 1, sha, S("x")) == E_INVALID);
    }
    s = t.s;
    s.endpoint = S("file:///etc");
    T(s3_head(&cx, &s, S("x"), &n) == E_INVALID);
    T(s3_head(&cx, &t.s, S("../x"), &n) == E_INVALID);
    T(s3_head(&cx, &t.s, S("a b"), &n) == E_INVALID);
    T(s3_head(&cx, &t.s, S("a?b"), &n) == E_INVALID);
    T(s3_put(&cx, &t.s, path, 6ll << 40, sha, S("x")) == E_LIMIT);
    T(s3_put(&cx, &t.s, S("/nowhere/x"), 1, sha, S("x")) == E_NOTFOUND);
    stub_stop(&t.stub);
    T(s3_head(&cx, &t.s, S("x"), &n) == E_BUSY);
    T(str_find(cx.msg, S("not reached")) >= 0);
    os_unlink(&cx, path);
    t_cx_free(&cx);
}

static void part_sizes(void)
{
    int64_t mib = 1024 * 1024;
    T_INT(s3_part_size(1, 0), 64 * mib);
    T_INT(s3_part_size(1, 5 * mib), 5 * mib);
    T_INT(s3_part_size(50000 * mib, 5 * mib), 5 * mib);
    T_INT(s3_part_size(50000 * mib + 1, 5 * mib), 6 * mib);
    T_INT(s3_part_size(1000000 * mib, 0), 100 * mib);
    T_INT(s3_part_size(5ll << 40, 0), 525 * mib);
    T_INT(s3_part_size((5ll << 40) + 1, 0), 0);
    T_INT(s3_part_size(1, INT64_MAX), 5ll << 30);
}

enum { PART = 65536, PARTED = 3 * PART + 1 };

static int64_t told(struct cx *cx, const struct s3 *s, str name)
{
    struct s3 root = *s;
    int64_t n = -1;
    root.prefix = S("");
    T_OK(cx, s3_head(cx, &root, name, &n));
    return n;
}

/* The upload ends with `want` and leaves nothing open; what the store took is the file. */
static void parts_to(struct cx *cx, const struct s3 *s, str path, const struct entry *e, str name,
                     enum err want, str word, int64_t sends)
{
    str back = arena_fmt(cx->a, "%.*s-back", FS(path));
    struct entry got = {0};
    int64_t before = told(cx, s, S("_sent"));
    cx->msg = S("");
    T(s3_put(cx, s, path, e->bytes, e->sha, name) == want);
    T(str_find(cx->msg, word) >= 0);
    T_INT(told(cx, s, S("_sent")) - before, sends);
    T_INT(told(cx, s, S("_open")), 0);
    T(s3_get(cx, s, name, back) == (want == E_OK ? E_OK : E_NOTFOUND));
    if (want != E_OK) return;
    T_OK(cx, file_sha(cx, back, &got));
    T_STR(got.sha, e->sha);
    os_unlink(cx, back);
}

static void parts(void)
{
    struct cx cx = t_cx();
    struct store_stub t = store_start(&cx);
    struct entry e = {0};
    char *p = arena_get(cx.a, PARTED);
    os_random(p, PARTED);
    str path = temp(&cx, (str){p, PARTED});
    t.s.part_bytes = PART;
    t.s.retry_ms = 1;
    T_OK(&cx, file_sha(&cx, path, &e));
    parts_to(&cx, &t.s, path, &e, S("whole"), E_OK, S(""), 4);
    parts_to(&cx, &t.s, path, &e, S("flaky"), E_OK, S(""), 8);
    parts_to(&cx, &t.s, path, &e, S("damaged"), E_OK, S(""), 5);
    parts_to(&cx, &t.s, path, &e, S("late"), E_OK, S(""), 4);
    parts_to(&cx, &t.s, path, &e, S("gone"), E_OK, S(""), 4);
    parts_to(&cx, &t.s, path, &e, S("dead"), E_BUSY, S("InternalError"), 7);
    parts_to(&cx, &t.s, path, &e, S("never"), E_BUSY, S("InternalError"), 4);
    parts_to(&cx, &t.s, path, &e, S("mute"), E_BUSY, S("does not say"), 4);
    parts_to(&cx, &t.s, path, &e, S("refused"), E_BAD, S("InvalidPart"), 4);
    parts_to(&cx, &t.s, path, &e, S("nobegin"), E_BAD, S("does not begin"), 0);
    T_OK(&cx,
         s3_put(&cx, &t.s, path, e.bytes, e.sha, S("lost"))); /* the store kept its list open */
    T_INT(told(&cx, &t.s, S("_open")), 1);
    /* an older object of the same size is not taken for ours */
    T_OK(&cx, s3_put(&cx,
                     &(struct s3){.endpoint = t.s.endpoint,
                                  .bucket = t.s.bucket,
                                  .region = t.s.region,
                                  .key = t.s.key,
                                  .secret = t.s.secret,
                                  .prefix = t.s.prefix},
                     path, e.bytes, e.sha, S("never-2")));
    T(s3_put(&cx, &t.s, path, e.bytes, e.sha, S("never-2")) == E_BUSY);
    stub_stop(&t.stub);
    os_unlink(&cx, path);
    t_cx_free(&cx);
}

/* As a program that is killed leaves it. */
static void begun(struct cx *cx, const struct s3 *s, str name)
{
    struct s3_call c OWNED(s3_call_end) = {.down = -1};
    T_OK(cx, s3_call_begin(cx, s, name, S("uploads="), str_from(s3_empty_sum), &c));
    T_OK(cx, s3_call_post(cx, &c, S("")));
    T_OK(cx, s3_call_run(cx, &c));
}

static void backups(void)
{
    struct bed t = bed_make(false);
    struct cx *cx = &t.cx;
    struct store_stub st = store_start(cx);
    struct backup_report r = {0};
    struct backup_opts o = {.dir = arena_fmt(cx->a, "%.*s/b", FS(t.folder)),
                            .files = arena_fmt(cx->a, "%.*s/f", FS(t.folder)),
                            .keep = {.daily = 1},
                            .s3 = &st.s};
    int64_t n = 0;
    st.s.part_bytes = PART;
    T_OK(cx, os_mkdirs(cx, o.files, 0700));
    T_OK(cx,
         os_write_file_atomic(cx, arena_fmt(cx->a, "%.*s/Счёт.pdf", FS(o.files)), S("x"), 0600));
    begun(cx, &st.s, S("kontor-20261101-100000.db")); /* left long ago */
    begun(cx, &st.s, S("kontor-20261122-090000.db")); /* maybe still on its way */
    begun(cx, &st.s, S("files/0d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")); /* and attachments */
    begun(cx, &st.s, S("files/1d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"));
    begun(cx, &st.s, S("files/0.db"));
    begun(cx, &st.s, S("other.db"));
    T_OK(cx, backup_run(cx, t.b, &o, &r));
    T(r.uploaded && !r.remote_problem.n);
    T_INT(told(cx, &st.s, S("_open")), 4);
    T_OK(cx, s3_head(cx, &st.s, S("kontor-20261122-100000.db"), &n));
    T_INT(n, r.bytes);
    T(r.bytes > 2 * PART); /* so it went in parts */
    T_INT(told(cx, &st.s, S("_sent")), (r.bytes + PART - 1) / PART);
    T_OK(cx,
         s3_head(cx, &st.s,
                 S("files/2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"), &n));
    str away = arena_fmt(cx->a, "%.*s/away.db", FS(t.folder)),
        list = arena_fmt(cx->a, "%.*s/away.json", FS(t.folder));
    T_OK(cx, s3_get(cx, &st.s, S("kontor-20261122-100000.db"), away));
    T_OK(cx, s3_get(cx, &st.s, S("kontor-20261122-100000.json"), list));
    struct manifest m = {0};
    T_OK(cx, manifest_read(cx, list, &m));
    struct entry e = {0};
    T_OK(cx, file_sha(cx, away, &e));
    T_STR(e.sha, m.db.sha);
    cx->now_ms += DAY_MS;
    T_OK(cx, backup_run(cx, t.b, &o, &r));
    T(r.uploaded && r.removed == 1);
    T_INT(told(cx, &st.s, S("_open")), 2); /* not ours */
    T(s3_head(cx, &st.s, S("kontor-20261122-100000.db"), &n) == E_NOTFOUND);
    T(s3_head(cx, &st.s, S("kontor-20261122-100000.json"), &n) == E_NOTFOUND);
    st.s.secret = S("WRONG");
    cx->now_ms += DAY_MS;
    T_OK(cx, backup_run(cx, t.b, &o, &r));
    T(r.restorable && !r.uploaded && str_find(r.remote_problem, S("refuses key or secret")) >= 0);
    stub_stop(&st.stub);
    bed_end(&t);
}

TESTS("backup_s3", put_get, goes_wrong, part_sizes, parts, backups)
