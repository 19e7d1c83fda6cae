/* SPDX-License-Identifier: MIT */
#include "api_bed.h"
#include "auth/factor.h"
#include "auth/key.h"
#include "db/db_int.h"
#include "os/os.h"
#include "ui/ui.h"

#include <liboath/oath.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the process that draws: this program once more, one for all beds ---- */
__attribute__((constructor)) static void draws_instead(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], PICTURE_ARG) == 0) _exit(picture_child());
}

static struct pictures *pictures(struct cx *cx)
{
    static struct pictures *p;
    if (!p) T_OK(cx, pictures_start(cx, S("/proc/self/exe"), &p));
    return p;
}

/* ---- the process: with or without a server ---- */
static void start(struct api_bed *t, bool live)
{
    struct cx *cx = &t->b.cx;
    struct wired_opts o = {.http = {.listen = S("127.0.0.1:0"), .limit = {.loops = 2}}, .url = S("https://kontor.test"), .pictures = pictures(cx)};
    t->st = (struct store){.db = t->b.b, .meta = t->b.m, .data_dir = t->b.folder, .lock_fd = -1};
    T_OK(cx, vault_open(cx, arena_fmt(cx->a, "%.*s/secret.key", FS(t->b.folder)), true, &t->st.vault));
    o.http.spool_dir = arena_fmt(cx->a, "%.*s/spool", FS(t->b.folder));
    T_OK(cx, os_mkdirs(cx, o.http.spool_dir, 0700));
    o.backups.opts = (struct backup_opts){.dir = arena_fmt(cx->a, "%.*s/backups", FS(t->b.folder)), .files = arena_fmt(cx->a, "%.*s/files", FS(t->b.folder))};
    if (live) {
        T_OK(cx, wired_start(cx, &t->st, &o, &t->w));
        t->app = wired_app(t->w);
        return;
    }
    pthread_mutex_init(&t->lock, NULL);
    t->own = (struct app){.db = t->b.b, .auth = auth_open(t->st.vault), .vault = t->st.vault, .hook_env = {.vault = t->st.vault}, .meta = t->b.m, .meta_lock = &t->lock, .data_dir = t->b.folder,
                          .url = o.url, .pictures = o.pictures, .backups = o.backups, .setup_token = S("0123456789abcdef0123456789abcdef"), .started_ms = clock_ms()};
    t->own.idps = idps_open(&(struct idp_env){.vault = t->st.vault, .url = o.url});
    meta_hold(t->b.m);
    t->app = &t->own;
}

static void stop(struct api_bed *t)
{
    if (t->w) {
        wired_stop(&t->w, 0);
        vault_close(&t->st.vault);
        return;
    }
    auth_close(&t->own.auth);
    idps_close(&t->own.idps);
    vault_close(&t->st.vault);
    meta_drop(&t->own.meta);
    pthread_mutex_destroy(&t->lock);
}

/* ---- the firm ---- */
static const struct row firm[] = {
    {ANON, "POST /api/v1/setup",
     "{'token':'$token','firm':'Müller Handel GmbH','country':'DE','currency':'EUR','language':'de','name':'Clara Chefin',"
     "'mail':'clara@mueller.example','password':'korrekt-pferd-batterie'}",
     201, NULL, "firm.create " ROLES_CREATED "user.create", "setup", NULL},
};
static const struct row people[] = {
    {ADMIN, "POST /api/v1/branch", "{'name':'Köln'}", 201, NULL, "branch.create", "brancha", NULL},
    {ADMIN, "POST /api/v1/branch", "{'name':'Vilnius'}", 201, NULL, "branch.create", "branchb", NULL},
    {ADMIN, "POST /api/v1/team", "{'name':'A','branch':'$brancha'}", 201, NULL, "team.create", "teama", NULL},
    {ADMIN, "POST /api/v1/team", "{'name':'B','branch':'$branchb'}", 201, NULL, "team.create", "teamb", NULL},
    {ADMIN, "POST /api/v1/role",
     "{'name':'mgr','rights':{'*':{'see':'team','create':'team','change':'team','delete':'team','export':'team','import':'team','mass':'team'},"
     "'group':{'see':'all'}}}",
     201, NULL, "role.create", "rolemgr", NULL},
    {ADMIN, "POST /api/v1/role",
     "{'name':'rep','rights':{'*':{'see':'own','create':'own','change':'own','delete':'own'},'group':{'see':'all','create':'none'},"
     "'company':{'see':'team','create':'own','change':'own','delete':'none'}}}",
     201, NULL, "role.create", "rolerep", NULL},
    {ADMIN, "POST /api/v1/role", "{'name':'team','rights':{'*':{'see':'team','create':'team','change':'team','delete':'team'}}}", 201, NULL, "role.create", "roleteam", NULL},
    {ADMIN, "POST /api/v1/user", "{'name':'Maria Leiterin','mail':'maria@mueller.example','role':'$rolemgr','team_of':'$teama'}", 201, NULL, "user.create", "mgra", NULL},
    {ADMIN, "POST /api/v1/user", "{'name':'Rolf Eins','mail':'rolf@mueller.example','role':'$rolerep','team_of':'$teama'}", 201, NULL, "user.create", "repa1", NULL},
    {ADMIN, "POST /api/v1/user", "{'name':'Rita Zwei','mail':'rita@mueller.example','role':'$rolerep','team_of':'$teama'}", 201, NULL, "user.create", "repa2", NULL},
    {ADMIN, "POST /api/v1/user", "{'name':'Bernd Drei','mail':'bernd@mueller.example','role':'$roleteam','team_of':'$teamb'}", 201, NULL, "user.create", "repb1", NULL},
};

