/* SPDX-License-Identifier: MIT */
/* cli/cmd_read.c - count, who, export. */
#include "audit/event.h"
#include "cli/cli_int.h"
#include "os/os.h"
#include "search/search.h"
#include "xfer/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* ---- count ---- */
enum err cmd_count(struct cli *c)
{
    const struct entity *e = NULL;
    const struct cond *where = NULL;
    int64_t n = 0;
    bool exact = true;
    struct cli_json j;
    TRY(cli_entity(c, c->args[0], &e));
    TRY(cli_filter(c, e, &where));
    TRY(record_count(c->cx, e, where, cli_has(c, "deleted"), 0, &n, &exact));
    if (!c->json) {
        cli_say(c, "%" PRId64 "\n", n);
        return E_OK;
    }
    cli_json_begin(c, &j);
    jw_obj(&j.w);
    jw_kstr(&j.w, S("entity"), e->name);
    jw_kint(&j.w, S("count"), n);
    jw_obj_end(&j.w);
    return cli_json_end(c, &j);
}

/* ---- who ---- */
struct found_caller {
    const struct caller *c;
    const struct val *phones; /* or NULL */
    struct record last;       /* id 0 = none */
};

static enum err one_value(struct cli *c, const struct caller *k, const struct val **ret)
{
    struct page p = {0};
    const struct field *f = phones_of(c->cx, k->e);
    struct query q = {.limit = 1, .ids = &k->id, .n_ids = 1, .fields = {.f = &f, .n = 1}};
    if (!f) return E_OK;
    TRY(record_list(c->cx, k->e, &q, &p));
    if (!p.n) return E_OK;
    const struct val *values = p.v->v;
    if (values[f->at].t == VT_LIST) *ret = values + f->at;
    return E_OK;
}

static enum err last_of(struct cli *c, const struct caller *k, struct record *ret)
{
    struct cx *cx = c->cx;
    const struct entity *e = ENT(cx, "interaction");
    const struct field *by = e ? entity_field(e, k->e->name) : NULL, *at = e ? FLD(e, "at") : NULL;
    struct page p = {0};
    if (!by || !at || !acl_may(cx, e, ACT_SEE)) return E_OK;
    struct val *id = NEW(cx->a, struct val);
    *id = VAL_INT(k->id);
    struct cond *w = NEW(cx->a, struct cond);
    *w = (struct cond){.k = C_CMP, .e = e, .f = by, .op = OP_EQ, .v = id, .n_v = 1};
    struct query q = {.where = w, .sort = {{at, true}}, .n_sort = 1, .limit = 1, .fields = FIELDS_ALL};
    TRY(record_list(cx, e, &q, &p));
    if (p.n) *ret = p.v[0];
    return E_OK;
}

static void put_text(struct cli *c, struct jw *w, str key, const struct record *r,
                     const char *field)
{
    const struct field *f = entity_field(r->e, str_from(field));
    if (!f || !acl_field_read(c->cx, f)) return;
    jw_key(w, key);
    if (r->v[f->at].t == VT_NULL) jw_null(w);
    else f->kind->to_json(c->cx, f, &r->v[f->at], w);
}

