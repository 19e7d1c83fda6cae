/* SPDX-License-Identifier: MIT */
/* fmt/xlsx_part.c - one part of the archive: unpacked under limits, parsed without DTD, in steps. */
#include "fmt/xlsx_int.h"

enum { FEED = 64 * 1024, DEPTH_MAX = 64, FREE_OF_RATIO = 1 << 20, TOKEN_MAX = 16 << 20 };

static str local(const char *name)
{
    const char *colon = strchr(name, ':');
    return str_from(colon ? colon + 1 : name);
}

str part_attr(const char **attr, str name)
{
    for (; *attr; attr += 2)
        if (str_eq(local(attr[0]), name)) return str_from(attr[1]);
    return S("");
}

void part_stop(struct xlsx_part *p, enum err e)
{
    if (p->err == E_OK) p->err = e;
    (void)XML_StopParser(p->xml, XML_FALSE);
}

void part_wait(struct xlsx_part *p)
{
    p->is_waiting = true;
    (void)XML_StopParser(p->xml, XML_TRUE);
}

static void on_start(void *u, const char *name, const char **attr)
{
    struct xlsx_part *p = u;
    if (p->err != E_OK) return;
    if (++p->depth > DEPTH_MAX)
        part_stop(p, fail(p->cx, E_INVALID, "The workbook is broken: %.*s is nested too deep",
                          FS(p->name)));
    else p->face->start(p, local(name), attr);
}

static void on_end(void *u, const char *name)
{
    struct xlsx_part *p = u;
    if (p->err != E_OK) return;
    p->depth--;
    if (p->face->end) p->face->end(p, local(name));
}

static void on_text(void *u, const char *s, int n)
{
    struct xlsx_part *p = u;
    if (p->err == E_OK && p->face->text) p->face->text(p, (str){s, (size_t)n});
}

static void on_dtd(void *u, const char *name, const char *sys, const char *pub, int internal)
{
    struct xlsx_part *p = u;
    (void)name, (void)sys, (void)pub, (void)internal;
    part_stop(p, fail(p->cx, E_INVALID, "The workbook is refused: %.*s declares a document type",
                      FS(p->name)));
}

enum err part_open(struct cx *cx, struct xlsx *x, str name, const struct xlsx_face *face, void *u,
                   struct xlsx_part *ret)
{
    const char *z = arena_z(x->own, name);
    struct xlsx_part p = {.x = x, .face = face, .u = u, .name = str_from(z)};
    zip_stat_t st;
    zip_int64_t i = zip_name_locate(x->zip, z, ZIP_FL_NOCASE);
    if (i < 0) return fail(cx, E_NOTFOUND, "The workbook has no part %.*s", FS(name));
    if (zip_stat_index(x->zip, (zip_uint64_t)i, 0, &st) != 0 || !(st.valid & ZIP_STAT_COMP_SIZE))
        return fail(cx, E_INVALID, "The workbook is broken: %.*s has no size", FS(name));
    p.packed = st.comp_size;
    p.file = zip_fopen_index(x->zip, (zip_uint64_t)i, 0);
    if (!p.file)
        return fail(cx, E_INVALID, "The workbook cannot be unpacked (%s)", zip_strerror(x->zip));
    p.xml = XML_ParserCreate(NULL);
    if (!p.xml) {
        (void)zip_fclose(p.file);
        return fail(cx, E_INTERNAL, "No memory for the XML parser");
    }
    XML_SetElementHandler(p.xml, on_start, on_end);
    XML_SetCharacterDataHandler(p.xml, on_text);
    XML_SetStartDoctypeDeclHandler(p.xml, on_dtd);
    *ret = p;
    XML_SetUserData(ret->xml, ret); /* so a part must not move */
    return E_OK;
}

static enum err check_size(struct cx *cx, const struct xlsx_part *p)
{
    if (p->x->held + p->unpacked > XLSX_UNPACKED_MAX)
        return fail(cx, E_LIMIT,
                    "The workbook unpacks to more than %d MiB: split it, or save it as CSV",
                    XLSX_UNPACKED_MAX >> 20);
    if (p->unpacked > FREE_OF_RATIO && p->unpacked / XLSX_RATIO_MAX > p->packed)
        return fail(cx, E_LIMIT, "The workbook is refused: %.*s is packed more than %d to 1",
                    FS(p->name), XLSX_RATIO_MAX);
    int64_t done = (int64_t)XML_GetCurrentByteIndex(p->xml);
    if (done >= 0 && p->unpacked - (uint64_t)done > TOKEN_MAX + FEED)
        return fail(cx, E_LIMIT, "The workbook is refused: %.*s has a giant name or value",
                    FS(p->name));
    return E_OK;
}

static enum err feed(struct cx *cx, struct xlsx_part *p, enum XML_Status *ret)
{
    void *to = XML_GetBuffer(p->xml, FEED);
    if (!to) return fail(cx, E_LIMIT, "The workbook is refused: %.*s is too much", FS(p->name));
    zip_int64_t n = zip_fread(p->file, to, FEED);
    if (n < 0)
        return fail(cx, E_INVALID, "The workbook is damaged: %.*s: %s", FS(p->name),
                    zip_file_strerror(p->file));
    p->unpacked += (uint64_t)n;
    p->is_last = n == 0;
    TRY(check_size(cx, p));
    *ret = XML_ParseBuffer(p->xml, (int)n, p->is_last);
    return E_OK;
}

enum err part_step(struct cx *cx, struct xlsx_part *p)
{
    enum XML_Status s = XML_STATUS_OK;
    if (p->is_done) return E_OK;
    p->cx = cx;
    if (p->is_waiting) {
        p->is_waiting = false;
        s = XML_ResumeParser(p->xml);
    } else {
        TRY(feed(cx, p, &s));
    }
    while (s == XML_STATUS_OK && !p->is_last) TRY(feed(cx, p, &s));
    p->cx = NULL;
    if (p->err != E_OK) return p->err;
    if (s == XML_STATUS_ERROR)
        return fail(cx, E_INVALID, "The workbook is broken: %.*s line %lu: %s", FS(p->name),
                    XML_GetCurrentLineNumber(p->xml), XML_ErrorString(XML_GetErrorCode(p->xml)));
    p->is_done = s == XML_STATUS_OK;
    return E_OK;
}

void part_close(struct xlsx_part *p)
{
    if (p->xml) XML_ParserFree(p->xml);
    if (p->file) (void)zip_fclose(p->file);
    *p = (struct xlsx_part){0};
}

enum err part_read(struct cx *cx, struct xlsx *x, str name, const struct xlsx_face *face, void *u)
{
    struct xlsx_part p OWNED(part_close) = {0};
    TRY(part_open(cx, x, name, face, u, &p));
    while (!p.is_done) TRY(part_step(cx, &p));
    x->held += p.unpacked;
    return E_OK;
}
