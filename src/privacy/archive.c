/* SPDX-License-Identifier: MIT */
/* privacy/archive.c - gathers what there is of a record, within the asker's rights, and writes data.json. */
#include "base/map.h"
#include "base/time.h"
#include "os/os.h"
#include "privacy/archive_int.h"
#include "record/external.h"
#include "record/log.h"

#include <unistd.h>

enum { PAGE = 200, TEXT_MAX = 256 * 1024 * 1024 };

enum err archive_may(struct cx *cx, const struct entity *e, int64_t id, struct record *ret)
{
    struct record r = {0};
    struct page p = {0};
    struct query q = {.ids = &id,
                      .n_ids = 1,
                      .limit = 1,
                      .cursor = S(""),
                      .exported = true,
                      .fields = FIELDS_ALL};
    TRY(record_get(cx, e, id, &r));
    if (acl_may(cx, e, ACT_EXPORT)) TRY(record_list(cx, e, &q, &p));
    if (!p.n) return fail(cx, E_DENIED, "You may not export these records");
    *ret = r;
    return E_OK;
}

static bool is_link(const struct cx *cx, const struct field *f, const struct entity *to)
{
    enum storage st = f->kind->store;
    return f->target && f->target->at == to->at && !f->via.n && !f->trashed &&
           (st == ST_INT || st == ST_LINKS) && acl_field_read(cx, f);
}

static enum err related_read(struct cx *cx, struct archive *a, const struct field *f,
                             struct map *seen)
{
    struct related l = {.by = f};
    struct page p = {.next = S("")};
    const struct val id = VAL_INT(a->r.id);
    const struct cond where = {.k = C_CMP,
                               .e = f->entity,
                               .f = f,
                               .op = f->kind->store == ST_LINKS ? OP_IN : OP_EQ,
                               .v = &id,
                               .n_v = 1};
    do {
        struct query q = {.where = &where,
                          .limit = PAGE,
                          .cursor = p.next,
                          .exported = true,
                          .fields = FIELDS_ALL};
        TRY(record_list(cx, f->entity, &q, &p));
        for (size_t i = 0; i < p.n; i++) {
            str key = arena_fmt(cx->a, "%" PRId64, p.v[i].id);
            if (map_has(seen, key)) continue;
            map_put(seen, key, a);
            *LIST_ADD(cx->a, &l.v) = p.v[i];
        }
        l.cut = p.next.n && l.v.n >= ARCHIVE_RELATED;
    } while (p.next.n && !l.cut);
    if (l.v.n) *LIST_ADD(cx->a, &a->related) = l;
    return E_OK;
}

static enum err related_all(struct cx *cx, struct archive *a)
{
    struct map seen = map_new(cx->a);
    for (size_t i = 0; i < cx->meta->n; i++) {
        const struct entity *e = &cx->meta->entity[i];
        if (e->trashed || e->admin || !acl_may(cx, e, ACT_SEE) || !acl_may(cx, e, ACT_EXPORT))
            continue;
        for (size_t k = F_SYSTEM_N; k < e->n; k++)
            if (is_link(cx, &e->f[k], a->r.e)) TRY(related_read(cx, a, &e->f[k], &seen));
    }
    return E_OK;
}

/* ---- files ---- */
static void files_of(struct cx *cx, struct archive *a, const struct record *r)
{
    for (size_t i = F_SYSTEM_N; i < r->e->n; i++) {
        const struct field *f = &r->e->f[i];
        const struct val *v = &r->v[i];
        if (!f->kind->file || f->trashed || !r->has[i] || v->t != VT_INT) continue;
        str path = arena_fmt(cx->a, "files/%" PRId64 "-%.*s", v->i, FS(zip_safe_name(cx->a, v->s)));
        *LIST_ADD(cx->a, &a->files) = (struct kept_file){v->i, v->s, path};
    }
}

static enum err files_put(struct cx *cx, const struct archive *a, str data_dir, struct zip_put *z)
{
    for (size_t i = 0; data_dir.n && i < a->files.n; i++) {
        str path = arena_fmt(cx->a, "%.*s/files/%" PRId64, FS(data_dir), a->files.v[i].id);
        if (access(path.p, R_OK) == 0) TRY(zip_put_file(cx, z, a->files.v[i].path, path));
    }
    return E_OK;
}

/* ---- mails, history ---- */
static enum err mails_to(struct cx *cx, struct archive *a, str addr)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT created_at, subject, state, addr FROM mail_out WHERE addr = $1 ORDER BY "
                 "id DESC LIMIT 1000",
                 V(addr)));
    for (size_t i = 0; i < r.n; i++)
        *LIST_ADD(cx->a, &a->mails) = (struct mail_told){db_int(&r, i, 0), db_str(&r, i, 1),
                                                         db_str(&r, i, 2), db_str(&r, i, 3)};
    return E_OK;
}