static void who_json(struct cli *c, struct jw *w, const struct found_caller *k)
{
    jw_obj(w);
    jw_kid(w, S("id"), k->c->id);
    jw_kstr(w, S("entity"), k->c->e->name);
    jw_kstr(w, S("name"), k->c->title);
    jw_key(w, S("company"));
    if (k->c->company_title.n) jw_str(w, k->c->company_title);
    else jw_null(w);
    jw_kid(w, S("company_id"), k->c->company);
    jw_kstr(w, S("owner"), k->c->owner_title);
    jw_kbool(w, S("exact"), k->c->exact);
    jw_key(w, S("phones"));
    jw_arr(w);
    for (size_t i = 0; k->phones && i < k->phones->n; i++) {
        jw_obj(w);
        jw_kstr(w, S("type"), k->phones->v[i].type);
        jw_kstr(w, S("value"), k->phones->v[i].typed);
        jw_kstr(w, S("e164"), k->phones->v[i].norm);
        jw_kstr(w, S("ext"), k->phones->v[i].ext);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_key(w, S("last_interaction"));
    if (!k->last.id) jw_null(w);
    else {
        jw_obj(w);
        jw_kid(w, S("id"), k->last.id);
        jw_kstr(w, S("title"), record_title(&k->last));
        put_text(c, w, S("at"), &k->last, "at");
        put_text(c, w, S("kind"), &k->last, "kind");
        put_text(c, w, S("text"), &k->last, "text");
        jw_obj_end(w);
    }
    jw_obj_end(w);
}

static void who_say(struct cli *c, const struct found_caller *k)
{
    cli_say(c, "%.*s%s%.*s%s", FS(k->c->title), k->c->company_title.n ? ", " : "",
            FS(k->c->company_title), k->c->exact ? "" : " (the end of the number fits)");
    for (size_t i = 0; k->phones && i < k->phones->n; i++)
        cli_say(c, "%s%.*s", i ? "; " : "  ",
                FS(k->phones->v[i].norm.n ? k->phones->v[i].norm : k->phones->v[i].typed));
    if (k->last.id) cli_say(c, "  last: %.*s", FS(record_title(&k->last)));
    cli_put(c, S("\n"));
}

enum err cmd_who(struct cli *c)
{
    str e164 = {0};
    struct caller *v = NULL;
    size_t n = 0;
    struct cli_json j;
    if (c->args[0].n > 200 || !utf8_valid(c->args[0])) return cli_usage(c, "this is not a number");
    TRY(who_find(c->cx, c->args[0], &e164, &v, &n));
    cli_json_begin(c, &j);
    jw_arr(&j.w);
    for (size_t i = 0; i < n; i++) {
        struct found_caller k = {.c = &v[i]};
        TRY(one_value(c, &v[i], &k.phones));
        TRY(last_of(c, &v[i], &k.last));
        if (c->json) who_json(c, &j.w, &k);
        else who_say(c, &k);
    }
    jw_arr_end(&j.w);
    if (c->json) return cli_json_end(c, &j);
    if (!n) cli_note(c, "nobody has %.*s\n", FS(e164.n ? e164 : c->args[0]));
    return E_OK;
}

/* ---- export ---- */
static enum err format_of(struct cli *c, enum export_format *ret)
{
    str name = cli_opt(c, "format"), file = cli_opt(c, "output");
    if (name.n) return export_format_of(c->cx, name, ret);
    for (size_t i = 0; i < EXPORT_FORMATS; i++) {
        str k = export_kinds[i].name;
        if (file.n > k.n + 1 && file.p[file.n - k.n - 1] == '.' && str_has_suffix(file, k))
            *ret = (enum export_format)i;
    }
    return E_OK;
}

static enum err fields_of(struct cli *c, const struct entity *e, struct export_opt *o)
{
    str text = cli_opt(c, "fields");
    return text.n ? record_columns(c->cx, e, text, &o->columns, &o->n_columns) : E_OK;
}

struct target {
    struct cli *c;
    int fd; /* -1: the output */
};
static enum err write_piece(struct cx *cx, void *arg, str piece)
{
    struct target *t = arg;
    if (t->fd >= 0) return os_write_all(cx, t->fd, piece);
    cli_put(t->c, piece);
    return t->c->is_broken ? fail(cx, E_INTERNAL, "the output could not be written") : E_OK;
}

static void export_said(struct cli *c, const struct export_opt *o, const struct export_result *r,
                        str file)
{
    struct cli_json j;
    if (!c->json) {
        cli_note(c, "%" PRId64 " rows, %" PRId64 " bytes, sha256 %.*s\n", r->rows, r->bytes,
                 FS(r->sha256));
        return;
    }
    cli_json_begin(c, &j);
    jw_obj(&j.w);
    jw_kstr(&j.w, S("entity"), o->entity.n ? o->entity : S("all"));
    jw_kstr(&j.w, S("format"), export_kinds[o->format].name);
    jw_kint(&j.w, S("rows"), r->rows);
    jw_kint(&j.w, S("bytes"), r->bytes);
    jw_kstr(&j.w, S("sha256"), r->sha256);
    jw_obj_end(&j.w);
    if (file.n) cli_say(c, "%.*s\n", FS(buf_str(&j.b)));
    else cli_note(c, "%.*s\n", FS(buf_str(&j.b)));
}

/* Beside the target, then renamed: a failed export leaves the old file as it was. */
static enum err export_file(struct cli *c, const struct export_opt *o, str file,
                            struct export_result *r)
{
    struct target t = {c, -1};
    str part = {0};
    int fd OWNED(os_close_fd) = -1;
    TRY(os_temp_file(c->cx, arena_fmt(c->cx->a, "%.*s.", FS(file)), &fd, &part));
    t.fd = fd;
    enum err e = xfer_export(c->cx, o, write_piece, &t, r);
    if (e == E_OK && fsync(fd) != 0) e = os_fail(c->cx, errno, "write", part);
    if (e == E_OK && rename(arena_z(c->cx->a, part), arena_z(c->cx->a, file)) != 0)
        e = os_fail(c->cx, errno, "write", file);
    if (e == E_OK) return e;
    str msg = c->cx->msg, at = c->cx->at;
    os_unlink(c->cx, part);
    c->cx->msg = msg;
    c->cx->at = at;
    return e;
}

enum err cmd_export(struct cli *c)
{
    const struct entity *e = NULL;
    struct export_opt o = {0};
    struct export_result r = {0};
    struct target t = {c, -1};
    str file = cli_opt(c, "output");
    TRY(format_of(c, &o.format));
    if (!str_eq(c->args[0], S("all"))) {
        TRY(cli_entity(c, c->args[0], &e));
        TRY(cli_filter(c, e, &o.where));
        TRY(fields_of(c, e, &o));
        o.entity = e->name;
    } else if (cli_has(c, "filter") || cli_has(c, "fields"))
        return cli_usage(c, "--filter and --fields belong to one entity, not to all");
    if (c->store->data_dir.n) {
        o.tmpdir = arena_fmt(c->cx->a, "%.*s/tmp", FS(c->store->data_dir));
        TRY(os_mkdirs(c->cx, o.tmpdir, 0700));
    }
    if (str_eq(file, S("-"))) file = S("");
    struct event begun = {.kind = EVENT_EXPORT_BEGUN,
                          .detail = event_detail(c->cx, EVENT_KEY_ENTITY, o.entity.n ? o.entity : S("all"))};
    struct event done = {.kind = EVENT_EXPORT_DONE};
    TRY(event_write(c->cx, &begun, &done.subject));
    TRY(file.n ? export_file(c, &o, file, &r) : xfer_export(c->cx, &o, write_piece, &t, &r));
    done.n = event_n(r.rows);
    TRY(event_write(c->cx, &done, NULL));
    TRY(cli_flush(c));
    export_said(c, &o, &r, file);
    return E_OK;
}