void api_enter(struct api_bed *t, enum actor who, int64_t id)
{
    struct cx cx = t->b.cx;
    struct session s = {0};
    cx.now_ms = t->still_ms ? t->still_ms : clock_ms();
    T_OK(&cx, auth_session_new(&cx, id, S("203.0.113.7"), S("bed"), &s));
    t->who[who] = (struct person){id, s.token, s.csrf};
}

static enum err proved_now(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE session SET proved_at = $2 WHERE substr(token, 1, 16) = $1", V(*(const str *)arg), V(cx->now_ms));
}

void api_key_make(struct api_bed *t, const char *var, enum actor user, const char *scopes, int64_t role)
{
    struct cx cx = t->b.cx;
    str token = {0};
    struct key k = {.user = t->who[user].id, .name = S("k"), .scopes = str_from(scopes), .role = role};
    cx.now_ms = clock_ms();
    T_OK(&cx, key_new(&cx, &k, &token));
    var_put(t, var, arena_fmt(cx.a, "%" PRId64, k.id));
    var_put(t, arena_fmt(cx.a, "%s.key", var).p, token);
}

void api_prove(struct api_bed *t, enum actor who)
{
    struct cx cx = t->b.cx;
    str key = auth_session_key(&cx, t->who[who].token);
    cx.now_ms = (t->still_ms ? t->still_ms : clock_ms()) + t->ahead_ms + 1; /* after his log-in, at any rate */
    T_OK(&cx, db_write(&cx, proved_now, &key));
}

static void set_up_firm(struct api_bed *t)
{
    static const char *const names[ACTORS] = {[MGRA] = "mgra", [REPA1] = "repa1", [REPA2] = "repa2", [REPB1] = "repb1"};
    struct cx *cx = &t->b.cx;
    struct db_rows r = {0};
    api_rows(t, __FILE__, firm, COUNT(firm));
    T_OK(cx, db_query(cx, &r, "SELECT id FROM \"user\" ORDER BY id LIMIT 2"));
    T_INT((int64_t)r.n, 1);
    if (!r.n) exit(t_end("api: no firm"));
    var_put(t, "admin", arena_fmt(cx->a, "%" PRId64, db_int(&r, 0, 0)));
    api_enter(t, ADMIN, db_int(&r, 0, 0));
    api_rows(t, __FILE__, people, COUNT(people));
    for (enum actor i = MGRA; i < ACTORS; i++) {
        int64_t id = 0;
        T(str_to_int(var_get(t, names[i]), &id));
        api_enter(t, i, id);
    }
}

struct api_bed *api_bed_make(bool pg, bool live, bool set_up)
{
    id_forget(); /* a bed before this one may have been days ahead */
    struct bed b = bed_make(pg);
    struct api_bed *t = NEW(b.cx.a, struct api_bed);
    t->b = b;
    t->vars = map_new(t->b.cx.a);
    t->b.cx.now_ms = clock_ms();
    start(t, live);
    struct route *all = NEW_N(t->b.cx.a, struct route, api_routes_n + ui_routes_n);
    memcpy(all, api_routes, sizeof *all * api_routes_n);
    memcpy(all + api_routes_n, ui_routes, sizeof *all * ui_routes_n);
    t->router = router_new(t->b.cx.a, all, api_routes_n + ui_routes_n);
    var_put(t, "token", t->app->setup_token);
    if (set_up) set_up_firm(t);
    return t;
}

/* ---- what happened, for the table of security events ---- */
static bool event_seen[EVENT_N];
bool api_event_seen(enum event_kind k) { return event_seen[k]; }

static bool has_word(str words, str word)
{
    str one = {0};
    while (words.n) {
        (void)str_split(words, ' ', &one, &words);
        if (str_eq(one, word)) return true;
    }
    return str_eq(word, S("as")) || str_eq(word, S("more"));
}

static bool is_told_well(const struct event_kind_info *k, const struct json *v)
{
    const struct event_key_info *key = event_key_find(v->key);
    if (!k || !key || !has_word(k->keys, v->key)) return false;
    return key->form != EVENT_FORM_CODE || event_code_find(v->key, v->s);
}

static void events_gather(struct cx *cx)
{
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT DISTINCT kind, detail FROM security_event LIMIT 9000"));
    for (size_t i = 0; i < r.n; i++) {
        const struct event_kind_info *k = event_kind_find(db_str(&r, i, 0));
        const struct json *j = NULL;
        bool fine = k && (!db_str(&r, i, 1).n || json_parse(cx, db_str(&r, i, 1), &j) == E_OK);
        for (size_t p = 0; fine && j && p < j->n; p++) fine = is_told_well(k, &j->v[p]);
        T(fine);
        if (!fine) fprintf(stderr, "  not as the table has it: %.*s %.*s\n", FS(db_str(&r, i, 0)), FS(db_str(&r, i, 1)));
        if (k) event_seen[k - event_kinds] = true;
    }
}

