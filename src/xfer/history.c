/* SPDX-License-Identifier: MIT */
/* xfer/history.c - "12.03.2020 called, asks for an offer (Maria)": dated lines of a remark. */
#include "base/time.h"
#include "xfer/row.h"

static bool digits(str s, size_t *at, size_t max, int64_t *ret, size_t *ret_n)
{
    int64_t v = 0;
    size_t n = 0;
    while (*at < s.n && n < max && s.p[*at] >= '0' && s.p[*at] <= '9') {
        v = v * 10 + (s.p[*at] - '0');
        ++*at;
        n++;
    }
    *ret = v;
    *ret_n = n;
    return n > 0 && (*at == s.n || s.p[*at] < '0' || s.p[*at] > '9');
}

/* Three numbers with the same mark between them; how many digits each has. */
static bool three_numbers(str s, int64_t v[3], size_t n[3], size_t *at)
{
    char sep = 0;
    for (int i = 0; i < 3; i++) {
        if (!digits(s, at, 4, &v[i], &n[i])) return false;
        if (i == 2) break;
        if (*at >= s.n || !strchr(".-/", s.p[*at]) || (sep && s.p[*at] != sep)) return false;
        sep = s.p[(*at)++];
    }
    return true;
}

/* A day at the line's head: 12.03.2020, 1.3.20, 2020-03-12, 12/03/2020. */
static bool head_day(str s, int64_t *ret, size_t *ret_n)
{
    int64_t v[3];
    size_t n[3], at = 0;
    if (!three_numbers(s, v, n, &at)) return false;
    bool year_first = n[0] == 4;
    int64_t y = year_first ? v[0] : v[2], d = year_first ? v[2] : v[0];
    if (!year_first && n[2] == 2) y += y < 70 ? 2000 : 1900;
    else if (!year_first && n[2] != 4) return false;
    if (v[1] < 1 || v[1] > 12 || d < 1 || d > 31 || !date_exists(y, (int)v[1], (int)d))
        return false;
    *ret = day_from(y, (int)v[1], (int)d);
    *ret_n = at;
    return true;
}

static bool says(str text, const char *words)
{
    str w = {0};
    for (str rest = str_from(words); rest.n > 0;) {
        str_split(rest, '|', &w, &rest);
        if (str_find(text, w) >= 0) return true;
    }
    return false;
}

static str kind_of(str text)
{
    if (says(text, "звон|Звон|трубк|телефон|call|phone|anruf|Anruf|telefon|Telefon|skamb|Skamb"))
        return S("call");
    if (says(text,
             "встреч|Встреч|meeting|Meeting|visit|Visit|treffen|Treffen|esuch|susitik|Susitik"))
        return S("meeting");
    if (says(text, "письм|Письм|почт|mail|Mail|letter|Brief|brief|laišk|Laišk")) return S("letter");
    return S("note");
}

static str cut_who(str *text)
{
    if (!str_has_suffix(*text, S(")"))) return S("");
    size_t i = text->n;
    while (i > 0 && text->p[i - 1] != '(') i--;
    if (i < 2 || text->n - i > 80) return S("");
    str who = str_trim(str_cut(*text, i, text->n - 1));
    *text = str_trim(str_cut(*text, 0, i - 1));
    return who;
}

static void add_line(struct arena *a, struct buf *line, int64_t day, told_lines *ret)
{
    str text = str_trim(buf_str(line));
    if (text.n == 0) return;
    struct told_line *t = LIST_ADD(a, ret);
    t->day = day;
    t->who = cut_who(&text);
    t->text = text;
    t->kind = kind_of(text);
}

/* A date that something is told about. */
static bool is_head(str line, int64_t *ret_day, size_t *ret_n)
{
    return head_day(line, ret_day, ret_n) &&
           (*ret_n == line.n || strchr(" \t:,;-(", line.p[*ret_n]));
}

/* Up to a line's end, or to a ';' or '|' that the next date stands behind. */
static bool next_line(str text, str *ret, str *ret_tail)
{
    for (size_t i = 0; i < text.n; i++) {
        int64_t day = 0;
        size_t n = 0;
        if (!text.p[i] || !strchr("\n;|", text.p[i])) continue;
        str tail = str_cut(text, i + 1, text.n);
        if (text.p[i] != '\n' && !is_head(str_trim(tail), &day, &n)) continue;
        *ret = str_cut(text, 0, i);
        *ret_tail = tail;
        return true;
    }
    *ret = text;
    *ret_tail = S("");
    return false;
}

void history_read(struct arena *a, str text, told_lines *ret, str *ret_rest)
{
    struct buf line = buf_new(a, text.n + 2), rest = buf_new(a, text.n + 2);
    int64_t day = 0, next = 0;
    bool open = false, more = true;

    for (str one, tail = text; more;) {
        size_t n = 0;
        more = next_line(tail, &one, &tail);
        one = str_trim(one);
        if (is_head(one, &next, &n)) {
            if (open) add_line(a, &line, day, ret);
            line = buf_new(a, text.n + 2);
            day = next;
            open = true;
            one = str_cut(one, n, one.n);
            while (one.n && strchr(" \t:,;-", one.p[0])) one = str_cut(one, 1, one.n);
        }
        struct buf *to = open ? &line : &rest;
        if (to->n && one.n) buf_byte(to, '\n');
        buf_add(to, one);
    }
    if (open) add_line(a, &line, day, ret);
    *ret_rest = str_trim(buf_str(&rest));
}
