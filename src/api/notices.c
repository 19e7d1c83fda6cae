/* SPDX-License-Identifier: MIT */
/* api/notices.c - what the present user is to be told. A notice of a record that he may no longer see is not shown. */
#include "api/api_int.h"

#include "base/time.h"
#include "notice/notice.h"

static void titled(struct jw *w, str key, str id, str title)
{
    jw_key(w, key);
    jw_obj(w);
    jw_kstr(w, S("id"), id);
    jw_kstr(w, S("title"), title);
    jw_obj_end(w);
}

/* A link's ids with titles as far as they may be seen; texts as they are. */
static enum err side_json(struct cx *cx, const struct field *f, const struct json *data, str key, struct jw *w)
{
    const struct json *j = json_get(data, key);
    int64_t id = 0;
    str title = {0};
    if (!j || j->t != JT_STR) return E_OK;
    if (!f->target) {
        jw_kstr(w, key, j->s);
        return E_OK;
    }
    if (!str_to_int(j->s, &id)) return E_OK;
    TRY(record_titles(cx, f->target, &id, 1, &title));
    if (title.n) titled(w, key, j->s, title);
    return E_OK;
}

static enum err by_json(struct cx *cx, const struct json *data, struct jw *w)
{
    int64_t by = 0;
    str name = {0}, id = {0};
    TRY(json_id_of(cx, data, S("by"), 0, &by));
    TRY(json_str_of(cx, data, S("by"), S(""), &id));
    if (!by) return E_OK;
    TRY(record_titles(cx, ENT(cx, "user"), &by, 1, &name));
    titled(w, S("by"), id, name);
    return E_OK;
}

static enum err notice_json(struct cx *cx, const struct notice *n, str title, struct jw *w)
{
    const struct entity *e = meta_entity(cx->meta, n->entity);
    const struct json *data = NULL;
    str field = {0}, source = {0}, right = {0};
    TRY(json_parse(cx, n->data, &data));
    TRY(json_str_of(cx, data, S("field"), S(""), &field));
    TRY(json_str_of(cx, data, S("source"), S(""), &source));
    TRY(json_str_of(cx, data, S("right"), S(""), &right));
    const struct field *f = entity_field(e, field);
    jw_obj(w);
    jw_kid(w, S("id"), n->id);
    jw_kstr(w, S("kind"), n->kind);
    jw_kstr(w, S("at"), time_text(cx->a, n->at));
    jw_kbool(w, S("read"), n->is_read);
    jw_kstr(w, S("entity"), n->entity);
    jw_key(w, S("record"));
    jw_obj(w);
    jw_kid(w, S("id"), n->record);
    jw_kstr(w, S("title"), title);
    jw_obj_end(w);
    if (f && acl_field_read(cx, f)) {
        jw_kstr(w, S("field"), field);
        TRY(side_json(cx, f, data, S("old"), w));
        TRY(side_json(cx, f, data, S("new"), w));
    }
    if (source.n) jw_kstr(w, S("source"), source);
    if (right.n) jw_kstr(w, S("right"), right);
    TRY(by_json(cx, data, w));
    jw_obj_end(w);
    return E_OK;
}

enum err api_notice_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct notice *v = NULL;
    size_t n = 0;
    int64_t unread = 0;
    str s = {0};
    TRY(notice_list(cx, http_query(cx, rq, S("unread"), &s) && str_eq(s, S("1")), &v, &n));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        const struct entity *e = meta_entity(cx->meta, v[i].entity);
        str title = {0};
        if (!e || !acl_may(cx, e, ACT_SEE)) continue;
        TRY(record_titles(cx, e, &v[i].record, 1, &title));
        if (!title.n) continue;
        TRY(notice_json(cx, &v[i], title, &w));
        unread += !v[i].is_read;
    }
    jw_arr_end(&w);
    jw_kint(&w, S("unread"), unread);
    jw_obj_end(&w);
    return E_OK;
}

static enum err mark(struct cx *cx, const struct req *rq, struct resp *rs, int64_t id)
{
    const struct json *j = NULL;
    bool is_read = false;
    TRY(body_json(cx, rq, &j));
    TRY(json_bool_of(cx, j, S("read"), false, &is_read));
    if (!is_read) return fail_at(cx, E_INVALID, S("read"), "A notice can only be marked as read");
    TRY(notice_read(cx, id));
    rs->status = 204;
    return E_OK;
}

enum err api_notice_all(struct cx *cx, const struct req *rq, struct resp *rs) { return mark(cx, rq, rs, 0); }

enum err api_notice_patch(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    TRY(path_id(cx, rq, 0, &id));
    return mark(cx, rq, rs, id);
}
