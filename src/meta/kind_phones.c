/* SPDX-License-Identifier: MIT */
/* meta/kind_phones.c - telephone numbers: as typed, E.164 (norm), extension, use, operator (extra). A number that
 * cannot be read is kept as typed without a norm: nothing a user wrote is lost. */
#include "meta/meta_int.h"

#include "fmt/phone.h"

enum { PHONES_MAX = 50, PHONE_BYTES_MAX = 100, OPERATOR_BYTES_MAX = 60 };

static const str uses[] = {S0(""), S0("mobile"), S0("work"), S0("home"), S0("fax")};

static enum err one(struct cx *cx, const struct field *f, str typed, str type, str ext,
                    struct item *ret)
{
    struct phone p = {0};
    typed = str_trim(typed);
    if (typed.n > PHONE_BYTES_MAX || type.n > 40 || ext.n > 20)
        return bad_value(cx, f, "a number has at most 100 bytes");
    bool ok = phone_parse(cx->a, typed, cx->country, &p);
    bool digits = p.why != PHONE_EMPTY && p.why != PHONE_ROUNDED;
    if (!type.n && ok && p.kind == PHONE_MOBILE) type = S("mobile");
    *ret = (struct item){
        .typed = typed, .type = type, .norm = digits ? p.e164 : S(""), .ext = ext.n ? ext : p.ext};
    return E_OK;
}

/* {"operator":"MTS"} */
static enum err operator_put(struct cx *cx, const struct field *f, str name, struct item *ret)
{
    struct buf b = buf_new(cx->a, 8 * OPERATOR_BYTES_MAX);
    struct jw w = jw_new(&b);
    name = str_trim(name);
    if (!name.n) return E_OK;
    if (name.n > OPERATOR_BYTES_MAX) return bad_value(cx, f, "an operator has at most 60 bytes");
    jw_obj(&w);
    jw_kstr(&w, S("operator"), name);
    jw_obj_end(&w);
    ret->extra = buf_str(&b);
    return E_OK;
}

static void operator_json(struct cx *cx, const struct item *p, struct jw *w)
{
    const struct json *j = NULL, *name = NULL;
    if (!p->extra.n || json_parse(cx, p->extra, &j) != E_OK) return;
    name = json_get(j, S("operator"));
    if (name && name->t == JT_STR) jw_kstr(w, S("operator"), name->s);
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    struct phone_part part[PHONE_PARTS];
    size_t n = phone_split(cx->a, s, part);
    struct item *v = NEW_N(cx->a, struct item, n + 1);
    for (size_t i = 0; i < n; i++) TRY(one(cx, f, part[i].typed, uses[part[i].use], S(""), &v[i]));
    *ret = n ? (struct val){.t = VT_LIST, .v = v, .n = n} : VAL_NULL;
    return E_OK;
}

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    if (j->t == JT_STR) return from_text(cx, f, j->s, ret);
    if (j->t != JT_ARR || j->n > PHONES_MAX)
        return bad_value(cx, f, "this must be a list of at most 50 numbers");
    struct item *v = NEW_N(cx->a, struct item, j->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < j->n; i++) {
        const struct json *k = &j->v[i];
        str typed = k->t == JT_STR ? k->s : S(""), type = {0}, ext = {0}, op = {0};
        if (k->t != JT_STR && k->t != JT_OBJ)
            return bad_value(cx, f, "a number is a text or an object");
        if (k->t == JT_OBJ) {
            TRY(json_str_of(cx, k, S("value"), S(""), &typed));
            TRY(json_str_of(cx, k, S("type"), S(""), &type));
            TRY(json_str_of(cx, k, S("ext"), S(""), &ext));
            TRY(json_str_of(cx, k, S("operator"), S(""), &op));
        }
        if (!str_trim(typed).n) continue;
        TRY(one(cx, f, typed, type, ext, &v[n]));
        TRY(operator_put(cx, f, op, &v[n++]));
    }
    *ret = n ? (struct val){.t = VT_LIST, .v = v, .n = n} : VAL_NULL;
    return E_OK;
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)f;
    jw_arr(w);
    for (size_t i = 0; i < v->n; i++) {
        const struct item *p = &v->v[i];
        jw_obj(w);
        jw_kstr(w, S("type"), p->type);
        jw_kstr(w, S("value"), p->typed);
        jw_kstr(w, S("e164"), p->norm);
        if (p->ext.n) jw_kstr(w, S("ext"), p->ext);
        operator_json(cx, p, w);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    for (size_t i = 0; i < v->n; i++) {
        if (i) buf_add(out, S("; "));
        buf_add(out, v->v[i].typed);
    }
}

/* All digits, and the national end of it: 8 916 … and +7 916 … are both found by 916… */
static void to_search(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)f;
    for (size_t i = 0; i < v->n; i++) {
        buf_add(out, v->v[i].norm.n ? str_cut(v->v[i].norm, 1, SIZE_MAX)
                                    : phone_digits(cx->a, v->v[i].typed));
        buf_byte(out, ' ');
    }
}

const struct kind kind_phones = {.name = S0("phones"),
                                 .store = ST_POINTS,
                                 .search = true,
                                 .ops = OPM(OP_EQ) | OPM(OP_CONTAINS) | OPM(OP_EMPTY) |
                                        OPM(OP_NOTEMPTY),
                                 .from_json = from_json,
                                 .from_text = from_text,
                                 .to_json = to_json,
                                 .to_text = to_text,
                                 .to_search = to_search};
