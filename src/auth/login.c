/* SPDX-License-Identifier: MIT */
/* auth/login.c - who tries to come in: each try is counted by name and device before it is looked at.
 *
 * A device that a user has been in with before has a count of its own, so that strangers who lock the account do not
 * lock him out. Unknown names are counted like known ones: nothing tells which there are. */
#include "auth/outside_int.h"
#include "audit/event.h"
#include "auth/factor.h"
#include "auth/limits.h"
#include "base/json.h"
#include "base/log.h"
#include "mail/mail.h"
#include "os/os.h"

static const char in[] = "in", wrong[] = "wrong", pending[] = "pending", captcha[] = "captcha", locked[] = "locked",
                  blocked[] = "blocked", rate[] = "rate", half[] = "half";

static enum err attempt_insert(struct cx *cx, const struct try *t, int64_t id, const char *outcome)
{
    return db_exec(cx, NULL,
                   "INSERT INTO login_attempt (id, at, name, addr, agent, ok, user_id, device, outcome)"
                   " VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8)",
                   V(id), V(cx->now_ms), V(t->name), V(t->addr), V(t->agent), V(t->user), V(t->device),
                   V(str_from(outcome)));
}

/* What becomes of it, for the security log. */
static enum err told(struct cx *cx, const struct try *t, enum event_kind kind, enum event_code code)
{
    return event_put(
        cx, &(struct event){.kind = kind, .who = t->user, .addr = t->addr, .detail = event_coded(cx, code)});
}

static enum event_code way_in(const struct try *t)
{
    if (t->is_other) return t->by;
    return t->is_in ? EVENT_BY_PRESENT_PASSWORD : t->is_second ? EVENT_BY_FACTOR : EVENT_BY_PASSWORD;
}

/* Those that nobody has looked at yet are failures too: a hundred at once are no more than a hundred in turn. */
static enum err failures(struct cx *cx, const struct try *t, int64_t since, int64_t *ret)
{
    struct db_rows r = {0};
    int64_t from = cx->now_ms - LOGIN_WINDOW_MS;
    TRY(db_query(cx, &r,
                 "SELECT count(*) FROM login_attempt WHERE name = $1 AND at > $2 AND device = $3"
                 " AND outcome IN ('wrong', 'pending')",
                 V(t->name), V(from > since ? from : since), V(t->device)));
    *ret = db_int(&r, 0, 0);
    return E_OK;
}

static enum err is_blocked(struct cx *cx, const struct try *t, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT 1 FROM address_block WHERE addr = $1 AND (until = 0 OR until > $2)",
                 V(auth_addr_key(cx->a, t->addr)), V(cx->now_ms)));
    *ret = r.n > 0;
    return E_OK;
}

/* The row that tries of one name and device meet at: on PostgreSQL one of two that come together begins anew. */
static enum err guard_of(struct cx *cx, const struct try *t, int64_t *ret_since, int64_t *ret_until)
{
    struct db_rows r = {0};
    TRY(db_exec(cx, NULL,
                "INSERT INTO login_guard (id, name, device, since, until, at) VALUES ($1, $2, $3, 0, 0, $4)"
                " ON CONFLICT (name, device) DO UPDATE SET at = excluded.at",
                V(id_new(cx->now_ms)), V(t->name), V(t->device), V(cx->now_ms)));
    TRY(db_query(cx, &r, "SELECT since, until FROM login_guard WHERE name = $1 AND device = $2", V(t->name),
                 V(t->device)));
    *ret_since = db_int(&r, 0, 0);
    *ret_until = db_int(&r, 0, 1);
    return E_OK;
}

static enum err looked_at(struct cx *cx, struct try *t)
{
    int64_t since = 0, until = 0, n = 0;
    bool is = false;
    TRY(is_blocked(cx, t, &is));
    if (is) return t->refused = blocked, E_OK;
    if (t->is_vouched) return E_OK;
    TRY(guard_of(cx, t, &since, &until));
    TRY(failures(cx, t, since, &n));
    if (until > cx->now_ms || n >= LOGIN_LOCK_FROM) {
        t->wait_ms = until > cx->now_ms ? until - cx->now_ms : 1000;
        return t->refused = locked, E_OK;
    }
    if (n < LOGIN_CAPTCHA_FROM || t->is_in || t->is_second) return E_OK;
    TRY(captcha_solved(cx, t->captcha, t->answer, &is));
    if (is) return E_OK;
    t->refused = captcha;
    return captcha_make(cx, &t->next);
}

