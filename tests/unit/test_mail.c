/* SPDX-License-Identifier: MIT */
/* Mail: what is written and what never is, the setting and its sealed password, the outbox against a server that does
 * all that servers do. A real Postfix: test_mail_postfix.c. */
#include "mail/mail_int.h"

#include "bed.h"
#include "os/os.h"
#include "smtp_stub.h"

/* ---- composing ---- */
static str composed(struct cx *cx, str subject, str name, str text)
{
    str s = {0};
    struct envelope e = {.from = S("crm@mueller.example"), .from_name = S("Müller & Söhne"), .to = S("ona@example.lt"), .to_name = name,
                         .subject = subject, .lang = S("de"), .text = text, .id = 4711, .at_ms = cx->now_ms};
    T_OK(cx, mail_compose(cx, &e, &s));
    return s;
}

static size_t count(str s, str what)
{
    size_t n = 0;
    for (ptrdiff_t at; (at = str_find(s, what)) >= 0; n++) s = str_cut(s, (size_t)at + what.n, s.n);
    return n;
}

/* Seven bits, CR and LF only together, short lines. */
static bool is_wire(str s)
{
    size_t line = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\n' && (i == 0 || s.p[i - 1] != '\r')) return false;
        if (c == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n')) return false;
        if (c >= 0x7F || (c < ' ' && c != '\r' && c != '\n')) return false;
        line = c == '\n' ? 0 : line + 1;
        if (line > 200) return false;
    }
    return true;
}

static void composes(void)
{
    struct cx cx = t_cx();
    str s = composed(&cx, S("Ein neues Passwort für Müller"), S("Ona Žukauskienė"), S("Labas,\n\nčia nuoroda:\nhttps://crm.example/password#0123456789\n.\n..zwei\nEnde =\n"));
    T(is_wire(s));
    T(str_has_prefix(s, S("Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nFrom: =?UTF-8?B?TcO8bGxlciAmIFPDtmhuZQ==?=\r\n <crm@mueller.example>\r\n")));
    T(str_find(s, S("To: =?UTF-8?B?T25hIMW9dWthdXNraWVuxJc=?=\r\n <ona@example.lt>\r\n")) > 0);
    T(str_find(s, S("Subject: =?UTF-8?B?RWluIG5ldWVzIFBhc3N3b3J0IGbDvHIgTcO8bGxlcg==?=\r\n")) > 0);
    T(str_find(s, S("Message-ID: <kontor.4711@mueller.example>\r\n")) > 0);
    T(str_find(s, S("Auto-Submitted: auto-generated\r\n")) > 0 && str_find(s, S("Content-Language: de\r\n")) > 0);
    T(str_find(s, S("\r\n\r\nLabas,\r\n\r\n=C4=8Dia nuoroda:\r\nhttps://crm.example/password#0123456789\r\n=2E\r\n=2E.zwei\r\nEnde =3D\r\n")) > 0);
    s = composed(&cx, S("Test mail"), S("Ona"), S("x"));
    T(str_find(s, S("To: Ona\r\n <ona@example.lt>\r\nSubject: Test mail\r\n")) > 0);
    s = composed(&cx, S(""), S(""), S(""));
    T(str_find(s, S("To: <ona@example.lt>\r\nSubject: \r\n")) > 0);
    t_cx_free(&cx);
}

