/* SPDX-License-Identifier: MIT */
/* auth/hash_int.h - what a hash is asked by, and its answer: one message each, to the process that hashes and back. */
#pragma once
#include "auth/auth.h"

enum hash_what { HASH_MAKE, HASH_VERIFY, HASH_SALTED };
enum { HASH_SECRET_MAX = 4 * PASSWORD_MAX, HASH_TEXT = 128, HASH_SALT = 16, HASH_OUT = 32 };
struct hash_ask {
    uint32_t id;
    enum hash_what what;
    unsigned secret_n;
    unsigned char salt[HASH_SALT];  /* HASH_SALTED */
    char hash[HASH_TEXT];           /* HASH_VERIFY: "" = nobody's: never right, in the same time */
    char secret[HASH_SECRET_MAX];
};
struct hash_reply {
    uint32_t id;
    bool ok;                        /* made; or it fits */
    bool is_short;                  /* of memory: nothing was looked at */
    char hash[HASH_TEXT];           /* HASH_MAKE */
    unsigned char out[HASH_OUT];    /* HASH_SALTED */
};
extern const char hash_nobodys[]; /* what is looked at for unknown names: as dear as anybody's */
/* Does it here and now. Any thread. */
void hash_do(const struct hash_ask *q, struct hash_reply *ret);
