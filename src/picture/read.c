/* SPDX-License-Identifier: MIT */
/* picture/read.c - PNG, JPEG, GIF and WebP into pixels, each by the library that is made for it. */
#include "picture/picture_int.h"

#include <gif_lib.h>
#include <libexif/exif-data.h>
#include <png.h>
#include <string.h>
#include <turbojpeg.h>
#include <webp/decode.h>
#include <webp/demux.h>

enum { RGBA = 4, BYTE = 255 };

/* ---- JPEG: read at a half, a quarter, an eighth when that is enough (a photo of 12 million pixels in 3 MB) ---- */
static tjscalingfactor jpeg_scale(int w, int h, size_t side)
{
    int n = 0;
    const tjscalingfactor *f = tjGetScalingFactors(&n);
    tjscalingfactor best = {1, 1};
    int longest = w > h ? w : h;
    for (int i = 0; f && i < n; i++)
        if (f[i].num * best.denom < best.num * f[i].denom && (size_t)TJSCALED(longest, f[i]) >= side) best = f[i];
    return best;
}

/* Printers' colours; files of this kind hold them the other way round: 255 is no ink. */
static void from_cmyk(struct pixels *p)
{
    size_t n = p->w * p->h;
    for (size_t i = 0; i < n; i++) {
        unsigned char *q = p->p + i * RGBA;
        for (int k = 0; k < 3; k++) q[k] = (unsigned char)(q[k] * q[3] / BYTE);
        q[3] = BYTE;
    }
}

static int orientation(str in)
{
    ExifData *d = exif_data_new_from_data((const unsigned char *)in.p, (unsigned)in.n);
    ExifEntry *e = d ? exif_content_get_entry(d->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION) : NULL;
    bool told = e && e->format == EXIF_FORMAT_SHORT && e->size >= 2;
    int v = told ? exif_get_short(e->data, exif_data_get_byte_order(d)) : 1;
    if (d) exif_data_unref(d);
    return v;
}

static enum drawn jpeg_with(tjhandle h, str in, size_t side, struct pixels *ret)
{
    int w = 0, tall = 0, sub = 0, space = 0;
    const unsigned char *p = (const unsigned char *)in.p;
    if (tjDecompressHeader3(h, p, in.n, &w, &tall, &sub, &space) != 0) return DRAWN_BROKEN;
    if ((int64_t)w * tall > PICTURE_PIXELS_MAX) return DRAWN_LARGE; /* in pieces that come late it costs them all */
    tjscalingfactor f = jpeg_scale(w, tall, side);
    bool cmyk = space == TJCS_CMYK || space == TJCS_YCCK;
    enum drawn e = pixels_new(ret, TJSCALED(w, f), TJSCALED(tall, f));
    if (e != DRAWN_OK) return e;
    if (tjDecompress2(h, p, in.n, ret->p, (int)ret->w, 0, (int)ret->h, cmyk ? TJPF_CMYK : TJPF_RGBA,
                      TJFLAG_LIMITSCANS) != 0 &&
        tjGetErrorCode(h) != TJERR_WARNING)
        return DRAWN_BROKEN;
    if (cmyk) from_cmyk(ret);
    pixels_turn(ret, orientation(in));
    return DRAWN_OK;
}

static enum drawn jpeg(str in, size_t side, struct pixels *ret)
{
    tjhandle h = tjInitDecompress();
    enum drawn e = h ? jpeg_with(h, in, side, ret) : DRAWN_FAILED;
    if (h) (void)tjDestroy(h);
    return e;
}

/* ---- PNG ---- */
static enum drawn png(str in, size_t side, struct pixels *ret)
{
    png_image im = {.version = PNG_IMAGE_VERSION};
    (void)side;
    if (!png_image_begin_read_from_memory(&im, in.p, in.n)) return DRAWN_BROKEN;
    enum drawn e = pixels_new(ret, im.width, im.height);
    im.format = PNG_FORMAT_RGBA;
    if (e == DRAWN_OK && !png_image_finish_read(&im, NULL, ret->p, 0, NULL)) e = DRAWN_BROKEN;
    png_image_free(&im);
    return e;
}

/* ---- WebP, moving or not: its first picture ---- */
static enum drawn webp(str in, size_t side, struct pixels *ret)
{
    WebPAnimDecoderOptions o;
    WebPBitstreamFeatures is;
    WebPData d = {(const uint8_t *)in.p, in.n};
    uint8_t *p = NULL;
    int at = 0;
    (void)side;
    if (!WebPAnimDecoderOptionsInit(&o) || WebPGetFeatures(d.bytes, d.size, &is) != VP8_STATUS_OK) return DRAWN_BROKEN;
    enum drawn e = pixels_new(ret, is.width, is.height);
    if (e != DRAWN_OK) return e;
    o.color_mode = MODE_RGBA;
    WebPAnimDecoder *a = WebPAnimDecoderNew(&d, &o);
    WebPAnimInfo all = {0};
    bool ok = a && WebPAnimDecoderGetInfo(a, &all) && all.canvas_width == ret->w && all.canvas_height == ret->h &&
              WebPAnimDecoderGetNext(a, &p, &at);
    if (ok) memcpy(ret->p, p, ret->w * ret->h * RGBA);
    if (a) WebPAnimDecoderDelete(a);
    return ok ? DRAWN_OK : DRAWN_BROKEN;
}

