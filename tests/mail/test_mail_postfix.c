/* SPDX-License-Identifier: MIT */
/* Mail by a real Postfix (tools/with-postfix.sh): STARTTLS and TLS with the firm's own authority, AUTH; and what must not
 * be sent: to a certificate of another name or of nobody we trust, without encryption, with a wrong password (F08). */
#include "mail/mail_int.h"
#include "os/os.h"
#include "t.h"

#include <dirent.h>
#include <stdlib.h>

struct place {
    struct cx cx;
    str dir, ca, both;
    int64_t port[4]; /* starttls, tls, wrong, none */
};

static struct smtp_answer sent(struct place *p, struct mail_conf c, int64_t id)
{
    struct cx *cx = &p->cx;
    struct envelope e = {.from = S("crm@test.example"), .from_name = S("Müller & Söhne"), .to = S("ona@test.example"), .to_name = S("Ona Žukauskienė"),
                         .subject = S("Приглашение и ein Gruß"), .lang = S("ru"), .text = S("Здравствуйте,\n.\n..\nMit Grüßen\n"), .id = id, .at_ms = clock_ms()};
    struct smtp_answer a = {0};
    str message = {0};
    T_OK(cx, mail_compose(cx, &e, &message));
    smtp_send(cx, &c, &e, message, NULL, &a);
    return a;
}

static struct mail_conf conf(const struct place *p, int which, enum mail_security security)
{
    return (struct mail_conf){.host = S("localhost"), .port = p->port[which], .security = security, .user = S("crm"), .password = S("geheim-geheim"),
                              .from = S("crm@test.example"), .ca = p->ca};
}

static int boxed(struct place *p, str *ret)
{
    str folder = arena_fmt(p->cx.a, "%.*s/box/new", FS(p->dir));
    DIR *d = opendir(folder.p);
    int n = 0;
    for (const struct dirent *e = NULL; d && (e = readdir(d));) {
        if (e->d_name[0] == '.') continue;
        n++;
        T_OK(&p->cx, os_read_file(&p->cx, arena_fmt(p->cx.a, "%.*s/%s", FS(folder), e->d_name), 1 << 20, ret));
    }
    if (d) (void)closedir(d);
    return n;
}

static void arrives(struct place *p, int which, enum mail_security security, int nth)
{
    str got = {0};
    struct smtp_answer a = sent(p, conf(p, which, security), nth);
    T(a.end == SMTP_SENT && a.code == 250 && str_find(a.why, S("queued as")) > 0);
    if (a.end != SMTP_SENT) fprintf(stderr, "  %.*s\n%.*s\n", FS(a.why), FS(a.said));
    T(str_find(a.said, S("235 ")) > 0 && str_find(a.said, S("ESMTP")) > 0);
    for (int i = 0; i < 500 && boxed(p, &got) < nth; i++) os_sleep_us(20000);
    T_INT(boxed(p, &got), nth);
    T(str_find(got, S("From: =?UTF-8?B?TcO8bGxlciAmIFPDtmhuZQ==?=\n <crm@test.example>")) > 0 && str_find(got, S("Auto-Submitted: auto-generated")) > 0);
    T(str_find(got, S("\n=2E\n=2E.\n")) > 0 && str_find(got, S("Delivered-To: ona@test.example")) >= 0);
}

static void refused(struct place *p, struct mail_conf c, enum smtp_end end, const char *why)
{
    struct smtp_answer a = sent(p, c, 99);
    T(a.end == end && str_find(a.why, str_from(why)) >= 0);
    if (a.end != end || str_find(a.why, str_from(why)) < 0) fprintf(stderr, "  end %d: %.*s (wanted %s)\n%.*s\n", a.end, FS(a.why), why, FS(a.said));
    T(str_find(a.said, S("geheim")) < 0);
}

int main(void)
{
    const char *dir = getenv("KONTOR_TEST_SMTP");
    struct place p = {.cx = t_cx(), .dir = str_from(dir ? dir : "")};
    str ports = {0}, one = {0};
    if (!dir) return fprintf(stderr, "mail_postfix: run it by tools/with-postfix.sh\n"), 1;
    T_OK(&p.cx, os_read_file(&p.cx, arena_fmt(p.cx.a, "%s/ca.pem", dir), 65536, &p.ca));
    T_OK(&p.cx, os_read_file(&p.cx, arena_fmt(p.cx.a, "%s/both.pem", dir), 65536, &p.both));
    T_OK(&p.cx, os_read_file(&p.cx, arena_fmt(p.cx.a, "%s/ports", dir), 100, &ports));
    ports = str_trim(ports);
    for (int i = 0; i < 4; i++) {
        (void)str_split(ports, ' ', &one, &ports);
        T(str_to_int(one, &p.port[i]));
    }
    arrives(&p, 0, MAIL_STARTTLS, 1);
    arrives(&p, 1, MAIL_TLS, 2);
    struct mail_conf c = conf(&p, 0, MAIL_STARTTLS);
    c.ca = S("");
    refused(&p, c, SMTP_LATER, "certificate");       /* nobody we trust has signed it */
    c = conf(&p, 2, MAIL_STARTTLS);
    refused(&p, c, SMTP_LATER, "certificate");       /* another's authority */
    c.ca = p.both;
    refused(&p, c, SMTP_LATER, "certificate");       /* signed by one we trust, for another name */
    refused(&p, conf(&p, 3, MAIL_STARTTLS), SMTP_LATER, "no encryption");
    refused(&p, conf(&p, 0, MAIL_TLS), SMTP_LATER, "right port");
    c = conf(&p, 0, MAIL_STARTTLS);
    c.password = S("falsch");
    refused(&p, c, SMTP_LATER, "535");
    c = conf(&p, 0, MAIL_NONE);
    c.user = c.password = S("");
    refused(&p, c, SMTP_REFUSED, "554");
    c = conf(&p, 0, MAIL_STARTTLS);
    c.port = 1;
    refused(&p, c, SMTP_LATER, "does not answer");
    str got = {0};
    T_INT(boxed(&p, &got), 2);
    t_cx_free(&p.cx);
    return t_end("mail_postfix");
}
