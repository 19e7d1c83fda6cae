/* SPDX-License-Identifier: MIT */
/* auth/hash_child.c - argon2id itself, and the process that does nothing else (hash.c). */
#include "auth/hash_int.h"
#include "os/os.h"

#include <errno.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HASH_OPS = 2, HASH_BYTES = 19 * 1024 * 1024, SOCKET = 0 };

const char hash_nobodys[] = "$argon2id$v=19$m=19456,t=2,p=1$"
                            "Nfj6Kaakxc1BCkPtooIuBA$EP3ECoQc4mFk3hORF0dy3PMi+cm6A+BnMd2RM87e/8Q";

static bool make(const struct hash_ask *q, struct hash_reply *ret)
{
    static_assert(HASH_TEXT >= crypto_pwhash_STRBYTES, "room for a hash");
    return crypto_pwhash_str(ret->hash, q->secret, q->secret_n, HASH_OPS, HASH_BYTES) == 0;
}

/* $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH, as the library writes it. */
struct kept {
    int64_t kib, ops;
    unsigned char salt[HASH_SALT], out[HASH_OUT];
};

static bool bytes_of(str s, unsigned char *ret, size_t want)
{
    size_t n = 0;
    return sodium_base642bin(ret, want, s.p, s.n, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
           n == want;
}

static bool kept_read(const char *hash, struct kept *ret)
{
    static const str head = S0("$argon2id$v=19$m=");
    str m = {0}, t = {0}, p = {0}, salt = {0}, out = {0}, rest = str_from(hash);
    if (!str_has_prefix(rest, head) || !str_split(str_cut(rest, head.n, rest.n), ',', &m, &rest) ||
        !str_split(rest, ',', &t, &rest) || !str_split(rest, '$', &p, &rest) || !str_split(rest, '$', &salt, &out))
        return false;
    return str_to_int(m, &ret->kib) && ret->kib > 0 && ret->kib <= UINT32_MAX && str_has_prefix(t, S("t=")) &&
           str_to_int(str_cut(t, 2, t.n), &ret->ops) && ret->ops > 0 && str_eq(p, S("p=1")) &&
           bytes_of(salt, ret->salt, sizeof ret->salt) && bytes_of(out, ret->out, sizeof ret->out);
}

/* The library's own check takes a want of memory for a wrong password; making the hash anew tells the two apart. */
static bool verify(const struct hash_ask *q, struct hash_reply *ret)
{
    const char *hash = q->hash[0] ? q->hash : hash_nobodys;
    struct kept k = {0};
    unsigned char out[HASH_OUT] = {0};
    if (!kept_read(hash, &k)) return crypto_pwhash_str_verify(hash, q->secret, q->secret_n) == 0 && q->hash[0];
    errno = 0;
    int rc = crypto_pwhash(out, sizeof out, q->secret, q->secret_n, k.salt, (unsigned long long)k.ops,
                           (size_t)k.kib * 1024, crypto_pwhash_ALG_ARGON2ID13);
    ret->is_short = rc != 0 && errno != EINVAL && errno != EFBIG;
    bool fits = rc == 0 && sodium_memcmp(out, k.out, sizeof out) == 0;
    sodium_memzero(out, sizeof out);
    return fits && q->hash[0];
}

static bool salted(const struct hash_ask *q, struct hash_reply *ret)
{
    static_assert(HASH_SALT == crypto_pwhash_SALTBYTES, "libsodium's salt");
    return crypto_pwhash(ret->out, sizeof ret->out, q->secret, q->secret_n, q->salt, HASH_OPS, HASH_BYTES,
                         crypto_pwhash_ALG_ARGON2ID13) == 0;
}

void hash_do(const struct hash_ask *q, struct hash_reply *ret)
{
    *ret = (struct hash_reply){.id = q->id};
    switch (q->what) {
    case HASH_MAKE: ret->ok = make(q, ret); break;
    case HASH_VERIFY: ret->ok = verify(q, ret); break;
    case HASH_SALTED: ret->ok = salted(q, ret); break;
    }
}

/* Each takes the next message that nobody has taken yet. */
static void *serve(void *arg)
{
    struct hash_ask q = {0};
    struct hash_reply r = {0};
    ssize_t n = 0;
    (void)arg;
    while ((n = recv(SOCKET, &q, sizeof q, 0)) == (ssize_t)sizeof q || (n < 0 && errno == EINTR)) {
        if (n < 0 || q.secret_n > HASH_SECRET_MAX) continue;
        hash_do(&q, &r);
        sodium_memzero(&q, sizeof q);
        if (send(SOCKET, &r, sizeof r, MSG_NOSIGNAL) != (ssize_t)sizeof r) break;
    }
    _exit(0); /* the server has ended */
}

int hasher_child(void)
{
    struct cx cx = {.a = arena_new()};
    os_child_begin();
    os_yields();
    if (sodium_init() < 0) _exit(1);
    for (int i = 1; i < AUTH_HASHES && i < os_cores(); i++) {
        pthread_t t = {0};
        if (os_thread(&cx, "hash", 0, serve, NULL, &t) != E_OK) break;
    }
    (void)serve(NULL);
    _exit(0);
}
