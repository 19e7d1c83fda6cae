/* SPDX-License-Identifier: MIT */
/* register/register.c - asks each register that takes such a question, one after the other; good answers are kept. */
#include "register/register_int.h"

#include "base/log.h"
#include "os/os.h"

static bool is_named(str list, str name)
{
    str one = {0};
    for (bool more = list.n > 0; more;) {
        more = str_split(list, ',', &one, &list);
        if (str_eq(str_trim(one), name)) return true;
    }
    return false;
}

static bool is_provider(str name)
{
    for (size_t i = 0; i < reg_providers_n; i++)
        if (str_eq(reg_providers[i].name, name)) return true;
    return str_eq(name, S("off")) || !name.n;
}

enum err register_conf_check(struct cx *cx, const struct register_conf *c)
{
    const str url[] = {c->vies_url, c->gleif_url, c->dadata_url};
    str one = {0}, rest = c->providers;
    for (bool more = rest.n > 0; more;) {
        more = str_split(rest, ',', &one, &rest);
        if (!is_provider(str_trim(one)))
            return fail_at(cx, E_INVALID, S("registers"), "There is no register %.*s", FS(str_trim(one)));
    }
    for (size_t i = 0; i < COUNT(url); i++)
        if (url[i].n && !reg_url_ok(url[i]))
            return fail_at(cx, E_INVALID, S("registers"), "A register's address begins with https://");
    for (size_t i = 0; i < c->dadata_key.n; i++)
        if ((unsigned char)c->dadata_key.p[i] <= ' ' || (unsigned char)c->dadata_key.p[i] >= 0x7F)
            return fail_at(cx, E_INVALID, S("dadata_key"), "The key has letters and digits alone");
    return E_OK;
}

/* ---- what was answered before ---- */
struct kept {
    str key, body;
    int64_t at;
};

static str key_of(struct cx *cx, str provider, const struct reg_call *call)
{
    unsigned char sum[32];
    os_sha256(arena_fmt(cx->a, "%.*s\n%.*s\n%.*s", FS(provider), FS(call->url), FS(call->post)), sum);
    return os_hex(cx->a, sum, sizeof sum);
}

static enum err kept_read(struct cx *cx, struct kept *k)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT at, body FROM register_answer WHERE key = $1 AND at > $2", V(k->key),
                 V(cx->now_ms - INT64_C(86400000) * REG_KEEP_DAYS)));
    if (!r.n) return E_OK;
    k->at = db_int(&r, 0, 0);
    k->body = db_str(&r, 0, 1);
    return E_OK;
}

static enum err kept_write(struct cx *cx, void *arg)
{
    const struct kept *k = arg;
    TRY(db_exec(cx, NULL, "DELETE FROM register_answer WHERE at <= $1",
                V(cx->now_ms - INT64_C(86400000) * REG_KEEP_DAYS)));
    return db_exec(cx, NULL,
                   "INSERT INTO register_answer (key, at, body) VALUES ($1, $2, $3)"
                   " ON CONFLICT (key) DO UPDATE SET at = excluded.at, body = excluded.body",
                   V(k->key), V(cx->now_ms), V(k->body));
}

/* ---- asking ---- */
/* No connection of the database is held while the net is waited for. */
static enum err fetch(struct cx *cx, const struct register_conf *c, const struct reg_call *call, str *ret)
{
    struct dbase *b = db_base(cx->db);
    db_snapshot_end(cx);
    db_put(&cx->db);
    enum err e = reg_fetch(cx, call, c->ca, c->timeout_ms ? c->timeout_ms : REG_TIMEOUT_MS, ret);
    cx->db = db_get(b);
    return e;
}

static enum err understand(struct cx *cx, const struct provider *p, str body, struct reg_answer *ret)
{
    const struct json *j = NULL;
    struct reg_answer now = *ret;
    if (json_parse(cx, body, &j) != E_OK || j->t != JT_OBJ) return E_BAD;
    TRY(p->read(cx, j, &now));
    *ret = now;
    return E_OK;
}

