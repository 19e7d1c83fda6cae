/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_register.c - a register's answer, whatever it is: refused whole, or bounded candidates that write as JSON.
 * The first byte picks the register. */
#include "register/register_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct cx *cx, const struct reg_firm *f)
{
    const str all[] = {f->name,    f->full_name, f->inn,  f->kpp, f->ogrn,   f->vat_id,
                       f->reg_no, f->address,   f->street, f->city, f->zip, f->country};
    struct buf b = buf_new(cx->a, 1 << 20);
    struct jw w = jw_new(&b);
    const struct json *j = NULL;
    for (size_t i = 0; i < COUNT(all); i++) {
        assert(utf8_valid(all[i]) && utf8_len(all[i]) <= 5 * REG_TEXT_MAX);
        for (size_t k = 0; k < all[i].n; k++) assert((unsigned char)all[i].p[k] >= ' ');
    }
    assert(f->inn.n <= REG_NUMBER_MAX && f->vat_id.n <= REG_NUMBER_MAX && f->reg_no.n <= REG_NUMBER_MAX);
    assert(f->state < REG_STATES);
    reg_fields_json(f, &w);
    enum err e = json_parse(cx, buf_str(&b), &j);
    assert(!b.full && e == E_OK && j->t == JT_OBJ);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cx cx = {.a = arena_new(), .lang = S("en")};
    const struct json *j = NULL;
    struct reg_answer a = {.n = 0};
    if (size && json_parse(&cx, (str){(const char *)data + 1, size - 1}, &j) == E_OK && j->t == JT_OBJ) {
        const struct provider *p = &reg_providers[data[0] % reg_providers_n];
        if (p->read(&cx, j, &a) == E_OK) {
            assert(a.n <= REG_FIRMS_MAX);
            for (size_t i = 0; i < a.n; i++) check(&cx, &a.v[i]);
        } else assert(cx.msg.n);
    }
    arena_free(&cx.a);
    return 0;
}
