/* SPDX-License-Identifier: MIT */
/* record/record_write.c - create, update, trash: each one transaction that does all that belongs to the write.
 *
 * What needs no database (rights on fields, validation, folding) is done before the writer is entered.
 */
#include "record/record_int.h"

#include "meta/points.h"
#include "notice/notice.h"
#include "record/sums_int.h"
#include "search/search.h"

/* ---- the row ---- */
struct db_val stored(struct cx *cx, const struct field *f, const struct val *v, int which)
{
    if (v->t == VT_NULL) return DB_NONE;
    switch (f->kind->store) {
    case ST_INT: return V(v->i);
    case ST_MONEY: return which ? V(v->s) : V(v->i);
    case ST_TEXT: return V(v->s);
    case ST_FOLDED: return which ? V(filter_fold(cx->a, v->s)) : V(v->s);
    case ST_KEYS: {
        struct buf b = buf_new(cx->a, 64 * 1024);
        for (size_t i = 0; i < v->n; i++) {
            buf_byte(&b, '|');
            buf_add(&b, v->v[i].norm);
        }
        buf_byte(&b, '|');
        return V(buf_str(&b));
    }
    case ST_POINTS: return v->n ? V(points_text(cx->a, v)) : DB_NONE;
    case ST_NONE:
    case ST_LINKS:
    case ST_LINES: break;
    }
    return DB_NONE;
}

static struct sql insert_sql(struct cx *cx, const struct entity *e, int64_t id, const struct val *v)
{
    struct sql q = sql_new(cx);
    struct sums s = sums_of_id(id);
    size_t n = 4;
    sql_lit(&q, "INSERT INTO ");
    sql_name(&q, e->table);
    sql_lit(&q, " (id, version");
    for (size_t i = 0; i < e->n; i++)
        for (int w = 0; w < 2 && v[i].t != VT_NULL; w++) {
            str col = w ? e->f[i].col2 : e->f[i].col;
            if (!col.n) continue;
            sql_lit(&q, ", ");
            sql_name(&q, col);
            n++;
        }
    sql_lit(&q, ", sum1, sum2) VALUES (");
    sql_val(cx, &q, V(id));
    sql_lit(&q, ", ");
    sql_val(cx, &q, V(1));
    for (size_t i = 0; i < e->n; i++)
        for (int w = 0; w < 2 && v[i].t != VT_NULL; w++) {
            if (!(w ? e->f[i].col2 : e->f[i].col).n) continue;
            struct db_val c = stored(cx, &e->f[i], &v[i], w);
            sql_lit(&q, ", ");
            sql_val(cx, &q, c);
            sums_put(&s, &e->f[i], w, &c);
        }
    sql_lit(&q, ", ");
    sql_val(cx, &q, V(s.a));
    sql_lit(&q, ", ");
    sql_val(cx, &q, V(s.b));
    sql_lit(&q, ")");
    assert(q.v.n == n);
    return q;
}

static enum err update_row(struct cx *cx, const struct entity *e, int64_t id, int64_t version,
                           const struct val *v, const bool *changed)
{
    struct sql q = sql_new(cx);
    struct sums s = {0};
    int64_t n = 0;
    TRY(sums_change(cx, e, id, v, changed, &s));
    sql_lit(&q, "UPDATE ");
    sql_name(&q, e->table);
    sql_lit(&q, " SET version = version + 1");
    sums_assign(cx, &q, &s);
    for (size_t i = 0; i < e->n; i++)
        for (int w = 0; w < 2 && changed[i]; w++) {
            str col = w ? e->f[i].col2 : e->f[i].col;
            if (!col.n) continue;
            sql_lit(&q, ", ");
            sql_name(&q, col);
            sql_lit(&q, " = ");
            sql_val(cx, &q, stored(cx, &e->f[i], &v[i], w));
        }
    sql_lit(&q, " WHERE id = ");
    sql_val(cx, &q, V(id));
    sql_lit(&q, " AND version = ");
    sql_val(cx, &q, V(version));
    TRY(sql_run(cx, &q, NULL, &n));
    return n == 1 ? E_OK : fail(cx, E_CONFLICT, "Somebody has changed this record in the meantime");
}

