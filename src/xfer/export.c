/* SPDX-License-Identifier: MIT */
#include "xfer/export.h"

#include "fmt/csv.h"
#include "fmt/xlsx_put.h"
#include "os/os.h"
#include "xfer/cards.h"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, ROW_ROOM = 64 * 1024 * 1024 };
const struct export_kind export_kinds[EXPORT_FORMATS] = {
    {S0("csv"), S0("text/csv; charset=utf-8")},
    {S0("xlsx"), S0("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")},
    {S0("vcf"), S0("text/vcard; charset=utf-8")},
    {S0("jsonl"), S0("application/jsonl; charset=utf-8")},
};

enum err export_format_of(struct cx *cx, str name, enum export_format *ret)
{
    for (size_t i = 0; i < EXPORT_FORMATS; i++) {
        if (!str_eq(export_kinds[i].name, name)) continue;
        *ret = (enum export_format)i;
        return E_OK;
    }
    return fail_at(cx, E_INVALID, S("format"), "The format is csv, xlsx, vcf or jsonl");
}

struct exporting {
    const struct export_opt *o;
    const struct entity *e;
    export_write_fn *write;
    void *arg;
    struct export_result *ret;
    crypto_hash_sha256_state sha;
    struct list_column *col;
    size_t n;
    struct arena *row_a; /* of one row or piece */
    struct buf out;      /* waits for a piece's size */
    struct xlsx_put *xlsx;
};

static enum err piece_out(struct cx *cx, struct exporting *x, str piece)
{
    if (piece.n == 0) return E_OK;
    (void)crypto_hash_sha256_update(&x->sha, (const unsigned char *)piece.p, piece.n);
    x->ret->bytes += (int64_t)piece.n;
    return x->write(cx, x->arg, piece);
}

static enum err flush(struct cx *cx, struct exporting *x, size_t least)
{
    if (x->out.full) return fail(cx, E_LIMIT, "A record is too large to be exported");
    if (x->out.n < least) return E_OK;
    TRY(piece_out(cx, x, buf_str(&x->out)));
    x->out.n = 0;
    return E_OK;
}

/* ---- columns ---- */
static bool is_column(const struct cx *cx, const struct field *f)
{
    enum storage s = f->kind->store;
    return !f->trashed && !f->hidden && s != ST_LINES && acl_field_read(cx, f) &&
           f->at != F_DELETED_AT && f->at != F_FIRM;
}

/* The title first, the system's own fields last. */
static void columns_pick(struct cx *cx, struct exporting *x)
{
    const struct entity *e = x->e;
    x->col = NEW_N(cx->a, struct list_column, e->n + x->o->n_columns + 1);
    x->n = 0;
    for (size_t i = 0; i < x->o->n_columns; i++)
        if (acl_field_read(cx, x->o->columns[i].f)) x->col[x->n++] = x->o->columns[i];
    if (x->o->n_columns) return;
    if (is_column(cx, &e->f[e->title])) x->col[x->n++].f = &e->f[e->title];
    for (size_t i = F_SYSTEM_N; i < e->n; i++)
        if (i != e->title && is_column(cx, &e->f[i])) x->col[x->n++].f = &e->f[i];
    for (size_t i = 0; i < F_SYSTEM_N && i < e->n; i++)
        if (is_column(cx, &e->f[i])) x->col[x->n++].f = &e->f[i];
}

static str heading(struct cx *cx, const struct list_column *c)
{
    str own = label_of(c->f->label, cx->lang);
    return c->link ? arena_fmt(cx->a, "%.*s: %.*s", FS(label_of(c->link->label, cx->lang)), FS(own)) : own;
}

/* Linked values stand in the order of their columns; *k: the next. */
static const struct val *value_in(const struct record *r, const struct list_column *c, size_t *k)
{
    static const struct val none = VAL_NULL;
    if (!c->link) return &r->v[c->f->at];
    const struct val *v = r->linked[(*k)++].v;
    return v ? v : &none;
}

/* What comes out of linked records is an export of those, too. */
static enum err may_export(struct cx *cx, const struct exporting *x)
{
    bool may = acl_may(cx, x->e, ACT_EXPORT);
    for (size_t i = 0; may && i < x->o->n_columns; i++)
        may = !x->o->columns[i].link || acl_exports_seen(cx, x->o->columns[i].link->target);
    return may ? E_OK : fail(cx, E_DENIED, "You may not export this");
}

