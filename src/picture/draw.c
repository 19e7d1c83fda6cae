/* SPDX-License-Identifier: MIT */
/* picture/draw.c - bytes of a picture in, bytes of the same picture drawn by us out. */
#include "picture/picture_int.h"

#include <png.h>
#include <string.h>
#include <turbojpeg.h>

enum { QUALITY = 85 };

static enum drawn as_png(const struct pixels *p, unsigned char **ret, size_t *ret_n)
{
    png_image im = {.version = PNG_IMAGE_VERSION, .width = (png_uint_32)p->w, .height = (png_uint_32)p->h,
                    .format = PNG_FORMAT_RGBA};
    png_alloc_size_t n = PNG_IMAGE_PNG_SIZE_MAX(im);
    unsigned char *to = mem_new(n);
    if (png_image_write_to_memory(&im, to, &n, 0, p->p, 0, NULL)) {
        *ret = to;
        *ret_n = n;
        return DRAWN_OK;
    }
    mem_free(to);
    return DRAWN_FAILED;
}

static enum drawn as_jpeg(const struct pixels *p, unsigned char **ret, size_t *ret_n)
{
    tjhandle h = tjInitCompress();
    unsigned char *to = NULL;
    unsigned long n = 0;
    bool ok = h && tjCompress2(h, p->p, (int)p->w, 0, (int)p->h, TJPF_RGBA, &to, &n, TJSAMP_420, QUALITY, 0) == 0;
    if (ok) {
        *ret = mem_new(n);
        memcpy(*ret, to, n);
        *ret_n = n;
    }
    tjFree(to);
    if (h) (void)tjDestroy(h);
    return ok ? DRAWN_OK : DRAWN_FAILED;
}

enum drawn picture_draw(str in, size_t side, struct draw_reply *ret, unsigned char **ret_p, size_t *ret_n)
{
    struct pixels p = {0};
    enum drawn_as as = AS_PNG;
    enum drawn e = picture_read(in, side, &p, &as);
    if (e == DRAWN_OK) {
        pixels_fit(&p, side);
        if (!pixels_opaque(&p)) as = AS_PNG;
        e = as == AS_PNG ? as_png(&p, ret_p, ret_n) : as_jpeg(&p, ret_p, ret_n);
        ret->as = as;
        ret->w = (uint32_t)p.w;
        ret->h = (uint32_t)p.h;
    }
    pixels_free(&p);
    return e;
}
