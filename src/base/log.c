/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "base/time.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static atomic_int level_max = LOG_INFO;

void log_level_set(enum log_level max) { atomic_store(&level_max, (int)max); }

bool log_is_on(enum log_level level) { return (int)level <= atomic_load_explicit(&level_max, memory_order_relaxed); }

/* One byte always stays for the line's end. */
static void add(struct log_line *l, str s)
{
    size_t room = LOG_LINE - 1 - l->n, n = s.n < room ? s.n : room;
    if (n) memcpy(l->p + l->n, s.p, n);
    l->n += n;
}

static bool is_plain(str v)
{
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && !strchr("._:/+@%,-", c)) return false;
        if (c == 0) return false;
    }
    return v.n > 0;
}

/* Control characters of ASCII, C1, line separators, direction marks and bytes that are not UTF-8. */
static bool is_hostile(str v, size_t at, uint32_t cp)
{
    if (cp == 0xFFFD) return !str_has_prefix(str_cut(v, at, v.n), S("\xEF\xBF\xBD"));
    return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || (cp >= 0x200B && cp <= 0x200F) ||
           (cp >= 0x2028 && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0xFEFF;
}

static void add_escaped(struct log_line *l, str v)
{
    char t[8];
    for (size_t i = 0; i < v.n;) {
        size_t from = i;
        uint32_t cp = utf8_next(v, &i);
        if (cp == '"' || cp == '\\') add(l, S("\\"));
        if (cp == '\n') add(l, S("\\n"));
        else if (!is_hostile(v, from, cp)) add(l, str_cut(v, from, i));
        else
            for (size_t k = from; k < i; k++) {
                (void)snprintf(t, sizeof t, "\\x%02x", (unsigned char)v.p[k]);
                add(l, str_from(t));
            }
    }
}

void log_str(struct log_line *l, str key, str v)
{
    bool cut = v.n > LOG_VALUE;
    if (l->off) return;
    if (cut) {
        v.n = LOG_VALUE;
        while (v.n && ((unsigned char)v.p[v.n] & 0xC0) == 0x80) v.n--;
    }
    add(l, S(" "));
    add(l, key);
    add(l, S("="));
    if (!cut && is_plain(v)) {
        add(l, v);
        return;
    }
    add(l, S("\""));
    add_escaped(l, v);
    add(l, cut ? S("...\"") : S("\""));
}

void log_int(struct log_line *l, str key, int64_t v)
{
    char t[24];
    (void)snprintf(t, sizeof t, "%" PRId64, v);
    log_str(l, key, str_from(t));
}

static void add_time(struct log_line *l)
{
    struct timespec ts = {0};
    char t[96];
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    struct date d = day_date(ts.tv_sec / 86400);
    int s = (int)(ts.tv_sec % 86400);
    (void)snprintf(t, sizeof t, "time=%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)d.y, d.m, d.d, s / 3600,
                   s / 60 % 60, s % 60, (int)(ts.tv_nsec / 1000000));
    add(l, str_from(t));
}

void log_begin(struct log_line *l, const struct cx *cx, enum log_level level, str room, str what)
{
    static const str names[] = {S0("error"), S0("warn"), S0("info"), S0("debug")};
    l->n = 0;
    l->off = !log_is_on(level);
    if (l->off) return;
    add_time(l);
    log_str(l, S("level"), names[level]);
    log_str(l, S("room"), room);
    if (cx && cx->req.n) log_str(l, S("req"), cx->req);
    if (cx && cx->who.user) log_int(l, S("user"), cx->real ? cx->real : cx->who.user);
    if (cx && cx->real) log_int(l, S("as"), cx->who.user);
    log_str(l, S("what"), what);
}

void log_end(struct log_line *l)
{
    if (l->off) return;
    l->p[l->n++] = '\n';
    ssize_t wrote = write(STDERR_FILENO, l->p, l->n);
    (void)wrote; /* nowhere to report to */
    l->off = true;
}

void log_say(const struct cx *cx, enum log_level level, str room, const char *fmt, ...)
{
    struct log_line l;
    char text[LOG_VALUE + 8];
    va_list ap;
    if (!log_is_on(level)) return;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    log_begin(&l, cx, level, room, n < 0 ? S("") : str_from(text));
    log_end(&l);
}
