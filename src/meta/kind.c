/* SPDX-License-Identifier: MIT */
/* meta/kind.c - the table of kinds and what they share. */
#include "meta/meta_int.h"

#include "base/time.h"
#include "base/tr.h"
#include "fmt/humandate.h"
#include "fmt/number.h"

const struct kind *const kinds[] = {
    &kind_text,     &kind_longtext, &kind_url,    &kind_phones,     &kind_mails,   &kind_addresses,
    &kind_int,      &kind_decimal,  &kind_money,  &kind_percent,    &kind_date,    &kind_timestamp,
    &kind_duration, &kind_bool,     &kind_choice, &kind_choices,    &kind_tags,    &kind_link,
    &kind_links,    &kind_lines,    &kind_user,   &kind_file,       &kind_picture, &kind_rating,
    &kind_json,     &kind_formula,  &kind_rollup, &kind_autonumber,
    &kind_urls,
};
const size_t kinds_n = COUNT(kinds);

const struct kind *kind_find(str name)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_eq(kinds[i]->name, name)) return kinds[i];
    return NULL;
}

enum err bad_value(struct cx *cx, const struct field *f, const char *what)
{
    return fail_at(cx, E_INVALID, f->name, "%.*s: %s", FS(label_of(f->label, cx->lang)),
                   tr_format(cx->lang, what));
}

enum err want_str(struct cx *cx, const struct field *f, const struct json *j, str *ret)
{
    if (j->t != JT_STR) return bad_value(cx, f, "a text is needed");
    *ret = j->s;
    return E_OK;
}

enum err want_int(struct cx *cx, const struct field *f, const struct json *j, int64_t min,
                  int64_t max, int64_t *ret)
{
    int64_t v = 0;
    if ((j->t != JT_NUM && j->t != JT_STR) || !str_to_int(str_trim(j->s), &v))
        return bad_value(cx, f, "a whole number is needed");
    if (v < min || v > max)
        return fail_at(cx, E_INVALID, f->name, "%.*s: the value must be from %" PRId64 " to %" PRId64,
                       FS(label_of(f->label, cx->lang)), min, max);
    *ret = v;
    return E_OK;
}

enum err items_from_json(struct cx *cx, const struct field *f, const struct items_of *kind,
                         const struct json *j, struct val *ret)
{
    if (j->t != JT_ARR || j->n > kind->max) return bad_value(cx, f, kind->many);
    struct item *v = NEW_N(cx->a, struct item, j->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < j->n; i++) {
        const struct json *k = &j->v[i];
        str typed = k->t == JT_STR ? k->s : S(""), type = {0};
        if (k->t != JT_STR && k->t != JT_OBJ) return bad_value(cx, f, kind->odd);
        if (k->t == JT_OBJ) {
            TRY(json_str_of(cx, k, S("value"), S(""), &typed));
            TRY(json_str_of(cx, k, S("type"), S(""), &type));
        }
        if (str_trim(typed).n) TRY(kind->one(cx, f, typed, type, &v[n++]));
    }
    *ret = n ? (struct val){.t = VT_LIST, .v = v, .n = n} : VAL_NULL;
    return E_OK;
}

void items_to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_arr(w);
    for (size_t i = 0; i < v->n; i++) {
        jw_obj(w);
        jw_kstr(w, S("type"), v->v[i].type);
        jw_kstr(w, S("value"), v->v[i].typed);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

enum err number_from_text(struct cx *cx, const struct field *f, str s, int scale, int64_t *ret,
                          str *ret_cur)
{
    struct number n = {0};
    switch (number_parse(cx->a, s, scale, cx->lang, &n)) {
    case NUM_OK: break;
    case NUM_PRECISE: return bad_value(cx, f, "these are more decimal places than the field has");
    case NUM_RANGE: return bad_value(cx, f, "the number is too large");
    case NUM_EMPTY:
    case NUM_UNREAD: return bad_value(cx, f, "a number is needed");
    }
    *ret = n.v;
    if (ret_cur) *ret_cur = n.currency;
    return E_OK;
}

enum err date_from_text(struct cx *cx, const struct field *f, str s, int64_t *ret_day)
{
    struct date_style style = {.lang = cx->lang,
                               .country = cx->country,
                               .today = time_day(cx->now_ms, cx->tz_min),
                               .serial = true};
    enum date_why why = humandate_parse(cx->a, s, &style, ret_day);
    if (why == DATE_OK) return E_OK;
    return bad_value(cx, f, date_why_text(why).p);
}
