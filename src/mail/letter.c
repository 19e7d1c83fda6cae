/* SPDX-License-Identifier: MIT */
/* mail/letter.c - what all mails have in common: to whom, the frame of the text, links. */
#include "mail/mail_int.h"

#include "base/tr.h"

enum { TEXT_MAX = 32 * 1024 };

enum err mail_to_user(struct cx *cx, const struct mail_row *m, struct letter *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT name, mail, language FROM \"user\" WHERE id = $1 AND deleted_at IS NULL AND active = 1",
                 V(m->user)));
    str addr = m->addr.n || !r.n ? m->addr : db_str(&r, 0, 1);
    if (!r.n || !addr.n) return fail(cx, E_NOTFOUND, "There is no such user");
    str lang = db_str(&r, 0, 2);
    *ret = (struct letter){.user = m->user, .addr = addr, .name = db_str(&r, 0, 0), .lang = lang.n ? lang : cx->lang};
    return E_OK;
}

str mail_text(struct cx *cx, const struct mail_house *h, const struct letter *l, const str *part, size_t n)
{
    struct buf b = buf_new(cx->a, TEXT_MAX);
    if (l->name.n) buf_add(&b, arena_fmt(cx->a, tr_format(l->lang, TR("Hello %.*s,")), FS(l->name)));
    else buf_add(&b, tr(l->lang, S(TR("Hello,"))));
    for (size_t i = 0; i < n; i++) {
        if (!part[i].n) continue;
        buf_add(&b, S("\n\n"));
        buf_add(&b, part[i]);
    }
    buf_fmt(&b, "\n\n-- \n%.*s", FS(h->firm));
    if (h->url.n) buf_fmt(&b, "\n%.*s", FS(h->url));
    buf_byte(&b, '\n');
    return buf_str(&b);
}

str mail_link(struct cx *cx, const struct mail_house *h, str page, str token)
{
    return arena_fmt(cx->a, "%.*s%.*s#%.*s", FS(h->url), FS(page), FS(token));
}