/* VIES answers the number without the country's letters, or not at all: the number asked for is the number. */
static void complete(struct cx *cx, const struct reg_call *call, struct reg_firm *f)
{
    ptrdiff_t ms = str_find(call->url, S("/ms/")), vat = str_find(call->url, S("/vat/"));
    if (!str_eq(f->source, S("vies")) || ms < 0 || vat < 0) return;
    str state = str_cut(call->url, (size_t)ms + 4, (size_t)vat);
    str has = f->vat_id.n ? f->vat_id : str_cut(call->url, (size_t)vat + 5, call->url.n);
    f->vat_id = str_has_prefix(has, state) ? has : arena_fmt(cx->a, "%.*s%.*s", FS(state), FS(has));
    if (!f->country.n) f->country = str_eq(state, S("EL")) ? S("GR") : state;
}

static enum err ask(struct cx *cx, const struct register_conf *c, const struct provider *p, const struct reg_call *call,
                    struct reg_answer *ret)
{
    struct kept k = {.key = key_of(cx, p->name, call)};
    struct reg_asked *a = &ret->asked[ret->n_asked++];
    size_t before = ret->n;
    *a = (struct reg_asked){.source = p->name, .at = cx->now_ms, .how = REG_DOWN};
    TRY(kept_read(cx, &k));
    a->cached = k.body.n > 0;
    if (a->cached) a->at = k.at;
    enum err e = a->cached ? E_OK : fetch(cx, c, call, &k.body);
    if (e == E_OK) e = understand(cx, p, k.body, ret);
    if (e != E_OK) {
        log_say(cx, LOG_WARN, S("register"), "%.*s: no answer", FS(p->name));
        return E_OK;
    }
    a->how = ret->n > before ? REG_FOUND : REG_NOTHING;
    for (size_t i = before; i < ret->n; i++) complete(cx, call, &ret->v[i]);
    return a->cached || a->how == REG_NOTHING ? E_OK : db_write(cx, kept_write, &k);
}

enum err register_find(struct cx *cx, const struct register_conf *c, const struct reg_query *q, struct reg_answer *ret)
{
    struct reg_query clean = {str_trim(q->country), str_trim(q->number), str_trim(q->name)};
    assert(!db_is_writing(cx));
    *ret = (struct reg_answer){.n = 0};
    if (!clean.number.n && !clean.name.n) return fail_at(cx, E_INVALID, S("number"), "A number or a name is needed");
    if (clean.number.n > REG_NUMBER_MAX) return fail_at(cx, E_INVALID, S("number"), "This number is too long");
    if (utf8_len(clean.name) > REG_NAME_MAX) return fail_at(cx, E_INVALID, S("name"), "This name is too long");
    if (clean.country.n && clean.country.n != 2)
        return fail_at(cx, E_INVALID, S("country"), "A country has two letters, such as DE");
    for (size_t i = 0; i < reg_providers_n && ret->n_asked < REGISTERS_MAX; i++) {
        const struct provider *p = &reg_providers[i];
        struct reg_call call = {0};
        if (is_named(c->providers, p->name) && p->call(cx, c, &clean, &call)) TRY(ask(cx, c, p, &call, ret));
    }
    return E_OK;
}

static void put(struct jw *w, str key, str s)
{
    if (s.n) jw_kstr(w, key, s);
}

void reg_fields_json(const struct reg_firm *f, struct jw *w)
{
    jw_obj(w);
    put(w, S("name"), f->name);
    put(w, S("full_name"), f->full_name);
    put(w, S("inn"), f->inn);
    put(w, S("kpp"), f->kpp);
    put(w, S("ogrn"), f->ogrn);
    put(w, S("vat_id"), f->vat_id);
    put(w, S("reg_no"), f->reg_no);
    if (f->address.n || f->street.n || f->city.n) {
        jw_key(w, S("addresses"));
        jw_arr(w);
        jw_obj(w);
        jw_kstr(w, S("type"), S("office"));
        put(w, S("text"), f->address);
        put(w, S("street"), f->street);
        put(w, S("zip"), f->zip);
        put(w, S("city"), f->city);
        put(w, S("country"), f->country);
        jw_obj_end(w);
        jw_arr_end(w);
    }
    jw_obj_end(w);
}
