/* SPDX-License-Identifier: MIT */
/* os/vault.c - a sealed text is "v1.KEY.BOX": which key it was (8 hex digits of its hash), nonce and box, base64url. */
#include "os/vault.h"

#include "os/os.h"

#include <errno.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    KEY_BYTES = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    NAME_CHARS = 8,
    HEAD_CHARS = 3 + NAME_CHARS + 1, /* "v1." name "." */
    FILE_MAX = VAULT_KEYS * (2 * KEY_BYTES + 2)
};

struct vault {
    size_t n;
    struct key {
        unsigned char of[KEY_BYTES];
        char name[NAME_CHARS];
    } key[VAULT_KEYS];
};

static enum err key_add(struct cx *cx, struct vault *v, str hex)
{
    size_t n = 0;
    unsigned char sum[32];
    if (v->n == VAULT_KEYS) return fail(cx, E_BAD, "a key file has at most %d keys", VAULT_KEYS);
    struct key *k = &v->key[v->n];
    if (hex.n != 2 * KEY_BYTES || sodium_hex2bin(k->of, KEY_BYTES, hex.p, hex.n, NULL, &n, NULL) != 0 || n != KEY_BYTES)
        return fail(cx, E_BAD, "a line of the key file is not a key: 64 digits of hex");
    os_sha256((str){(const char *)k->of, KEY_BYTES}, sum);
    str name = os_hex(cx->a, sum, NAME_CHARS / 2);
    memcpy(k->name, name.p, NAME_CHARS);
    v->n++;
    return E_OK;
}

static enum err keys_read(struct cx *cx, struct vault *v, str bytes)
{
    while (bytes.n) {
        size_t eol = 0;
        while (eol < bytes.n && bytes.p[eol] != '\n') eol++;
        str line = str_trim((str){bytes.p, eol});
        if (line.n) TRY(key_add(cx, v, line));
        bytes = str_cut(bytes, eol + (eol < bytes.n), bytes.n);
    }
    return v->n ? E_OK : fail(cx, E_BAD, "the key file is empty");
}

static enum err file_make(struct cx *cx, str path, str *ret)
{
    unsigned char key[KEY_BYTES];
    os_random(key, sizeof key);
    *ret = arena_fmt(cx->a, "%.*s\n", FS(os_hex(cx->a, key, sizeof key)));
    return os_write_file_atomic(cx, path, *ret, 0600);
}

static enum err file_read(struct cx *cx, str path, bool create, str *ret)
{
    struct stat st;
    str p = arena_dup(cx->a, path);
    if (stat(p.p, &st) == 0 && st.st_mode & (S_IRWXG | S_IRWXO))
        return fail(cx, E_BAD, "others may read %s: chmod 600 it", p.p);
    enum err e = os_read_file(cx, path, FILE_MAX, ret);
    if (e != E_NOTFOUND) return e;
    if (create) return file_make(cx, path, ret);
    *ret = (str){0};
    return E_OK;
}

enum err vault_open(struct cx *cx, str path, bool create, struct vault **ret)
{
    str bytes = {0};
    if (sodium_init() < 0) return fail(cx, E_INTERNAL, "libsodium does not start");
    TRY(file_read(cx, path, create, &bytes));
    struct vault *v = mem_new(sizeof *v); /* vault_close */
    enum err e = bytes.p ? keys_read(cx, v, bytes) : E_OK;
    if (e != E_OK) vault_close(&v);
    *ret = v;
    return e;
}

void vault_close(struct vault **v)
{
    if (*v) sodium_memzero(*v, sizeof **v);
    mem_free(*v);
    *v = NULL;
}

