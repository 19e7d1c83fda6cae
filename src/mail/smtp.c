/* SPDX-License-Identifier: MIT */
/* mail/smtp.c - one mail over SMTP by libcurl: TLS as the setting says, never less; every line of the server kept. */
#include "mail/mail_int.h"

#include "base/tr.h"

#include <curl/curl.h>

const char *const smtp_end_name[SMTP_ENDS] = {"sent", "later", "refused", "unknown"};
enum { CONNECT_MS = 15000, TOTAL_MS = 120000, RCPT_REFUSED_FROM = 500 };

struct talk {
    CURL *h;
    struct curl_slist *to;
    const _Atomic bool *stop;
    str left;         /* of the mail */
    bool handed_over; /* the last byte is the library's: from here on the server may have it */
    struct buf said;
    str answer;       /* the reply that came after that */
    str refusal;      /* the last reply of 4xx or 5xx */
    char error[CURL_ERROR_SIZE];
};

static void talk_end(struct talk *t)
{
    curl_easy_cleanup(t->h);
    curl_slist_free_all(t->to);
}

static size_t on_read(char *p, size_t one, size_t n, void *arg)
{
    struct talk *t = arg;
    size_t take = n * one < t->left.n ? n * one : t->left.n;
    memcpy(p, t->left.p, take);
    t->left = str_cut(t->left, take, t->left.n);
    if (!take) t->handed_over = true;
    return take;
}

/* Printable, and one line. */
static str shown(struct arena *a, str s)
{
    struct buf b = buf_new(a, 1024);
    char cp[4];
    for (size_t i = 0; i < s.n && b.n < 900;) {
        uint32_t c = utf8_next(s, &i);
        size_t n = utf8_put(cp, c < ' ' || (c >= 0x7F && c < 0xA0) ? ' ' : c);
        buf_add(&b, (str){cp, n});
    }
    return str_trim(buf_str(&b));
}

static size_t on_line(char *p, size_t one, size_t n, void *arg)
{
    struct talk *t = arg;
    (void)one;
    str line = shown(t->said.a, (str){p, n});
    bool is_last = line.n >= 3 && (line.n == 3 || line.p[3] == ' ');
    if (t->said.n + line.n + 1 < t->said.max) {
        if (t->said.n) buf_byte(&t->said, '\n');
        buf_add(&t->said, line);
    }
    if (is_last && t->handed_over && !t->answer.n) t->answer = line;
    if (is_last && (line.p[0] == '4' || line.p[0] == '5')) t->refusal = line;
    return n;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct talk *t = arg;
    (void)a, (void)b, (void)c, (void)d;
    return t->stop && atomic_load(t->stop) && !t->handed_over;
}

/* ---- the request ---- */
#define SET(opt, v) (ok = ok && curl_easy_setopt(t->h, (opt), (v)) == CURLE_OK)
static bool security_set(struct talk *t, const struct mail_conf *c)
{
    struct curl_blob ca = {.data = arena_get(t->said.a, c->ca.n + 1), .len = c->ca.n, .flags = CURL_BLOB_COPY};
    bool ok = true;
    SET(CURLOPT_PROTOCOLS_STR, c->security == MAIL_TLS ? "smtps" : "smtp");
    SET(CURLOPT_USE_SSL, (long)(c->security == MAIL_NONE ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (!c->ca.n) return ok;
    memcpy(ca.data, c->ca.p, c->ca.n);
    SET(CURLOPT_CAINFO_BLOB, &ca);
    return ok;
}

static bool talk_set(struct cx *cx, struct talk *t, const struct mail_conf *c, const struct envelope *e)
{
    str local = {0}, domain = {0};
    bool ok = security_set(t, c);
    (void)str_split(e->from, '@', &local, &domain);
    t->to = curl_slist_append(NULL, arena_fmt(cx->a, "<%.*s>", FS(e->to)).p);
    if (!t->to) return false;
    SET(CURLOPT_URL, arena_fmt(cx->a, "%s://%.*s:%" PRId64 "/%.*s", c->security == MAIL_TLS ? "smtps" : "smtp",
                               FS(c->host), c->port, FS(domain))
                         .p);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_MAIL_FROM, arena_fmt(cx->a, "<%.*s>", FS(e->from)).p);
    SET(CURLOPT_MAIL_RCPT, t->to);
    if (c->user.n) {
        SET(CURLOPT_USERNAME, arena_z(cx->a, c->user));
        SET(CURLOPT_PASSWORD, arena_z(cx->a, c->password));
    }
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, t);
    SET(CURLOPT_HEADERFUNCTION, on_line);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, t);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    SET(CURLOPT_TIMEOUT_MS, (long)TOTAL_MS);
    SET(CURLOPT_ERRORBUFFER, t->error);
    return ok;
}

/* ---- what it means ---- */
/* Of the log-in and of TLS: the setting's fault, not this addressee's. */
static bool is_about_us(long code) { return code == 530 || code == 534 || code == 535 || code == 538; }

static enum smtp_end end_of(const struct talk *t, CURLcode rc, long code)
{
    if (rc == CURLE_OK) return SMTP_SENT;
    if (t->handed_over && !t->answer.n) return SMTP_UNKNOWN;
    bool for_good = code >= RCPT_REFUSED_FROM && code < 600 && !is_about_us(code) && rc != CURLE_LOGIN_DENIED;
    return for_good ? SMTP_REFUSED : SMTP_LATER;
}

static str why_of(struct cx *cx, const struct talk *t, CURLcode rc, enum smtp_end end)
{
    if (end == SMTP_SENT) return t->answer;
    if (end == SMTP_UNKNOWN)
        return str_from(TR("The connection broke before the server had answered: whether it arrived is not known"));
    switch ((int)rc) {
    case CURLE_COULDNT_RESOLVE_HOST: return str_from(TR("There is no server of this name"));
    case CURLE_COULDNT_CONNECT: return str_from(TR("The server does not answer at this port"));
    case CURLE_OPERATION_TIMEDOUT: return str_from(TR("The server took too long to answer"));
    case CURLE_USE_SSL_FAILED: return str_from(TR("The server offers no encryption (STARTTLS)"));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: return str_from(TR("The server's certificate cannot be trusted"));
    case CURLE_SSL_CONNECT_ERROR: return str_from(TR("No encrypted connection came about: is it the right port?"));
    default: break;
    }
    return t->refusal.n ? t->refusal : shown(cx->a, str_from(t->error[0] ? t->error : curl_easy_strerror(rc)));
}

void smtp_send(struct cx *cx, const struct mail_conf *c, const struct envelope *e, str message,
               const _Atomic bool *stop, struct smtp_answer *ret)
{
    struct talk t OWNED(talk_end) = {
        .h = curl_easy_init(), .stop = stop, .left = message, .said = buf_new(cx->a, SMTP_SAID_MAX)};
    long code = 0;
    CURLcode rc = t.h && talk_set(cx, &t, c, e) ? curl_easy_perform(t.h) : CURLE_FAILED_INIT;
    if (t.h) (void)curl_easy_getinfo(t.h, CURLINFO_RESPONSE_CODE, &code);
    enum smtp_end end = end_of(&t, rc, code);
    if (rc != CURLE_OK && code < 400) code = 0; /* of a command before */
    *ret = (struct smtp_answer){end, code, buf_str(&t.said), why_of(cx, &t, rc, end)};
}
