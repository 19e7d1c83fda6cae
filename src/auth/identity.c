/* SPDX-License-Identifier: MIT */
/* auth/identity.c - the identities by which others vouch for a user: listed, and ended by hand. */
#include "auth/outside_int.h"

#include "os/os.h"

enum { KEY_BYTES = 8 };

static str key_of(struct cx *cx, str issuer, str subject)
{
    unsigned char sum[32];
    os_sha256(arena_fmt(cx->a, "%.*s\n%.*s", FS(issuer), FS(subject)), sum);
    return os_hex(cx->a, sum, KEY_BYTES);
}

enum err identities_of(struct cx *cx, int64_t user, struct identity **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT issuer, subject, login, at FROM idp_link WHERE user_id = $1"
                 " ORDER BY at DESC, issuer, subject LIMIT 100",
                 V(user)));
    struct identity *v = NEW_N(cx->a, struct identity, r.n + 1);
    for (size_t i = 0; i < r.n; i++)
        v[i] = (struct identity){.key = key_of(cx, db_str(&r, i, 0), db_str(&r, i, 1)),
                                 .issuer = db_str(&r, i, 0),
                                 .subject = db_str(&r, i, 1),
                                 .login = db_str(&r, i, 2),
                                 .at = db_int(&r, i, 3)};
    *ret = v;
    *ret_n = r.n;
    return E_OK;
}

/* Who has nothing else would have shut himself out. */
static enum err has_other(struct cx *cx, int64_t user)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT 1 FROM idp_link WHERE user_id = $1"
                 " UNION ALL SELECT 1 FROM credential WHERE user_id = $2"
                 " UNION ALL SELECT 1 FROM passkey WHERE user_id = $3 LIMIT 1",
                 V(user), V(user), V(user)));
    return r.n ? E_OK : fail(cx, E_PRECOND, "You could not come in any more: another way in is needed first");
}

/* What groups gave goes, whoever ends it. */
static enum err roles_go(struct cx *cx, const struct identity_end *x)
{
    struct db_rows r = {0};
    const struct acl *acl = cx->acl;
    TRY(db_query(cx, &r, "SELECT 1 FROM idp_link WHERE user_id = $1 AND issuer = $2 LIMIT 1", V(x->user),
                 V(x->r->issuer)));
    if (r.n) return E_OK; /* it knows him by another one, too */
    TRY(db_exec(cx, NULL, "DELETE FROM idp_name WHERE user_id = $1 AND issuer = $2", V(x->user), V(x->r->issuer)));
    cx->acl = NULL;
    enum err e = outside_roles_drop(cx, x->r, x->user);
    cx->acl = acl;
    return e;
}

static enum err sessions_go(struct cx *cx, const struct identity_end *x)
{
    struct sessions_of those = {.user = x->user, .idp = x->r->id, .but = x->but};
    return those.idp ? sessions_end(cx, &those, EVENT_WHY_PROVIDER) : E_OK;
}

static enum err ended(struct cx *cx, void *arg)
{
    const struct identity_end *x = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n, "DELETE FROM idp_link WHERE issuer = $1 AND subject = $2 AND user_id = $3", V(x->of.issuer),
                V(x->of.subject), V(x->user)));
    if (!n) return fail(cx, E_NOTFOUND, "There is no such record");
    if (x->own) TRY(has_other(cx, x->user));
    TRY(roles_go(cx, x));
    TRY(sessions_go(cx, x));
    struct event told = {
        .kind = EVENT_IDENTITY_ENDED, .subject = x->user, .detail = event_detail(cx, EVENT_KEY_PROVIDER, x->r->name)};
    return event_put(cx, &told);
}

enum err identity_end(struct cx *cx, const struct identity_end *x)
{
    struct identity_end y = *x;
    return db_write(cx, ended, &y);
}
