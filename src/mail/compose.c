/* SPDX-License-Identifier: MIT */
/* mail/compose.c - a message of RFC 5322 with one part of text: header words of RFC 2047, body quoted-printable.
 *
 * Our own and not gmime's: these mails are one text each, and what is written here is 7-bit ASCII made byte by byte, so
 * that no text of a user becomes a header, a command or the end of the mail. */
#include "mail/mail_int.h"

#include "base/time.h"
#include "os/os.h"

enum { LINE_MAX_ = 76, WORD_BYTES = 45, PLAIN_MAX = 60, SUBJECT_MAX = 500, NAME_MAX_ = 200 };
static const char hex[] = "0123456789ABCDEF";

/* ---- words of headers ---- */
/* One line: controls are blanks, what is no UTF-8 is a question mark in a box. */
static str one_line(struct arena *a, str s, size_t max)
{
    struct buf b = buf_new(a, max + 4);
    char cp[4];
    for (size_t i = 0; i < s.n;) {
        uint32_t c = utf8_next(s, &i);
        if (c < ' ' || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029) c = ' ';
        size_t n = utf8_put(cp, c);
        if (b.n + n > max) break;
        buf_add(&b, (str){cp, n});
    }
    return str_trim(buf_str(&b));
}

/* RFC 2047: at most 75 characters a word, whole characters in each, on lines of their own. */
static void words(struct buf *b, str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t to = i;
        for (size_t next = i; next < s.n && (utf8_next(s, &next), next - i <= WORD_BYTES);) to = next;
        if (i) buf_add(b, S("\r\n "));
        buf_add(b, S("=?UTF-8?B?"));
        buf_add(b, os_base64(b->a, OS_BASE64, s.p + i, to - i));
        buf_add(b, S("?="));
        i = to;
    }
}

/* Letters, digits, blanks and what is harmless in a phrase and in a subject alike. */
static bool is_plain(str s, const char *also)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != ' ' && !(c && strchr(also, c))) return false;
    }
    return s.n <= PLAIN_MAX;
}

static void header_text(struct buf *b, str name, str text)
{
    buf_fmt(b, "%.*s: ", FS(name));
    if (is_plain(text, "!#$%&'*+-/.,:;()\"@^_{|}~")) buf_add(b, text);
    else words(b, text);
    buf_add(b, S("\r\n"));
}

static void header_mailbox(struct arena *a, struct buf *b, str header, str name, str addr)
{
    str one = one_line(a, name, NAME_MAX_);
    buf_fmt(b, "%.*s: ", FS(header));
    if (is_plain(one, "!#$%&'*+-/^_{|}~")) buf_add(b, one);
    else words(b, one);
    if (one.n) buf_add(b, S("\r\n "));
    buf_fmt(b, "<%.*s>\r\n", FS(addr));
}

static void header_date(struct buf *b, int64_t ms)
{
    static const char day[] = "MonTueWedThuFriSatSun", month[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t d = time_day(ms, 0), s = (ms - day_start_ms(d, 0)) / 1000;
    struct date at = day_date(d);
    buf_fmt(b, "Date: %.3s, %d %.3s %" PRId64 " %02d:%02d:%02d +0000\r\n", day + 3 * (day_weekday(d) - 1), at.d,
            month + 3 * (at.m - 1), at.y, (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

/* ---- the body ---- */
struct lines {
    struct buf *b;
    size_t at; /* characters of this line */
};

static void put(struct lines *l, const char *p, size_t n)
{
    if (l->at + n >= LINE_MAX_) {
        buf_add(l->b, S("=\r\n"));
        l->at = 0;
    }
    buf_add(l->b, (str){p, n});
    l->at += n;
}

/* Would one more character be the first of a line? */
static bool begins(const struct lines *l) { return !l->at || l->at + 1 >= LINE_MAX_; }
static bool ends_line(str s, size_t i) { return i + 1 >= s.n || s.p[i + 1] == '\n' || s.p[i + 1] == '\r'; }

static void quoted_printable(struct buf *b, str s)
{
    struct lines l = {.b = b};
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\r' && i + 1 < s.n && s.p[i + 1] == '\n') continue;
        if (c == '\n' || c == '\r') {
            buf_add(b, S("\r\n"));
            l.at = 0;
        } else if ((c > ' ' && c < 0x7F && c != '=' && !(c == '.' && begins(&l))) || (c == ' ' && !ends_line(s, i))) {
            put(&l, s.p + i, 1);
        } else {
            put(&l, (const char[]){'=', hex[c >> 4], hex[c & 15]}, 3);
        }
    }
    if (l.at) buf_add(b, S("\r\n"));
}

enum err mail_compose(struct cx *cx, const struct envelope *e, str *ret)
{
    struct buf b = buf_new(cx->a, MAIL_BYTES_MAX);
    str local = {0}, domain = {0};
    (void)str_split(e->from, '@', &local, &domain);
    header_date(&b, e->at_ms);
    header_mailbox(cx->a, &b, S("From"), e->from_name, e->from);
    header_mailbox(cx->a, &b, S("To"), e->to_name, e->to);
    header_text(&b, S("Subject"), one_line(cx->a, e->subject, SUBJECT_MAX));
    buf_fmt(&b, "Message-ID: <kontor.%" PRId64 "@%.*s>\r\n", e->id, FS(domain)); /* of each try the same */
    buf_fmt(&b, "Content-Language: %.*s\r\n", FS(e->lang));
    buf_add(&b, S("Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"));
    quoted_printable(&b, e->text);
    if (b.full) return fail(cx, E_LIMIT, "This mail is too long");
    *ret = buf_str(&b);
    return E_OK;
}
