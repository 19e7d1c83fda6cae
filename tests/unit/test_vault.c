/* SPDX-License-Identifier: MIT */
#include "os/os.h"
#include "os/vault.h"
#include "t.h"

#include <stdlib.h>
#include <sys/stat.h>

static str path_new(struct cx *cx)
{
    char z[] = "/tmp/kontor-vault-XXXXXX";
    T(mkdtemp(z) != NULL);
    return arena_fmt(cx->a, "%s/secret.key", z);
}

static struct vault *opened(struct cx *cx, str path, bool create)
{
    struct vault *v = NULL;
    T_OK(cx, vault_open(cx, path, create, &v));
    return v;
}

static void test_round(void)
{
    struct cx cx = t_cx();
    str path = path_new(&cx), sealed = S(""), again = S(""), got = S("");
    struct vault *v = opened(&cx, path, true);
    struct stat st = {0};
    T(stat(path.p, &st) == 0 && (st.st_mode & 0777) == 0600);
    str secret = S("p\0ss \xc3\xbc w\xc3\xb6rd");
    T_OK(&cx, vault_seal(&cx, v, S("mail:7:password"), secret, &sealed));
    T_OK(&cx, vault_seal(&cx, v, S("mail:7:password"), secret, &again));
    T(!str_eq(sealed, again));
    T(str_has_prefix(sealed, S("v1.")));
    T_OK(&cx, vault_unseal(&cx, v, S("mail:7:password"), sealed, &got));
    T_STR(got, secret);
    T(vault_unseal(&cx, v, S("mail:8:password"), sealed, &got) == E_PRECOND);
    T_OK(&cx, vault_seal(&cx, v, S("w"), S(""), &sealed));
    T_OK(&cx, vault_unseal(&cx, v, S("w"), sealed, &got));
    T_STR(got, S(""));
    char *long_one = arena_get(cx.a, VAULT_PLAIN_MAX + 1);
    memset(long_one, 'x', VAULT_PLAIN_MAX + 1);
    T(vault_seal(&cx, v, S("w"), (str){long_one, VAULT_PLAIN_MAX + 1}, &sealed) == E_LIMIT);
    T_OK(&cx, vault_seal(&cx, v, S("w"), (str){long_one, VAULT_PLAIN_MAX}, &sealed));
    T_OK(&cx, vault_unseal(&cx, v, S("w"), sealed, &got));
    T(got.n == VAULT_PLAIN_MAX);
    vault_close(&v);
    v = opened(&cx, path, false); /* the same key from the file */
    T_OK(&cx, vault_unseal(&cx, v, S("mail:7:password"), again, &got));
    T_STR(got, secret);
    vault_close(&v);
    T(v == NULL);
    t_cx_free(&cx);
}

static void test_changed(void)
{
    struct cx cx = t_cx();
    str sealed = S(""), got = S("");
    struct vault *v = opened(&cx, path_new(&cx), true);
    T_OK(&cx, vault_seal(&cx, v, S("w"), S("secret"), &sealed));
    for (size_t i = 0; i < sealed.n; i++) { /* each character, by another of the alphabet */
        char *bad = arena_get(cx.a, sealed.n);
        memcpy(bad, sealed.p, sealed.n);
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        T(vault_unseal(&cx, v, S("w"), (str){bad, sealed.n}, &got) == E_PRECOND);
    }
    for (size_t n = 0; n < sealed.n; n++) T(vault_unseal(&cx, v, S("w"), str_cut(sealed, 0, n), &got) == E_PRECOND);
    T(vault_unseal(&cx, v, S("w"), arena_fmt(cx.a, "%.*sAAAA", FS(sealed)), &got) == E_PRECOND);
    T(vault_unseal(&cx, NULL, S("w"), sealed, &got) == E_PRECOND);
    T(vault_seal(&cx, NULL, S("w"), S("x"), &got) == E_PRECOND);
    vault_close(&v);
    t_cx_free(&cx);
}

