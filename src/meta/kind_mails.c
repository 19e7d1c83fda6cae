/* SPDX-License-Identifier: MIT */
/* meta/kind_mails.c - e-mail addresses: as typed and normalised. A faulty one is refused, as a sender would be. */
#include "meta/meta_int.h"

#include "base/tr.h"
#include "fmt/mailaddr.h"

enum { MAILS_MAX = 50, MAIL_BYTES_MAX = 320 };

static enum err one(struct cx *cx, const struct field *f, str typed, str type, struct item *ret)
{
    struct mailaddr m = {0};
    typed = str_trim(typed);
    if (typed.n > MAIL_BYTES_MAX || type.n > 40 || !mailaddr_parse(cx->a, typed, &m))
        return fail_at(cx, E_INVALID, f->name, "%.*s: \"%.*s\" is not an e-mail address",
                       FS(label_of(f->label, cx->lang)), (int)(typed.n > 100 ? 100 : typed.n),
                       typed.p);
    *ret = (struct item){.typed = typed, .type = type, .norm = m.addr};
    return E_OK;
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    struct mailaddr part[MAILADDR_PARTS];
    size_t n = mailaddr_split(cx->a, s, part);
    struct item *v = NEW_N(cx->a, struct item, n + 1);
    for (size_t i = 0; i < n; i++)
        TRY(one(cx, f, part[i].addr.n ? part[i].addr : part[i].name, S(""), &v[i]));
    *ret = n ? (struct val){.t = VT_LIST, .v = v, .n = n} : VAL_NULL;
    return E_OK;
}

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    if (j->t == JT_STR) return from_text(cx, f, j->s, ret);
    static const struct items_of kind = {one, MAILS_MAX, TR("this must be a list of at most 50 addresses"),
                                         TR("an address is a text or an object")};
    return items_from_json(cx, f, &kind, j, ret);
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    for (size_t i = 0; i < v->n; i++) {
        if (i) buf_add(out, S("; "));
        buf_add(out, v->v[i].typed);
    }
}

const struct kind kind_mails = {.name = S0("mails"),
                                .store = ST_POINTS,
                                .search = true,
                                .ops = OPM(OP_EQ) | OPM(OP_CONTAINS) | OPM(OP_EMPTY) |
                                       OPM(OP_NOTEMPTY),
                                .from_json = from_json,
                                .from_text = from_text,
                                .to_json = items_to_json,
                                .to_text = to_text};
