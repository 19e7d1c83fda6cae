/* SPDX-License-Identifier: MIT */
/* The store: every request signed as AWS wants it (the stub checks), clear words for what goes wrong, and backups
 * that go there and are rotated there. */
#include "backup/backup_int.h"
#include "backup/restore.h"
#include "backup/s3.h"
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
    s = t.s;
    s.endpoint = S("file:///etc");
    T(s3_head(&cx, &s, S("x"), &n) == E_INVALID);
    T(s3_head(&cx, &t.s, S("../x"), &n) == E_INVALID);
    T(s3_head(&cx, &t.s, S("a b"), &n) == E_INVALID);
    T(s3_head(&cx, &t.s, S("a?b"), &n) == E_INVALID);
    T(s3_put(&cx, &t.s, path, 6ll << 30, sha, S("x")) == E_LIMIT);
    T(s3_put(&cx, &t.s, S("/nowhere/x"), 1, sha, S("x")) == E_NOTFOUND);
    stub_stop(&t.stub);
    T(s3_head(&cx, &t.s, S("x"), &n) == E_BUSY);
    T(str_find(cx.msg, S("not reached")) >= 0);
    os_unlink(&cx, path);
    t_cx_free(&cx);
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
    T_OK(cx, os_mkdirs(cx, o.files, 0700));
    T_OK(cx,
         os_write_file_atomic(cx, arena_fmt(cx->a, "%.*s/Счёт.pdf", FS(o.files)), S("x"), 0600));
    T_OK(cx, backup_run(cx, t.b, &o, &r));
    T(r.uploaded && !r.remote_problem.n);
    T_OK(cx, s3_head(cx, &st.s, S("kontor-20261122-100000.db"), &n));
    T_INT(n, r.bytes);
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
    T(s3_head(cx, &st.s, S("kontor-20261122-100000.db"), &n) == E_NOTFOUND);
    T(s3_head(cx, &st.s, S("kontor-20261122-100000.json"), &n) == E_NOTFOUND);
    st.s.secret = S("WRONG");
    cx->now_ms += DAY_MS;
    T_OK(cx, backup_run(cx, t.b, &o, &r));
    T(r.restorable && !r.uploaded && str_find(r.remote_problem, S("refuses key or secret")) >= 0);
    stub_stop(&st.stub);
    bed_end(&t);
}

TESTS("backup_s3", put_get, goes_wrong, backups)