enum err value_write(struct cx *cx, const struct entity *e, int64_t id, const struct field *f, const struct val *v)
{
    struct sql q = sql_new(cx);
    struct sums s = {0};
    struct val *all = NEW_N(cx->a, struct val, e->n);
    bool *changed = NEW_N(cx->a, bool, e->n);
    all[f->at] = *v;
    changed[f->at] = true;
    TRY(sums_change(cx, e, id, all, changed, &s));
    sql_lit(&q, "UPDATE ");
    sql_name(&q, e->table);
    for (int w = 0; w < 2; w++) {
        str col = w ? f->col2 : f->col;
        if (!col.n) continue;
        if (w) sql_lit(&q, ", ");
        else sql_lit(&q, " SET ");
        sql_name(&q, col);
        sql_lit(&q, " = ");
        sql_val(cx, &q, stored(cx, f, v, w));
    }
    sums_assign(cx, &q, &s);
    sql_lit(&q, " WHERE id = ");
    sql_val(cx, &q, V(id));
    return sql_run(cx, &q, NULL, NULL);
}

/* The engine names the index or the column: tell the field. */
static enum err unique_field(struct cx *cx, const struct entity *e, enum err err)
{
    if (err != E_CONFLICT) return err;
    for (size_t i = 0; i < e->n; i++)
        if (field_is_unique_index(cx, &e->f[i], cx->at))
            return fail_at(cx, E_CONFLICT, e->f[i].name, "%.*s: this value is already in use",
                           FS(label_of(e->f[i].label, cx->lang)));
    return err;
}

static enum err lines_write(struct cx *cx, const struct entity *e, int64_t id,
                            const struct field *f, const struct val *old, const struct val *v);

static enum err parts_write(struct cx *cx, const struct entity *e, int64_t id,
                            const struct val *old, const struct val *v, const bool *changed)
{
    for (size_t i = 0; i < e->n; i++) {
        const struct field *f = &e->f[i];
        enum storage st = f->kind->store;
        if (changed ? !changed[i] : v[i].t == VT_NULL) continue;
        if (st == ST_POINTS) TRY(points_write(cx, e, id, f, &v[i], old != NULL));
        if (st == ST_LINKS) TRY(links_write(cx, id, f, &v[i], old != NULL));
        if (st == ST_LINES) TRY(lines_write(cx, e, id, f, old ? &old[i] : NULL, &v[i]));
    }
    return E_OK;
}

/* ---- create ---- */
struct creation {
    const struct entity *e;
    int64_t id;
    const struct set *s;
    size_t n;
    const struct val *v;
    struct sql insert;
    struct written *ret;
};

static enum err numbers_give(struct cx *cx, const struct entity *e, struct val *v, bool *ret_any)
{
    for (size_t i = 0; i < e->n; i++) {
        struct db_rows r = {0};
        if (!str_eq(e->f[i].kind->name, S("autonumber")) || e->f[i].trashed) continue;
        str name = arena_fmt(cx->a, "%.*s.%.*s", FS(e->name), FS(e->f[i].name));
        TRY(db_exec(cx, NULL,
                    "INSERT INTO counter (name, value) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE "
                    "SET value = counter.value + 1",
                    V(name)));
        TRY(db_query(cx, &r, "SELECT value FROM counter WHERE name = $1", V(name)));
        v[i] = VAL_INT(db_int(&r, 0, 0));
        *ret_any = true;
    }
    return E_OK;
}

/* The writer's connection has all of it at hand: a reader would have to find the new pages first. */
static enum err read_after(struct cx *cx, const struct entity *e, const struct written *w)
{
    if (!w->after) return E_OK;
    *w->after = (struct record){0};
    enum err err = record_get(cx, e, w->id, w->after);
    return err == E_NOTFOUND ? E_OK : err;
}

/* Tags take the spelling that is there. *ret_any: one was another. */
static enum err tags_give(struct cx *cx, const struct entity *e, int64_t id, struct val *v, bool *ret_any)
{
    for (size_t i = 0; i < e->n; i++) {
        struct val typed = v[i];
        TRY(tags_settle(cx, &e->f[i], id, NULL, &v[i]));
        if (v[i].v != typed.v && !val_eq(&v[i], &typed)) *ret_any = true;
    }
    return E_OK;
}

/* Nobody makes what his roles' filters do not let him make. They look at what is written by now. */
static enum err check_within(struct cx *cx, const struct entity *e, int64_t id)
{
    bool may = false;
    TRY(acl_fits(cx, e, ACT_CREATE, id, &may));
    return may ? E_OK : fail(cx, E_DENIED, "Your rights do not reach such a record");
}

