/* SPDX-License-Identifier: MIT */
/* api/openapi_refuse.c - which refusals an operation can answer with.
 *
 * Most follow from what its row says already: flags, path, shape (`rules`). Those that only its handler knows of stand
 * in the shape as "!code". A code says its status (base/errors.def), so that both are told by one word.
 */
#include "api/openapi.h"

#define BIT(e) (UINT32_C(1) << (e))
_Static_assert(E_MAX <= 32, "a set of refusals has a bit for each");

/* Before a request is read, whatever it asks for: told once, as "default". */
static const uint32_t UNREAD = BIT(E_DENIED) | BIT(E_TIMEOUT) | BIT(E_LIMIT) | BIT(E_URI) |
                               BIT(E_TYPE) | BIT(E_EXPECT) | BIT(E_HOST) | BIT(E_HEADERS) |
                               BIT(E_CODING) | BIT(E_VERSION);

/* A row has one of the flags `has` and none of `lacks`, its path holds `path`, and a word of its shape begins with
 * `word`; what is nought or empty is not asked. */
static const struct {
    unsigned has, lacks;
    str path, word;
    uint32_t set;
} rules[] = {
    {.set = BIT(E_BAD) | BIT(E_RATE) | BIT(E_INTERNAL) |
            BIT(E_BUSY)}, /* busy also without a base: while it stops */
    {.lacks = R_OPEN, .set = BIT(E_AUTH) | BIT(E_DENIED)},
    {.has = R_WRITE,
     .set = BIT(E_DENIED) | BIT(E_UNCERTAIN) | BIT(E_FULL)}, /* Origin, X-CSRF-Token */
    {.has = R_WRITE,
     .lacks = R_OPEN,
     .set = BIT(E_INVALID)}, /* Idempotency-Key of another request */
    {.has = R_PROOF | R_PROOF_OWN, .set = BIT(E_PROOF)},
    {.has = R_RIGHTS, .lacks = R_WRITE, .set = BIT(E_NOTFOUND)}, /* X-Kontor-As: no such user */
    {.path = S0("{"), .set = BIT(E_NOTFOUND)},
    {.word = S0("<"), .set = BIT(E_LIMIT) | BIT(E_TYPE) | BIT(E_INVALID)},
    {.word = S0("^"), .set = BIT(E_CONFLICT) | BIT(E_PRECOND)},
    {.word = S0("?filter"), .set = BIT(E_INVALID) | BIT(E_LIMIT) | BIT(E_SLOW)},
    {.word = S0("?q"), .set = BIT(E_INVALID) | BIT(E_SLOW)},
};

static bool has_word(str shape, str prefix)
{
    str word = {0};
    while (shape.n) {
        str_split(shape, ' ', &word, &shape);
        if (str_has_prefix(word, prefix)) return true;
    }
    return false;
}

/* A word that names no code is a slip in routes.def: the first reader of the document, a test, finds it. */
static uint32_t bit_of(str code)
{
    size_t i = E_OK + 1;
    while (i < E_MAX && !str_eq(err_info[i].name, code)) i++;
    assert(i < E_MAX);
    return BIT(i);
}

uint32_t openapi_refusals(const struct route *r, str entity)
{
    str doc = {0}, shape = {0}, word = {0};
    uint32_t set = 0;
    str_split(r->doc, '\n', &doc, &shape);
    for (size_t i = 0; i < COUNT(rules); i++) {
        bool flags = (!rules[i].has || r->flags & rules[i].has) && !(r->flags & rules[i].lacks);
        if (flags && str_find(r->path, rules[i].path) >= 0 &&
            (!rules[i].word.n || has_word(shape, rules[i].word)))
            set |= rules[i].set;
    }
    /* log_write asks for the proof, too, by whatever route users and roles are written */
    bool lets_in = record_lets_in(entity);
    if (guard_proves(r, entity) || (lets_in && r->flags & R_WRITE)) set |= BIT(E_PROOF);
    while (shape.n) {
        str_split(shape, ' ', &word, &shape);
        if (str_has_prefix(word, S("!"))) set |= bit_of(str_cut(word, 1, word.n));
    }
    return set;
}

/* ---- as members of "responses" ---- */
/* Takes the codes of the lowest status out of *set. */
static uint32_t one_status(uint32_t *set)
{
    uint32_t one = 0;
    int status = 0;
    for (size_t i = 0; i < E_MAX; i++)
        if (*set & BIT(i) && (!status || err_info[i].http == status))
            status = err_info[i].http, one |= BIT(i);
    *set &= ~one;
    return one;
}

/* "denied.proof": the answer that tells of these codes. */
static str answer_name(struct arena *a, uint32_t set)
{
    struct buf b = buf_new(a, 512);
    if (set == UNREAD) return S("unread");
    for (size_t i = 0; i < E_MAX; i++)
        if (set & BIT(i)) buf_fmt(&b, "%s%.*s", b.n ? "." : "", FS(err_info[i].name));
    return buf_str(&b);
}

static void answer_ref(struct cx *cx, struct jw *w, str status, uint32_t set)
{
    jw_key(w, status);
    jw_obj(w);
    jw_kstr(w, S("$ref"),
            arena_fmt(cx->a, "#/components/responses/%.*s", FS(answer_name(cx->a, set))));
    jw_obj_end(w);
}

