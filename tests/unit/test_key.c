/* SPDX-License-Identifier: MIT */
/* API keys: what they look like, what they leave of their user's rights, and how long they are remembered. */
#include "auth/key.h"
#include "bed.h"
#include "os/os.h"
#include "record/record.h"

#include <sodium.h>

static void looks(void)
{
    static const char *const no[] = {"", "kontor_", "kontor_1_", "kontor__0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                                     "kontor_1_0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
                                     "kontor_1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
                                     "kontor_1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
                                     "kontor_-1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                                     "kontor_0_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                                     "Kontor_1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                                     "kontor_99999999999999999999_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"};
    str yes = S("kontor_123_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    for (size_t i = 0; i < COUNT(no); i++) T(!key_is(str_from(no[i])));
    T(key_is(yes));
    T(key_is_within(S("q=kontor_kontor_1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef&x=1")));
    T(key_is_within(yes));
    T(!key_is_within(S("q=kontor_1&x=kontor_2_ab")));
    T(!key_is_within(S("")));
}

static int64_t made(struct cx *cx, const char *entity, const struct set *s, size_t n)
{
    struct written w = {0};
    const struct acl *acl = cx->acl;
    cx->acl = NULL;
    T_OK(cx, record_create(cx, meta_entity(cx->meta, str_from(entity)), 0, s, n, &w));
    cx->acl = acl;
    return w.id;
}

static int64_t role_make(struct cx *cx, str rights)
{
    const struct entity *e = ENT(cx, "role");
    struct set s[] = {{FLD(e, "name"), VAL_TEXT(S("r"))}, {FLD(e, "rights"), VAL_TEXT(rights)}};
    return made(cx, "role", s, COUNT(s));
}

static int64_t user_make(struct cx *cx, const char *mail, int64_t role)
{
    const struct entity *e = ENT(cx, "user");
    struct set s[] = {{FLD(e, "name"), VAL_TEXT(S("u"))}, {FLD(e, "mail"), VAL_TEXT(str_from(mail))}, {FLD(e, "role"), VAL_INT(role)},
                      {FLD(e, "active"), VAL_INT(1)}};
    return made(cx, "user", s, COUNT(s));
}

static unsigned drawn(unsigned n) { return randombytes_uniform(n); }

/* Any rights at all, as JSON. */
static str rights_draw(struct cx *cx)
{
    static const char *const reach[] = {"none", "own", "team", "branch", "all"}, *const act[] = {"see", "create", "change", "delete", "export", "import", "mass"},
                             *const ent[] = {"*", "person", "company", "task"}, *const field[] = {"write", "read", "hidden"},
                             *const sys[] = {"settings", "users", "log", "backup"};
    struct buf b = buf_new(cx->a, 8192);
    buf_add(&b, S("{\"sys\":["));
    for (unsigned i = 0, n = 0; i < COUNT(sys); i++)
        if (drawn(2)) buf_fmt(&b, "%s\"%s\"", n++ ? "," : "", sys[i]);
    buf_byte(&b, ']');
    for (size_t i = 0; i < COUNT(ent); i++) {
        buf_fmt(&b, ",\"%s\":{", ent[i]);
        for (size_t k = 0; k < COUNT(act); k++) buf_fmt(&b, "%s\"%s\":\"%s\"", k ? "," : "", act[k], reach[drawn(COUNT(reach))]);
        if (i == 1 && drawn(2)) buf_fmt(&b, ",\"fields\":{\"birthday\":\"%s\",\"note\":\"%s\"}", field[drawn(3)], field[drawn(3)]);
        buf_byte(&b, '}');
    }
    buf_byte(&b, '}');
    return buf_str(&b);
}

static uint8_t mask_of(const struct acl *a, const struct field *f) { return a->mask ? a->mask[a->mask_at[f->entity->at] + f->at] : (uint8_t)FIELD_WRITE; }

/* Whatever roles and scopes there are: never more than either, and with all scopes exactly the smaller of both. */
static void smaller(struct bed *t)
{
    static const char *const scopes[] = {"read", "write", "write settings users log backup", "read:person", "write:person read:task users", "settings log"};
    struct cx *cx = &t->cx;
    for (int round = 0; round < 60; round++) {
        struct arena_mark m = arena_mark(cx->a);
        str mail = arena_fmt(cx->a, "u%d@example.org", round), his = rights_draw(cx), by = rights_draw(cx);
        int64_t user = user_make(cx, mail.p, role_make(cx, his)), other = user_make(cx, arena_fmt(cx->a, "o%d@example.org", round).p, role_make(cx, by));
        struct acl *a = NULL, *b = NULL, *got = NULL;
        const char *sc = scopes[round % (int)COUNT(scopes)];
        bool with_role = round % 4 != 0;
        T_OK(cx, acl_load(cx, user, &a));
        T_OK(cx, acl_load(cx, other, &b));
        T_OK(cx, acl_load(cx, user, &got));
        T_OK(cx, acl_narrow(cx, got, str_from(sc), with_role, by));
        T((got->sys & ~a->sys) == 0 && (!with_role || (got->sys & ~b->sys) == 0));
        T_INT(got->user, user);
        for (size_t i = 0; i < cx->meta->n; i++) {
            const struct entity *e = &cx->meta->entity[i];
            for (size_t x = 0; x < ACT_MAX; x++) {
                uint8_t least = with_role && b->reach[e->at][x] < a->reach[e->at][x] ? b->reach[e->at][x] : a->reach[e->at][x];
                T(got->reach[e->at][x] <= least);
                if (round % (int)COUNT(scopes) == 2) T_INT(got->reach[e->at][x], e->admin && !(got->sys & SYS_USERS) && str_eq(e->name, S("role")) ? REACH_NONE : least);
            }
            for (size_t k = 0; k < e->n; k++) {
                uint8_t ma = mask_of(a, &e->f[k]), mb = with_role ? mask_of(b, &e->f[k]) : (uint8_t)FIELD_WRITE;
                T_INT(mask_of(got, &e->f[k]), ma > mb ? ma : mb);
            }
        }
        arena_back(cx->a, m);
    }
}

/* What the key sees of persons; minus the error. Twice: the second time is from what was remembered. */
static int sees(struct cx *cx, struct auth *au, str token)
{
    int got = -1;
    for (int i = 0; i < 2; i++) {
        cx->acl = NULL;
        cx->who = (struct who){0};
        enum err e = key_enter(cx, au, token);
        got = e == E_OK ? cx->acl->reach[ENT(cx, "person")->at][ACT_SEE] : -(int)e;
    }
    cx->acl = NULL;
    return got;
}

static void change(struct cx *cx, const char *entity, int64_t id, const char *field, struct val v)
{
    const struct entity *e = meta_entity(cx->meta, str_from(entity));
    struct set s = {entity_field(e, str_from(field)), v};
    struct written w = {0};
    T_OK(cx, record_update(cx, e, id, 0, &s, 1, &w));
}

static int64_t used(struct cx *cx, int64_t id)
{
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT used_at FROM api_key WHERE id = $1", V(id)));
    return r.n ? db_int(&r, 0, 0) : -1;
}

static void remembered(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct auth *au = auth_open(NULL);
    str token = {0}, other = {0};
    cx->country = S("DE");
    int64_t role = role_make(cx, S("{\"*\":{\"see\":\"all\"}}")), by = role_make(cx, S("{\"*\":{\"see\":\"team\"}}")), user = user_make(cx, "anna@example.org", role);
    struct key k = {.user = user, .name = S("n"), .scopes = S("read"), .role = by}, k2 = {.user = user, .name = S("n"), .scopes = S("read")};
    T_OK(cx, key_new(cx, &k, &token));
    T_OK(cx, key_new(cx, &k2, &other));
    T_INT(used(cx, k.id), 0);
    T_INT(sees(cx, au, token), REACH_TEAM);
    T_INT(used(cx, k.id), cx->now_ms);
    int64_t first = cx->now_ms;
    cx->now_ms += 60000; /* not at each request */
    T_INT(sees(cx, au, token), REACH_TEAM);
    T_INT(used(cx, k.id), first);
    cx->now_ms += 5 * 60000;
    T_INT(sees(cx, au, token), REACH_TEAM);
    T_INT(used(cx, k.id), cx->now_ms);
    T_INT(sees(cx, au, other), REACH_ALL);
    change(cx, "role", by, "rights", VAL_TEXT(S("{\"*\":{\"see\":\"own\"}}")));
    T_INT(sees(cx, au, token), REACH_OWN);
    T_INT(sees(cx, au, other), REACH_ALL);
    change(cx, "role", role, "rights", VAL_TEXT(S("{}")));
    T_INT(sees(cx, au, token), REACH_NONE);
    T_INT(sees(cx, au, other), REACH_NONE);
    change(cx, "role", role, "rights", VAL_TEXT(S("{\"*\":{\"see\":\"all\"}}")));
    change(cx, "user", user, "active", VAL_INT(0));
    T_INT(sees(cx, au, other), -E_AUTH);
    change(cx, "user", user, "active", VAL_INT(1));
    T_INT(sees(cx, au, other), REACH_ALL);
    /* by a job that it began: no more than the key, and nothing after its end */
    cx->acl = NULL;
    T_OK(cx, key_as(cx, user, k.id));
    T_INT(cx->acl->reach[ENT(cx, "person")->at][ACT_SEE], REACH_OWN);
    T_INT(cx->who.key, k.id);
    T_OK(cx, key_as(cx, user, 0));
    T_INT(cx->acl->reach[ENT(cx, "person")->at][ACT_SEE], REACH_ALL);
    T_INT(cx->who.key, 0);
    T(key_as(cx, user + 1, k.id) == E_AUTH);
    cx->acl = NULL;
    cx->who = (struct who){.user = user + 1};
    T(key_end(cx, k.id, false) == E_NOTFOUND);
    T_INT(sees(cx, au, token), REACH_OWN);
    cx->who.user = user;
    T_OK(cx, key_end(cx, k.id, false));
    T_INT(sees(cx, au, token), -E_AUTH);
    T(key_as(cx, user, k.id) == E_AUTH);
    T_INT(sees(cx, au, other), REACH_ALL);
    cx->who.user = user;
    T_OK(cx, key_end(cx, k2.id, true));
    T_INT(sees(cx, au, other), -E_AUTH);
    auth_close(&au);
}

int main(void)
{
    T(sodium_init() >= 0);
    looks();
    bed_both(smaller);
    bed_both(remembered);
    return t_end("key");
}
