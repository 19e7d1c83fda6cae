/* SPDX-License-Identifier: MIT */
/* privacy/archive_html.c - the page of an archive: one file, no script, nothing fetched. */
#include "base/time.h"
#include "base/tr.h"
#include "privacy/archive_int.h"

/* Text between tags and in attributes. */
static void html(struct buf *b, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '&': buf_add(b, S("&amp;")); break;
        case '<': buf_add(b, S("&lt;")); break;
        case '>': buf_add(b, S("&gt;")); break;
        case '"': buf_add(b, S("&quot;")); break;
        case '\'': buf_add(b, S("&#39;")); break;
        default: buf_byte(b, s.p[i]);
        }
    }
}

static void element(struct buf *b, const char *name, str text)
{
    buf_fmt(b, "<%s>", name);
    html(b, text);
    buf_fmt(b, "</%s>\n", name);
}

static str words(struct cx *cx, const char *english) { return tr(cx->lang, str_from(english)); }

/* "2026-11-22T10:00:00.000Z" for people. */
static str when(struct cx *cx, str iso)
{
    return iso.n >= 16 ? arena_fmt(cx->a, "%.*s %.*s UTC", FS(str_cut(iso, 0, 10)),
                                   FS(str_cut(iso, 11, 16)))
                       : iso;
}

static void field_row(struct cx *cx, const struct field *f, const struct val *v, struct buf *b)
{
    struct buf text = buf_new(cx->a, 4 * 1024 * 1024);
    f->kind->to_text(cx, f, v, &text);
    if (!text.n) return;
    buf_add(b, S("<tr><th scope=\"row\">"));
    html(b, label_of(f->label, cx->lang));
    buf_add(b, S("</th><td>"));
    html(b, buf_str(&text));
    buf_add(b, S("</td></tr>\n"));
}

static void record_table(struct cx *cx, const struct record *r, struct buf *b)
{
    buf_add(b, S("<table>\n"));
    for (size_t i = 0; i < r->e->n; i++) {
        const struct field *f = &r->e->f[i];
        if (r->has[i] && r->v[i].t != VT_NULL && !f->hidden && !f->trashed && acl_field_read(cx, f))
            field_row(cx, f, &r->v[i], b);
    }
    buf_add(b, S("</table>\n"));
}

static void related_part(struct cx *cx, const struct related *l, struct buf *b)
{
    buf_add(b, S("<h2>"));
    html(b, label_of(l->by->entity->plural, cx->lang));
    buf_fmt(b, " (%zu%s)</h2>\n", l->v.n, l->cut ? "+" : "");
    for (size_t i = 0; i < l->v.n; i++) {
        element(b, "h3", record_title(&l->v.v[i]));
        record_table(cx, &l->v.v[i], b);
    }
}

/* ---- history ---- */
/* What a value of the log says: its title, its text, its parts. */
static void value_text(struct cx *cx, const struct json *j, struct buf *b)
{
    static const str said[] = {S0("title"), S0("value"), S0("text"), S0("amount")};
    if (!j || j->t == JT_NULL) return;
    if (j->t == JT_STR || j->t == JT_NUM) buf_add(b, j->s);
    if (j->t == JT_BOOL) buf_byte(b, j->b ? '1' : '0');
    for (size_t i = 0; j->t == JT_ARR && i < j->n; i++) {
        if (i) buf_add(b, S(", "));
        value_text(cx, &j->v[i], b);
    }
    for (size_t i = 0; j->t == JT_OBJ && i < COUNT(said); i++) {
        const struct json *m = json_get(j, said[i]);
        if (!m) continue;
        value_text(cx, m, b);
        return;
    }
}

static str value_of(struct cx *cx, const struct json *j)
{
    struct buf b = buf_new(cx->a, 4 * 1024 * 1024);
    value_text(cx, j, &b);
    return b.n ? buf_str(&b) : S("–");
}

static str text_of(const struct json *j, str key)
{
    const struct json *m = json_get(j, key);
    return m && m->t == JT_STR ? m->s : S("");
}

static str op_word(struct cx *cx, str op)
{
    static const struct {
        str op;
        const char *word;
    } all[] = {{S0("create"), TR("Created")},
               {S0("update"), TR("Changed")},
               {S0("delete"), TR("Deleted")},
               {S0("restore"), TR("Restored")},
               {S0("merge"), TR("Merged")}};
    for (size_t i = 0; i < COUNT(all); i++)
        if (str_eq(all[i].op, op)) return words(cx, all[i].word);
    return op;
}

