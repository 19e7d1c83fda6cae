/* SPDX-License-Identifier: MIT */
/* xfer/cells.c - single cells: numbers, dates, phones, mails; and what makes a cell a problem. */
#include "base/decimal.h"
#include "base/time.h"
#include "base/tr.h"
#include "fmt/mailaddr.h"
#include "fmt/phone.h"
#include "xfer/row_int.h"

void problem_add(struct row_work *w, str text, const char *why, bool kept)
{
    struct problem *p = LIST_ADD(w->cx->a, &w->r->problems);
    size_t n = text.n > 200 ? 200 : text.n;
    while (n < text.n && n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80) n--;
    *p = (struct problem){w->column, arena_dup(w->cx->a, str_cut(text, 0, n)), str_from(why), kept};
}

static bool is_formula_text(str s)
{
    return s.n > 1 && s.p[0] == '=' &&
           (s.p[1] == '(' || (s.p[1] >= 'A' && s.p[1] <= 'Z') || (s.p[1] >= 'a' && s.p[1] <= 'z'));
}

bool cell_usable(struct row_work *w, const struct cell *cell)
{
    bool is_value = cell->kind == CELL_NUMBER || cell->kind == CELL_DATE ||
                    cell->kind == CELL_DATETIME || cell->kind == CELL_BOOL;
    if (cell->no_value) {
        problem_add(w, cell->text,
                    TR("A formula without its value: open the file and save it once"), false);
        return false;
    }
    if (cell->is_formula && cell->kind == CELL_EMPTY) return false; /* it gave an empty text */
    if (cell->is_formula && !is_value) {
        problem_add(w, cell->text, TR("A formula: set aside, not computed"), false);
        return false;
    }
    if (cell->kind == CELL_TEXT && is_formula_text(str_trim(cell->text))) {
        problem_add(w, cell->text, TR("A formula: set aside, not computed"), false);
        return false;
    }
    if (cell->kind == CELL_ERROR) {
        problem_add(w, cell->text, TR("An error value of the workbook"), false);
        return false;
    }
    return cell->kind != CELL_EMPTY && str_trim(cell->text).n > 0;
}

str digits_of(struct arena *a, str s)
{
    struct buf b = buf_new(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= '0' && s.p[i] <= '9') buf_byte(&b, s.p[i]);
    return buf_str(&b);
}

/* A number as a workbook holds it: the digits, times ten to the power of exp. */
struct figure {
    char digits[40];
    size_t n; /* at least 1 once read */
    int64_t exp;
    bool minus;
};

static bool exponent_read(str s, int64_t *ret)
{
    if (s.n && s.p[0] == '+') s = str_cut(s, 1, s.n);
    return str_to_int(s, ret) && *ret <= 40 && *ret >= -40;
}

static bool figure_read(str s, struct figure *ret)
{
    struct figure f = {.minus = s.n && s.p[0] == '-'};
    int64_t exp = 0, places = 0;
    bool point = false;
    for (size_t i = f.minus; i < s.n; i++) {
        char c = s.p[i];
        if (c >= '0' && c <= '9') {
            if (f.n + 1 >= 36) continue;
            f.digits[f.n++] = c;
            places += point;
        } else if (c == '.' && !point) {
            point = true;
        } else if (c == 'E' || c == 'e') {
            if (!exponent_read(str_cut(s, i + 1, s.n), &exp)) return false;
            break;
        } else {
            return false;
        }
    }
    if (f.n == 0) return false;
    f.exp = exp - places;
    *ret = f;
    return true;
}

/* Noughts behind the digits. */
static bool figure_grow(const struct figure *f, int64_t by, int64_t *ret)
{
    struct figure g = *f;
    for (; by > 0; by--) {
        if (g.n + 1 >= sizeof g.digits) return false;
        g.digits[g.n++] = '0';
    }
    return str_to_int((str){g.digits, g.n}, ret);
}

/* Without the last digits, by at least 1; the first of those cut off rounds. */
static bool figure_round(const struct figure *f, int64_t by, int64_t *ret)
{
    if (by > (int64_t)f->n) {
        *ret = 0;
        return true;
    }
    size_t left = f->n - (size_t)by;
    int64_t v = 0;
    if (left && !str_to_int((str){f->digits, left}, &v)) return false;
    return !__builtin_add_overflow(v, f->digits[left] >= '5', ret);
}

