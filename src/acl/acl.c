/* SPDX-License-Identifier: MIT */
/* acl/acl.c - a role's JSON into reaches; reaches into SQL conditions. */
#include "acl/acl_int.h"

const str action_name[ACT_MAX] = {S0("see"),    S0("create"), S0("change"), S0("delete"),
                                  S0("export"), S0("import"), S0("mass")};
static const str reach_name[] = {S0("none"), S0("own"), S0("team"), S0("branch"), S0("all")};
static const struct {
    str name;
    enum sysright bit;
} sys_names[] = {{S0("settings"), SYS_SETTINGS},
                 {S0("users"), SYS_USERS},
                 {S0("log"), SYS_LOG},
                 {S0("backup"), SYS_BACKUP}};

/* A word -> its place among `names`; n when it is none of them. */
static size_t word_at(const str *names, size_t n, str word)
{
    size_t i = 0;
    while (i < n && !str_eq(names[i], word)) i++;
    return i;
}

static str word_of(const struct json *j) { return j->t == JT_STR ? j->s : S(""); }

static uint8_t reach_of(str s)
{
    size_t at = word_at(reach_name, COUNT(reach_name), s);
    return at < COUNT(reach_name) ? (uint8_t)at : REACH_NONE;
}

static void reach_read(const struct json *j, uint8_t out[ACT_MAX])
{
    for (size_t a = 0; a < ACT_MAX; a++) {
        const struct json *r = json_get(j, action_name[a]);
        if (r && r->t == JT_STR) out[a] = reach_of(r->s);
    }
}

static void sys_read(const struct json *j, struct acl *acl)
{
    for (size_t i = 0; j && j->t == JT_ARR && i < j->n; i++)
        for (size_t k = 0; k < COUNT(sys_names); k++)
            if (str_eq(j->v[i].s, sys_names[k].name)) acl->sys |= sys_names[k].bit;
}

/* ---- fields ---- */
static const str field_right_name[] = {
    [FIELD_WRITE] = S0("write"), [FIELD_READ] = S0("read"), [FIELD_HIDDEN] = S0("hidden")};

/* How many of them a field takes: a record's title stands wherever the record does. */
static size_t rights_of(const struct field *f)
{
    return f->at == f->entity->title ? FIELD_HIDDEN : COUNT(field_right_name);
}

struct masking {
    struct acl *acl;
    uint8_t *mask;
    uint8_t *of;  /* the place of a computed field */
    bool changed;
};

static void hide_with(void *arg, const struct field *source)
{
    struct masking *m = arg;
    if (m->mask[m->acl->mask_at[source->entity->at] + source->at] != FIELD_HIDDEN || *m->of == FIELD_HIDDEN) return;
    *m->of = FIELD_HIDDEN;
    m->changed = true;
}

static void fields_read(const struct entity *e, const struct json *rights, uint8_t *mask)
{
    const struct json *fields = json_get(json_get(rights, e->name), S("fields"));
    for (size_t i = 0; fields && fields->t == JT_OBJ && i < fields->n; i++) {
        const struct field *f = entity_field(e, fields->v[i].key);
        size_t n = f ? rights_of(f) : 0, right = word_at(field_right_name, n, word_of(&fields->v[i]));
        if (right < n) mask[f->at] = (uint8_t)right;
    }
}

static bool has_fields(const struct meta *m, const struct json *rights)
{
    for (size_t i = 0; i < m->n; i++)
        if (json_get(json_get(rights, m->entity[i].name), S("fields"))) return true;
    return false;
}

static void mask_read(struct cx *cx, const struct json *rights, struct acl *acl)
{
    const struct meta *meta = cx->meta;
    if (!has_fields(meta, rights)) return;
    for (size_t i = 0; i < meta->n; i++) {
        acl->mask_at[meta->entity[i].at] = (uint32_t)acl->mask_n;
        acl->mask_fields[meta->entity[i].at] = (uint16_t)meta->entity[i].n;
        acl->mask_n += meta->entity[i].n;
    }
    struct masking m = {.acl = acl, .mask = arena_get(cx->a, acl->mask_n), .changed = true};
    for (size_t i = 0; i < meta->n; i++)
        fields_read(&meta->entity[i], rights, m.mask + acl->mask_at[meta->entity[i].at]);
    while (m.changed) { /* what is computed may be computed from again */
        m.changed = false;
        for (size_t i = 0; i < meta->n; i++)
            for (size_t k = F_SYSTEM_N; k < meta->entity[i].n; k++) {
                m.of = &m.mask[acl->mask_at[meta->entity[i].at] + k];
                field_sources(&meta->entity[i].f[k], hide_with, &m);
            }
    }
    acl->mask = m.mask;
}

