/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_json.c - what is read and written must read again and write the same. */
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static str written(struct cx *cx, const struct json *j)
{
    struct buf b = buf_new(cx->a, 64 << 20);
    struct jw w = jw_new(&b);
    jw_json(&w, j);
    assert(!b.full);
    return buf_str(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cx cx = {.a = arena_new()};
    const struct json *j = NULL;
    if (json_parse(&cx, (str){(const char *)data, size}, &j) == E_OK) {
        str once = written(&cx, j);
        const struct json *again = NULL;
        enum err e = json_parse(&cx, once, &again);
        assert(e == E_OK);
        assert(str_eq(once, written(&cx, again)));
    } else assert(cx.msg.n && !j);
    arena_free(&cx.a);
    return 0;
}