static void change_row(struct cx *cx, const struct entity *e, const struct json *j, struct buf *b)
{
    const struct json *c = json_get(j, S("changes"));
    buf_add(b, S("<tr><td>"));
    html(b, when(cx, text_of(j, S("at"))));
    buf_add(b, S("</td><td>"));
    html(b, text_of(json_get(j, S("who")), S("title")));
    buf_add(b, S("</td><td>"));
    html(b, op_word(cx, text_of(j, S("op"))));
    for (size_t i = 0; c && i < c->n; i++) {
        const struct field *f = entity_field(e, text_of(&c->v[i], S("field")));
        buf_add(b, S("<br>"));
        html(b, f ? label_of(f->label, cx->lang) : text_of(&c->v[i], S("field")));
        buf_add(b, S(": "));
        html(b, value_of(cx, json_get(&c->v[i], S("old"))));
        buf_add(b, S(" → "));
        html(b, value_of(cx, json_get(&c->v[i], S("new"))));
    }
    buf_add(b, S("</td></tr>\n"));
}

static enum err history_part(struct cx *cx, const struct archive *a, struct buf *b)
{
    const struct json *j = NULL;
    TRY(json_parse(cx, a->history, &j));
    element(b, "h2", words(cx, TR("History")));
    buf_add(b, S("<table>\n"));
    for (size_t i = 0; i < j->n; i++) change_row(cx, a->r.e, &j->v[i], b);
    buf_add(b, S("</table>\n"));
    if (a->history_cut) element(b, "p", S("…"));
    return E_OK;
}

/* ---- what is beside ---- */
static void mails_part(struct cx *cx, const struct archive *a, struct buf *b)
{
    if (!a->mails.n) return;
    element(b, "h2", words(cx, TR("Mails sent")));
    buf_add(b, S("<table>\n"));
    for (size_t i = 0; i < a->mails.n; i++) {
        const struct mail_told *m = &a->mails.v[i];
        buf_add(b, S("<tr><td>"));
        html(b, when(cx, time_text(cx->a, m->at)));
        buf_add(b, S("</td><td>"));
        html(b, m->addr);
        buf_add(b, S("</td><td>"));
        html(b, m->subject);
        buf_add(b, S("</td></tr>\n"));
    }
    buf_add(b, S("</table>\n"));
}

static enum err keys_part(struct cx *cx, const struct archive *a, struct buf *b)
{
    const struct json *j = NULL;
    TRY(json_parse(cx, a->keys, &j));
    if (!j->n) return E_OK;
    element(b, "h2", words(cx, TR("Keys in other systems")));
    buf_add(b, S("<ul>\n"));
    for (size_t i = 0; i < j->n; i++)
        element(b, "li",
                arena_fmt(cx->a, "%.*s: %.*s", FS(text_of(&j->v[i], S("system"))),
                          FS(text_of(&j->v[i], S("key")))));
    buf_add(b, S("</ul>\n"));
    return E_OK;
}

static void files_part(struct cx *cx, const struct archive *a, struct buf *b)
{
    if (!a->files.n) return;
    element(b, "h2", words(cx, TR("Files")));
    buf_add(b, S("<ul>\n"));
    for (size_t i = 0; i < a->files.n; i++) {
        str path = a->files.v[i].path;
        buf_add(b, S("<li><a href=\""));
        for (size_t k = 0; k < path.n; k++) { /* percent-encoded: RFC 3986 */
            unsigned char c = (unsigned char)path.p[k];
            bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || strchr("-._/", c);
            if (plain && c) buf_byte(b, (char)c);
            else buf_fmt(b, "%%%02X", c);
        }
        buf_add(b, S("\">"));
        html(b, a->files.v[i].name);
        buf_add(b, S("</a></li>\n"));
    }
    buf_add(b, S("</ul>\n"));
}

enum err archive_html(struct cx *cx, const struct archive *a, struct buf *out)
{
    str title = record_title(&a->r);
    buf_fmt(out, "<!doctype html>\n<html lang=\"%.*s\">\n<head>\n<meta charset=\"utf-8\">\n",
            FS(cx->lang));
    buf_add(out, S("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                   "style-src 'unsafe-inline'\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width\">\n"));
    element(out, "title", title);
    buf_add(
        out,
        S("<style>body{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:32px "
          "auto;padding:0 16px;color:#16181d}"
          "table{border-collapse:collapse;width:100%;margin:4px 0 "
          "16px}th,td{text-align:left;vertical-align:top;padding:4px "
          "10px 4px 0;border-bottom:1px solid "
          "#e3e5ea;white-space:pre-wrap;overflow-wrap:anywhere}th{width:30%;font-weight:"
          "500;color:#555b66}h2{margin-top:32px}h3{margin-bottom:0}</style>\n</head>\n<body>\n"));
    element(out, "h1", title);
    buf_add(out, S("<p>"));
    html(out,
         words(cx, TR("All data that is kept about this record, as far as it could be exported")));
    buf_add(out, S(". "));
    html(out, when(cx, time_text(cx->a, cx->now_ms)));
    buf_add(out, S("</p>\n"));
    record_table(cx, &a->r, out);
    for (size_t i = 0; i < a->related.n; i++) related_part(cx, &a->related.v[i], out);
    TRY(keys_part(cx, a, out));
    mails_part(cx, a, out);
    files_part(cx, a, out);
    TRY(history_part(cx, a, out));
    buf_add(out, S("</body>\n</html>\n"));
    return out->full ? fail(cx, E_LIMIT, "This is too large") : E_OK;
}