void openapi_refusals_json(struct cx *cx, struct jw *w, uint32_t set)
{
    while (set) {
        uint32_t one = one_status(&set);
        size_t first = (size_t)__builtin_ctz(one);
        answer_ref(cx, w, arena_fmt(cx->a, "%d", err_info[first].http), one);
    }
    answer_ref(cx, w, S("default"), UNREAD);
}

/* ---- components ---- */
static void heads_json(struct jw *w, struct arena *a, int status)
{
    static const struct {
        int status;
        const char *json;
    } heads[] = {
        {401, "{'WWW-Authenticate':{'$ref':'#/components/headers/WWW-Authenticate'}}"},
        {429, "{'Retry-After':{'$ref':'#/components/headers/Retry-After'},"
              "'RateLimit':{'$ref':'#/components/headers/RateLimit'},"
              "'RateLimit-Policy':{'$ref':'#/components/headers/RateLimit-Policy'}}"},
        {503, "{'Retry-After':{'$ref':'#/components/headers/Retry-After'}}"},
    };
    for (size_t i = 0; i < COUNT(heads); i++)
        if (heads[i].status == status) jw_key(w, S("headers")), openapi_quoted(w, a, heads[i].json);
}

static void answer_json(struct cx *cx, struct jw *w, uint32_t set)
{
    struct buf says = buf_new(cx->a, 8192), codes = buf_new(cx->a, 1024);
    size_t first = (size_t)__builtin_ctz(set);
    if (set == UNREAD)
        buf_add(&says,
                S("Before the request was read, whatever it asks for; without request_id\n\n"));
    for (size_t i = 0; i < E_MAX; i++) {
        if (!(set & BIT(i))) continue;
        buf_fmt(&says, "%s`%.*s`: %.*s", codes.n ? "\n\n" : "", FS(err_info[i].name),
                FS(err_info[i].doc));
        buf_fmt(&codes, "%s'%.*s'", codes.n ? "," : "", FS(err_info[i].name));
    }
    jw_key(w, answer_name(cx->a, set));
    jw_obj(w);
    jw_kstr(w, S("description"), buf_str(&says));
    heads_json(w, cx->a, set == UNREAD ? 0 : err_info[first].http);
    jw_key(w, S("content"));
    openapi_quoted(w, cx->a,
                   arena_fmt(cx->a,
                             "{'application/problem+json':{'schema':{'allOf':[{'$ref':'#/"
                             "components/schemas/Problem'},"
                             "{'properties':{'code':{'enum':[%.*s]}}}]}}}",
                             FS(buf_str(&codes)))
                       .p);
    jw_obj_end(w);
}

static void answer_once(struct cx *cx, struct jw *w, uint32_t set, uint32_t *seen, size_t *n,
                        size_t max)
{
    for (size_t i = 0; i < *n; i++)
        if (seen[i] == set) return;
    assert(*n < max);
    seen[(*n)++] = set;
    answer_json(cx, w, set);
}

void openapi_answers(struct cx *cx, struct jw *w)
{
    static const str whose[] = {S0("person"), S0("user")}; /* of users a proof is asked for */
    uint32_t seen[64];
    size_t n = 0;
    jw_key(w, S("headers"));
    openapi_quoted(
        w, cx->a,
        "{'Retry-After':{'description':'seconds to wait','schema':{'type':'integer'}},"
        "'RateLimit':{'description':'what this address has left just "
        "now','schema':{'type':'string'}},"
        "'RateLimit-Policy':{'description':'how many requests at once, and when all are free "
        "again',"
        "'schema':{'type':'string'}},"
        "'WWW-Authenticate':{'description':'of a request by API key','schema':{'type':'string'}}}");
    jw_key(w, S("responses"));
    jw_obj(w);
    answer_once(cx, w, UNREAD, seen, &n, COUNT(seen));
    for (size_t i = 0; i < api_routes_n * COUNT(whose); i++) {
        const struct route *r = &api_routes[i / COUNT(whose)];
        uint32_t set = openapi_refusals(r, openapi_is_of_each(r) ? whose[i % COUNT(whose)] : S(""));
        while (set) answer_once(cx, w, one_status(&set), seen, &n, COUNT(seen));
    }
    jw_obj_end(w);
}

/* The schema of a problem's code: all there are, and what each means. */
void openapi_codes(struct jw *w)
{
    jw_obj(w);
    jw_kstr(w, S("type"), S("string"));
    jw_key(w, S("enum"));
    jw_arr(w);
    for (size_t i = E_OK + 1; i < E_MAX; i++) jw_str(w, err_info[i].name);
    jw_arr_end(w);
    jw_key(w, S("oneOf"));
    jw_arr(w);
    for (size_t i = E_OK + 1; i < E_MAX; i++) {
        jw_obj(w);
        jw_kstr(w, S("const"), err_info[i].name);
        jw_kstr(w, S("description"), err_info[i].doc);
        jw_kint(w, S("x-status"), err_info[i].http);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_obj_end(w);
}
