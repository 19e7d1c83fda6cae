/* SPDX-License-Identifier: MIT */
/* auth/keep.c - sessions remembered between requests: a row of each in a table of fixed size, the newest wins. */
#include "auth/auth_int.h"

struct kept {
    int64_t epoch;
    uint64_t meta; /* its serial: filters point into the description */
    struct entered e; /* its texts lie behind this struct */
    const struct acl *acl; /* lies behind this struct, too */
    size_t bytes, acl_bytes; /* of the texts; of the rights */
};

void keep_open(struct keep *k) { pthread_mutex_init(&k->lock, NULL); }

void keep_close(struct keep *k)
{
    for (size_t i = 0; i < KEPT_SLOTS; i++) mem_free(k->slot[i]);
    pthread_mutex_destroy(&k->lock);
}

static struct kept **slot_of(struct keep *k, str hash) { return &k->slot[str_hash(hash) % KEPT_SLOTS]; }

/* Moves the texts of `s` to `to`, which has room. */
static void texts_to(struct session *s, char *to)
{
    str *all[] = {&s->token, &s->csrf, &s->name, &s->mail, &s->lang, &s->role};
    for (size_t i = 0; i < COUNT(all); i++) {
        if (all[i]->n) memcpy(to, all[i]->p, all[i]->n);
        all[i]->p = to;
        to += all[i]->n;
    }
}

static size_t texts_bytes(const struct session *s)
{
    return s->token.n + s->csrf.n + s->name.n + s->mail.n + s->lang.n + s->role.n;
}

bool kept_get(struct cx *cx, struct keep *k, str hash, int64_t epoch, struct entered *ret)
{
    if (epoch < 0) return false;
    pthread_mutex_lock(&k->lock);
    const struct kept *x = *slot_of(k, hash);
    bool ok = x && x->epoch == epoch && x->meta == cx->meta->serial && str_eq(x->e.s.token, hash);
    if (ok) {
        *ret = x->e;
        texts_to(&ret->s, arena_get(cx->a, x->bytes));
        ret->acl = acl_copy(x->acl, arena_get(cx->a, x->acl_bytes));
    }
    pthread_mutex_unlock(&k->lock);
    return ok;
}

void kept_put(struct cx *cx, struct keep *k, int64_t epoch, const struct entered *e)
{
    if (epoch < 0) return;
    size_t bytes = texts_bytes(&e->s), rights = acl_bytes(e->acl);
    struct kept *x = mem_new(sizeof *x + rights + bytes); /* freed by keep_close or when another comes */
    struct kept *old;
    *x = (struct kept){.epoch = epoch, .meta = cx->meta->serial, .e = *e, .bytes = bytes, .acl_bytes = rights};
    x->acl = acl_copy(e->acl, x + 1);
    x->e.acl = NULL;
    texts_to(&x->e.s, (char *)(x + 1) + rights);
    pthread_mutex_lock(&k->lock);
    struct kept **slot = slot_of(k, e->s.token);
    old = *slot;
    *slot = x;
    pthread_mutex_unlock(&k->lock);
    mem_free(old);
}
