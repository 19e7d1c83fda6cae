/* SPDX-License-Identifier: MIT */
/* api/tidy.c - housekeeping once a day: uploads that nobody took and nothing speaks of any more, log-ins, shares. */
#include "api/api_int.h"

#include "base/log.h"
#include "base/time.h"
#include "os/os.h"
#include "privacy/privacy.h"
#include "record/share.h"
#include "record/sums.h"
#include "usage/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { UPLOAD_DAYS = 14, FAILED_DAYS = 60, PAGE = 500, ID_DIGITS = 10 };

struct kept {
    LIST(int64_t) ids;
    bool without_failed; /* an import that failed can be tried again, but not for ever */
};

/* Every number in the text that is long enough to be an id. */
static void ids_of(struct cx *cx, struct kept *k, str text)
{
    size_t n = 0;
    for (size_t i = 0; i <= text.n; i++) {
        int64_t id = 0;
        bool digit = i < text.n && text.p[i] >= '0' && text.p[i] <= '9';
        if (!digit && n >= ID_DIGITS && str_to_int(str_cut(text, i - n, i), &id)) *LIST_ADD(cx->a, &k->ids) = id;
        n = digit ? n + 1 : 0;
    }
}

/* What an import may still read, or gave to be fetched. */
static enum err job_needs(struct cx *cx, void *arg, str state, str args, str result)
{
    static const str refused = S0("\"refused_file\":\"");
    const struct kept *k = arg;
    bool failed = str_eq(state, S("failed")) && k->without_failed;
    bool ended = failed || str_eq(state, S("done")) || str_eq(state, S("cancelled"));
    ptrdiff_t at = str_find(result, refused);
    if (!ended) ids_of(cx, arg, args);
    if (at >= 0) ids_of(cx, arg, str_cut(result, (size_t)at + refused.n, (size_t)at + refused.n + 20));
    return E_OK;
}

static enum err text_needs(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    (void)cols;
    ids_of(cx, arg, row[0].s);
    return E_OK;
}