static enum err begin(struct cx *cx, void *arg)
{
    struct try *t = arg;
    t->refused = NULL;
    t->id = id_new(cx->now_ms);
    TRY(looked_at(cx, t));
    return attempt_insert(cx, t, t->id, t->refused ? t->refused : pending);
}

static enum err device_find(struct cx *cx, struct try *t)
{
    struct db_rows r = {0};
    if (t->v->device.n != TOKEN_CHARS) return E_OK; /* nobody (0) is looked for, too: the time it takes tells nothing */
    str hash = token_hash(cx, t->v->device);
    TRY(db_query(cx, &r, "SELECT 1 FROM device WHERE token = $1 AND user_id = $2", V(hash), V(t->user)));
    if (r.n) t->device = hash;
    return E_OK;
}

static enum err refusal(struct cx *cx, const struct try *t)
{
    if (t->refused == blocked)
        return fail(cx, E_DENIED, "Nobody may log in from this address: please ask your administrator");
    if (t->refused == locked) return fail(cx, E_RATE, "Too many wrong passwords: please wait half an hour");
    return fail_at(cx, E_INVALID, S("captcha"), "Please type the letters of the picture, or answer the question");
}

static enum event_code refused_code(const struct try *t)
{
    return t->refused == blocked ? EVENT_WHY_BLOCKED : t->refused == locked ? EVENT_WHY_LOCKED : EVENT_WHY_CAPTCHA;
}

enum err try_begin(struct cx *cx, struct auth *au, struct try *t)
{
    str key = auth_addr_key(cx->a, t->v->addr);
    t->addr = t->v->addr;
    t->agent = utf8_cut(t->v->agent, AGENT_BYTES);
    t->device = S("");
    TRY(device_find(cx, t));
    t->wait_ms = buckets_wait_ms(&au->buckets, key, !t->device.n, cx->now_ms);
    if (t->wait_ms) return fail(cx, E_RATE, "Too many failed log-ins: please wait a little");
    TRY(db_write(cx, begin, t));
    if (!t->refused) return E_OK;
    /* counted: whoever was blocked could fill the log with rows, one by one */
    struct refused x = {.kind = EVENT_LOGIN_REFUSED,
                        .way = WAY_WEB,
                        .subject = t->user,
                        .addr = t->addr,
                        .key = EVENT_KEY_WHY,
                        .value = event_codes[refused_code(t)].name};
    tally_count(au->tally, &x, cx->now_ms);
    (void)buckets_take(&au->buckets, key, false, cx->now_ms);
    return refusal(cx, t);
}

struct ending {
    struct try *t;
    bool right, drained;
    db_write_fn *then;
    void *arg;
};

/* Told to whom the name belongs, if to anybody: that is looked at when the mail is made, so that all names take the
 * same time. */
static enum err locked_out(struct cx *cx, const struct try *t)
{
    struct mail m = {.kind = S("locked"), .addr = t->name, .until_ms = cx->now_ms + LOGIN_LOCK_MS};
    TRY(db_exec(cx, NULL, "UPDATE login_guard SET since = $3, until = $4 WHERE name = $1 AND device = $2", V(t->name),
                V(t->device), V(cx->now_ms), V(cx->now_ms + LOGIN_LOCK_MS)));
    TRY(told(cx, t, EVENT_LOGIN_LOCKED, t->device.n ? EVENT_DEVICE_KNOWN : EVENT_DEVICE_UNKNOWN));
    return t->device.n ? E_OK : mail_queue(cx, &m, NULL);
}

static enum err failed(struct cx *cx, const struct ending *e)
{
    struct try *t = e->t;
    int64_t since = 0, until = 0, n = 0;
    TRY(told(cx, t, EVENT_LOGIN_FAILED, way_in(t)));
    if (e->drained) TRY(attempt_insert(cx, t, id_new(cx->now_ms), rate));
    TRY(guard_of(cx, t, &since, &until));
    TRY(failures(cx, t, since, &n));
    if (n >= LOGIN_LOCK_FROM) return locked_out(cx, t);
    return n >= LOGIN_CAPTCHA_FROM && !t->is_in && !t->is_second ? captcha_make(cx, &t->next) : E_OK;
}

