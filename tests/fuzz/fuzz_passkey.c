/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_passkey.c - what a browser sends for a passkey, whatever it is: refused with a reason, or a bounded key; a
 * signature that nobody made is never taken. One byte: which of the two; two: how long clientDataJSON is; then that, then
 * authenticatorData, whose first 32 bytes are put right. */
#include "auth/webauthn.h"
#include "os/os.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 3, HASH = 32 };

static struct wa_client parted(struct cx *cx, const uint8_t *p, size_t size, str rp)
{
    size_t n = (size_t)p[1] << 8 | p[2];
    unsigned char sum[HASH];
    if (n > size - HEAD) n = size - HEAD;
    str rest = {(const char *)p + HEAD + n, size - HEAD - n};
    char *copy = arena_get(cx->a, rest.n + 1);
    if (rest.n) memcpy(copy, rest.p, rest.n);
    os_sha256(rp, sum);
    if (rest.n >= HASH) memcpy(copy, sum, HASH);
    return (struct wa_client){{(const char *)p + HEAD, n}, {copy, rest.n}, S("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cx cx = {.a = arena_new(), .lang = S("en")};
    const struct wa_want want = {S("https://kontor.test"), S("kontor.test"), false};
    struct wa_key k = {.alg = size ? wa_algs[data[0] / 2 % 3] : 0, .key = S("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")};
    uint32_t counter = 0;
    str challenge = {0};
    if (size > HEAD) {
        struct wa_client c = parted(&cx, data, size, want.rp);
        if (wa_challenge(&cx, c.json, &challenge) != E_OK) assert(cx.msg.n);
        enum err e = data[0] % 2 ? wa_asserted(&cx, &want, &k, &c, &counter) : wa_created(&cx, &want, &c, &k);
        assert(e == E_OK || cx.msg.n);
        assert(e != E_OK || (!(data[0] % 2) && k.id.n && k.id.n <= WA_ID_MAX && k.key.n && k.key.n <= WA_KEY_MAX));
    }
    arena_free(&cx.a);
    return 0;
}