static void test_keys(void)
{
    struct cx cx = t_cx();
    str path = path_new(&cx), old = S(""), fresh = S(""), got = S("");
    struct vault *v = opened(&cx, path, false);
    T(vault_seal(&cx, v, S("w"), S("x"), &got) == E_PRECOND);
    vault_close(&v);
    str first = S("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
        next = S("f00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    T_OK(&cx, os_write_file_atomic(&cx, path, first, 0600));
    v = opened(&cx, path, true);
    T_OK(&cx, vault_seal(&cx, v, S("w"), S("x"), &old));
    T(vault_is_current(v, old));
    vault_close(&v);
    T_OK(&cx, os_write_file_atomic(&cx, path, arena_fmt(cx.a, "%.*s\r\n\n%.*s\n", FS(next), FS(first)), 0600));
    v = opened(&cx, path, true);
    T_OK(&cx, vault_unseal(&cx, v, S("w"), old, &got));
    T_STR(got, S("x"));
    T(!vault_is_current(v, old));
    unsigned char one[32], two[32];
    str name = S(""), other = S("");
    T_OK(&cx, vault_subkey(&cx, v, S(""), S("a"), one, &name));
    T_OK(&cx, vault_subkey(&cx, v, name, S("a"), two, &other));
    T(memcmp(one, two, 32) == 0 && str_eq(name, other));
    T_OK(&cx, vault_subkey(&cx, v, S(""), S("b"), two, &other));
    T(memcmp(one, two, 32) != 0);
    T_OK(&cx, vault_subkey(&cx, v, str_cut(old, 3, 11), S("a"), two, &other));
    T(memcmp(one, two, 32) != 0);
    T(vault_subkey(&cx, v, S("00000000"), S("a"), two, &other) == E_PRECOND);
    T(vault_subkey(&cx, NULL, S(""), S("a"), two, &other) == E_PRECOND);
    T_OK(&cx, vault_seal(&cx, v, S("w"), S("x"), &fresh));
    T(vault_is_current(v, fresh));
    vault_close(&v);
    T_OK(&cx, os_write_file_atomic(&cx, path, next, 0600));
    v = opened(&cx, path, true);
    T(vault_unseal(&cx, v, S("w"), old, &got) == E_PRECOND);
    T(!vault_is_current(v, old));
    vault_close(&v);
    t_cx_free(&cx);
}

static void test_bad_files(void)
{
    static const char *const bad[] = {"", "\n\n", "00", "zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                                      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00"};
    struct cx cx = t_cx();
    str path = path_new(&cx);
    struct vault *v = NULL;
    for (size_t i = 0; i < COUNT(bad); i++) {
        T_OK(&cx, os_write_file_atomic(&cx, path, str_from(bad[i]), 0600));
        T(vault_open(&cx, path, true, &v) == E_BAD && v == NULL);
    }
    T_OK(&cx, os_write_file_atomic(&cx, path, S("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), 0640));
    T(vault_open(&cx, path, true, &v) == E_BAD && v == NULL);
    struct buf b = buf_new(cx.a, 1 << 16);
    for (int i = 0; i < VAULT_KEYS + 1; i++) buf_fmt(&b, "%064d\n", i);
    T_OK(&cx, os_write_file_atomic(&cx, path, buf_str(&b), 0600));
    T(vault_open(&cx, path, true, &v) != E_OK && v == NULL);
    t_cx_free(&cx);
}

/* A new key seals, the old ones open; what is of neither is told and left alone; never more keys than a file may have. */
static void test_rotate(void)
{
    struct cx cx = t_cx();
    str path = path_new(&cx), old = {0}, fresh = {0}, plain = {0}, lost = {0};
    struct vault *v = NULL, *other = NULL;
    struct resealing r = {0};
    T_OK(&cx, vault_open(&cx, path, true, &v));
    T_OK(&cx, vault_seal(&cx, v, S("t:1:c"), S("geheim"), &old));
    str first = arena_dup(cx.a, vault_key_name(v, 0));
    vault_close(&v);
    T_OK(&cx, vault_open(&cx, path_new(&cx), true, &other));
    T_OK(&cx, vault_seal(&cx, other, S("t:1:c"), S("fremd"), &lost));
    vault_close(&other);
    T_OK(&cx, vault_key_add(&cx, path));
    T_OK(&cx, vault_open(&cx, path, false, &v));
    T(vault_key_name(v, 0).n == 8 && !str_eq(vault_key_name(v, 0), first) && str_eq(vault_key_name(v, 1), first) && !vault_key_name(v, 2).n);
    T(!vault_is_current(v, old));
    T_OK(&cx, vault_reseal(&cx, v, S("t:1:c"), old, &r, &fresh));
    T(vault_is_current(v, fresh) && r.secrets == 1 && r.done == 1 && r.lost == 0);
    T_OK(&cx, vault_unseal(&cx, v, S("t:1:c"), fresh, &plain));
    T_STR(plain, S("geheim"));
    T_OK(&cx, vault_reseal(&cx, v, S("t:1:c"), fresh, &r, &plain));
    T(!plain.n && r.secrets == 2 && r.done == 1);
    T_OK(&cx, vault_reseal(&cx, v, S("t:1:c"), lost, &r, &plain));
    T_OK(&cx, vault_reseal(&cx, v, S("t:2:c"), old, &r, &plain)); /* another's place */
    T_OK(&cx, vault_reseal(&cx, v, S("t:2:c"), S(""), &r, &plain));
    T(!plain.n && r.secrets == 4 && r.done == 1 && r.lost == 2);
    vault_close(&v);
    for (int i = 2; i < VAULT_KEYS; i++) T_OK(&cx, vault_key_add(&cx, path));
    T(vault_key_add(&cx, path) == E_LIMIT);
    T_OK(&cx, vault_open(&cx, path, false, &v));
    T_STR(vault_key_name(v, VAULT_KEYS - 1), first);
    vault_close(&v);
    T_OK(&cx, os_write_file_atomic(&cx, path, S("no key"), 0600));
    T(vault_key_add(&cx, path) == E_BAD);
    t_cx_free(&cx);
}

TESTS("vault", test_rotate, test_round, test_changed, test_keys, test_bad_files)
