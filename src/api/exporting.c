/* SPDX-License-Identifier: MIT */
/* api/exporting.c - a list as a file, streamed. */
#include "api/api_int.h"

#include "xfer/export.h"

struct sending {
    struct resp *rs;
};

static enum err send_piece(struct cx *cx, void *arg, str piece)
{
    return http_stream_write(cx, ((struct sending *)arg)->rs, piece);
}

static enum err any_fits(struct cx *cx, const struct entity *e, const struct req *rq,
                         const struct cond *where)
{
    struct query q = {.where = where, .exported = true};
    str text = {0};
    int64_t n = 0;
    bool exact = false;
    TRY(query_text(cx, rq, e, false, &text, &q.also));
    TRY(query_shared(cx, rq, &q.shared));
    TRY(record_count_query(cx, e, &q, 1, &n, &exact));
    return n ? E_OK : fail(cx, E_NOTFOUND, "Nothing matches: there is nothing to export");
}

/* Of what is shared with him that which his own rights let him export. */
static enum err shared_also(struct cx *cx, const struct req *rq, const struct entity *e, const struct sql **also)
{
    bool shared = false;
    TRY(query_shared(cx, rq, &shared));
    if (!shared) return E_OK;
    struct sql *s = NEW(cx->a, struct sql);
    *s = sql_new(cx);
    acl_shared_where(cx, e, ACT_SEE, S("t"), s);
    if (*also) {
        sql_lit(s, " AND ");
        sql_append(cx, s, *also);
    }
    *also = s;
    return E_OK;
}

enum err api_export(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    struct export_opt o = {.tmpdir = cx->app->data_dir};
    struct export_result r = {0};
    struct sending s = {rs};
    str format = S("csv");
    str text = {0};
    int64_t begun = 0;
    TRY(path_entity(cx, rq, &e));
    if (!acl_may(cx, e, ACT_EXPORT)) return fail(cx, E_DENIED, "You may not export these records");
    (void)http_query(cx, rq, S("format"), &format);
    TRY(export_format_of(cx, format, &o.format));
    o.entity = e->name;
    TRY(query_columns(cx, rq, e, &o.columns, &o.n_columns));
    TRY(query_filter(cx, rq, e, &o.where));
    TRY(query_text(cx, rq, e, true, &text, &o.also));
    TRY(shared_also(cx, rq, e, &o.also));
    if (o.also) TRY(any_fits(cx, e, rq, o.where));
    TRY(export_told(cx, e, export_kinds[o.format].name, o.where, text.n > 0, &begun));
    rs->type = export_kinds[o.format].type;
    http_head(rs, S("Content-Disposition"),
              arena_fmt(cx->a, "attachment; filename=\"%.*s.%.*s\"", FS(e->name),
                        FS(export_kinds[o.format].name)));
    http_head(rs, S("Trailer"), S("X-Row-Count, X-Checksum"));
    TRY(http_stream_begin(cx, rs));
    TRY(xfer_export(cx, &o, send_piece, &s, &r));
    TRY(event_write(cx, &(struct event){.kind = EVENT_EXPORT_DONE, .subject = begun, .n = event_n(r.rows)}, NULL));
    http_stream_trailer(cx, rs, S("X-Row-Count"), arena_fmt(cx->a, "%" PRId64, r.rows));
    http_stream_trailer(cx, rs, S("X-Checksum"), arena_fmt(cx->a, "sha256=%.*s", FS(r.sha256)));
    return E_OK;
}