enum err record_creation_write(struct cx *cx, void *creation)
{
    struct creation *c = creation;
    bool given = false; /* a value that the prepared INSERT does not have */
    struct val *v = NEW_N(cx->a, struct val, c->e->n);
    memcpy(v, c->v, sizeof *v * c->e->n);
    TRY(check_links(cx, c->e, c->s, c->n));
    TRY(numbers_give(cx, c->e, v, &given));
    if (c->e->n_formulas) TRY(formulas_fill(cx, c->e, v, NULL));
    TRY(tags_give(cx, c->e, c->id, v, &given));
    if (given || c->e->n_formulas) c->insert = insert_sql(cx, c->e, c->id, v);
    TRY(unique_field(cx, c->e, sql_run(cx, &c->insert, NULL, NULL)));
    if (c->e->files) TRY(files_bind(cx, c->e, c->id, 0, v, NULL));
    TRY(parts_write(cx, c->e, c->id, NULL, v, NULL));
    if (c->e->search || c->e->dups) TRY(search_put(cx, c->e, c->id, NULL, v));
    TRY(rollups_follow(cx, c->e, NULL, v));
    TRY(check_within(cx, c->e, c->id));
    *c->ret = (struct written){.id = c->id, .version = 1, .after = c->ret->after};
    TRY(log_write(cx, c->e, c->id, S("create"), 1, S(""), &c->ret->seq));
    if (!c->ret->after || !made_is_all(c->e)) return read_after(cx, c->e, c->ret);
    *c->ret->after = (struct record){0};
    return made_record(cx, c->e, c->id, v, c->ret->after);
}

enum { ID_AHEAD_MS = 86400000 };

static enum err create_id(struct cx *cx, int64_t id, int64_t *ret)
{
    int64_t at = id ? id_time_ms(id) : cx->now_ms;
    if (id < 0 || at < cx->now_ms - ID_AHEAD_MS || at > cx->now_ms + ID_AHEAD_MS)
        return fail_at(
            cx, E_INVALID, S("id"),
            "An id made by a client must carry the time it was made, within a day of now");
    *ret = id ? id : id_new(cx->now_ms);
    return E_OK;
}

enum err record_creation(struct cx *cx, const struct entity *e, int64_t id, const struct set *s, size_t n,
                         struct written *ret, struct creation **ret_creation)
{
    struct val *v = NEW_N(cx->a, struct val, e->n);
    bool may = false;
    if (!acl_may(cx, e, ACT_CREATE)) return fail(cx, E_DENIED, "You may not create such a record");
    TRY(check_sets(cx, e, s, n));
    TRY(create_id(cx, id, &id));
    TRY(check_ids(cx, e, NULL, &s, n));
    for (size_t i = 0; i < n; i++) v[s[i].f->at] = s[i].v;
    TRY(apply_defaults(cx, e, v));
    TRY(check_required(cx, e, v));
    TRY(check_rules(cx, e, id, v));
    TRY(acl_owner(cx, e, ACT_CREATE, v[F_OWNER].i, v[F_TEAM].i, &may));
    if (!may) return fail_at(cx, E_DENIED, S("owner"), "You may not create a record for somebody else");
    v[F_CREATED_AT] = v[F_CHANGED_AT] = VAL_INT(cx->now_ms);
    if (cx->who.user) v[F_CREATED_BY] = v[F_CHANGED_BY] = VAL_INT(cx->who.user);
    struct creation *c = *ret_creation = NEW(cx->a, struct creation);
    *c = (struct creation){
        .e = e, .id = id, .s = s, .n = n, .v = v, .insert = insert_sql(cx, e, id, v), .ret = ret};
    return E_OK;
}

enum err record_create(struct cx *cx, const struct entity *e, int64_t id, const struct set *s,
                       size_t n, struct written *ret)
{
    struct creation *c = NULL;
    TRY(record_creation(cx, e, id, s, n, ret, &c));
    return cx->way == WAY_IMPORT ? db_write_part(cx, record_creation_write, c)
                                 : db_write(cx, record_creation_write, c);
}

/* ---- update ---- */
struct updating {
    const struct entity *e;
    int64_t id, version;
    const struct set *s;
    size_t n;
    struct written *ret;
    bool given; /* to another owner or team */
};

enum err update_write(struct cx *cx, const struct entity *e, const struct record *old,
                      const struct set *s, size_t n, struct written *ret)
{
    return update_write_winner(cx, e, old, s, n, 0, ret);
}

