/* SPDX-License-Identifier: MIT */
/* meta/kind_addresses.c - postal addresses: one line as typed (item.typed), parts in item.extra, the folded town in
 * item.ext. */
#include "db/db.h"
#include "meta/filter.h"
#include "meta/meta_int.h"

enum { ADDRESSES_MAX = 20, ADDRESS_BYTES_MAX = 1000 };

static const str parts[] = {S0("street"), S0("zip"), S0("city"), S0("region"), S0("country")};

static enum err one(struct cx *cx, const struct field *f, const struct json *j, struct item *ret)
{
    struct buf line = buf_new(cx->a, ADDRESS_BYTES_MAX), b = buf_new(cx->a, 4 * ADDRESS_BYTES_MAX);
    struct jw w = jw_new(&b);
    str t = {0};
    bool any = false, zip = false;
    TRY(json_str_of(cx, j, S("type"), S(""), &ret->type));
    jw_obj(&w);
    for (size_t i = 0; i < COUNT(parts); i++) {
        TRY(json_str_of(cx, j, parts[i], S(""), &t));
        t = str_trim(t);
        if (!t.n) continue;
        jw_kstr(&w, parts[i], t);
        bool city = str_eq(parts[i], S("city"));
        if (city) ret->ext = filter_fold(cx->a, t);
        if (any) buf_add(&line, city && zip ? S(" ") : S(", "));
        buf_add(&line, t);
        any = true;
        zip = str_eq(parts[i], S("zip"));
    }
    jw_obj_end(&w);
    TRY(json_str_of(cx, j, S("text"), S(""), &t));
    t = str_trim(t);
    if (line.full || b.full || t.n > ADDRESS_BYTES_MAX || ret->type.n > 40)
        return bad_value(cx, f, "an address has at most 1000 bytes");
    ret->typed = t.n ? t : buf_str(&line);
    ret->norm = filter_fold(cx->a, ret->typed); /* what filters look into */
    ret->extra = any ? buf_str(&b) : S("");
    return E_OK;
}

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    if (j->t == JT_STR) {
        struct item *v = NEW(cx->a, struct item);
        v->typed = str_trim(j->s);
        if (v->typed.n > ADDRESS_BYTES_MAX)
            return bad_value(cx, f, "an address has at most 1000 bytes");
        v->norm = filter_fold(cx->a, v->typed);
        *ret = v->typed.n ? (struct val){.t = VT_LIST, .v = v, .n = 1} : VAL_NULL;
        return E_OK;
    }
    if (j->t != JT_ARR || j->n > ADDRESSES_MAX)
        return bad_value(cx, f, "this must be a list of at most 20 addresses");
    struct item *v = NEW_N(cx->a, struct item, j->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < j->n; i++) {
        const struct json text = {
            .t = JT_OBJ,
            .n = 1,
            .v = &(struct json){.t = JT_STR, .key = S("text"), .s = j->v[i].s}};
        TRY(one(cx, f, j->v[i].t == JT_STR ? &text : &j->v[i], &v[n]));
        if (v[n].typed.n) n++;
    }
    *ret = n ? (struct val){.t = VT_LIST, .v = v, .n = n} : VAL_NULL;
    return E_OK;
}

enum { FILL_SLICE = 5000 }; /* more than one record has addresses */

enum err towns_fill(struct cx *cx, bool *ret_any)
{
    int64_t after = 0;
    for (size_t n = FILL_SLICE; n == FILL_SLICE;) {
        struct arena_mark m = arena_mark(cx->a);
        struct db_rows r = {0};
        TRY(db_query(cx, &r,
                     "SELECT record, field, pos, extra FROM contact_point WHERE record > $1 AND kind = 'addresses'"
                     " AND ext = '' AND extra <> '' ORDER BY record LIMIT $2",
                     V(after), V((int)FILL_SLICE)));
        n = r.n;
        for (size_t i = 0; i < n; i++) {
            const struct json *extra = NULL;
            str town = {0};
            if (json_parse(cx, db_str(&r, i, 3), &extra) != E_OK) continue;
            TRY(json_str_of(cx, extra, S("city"), S(""), &town));
            if (!town.n) continue;
            *ret_any = true;
            TRY(db_exec(cx, NULL, "UPDATE contact_point SET ext = $1 WHERE record = $2 AND field = $3 AND pos = $4",
                        V(filter_fold(cx->a, town)), V(db_int(&r, i, 0)), V(db_str(&r, i, 1)), V(db_int(&r, i, 2))));
        }
        if (n) after = db_int(&r, n - 1, 0) - 1; /* the slice may end amidst a record */
        arena_back(cx->a, m);
    }
    return E_OK;
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    struct json j = {.t = JT_STR, .s = s};
    return from_json(cx, f, &j, ret);
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_arr(w);
    for (size_t i = 0; i < v->n; i++) {
        const struct json *extra = NULL;
        jw_obj(w);
        jw_kstr(w, S("type"), v->v[i].type);
        jw_kstr(w, S("text"), v->v[i].typed);
        if (v->v[i].extra.n && json_parse(cx, v->v[i].extra, &extra) == E_OK)
            for (size_t k = 0; k < extra->n; k++) jw_kstr(w, extra->v[k].key, extra->v[k].s);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    for (size_t i = 0; i < v->n; i++) {
        if (i) buf_add(out, S("\n"));
        buf_add(out, v->v[i].typed);
    }
}

const struct kind kind_addresses = {.name = S0("addresses"),
                                    .store = ST_POINTS,
                                    .sort = false,
                                    .search = true,
                                    .ops = OPM(OP_CONTAINS) | OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                                    .from_json = from_json,
                                    .from_text = from_text,
                                    .to_json = to_json,
                                    .to_text = to_text};
