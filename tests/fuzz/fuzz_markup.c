/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_markup.c - Markdown and HTML of anybody: a parser that is not ours finds only what is allowed, and cleaning
 * what is clean changes nothing. */
#include "fmt/markup.h"
#include "../unit/markup_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    str in = {(const char *)data, size}, clean = html_clean(a, in), marked = markup_html(a, in);
    assert(oracle(clean) == NULL && oracle(marked) == NULL);
    assert(str_eq(html_clean(a, clean), clean));
    assert(str_eq(html_clean(a, marked), marked));
    arena_free(&a);
    return 0;
}