/* ---- rights as somebody writes them ---- */
static str place(struct cx *cx, str entity, str word)
{
    return arena_fmt(cx->a, "rights.%.*s%s%.*s", FS(entity), word.n ? "." : "", FS(word));
}

static enum err possible(struct cx *cx, str at, const str *words, size_t n)
{
    struct buf b = buf_new(cx->a, 256);
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add(&b, S(", "));
        buf_add(&b, words[i]);
    }
    return fail_at(cx, E_INVALID, at, "Possible here: %.*s", FS(buf_str(&b)));
}

static enum err no_object(struct cx *cx, str at) { return fail_at(cx, E_INVALID, at, "This must be an object"); }

static enum err fields_check(struct cx *cx, const struct entity *e, const struct json *j)
{
    if (j->t != JT_OBJ) return no_object(cx, place(cx, e->name, S("fields")));
    for (size_t i = 0; i < j->n; i++) {
        str name = j->v[i].key, at = place(cx, e->name, arena_fmt(cx->a, "fields.%.*s", FS(name)));
        const struct field *f = entity_field(e, name);
        if (!f || f->system || f->hidden) return fail_at(cx, E_INVALID, at, "There is no field \"%.*s\"", FS(name));
        if (word_at(field_right_name, rights_of(f), word_of(&j->v[i])) == rights_of(f))
            return possible(cx, at, field_right_name, rights_of(f));
    }
    return E_OK;
}

static enum err entity_check(struct cx *cx, str name, const struct entity *e, const struct json *j)
{
    if (j->t != JT_OBJ) return no_object(cx, place(cx, name, S("")));
    for (size_t i = 0; i < j->n; i++) {
        str word = j->v[i].key, at = place(cx, name, word);
        if (e && str_eq(word, S("fields"))) {
            TRY(fields_check(cx, e, &j->v[i]));
            continue;
        }
        if (word_at(action_name, ACT_MAX, word) == ACT_MAX) return possible(cx, at, action_name, ACT_MAX);
        if (word_at(reach_name, COUNT(reach_name), word_of(&j->v[i])) == COUNT(reach_name))
            return possible(cx, at, reach_name, COUNT(reach_name));
    }
    return E_OK;
}

static enum err sys_check(struct cx *cx, const struct json *j)
{
    str names[COUNT(sys_names)];
    for (size_t k = 0; k < COUNT(sys_names); k++) names[k] = sys_names[k].name;
    bool good = j->t == JT_ARR;
    for (size_t i = 0; good && i < j->n; i++) good = word_at(names, COUNT(names), word_of(&j->v[i])) < COUNT(names);
    return good ? E_OK : possible(cx, place(cx, S("sys"), S("")), names, COUNT(names));
}

enum err acl_check(struct cx *cx, str rights)
{
    const struct json *j = NULL;
    TRY(json_parse(cx, rights, &j));
    if (j->t != JT_OBJ) return no_object(cx, S("rights"));
    for (size_t i = 0; i < j->n; i++) {
        str name = j->v[i].key;
        const struct entity *e = meta_entity(cx->meta, name);
        if (str_eq(name, S("sys"))) TRY(sys_check(cx, &j->v[i]));
        else if (e || str_eq(name, S("*"))) TRY(entity_check(cx, name, e, &j->v[i]));
        else return fail_at(cx, E_INVALID, place(cx, name, S("")), "There is no entity \"%.*s\"", FS(name));
    }
    return E_OK;
}

/* ---- loading ---- */
static void entity_reach(const struct meta *m, const struct json *rights, struct acl *acl)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct entity *e = &m->entity[i];
        uint8_t *out = acl->reach[e->at];
        reach_read(json_get(rights, S("*")), out);
        reach_read(json_get(rights, e->name), out);
        if (!e->admin)
            continue; /* colleagues and teams are known to all, written by those who manage users */
        for (size_t a = 0; a < ACT_MAX; a++) out[a] = acl->sys & SYS_USERS ? REACH_ALL : REACH_NONE;
        out[ACT_SEE] = REACH_ALL;
    }
}