/* ---- GIF: its first picture, on the canvas ---- */
struct gif_in {
    str in;
    size_t at;
};

static int gif_take(GifFileType *g, GifByteType *to, int n)
{
    struct gif_in *i = g->UserData;
    size_t left = i->in.n - i->at, k = (size_t)n < left ? (size_t)n : left;
    memcpy(to, i->in.p + i->at, k);
    i->at += k;
    return (int)k;
}

/* Goes on to the first picture; *through: the colour that is none, -1 for no such colour. */
static bool gif_find(GifFileType *g, int *through)
{
    GifRecordType what = UNDEFINED_RECORD_TYPE;
    GraphicsControlBlock gcb;
    int code = 0;
    *through = -1;
    while (DGifGetRecordType(g, &what) == GIF_OK && what == EXTENSION_RECORD_TYPE) {
        GifByteType *x = NULL;
        if (DGifGetExtension(g, &code, &x) != GIF_OK) return false;
        if (code == GRAPHICS_EXT_FUNC_CODE && x && DGifExtensionToGCB(x[0], x + 1, &gcb) == GIF_OK)
            *through = gcb.TransparentColor;
        while (x)
            if (DGifGetExtensionNext(g, &x) != GIF_OK) return false;
    }
    return what == IMAGE_DESC_RECORD_TYPE && DGifGetImageDesc(g) == GIF_OK;
}

static void gif_row(const GifFileType *g, const ColorMapObject *c, int through, int y, const GifPixelType *row,
                    struct pixels *to)
{
    const GifImageDesc *d = &g->Image;
    int64_t at = (int64_t)d->Top + y;
    if (at < 0 || (size_t)at >= to->h) return;
    for (int x = 0; x < d->Width; x++) {
        int64_t px = (int64_t)d->Left + x;
        if (px < 0 || (size_t)px >= to->w || row[x] == through || row[x] >= c->ColorCount) continue;
        unsigned char *q = to->p + ((size_t)at * to->w + (size_t)px) * RGBA;
        q[0] = c->Colors[row[x]].Red;
        q[1] = c->Colors[row[x]].Green;
        q[2] = c->Colors[row[x]].Blue;
        q[3] = BYTE;
    }
}

static enum drawn gif_draw(GifFileType *g, struct pixels *to)
{
    static const int from[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2}; /* rows of one that comes in four passes */
    int through = -1;
    if (!gif_find(g, &through)) return DRAWN_BROKEN;
    const ColorMapObject *c = g->Image.ColorMap ? g->Image.ColorMap : g->SColorMap;
    if (!c || g->Image.Width < 1 || g->Image.Height < 1) return DRAWN_BROKEN;
    GifPixelType *row = mem_new((size_t)g->Image.Width);
    bool ok = true;
    for (int pass = 0; ok && pass < (g->Image.Interlace ? 4 : 1); pass++)
        for (int y = g->Image.Interlace ? from[pass] : 0; ok && y < g->Image.Height;
             y += g->Image.Interlace ? step[pass] : 1) {
            ok = DGifGetLine(g, row, g->Image.Width) == GIF_OK;
            if (ok) gif_row(g, c, through, y, row, to);
        }
    mem_free(row);
    return ok ? DRAWN_OK : DRAWN_BROKEN;
}

static enum drawn gif(str in, size_t side, struct pixels *ret)
{
    struct gif_in from = {in, 0};
    int bad = 0;
    (void)side;
    GifFileType *g = DGifOpen(&from, gif_take, &bad);
    if (!g) return DRAWN_BROKEN;
    enum drawn e = pixels_new(ret, g->SWidth, g->SHeight);
    if (e == DRAWN_OK) e = gif_draw(g, ret);
    (void)DGifCloseFile(g, &bad);
    return e;
}

static const struct {
    str head;
    enum drawn (*read)(str, size_t, struct pixels *);
    enum drawn_as as;
} formats[] = {{S0("\x89PNG\r\n\x1A\n"), png, AS_PNG},
               {S0("\xFF\xD8\xFF"), jpeg, AS_JPEG},
               {S0("GIF87a"), gif, AS_PNG},
               {S0("GIF89a"), gif, AS_PNG},
               {S0("RIFF"), webp, AS_JPEG}};

enum drawn picture_read(str in, size_t side, struct pixels *ret, enum drawn_as *ret_as)
{
    for (size_t i = 0; i < COUNT(formats); i++)
        if (str_has_prefix(in, formats[i].head)) {
            *ret_as = formats[i].as;
            return formats[i].read(in, side, ret);
        }
    return DRAWN_NONE;
}