enum err update_write_winner(struct cx *cx, const struct entity *e, const struct record *old,
                             const struct set *s, size_t n, int64_t loser, struct written *ret)
{
    struct val *v = NEW_N(cx->a, struct val, e->n);
    bool *changed = NEW_N(cx->a, bool, e->n), any = false;
    memcpy(v, old->v, sizeof *v * e->n);
    for (size_t i = 0; i < n; i++) {
        uint32_t at = s[i].f->at;
        struct val now = s[i].v;
        TRY(tags_settle(cx, s[i].f, old->id, &v[at], &now));
        bool same = val_eq(&v[at], &now) && (s[i].f->kind->store != ST_MONEY || str_eq(v[at].s, now.s));
        if (same && s[i].f->kind->store != ST_LINES) continue;
        v[at] = now;
        changed[at] = any = true;
    }
    *ret = (struct written){.id = old->id, .version = old->version, .after = ret->after};
    if (!any && !loser) return E_OK;
    TRY(check_required(cx, e, v));
    TRY(check_rules(cx, e, old->id, v));
    if (e->files) TRY(files_change(cx, old, loser, v, changed));
    str was = log_old_json(cx, e, old->v, changed, loser);
    v[F_CHANGED_AT] = VAL_INT(cx->now_ms);
    v[F_CHANGED_BY] = cx->who.user ? VAL_INT(cx->who.user) : VAL_NULL;
    changed[F_CHANGED_AT] = changed[F_CHANGED_BY] = true;
    if (e->n_formulas) TRY(formulas_fill(cx, e, v, changed));
    TRY(unique_field(cx, e, update_row(cx, e, old->id, old->version, v, changed)));
    TRY(parts_write(cx, e, old->id, old->v, v, changed));
    if (e->search || e->dups) TRY(search_put(cx, e, old->id, old->v, v));
    TRY(rollups_follow(cx, e, old->v, v));
    TRY(notice_changed(cx, e, old->id, old->v, v));
    if (e->n_dependants) TRY(formulas_follow(cx, e, old->id, changed));
    TRY(acl_still_ruled(cx, e));
    ret->version = old->version + 1;
    return log_write(cx, e, old->id, S("update"), ret->version, was, &ret->seq);
}

/* Nobody gives away what is his by writing another owner or team than he could write for, nor what is only shared
 * with him. */
static enum err check_owner(struct cx *cx, struct updating *u, const struct record *old)
{
    struct val owner = old->v[F_OWNER], team = old->v[F_TEAM];
    bool may = false;
    for (size_t i = 0; i < u->n; i++) {
        if (u->s[i].f->at == F_OWNER) owner = u->s[i].v;
        if (u->s[i].f->at == F_TEAM) team = u->s[i].v;
    }
    if (val_eq(&owner, &old->v[F_OWNER]) && val_eq(&team, &old->v[F_TEAM])) return E_OK;
    TRY(acl_reaches(cx, u->e, ACT_CHANGE, old->id, old->v[F_OWNER].i, old->v[F_TEAM].i, &may));
    if (may) TRY(acl_owner(cx, u->e, ACT_CHANGE, owner.i, team.i, &may));
    u->given = true;
    return may ? E_OK : fail_at(cx, E_DENIED, S("owner"), "You may not give this to somebody else");
}

/* check_owner has looked at the farthest reach of all roles: one of them must reach the record as it is now. */
static enum err check_given(struct cx *cx, const struct entity *e, int64_t id)
{
    bool may = false;
    TRY(acl_fits(cx, e, ACT_CHANGE, id, &may));
    return may ? E_OK : fail_at(cx, E_DENIED, S("owner"), "You may not give this to somebody else");
}

/* Entities of which records are only added: the system, and what takes an addition back, go past this. */
static enum err check_append(struct cx *cx, const struct entity *e)
{
    return e->append ? fail(cx, E_DENIED, "Such entries are only added to, never changed: add what holds now") : E_OK;
}

static enum err update_inside(struct cx *cx, void *arg)
{
    struct updating *u = arg;
    struct record old = {0};
    struct lent lent = {0};
    TRY(read_one(cx, u->e, u->id, ACT_CHANGE, LIVING, false, &old));
    TRY(lent_before(cx, u->e, u->id, &lent));
    if (cx->acl) TRY(check_append(cx, u->e));
    if (u->version && u->version != old.version)
        return fail(cx, E_CONFLICT, "Somebody has changed this record in the meantime");
    TRY(check_links(cx, u->e, u->s, u->n));
    TRY(check_circles(cx, u->e, u->id, u->s, u->n));
    TRY(check_owner(cx, u, &old));
    const struct set *s = u->s;
    TRY(check_ids(cx, u->e, old.v, &s, u->n));
    TRY(update_write(cx, u->e, &old, s, u->n, u->ret));
    if (u->given) TRY(check_given(cx, u->e, u->id));
    TRY(lent_after(cx, u->e, u->id, &lent));
    return read_after(cx, u->e, u->ret);
}

