/* SPDX-License-Identifier: MIT */
/* sync/items.c - the body of a request. Its outer form is walked by hand, so that no tree of ten thousand items is
 * held: each item is read strictly by itself, and what is wrong with it is said of it alone. */
#include "sync/sync_int.h"

#include "record/external.h"

const str sync_op_name[SYNC_OPS] = {S0("upsert"), S0("delete"), S0("link")};

struct walk {
    str s;
    size_t at;
    struct cx *cx;     /* the caller's: errors, and what is kept */
    struct cx one, two; /* their arena is emptied after each item; two: for what may fail beside */
    LIST(struct sync_item) item;
};

static enum err bad(struct walk *w)
{
    return fail_at(w->cx, E_BAD, S("items"), "The body is no JSON object with a list \"items\" (byte %zu)", w->at);
}

static char peek(struct walk *w)
{
    while (w->at < w->s.n && memchr(" \t\r\n", w->s.p[w->at], 4)) w->at++;
    return w->at < w->s.n ? w->s.p[w->at] : 0;
}

static bool take(struct walk *w, char c)
{
    bool is = peek(w) == c;
    w->at += is;
    return is;
}

/* Behind the quote that ends a text; its escapes are looked at when it is read. */
static void skip_text(struct walk *w)
{
    for (w->at++; w->at < w->s.n && w->s.p[w->at] != '"'; w->at++) w->at += w->s.p[w->at] == '\\';
    w->at = w->at < w->s.n ? w->at + 1 : w->s.n;
}

/* One value as it stands: up to the comma or bracket that belongs to what is around it. */
static str raw_value(struct walk *w)
{
    int depth = 0;
    (void)peek(w);
    size_t from = w->at;
    while (w->at < w->s.n) {
        char c = w->s.p[w->at];
        if (c == '"') {
            skip_text(w);
            continue;
        }
        if (!depth && (c == ',' || c == ']' || c == '}')) break;
        depth += (c == '[' || c == '{') - (c == ']' || c == '}');
        w->at++;
    }
    return str_cut(w->s, from, w->at);
}

/* ---- one item ---- */
static enum err op_of(struct cx *cx, const struct json *j, enum sync_op *ret)
{
    str name = {0};
    TRY(json_str_of(cx, j, S("op"), sync_op_name[SYNC_UPSERT], &name));
    for (int i = 0; i < SYNC_OPS; i++)
        if (str_eq(name, sync_op_name[i])) return *ret = (enum sync_op)i, E_OK;
    return fail_at(cx, E_INVALID, S("op"), "An item is one of upsert, delete and link");
}

static bool is_member(str key)
{
    static const str known[] = {S0("id"),  S0("entity"), S0("key"),     S0("op"),
                                S0("seq"), S0("values"), S0("record"), S0("replaces")};
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_eq(key, known[i])) return true;
    return false;
}

static enum err item_id_of(struct cx *cx, const struct json *j, struct sync_item *it)
{
    str id = {0};
    TRY(json_str_of(cx, j, S("id"), S(""), &id));
    if (id.n > SYNC_ITEM_ID_MAX)
        return fail_at(cx, E_INVALID, S("id"), "An item's id has at most %d bytes", SYNC_ITEM_ID_MAX);
    it->item = id;
    return E_OK;
}

static enum err values_of(struct cx *cx, const struct json *j, struct sync_item *it)
{
    const struct json *v = json_get(j, S("values"));
    if (it->op == SYNC_LINK) {
        TRY(json_id_of(cx, j, S("record"), 0, &it->record));
        if (!it->record) return fail_at(cx, E_INVALID, S("record"), "Which record? Its id is missing");
    }
    if (it->op != SYNC_UPSERT) return v ? fail_at(cx, E_INVALID, S("values"), "Only an upsert has values") : E_OK;
    if (!v || v->t != JT_OBJ) return fail_at(cx, E_INVALID, S("values"), "The values must be an object");
    struct buf b = buf_new(cx->a, SYNC_VALUES_BYTES);
    struct jw w = jw_new(&b);
    jw_json(&w, v);
    if (b.full) return fail_at(cx, E_LIMIT, S("values"), "This is too large");
    it->values = buf_str(&b);
    return E_OK;
}

