/* SPDX-License-Identifier: MIT */
/* api/registers.c - outside registers: candidates, the fields to take, and what one should know before taking them.
 *
 * Runs on a worker thread that holds no connection while it waits; never more than ASKING_MAX at once, so that a slow
 * register cannot keep others from their work.
 */
#include "api/api_int.h"

#include "base/time.h"
#include "base/tr.h"
#include "search/search.h"

#include <stdatomic.h>

enum { ASKING_MAX = 4 };

static void warning(struct cx *cx, struct jw *w, str code, str text)
{
    (void)cx;
    jw_obj(w);
    jw_kstr(w, S("code"), code);
    jw_kstr(w, S("text"), text);
    jw_obj_end(w);
}

/* Letters and digits alone, so that two notations of a number are one. */
static str bare(struct cx *cx, str s)
{
    char *p = NEW_N(cx->a, char, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c >= 'a' && c <= 'z') p[n++] = (char)(c - 'a' + 'A');
        else if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) p[n++] = c;
    }
    return (str){p, n};
}

static bool has_number(struct cx *cx, const struct reg_firm *f, str number)
{
    const str all[] = {f->inn, f->ogrn, f->vat_id, f->reg_no};
    str asked = bare(cx, number);
    bool any = false;
    for (size_t i = 0; i < COUNT(all); i++) {
        str has = bare(cx, all[i]);
        any |= has.n > 0;
        if (asked.n && has.n && (str_has_suffix(has, asked) || str_has_suffix(asked, has))) return true;
    }
    return !any; /* nothing to compare */
}

static void state_warning(struct cx *cx, const struct reg_firm *f, struct jw *w)
{
    if (f->state == REG_CLOSED) warning(cx, w, S("closed"), tr(cx->lang, S(TR("This firm is closed"))));
    if (f->state == REG_INSOLVENT) warning(cx, w, S("insolvent"), tr(cx->lang, S(TR("This firm is insolvent"))));
    if (f->state == REG_CLOSING) warning(cx, w, S("closing"), tr(cx->lang, S(TR("This firm is being wound up"))));
}

static void fit_warning(struct cx *cx, const struct entity *e, const struct reg_query *q, const struct reg_firm *f,
                        struct jw *w)
{
    bool by_number = q->number.n > 0 && !str_eq(f->source, S("gleif"));
    if (q->number.n && !has_number(cx, f, q->number))
        warning(cx, w, S("number"), tr(cx->lang, S(TR("The register has another number for this firm"))));
    if (by_number && q->name.n && f->name.n && !dup_name_fits(cx, e, q->name, f->name) &&
        (!f->full_name.n || !dup_name_fits(cx, e, q->name, f->full_name)))
        warning(cx, w, S("name"), tr(cx->lang, S(TR("This number belongs to a firm of another name"))));
}

/* Companies that are here already, as far as they may be seen; with the own blacklist. */
static enum err known_find(struct cx *cx, const struct entity *e, const struct reg_firm *f, struct dup **ret,
                           size_t *ret_n)
{
    const struct json *j = NULL;
    struct buf b = buf_new(cx->a, 65536);
    struct jw w = jw_new(&b);
    struct val *v = NEW_N(cx->a, struct val, e->n);
    reg_fields_json(f, &w);
    TRY(json_parse(cx, buf_str(&b), &j));
    for (size_t i = 0; i < j->n; i++) {
        const struct field *x = entity_field(e, j->v[i].key);
        if (!x || x->kind->store == ST_POINTS || !acl_field_read(cx, x)) continue;
        if (x->kind->from_json(cx, x, &j->v[i], &v[x->at]) != E_OK) v[x->at] = VAL_NULL;
    }
    return dup_find(cx, e, v, 0, ret, ret_n);
}

bool is_blacklisted(struct cx *cx, const struct entity *e, int64_t id, str *ret_reason)
{
    const struct field *b = FLD(e, "blacklisted"), *why = FLD(e, "blacklist_reason");
    struct record r = {0};
    if (!b || record_get(cx, e, id, &r) != E_OK) return false;
    if (!r.has[b->at] || r.v[b->at].t != VT_INT || !r.v[b->at].i) return false;
    if (why && r.has[why->at] && r.v[why->at].t == VT_TEXT) *ret_reason = r.v[why->at].s;
    return true;
}