static enum err end(struct cx *cx, void *arg)
{
    struct ending *e = arg;
    e->t->next = (struct captcha){0};
    if (e->right && e->t->is_in) /* he came in before: this was no log-in */
        TRY(db_exec(cx, NULL, "DELETE FROM login_attempt WHERE id = $1", V(e->t->id)));
    else TRY(db_exec(cx, NULL, "UPDATE login_attempt SET outcome = $2, ok = $3 WHERE id = $1", V(e->t->id),
                     V(str_from(!e->right ? wrong : e->t->as ? e->t->as : in)), V(e->right)));
    if (!e->right) return failed(cx, e);
    if (e->then) TRY(e->then(cx, e->arg));
    return e->t->is_in || e->t->as ? E_OK : told(cx, e->t, EVENT_LOGIN, way_in(e->t));
}

enum err try_end(struct cx *cx, struct auth *au, struct try *t, bool right, db_write_fn *then, void *arg)
{
    struct ending e = {.t = t, .right = right, .then = then, .arg = arg};
    if (!right) e.drained = buckets_take(&au->buckets, auth_addr_key(cx->a, t->addr), !t->device.n, cx->now_ms);
    TRY(db_write(cx, end, &e));
    return right ? E_OK : fail(cx, E_AUTH, "The name or the password is wrong");
}

/* ---- log-in ---- */
struct credential {
    str hash;         /* "" = he has none */
    bool must_change; /* somebody else has chosen it, ... */
    bool is_late;     /* ... so long ago that it opens nothing any more */
};

static enum err credential_of(struct cx *cx, int64_t user, struct credential *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT hash, must_change, changed_at FROM credential WHERE user_id = $1", V(user)));
    if (!r.n) return E_OK;
    ret->hash = db_str(&r, 0, 0);
    ret->must_change = db_int(&r, 0, 1) != 0;
    ret->is_late = ret->must_change && db_int(&r, 0, 2) + FIRST_PASSWORD_MS < cx->now_ms;
    return E_OK;
}

/* Told to the user, unless it is the first one he ever comes in with. */
static enum err device_new(struct cx *cx, str device, const struct opening *o)
{
    struct db_rows r = {0};
    struct buf b = buf_new(cx->a, 4 * AGENT_BYTES + 1024);
    struct jw w = jw_new(&b);
    TRY(db_query(cx, &r, "SELECT count(*), coalesce(sum(CASE WHEN token = $2 THEN 1 ELSE 0 END), 0) FROM device"
                         " WHERE user_id = $1", V(o->user), V(device)));
    if (!db_int(&r, 0, 0) || db_int(&r, 0, 1)) return E_OK;
    jw_obj(&w);
    jw_kstr(&w, S("agent"), o->agent);
    jw_kstr(&w, S("addr"), o->addr);
    jw_obj_end(&w);
    struct mail m = {.kind = S("device"), .user = o->user, .args = buf_str(&b)};
    return mail_queue(cx, &m, NULL);
}

static enum err come_in(struct cx *cx, void *arg)
{
    struct coming *c = arg;
    if (c->first) TRY(c->first(cx, c->arg));
    if (c->fresh.n) TRY(auth_hash_set(cx, c->o.user, c->fresh, EVENT_PASSWORD_CHANGED));
    if (c->device.n) {
        TRY(device_new(cx, c->device, &c->o));
        TRY(db_exec(cx, NULL,
                    "INSERT INTO device (token, user_id, created_at, seen_at) VALUES ($1, $2, $3, $4)"
                    " ON CONFLICT (token, user_id) DO UPDATE SET seen_at = excluded.seen_at",
                    V(c->device), V(c->o.user), V(cx->now_ms), V(cx->now_ms)));
    }
    return session_insert(cx, &c->o);
}

/* The cookie it has when that was ours, whosever; else a new one. */
static enum err device_cookie(struct cx *cx, const struct visitor *v, str *ret)
{
    struct db_rows r = {0};
    unsigned char raw[32];
    if (v->device.n == TOKEN_CHARS)
        TRY(db_query(cx, &r, "SELECT 1 FROM device WHERE token = $1 LIMIT 1", V(token_hash(cx, v->device))));
    os_random(raw, sizeof raw);
    *ret = r.n ? v->device : os_hex(cx->a, raw, sizeof raw);
    return E_OK;
}

/* A device is known when somebody has come in by it: a password alone makes none, for each known one has tries of its
 * own. */