static int by_number(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static enum err kept_find(struct cx *cx, struct kept *k)
{
    TRY(job_each(cx, S("import_dry"), job_needs, k));
    TRY(job_each(cx, S("import_run"), job_needs, k));
    TRY(db_each(cx, S("SELECT json FROM draft"), NULL, 0, text_needs, k));
    TRY(db_each(cx, S("SELECT value FROM proposal WHERE state IN ('open', 'undone')"), NULL, 0, text_needs, k));
    if (k->ids.n) qsort(k->ids.v, k->ids.n, sizeof *k->ids.v, by_number);
    return E_OK;
}

static bool is_kept(const struct kept *k, int64_t id)
{
    return k->ids.n && bsearch(&id, k->ids.v, k->ids.n, sizeof id, by_number);
}

/* The row first: from then on no record can take the file. */
static enum err let_go(struct cx *cx, int64_t id, int64_t *count)
{
    bool gone = false;
    TRY(stored_drop(cx, id, &gone));
    if (gone) os_unlink(cx, file_path(cx, id));
    *count += gone;
    return E_OK;
}

/* Uploads older than this that nothing in `k` speaks of. */
static enum err older_let_go(struct cx *cx, int days, const struct kept *k, int64_t *count)
{
    int64_t before = clock_aged_ms(cx->now_ms) - (int64_t)days * DAY_MS, after = 0;
    int64_t *ids = NEW_N(cx->a, int64_t, PAGE);
    size_t n = PAGE;
    while (n == PAGE) {
        struct arena_mark m = arena_mark(cx->a);
        TRY(stored_untaken(cx, before, after, ids, PAGE, &n));
        for (size_t i = 0; i < n; i++)
            if (!is_kept(k, ids[i])) TRY(let_go(cx, ids[i], count));
        if (n) after = ids[n - 1];
        arena_back(cx->a, m);
    }
    return E_OK;
}

/* ---- bytes without a row: a kill or a lost connection to the database came in between ---- */
enum { STRAY_DAYS = 1, STRAYS_AT_ONCE = 400 };
struct strays {
    str folder;
    int64_t ids[STRAYS_AT_ONCE];
    str names[STRAYS_AT_ONCE];
    size_t n;
};

/* Those of a page that neither a file nor an upload tells of. "123.in", "123.new": between two steps, nobody's after a
 * day. */
static enum err strays_drop(struct cx *cx, struct strays *s, int64_t *count)
{
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    if (!s->n) return E_OK;
    sql_lit(&q, "SELECT id FROM file WHERE id IN ");
    sql_ids(cx, &q, s->ids, s->n);
    sql_lit(&q, " UNION SELECT id FROM upload WHERE id IN ");
    sql_ids(cx, &q, s->ids, s->n);
    TRY(sql_run(cx, &q, &r, NULL));
    for (size_t i = 0; i < s->n; i++) {
        bool told = false;
        int64_t id = 0;
        for (size_t k = 0; k < r.n; k++) told |= db_int(&r, k, 0) == s->ids[i];
        if (told && str_to_int(s->names[i], &id)) continue;
        os_unlink(cx, arena_fmt(cx->a, "%.*s/%.*s", FS(s->folder), FS(s->names[i])));
        ++*count;
    }
    s->n = 0;
    return E_OK;
}

static enum err folder_sweep(struct cx *cx, str folder, int64_t *count)
{
    struct strays *s = NEW(cx->a, struct strays);
    int64_t before = os_now_ms() / 1000 - STRAY_DAYS * 86400;
    enum err e = E_OK;
    s->folder = folder;
    DIR *d = opendir(arena_z(cx->a, folder));
    for (const struct dirent *x = NULL; e == E_OK && d && (x = readdir(d));) {
        struct stat st;
        str head = {0}, tail = {0}, name = str_from(x->d_name);
        str_split(name, '.', &head, &tail);
        if (!str_to_int(head, &s->ids[s->n]) || fstatat(dirfd(d), x->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            st.st_mtime > before)
            continue;
        s->names[s->n++] = arena_dup(cx->a, name);
        if (s->n == STRAYS_AT_ONCE) e = strays_drop(cx, s, count);
    }
    if (d) (void)closedir(d);
    return e == E_OK ? strays_drop(cx, s, count) : e;
}

static enum err strays_sweep(struct cx *cx)
{
    int64_t count = 0;
    TRY(folder_sweep(cx, arena_fmt(cx->a, "%.*s/files", FS(cx->app->data_dir)), &count));
    TRY(folder_sweep(cx, arena_fmt(cx->a, "%.*s/uploads", FS(cx->app->data_dir)), &count));
    if (count) log_say(cx, LOG_WARN, S("api"), "%" PRId64 " uploads without a row were removed", count);
    return E_OK;
}

/* What records of an older version hold is written down, so that kontor verify can tell from now on. */
enum { SUMS_A_NIGHT = 2000000 };
static enum err sums_due(struct cx *cx)
{
    int64_t count = 0;
    for (size_t i = 0; i < cx->meta->n && count < SUMS_A_NIGHT; i++) {
        int64_t n = 0;
        TRY(sums_fill(cx, &cx->meta->entity[i], SUMS_A_NIGHT - count, &n));
        count += n;
    }
    if (count) log_say(cx, LOG_INFO, S("api"), "%" PRId64 " records of an older version got their numbers", count);
    return E_OK;
}

enum err api_tidy(struct cx *cx)
{
    struct kept k = {0}, long_ago = {.without_failed = true};
    int64_t count = 0;
    TRY(auth_tidy(cx));
    TRY(mail_tidy(cx));
    TRY(hook_tidy(cx));
    TRY(erasure_sweep(cx));
    TRY(sync_tidy(cx));
    TRY(shares_tidy(cx));
    TRY(uploads_tidy(cx));
    TRY(strays_sweep(cx));
    TRY(usage_tidy(cx));
    TRY(mcp_tidy(cx, clock_aged_ms(cx->now_ms)));
    TRY(sums_due(cx));
    TRY(retention_due(cx));
    TRY(kept_find(cx, &k));
    TRY(kept_find(cx, &long_ago));
    TRY(older_let_go(cx, UPLOAD_DAYS, &k, &count));
    TRY(older_let_go(cx, FAILED_DAYS, &long_ago, &count));
    if (count) log_say(cx, LOG_INFO, S("api"), "%" PRId64 " uploads that nobody took were removed", count);
    return event_tidy(cx, cx->app->vault); /* the last: it stops for good at a seal that somebody changed */
}