/* "1.25E+3" and "0.30000000000000004" as a workbook holds them, rounded to the scale. */
static bool number_exact(str s, int scale, int64_t *ret)
{
    struct figure f = {0};
    int64_t v = 0;
    if (!figure_read(s, &f)) return false;
    int64_t by = f.exp + scale;
    if (!(by < 0 ? figure_round(&f, -by, &v) : figure_grow(&f, by, &v))) return false;
    *ret = f.minus ? -v : v;
    return true;
}

static bool is_kind(const struct field *f, const char *name)
{
    return str_eq(f->kind->name, str_from(name));
}

/* "0.0.00", "0/0/00": an address book's word for no date. */
static bool is_no_date(str s)
{
    size_t noughts = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (!strchr("0./-", s.p[i])) return false;
        noughts += s.p[i] == '0';
    }
    return noughts > 2;
}

/* A day's number without a date's format, as copied from a workbook. */
static bool serial_day(const struct row_work *w, str s, int64_t *ret)
{
    enum {
        EXCEL_EPOCH = 25569,
        YEARS_1904 = 1462,
        SERIAL_MIN = 367,
        SERIAL_MAX = 73415
    }; /* 1901 to 2100 */
    if (s.n != 5 || !str_to_int(s, ret) || *ret < SERIAL_MIN || *ret > SERIAL_MAX) return false;
    *ret -= EXCEL_EPOCH - (w->rp->is_1904 ? YEARS_1904 : 0);
    return true;
}

static bool date_cell(struct row_work *w, const struct col_act *c, const struct cell *cell,
                      struct val *ret)
{
    int64_t day = 0;
    str s = str_trim(cell->text);
    if (cell->kind == CELL_DATE || cell->kind == CELL_DATETIME) {
        if (!day_parse(str_cut(s, 0, 10), &day)) return false;
    } else if (!serial_day(w, s, &day)) {
        if (c->f->kind->from_text(w->cx, c->f, s, ret) != E_OK || ret->t != VT_INT) return false;
        day = ret->i;
    }
    int64_t today = time_day(w->cx->now_ms, w->cx->tz_min);
    if (c->birthday && day > today && day - 36525 <= today) day = day_add_months(day, -1200);
    *ret = VAL_INT(day);
    return true;
}

/* 1.0277E+12 is an OGRN. */
static str id_text(struct row_work *w, const struct field *f, const struct cell *cell, str s)
{
    int64_t v = 0;
    if (cell->kind != CELL_NUMBER || f->check == CHECK_NONE || !number_exact(s, 0, &v) || v <= 0) return s;
    return nought_id(w, f, arena_fmt(w->cx->a, "%" PRId64, v));
}

bool cell_value(struct row_work *w, const struct col_act *c, const struct cell *cell,
                struct val *ret)
{
    const struct field *f = c->f;
    str s = str_trim(cell->text);
    bool ok;

    if (is_kind(f, "date")) {
        if (is_no_date(s)) return false;
        ok = date_cell(w, c, cell, ret);
    } else if (cell->kind == CELL_NUMBER &&
               (is_kind(f, "decimal") || is_kind(f, "int") || is_kind(f, "percent"))) {
        int64_t v = 0;
        ok = number_exact(s, is_kind(f, "int") ? 0 : f->scale, &v);
        if (ok) *ret = VAL_INT(v);
    } else {
        s = id_text(w, f, cell, s);
        if (s.n && s.p == cell->text.p && f->kind->store != ST_KEYS) s = arena_dup(w->cx->a, s);
        ok = f->kind->from_text(w->cx, f, s, ret) == E_OK;
    }
    if (ok) return true;
    w->cx->err = E_OK;
    const char *why = is_kind(f, "date")         ? TR("No such date")
                      : f->kind->store == ST_INT ? TR("Not a number")
                                                 : TR("Does not fit the field");
    problem_add(w, cell->text, why, false);
    return false;
}

static const str uses[] = {S0(""), S0("mobile"), S0("work"), S0("home"), S0("fax")};