void api_bed_end(struct api_bed *t)
{
    struct bed b = t->b;
    stop(t);
    events_gather(&b.cx);
    bed_end(&b);
}

void api_both(void (*fn)(struct api_bed *t), bool live, bool set_up)
{
    for (int pg = 0; pg < (getenv("KONTOR_TEST_PG") ? 2 : 1); pg++) {
        struct api_bed *t = api_bed_make(pg, live, set_up);
        fn(t);
        api_bed_end(t);
    }
}

/* ---- the base itself ---- */
static enum err table_names(struct cx *cx, struct db_rows *ret)
{
    if (db_is_pg(cx))
        return db_query(cx, ret, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename");
    return db_query(cx, ret, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'search_fts%' AND name <> 'search_upto' ORDER BY name");
}

/* The limit is another one each time: a prepared SELECT * would not see a new column. */
static void table_digest(struct api_bed *t, str table, uint64_t *sum)
{
    struct cx *cx = &t->b.cx;
    struct db_rows r = {0};
    str sql = arena_fmt(cx->a, "SELECT * FROM \"%.*s\" LIMIT %d", FS(table), 2000 + t->digests % 8000);
    if (!T_OK(cx, db_run(cx, &r, NULL, sql, NULL, 0))) return;
    uint64_t rows = 0; /* in any order */
    for (size_t i = 0; i < r.n; i++) {
        uint64_t h = 7;
        for (size_t k = 0; k < r.cols; k++) {
            const struct db_val *v = &r.v[i * r.cols + k];
            h = h * 1099511628211u + (v->t == DB_TEXT ? str_hash(v->s) : v->t == DB_INT ? (uint64_t)v->i : 3);
        }
        rows += h * h;
    }
    *sum = *sum * 1099511628211u + rows + r.n;
}

str api_digest(struct api_bed *t, str but)
{
    struct cx *cx = &t->b.cx;
    struct db_rows r = {0};
    uint64_t sum = 1;
    t->digests++;
    T_OK(cx, table_names(cx, &r));
    for (size_t i = 0; i < r.n; i++) {
        struct arena_mark m = arena_mark(cx->a);
        if (str_find(but, db_str(&r, i, 0)) < 0) table_digest(t, db_str(&r, i, 0), &sum);
        arena_back(cx->a, m);
    }
    return arena_fmt(cx->a, "%" PRIx64, sum);
}

str api_code(struct api_bed *t, enum actor who, int off)
{
    struct cx *cx = &t->b.cx;
    struct db_rows r = {0};
    unsigned char seed[TOTP_SEED_BYTES] = {0};
    char code[TOTP_DIGITS + 1] = "";
    str hex = {0};
    int64_t id = t->who[who].id, now = t->still_ms ? t->still_ms : clock_ms() + t->ahead_ms;
    T_OK(cx, db_query(cx, &r, "SELECT seed, pending FROM user_totp WHERE user_id = $1", V(id)));
    if (!r.n) return S("");
    bool is_new = db_str(&r, 0, 1).n > 0;
    str place = arena_fmt(cx->a, "user_totp:%" PRId64 ":%s", id, is_new ? "pending" : "seed");
    T_OK(cx, vault_unseal(cx, t->app->vault, place, db_str(&r, 0, is_new), &hex));
    T(sodium_hex2bin(seed, sizeof seed, hex.p, hex.n, NULL, NULL, NULL) == 0);
    T(oath_totp_generate((const char *)seed, sizeof seed, now / 1000 + (int64_t)off * TOTP_STEP_S, TOTP_STEP_S, 0, TOTP_DIGITS, code) == OATH_OK);
    return arena_dup(cx->a, str_from(code));
}

int64_t api_make(struct api_bed *t, const char *entity, const char *name, enum actor owner)
{
    struct cx cx = t->b.cx;
    struct written w = {0};
    struct meta *m = app_meta_hold(t->app);
    cx.meta = m;
    cx.acl = NULL;
    cx.now_ms = clock_ms();
    const struct entity *e = meta_entity(m, str_from(entity));
    struct db_rows r = {0};
    T_OK(&cx, db_query(&cx, &r, "SELECT team_of FROM \"user\" WHERE id = $1", V(t->who[owner].id)));
    int64_t team = r.n ? db_int(&r, 0, 0) : 0;
    struct set s[] = {{&e->f[e->title], VAL_TEXT(str_from(name))}, {&e->f[F_OWNER], VAL_INT(t->who[owner].id)}, {&e->f[F_TEAM], team ? VAL_INT(team) : VAL_NULL}};
    T_OK(&cx, record_create(&cx, e, 0, s, COUNT(s), &w));
    meta_drop(&m);
    (void)api_events_came(t);
    return w.id;
}
