/* SPDX-License-Identifier: MIT */
/* picture/pixels.c - a picture as pixels: made smaller, and turned. */
#include "picture/picture_int.h"

#include <string.h>

enum { EACH = 4, ALPHA = 3, OPAQUE = 255, TURNED = 5 };

enum drawn pixels_new(struct pixels *ret, int64_t w, int64_t h)
{
    if (w < 1 || h < 1) return DRAWN_BROKEN;
    if (w > PICTURE_PLAIN_MAX || h > PICTURE_PLAIN_MAX || w * h > PICTURE_PLAIN_MAX) return DRAWN_LARGE;
    *ret = (struct pixels){mem_new((size_t)w * (size_t)h * EACH), (size_t)w, (size_t)h};
    return DRAWN_OK;
}

void pixels_free(struct pixels *p)
{
    mem_free(p->p);
    p->p = NULL;
}

bool pixels_opaque(const struct pixels *p)
{
    size_t n = p->w * p->h;
    for (size_t i = 0; i < n; i++)
        if (p->p[i * EACH + ALPHA] != OPAQUE) return false;
    return true;
}

/* The mean of the pixels from (x0, y0) up to (x1, y1), each as much as it can be seen. */
static void mean(const struct pixels *p, size_t x0, size_t y0, size_t x1, size_t y1, unsigned char *to)
{
    uint64_t sum[EACH] = {0}, n = (uint64_t)(x1 - x0) * (y1 - y0);
    assert(n > 0);
    for (size_t y = y0; y < y1; y++)
        for (size_t x = x0; x < x1; x++) {
            const unsigned char *q = p->p + (y * p->w + x) * EACH;
            for (int i = 0; i < ALPHA; i++) sum[i] += (uint64_t)q[i] * q[ALPHA];
            sum[ALPHA] += q[ALPHA];
        }
    for (int i = 0; i < ALPHA; i++)
        to[i] = (unsigned char)(sum[ALPHA] ? (sum[i] + sum[ALPHA] / 2) / sum[ALPHA] : 0);
    to[ALPHA] = (unsigned char)((sum[ALPHA] + n / 2) / n);
}

void pixels_fit(struct pixels *p, size_t side)
{
    size_t longest = p->w > p->h ? p->w : p->h;
    struct pixels q = {0};
    if (longest <= side) return;
    size_t w = p->w * side / longest, h = p->h * side / longest;
    w = w ? w : 1;
    h = h ? h : 1;
    if (pixels_new(&q, (int64_t)w, (int64_t)h) != DRAWN_OK) return;
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++)
            mean(p, x * p->w / w, y * p->h / h, (x + 1) * p->w / w, (y + 1) * p->h / h, q.p + (y * w + x) * EACH);
    pixels_free(p);
    *p = q;
}

/* Where the pixel (x, y) of the turned picture was: EXIF 2.3, table 6 (0x0112). */
static size_t was_at(const struct pixels *p, int orientation, size_t x, size_t y)
{
    size_t right = p->w - 1, low = p->h - 1;
    switch (orientation) {
    case 2: return y * p->w + right - x;
    case 3: return (low - y) * p->w + right - x;
    case 4: return (low - y) * p->w + x;
    case 5: return x * p->w + y;
    case 6: return (low - x) * p->w + y;
    case 7: return (low - x) * p->w + right - y;
    default: return x * p->w + right - y;
    }
}

void pixels_turn(struct pixels *p, int orientation)
{
    struct pixels q = {0};
    if (orientation < 2 || orientation > 8) return;
    bool lies = orientation >= TURNED;
    if (pixels_new(&q, (int64_t)(lies ? p->h : p->w), (int64_t)(lies ? p->w : p->h)) != DRAWN_OK) return;
    for (size_t y = 0; y < q.h; y++)
        for (size_t x = 0; x < q.w; x++)
            memcpy(q.p + (y * q.w + x) * EACH, p->p + was_at(p, orientation, x, y) * EACH, EACH);
    pixels_free(p);
    *p = q;
}
