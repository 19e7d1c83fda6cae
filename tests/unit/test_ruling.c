/* SPDX-License-Identifier: MIT */
/* Somebody can always manage users, by whatever doors the last two lose that right at the same moment. */
#include "auth/auth_int.h"
#include "auth/outside_int.h"
#include "outside_make.h"
#include "record/log.h"

#include <pthread.h>

/* ---- A11: the last two who manage users, each taken by a door of his own at the same moment ---- */
enum door { BY_GROUP, BY_PATCH, BY_IMPORT, BY_DELETE, BY_UNDO, DOORS };
struct taking {
    struct bed *t;
    enum door door;
    int64_t user, seq;         /* whose right goes; the change that gave it */
    struct settling *s;
    pthread_barrier_t *both;   /* NULL: one waits for the other anyway */
    pthread_t thread;
};

/* Both have begun, and see the base as it was, before one of them writes. */
static enum err taken_inside(struct cx *cx, void *arg)
{
    struct taking *x = arg;
    const struct entity *e = ENT(cx, "user");
    struct set off = {FLD(e, "active"), VAL_INT(0)};
    struct undo_result undone = {0};
    struct written w = {0};
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT count(*) FROM \"user\""));
    if (x->both) (void)pthread_barrier_wait(x->both);
    x->both = NULL; /* who has to begin anew does so alone */
    switch (x->door) {
    case BY_GROUP: return outside_settle(cx, x->s);
    case BY_DELETE: return record_delete(cx, e, x->user, 0, &w);
    case BY_UNDO: return undo_change(cx, x->seq, UNDO_FORCE, &undone);
    case BY_PATCH:
    case BY_IMPORT:
    case DOORS: break;
    }
    return record_update(cx, e, x->user, 0, &off, 1, &w);
}

static void *takes(void *arg)
{
    struct taking *x = arg;
    struct cx cx = t_cx();
    cx.meta = x->t->m;
    cx.db = db_get(x->t->b);
    if (x->door != BY_GROUP) T_OK(&cx, auth_as(&cx, x->user));
    if (x->door == BY_IMPORT) cx.way = WAY_IMPORT;
    enum err e = db_write(&cx, taken_inside, x);
    T(e == E_OK || e == E_DENIED);
    db_put(&cx.db);
    t_cx_free(&cx);
    return NULL;
}

/* Somebody who manages users, so that the door can take it from him. */
static void ruler(struct cx *cx, struct taking *x, const struct firm *f, int n)
{
    static struct outside_role map[1];
    static struct outside_rules r = {.name = S0("id"), .issuer = S0("https://skew.test"), .creates = true, .map = map, .n_map = 1};
    static struct outsider with[2], none[2];
    str subject = arena_fmt(cx->a, "k-%d-%" PRId64, n, id_new(cx->now_ms)), *groups = NEW_N(cx->a, str, 1);
    struct written w = {0};
    map[0] = (struct outside_role){S("admins"), f->admin};
    groups[0] = S("admins");
    if (x->door != BY_GROUP) {
        struct set role = {FLD(ENT(cx, "user"), "role"), VAL_INT(f->admin)};
        x->user = made(cx, "user", "Ruler", (struct set){0});
        T_OK(cx, record_update(cx, ENT(cx, "user"), x->user, 0, &role, 1, &w));
        x->seq = w.seq;
        return;
    }
    r.role = f->plain;
    with[n] = (struct outsider){.subject = subject, .name = S("Ruler"), .groups = groups, .n_groups = 1};
    none[n] = (struct outsider){.subject = subject, .name = S("Ruler")};
    struct settling in = {.r = &r, .w = &with[n]};
    T_OK(cx, outside_settling(cx, &in));
    T_OK(cx, db_write(cx, outside_settle, &in));
    x->s = NEW(cx->a, struct settling);
    *x->s = (struct settling){.r = &r, .w = &none[n]};
    T_OK(cx, outside_settling(cx, x->s));
    x->user = in.user;
}

static void skew(struct bed *t, const struct firm *f, enum door a, enum door b)
{
    struct cx *cx = &t->cx;
    struct taking x[2] = {{.t = t, .door = a}, {.t = t, .door = b}};
    pthread_barrier_t both;
    int64_t *ids = NULL;
    size_t before = 0, after = 0;
    T_OK(cx, acl_holders(cx, SYS_USERS, 9, &ids, &before));
    for (size_t i = 0; i < before; i++) set_user(cx, ids[i], "active", VAL_INT(0));
    T(pthread_barrier_init(&both, NULL, 2) == 0);
    for (int i = 0; i < 2; i++) ruler(cx, &x[i], f, i);
    T_OK(cx, acl_holders(cx, SYS_USERS, 9, &ids, &before));
    T_INT((int64_t)before, 2);
    for (int i = 0; i < 2; i++) {
        if (db_is_pg(cx)) x[i].both = &both;
        T(pthread_create(&x[i].thread, NULL, takes, &x[i]) == 0);
    }
    for (int i = 0; i < 2; i++) T(pthread_join(x[i].thread, NULL) == 0);
    T_OK(cx, acl_holders(cx, SYS_USERS, 9, &ids, &after));
    if (after != 1) fprintf(stderr, "  doors %d and %d\n", (int)a, (int)b);
    T_INT((int64_t)after, 1);
    (void)pthread_barrier_destroy(&both);
}

static void skews(struct bed *t)
{
    struct firm f = firm_made(&t->cx);
    for (enum door a = 0; a < DOORS; a++)
        for (enum door b = a; b < DOORS; b++) skew(t, &f, a, b);
}

static void skews_both(void) { bed_both(skews); }

/* Two roles made one, of which the one that stays opens less: that is a door as well. */
static void merged_away(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct firm f = firm_made(cx);
    struct written w = {0};
    int64_t *ids = NULL;
    size_t n = 0;
    int64_t boss = made(cx, "user", "Boss", (struct set){FLD(ENT(cx, "user"), "role"), VAL_INT(f.admin)});
    T_OK(cx, auth_as(cx, boss));
    T_INT(record_merge(cx, ENT(cx, "role"), f.plain, f.admin, 0, NULL, 0, &w), E_DENIED);
    T_OK(cx, acl_holders(cx, SYS_USERS, 9, &ids, &n));
    T_INT((int64_t)n, 1);
}

static void merged_away_both(void) { bed_both(merged_away); }

TESTS("ruling", skews_both, merged_away_both)
