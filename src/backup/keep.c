/* SPDX-License-Identifier: MIT */
/* backup/keep.c - which backups there are and which of them stay. */
#include "backup/backup_int.h"
#include "base/time.h"

#include <stdlib.h>

enum { SUM_HEX = 64 };

/* "kontor-20261122-030000" to its moment. */
static bool name_time(str name, int64_t *ret)
{
    int64_t n[6] = {0};
    static const size_t at[] = {7, 11, 13, 16, 18, 20, 22};
    if (name.n != 22 || !str_has_prefix(name, S("kontor-")) || name.p[15] != '-') return false;
    for (size_t i = 0; i < 6; i++) {
        size_t end = i == 2 ? 15 : at[i + 1];
        for (size_t k = at[i]; k < end; k++) {
            if (name.p[k] < '0' || name.p[k] > '9') return false;
            n[i] = n[i] * 10 + (name.p[k] - '0');
        }
    }
    if (!date_exists(n[0], (int)n[1], (int)n[2]) || n[3] > 23 || n[4] > 59 || n[5] > 59)
        return false;
    *ret = day_from(n[0], (int)n[1], (int)n[2]) * DAY_MS + ((n[3] * 60 + n[4]) * 60 + n[5]) * 1000;
    return true;
}

bool name_is_sent(str name)
{
    static const str files = S0("files/");
    int64_t made = 0;
    if (str_has_suffix(name, S(".db"))) return name_time(str_cut(name, 0, name.n - 3), &made);
    if (!str_has_prefix(name, files) || name.n != files.n + SUM_HEX) return false;
    for (size_t i = files.n; i < name.n; i++)
        if (!(name.p[i] >= '0' && name.p[i] <= '9') && !(name.p[i] >= 'a' && name.p[i] <= 'f')) return false;
    return true;
}

static int newest_first(const void *a, const void *b)
{
    const struct backup_item *x = a, *y = b;
    return x->made_ms == y->made_ms ? 0 : x->made_ms > y->made_ms ? -1 : 1;
}

enum err backup_list(struct cx *cx, str dir, struct backup_item **ret, size_t *ret_n)
{
    LIST(struct backup_item) l = {0};
    struct entry *f = NULL;
    size_t n = 0;
    TRY(tree_list(cx, dir, false, &f, &n));
    for (size_t i = 0; i < n; i++) {
        struct backup_item it = {.name = stem_of(cx, f[i].name), .bytes = f[i].bytes};
        if (!str_has_suffix(f[i].name, S(".db")) || !name_time(it.name, &it.made_ms)) continue;
        if (!file_exists(cx, arena_fmt(cx->a, "%.*s/%.*s.json", FS(dir), FS(it.name)))) continue;
        it.path = arena_fmt(cx->a, "%.*s/%.*s.db", FS(dir), FS(it.name));
        *LIST_ADD(cx->a, &l) = it;
    }
    if (l.n) qsort(l.v, l.n, sizeof *l.v, newest_first);
    *ret = l.v;
    *ret_n = l.n;
    return E_OK;
}

void backup_list_json(const struct backup_item *v, size_t n, struct jw *w)
{
    jw_arr(w);
    for (size_t i = 0; i < n; i++) {
        jw_obj(w);
        jw_kstr(w, S("name"), v[i].name);
        jw_kstr(w, S("path"), v[i].path);
        jw_kint(w, S("made_ms"), v[i].made_ms);
        jw_kint(w, S("bytes"), v[i].bytes);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

/* The newest of each of the last `most` periods that have one. */
static void mark(const struct backup_item *v, size_t n, int most, int64_t (*period)(int64_t day),
                 bool *ret)
{
    int64_t last = INT64_MAX;
    for (size_t i = 0; i < n && most > 0; i++) {
        int64_t p = period(time_day(v[i].made_ms, 0));
        if (p == last) continue;
        last = p;
        ret[i] = true;
        most--;
    }
}

static int64_t same_day(int64_t day) { return day; }

void backup_keep_mark(const struct backup_item *v, size_t n, struct backup_keep k, bool *ret)
{
    if (k.daily <= 0 && k.weekly <= 0 && k.monthly <= 0) k = (struct backup_keep){7, 4, 6};
    for (size_t i = 0; i < n; i++)
        ret[i] = v[0].made_ms - v[i].made_ms < DAY_MS; /* made by hand today, maybe */
    mark(v, n, k.daily, same_day, ret);
    mark(v, n, k.weekly, day_week_start, ret);
    mark(v, n, k.monthly, day_month_start, ret);
}
