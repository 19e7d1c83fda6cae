/* SPDX-License-Identifier: MIT */
/* notice/notice.c - rows of `notice`. */
#include "notice/notice.h"

enum { DATA_MAX = 16384 };

bool notice_told(const struct field *f)
{
    return str_eq(f->entity->name, S("person")) &&
           (str_eq(f->name, S("company")) || str_eq(f->name, S("job_title")));
}

static void value(struct jw *w, str key, const struct val *v)
{
    if (v->t == VT_INT) jw_kid(w, key, v->i);
    else jw_kstr(w, key, v->t == VT_TEXT ? v->s : S(""));
}

enum err notice_put(struct cx *cx, int64_t user, str kind, const struct entity *e, int64_t id, str data)
{
    return db_exec(cx, NULL,
                   "INSERT INTO notice (id, user_id, kind, entity, record, data, at)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                   V(id_new(cx->now_ms)), V(user), V(kind), V(e->name), V(id), V(data), V(cx->now_ms));
}

static enum err tell(struct cx *cx, const struct field *f, int64_t id, const struct val *old, const struct val *v)
{
    struct buf b = buf_new(cx->a, DATA_MAX);
    struct jw w = jw_new(&b);
    int64_t owner = v[F_OWNER].t == VT_INT ? v[F_OWNER].i : 0;
    if (!owner || owner == cx->who.user) return E_OK;
    jw_obj(&w);
    jw_kstr(&w, S("field"), f->name);
    value(&w, S("old"), &old[f->at]);
    value(&w, S("new"), &v[f->at]);
    jw_kid(&w, S("by"), cx->who.user);
    jw_kstr(&w, S("way"), way_name[cx->way]);
    jw_obj_end(&w);
    return b.full ? E_OK : notice_put(cx, owner, S("changed"), f->entity, id, buf_str(&b));
}

enum err notice_changed(struct cx *cx, const struct entity *e, int64_t id, const struct val *old,
                        const struct val *v)
{
    static const str told[] = {S0("company"), S0("job_title")};
    if (!str_eq(e->name, S("person"))) return E_OK;
    for (size_t i = 0; i < COUNT(told); i++) {
        const struct field *f = entity_field(e, told[i]);
        if (!f || old[f->at].t == VT_NULL || val_eq(&old[f->at], &v[f->at])) continue;
        TRY(tell(cx, f, id, old, v));
    }
    return E_OK;
}

enum err notice_list(struct cx *cx, bool unread_only, struct notice **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT id, record, at, kind, entity, data, read_at FROM notice"
                 " WHERE user_id = $1 AND ($2 = 0 OR read_at IS NULL) ORDER BY id DESC LIMIT 100",
                 V(cx->who.user), V(unread_only)));
    struct notice *v = NEW_N(cx->a, struct notice, r.n + 1);
    for (size_t i = 0; i < r.n; i++)
        v[i] = (struct notice){.id = db_int(&r, i, 0),
                               .record = db_int(&r, i, 1),
                               .at = db_int(&r, i, 2),
                               .kind = db_str(&r, i, 3),
                               .entity = db_str(&r, i, 4),
                               .data = db_str(&r, i, 5),
                               .is_read = !db_is_null(&r, i, 6)};
    *ret = v;
    *ret_n = r.n;
    return E_OK;
}

static enum err read_inside(struct cx *cx, void *arg)
{
    const int64_t *id = arg;
    int64_t n = 0;
    if (!*id)
        return db_exec(cx, NULL, "UPDATE notice SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL",
                       V(cx->who.user), V(cx->now_ms));
    TRY(db_exec(cx, &n, "UPDATE notice SET read_at = COALESCE(read_at, $3) WHERE id = $1 AND user_id = $2", V(*id),
                V(cx->who.user), V(cx->now_ms)));
    return n ? E_OK : fail(cx, E_NOTFOUND, "There is no such notice");
}

enum err notice_read(struct cx *cx, int64_t id) { return db_write(cx, read_inside, &id); }