static str cell_text(struct cx *cx, const struct field *f, const struct val *v)
{
    struct buf b = buf_new(cx->a, 8 << 20);
    if (v->t == VT_NULL) return S("");
    f->kind->to_text(cx, f, v, &b);
    return buf_str(&b);
}

static enum cell_kind cell_kind_of(const struct field *f)
{
    static const struct {
        str kind;
        enum cell_kind cell;
    } known[] = {{S0("int"), CELL_NUMBER},
                 {S0("decimal"), CELL_NUMBER},
                 {S0("date"), CELL_DATE},
                 {S0("rating"), CELL_NUMBER}};
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_eq(f->kind->name, known[i].kind)) return known[i].cell;
    return CELL_TEXT;
}

/* ---- a record, by format ---- */
static enum err row_csv(struct cx *cx, struct exporting *x, const struct record *r)
{
    str *v = NEW_N(cx->a, str, x->n + 1);
    size_t k = 0;
    for (size_t i = 0; i < x->n; i++) v[i] = cell_text(cx, x->col[i].f, value_in(r, &x->col[i], &k));
    csv_put_row(&x->out, &csv_excel, v, x->n);
    return flush(cx, x, PIECE);
}

static enum err row_xlsx(struct cx *cx, struct exporting *x, const struct record *r)
{
    struct cell *v = NEW_N(cx->a, struct cell, x->n + 1);
    size_t k = 0;
    for (size_t i = 0; i < x->n; i++) {
        str s = cell_text(cx, x->col[i].f, value_in(r, &x->col[i], &k));
        v[i] = (struct cell){.kind = s.n ? cell_kind_of(x->col[i].f) : CELL_EMPTY, .text = s, .raw = s};
    }
    return xlsx_put_row(cx, x->xlsx, v, x->n);
}

static enum err row_vcf(struct cx *cx, struct exporting *x, const struct record *r)
{
    struct vcard card = {0};
    card_of(cx, r, &card);
    vcard_put(&x->out, &card, 30);
    return flush(cx, x, PIECE);
}

static enum err row_jsonl(struct cx *cx, struct exporting *x, const struct record *r)
{
    struct jw w = jw_new(&x->out);
    if (x->o->entity.n == 0) {
        jw_obj(&w);
        jw_kstr(&w, S("entity"), r->e->name);
        jw_key(&w, S("record"));
    }
    record_json(cx, r, &w);
    if (x->o->entity.n == 0) jw_obj_end(&w);
    buf_byte(&x->out, '\n');
    return flush(cx, x, PIECE);
}

static enum err row_out(struct cx *cx, void *arg, const struct record *r)
{
    static enum err (*const by_format[])(struct cx *, struct exporting *,
                                         const struct record *) = {[EXPORT_CSV] = row_csv,
                                                                   [EXPORT_XLSX] = row_xlsx,
                                                                   [EXPORT_VCF] = row_vcf,
                                                                   [EXPORT_JSONL] = row_jsonl};
    struct exporting *x = arg;
    struct arena_mark m = arena_mark(cx->a);
    enum err e = by_format[x->o->format](cx, x, r);
    if (e == E_OK) arena_back(cx->a, m);
    x->ret->rows++;
    return e;
}

/* ---- the file ---- */
static enum err xlsx_begin(struct cx *cx, struct exporting *x, str path)
{
    struct xlsx_column *cols = NEW_N(cx->a, struct xlsx_column, x->n + 1);
    for (size_t i = 0; i < x->n; i++)
        cols[i] = (struct xlsx_column){
            heading(cx, &x->col[i]), 20,
            str_eq(x->col[i].f->kind->name, S("decimal")) && x->col[i].f->scale <= 6 ? x->col[i].f->scale : -1};
    return xlsx_put_new(cx, arena_z(cx->a, path), x->o->tmpdir, label_of(x->e->plural, cx->lang),
                        cols, x->n, &x->xlsx);
}