/* F07: no text of a user becomes a header, a command or the end of the mail. */
static void injects(void)
{
    struct cx cx = t_cx();
    size_t headers = count(composed(&cx, S("x"), S("x"), S("")), S("\r\n"));
    static const str evil[] = {S0("x\r\nBcc: all@evil.example"), S0("x\nBcc: all@evil.example"), S0("x\rBcc: a@evil.example"), S0("x\0y\r\n.\r\nMAIL FROM:<a@b>"),
                               S0("x\xe2\x80\xa8" "Bcc: a@evil.example"), S0("\"x\" <a@evil.example>, y"), S0("=?UTF-8?B?DQpCY2M6IGE=?="), S0("\xff\xfe\r\n")};
    for (size_t i = 0; i < COUNT(evil); i++) {
        str s = composed(&cx, evil[i], S("x"), S(""));
        T(is_wire(s) && str_find(s, S("\r\nBcc")) < 0 && str_find(s, S("\r\nMAIL")) < 0);
        s = composed(&cx, S("x"), evil[i], S(""));
        T(is_wire(s) && str_find(s, S("\r\nBcc")) < 0 && str_find(s, S("<a@evil.example>")) < 0);
        T_INT((int64_t)count(s, S("\r\n")), (int64_t)headers);
        s = composed(&cx, S("x"), S("x"), evil[i]);
        T(is_wire(s) && str_find(s, S("\r\n.\r\n")) < 0);
    }
    char big[5000];
    memset(big, 'x', sizeof big);
    T(is_wire(composed(&cx, (str){big, sizeof big}, (str){big, sizeof big}, (str){big, sizeof big})));
    for (size_t i = 0; i + 1 < sizeof big; i += 2) memcpy(big + i, "\xd0\x96", 2);
    T(is_wire(composed(&cx, (str){big, sizeof big}, (str){big, sizeof big}, (str){big, sizeof big})));
    static const str bad[] = {S0("a@b"), S0("a b@c.de"), S0("a@b.de>\r\nRCPT TO:<x@y.de"), S0("a\0@b.de"), S0("\"a b\"@c.de"), S0("иван@пример.рф"), S0("a@[127.0.0.1]"), S0("")};
    str wire = {0};
    for (size_t i = 0; i < COUNT(bad); i++) T(mail_addr_wire(&cx, bad[i], &wire) == E_INVALID);
    T_OK(&cx, mail_addr_wire(&cx, S("Info@Straße.DE"), &wire));
    T_STR(wire, S("info@xn--strae-oqa.de"));
    T_OK(&cx, mail_addr_wire(&cx, S("ivan@пример.рф"), &wire));
    T_STR(wire, S("ivan@xn--e1afmkfd.xn--p1ai"));
    t_cx_free(&cx);
}

/* ---- the setting ---- */
static struct vault *vault_make(struct bed *t, const char *name)
{
    struct vault *v = NULL;
    T_OK(&t->cx, vault_open(&t->cx, arena_fmt(t->cx.a, "%.*s/%s", FS(t->folder), name), true, &v));
    return v;
}

static struct mail_conf conf_to(int port)
{
    return (struct mail_conf){.host = S("127.0.0.1"), .port = port, .security = MAIL_NONE, .from = S("crm@mueller.example"), .name = S("Müller")};
}