enum err record_update(struct cx *cx, const struct entity *e, int64_t id, int64_t version,
                       const struct set *s, size_t n, struct written *ret)
{
    TRY(check_sets(cx, e, s, n));
    struct updating u = {e, id, version, s, n, ret, false};
    return cx->way == WAY_IMPORT ? db_write_part(cx, update_inside, &u)
                                 : db_write(cx, update_inside, &u);
}

/* ---- child lines: each is a record of its own, written through the same door ---- */
static enum err line_write(struct cx *cx, const struct field *f, const struct field *via,
                           int64_t parent, const struct item *it)
{
    const struct json *j = NULL;
    const struct set *given = NULL;
    size_t n = 0;
    struct written w = {0};
    TRY(json_parse(cx, it->extra, &j));
    TRY(record_sets(cx, f->target, j, &given, &n));
    struct set *s = NEW_N(cx->a, struct set, n + 1);
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (given[i].f != via) s[m++] = given[i];
    s[m++] = (struct set){via, VAL_INT(parent)};
    if (it->id) return record_update(cx, f->target, it->id, 0, s, m, &w);
    return record_create(cx, f->target, 0, s, m, &w);
}

static enum err lines_write(struct cx *cx, const struct entity *e, int64_t id,
                            const struct field *f, const struct val *old, const struct val *v)
{
    const struct field *via = f->target ? entity_field(f->target, f->via) : NULL;
    if (!via) return fail_at(cx, E_INVALID, f->name, "%.*s has no lines", FS(e->name));
    for (size_t i = 0; old && old->t == VT_LIST && i < old->n; i++) {
        bool kept = false;
        struct written w = {0};
        for (size_t k = 0; v->t == VT_LIST && k < v->n; k++) kept |= v->v[k].id == old->v[i].id;
        if (!kept) TRY(record_delete(cx, f->target, old->v[i].id, 0, &w));
    }
    for (size_t i = 0; v->t == VT_LIST && i < v->n; i++) TRY(line_write(cx, f, via, id, &v->v[i]));
    return E_OK;
}

/* ---- trash and back ---- */
enum err trash_write(struct cx *cx, const struct entity *e, const struct record *r, bool away,
                     str op, str old_json, struct written *ret)
{
    bool *changed = NEW_N(cx->a, bool, e->n);
    struct val *v = NEW_N(cx->a, struct val, e->n);
    memcpy(v, r->v, sizeof *v * e->n);
    v[F_DELETED_AT] = away ? VAL_INT(cx->now_ms) : VAL_NULL;
    changed[F_DELETED_AT] = true;
    TRY(unique_field(cx, e, update_row(cx, e, r->id, r->version, v, changed)));
    if (e->search || e->dups) TRY(search_put(cx, e, r->id, away ? r->v : NULL, away ? NULL : v));
    TRY(rollups_follow(cx, e, away ? r->v : NULL, away ? NULL : v));
    if (away) TRY(acl_still_ruled(cx, e));
    *ret = (struct written){.id = r->id, .version = r->version + 1, .after = ret->after};
    return log_write(cx, e, r->id, op, ret->version, old_json, &ret->seq);
}

static enum err delete_inside(struct cx *cx, void *arg)
{
    struct updating *u = arg;
    struct record r = {0};
    TRY(read_one(cx, u->e, u->id, ACT_DELETE, LIVING, false, &r));
    if (cx->acl) TRY(check_append(cx, u->e));
    if (u->version && u->version != r.version)
        return fail(cx, E_CONFLICT, "Somebody has changed this record in the meantime");
    return trash_write(cx, u->e, &r, true, S("delete"), S(""), u->ret);
}

enum err record_delete(struct cx *cx, const struct entity *e, int64_t id, int64_t version,
                       struct written *ret)
{
    struct updating u = {e, id, version, NULL, 0, ret, false};
    return db_write(cx, delete_inside, &u);
}

static enum err restore_inside(struct cx *cx, void *arg)
{
    struct updating *u = arg;
    struct record r = {0};
    TRY(read_one(cx, u->e, u->id, ACT_DELETE, DELETED, false, &r));
    TRY(trash_write(cx, u->e, &r, false, S("restore"), S(""), u->ret));
    return read_after(cx, u->e, u->ret);
}

enum err record_restore(struct cx *cx, const struct entity *e, int64_t id, struct written *ret)
{
    struct updating u = {e, id, 0, NULL, 0, ret, false};
    return db_write(cx, restore_inside, &u);
}