static enum err file_stream(struct cx *cx, struct exporting *x, int fd)
{
    char *b = arena_get(cx->a, PIECE);
    for (off_t at = 0;;) {
        ssize_t n = pread(fd, b, PIECE, at);
        if (n < 0) return fail(cx, E_INTERNAL, "The export's file cannot be read back");
        if (n == 0) return E_OK;
        TRY(piece_out(cx, x, (str){b, (size_t)n}));
        at += n;
    }
}

static enum err export_xlsx(struct cx *cx, struct exporting *x, const struct query *q)
{
    int fd OWNED(os_close_fd) = -1, back OWNED(os_close_fd) = -1;
    str path = {0};
    int64_t cut = 0;
    str prefix =
        arena_fmt(cx->a, "%.*s/kontor-export-", FS(x->o->tmpdir.n ? x->o->tmpdir : S("/tmp")));
    TRY(os_temp_file(cx, prefix, &fd, &path));
    enum err e = xlsx_begin(cx, x, path);
    if (e == E_OK) e = record_each(cx, x->e, q, row_out, x);
    if (e == E_OK) e = xlsx_put_end(cx, &x->xlsx, &cut);
    xlsx_put_drop(&x->xlsx);
    if (e == E_OK) {
        back = open(arena_z(cx->a, path), O_RDONLY | O_CLOEXEC);
        e = back < 0 ? fail(cx, E_INTERNAL, "The export's file is gone") : file_stream(cx, x, back);
    }
    os_unlink(cx, path);
    return e;
}

static enum err export_one(struct cx *cx, struct exporting *x)
{
    struct query q = {.where = x->o->where, .limit = 200, .also = x->o->also, .exported = true};
    TRY(may_export(cx, x));
    columns_pick(cx, x);
    if (x->o->format == EXPORT_CSV || x->o->format == EXPORT_XLSX) q.fields = record_fields(cx, x->col, x->n);
    q.fields.all = true;
    if (x->o->format == EXPORT_XLSX) return export_xlsx(cx, x, &q);
    if (x->o->format == EXPORT_CSV) {
        str *head = NEW_N(cx->a, str, x->n + 1);
        for (size_t i = 0; i < x->n; i++) head[i] = heading(cx, &x->col[i]);
        csv_put_head(&x->out, &csv_excel);
        csv_put_row(&x->out, &csv_excel, head, x->n);
    }
    TRY(record_each(cx, x->e, &q, row_out, x));
    return flush(cx, x, 1);
}

static enum err export_all(struct cx *cx, struct exporting *x)
{
    if (x->o->format != EXPORT_JSONL)
        return fail_at(cx, E_INVALID, S("format"), "Everything at once comes as JSON lines");
    TRY(db_snapshot(cx));
    enum err e = E_OK;
    for (size_t i = 0; i < cx->meta->n && e == E_OK; i++) {
        x->e = &cx->meta->entity[i];
        if (x->e->trashed || !acl_may(cx, x->e, ACT_EXPORT)) continue;
        e = export_one(cx, x);
    }
    db_snapshot_end(cx);
    return e;
}

enum err xfer_export(struct cx *cx, const struct export_opt *o, export_write_fn *write, void *arg,
                     struct export_result *ret)
{
    struct exporting x = {.o = o, .write = write, .arg = arg, .ret = ret};
    unsigned char digest[crypto_hash_sha256_BYTES];

    *ret = (struct export_result){0};
    (void)crypto_hash_sha256_init(&x.sha);
    x.row_a = arena_new();
    x.out = buf_new(x.row_a, ROW_ROOM);
    enum err e = E_OK;
    if (o->entity.n == 0) {
        e = export_all(cx, &x);
    } else {
        x.e = meta_entity(cx->meta, o->entity);
        bool cards = x.e && (str_eq(x.e->name, S("person")) || str_eq(x.e->name, S("company")));
        if (!x.e) e = fail(cx, E_NOTFOUND, "There is no entity \"%.*s\"", FS(o->entity));
        else if (o->format == EXPORT_VCF && !cards)
            e = fail_at(cx, E_INVALID, S("format"), "Only people and companies can be vCards");
        else e = export_one(cx, &x);
    }
    arena_free(&x.row_a);
    if (e != E_OK) return e;
    (void)crypto_hash_sha256_final(&x.sha, digest);
    ret->sha256 = os_hex(cx->a, digest, sizeof digest);
    return E_OK;
}
