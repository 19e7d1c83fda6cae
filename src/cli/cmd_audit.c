/* SPDX-License-Identifier: MIT */
/* cli/cmd_audit.c - is the log what the program wrote? Reads beside a running server. */
#include "audit/audit.h"
#include "backup/verify.h"
#include "base/time.h"
#include "cli/cli_int.h"
#include "os/os.h"

enum { READERS = 2, TIMEOUT_MS = 24 * 3600 * 1000 };

/* Before and behind a row's or a seal's number. */
static const struct {
    const char *before, *behind;
} fault_text[] = {
    [AUDIT_CHANGED] = {"row", "of the log was changed"},
    [AUDIT_MISSING] = {"row", "of the log is gone"},
    [AUDIT_ADDED] = {"row", "of the log was not written by Kontor"},
    [AUDIT_SEAL] = {"seal", "is gone, was changed or stands in another's place"},
    [AUDIT_CUT] = {"seal", "that you kept is not here: the log's end was cut off, or it is another log"},
    [AUDIT_ERASURE] = {"row", "of the log: the marks of an erasure are not those that Kontor wrote"},
};

static const char *place_text(const struct audit_found *f)
{
    return f->is_event ? "security event" : fault_text[f->fault].before;
}

static void show(void *arg, int64_t done, int64_t total) { (void)cli_progress(arg, done, total); }

static enum err kept_read(struct cli *c, struct audit_head *ret)
{
    str text = cli_opt(c, "kept");
    if (!text.n) return E_OK;
    return audit_head_parse(text, ret) ? E_OK : cli_usage(c, "--kept takes what kontor audit head says: N:LETTERS");
}

