/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_mail.c - whatever stands in subject, names and text of a mail: seven bits, short lines, CR LF alone at their
 * ends, the headers we wrote and no other, no line of one dot. */
#include "mail/mail_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t checked(str s, size_t *ret_headers)
{
    size_t lines = 0, line = 0, headers = 0;
    bool body = false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        assert(c < 0x7F && (c >= ' ' || c == '\r' || c == '\n'));
        assert((c == '\n') == (i > 0 && s.p[i - 1] == '\r'));
        if (c != '\n') {
            line++;
            continue;
        }
        size_t n = line - 1; /* without CR */
        assert(n <= 200 && !(n == 1 && s.p[i - 2] == '.'));
        if (n == 0) body = true;
        else if (!body && s.p[i - 1 - n] != ' ') headers++;
        lines++;
        line = 0;
    }
    assert(body && line == 0);
    *ret_headers = headers;
    return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cx cx = {.a = arena_new()};
    str in = {(const char *)data, size}, a = {0}, b = {0}, c = {0}, out = {0}, wire = {0};
    size_t headers = 0;
    (void)str_split(in, '|', &a, &b);
    (void)str_split(b, '|', &b, &c);
    struct envelope e = {.from = S("crm@example.org"), .from_name = a, .to = S("a@example.org"), .to_name = b, .subject = c,
                         .lang = S("de"), .text = in, .id = 1, .at_ms = 1};
    if (mail_compose(&cx, &e, &out) == E_OK) {
        (void)checked(out, &headers);
        assert(headers == 11);
    }
    if (mail_addr_wire(&cx, a, &wire) == E_OK)
        for (size_t i = 0; i < wire.n; i++) assert(wire.p[i] > ' ' && wire.p[i] < 0x7F && wire.p[i] != '<' && wire.p[i] != '>');
    arena_free(&cx.a);
    return 0;
}