enum err session_open(struct cx *cx, struct auth *au, struct try *t, bool right, struct coming *c, struct login *io)
{
    bool is_half = c->o.stage == STAGE_FACTOR;
    if (right && !is_half) TRY(device_cookie(cx, t->v, &io->device));
    if (io->device.n) c->device = token_hash(cx, io->device);
    if (is_half) t->as = half;
    enum err e = try_end(cx, au, t, right, come_in, c);
    io->next = t->next;
    TRY(e);
    if (c->whose) io->s = *c->whose;
    else if (!c->fresh.n) TRY(auth_session_half(cx, c->o.token, &io->s));
    if (c->whose) io->s.stage = c->o.stage;
    io->s.token = c->o.token;
    io->s.csrf = c->o.csrf;
    return E_OK;
}

/* Our own fault is nobody's wrong password. */
static enum err broken(struct cx *cx, void *arg)
{
    const struct try *t = arg;
    return db_exec(cx, NULL, "UPDATE login_attempt SET outcome = 'broken' WHERE id = $1 AND outcome = 'pending'",
                   V(t->id));
}

enum err try_forgiven(struct cx *cx, struct try *t, enum err e)
{
    struct cx other = *cx; /* what is told stays what it was */
    if (e == E_OK || err_info[e].http < 500 || !t->id) return e;
    if (db_write(&other, broken, t) != E_OK)
        log_say(cx, LOG_WARN, S("auth"), "a broken log-in counts as a wrong one");
    return e;
}

/* Is whom the directory knows by this name locked, by tries under another name of his? */
static enum err not_locked(struct cx *cx, struct try *t, int64_t user)
{
    struct try own = {.v = t->v, .user = user, .device = S("")};
    int64_t since = 0, until = 0, n = 0;
    struct db_rows r = {0};
    TRY(try_own_name(cx, &own));
    TRY(device_find(cx, &own));
    TRY(db_query(cx, &r, "SELECT since, until FROM login_guard WHERE name = $1 AND device = $2", V(own.name),
                 V(own.device)));
    if (r.n) since = db_int(&r, 0, 0), until = db_int(&r, 0, 1);
    TRY(failures(cx, &own, since, &n));
    if (until <= cx->now_ms && n < LOGIN_LOCK_FROM) return E_OK;
    t->wait_ms = until > cx->now_ms ? until - cx->now_ms : 1000;
    return fail(cx, E_RATE, "Too many wrong passwords: please wait half an hour");
}

/* A right password that lets nobody in, and one that nobody could look at, count like a wrong one. */
static enum err by_directory(struct cx *cx, struct auth *au, struct try *t, const struct login *io, bool *io_right,
                             struct coming *c)
{
    struct settling *s = NEW(cx->a, struct settling);
    enum err e = directory_check(cx, au, t->user, t->by_name, io->mail, io->password, io_right, s);
    if (e == E_OK && s->user && s->user != t->user && !s->is_new) e = not_locked(cx, t, s->user);
    str msg = cx->msg, at = cx->at;
    if (e != E_OK && e != E_INTERNAL) {
        enum err counted = try_end(cx, au, t, false, NULL, NULL);
        if (counted != E_AUTH) return counted;
        cx->msg = msg;
        cx->at = at;
        return cx->err = e;
    }
    TRY(e);
    if (!s->user) return E_OK;
    t->user = s->user;
    c->first = outside_settle;
    c->arg = s;
    c->idp = s->r->id;
    return E_OK;
}

/* A new password alone shows no second factor: what the session before had shown of it is what there is. */
static void as_before(struct opening *o, const struct session *before, bool has)
{
    o->shown = before->shown;
    if (has) o->proved_at = before->proved_at;
}

/* From the try's beginning on: what is proved by io->password, and what follows when it is right. */
static enum err proved(struct cx *cx, struct auth *au, struct try *t, str fresh, struct login *io)
{
    bool has = false, right = false;
    struct credential k = {0};
    struct coming c = {0};
    enum err e = try_begin(cx, au, t);
    io->next = t->next;
    io->wait_ms = t->wait_ms;
    TRY(e);
    TRY(credential_of(cx, t->user, &k));
    TRY(hash_fits(cx, &au->hashes, k.hash, io->password, &right));
    bool late = right && k.is_late && !fresh.n;
    if (late) right = false;
    if (!fresh.n) e = by_directory(cx, au, t, io, &right, &c);
    io->wait_ms = t->wait_ms;
    TRY(e);
    TRY(factor_has(cx, t->user, &has)); /* of nobody, too: the time it takes tells nothing */
    if (right && fresh.n) TRY(auth_password_hash(cx, au, fresh, &c.fresh));
    if (c.first) k.must_change = false;
    enum stage next = fresh.n ? STAGE_IN : has ? STAGE_FACTOR : k.must_change ? STAGE_PASSWORD : STAGE_IN;
    c.o = session_opening(cx, t->user, next, t->v->addr, t->v->agent);
    c.o.idp = c.idp;
    if (fresh.n) as_before(&c.o, &io->s, has);
    e = session_open(cx, au, t, right, &c, io);
    if (e != E_AUTH || !late) return e;
    return fail(cx, E_AUTH, "This first password was not used in time: please ask for another one");
}

