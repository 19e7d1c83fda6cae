/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_sync.c - any bytes as the body of a request to the door for other systems: refused as a whole, or a list of
 * items each of which is fit to be kept or says what is wrong with it. What it takes, the strict reader takes too. */
#include "record/external.h"
#include "sync/sync.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct cx *cx, const struct sync_item *it)
{
    const struct json *v = NULL;
    assert(utf8_valid(it->entity) && utf8_valid(it->key) && utf8_valid(it->item) && it->item.n <= SYNC_ITEM_ID_MAX);
    assert(it->key.n <= EXTERNAL_KEY_MAX && it->op < SYNC_OPS && !it->id);
    if (it->code.n) {
        assert(it->why.n && utf8_valid(it->why) && utf8_valid(it->field));
        return;
    }
    assert(meta_entity(cx->meta, it->entity) && external_check(cx, S("x"), it->key) == E_OK && it->seq >= 0);
    assert(it->values.n <= SYNC_VALUES_BYTES && (it->op == SYNC_UPSERT) == (it->values.n > 0));
    assert(it->op != SYNC_LINK || it->record > 0);
    if (it->values.n) assert(json_parse(cx, it->values, &v) == E_OK && v->t == JT_OBJ);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct meta *m; /* the same for every input */
    struct cx cx = {.a = arena_new(), .lang = S("en"), .country = S("DE"), .now_ms = 1795341600000};
    struct sync_item *v = NULL;
    size_t n = 0, bad = 0;
    if (!m && meta_load(&cx, &m) != E_OK) assert(false && "the built-in description does not load");
    cx.meta = m;
    str body = {(const char *)data, size};
    if (sync_items_read(&cx, body, &v, &n) != E_OK) {
        assert(cx.msg.n && str_eq(cx.at, S("items")));
    } else {
        const struct json *j = NULL;
        assert(n && n <= SYNC_ITEMS_MAX);
        for (size_t i = 0; i < n; i++) {
            bad += v[i].code.n > 0;
            check(&cx, &v[i]);
        }
        if (!bad) assert(json_parse(&cx, body, &j) == E_OK && j->n == 1 && j->v[0].n == n);
    }
    arena_free(&cx.a);
    return 0;
}