enum err vault_seal(struct cx *cx, const struct vault *v, str where, str plain, str *ret)
{
    unsigned long long n = 0;
    if (!v || !v->n) return fail(cx, E_PRECOND, "There is no key to keep secrets with: see secret.key in the manual");
    if (plain.n > VAULT_PLAIN_MAX) return fail(cx, E_LIMIT, "A secret has at most %d bytes", VAULT_PLAIN_MAX);
    unsigned char *box = arena_get(cx->a, NONCE_BYTES + plain.n + TAG_BYTES);
    os_random(box, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(box + NONCE_BYTES, &n, (const unsigned char *)plain.p, plain.n,
                                               (const unsigned char *)where.p, where.n, NULL, box, v->key[0].of);
    size_t bytes = NONCE_BYTES + (size_t)n;
    *ret = arena_fmt(cx->a, "v1.%.*s.%.*s", NAME_CHARS, v->key[0].name, FS(os_base64(cx->a, OS_BASE64URL, box, bytes)));
    return E_OK;
}

static const struct key *key_named(const struct vault *v, str name)
{
    for (size_t i = 0; v && i < v->n; i++)
        if (str_eq(name, (str){v->key[i].name, NAME_CHARS})) return &v->key[i];
    return NULL;
}

static const struct key *key_of(const struct vault *v, str sealed)
{
    if (sealed.n < HEAD_CHARS || memcmp(sealed.p, "v1.", 3) != 0 || sealed.p[HEAD_CHARS - 1] != '.') return NULL;
    return key_named(v, str_cut(sealed, 3, 3 + NAME_CHARS));
}

enum err vault_subkey(struct cx *cx, const struct vault *v, str name, str purpose, unsigned char ret[32], str *ret_name)
{
    const struct key *k = name.n ? key_named(v, name) : v && v->n ? v->key : NULL;
    if (!k) return fail(cx, E_PRECOND, "There is no key to keep secrets with: see secret.key in the manual");
    (void)crypto_generichash(ret, 32, (const unsigned char *)purpose.p, purpose.n, k->of, sizeof k->of);
    *ret_name = arena_dup(cx->a, (str){k->name, NAME_CHARS});
    return E_OK;
}

static bool opened(struct cx *cx, const struct key *k, str where, str text, str *ret)
{
    size_t n = 0;
    unsigned long long plain = 0;
    const unsigned char *box = os_unbase64(cx->a, OS_BASE64URL, text, &n);
    if (!box || n < NONCE_BYTES + TAG_BYTES) return false;
    char *to = arena_get(cx->a, n + 1); /* NUL-ended for the libraries that secrets go to */
    if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)to, &plain, NULL, box + NONCE_BYTES,
                                                   n - NONCE_BYTES, (const unsigned char *)where.p, where.n, box,
                                                   k->of) != 0)
        return false;
    to[plain] = 0;
    *ret = (str){to, (size_t)plain};
    return true;
}

enum err vault_unseal(struct cx *cx, const struct vault *v, str where, str sealed, str *ret)
{
    const struct key *k = key_of(v, sealed);
    if (k && opened(cx, k, where, str_cut(sealed, HEAD_CHARS, sealed.n), ret)) return E_OK;
    return fail(cx, E_PRECOND, "This secret cannot be read with the key that is here: please enter it anew");
}

bool vault_is_current(const struct vault *v, str sealed)
{
    const struct key *k = key_of(v, sealed);
    return k && k == v->key;
}

/* ---- a new key ---- */
enum err vault_key_add(struct cx *cx, str path)
{
    unsigned char key[KEY_BYTES];
    struct vault *was = NULL;
    str bytes = {0};
    TRY(vault_open(cx, path, false, &was)); /* E_BAD: it is none of ours, and stays as it is */
    size_t n = was->n;
    vault_close(&was);
    if (n >= VAULT_KEYS) return fail(cx, E_LIMIT, "a key file has at most %d keys", VAULT_KEYS);
    if (n) TRY(os_read_file(cx, path, FILE_MAX, &bytes));
    os_random(key, sizeof key);
    str text = arena_fmt(cx->a, "%.*s\n%.*s", FS(os_hex(cx->a, key, sizeof key)), FS(bytes));
    sodium_memzero(key, sizeof key);
    struct stat st = {0};
    bool had = stat(arena_z(cx->a, path), &st) == 0;
    TRY(os_write_file_atomic(cx, path, text, 0600));
    /* root makes it for the account that serves */
    if (had && (st.st_uid != geteuid() || st.st_gid != getegid()) &&
        chown(arena_z(cx->a, path), st.st_uid, st.st_gid) != 0)
        return os_fail(cx, errno, "chown", path);
    return E_OK;
}

enum err vault_reseal(struct cx *cx, const struct vault *v, str where, str sealed, struct resealing *io, str *ret)
{
    str plain = {0};
    const struct key *k = key_of(v, sealed);
    *ret = S("");
    if (!sealed.n) return E_OK;
    io->secrets++;
    if (vault_is_current(v, sealed)) return E_OK;
    if (!k || !opened(cx, k, where, str_cut(sealed, HEAD_CHARS, sealed.n), &plain)) return io->lost++, E_OK;
    TRY(vault_seal(cx, v, where, plain, ret));
    io->done++;
    return E_OK;
}

str vault_key_name(const struct vault *v, size_t n)
{
    return v && n < v->n ? (str){v->key[n].name, NAME_CHARS} : S("");
}
