/* SPDX-License-Identifier: MIT */
/* meta/kind_money.c - an amount in minor units with its ISO 4217 currency. Two decimal places for all
 * (a currency without cents keeps ".00"). */
#include "meta/meta_int.h"

#include "base/decimal.h"

enum { MONEY_SCALE = 2 };

static bool currency_ok(str c)
{
    if (c.n != 3) return false;
    for (size_t i = 0; i < 3; i++)
        if (c.p[i] < 'A' || c.p[i] > 'Z') return false;
    return true;
}

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    str amount = j->s, cur = S("EUR");
    int64_t v = 0;
    if (j->t == JT_OBJ) {
        TRY(json_str_of(cx, j, S("currency"), S(""), &cur));
        const struct json *a = json_get(j, S("amount"));
        if (!a || (a->t != JT_STR && a->t != JT_NUM))
            return bad_value(cx, f, "an amount is needed");
        amount = a->s;
    } else if (j->t != JT_STR && j->t != JT_NUM) {
        return bad_value(cx, f, "an amount like {\"amount\":\"12.50\",\"currency\":\"EUR\"} is needed");
    }
    if (!dec_parse(str_trim(amount), MONEY_SCALE, &v))
        return bad_value(cx, f, "an amount like 12.50 is needed");
    if (!currency_ok(cur)) return bad_value(cx, f, "a currency code of three letters like EUR is needed");
    *ret = (struct val){.t = VT_INT, .i = v, .s = cur};
    return E_OK;
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    int64_t v = 0;
    str cur = S("");
    TRY(number_from_text(cx, f, s, MONEY_SCALE, &v, &cur));
    *ret = (struct val){.t = VT_INT, .i = v, .s = currency_ok(cur) ? cur : S("EUR")};
    return E_OK;
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_obj(w);
    jw_kstr(w, S("amount"), dec_fixed(cx->a, v->i, MONEY_SCALE));
    jw_kstr(w, S("currency"), v->s);
    jw_obj_end(w);
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    buf_add(out, dec_fixed(cx->a, v->i, MONEY_SCALE));
    buf_byte(out, ' ');
    buf_add(out, v->s);
}

const struct kind kind_money = {.name = S0("money"),
                                .store = ST_MONEY,
                                .sort = true,
                                .search = false,
                                .ops = OPM(OP_EQ) | OPM(OP_NE) | OPM(OP_LT) | OPM(OP_LE) |
                                       OPM(OP_GT) | OPM(OP_GE) | OPM(OP_IN) | OPM(OP_NOTIN) |
                                       OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                                .from_json = from_json,
                                .from_text = from_text,
                                .to_json = to_json,
                                .to_text = to_text};
