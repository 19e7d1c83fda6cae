/* SPDX-License-Identifier: MIT */
/* hook/body.c - what is told: {"type":"person.updated","timestamp","data":{the record,"changes":[...]},...}, signed. */
#include "hook/hook_int.h"

#include "base/time.h"
#include "os/os.h"

#include <sodium.h>

static const str past[] = {S0("created"), S0("updated"), S0("deleted"), S0("restored"), S0("merged")};

str hook_type(struct cx *cx, str entity, str op)
{
    for (size_t i = 0; i < COUNT(past); i++)
        if (str_eq(hook_op_name[i], op)) return arena_fmt(cx->a, "%.*s.%.*s", FS(entity), FS(past[i]));
    return str_eq(op, S("erase")) ? arena_fmt(cx->a, "%.*s.erased", FS(entity)) : S("hook.test");
}

/* Nothing but which it was: whoever has it can look it up among his own. */
static void erased_json(struct cx *cx, const struct sending *s, struct jw *w)
{
    jw_obj(w);
    jw_kstr(w, S("type"), hook_type(cx, s->entity, s->op));
    jw_kstr(w, S("timestamp"), time_text(cx->a, id_time_ms(s->id)));
    jw_key(w, S("data"));
    jw_obj(w);
    jw_kid(w, S("id"), s->record);
    jw_obj_end(w);
    jw_obj_end(w);
}

static void test_json(struct cx *cx, const struct sending *s, struct jw *w)
{
    jw_obj(w);
    jw_kstr(w, S("type"), S("hook.test"));
    jw_kstr(w, S("timestamp"), time_text(cx->a, id_time_ms(s->id)));
    jw_key(w, S("data"));
    jw_obj(w);
    jw_kid(w, S("id"), s->hook);
    jw_kstr(w, S("name"), s->name);
    jw_obj_end(w);
    jw_obj_end(w);
}

/* The change as the record's history tells it. */
static enum err change_of(struct cx *cx, const struct entity *e, const struct sending *s, const struct json **ret)
{
    struct buf b = buf_new(cx->a, HOOK_BODY_MAX);
    struct jw w = jw_new(&b);
    const struct json *j = NULL;
    int64_t next = 0, seq = 0;
    jw_arr(&w);
    TRY(log_history_json(cx, e, s->record, s->seq + 1, 1, &w, &next));
    jw_arr_end(&w);
    if (b.full) return fail(cx, E_LIMIT, "This is too large");
    TRY(json_parse(cx, buf_str(&b), &j));
    if (!j->n) return fail(cx, E_NOTFOUND, "There is no such change");
    TRY(json_id_of(cx, &j->v[0], S("seq"), 0, &seq));
    *ret = &j->v[0];
    return seq == s->seq ? E_OK : fail(cx, E_NOTFOUND, "There is no such change");
}

static void copy(struct jw *w, const struct json *from, str key, str as)
{
    const struct json *v = json_get(from, key);
    if (!v) return;
    jw_key(w, as);
    jw_json(w, v);
}

static enum err record_body(struct cx *cx, const struct entity *e, const struct sending *s, struct jw *w)
{
    struct record r = {0};
    const struct json *change = NULL;
    struct buf b = buf_new(cx->a, HOOK_BODY_MAX);
    struct jw data = jw_new(&b);
    TRY(record_get_deleted(cx, e, s->record, &r));
    TRY(change_of(cx, e, s, &change));
    record_json(cx, &r, &data);
    if (b.full) return fail(cx, E_LIMIT, "This is too large");
    b.n--; /* the bracket: one member more */
    copy(&data, change, S("changes"), S("changes"));
    jw_obj_end(&data);
    if (b.full) return fail(cx, E_LIMIT, "This is too large");
    jw_obj(w);
    jw_kstr(w, S("type"), hook_type(cx, s->entity, s->op));
    copy(w, change, S("at"), S("timestamp"));
    jw_key(w, S("data"));
    jw_raw(w, buf_str(&b));
    copy(w, change, S("seq"), S("change"));
    copy(w, change, S("batch"), S("batch"));
    copy(w, change, S("version"), S("version"));
    copy(w, change, S("who"), S("who"));
    copy(w, change, S("way"), S("way"));
    copy(w, change, S("winner"), S("winner"));
    copy(w, change, S("loser"), S("loser"));
    jw_obj_end(w);
    return E_OK;
}

enum err body_make(struct cx *cx, const struct sending *s, str *ret)
{
    struct buf b = buf_new(cx->a, 2 * HOOK_BODY_MAX);
    struct jw w = jw_new(&b);
    if (str_eq(s->op, S("test"))) {
        test_json(cx, s, &w);
    } else if (str_eq(s->op, S("erase"))) {
        erased_json(cx, s, &w);
    } else {
        const struct entity *e = meta_entity(cx->meta, s->entity);
        if (!e || !acl_may(cx, e, ACT_SEE)) return fail(cx, E_NOTFOUND, "There is nothing of this name");
        TRY(record_body(cx, e, s, &w));
    }
    if (b.full) return fail(cx, E_LIMIT, "This is too large");
    *ret = buf_str(&b);
    return E_OK;
}

str body_sign(struct cx *cx, str secret, str id, int64_t at_s, str body)
{
    crypto_auth_hmacsha256_state st;
    unsigned char sum[crypto_auth_hmacsha256_BYTES];
    size_t n = 0;
    str head = arena_fmt(cx->a, "%.*s.%" PRId64 ".", FS(id), at_s), key64 = str_cut(secret, 6, secret.n);
    unsigned char *key = os_unbase64(cx->a, OS_BASE64, key64, &n);
    assert(key); /* we made it, and it was sealed */
    crypto_auth_hmacsha256_init(&st, key, n);
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)head.p, head.n);
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)body.p, body.n);
    crypto_auth_hmacsha256_final(&st, sum);
    sodium_memzero(key, n);
    sodium_memzero(&st, sizeof st);
    return arena_fmt(cx->a, "v1,%.*s", FS(os_base64(cx->a, OS_BASE64, sum, sizeof sum)));
}