static enum err item_of(struct cx *cx, str raw, struct sync_item *it)
{
    const struct json *j = NULL;
    TRY(json_parse(cx, raw, &j));
    if (j->t != JT_OBJ) return fail(cx, E_INVALID, "An item must be an object");
    TRY(item_id_of(cx, j, it));
    TRY(json_str_of(cx, j, S("entity"), S(""), &it->entity));
    TRY(json_str_of(cx, j, S("key"), S(""), &it->key));
    const struct entity *e = meta_entity(cx->meta, it->entity);
    if (!e || !acl_may(cx, e, ACT_SEE)) return fail_at(cx, E_INVALID, S("entity"), "There is nothing of this name");
    if (cx->unproved && record_lets_in(e->name)) /* it is written without a session */
        return fail_at(cx, E_PROOF, S("entity"), "Please prove once more who you are");
    TRY(external_check(cx, S("x"), it->key));
    TRY(op_of(cx, j, &it->op));
    TRY(json_int_of(cx, j, S("seq"), 0, &it->seq));
    if (it->seq < 0) return fail_at(cx, E_INVALID, S("seq"), "A number above nought is needed");
    TRY(json_bool_of(cx, j, S("replaces"), false, &it->replaces));
    for (size_t i = 0; i < j->n; i++)
        if (!is_member(j->v[i].key))
            return fail_at(cx, E_INVALID, str_cut(j->v[i].key, 0, 100), "There is no field of this name");
    return values_of(cx, j, it);
}

/* What could be read of a misfit. With entity and key it holds its key as any that is refused, else nothing. */
static struct sync_item misfit(struct walk *w, const struct sync_item *it, enum err e)
{
    struct arena *a = w->cx->a;
    bool whole = meta_entity(w->cx->meta, it->entity) && external_check(&w->two, S("x"), it->key) == E_OK;
    return (struct sync_item){.entity = whole ? it->entity : S(""),
                              .key = whole ? it->key : S(""),
                              .item = it->item,
                              .op = it->op,
                              .code = err_info[e == E_BAD ? E_INVALID : e].name,
                              .field = arena_dup(a, w->one.at),
                              .why = arena_dup(a, w->one.msg)};
}

static void item_add(struct walk *w, str raw)
{
    struct arena *a = w->cx->a;
    struct sync_item it = {0};
    w->one.at = w->one.msg = S("");
    enum err e = item_of(&w->one, raw, &it);
    if (e != E_OK) it = misfit(w, &it, e);
    it.entity = arena_dup(a, it.entity);
    it.key = arena_dup(a, it.key);
    it.values = arena_dup(a, it.values);
    it.item = arena_dup(a, it.item);
    *LIST_ADD(a, &w->item) = it;
    arena_reset(w->one.a);
}

/* ---- the whole ---- */
static enum err too_many(struct walk *w)
{
    return fail_at(w->cx, E_INVALID, S("items"), "This must be a list of 1 to %d items", SYNC_ITEMS_MAX);
}

static enum err items_of(struct walk *w)
{
    if (!take(w, '[')) return too_many(w);
    if (take(w, ']')) return E_OK;
    do {
        str raw = raw_value(w);
        if (!raw.n) return bad(w);
        if (w->item.n == SYNC_ITEMS_MAX) return too_many(w);
        item_add(w, raw);
    } while (take(w, ','));
    return take(w, ']') ? E_OK : bad(w);
}

static enum err member(struct walk *w)
{
    if (peek(w) != '"') return bad(w);
    size_t from = w->at;
    skip_text(w);
    str name = str_cut(w->s, from, w->at);
    if (!take(w, ':')) return bad(w);
    if (str_eq(name, S("\"items\"")) && !w->item.n) return items_of(w);
    return fail_at(w->cx, E_INVALID, S("items"), "The body has one member: \"items\"");
}

enum err sync_items_read(struct cx *cx, str body, struct sync_item **ret, size_t *ret_n)
{
    struct arena *scratch = arena_new();
    struct walk w = {.s = body, .cx = cx, .one = *cx};
    w.one.a = scratch;
    w.two = w.one;
    enum err e = !utf8_valid(body) || !take(&w, '{') || peek(&w) == '}' ? bad(&w) : member(&w);
    if (e == E_OK && (!take(&w, '}') || peek(&w) || w.at != body.n)) e = bad(&w);
    if (e == E_OK && !w.item.n) e = too_many(&w);
    arena_free(&scratch);
    if (e != E_OK) return e;
    *ret = w.item.v;
    *ret_n = w.item.n;
    return E_OK;
}