static enum err black_warning(struct cx *cx, const struct entity *e, const struct dup *d, size_t n, struct jw *w)
{
    for (size_t i = 0; i < n; i++) {
        str why = {0};
        if (!is_blacklisted(cx, e, d[i].id, &why)) continue;
        jw_obj(w);
        jw_kstr(w, S("code"), S("blacklist"));
        jw_kstr(w, S("text"), tr(cx->lang, S(TR("This firm is on the blacklist"))));
        jw_kstr(w, S("reason"), why);
        jw_kid(w, S("id"), d[i].id);
        jw_obj_end(w);
    }
    return E_OK;
}

static enum err firm_json(struct cx *cx, const struct entity *e, const struct reg_query *q, const struct reg_firm *f,
                          struct jw *w)
{
    struct dup *d = NULL;
    size_t n = 0;
    TRY(known_find(cx, e, f, &d, &n));
    jw_obj(w);
    jw_kstr(w, S("source"), f->source);
    jw_kstr(w, S("state"), reg_state_name[f->state]);
    jw_key(w, S("fields"));
    reg_fields_json(f, w);
    jw_key(w, S("warnings"));
    jw_arr(w);
    state_warning(cx, f, w);
    fit_warning(cx, e, q, f, w);
    TRY(black_warning(cx, e, d, n, w));
    jw_arr_end(w);
    jw_key(w, S("known"));
    jw_arr(w);
    for (size_t i = 0; i < n; i++) {
        jw_obj(w);
        jw_kid(w, S("id"), d[i].id);
        jw_kstr(w, S("title"), d[i].title);
        jw_kint(w, S("score"), d[i].score);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_obj_end(w);
    return E_OK;
}

static enum err answer_json(struct cx *cx, const struct entity *e, const struct reg_query *q,
                            const struct reg_answer *a, struct jw *w)
{
    static const str how[] = {S0("found"), S0("nothing"), S0("down")};
    jw_obj(w);
    jw_key(w, S("data"));
    jw_arr(w);
    for (size_t i = 0; i < a->n; i++) TRY(firm_json(cx, e, q, &a->v[i], w));
    jw_arr_end(w);
    jw_key(w, S("asked"));
    jw_arr(w);
    for (size_t i = 0; i < a->n_asked; i++) {
        jw_obj(w);
        jw_kstr(w, S("source"), a->asked[i].source);
        jw_kstr(w, S("how"), how[a->asked[i].how]);
        jw_kstr(w, S("at"), time_text(cx->a, a->asked[i].at));
        jw_kbool(w, S("cached"), a->asked[i].cached);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_obj_end(w);
    return E_OK;
}

enum err api_register(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = ENT(cx, "company");
    struct reg_query q = {0};
    struct reg_answer a = {0};
    if (!e || !acl_may(cx, e, ACT_SEE)) return fail(cx, E_NOTFOUND, "There is nothing of this name");
    if (!acl_may(cx, e, ACT_CREATE) && !acl_may(cx, e, ACT_CHANGE))
        return fail(cx, E_DENIED, "You may not create such a record");
    (void)http_query(cx, rq, S("country"), &q.country);
    (void)http_query(cx, rq, S("number"), &q.number);
    (void)http_query(cx, rq, S("name"), &q.name);
    if (atomic_fetch_add(&cx->app->asking, 1) >= ASKING_MAX) {
        atomic_fetch_sub(&cx->app->asking, 1);
        return fail(cx, E_BUSY, "The registers are asked a lot at present: please try again");
    }
    enum err err = register_find(cx, &cx->app->registers, &q, &a);
    atomic_fetch_sub(&cx->app->asking, 1);
    TRY(err);
    struct jw w = reply_json(rs);
    return answer_json(cx, e, &q, &a, &w);
}