enum err acl_fill(struct cx *cx, str rights, struct acl *acl)
{
    const struct json *j = NULL;
    if (rights.n) TRY(json_parse(cx, rights, &j));
    sys_read(json_get(j, S("sys")), acl);
    entity_reach(cx->meta, j, acl);
    mask_read(cx, j, acl);
    acl->opens = OPENS_ALL;
    return E_OK;
}

enum err acl_load(struct cx *cx, int64_t user, struct acl **ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT u.team_of, t.branch, r.rights, u.role FROM \"user\" u LEFT JOIN \"team\" "
                 "t ON t.id = u.team_of"
                 " LEFT JOIN \"role\" r ON r.id = u.role AND r.deleted_at IS NULL"
                 " WHERE u.id = $1 AND u.deleted_at IS NULL AND u.active = 1",
                 V(user)));
    if (!r.n) return fail(cx, E_AUTH, "This user is not active");
    struct acl *acl = NEW(cx->a, struct acl);
    acl->user = user;
    acl->team = db_int(&r, 0, 0);
    acl->branch = db_int(&r, 0, 1);
    TRY(acl_fill(cx, db_str(&r, 0, 2), acl));
    *ret = acl;
    return E_OK;
}

bool acl_may(const struct cx *cx, const struct entity *e, enum action act)
{
    return !cx->acl || cx->acl->reach[e->at][act] != REACH_NONE;
}

bool acl_sys(const struct cx *cx, enum sysright r) { return !cx->acl || (cx->acl->sys & r) != 0; }

static void where_own(struct cx *cx, struct sql *q, str alias)
{
    sql_lit(q, "(");
    sql_col(q, alias, S("\"owner\""));
    sql_lit(q, " = ");
    sql_val(cx, q, V(cx->acl->user));
}

void acl_where(struct cx *cx, const struct entity *e, enum action act, str alias, struct sql *q)
{
    enum reach r = cx->acl ? (enum reach)cx->acl->reach[e->at][act] : REACH_ALL;
    switch (r) {
    case REACH_ALL: sql_lit(q, "(1 = 1)"); return;
    case REACH_NONE: sql_lit(q, "(1 = 0)"); return;
    case REACH_OWN: where_own(cx, q, alias); break;
    case REACH_TEAM:
        where_own(cx, q, alias);
        sql_lit(q, " OR ");
        sql_col(q, alias, S("\"team\""));
        sql_lit(q, " = ");
        sql_val(cx, q, V(cx->acl->team));
        break;
    case REACH_BRANCH:
        where_own(cx, q, alias);
        sql_lit(q, " OR ");
        sql_col(q, alias, S("\"team\""));
        sql_lit(q, " IN (SELECT bt.id FROM \"team\" bt WHERE bt.branch = ");
        sql_val(cx, q, V(cx->acl->branch));
        sql_lit(q, ")");
        break;
    }
    sql_lit(q, ")");
}

static bool same_branch(const struct cx *cx, int64_t team)
{
    struct cx look = *cx; /* only reads */
    struct db_rows r = {0};
    return db_query(&look, &r, "SELECT 1 FROM \"team\" WHERE id = $1 AND branch = $2", V(team),
                    V(cx->acl->branch)) == E_OK &&
           r.n;
}

bool acl_row(const struct cx *cx, const struct entity *e, enum action act, int64_t owner,
             int64_t team)
{
    enum reach r = cx->acl ? (enum reach)cx->acl->reach[e->at][act] : REACH_ALL;
    bool own = cx->acl && owner == cx->acl->user;
    switch (r) {
    case REACH_ALL: return true;
    case REACH_NONE: return false;
    case REACH_OWN: return own;
    case REACH_TEAM: return own || (team && team == cx->acl->team);
    case REACH_BRANCH: return own || (team && same_branch(cx, team));
    }
    return false;
}

static enum field_right right_of(const struct cx *cx, const struct field *f)
{
    const struct acl *a = cx->acl;
    size_t at = f->entity->at;
    return a && a->mask && f->at < a->mask_fields[at] ? (enum field_right)a->mask[a->mask_at[at] + f->at] : FIELD_WRITE;
}

bool acl_field_read(const struct cx *cx, const struct field *f) { return right_of(cx, f) != FIELD_HIDDEN; }
bool acl_field_write(const struct cx *cx, const struct field *f) { return right_of(cx, f) == FIELD_WRITE; }

void acl_json(struct cx *cx, const struct entity *e, struct jw *w)
{
    jw_obj(w);
    for (enum action a = 0; a < ACT_MAX; a++) jw_kbool(w, action_name[a], acl_may(cx, e, a));
    jw_obj_end(w);
}