/* Whatever he calls himself, he is counted by his address. */
static enum err known_name(struct cx *cx, struct try *t)
{
    str typed = t->name;
    TRY(try_own_name(cx, t));
    if (!t->name.n) t->name = typed;
    return E_OK;
}

/* An address leads to whose it is letter for letter, capitals of ASCII aside: Müller's to no Muller. What only looks
 * like somebody's is counted as nobody's, and not as his. */
static enum err by_address(struct cx *cx, str typed, struct try *t)
{
    struct db_rows r = {0};
    enum err e = auth_user_by_mail(cx, t->name, &t->user);
    if (e != E_OK && e != E_NOTFOUND) return e;
    TRY(db_query(cx, &r, "SELECT mail FROM \"user\" WHERE id = $1", V(t->user)));
    if (!r.n || str_eq(directory_name(cx, db_str(&r, 0, 0)), directory_name(cx, typed))) return E_OK;
    t->user = 0;
    t->name = arena_fmt(cx->a, "%.*s?", FS(t->name));
    return E_OK;
}

enum err auth_login(struct cx *cx, struct auth *au, const struct visitor *v, struct login *io)
{
    struct try t = {.v = v,
                    .name = filter_fold(cx->a, str_trim(str_cut(io->mail, 0, NAME_BYTES))),
                    .captcha = io->captcha,
                    .answer = io->answer};
    if (!utf8_valid(t.name)) t.name = S("");
    TRY(hash_room(cx, &au->hashes));
    if (io->password.n > 4 * PASSWORD_MAX)
        return fail(cx, E_LIMIT, "A password has at most %d characters", PASSWORD_MAX);
    TRY(by_address(cx, utf8_valid(io->mail) ? io->mail : S(""), &t));
    t.by_name = !t.user;
    if (t.by_name) TRY(directory_user(cx, io->mail, &t.user));
    if (t.by_name && t.user) TRY(known_name(cx, &t));
    return try_forgiven(cx, &t, proved(cx, au, &t, S(""), io));
}

enum err try_own_name(struct cx *cx, struct try *t)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT mail_f FROM \"user\" WHERE id = $1", V(t->user)));
    t->name = r.n ? db_str(&r, 0, 0) : S("");
    if (r.n && !t->name.n) t->name = arena_fmt(cx->a, "#%" PRId64, t->user);
    return E_OK;
}

enum err password_is(struct cx *cx, struct auth *au, int64_t user, str password, bool *ret)
{
    struct settling s = {0};
    struct credential k = {0};
    str login = {0};
    TRY(credential_of(cx, user, &k));
    TRY(directory_login(cx, user, &login));
    TRY(hash_fits(cx, &au->hashes, k.hash, password, ret));
    return login.n ? directory_check(cx, au, user, false, login, password, ret, &s) : E_OK;
}

enum err auth_has_password(struct cx *cx, int64_t user, bool *ret)
{
    struct credential k = {0};
    TRY(outside_is_theirs(cx, user, ret));
    TRY(credential_of(cx, user, &k));
    *ret |= k.hash.n > 0;
    return E_OK;
}

enum err auth_password_change(struct cx *cx, struct auth *au, const struct visitor *v, str fresh, const str *words,
                              size_t n_words, struct login *io)
{
    struct try t = {.v = v, .user = cx->who.user, .is_in = true};
    if (io->password.n > 4 * PASSWORD_MAX)
        return fail_at(cx, E_INVALID, S("present"), "A password has at most %d characters", PASSWORD_MAX);
    TRY(auth_password_check(cx, fresh, words, n_words));
    if (str_eq(fresh, io->password)) return fail_at(cx, E_INVALID, S("password"), "This is the password you have now");
    TRY(try_own_name(cx, &t));
    enum err e = try_forgiven(cx, &t, proved(cx, au, &t, fresh, io));
    return e == E_AUTH ? fail_at(cx, E_INVALID, S("present"), "This is not your present password") : e;
}
