/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_picture.c - a picture of a stranger: drawn small, or refused; what is drawn can be read again. */
#include "picture/picture_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SMALL = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct draw_reply r = {0};
    unsigned char *p = NULL;
    size_t n = 0;
    if (picture_draw((str){(const char *)data, size}, SMALL, &r, &p, &n) == DRAWN_OK) {
        struct pixels again = {0};
        enum drawn_as as = AS_PNG;
        assert(r.w >= 1 && r.w <= SMALL && r.h >= 1 && r.h <= SMALL);
        assert(picture_read((str){(const char *)p, n}, SMALL, &again, &as) == DRAWN_OK);
        assert(again.w == r.w && again.h == r.h && as == r.as);
        pixels_free(&again);
    }
    mem_free(p);
    return 0;
}