/* The log of mails is for who manages the settings. */
static enum err mails_all(struct cx *cx, struct archive *a)
{
    for (size_t i = F_SYSTEM_N; acl_sys(cx, SYS_SETTINGS) && i < a->r.e->n; i++) {
        const struct val *v = &a->r.v[i];
        if (!str_eq(a->r.e->f[i].kind->name, S("mails")) || !a->r.has[i]) continue;
        for (size_t k = 0; v->t == VT_LIST && k < v->n; k++) TRY(mails_to(cx, a, v->v[k].norm));
    }
    return E_OK;
}

static enum err history_all(struct cx *cx, struct archive *a)
{
    struct buf b = buf_new(cx->a, TEXT_MAX), keys = buf_new(cx->a, TEXT_MAX);
    struct jw w = jw_new(&b), kw = jw_new(&keys);
    int64_t next = 0;
    size_t n = 0;
    jw_arr(&w);
    do {
        TRY(log_history_json(cx, a->r.e, a->r.id, next, PAGE, &w, &next));
        n += PAGE;
    } while (next && n < ARCHIVE_HISTORY);
    jw_arr_end(&w);
    TRY(external_json(cx, a->r.e, a->r.id, &kw));
    a->history = buf_str(&b);
    a->keys = buf_str(&keys);
    a->history_cut = next != 0;
    return b.full ? fail(cx, E_LIMIT, "This is too large") : E_OK;
}

/* ---- data.json ---- */
static void related_json(struct cx *cx, const struct archive *a, struct jw *w)
{
    jw_key(w, S("related"));
    jw_arr(w);
    for (size_t i = 0; i < a->related.n; i++) {
        const struct related *l = &a->related.v[i];
        jw_obj(w);
        jw_kstr(w, S("entity"), l->by->entity->name);
        jw_kstr(w, S("field"), l->by->name);
        jw_kbool(w, S("cut"), l->cut);
        jw_key(w, S("records"));
        jw_arr(w);
        for (size_t k = 0; k < l->v.n; k++) record_json(cx, &l->v.v[k], w);
        jw_arr_end(w);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static void beside_json(struct cx *cx, const struct archive *a, struct jw *w)
{
    jw_key(w, S("files"));
    jw_arr(w);
    for (size_t i = 0; i < a->files.n; i++) {
        jw_obj(w);
        jw_kid(w, S("id"), a->files.v[i].id);
        jw_kstr(w, S("name"), a->files.v[i].name);
        jw_kstr(w, S("path"), a->files.v[i].path);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_key(w, S("mails"));
    jw_arr(w);
    for (size_t i = 0; i < a->mails.n; i++) {
        jw_obj(w);
        jw_kstr(w, S("at"), time_text(cx->a, a->mails.v[i].at));
        jw_kstr(w, S("to"), a->mails.v[i].addr);
        jw_kstr(w, S("subject"), a->mails.v[i].subject);
        jw_kstr(w, S("state"), a->mails.v[i].state);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static enum err data_put(struct cx *cx, const struct archive *a, struct zip_put *z)
{
    struct buf b = buf_new(cx->a, TEXT_MAX);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    jw_kstr(&w, S("made_at"), time_text(cx->a, cx->now_ms));
    jw_kstr(&w, S("entity"), a->r.e->name);
    jw_key(&w, S("record"));
    record_json(cx, &a->r, &w);
    related_json(cx, a, &w);
    jw_key(&w, S("external"));
    jw_raw(&w, a->keys);
    beside_json(cx, a, &w);
    jw_key(&w, S("history"));
    jw_raw(&w, a->history);
    jw_kbool(&w, S("history_cut"), a->history_cut);
    jw_obj_end(&w);
    if (b.full) return fail(cx, E_LIMIT, "This is too large");
    return zip_put_text(cx, z, S("data.json"), buf_str(&b));
}

enum err archive_put(struct cx *cx, const struct record *r, str data_dir, struct zip_put *z)
{
    struct archive a = {.r = *r};
    struct buf page = buf_new(cx->a, TEXT_MAX);
    TRY(related_all(cx, &a));
    TRY(history_all(cx, &a));
    TRY(mails_all(cx, &a));
    files_of(cx, &a, &a.r);
    for (size_t i = 0; i < a.related.n; i++)
        for (size_t k = 0; k < a.related.v[i].v.n; k++) files_of(cx, &a, &a.related.v[i].v.v[k]);
    TRY(archive_html(cx, &a, &page));
    TRY(zip_put_text(cx, z, S("index.html"), buf_str(&page)));
    TRY(data_put(cx, &a, z));
    return files_put(cx, &a, data_dir, z);
}
