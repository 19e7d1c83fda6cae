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

static bool verify(const struct hash_ask *q)
{
    const char *hash = q->hash[0] ? q->hash : hash_nobodys;
    return crypto_pwhash_str_verify(hash, q->secret, q->secret_n) == 0 && q->hash[0];
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
    case HASH_VERIFY: ret->ok = verify(q); break;
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