static void sets(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct vault *v = vault_make(t, "a.key"), *other = vault_make(t, "b.key");
    struct mail_conf c = {0}, got = {0};
    bool is_set = true;
    T_OK(cx, mail_is_set(cx, &is_set));
    T(!is_set);
    static const struct {
        struct mail_conf c;
        const char *at;
    } bad[] = {{{.host = S0("a b"), .port = 25, .from = S0("a@b.de")}, "host"},
               {{.host = S0("mail.example.org/x"), .port = 25, .from = S0("a@b.de")}, "host"},
               {{.host = S0("evil@mail.example.org"), .port = 25, .from = S0("a@b.de")}, "host"},
               {{.host = S0("mail.example.org"), .port = 0, .from = S0("a@b.de")}, "port"},
               {{.host = S0("mail.example.org"), .port = 65536, .from = S0("a@b.de")}, "port"},
               {{.host = S0("mail.example.org"), .port = 25, .from = S0("a@b")}, "from"},
               {{.host = S0("mail.example.org"), .port = 25, .from = S0("a@b.de\r\nx")}, "from"},
               {{.host = S0("mail.example.org"), .port = 25, .from = S0("a@b.de"), .name = S0("a\nb")}, "name"},
               {{.host = S0("mail.example.org"), .port = 25, .from = S0("a@b.de"), .user = S0("a\rb")}, "user"},
               {{.host = S0("mail.example.org"), .port = 25, .from = S0("a@b.de"), .user = S0("a"), .password = S0("a\nb")}, "password"},
               {{.host = S0("mail.example.org"), .port = 25, .security = MAIL_NONE, .from = S0("a@b.de"), .user = S0("a"), .password = S0("b")}, "security"},
               {{.host = S0("mail.example.org"), .port = 25, .security = MAIL_NONE, .from = S0("a@b.de"), .user = S0("a"), .password = S0("b"), .plain = true}, "security"},
               {{.host = S0("mail.example.org"), .port = 25, .security = MAIL_NONE, .from = S0("a@b.de")}, "security"},
               {{.host = S0("127.evil.example"), .port = 25, .security = MAIL_NONE, .from = S0("a@b.de")}, "security"},
               {{.host = S0("mail.example.org"), .port = 25, .from = S0("a@b.de"), .ca = S0("nonsense")}, "ca"}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        T(mail_conf_set(cx, v, &bad[i].c, false) == E_INVALID);
        T_STR(cx->at, str_from(bad[i].at));
    }
    c = (struct mail_conf){.host = S("mail.example.org"), .port = 587, .user = S("crm"), .password = S("geheim-geheim"), .from = S("crm@mueller.example")};
    T_OK(cx, mail_conf_set(cx, v, &c, false));
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT value FROM setting WHERE key = 'mail'"));
    T(r.n == 1 && str_find(db_str(&r, 0, 0), S("geheim")) < 0);
    T_OK(cx, mail_conf_get(cx, &got));
    T_OK(cx, mail_conf_open(cx, v, &got));
    T_STR(got.password, S("geheim-geheim"));
    T_OK(cx, mail_conf_get(cx, &got));
    T(mail_conf_open(cx, other, &got) == E_PRECOND);
    c.password = S("");
    c.name = S("Neu");
    T_OK(cx, mail_conf_set(cx, v, &c, true));
    T_OK(cx, mail_conf_get(cx, &got));
    T_OK(cx, mail_conf_open(cx, v, &got));
    T(str_eq(got.password, S("geheim-geheim")) && str_eq(got.name, S("Neu")));
    c.host = S("mail.evil.example"); /* who may set the server shall not get at the password of another */
    T(mail_conf_set(cx, v, &c, true) == E_INVALID);
    T_STR(cx->at, S("password"));
    c.host = S("");
    T_OK(cx, mail_conf_set(cx, v, &c, true));
    T_OK(cx, mail_is_set(cx, &is_set));
    T(!is_set);
    int64_t id = 1;
    T_OK(cx, mail_queue(cx, &(struct mail){.kind = S("note"), .addr = S("a@b.de")}, &id));
    T_INT(id, 0);
    vault_close(&v);
    vault_close(&other);
}

/* ---- sending ---- */
static _Atomic int notes;
static enum err note(struct cx *cx, const struct mail_house *h, const struct mail_row *m, struct letter *ret)
{
    (void)h;
    notes++;
    if (str_eq(m->args, S("none"))) return fail(cx, E_NOTFOUND, "There is no such mail");
    if (str_eq(m->args, S("bad"))) return fail(cx, E_INVALID, "This is not an e-mail address");
    *ret = (struct letter){.addr = m->addr, .name = S("Ona"), .lang = S("lt"), .subject = S("Laiškas"), .text = S("secret-token-77\n.\n")};
    return E_OK;
}
static const struct mail_kind notes_kind[] = {{S0("note"), note}};

static enum err begin(void *arg, struct cx *cx)
{
    const struct bed *t = arg;
    cx->meta = t->m;
    return E_OK;
}
static void end(void *arg, struct cx *cx)
{
    (void)arg;
    (void)cx;
}

static struct mailer *mailer(struct bed *t, const struct vault *v)
{
    struct mailer *m = NULL;
    struct mailer_opts o = {.db = t->b, .vault = v, .url = S("https://crm.example/"), .kinds = notes_kind, .n = 1, .arg = t, .cx_begin = begin, .cx_end = end};
    T_OK(&t->cx, mailer_start(&t->cx, &o, &m));
    return m;
}

static int64_t queued(struct bed *t, struct mailer *m, const char *args, const char *addr)
{
    struct mail mail = {.kind = S("note"), .addr = str_from(addr), .args = str_from(args)};
    int64_t id = 0;
    t->cx.now_ms = clock_ms();
    T_OK(&t->cx, mail_queue(&t->cx, &mail, &id));
    mailer_wake(m);
    return id;
}

/* Until it has been tried so often, or has come to an end. */
static struct mail_row waited(struct bed *t, int64_t id, int64_t tries)
{
    struct mail_row r = {0};
    for (int i = 0; i < 500; i++) {
        if (mail_get(&t->cx, id, &r) != E_OK) return (struct mail_row){0};
        if (r.done_at || (r.tries >= tries && str_eq(r.state, S("queued")))) return r;
        os_sleep_us(20000);
    }
    return r;
}