/* What was looked into, and why it may stand. */
static void accepted_json(const struct audit_report *r, struct jw *w)
{
    jw_kint(w, S("faults_accepted"), r->faults_accepted);
    jw_key(w, S("accepted"));
    jw_arr(w);
    for (size_t i = 0; i < r->n_accepted; i++) {
        jw_obj(w);
        jw_kid(w, S("seal"), r->accepted[i].seal);
        jw_kint(w, S("at_ms"), r->accepted[i].at);
        jw_kstr(w, S("reason"), r->accepted[i].reason);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static void report_json(const struct audit_report *r, struct jw *w)
{
    jw_obj(w);
    jw_kbool(w, S("ok"), r->faults == 0 && r->foreign == 0);
    jw_kint(w, S("rows"), r->rows);
    jw_kint(w, S("events"), r->events);
    jw_kint(w, S("seals"), r->seals);
    jw_kint(w, S("open"), r->open);
    jw_kint(w, S("erased"), r->erased);
    jw_kint(w, S("other_keys"), r->foreign);
    jw_kint(w, S("faults"), r->faults);
    jw_key(w, S("first"));
    jw_arr(w);
    for (size_t i = 0; i < r->n_first; i++) {
        jw_obj(w);
        jw_kstr(w, S("fault"), audit_fault_name[r->first[i].fault]);
        jw_kid(w, S("row"), r->first[i].seq);
        if (r->first[i].is_event) jw_kstr(w, S("log"), S("security"));
        if (r->first[i].seal) jw_kid(w, S("seal"), r->first[i].seal);
        if (r->first[i].accepted) jw_kbool(w, S("accepted"), true);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    accepted_json(r, w);
    jw_obj_end(w);
}

static void found_say(struct cli *c, const struct audit_found *f)
{
    cli_say(c, "%s %" PRId64 " %s", place_text(f), f->seq, fault_text[f->fault].behind);
    if (f->seal && f->fault != AUDIT_SEAL) cli_say(c, " (seal %" PRId64 ")", f->seal);
    cli_put(c, f->accepted ? S(": accepted\n") : S("\n"));
}

static enum err report_said(struct cli *c, const struct audit_report *r)
{
    struct cli_json j;
    if (c->json) {
        cli_json_begin(c, &j);
        report_json(r, &j.w);
        return cli_json_end(c, &j);
    }
    for (size_t i = 0; i < r->n_first; i++) found_say(c, &r->first[i]);
    if (r->faults > (int64_t)r->n_first) cli_say(c, "... and %" PRId64 " more\n", r->faults - (int64_t)r->n_first);
    for (size_t i = 0; i < r->n_accepted; i++)
        cli_say(c, "seal %" PRId64 " was accepted on %.*s: %.*s\n", r->accepted[i].seal,
                FS(str_cut(time_text(c->cx->a, r->accepted[i].at), 0, 10)), FS(r->accepted[i].reason));
    cli_say(c, "%" PRId64 " rows, %" PRId64 " security events, %" PRId64 " seals, %" PRId64 " faults", r->rows,
            r->events, r->seals, r->faults);
    if (r->open) cli_say(c, "; %" PRId64 " rows not sealed yet", r->open);
    if (r->erased) cli_say(c, "; %" PRId64 " rows that an erasure by law took values out of", r->erased);
    if (r->foreign) cli_say(c, "; %" PRId64 " rows sealed with a key that is not here", r->foreign);
    cli_put(c, S("\n"));
    return E_OK;
}

static enum err verify(struct cli *c, const struct vault *v)
{
    struct audit_head kept = {0};
    struct audit_report r = {0};
    TRY(kept_read(c, &kept));
    TRY(audit_verify(c->cx, v, &kept, cli_setting(c, "data"), show, c, &r));
    TRY(report_said(c, &r));
    if (r.faults > (cli_has(c, "accepted") ? r.faults_accepted : 0))
        return fail(c->cx, E_PRECOND, "the log is not what Kontor wrote");
    if (r.foreign && !cli_has(c, "other-keys"))
        return fail(c->cx, E_PRECOND,
                    "some rows were sealed with a key that is not here: put it into secret.key, or say --other-keys "
                    "when it is lost");
    return E_OK;
}

static enum err head(struct cli *c)
{
    struct audit_head h = {0};
    struct cli_json j;
    TRY(audit_head(c->cx, &h));
    str text = h.n ? arena_fmt(c->cx->a, "%" PRId64 ":%.*s", h.n, FS(h.mac)) : S("");
    if (!c->json) {
        cli_say(c, "%.*s\n", FS(h.n ? text : S("nothing is sealed yet")));
        return E_OK;
    }
    cli_json_begin(c, &j);
    jw_obj(&j.w);
    jw_kstr(&j.w, S("head"), text);
    jw_obj_end(&j.w);
    return cli_json_end(c, &j);
}

/* ---- for `kontor verify` ---- */
static const str kept_todo = S0("Restore the newest good backup: kontor restore BACKUP --data NEW-FOLDER. When an "
                                "older copy was put in place on purpose, remove " AUDIT_KEPT " from the data folder."),
                 log_todo = S0("Somebody or something wrote past Kontor: ask kontor audit verify which rows, "
                               "compare with a backup.");

static void faults_add(struct cli *c, const struct audit_report *r, struct verify_report *to)
{
    for (int fault = AUDIT_CHANGED; fault <= AUDIT_ERASURE; fault++)
        for (int event = 0; event < 2; event++) {
            struct finding f = {.what = S("log"), .bad = true, .todo = fault == AUDIT_CUT ? kept_todo : log_todo};
            for (size_t i = 0; i < r->n_first; i++) {
                const struct audit_found *x = &r->first[i];
                if ((int)x->fault != fault || x->is_event != event) continue;
                if (!f.n++) f.sample = x->seq;
                if (f.n_ids < VERIFY_IDS) f.ids[f.n_ids++] = x->seq;
                f.where = event ? S("security_event") : S("change");
                f.text = arena_fmt(c->cx->a, "%s %s", place_text(x), fault_text[fault].behind);
            }
            if (f.n) verify_add(c->cx, to, &f);
        }
    if (r->foreign)
        verify_add(c->cx, to,
                   &(struct finding){.what = S("log"),
                                     .where = S("change"),
                                     .n = r->foreign,
                                     .text = S("rows sealed with a key that is not here, so not looked at"),
                                     .todo = S("Put the key into secret.key.")});
}

static enum err sealed_look(struct cli *c, str data, const struct vault *v, struct verify_report *to)
{
    struct audit_head kept = {0};
    struct audit_report r = {0};
    enum err e = audit_kept_read(c->cx, arena_fmt(c->cx->a, "%.*s/" AUDIT_KEPT, FS(data)), &kept);
    if (e == E_BAD)
        verify_add(c->cx, to, &(struct finding){.what = S("log"),
                                                .where = S(AUDIT_KEPT),
                                                .n = 1,
                                                .bad = true,
                                                .text = c->cx->msg,
                                                .todo = kept_todo});
    else TRY(e);
    TRY(audit_verify(c->cx, v, &kept, data, show, c, &r));
    to->checks++;
    faults_add(c, &r, to);
    return E_OK;
}

static enum err base_open(struct cli *c, str url, struct dbase **ret)
{
    struct db_opts o = {.url = url,
                        .readers = READERS,
                        .read_only = true,
                        .plain = cli_is_yes(c, "plain_outgoing"),
                        .statement_timeout_ms = TIMEOUT_MS};
    return dbase_open(c->cx, &o, ret);
}

enum err audit_into(struct cli *c, str data, str url, struct verify_report *to)
{
    struct vault *v = NULL;
    struct dbase *b = NULL;
    TRY(vault_open(c->cx, arena_fmt(c->cx->a, "%.*s/secret.key", FS(data)), false, &v));
    enum err e = base_open(c, url, &b);
    if (e == E_OK) c->cx->db = db_get(b);
    if (e == E_OK) e = sealed_look(c, data, v, to);
    if (c->cx->db) db_put(&c->cx->db);
    dbase_close(&b);
    vault_close(&v);
    return e;
}

static enum err with_base(struct cli *c, const struct vault *v, bool heads)
{
    struct dbase *b = NULL;
    TRY(base_open(c, store_url(c->cx, cli_setting(c, "data"), cli_setting(c, "db")), &b));
    c->cx->db = db_get(b);
    enum err e = heads ? head(c) : verify(c, v);
    db_put(&c->cx->db);
    dbase_close(&b);
    return e;
}

/* ---- accept ---- */
struct accepted {
    const struct vault *v;
    int64_t seal;
};
static enum err accept_here(struct cli *c, void *arg)
{
    const struct accepted *x = arg;
    return audit_accept(c->cx, x->v, x->seal, cli_opt(c, "reason"));
}

static enum err accept_seal(struct cli *c, const struct vault *v)
{
    struct accepted x = {v, 0};
    struct cli_json j;
    if (!str_to_int(c->args[1], &x.seal) || x.seal < 1)
        return cli_usage(c, "'%.*s' is no seal's number: kontor audit verify tells it", FS(c->args[1]));
    if (!str_trim(cli_opt(c, "reason")).n) return cli_usage(c, "--reason TEXT is missing: why it may stand");
    TRY(cli_with_base(c, store_url(c->cx, cli_setting(c, "data"), cli_setting(c, "db")), accept_here, &x));
    if (!c->json) {
        cli_say(c, "seal %" PRId64 " is accepted: the security log says so, and verify goes on telling of it\n",
                x.seal);
        return E_OK;
    }
    cli_json_begin(c, &j);
    jw_obj(&j.w);
    jw_kid(&j.w, S("seal"), x.seal);
    jw_obj_end(&j.w);
    return cli_json_end(c, &j);
}

enum err cmd_audit(struct cli *c)
{
    struct vault *v = NULL;
    str what = c->args[0];
    bool heads = str_eq(what, S("head")), accepts = str_eq(what, S("accept")), lists = str_eq(what, S("kinds"));
    if (!heads && !accepts && !lists && !str_eq(what, S("verify")))
        return cli_usage(c, "audit takes verify, head, accept or kinds");
    if (accepts != (c->n_args == 2))
        return cli_usage(c, accepts ? "audit accept needs a seal's number" : "this takes no argument");
    if (lists) {
        kinds_md(c);
        return E_OK;
    }
    TRY(vault_open(c->cx, arena_fmt(c->cx->a, "%.*s/secret.key", FS(cli_setting(c, "data"))), false, &v));
    enum err e = accepts ? accept_seal(c, v) : with_base(c, v, heads);
    vault_close(&v);
    return e;
}
