/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_import.c - any bytes as a file to import: a table, a plan, its JSON, the plan mapped by its own mapping, and
 * every row. Whatever comes is valid UTF-8, and a row that is somebody's has a name. */
#include "meta/meta.h"
#include "xfer/row.h"
#include "xfer/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS_MAX = 300, JSON_MAX = 8 << 20 };
static const str langs[] = {S0("en"), S0("de"), S0("lt"), S0("ru")}, countries[] = {S0("GB"), S0("DE"), S0("LT"), S0("RU")};

static void row_check(const struct row *r)
{
    assert(utf8_valid(r->name) && utf8_valid(r->firm));
    assert(r->kind != ROW_MAIN || r->name.n);
    assert(r->kind != ROW_FIRM || r->firm.n);
    for (size_t i = 0; i < r->problems.n; i++) assert(utf8_valid(r->problems.v[i].text) && r->problems.v[i].why.n);
    for (size_t i = 0; i < r->history.n; i++) assert(utf8_valid(r->history.v[i].text));
    for (size_t i = 0; i < r->groups.n; i++) assert(r->groups.v[i].n && utf8_valid(r->groups.v[i]));
    for (size_t i = 0; i < r->n_more; i++) assert(r->more[i].name.n && utf8_valid(r->more[i].name));
}

static void rows(struct cx *cx, struct source *s)
{
    struct row_plan *rp = NULL;
    struct cell_row cells = {0};
    struct row row = {0};
    struct arena *keep = cx->a;
    bool more = true;
    if (row_plan_new(cx, &s->plan, &rp) != E_OK) {
        assert(cx->msg.n);
        return;
    }
    cx->a = arena_new();
    for (int n = 0; more && n < ROWS_MAX; n++) {
        arena_reset(cx->a);
        if (source_next(cx, s, &cells, &more) != E_OK || !more) break;
        if (row_read(cx, rp, &cells, &row) != E_OK) break;
        row_check(&row);
    }
    arena_free(&cx->a);
    cx->a = keep;
}

static void plan(struct cx *cx, struct source *s)
{
    const struct json *j = NULL;
    struct buf b = buf_new(cx->a, JSON_MAX), m = buf_new(cx->a, JSON_MAX);
    struct jw w = jw_new(&b), wm = jw_new(&m);
    plan_json(cx, &s->plan, &w);
    plan_mapping_json(&s->plan, &wm);
    enum err e = json_parse(cx, buf_str(&b), &j);
    assert(b.full || e == E_OK);
    if (m.full || json_parse(cx, buf_str(&m), &j) != E_OK) return;
    struct plan again = s->plan;
    e = plan_map(cx, j, &again);
    assert(e == E_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct meta *m;
    char path[40];
    struct cx cx = {.a = arena_new(), .lang = langs[size & 3], .country = countries[size & 3], .now_ms = 1800000000000};
    struct source s = {0};
    struct source_opt o = {.path = str_from(path), .sheet = -1};
    if (!m && meta_load(&cx, &m) != E_OK) abort();
    cx.meta = m;
    int fd = memfd_create("table", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
    if (snprintf(path, sizeof path, "/proc/self/fd/%d", fd) < 0) abort();
    o.path = str_from(path);
    if (source_open(&cx, &o, &s) == E_OK) {
        plan(&cx, &s);
        rows(&cx, &s);
    } else {
        assert(cx.msg.n);
    }
    source_close(&s);
    (void)close(fd);
    arena_free(&cx.a);
    return 0;
}
