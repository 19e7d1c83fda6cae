/* SPDX-License-Identifier: MIT */
/* http/http_chunk.c - the chunked coding of requests (RFC 9112, 7.1), byte by byte and strictly.
 *
 * Extensions are skipped, trailers checked and dropped; both have a limit for the whole body.
 */
#include "http/http_int.h"

enum { SIZE, EXT, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILER, TRAILER_LF, END_LF, DONE };
enum { DIGITS_MAX = 15, EXT_MAX = 4096, TRAILER_MAX = 8192 };

static int digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool text(char c) { return c == '\t' || ((unsigned char)c >= 32 && c != 127); }
static bool token(char c)
{
    return (unsigned char)c > 32 && (unsigned char)c < 127 && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

static bool size_byte(struct chunk *c, char b)
{
    int d = digit(b);
    if (d >= 0) {
        c->left = c->left * 16 + (uint64_t)d;
        return ++c->digits <= DIGITS_MAX;
    }
    if (!c->digits) return false;
    c->state = b == ';' ? EXT : SIZE_LF;
    return b == ';' || b == '\r';
}

static bool trailer_byte(struct chunk *c, char b)
{
    if (++c->trailer > TRAILER_MAX) return false;
    if (b == '\r') {
        if (c->col && !c->named) return false;
        c->state = c->col ? TRAILER_LF : END_LF;
        return true;
    }
    if (!c->named && b == ':') return c->named = true, c->col++ > 0;
    c->col++;
    return c->named ? text(b) : token(b);
}

static bool lf_to(struct chunk *c, char b, int state)
{
    c->state = state;
    return b == '\n';
}

/* Everything but data. */
static bool byte(struct chunk *c, char b)
{
    switch (c->state) {
    case SIZE: return size_byte(c, b);
    case EXT:
        if (b == '\r') c->state = SIZE_LF;
        return b == '\r' || (++c->ext <= EXT_MAX && text(b));
    case SIZE_LF: return lf_to(c, b, c->left ? DATA : TRAILER);
    case DATA_CR: c->state = DATA_LF; return b == '\r';
    case DATA_LF: c->digits = 0; return lf_to(c, b, SIZE);
    case TRAILER: return trailer_byte(c, b);
    case TRAILER_LF:
        c->col = 0;
        c->named = false;
        return lf_to(c, b, TRAILER);
    case END_LF: return lf_to(c, b, DONE);
    default: return false;
    }
}

enum chunk_got http_chunk_feed(struct chunk *c, str *in, str *data)
{
    while (in->n) {
        if (c->state == DATA) {
            size_t n = in->n < c->left ? in->n : (size_t)c->left;
            *data = str_cut(*in, 0, n);
            *in = str_cut(*in, n, in->n);
            c->left -= n;
            if (!c->left) c->state = DATA_CR;
            return CHUNK_DATA;
        }
        char b = in->p[0];
        *in = str_cut(*in, 1, in->n);
        if (!byte(c, b)) return CHUNK_BAD;
        if (c->state == DONE) return CHUNK_END;
    }
    return CHUNK_MORE;
}