static struct mail_try last_try(struct bed *t, int64_t id)
{
    struct mail_try *v = NULL;
    size_t n = 0;
    T_OK(&t->cx, mail_tries(&t->cx, id, &v, &n));
    return n ? v[n - 1] : (struct mail_try){0};
}

static void one(struct bed *t, struct smtp_stub *s, struct mailer *m, enum smtp_says says, const char *state, const char *outcome, int64_t code)
{
    s->says = says;
    int came = s->came;
    int64_t id = queued(t, m, "{}", "ona@example.lt");
    struct mail_row r = waited(t, id, 1);
    struct mail_try tr = last_try(t, id);
    T_STR(r.state, str_from(state));
    T_STR(tr.outcome, str_from(outcome));
    T_INT(tr.code, code);
    T_INT(r.tries, 1);
    T_INT(s->came, came + 1);
    T(strcmp(state, "queued") == 0 ? r.due_at > clock_ms() + 50000 && r.args.n : r.done_at > 0 && !r.args.n);
}

static enum err due_now(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE mail_out SET due_at = 0 WHERE id = $1", V(*(const int64_t *)arg));
}

static enum err too_late(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE mail_out SET due_at = 0, until = 1 WHERE id = $1", V(*(const int64_t *)arg));
}

static enum err dies(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE mail_out SET state = 'sending', lease_until = 1, tries = 1, done_at = 0 WHERE id = $1", V(*(const int64_t *)arg));
}

/* No word of a mail and no secret of it is in the base: not after it was sent, and not before. */
static void no_trace(struct bed *t)
{
    struct db_rows r = {0};
    T_OK(&t->cx, db_query(&t->cx, &r, "SELECT id FROM mail_out WHERE args LIKE '%secret-token%' OR subject LIKE '%secret-token%' OR why LIKE '%secret-token%'"));
    T_INT((int64_t)r.n, 0);
    T_OK(&t->cx, db_query(&t->cx, &r, "SELECT mail FROM mail_try WHERE said LIKE '%secret-token%'"));
    T_INT((int64_t)r.n, 0);
}

static void ends(struct bed *t, struct smtp_stub *s, struct mailer *m)
{
    struct cx *cx = &t->cx;
    int before = s->came, made = notes;
    int64_t id = queued(t, m, "none", "ona@example.lt");
    for (int i = 0; i < 500 && notes == made; i++) os_sleep_us(20000);
    T_INT(waited(t, id, 1).id, 0); /* nothing to send: no trace */
    T_STR(waited(t, queued(t, m, "bad", "ona@example.lt"), 1).state, S("failed"));
    T_STR(waited(t, queued(t, m, "{}", "иван@пример.рф"), 1).state, S("failed"));
    T_STR(waited(t, queued(t, m, "{}", "a@b.de>\r\nDATA"), 1).state, S("failed"));
    T_INT(s->came, before);
    int64_t other = 0;
    T_OK(cx, mail_queue(cx, &(struct mail){.kind = S("nosuch"), .addr = S("a@b.de")}, &other));
    T_STR(waited(t, other, 1).state, S("failed"));
    s->says = SAYS_RCPT_450;
    id = queued(t, m, "{}", "ona@example.lt");
    (void)waited(t, id, 1);
    T_OK(cx, db_write(cx, due_now, &id)); /* as if time had passed */
    mailer_wake(m);
    struct mail_row r = waited(t, id, 2);
    T(str_eq(r.state, S("queued")) && r.tries == 2 && r.due_at > clock_ms() + 200000);
    T_OK(cx, db_write(cx, too_late, &id));
    mailer_wake(m);
    r = waited(t, id, 9);
    T(str_eq(r.state, S("failed")) && str_find(r.why, S("greylisted")) > 0 && r.tries == 2);
    T_OK(cx, mail_queue(cx, &(struct mail){.kind = S("note"), .addr = S("ona@example.lt"), .once = true}, &id));
    mailer_wake(m);
    T_STR(waited(t, id, 9).state, S("failed"));
}

