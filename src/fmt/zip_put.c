/* SPDX-License-Identifier: MIT */
/* fmt/zip_put.c - entries are packed when the archive is closed; until then nothing is at its place. */
#include "fmt/zip_put.h"

#include <zip.h>

enum { NAME_MAX_BYTES = 100 };
struct zip_put {
    zip_t *zip;
};

static enum err failed(struct cx *cx)
{
    return fail(cx, E_INTERNAL, "The archive cannot be written");
}

enum err zip_put_new(struct cx *cx, str path, struct zip_put **ret)
{
    int code = 0;
    zip_t *zip = zip_open(arena_z(cx->a, path), ZIP_CREATE | ZIP_TRUNCATE, &code);
    if (!zip) return failed(cx);
    *ret = mem_new(sizeof **ret); /* zip_put_end, zip_put_drop */
    (*ret)->zip = zip;
    return E_OK;
}

static enum err add(struct cx *cx, struct zip_put *z, str name, zip_source_t *from)
{
    if (!from) return failed(cx);
    if (zip_file_add(z->zip, arena_z(cx->a, name), from, ZIP_FL_ENC_UTF_8) >= 0) return E_OK;
    zip_source_free(from);
    return failed(cx);
}

enum err zip_put_text(struct cx *cx, struct zip_put *z, str name, str bytes)
{
    return add(cx, z, name, zip_source_buffer(z->zip, bytes.p, bytes.n, 0));
}

enum err zip_put_file(struct cx *cx, struct zip_put *z, str name, str path)
{
    return add(cx, z, name, zip_source_file(z->zip, arena_z(cx->a, path), 0, -1));
}

enum err zip_put_end(struct cx *cx, struct zip_put **z)
{
    if (zip_close((*z)->zip) != 0) return failed(cx);
    mem_free(*z);
    *z = NULL;
    return E_OK;
}

void zip_put_drop(struct zip_put **z)
{
    if (!*z) return;
    zip_discard((*z)->zip);
    mem_free(*z);
    *z = NULL;
}

str zip_safe_name(struct arena *a, str name)
{
    struct buf b = buf_new(a, NAME_MAX_BYTES + 4);
    for (size_t at = 0; at < name.n;) {
        size_t from = at;
        uint32_t cp = utf8_next(name, &at);
        bool plain = cp >= 0xA0 ? cp < 0x2000 || cp > 0x206F
                                : cp >= ' ' && cp < 0x7F && !strchr("/\\:*?\"<>|", (int)cp);
        if (cp == '.' && !b.n) plain = false;
        if (b.n + (at - from) > NAME_MAX_BYTES) break;
        if (plain) buf_add(&b, str_cut(name, from, at));
        else buf_byte(&b, '_');
    }
    return b.n ? buf_str(&b) : S("file");
}
