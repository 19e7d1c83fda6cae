/* SPDX-License-Identifier: MIT */
/* tests/api/shipped.h - how far each role goes that an installation begins with, and that role given to REPA1. */
#pragma once
#include "api_bed.h"

enum { SEE, CREATE, CHANGE, DELETE_, EXPORT, IMPORT, MASS };
/* How far each of them goes: n(one), o(wn), t(eam), b(ranch), a(ll), for see, create, change, delete,
 * export, import, mass. */
static const struct reached {
    const char *role, *entity, *reach;
} shipped[] = {
    {"Administrator", "person", "aaaaaaa"},   {"Administrator", "company", "aaaaaaa"},   {"Administrator", "interaction", "aaaaaaa"},
    {"Administrator", "task", "aaaaaaa"},     {"Administrator", "group", "aaaaaaa"},     {"Administrator", "bank_account", "aaaaaaa"},
    {"Kleines Büro: alle dürfen alles", "person", "aaaaaaa"}, {"Kleines Büro: alle dürfen alles", "company", "aaaaaaa"},
    {"Kleines Büro: alle dürfen alles", "interaction", "aaaaaaa"}, {"Kleines Büro: alle dürfen alles", "task", "aaaaaaa"},
    {"Kleines Büro: alle dürfen alles", "group", "aaaaaaa"}, {"Kleines Büro: alle dürfen alles", "bank_account", "aaaaaaa"},
    {"Vertriebsleitung", "person", "bbbbbbb"}, {"Vertriebsleitung", "company", "bbbbbbb"}, {"Vertriebsleitung", "interaction", "bbbbbbb"},
    {"Vertriebsleitung", "task", "bbbbbbb"},  {"Vertriebsleitung", "group", "aaabbbb"},  {"Vertriebsleitung", "bank_account", "bbbbbbb"},
    {"Verkauf", "person", "oooonnn"},         {"Verkauf", "company", "oooonnn"},         {"Verkauf", "interaction", "oooonnn"},
    {"Verkauf", "task", "oooonnn"},           {"Verkauf", "group", "annnnnn"},           {"Verkauf", "bank_account", "oooonnn"},
    {"Telefonzentrale", "person", "aaannnn"}, {"Telefonzentrale", "company", "aaannnn"}, {"Telefonzentrale", "interaction", "aaonnnn"},
    {"Telefonzentrale", "task", "aaonnnn"},   {"Telefonzentrale", "group", "annnnnn"},   {"Telefonzentrale", "bank_account", "annnnnn"},
    {"Lager", "person", "annnnnn"},           {"Lager", "company", "annnnnn"},           {"Lager", "interaction", "nnnnnnn"},
    {"Lager", "task", "oooonnn"},             {"Lager", "group", "annnnnn"},             {"Lager", "bank_account", "nnnnnnn"},
    {"Buchhaltung", "person", "annnann"},     {"Buchhaltung", "company", "ananann"},     {"Buchhaltung", "interaction", "annnann"},
    {"Buchhaltung", "task", "ooooann"},       {"Buchhaltung", "group", "annnann"},       {"Buchhaltung", "bank_account", "aaaaann"},
    {"Reklamationen", "person", "anannnn"},   {"Reklamationen", "company", "annnnnn"},   {"Reklamationen", "interaction", "aaannnn"},
    {"Reklamationen", "task", "aaannnn"},     {"Reklamationen", "group", "annnnnn"},     {"Reklamationen", "bank_account", "annnnnn"},
    {"Marketing", "person", "ananann"},       {"Marketing", "company", "annnnnn"},       {"Marketing", "interaction", "nnnnnnn"},
    {"Marketing", "task", "oooonnn"},         {"Marketing", "group", "aaaaaaa"},         {"Marketing", "bank_account", "nnnnnnn"},
    {"Händler", "person", "ooonnnn"},         {"Händler", "company", "ooonnnn"},         {"Händler", "interaction", "oonnnnn"},
    {"Händler", "task", "oooonnn"},           {"Händler", "group", "annnnnn"},           {"Händler", "bank_account", "nnnnnnn"},
};

/* own 0, team 1, branch 2, foreign 3 */
static inline bool within(char reach, int whose) { return reach != 'n' && whose <= (int)(strchr("otba", reach) - "otba"); }

/* REPA1 has this role and no other; it is in German, as the firm. */
static inline void shipped_give(struct api_bed *t, const char *role)
{
    struct cx *cx = &t->b.cx;
    struct answer all = api_call(t, cx->a, ADMIN, S("GET /api/v1/role?limit=50"), S(""), S(""));
    str id = S("");
    for (size_t k = 0; k < 20 && !id.n; k++)
        if (str_eq(answer_value(cx, &all, arena_fmt(cx->a, "data.%zu.name", k)), str_from(role))) id = answer_value(cx, &all, arena_fmt(cx->a, "data.%zu.id", k));
    T(id.n > 0);
    struct answer r = api_call(t, cx->a, ADMIN, api_expand(t, cx->a, "PATCH /api/v1/user/$repa1"), arena_fmt(cx->a, "{\"role\":\"%.*s\"}", FS(id)), S(""));
    T_INT(r.status, 200);
}