/* Set while plain_outgoing let it: nothing leaves when it is gone. */
static void in_the_clear(struct bed *t, struct vault *v, struct mailer *m)
{
    struct mail_conf c = {.host = S("0.0.0.0"), .port = 9, .security = MAIL_NONE, .from = S("crm@mueller.example"), .plain = true};
    T_OK(&t->cx, mail_conf_set(&t->cx, v, &c, false)); /* the discard port of this machine, by a name that is not taken for it */
    struct mail_row r = waited(t, queued(t, m, "{}", "ona@example.lt"), 1);
    T(str_eq(r.state, S("queued")) && r.tries == 1 && str_find(r.why, S("plain_outgoing")) > 0);
}

static void sends(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct vault *v = vault_make(t, "a.key"), *other = vault_make(t, "b.key");
    struct smtp_stub s;
    smtp_stub_start(&s);
    struct mail_conf c = conf_to(s.port);
    T_OK(cx, mail_conf_set(cx, v, &c, false));
    struct mailer *m = mailer(t, v);
    one(t, &s, m, SAYS_OK, "sent", "sent", 250);
    str got = smtp_stub_got(&s, cx->a);
    T(str_find(got, S("MAIL FROM:<crm@mueller.example>")) > 0 && str_find(got, S("RCPT TO:<ona@example.lt>\r\n")) > 0);
    T(str_find(got, S("secret-token-77\r\n=2E\r\n")) > 0 && count(got, S("RCPT")) == 1 && str_find(got, S("AUTH")) < 0);
    one(t, &s, m, SAYS_ODD, "sent", "sent", 250);
    one(t, &s, m, SAYS_GREET_CUT, "queued", "later", 0);
    one(t, &s, m, SAYS_RCPT_450, "queued", "later", 450);
    one(t, &s, m, SAYS_RCPT_550, "failed", "refused", 550);
    one(t, &s, m, SAYS_DATA_CUT, "queued", "later", 0);
    one(t, &s, m, SAYS_BODY_CUT, "unknown", "unknown", 0);
    one(t, &s, m, SAYS_END_451, "queued", "later", 451);
    one(t, &s, m, SAYS_END_554, "failed", "refused", 554);
    one(t, &s, m, SAYS_END_CUT, "unknown", "unknown", 0);
    T(s.mails == 2);
    ends(t, &s, m);
    c.user = S("crm");
    c.password = S("geheim");
    T_OK(cx, mail_conf_set(cx, v, &c, false));
    one(t, &s, m, SAYS_AUTH_535, "queued", "later", 535); /* that is our fault and not the addressee's */
    one(t, &s, m, SAYS_OK, "sent", "sent", 250);
    T(str_find(smtp_stub_got(&s, cx->a), S("AUTH PLAIN")) > 0);
    T_OK(cx, mail_conf_set(cx, other, &c, false)); /* restored without its key */
    s.says = SAYS_OK;
    int came = s.came;
    struct mail_row r = waited(t, queued(t, m, "{}", "ona@example.lt"), 1);
    T(str_eq(r.state, S("queued")) && r.tries == 1 && r.why.n && s.came == came);
    in_the_clear(t, v, m);
    no_trace(t);
    mailer_stop(&m);
    smtp_stub_stop(&s);
    vault_close(&v);
    vault_close(&other);
}

/* Whoever died while he sent does not send again; whoever is to stop does not wait for a server. */
static void stops(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct smtp_stub s;
    smtp_stub_start(&s);
    struct mail_conf c = conf_to(s.port);
    T_OK(cx, mail_conf_set(cx, NULL, &c, false));
    int64_t id = queued(t, NULL, "{}", "ona@example.lt");
    T_OK(cx, db_write(cx, dies, &id));
    struct mailer *m = mailer(t, NULL);
    struct mail_row r = waited(t, id, 9);
    T(str_eq(r.state, S("unknown")) && r.tries == 1 && s.came == 0 && !r.args.n);
    s.says = SAYS_NOTHING;
    id = queued(t, m, "{}", "ona@example.lt");
    for (int i = 0; i < 500 && !s.came; i++) os_sleep_us(20000);
    int64_t start = os_mono_ms();
    mailer_stop(&m);
    T(os_mono_ms() - start < 5000);
    T_OK(cx, mail_get(cx, id, &r));
    T(str_eq(r.state, S("queued")) && r.tries == 0);
    smtp_stub_stop(&s);
}

int main(void)
{
    composes();
    injects();
    bed_both(sets);
    bed_both(sends);
    bed_both(stops);
    return t_end("mail");
}
