/* SPDX-License-Identifier: MIT */
#include "fmt/cbor.h"

enum { BYTES = 2, TEXT, ARRAY, MAP, TAG, SIMPLE };

/* The argument behind a first byte (RFC 8949, 3): false when it is of indefinite length, reserved, or cut off. */
static bool argument(str s, size_t *at, unsigned info, uint64_t *ret)
{
    size_t n = info < 24 ? 0 : (size_t)1 << (info - 24);
    if (info > 27 || n > s.n - *at) return false;
    *ret = n ? 0 : info;
    for (size_t i = 0; i < n; i++) *ret = *ret << 8 | (unsigned char)s.p[(*at)++];
    return true;
}

bool cbor_bounded(str s)
{
    uint64_t open = 0, n = 0; /* open: items that must still come */
    for (size_t at = 0; at < s.n;) {
        unsigned char c = (unsigned char)s.p[at++];
        unsigned major = c >> 5;
        if (!argument(s, &at, c & 31, &n)) return false;
        if (open) open--;
        uint64_t left = s.n - at, each = major == MAP ? 2 : 1;
        if (major >= BYTES && major <= MAP && n > left / each) return false;
        if (major == BYTES || major == TEXT) at += (size_t)n;
        if (major == ARRAY || major == MAP) open += n * each;
        if (major == TAG) open++;
        if (open > s.n - at) return false;
    }
    return !open;
}
