/* SPDX-License-Identifier: MIT */
/* fmt/xlsx.c - opening a workbook: what kind of file it is, its sheets, its shared strings. */
#include "fmt/src.h"
#include "fmt/xlsx_int.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* ---- strings ---- */
static int hex4(str s, size_t i)
{
    int v = 0;
    if (i + 7 > s.n || s.p[i] != '_' || s.p[i + 1] != 'x' || s.p[i + 6] != '_') return -1;
    for (size_t k = i + 2; k < i + 6; k++) {
        char c = s.p[k];
        int d = c >= '0' && c <= '9'                     ? c - '0'
                : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                         : -1;
        if (d < 0) return -1;
        v = v * 16 + d;
    }
    return v;
}

static size_t put_escape(char *out, str s, size_t *i, int unit)
{
    int low = unit >= 0xD800 && unit < 0xDC00 ? hex4(s, *i + 7) : -1;
    uint32_t cp = (uint32_t)unit;
    *i += 7;
    if (low >= 0xDC00 && low < 0xE000) {
        cp = 0x10000 + ((cp - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
        *i += 7;
    } else if (!cp || (cp >= 0xD800 && cp < 0xE000)) {
        cp = 0xFFFD;
    }
    return utf8_put(out, cp);
}

str xlsx_text(struct arena *a, str s)
{
    char *out = arena_get(a, s.n + 1);
    size_t o = 0;
    for (size_t i = 0; i < s.n;) {
        int unit = s.p[i] == '_' ? hex4(s, i) : -1;
        if (unit < 0) out[o++] = s.p[i++];
        else o += put_escape(out + o, s, &i, unit);
    }
    return (str){out, o};
}

struct strings {
    struct buf cur;
    bool in_item, in_text;
    int phonetic;
};

static void strings_start(struct xlsx_part *p, str name, const char **attr)
{
    struct strings *s = p->u;
    (void)attr;
    if (str_eq(name, S("si"))) {
        s->in_item = true;
        s->cur.n = 0;
    } else if (str_eq(name, S("rPh"))) {
        s->phonetic++;
    } else if (str_eq(name, S("t"))) {
        s->in_text = s->in_item && !s->phonetic;
    }
}

static void strings_end(struct xlsx_part *p, str name)
{
    struct strings *s = p->u;
    struct xlsx *x = p->x;
    if (str_eq(name, S("t"))) s->in_text = false;
    if (str_eq(name, S("rPh"))) s->phonetic--;
    if (!str_eq(name, S("si"))) return;
    s->in_item = false;
    if (x->strings_n == XLSX_STRINGS_MAX) {
        part_stop(p, fail(p->cx, E_LIMIT, "The workbook has more than %d texts", XLSX_STRINGS_MAX));
        return;
    }
    if (x->strings_n % STRING_BLOCK == 0)
        *LIST_ADD(x->own, &x->strings) = NEW_N(x->own, str, STRING_BLOCK);
    x->strings.v[x->strings_n / STRING_BLOCK][x->strings_n % STRING_BLOCK] =
        s->cur.n ? xlsx_text(x->own, buf_str(&s->cur)) : S("");
    x->strings_n++;
}

static void strings_text(struct xlsx_part *p, str t)
{
    struct strings *s = p->u;
    if (!s->in_text) return;
    buf_add(&s->cur, t);
    if (s->cur.full)
        part_stop(p, fail(p->cx, E_LIMIT, "Text %zu of the workbook is longer than %d KiB",
                          p->x->strings_n + 1, XLSX_CELL_MAX / 1024));
}

static enum err strings_read(struct cx *cx, struct xlsx *x, str part)
{
    static const struct xlsx_face face = {strings_start, strings_end, strings_text};
    struct arena *a OWNED(arena_free) = arena_new();
    struct strings s = {.cur = buf_new(a, XLSX_CELL_MAX)};
    return part_read(cx, x, part, &face, &s);
}

/* ---- relations: which part is what ---- */
struct relations {
    struct xlsx *x;
    str base;                  /* folder of the part they belong to, "" or with a '/' behind */
    str book, strings, styles; /* parts, "" when absent */
    bool is_workbook;          /* they belong to the workbook: name its sheets' parts */
};

/* Path of a target inside the archive, without . and .. */
static str resolve(struct arena *a, str base, str target)
{
    str all =
        str_has_prefix(target, S("/")) ? target : arena_fmt(a, "%.*s%.*s", FS(base), FS(target));
    char *out = arena_get(a, all.n + 1);
    size_t o = 0;
    for (str head, tail = all; tail.n;) {
        (void)str_split(tail, '/', &head, &tail);
        if (!head.n || str_eq(head, S("."))) continue;
        if (str_eq(head, S(".."))) {
            while (o && out[--o] != '/') {}
            continue;
        }
        if (o) out[o++] = '/';
        memcpy(out + o, head.p, head.n);
        o += head.n;
    }
    return (str){out, o};
}

static void relation_start(struct xlsx_part *p, str name, const char **attr)
{
    struct relations *r = p->u;
    str type = part_attr(attr, S("Type")), id = part_attr(attr, S("Id"));
    if (!str_eq(name, S("Relationship")) || str_eq(part_attr(attr, S("TargetMode")), S("External")))
        return;
    str part = resolve(r->x->own, r->base, part_attr(attr, S("Target")));
    if (!r->is_workbook && str_has_suffix(type, S("/officeDocument"))) r->book = part;
    if (str_has_suffix(type, S("/sharedStrings"))) r->strings = part;
    if (str_has_suffix(type, S("/styles"))) r->styles = part;
    if (!str_has_suffix(type, S("/worksheet"))) return;
    for (size_t i = 0; i < r->x->sheets.n; i++)
        if (str_eq(r->x->sheets.v[i].id, id)) r->x->sheets.v[i].part = part;
}

static str folder(str part)
{
    size_t n = part.n;
    while (n && part.p[n - 1] != '/') n--;
    return str_cut(part, 0, n);
}

static enum err relations_read(struct cx *cx, struct relations *r, str of)
{
    static const struct xlsx_face face = {.start = relation_start};
    r->base = folder(of);
    str part =
        arena_fmt(r->x->own, "%.*s_rels/%.*s.rels", FS(r->base), FS(str_cut(of, r->base.n, of.n)));
    return part_read(cx, r->x, part, &face, r);
}

/* ---- the workbook ---- */
static void book_start(struct xlsx_part *p, str name, const char **attr)
{
    struct xlsx *x = p->x;
    if (str_eq(name, S("workbookPr"))) {
        str v = part_attr(attr, S("date1904"));
        x->is_1904 = str_eq(v, S("1")) || str_eq(v, S("true"));
    } else if (str_eq(name, S("sheet"))) {
        str state = part_attr(attr, S("state"));
        if (x->sheets.n == XLSX_SHEETS_MAX) {
            part_stop(
                p, fail(p->cx, E_LIMIT, "The workbook has more than %d sheets", XLSX_SHEETS_MAX));
            return;
        }
        *LIST_ADD(x->own, &x->sheets) =
            (struct xlsx_place){.sheet = {arena_dup(x->own, part_attr(attr, S("name"))),
                                          state.n && !str_eq(state, S("visible"))},
                                .id = arena_dup(x->own, part_attr(attr, S("id")))};
    }
}

static void drop_charts(struct xlsx *x)
{
    size_t n = 0;
    for (size_t i = 0; i < x->sheets.n; i++)
        if (x->sheets.v[i].part.n) x->sheets.v[n++] = x->sheets.v[i];
    x->sheets.n = n;
}

static bool has(struct xlsx *x, const char *name)
{
    return zip_name_locate(x->zip, name, ZIP_FL_NOCASE) >= 0;
}

static enum err no_xlsx(struct cx *cx, struct xlsx *x)
{
    if (has(x, "xl/workbook.bin"))
        return fail(cx, E_TYPE, "This is a binary workbook (.xlsb): save it as .xlsx");
    if (has(x, "mimetype") && has(x, "content.xml"))
        return fail(cx, E_TYPE, "This is an OpenDocument file (.ods): save it as .xlsx");
    if (has(x, "word/document.xml"))
        return fail(cx, E_TYPE, "This is a Word document, no workbook");
    return fail(cx, E_TYPE, "This is an archive (ZIP), no workbook");
}

static enum err book_read(struct cx *cx, struct xlsx *x)
{
    static const struct xlsx_face face = {.start = book_start};
    struct relations root = {.x = x}, book = {.x = x, .is_workbook = true};
    if (!has(x, "_rels/.rels") && !has(x, "xl/workbook.xml")) return no_xlsx(cx, x);
    if (has(x, "_rels/.rels")) TRY(relations_read(cx, &root, S("")));
    if (!root.book.n) root.book = S("xl/workbook.xml");
    if (!has(x, arena_z(x->own, root.book)) || str_has_suffix(root.book, S(".bin")) ||
        has(x, "word/document.xml"))
        return no_xlsx(cx, x);
    TRY(part_read(cx, x, root.book, &face, x));
    TRY(relations_read(cx, &book, root.book));
    drop_charts(x);
    if (!x->sheets.n) return fail(cx, E_TYPE, "The file has no sheet with cells");
    if (book.styles.n && has(x, arena_z(x->own, book.styles))) TRY(styles_read(cx, x, book.styles));
    if (book.strings.n && has(x, arena_z(x->own, book.strings)))
        TRY(strings_read(cx, x, book.strings));
    return E_OK;
}

/* ---- what kind of file it is ---- */
static str utf16(struct arena *a, str ascii)
{
    char *p = arena_get(a, ascii.n * 2 + 1);
    for (size_t i = 0; i < ascii.n; i++) p[i * 2] = ascii.p[i];
    return (str){p, ascii.n * 2};
}

/* An OLE file: a protected workbook is wrapped in one, an old .xls is one. Its directory names the
 * streams in UTF-16; it lies anywhere, so all blocks are searched. */
static enum err ole_kind(struct cx *cx, const struct src *s)
{
    enum { BLOCK = 64 * 1024, OVERLAP = 64 };
    struct arena *a OWNED(arena_free) = arena_new();
    char *block = arena_get(a, BLOCK);
    str locked = utf16(a, S("EncryptedPackage")), old = utf16(a, S("Workbook"));
    bool is_old = false;
    for (uint64_t at = 0; at < XLSX_UNPACKED_MAX; at += BLOCK - OVERLAP) {
        size_t n = 0;
        TRY(s->read(cx, s->arg, at, block, BLOCK, &n));
        if (str_find((str){block, n}, locked) >= 0)
            return fail(cx, E_TYPE, "The workbook is protected by a password: save it without one");
        is_old = is_old || str_find((str){block, n}, old) >= 0;
        if (n < BLOCK) break;
    }
    if (is_old) return fail(cx, E_TYPE, "This is an old workbook (.xls): save it as .xlsx");
    return fail(cx, E_TYPE, "This is an old Office file: save the table as .xlsx");
}

static enum err check_head(struct cx *cx, const struct src *s)
{
    char b[8];
    size_t n = 0;
    TRY(s->read(cx, s->arg, 0, b, sizeof b, &n));
    str head = {b, n};
    if (!n) return fail(cx, E_TYPE, "The file is empty");
    if (str_has_prefix(head, S("\xD0\xCF\x11\xE0"))) return ole_kind(cx, s);
    if (!str_has_prefix(head, S("PK"))) return fail(cx, E_TYPE, "The file is no workbook (.xlsx)");
    return E_OK;
}

static enum err cut_off(struct cx *cx)
{
    return fail(cx, E_INVALID, "The workbook is cut off or damaged");
}

static enum err open_zip(struct cx *cx, struct xlsx *x)
{
    if (zip_get_num_entries(x->zip, 0) > XLSX_ENTRIES_MAX)
        return fail(cx, E_LIMIT, "The workbook is refused: more than %d parts", XLSX_ENTRIES_MAX);
    return book_read(cx, x);
}

static enum err finish(struct cx *cx, zip_t *zip, struct xlsx **ret)
{
    if (!zip) return cut_off(cx);
    struct arena *own = arena_new();
    struct xlsx *x = NEW(own, struct xlsx);
    x->own = own;
    x->zip = zip;
    enum err e = open_zip(cx, x);
    if (e != E_OK) xlsx_close(&x);
    else *ret = x;
    return e;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) (void)close(*fd);
}

enum err xlsx_open(struct cx *cx, const char *path, struct xlsx **ret)
{
    int code = 0, fd OWNED(close_fd) = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(cx, errno == ENOENT ? E_NOTFOUND : E_INTERNAL, "The file cannot be opened");
    struct src s = src_fd(&fd);
    TRY(check_head(cx, &s));
    return finish(cx, zip_open(path, ZIP_RDONLY, &code), ret);
}

enum err xlsx_open_bytes(struct cx *cx, str bytes, struct xlsx **ret)
{
    zip_error_t e;
    struct src s = src_bytes(&bytes);
    TRY(check_head(cx, &s));
    zip_error_init(&e);
    zip_source_t *from = zip_source_buffer_create(bytes.p, bytes.n, 0, &e);
    zip_t *zip = from ? zip_open_from_source(from, ZIP_RDONLY, &e) : NULL;
    if (!zip && from) zip_source_free(from);
    zip_error_fini(&e);
    return finish(cx, zip, ret);
}

size_t xlsx_sheets(const struct xlsx *x) { return x->sheets.n; }

bool xlsx_is_1904(const struct xlsx *x) { return x->is_1904; }

struct xlsx_sheet xlsx_sheet(const struct xlsx *x, size_t i)
{
    assert(i < x->sheets.n);
    return x->sheets.v[i].sheet;
}

void xlsx_close(struct xlsx **x)
{
    if (!*x) return;
    rows_close(&(*x)->rows);
    zip_discard((*x)->zip);
    struct arena *own = (*x)->own; /* *x lies in it */
    arena_free(&own);
    *x = NULL;
}
