/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_idp.c - what a provider answers, whatever it is: a token with a set of keys, a description, claims. One byte:
 * which of them; two: how long the first part is. 't': header, claims and signature as three lines, then the keys. */
#include "idp/idp_int.h"
#include "idp/jwt.h"
#include "os/os.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 3 };

static const struct json *tree(struct cx *cx, str text)
{
    const struct json *j = NULL;
    return json_parse(cx, text, &j) == E_OK ? j : NULL;
}

/* Three lines become the parts of a token; anything else is one as it stands. */
static str token_of(struct cx *cx, str text)
{
    str header = {0}, claims = {0}, signature = {0}, rest = {0};
    if (!str_split(text, '\n', &header, &rest) || !str_split(rest, '\n', &claims, &signature)) return text;
    return arena_fmt(cx->a, "%.*s.%.*s.%.*s", FS(os_base64(cx->a, OS_BASE64URL, header.p, header.n)),
                     FS(os_base64(cx->a, OS_BASE64URL, claims.p, claims.n)), FS(signature));
}

static void token(struct cx *cx, str first, str second)
{
    const struct jwt_want want = {S("https://id.test"), S("kontor"), S("nonce"), INT64_C(1800000000000)};
    const struct json *keys = tree(cx, second), *claims = NULL;
    if (!keys) return;
    (void)jwt_keys(cx, keys);
    enum err e = jwt_check(cx, token_of(cx, first), keys, &want, &claims);
    assert(e == E_OK ? claims != NULL : (e == E_INVALID || e == E_NOTFOUND) && cx->msg.n && !claims);
}

static void description(struct cx *cx, str text)
{
    struct provider p = {0};
    const struct json *doc = tree(cx, text);
    if (!doc) return;
    enum err e = provider_read(cx, S("https://id.test"), doc, &p);
    assert(e == E_OK ? provider_url_ok(p.authorize) && provider_url_ok(p.token) && provider_url_ok(p.keys_url) : cx->msg.n > 0);
}

static void saying(struct cx *cx, str text)
{
    const struct idp p = {.groups = S("realm_access.roles"), .factor = FACTOR_CLAIM, .acr = S("strong")};
    const struct json *claims = tree(cx, text);
    struct outsider w = {0};
    if (!claims) return;
    (void)claims_lack(&p, claims);
    enum err e = claims_read(cx, &p, claims, &w);
    assert(e == E_OK ? w.n_groups <= OUTSIDE_GROUPS_MAX : e == E_DENIED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cx cx = {.a = arena_new(), .lang = S("en")};
    if (size > HEAD) {
        size_t n = (size_t)data[1] << 8 | data[2];
        if (n > size - HEAD) n = size - HEAD;
        str first = {(const char *)data + HEAD, n}, second = {(const char *)data + HEAD + n, size - HEAD - n};
        if (data[0] == 't') token(&cx, first, second);
        else if (data[0] == 'd') description(&cx, second);
        else saying(&cx, second);
    }
    arena_free(&cx.a);
    return 0;
}
