/* SPDX-License-Identifier: MIT */
#include "fmt/qr.h"

#include <qrencode.h>

enum { PATH_MAX_BYTES = 512 * 1024, QR_TEXT_MAX = 4096 };

static void row(struct buf *b, const unsigned char *dots, int width, int y)
{
    for (int x = 0, to = 0; x < width; x = to + 1) {
        for (to = x; to < width && dots[to] & 1; to++) continue;
        if (to > x) buf_fmt(b, "M%d %dh%dv1h-%dz", x, y, to - x, to - x);
    }
}

bool qr_path(struct arena *a, str text, int *ret_size, str *ret_path)
{
    struct buf b = buf_new(a, PATH_MAX_BYTES);
    if (text.n > QR_TEXT_MAX) return false;
    QRcode *q = QRcode_encodeData((int)text.n, (const unsigned char *)text.p, 0, QR_ECLEVEL_M);
    if (!q) return false;
    for (int y = 0; y < q->width; y++) row(&b, q->data + (size_t)y * (size_t)q->width, q->width, y);
    *ret_size = q->width;
    *ret_path = buf_str(&b);
    QRcode_free(q);
    return !b.full;
}
