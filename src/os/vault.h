/* SPDX-License-Identifier: MIT */
/* os/vault.h - secrets at rest: a column holds them sealed, the key lies in a file beside the database.
 *
 * XChaCha20-Poly1305 (libsodium; draft-irtf-cfrg-xchacha) with 24 random bytes of nonce; the place a secret belongs to
 * is bound in, so that a sealed text moved to another row or column opens nowhere. The file holds keys of 32 bytes in
 * hex, one a line: the first seals, all open. It is part of no backup: who has a backup alone has no secret.
 */
#pragma once
#include "base/base.h"

enum { VAULT_KEYS = 16, VAULT_PLAIN_MAX = 65536 };
struct vault; /* const after opening: any thread may use it */
/* `create` makes the file (mode 600) with a new key when it is not there; without it a vault of no keys comes back.
 * E_BAD: the file is not one of ours, or others may read it. */
MUST enum err vault_open(struct cx *cx, str path, bool create, struct vault **ret);
void vault_close(struct vault **v); /* takes NULL; the keys are wiped */
/* `where` is "table:id:column"; text in the arena of cx, fit for a TEXT column. E_PRECOND: there is no key. E_LIMIT:
 * longer than VAULT_PLAIN_MAX. */
MUST enum err vault_seal(struct cx *cx, const struct vault *v, str where, str plain, str *ret);
/* E_PRECOND: sealed with a key that is not here (restored without its key file), changed, or of another place. */
MUST enum err vault_unseal(struct cx *cx, const struct vault *v, str where, str sealed, str *ret);
/* A key of its own for one purpose, out of the one named ("" = the first): *ret_name is its name, for the next time.
 * E_PRECOND: that key is not here. */
MUST enum err vault_subkey(struct cx *cx, const struct vault *v, str name, str purpose, unsigned char ret[32],
                           str *ret_name);
/* ---- a new key ---- */
/* Puts a new key before the others of the file, in one step: from now on it seals, the old ones still open. E_LIMIT:
 * there are VAULT_KEYS. */
MUST enum err vault_key_add(struct cx *cx, str path);
struct resealing {
    int64_t secrets, done, lost; /* looked at; sealed anew; of a key that is not here */
};
/* *ret: the same secret sealed with the first key; "" when there is nothing to be done: none, current, or lost. */
MUST enum err vault_reseal(struct cx *cx, const struct vault *v, str where, str sealed, struct resealing *io, str *ret);
/* Names of keys, as sealed texts and seals have them: the nth, "" = no more. Memory of v. */
str vault_key_name(const struct vault *v, size_t n);
/* Sealed with the first key: false for what a new key has yet to seal again. */
bool vault_is_current(const struct vault *v, str sealed);