/* In the row's country, else at home. */
static bool phone_read(struct row_work *w, str typed, str country, struct phone *ret)
{
    struct phone at_home = {0};
    if (phone_parse(w->cx->a, typed, country, ret)) return true;
    if (ret->why != PHONE_INVALID || str_eq(country, w->cx->country)) return false;
    if (!phone_parse(w->cx->a, typed, w->cx->country, &at_home)) return false;
    *ret = at_home;
    return true;
}

/* Why it is not worth keeping, NULL when it is. */
static const char *phone_refusal(const struct phone *p)
{
    if (p->why == PHONE_ROUNDED) return TR("A rounded number: its last digits are lost");
    if (p->why == PHONE_EMPTY || p->why == PHONE_SHORT) return TR("Not a telephone number");
    return NULL;
}

static void phone_one(struct row_work *w, const struct phone_part *part, str country, bool firm)
{
    struct phone p = {0};
    bool ok = phone_read(w, part->typed, country, &p);
    const char *refusal = phone_refusal(&p);
    if (refusal) {
        problem_add(w, part->typed, refusal, false);
        return;
    }
    if (!ok) problem_add(w, part->typed, TR("No such number; kept as typed"), true);
    str type = uses[part->use];
    if (type.n == 0 && ok && p.kind == PHONE_MOBILE) type = S("mobile");
    struct item it = {.type = type,
                      .typed = arena_dup(w->cx->a, str_trim(part->typed)),
                      .norm = p.e164,
                      .ext = p.ext};
    if (firm) *LIST_ADD(w->cx->a, &w->firm_phones) = it;
    else *LIST_ADD(w->cx->a, &w->phones) = it;
    if (ok && !firm && (p.ext.n == 0 || p.ext_inside))
        *LIST_ADD(w->cx->a, &w->r->keys) = (struct key){KEY_PHONE, p.e164};
}

void cell_phones(struct row_work *w, size_t i, str country)
{
    struct phone_part part[PHONE_PARTS];
    str text = w->phone_cells[i];
    w->column = w->phone_columns[i];
    if (w->phone_rounded[i]) {
        problem_add(w, text, TR("A rounded number: its last digits are lost"), false);
        return;
    }
    size_t n = phone_split(w->cx->a, text, part);
    for (size_t k = 0; k < n; k++) phone_one(w, &part[k], country, w->phone_firm[i]);
}

/* What stands in brackets behind an address says whose it is. */
static str use_of(str aside)
{
    static const char *const home[] = {"личн", "домаш", "priv", "asmen", "home", "person"};
    static const char *const work[] = {"раб",  "служ",   "gesch", "büro",
                                       "work", "office", "darb",  "dienst"};
    for (size_t i = 0; i < COUNT(home); i++)
        if (str_find(aside, str_from(home[i])) >= 0) return S("home");
    for (size_t i = 0; i < COUNT(work); i++)
        if (str_find(aside, str_from(work[i])) >= 0) return S("work");
    return S("");
}

static str without_brackets(struct arena *a, str s, str *ret_aside)
{
    struct buf b = buf_new(a, s.n + 1);
    size_t open = 0;
    *ret_aside = S("");
    for (size_t i = 0, depth = 0; i < s.n; i++) {
        if (s.p[i] == '(' && depth++ == 0) open = i + 1;
        else if (s.p[i] == ')' && depth && --depth == 0) *ret_aside = str_cut(s, open, i);
        else if (depth == 0) buf_byte(&b, s.p[i]);
    }
    return buf_str(&b);
}

void cell_mails(struct row_work *w, str text, bool firm)
{
    struct mailaddr part[MAILADDR_PARTS];
    str aside = {0};
    size_t n = mailaddr_split(w->cx->a, without_brackets(w->cx->a, text, &aside), part);
    for (size_t i = 0; i < n; i++) {
        if (part[i].addr.n == 0) {
            problem_add(w, part[i].name, TR("Not a mail address"), false);
            continue;
        }
        struct item it = {
            .type = n == 1 ? use_of(aside) : S(""), .typed = part[i].addr, .norm = part[i].addr};
        if (firm) *LIST_ADD(w->cx->a, &w->firm_mails) = it;
        else *LIST_ADD(w->cx->a, &w->mails) = it;
        if (!firm) *LIST_ADD(w->cx->a, &w->r->keys) = (struct key){KEY_MAIL, part[i].addr};
    }
}
