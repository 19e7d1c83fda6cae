/* SPDX-License-Identifier: MIT */
/* auth/mails.c - the words of the mails about accounts, in the language of the user. */
#include "auth/link_int.h"

#include "base/json.h"
#include "base/time.h"
#include "base/tr.h"
#include "fmt/zone.h"

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS, SENT_IN_AN_HOUR = 5 };

/* By address alone: whoever it belongs to now, at the address as he wrote it. */
static enum err to_whom(struct cx *cx, const struct mail_row *m, struct letter *ret)
{
    struct mail_row of = *m;
    if (!m->user) TRY(auth_user_by_mail(cx, m->addr, &of.user));
    of.addr = S("");
    return mail_to_user(cx, &of, ret);
}

/* Nobody's mailbox is filled by strangers: one in so long, a few an hour. */
static enum err not_too_often(struct cx *cx, const struct mail_row *m, const struct letter *l, int64_t one_in_ms)
{
    struct db_rows r = {0};
    TRY(db_query(
        cx, &r,
        "SELECT count(*), coalesce(max(done_at), 0) FROM mail_out WHERE user_id = $1 AND kind = $2 AND id <> $3"
        " AND state = 'sent' AND done_at > $4",
        V(l->user), V(m->kind), V(m->id), V(cx->now_ms - HOUR_MS)));
    bool too_often = db_int(&r, 0, 0) >= SENT_IN_AN_HOUR || db_int(&r, 0, 1) > cx->now_ms - one_in_ms;
    return too_often ? fail(cx, E_NOTFOUND, "There is no such mail") : E_OK;
}

static enum err url_needed(struct cx *cx, const struct mail_house *h)
{
    return h->url.n ? E_OK : fail(cx, E_INVALID, "The address of this Kontor (url) is not set: no link can be made");
}

static str with_link(struct cx *cx, str text, str link) { return arena_fmt(cx->a, "%.*s\n%.*s", FS(text), FS(link)); }

/* Who has no password and is vouched for by a provider gets none by a mail: he comes in as long as that lets him. */
static enum err has_own(struct cx *cx, int64_t user)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT 1 FROM idp_link l WHERE l.user_id = $1"
                 " AND NOT EXISTS (SELECT 1 FROM credential c WHERE c.user_id = l.user_id) LIMIT 1",
                 V(user)));
    return r.n ? fail(cx, E_NOTFOUND, "There is no such mail") : E_OK;
}

static enum err reset_mail(struct cx *cx, const struct mail_house *h, const struct mail_row *m, struct letter *ret)
{
    struct letter l = {0};
    str token = {0};
    TRY(to_whom(cx, m, &l));
    TRY(has_own(cx, l.user));
    TRY(not_too_often(cx, m, &l, MINUTE_MS));
    TRY(url_needed(cx, h));
    TRY(link_new(cx, LINK_RESET, l.user, l.addr, S(""), RESET_MS, &token));
    str part[] = {
        arena_fmt(
            cx->a,
            tr_format(l.lang, TR("Somebody, probably you, has asked for a new password for your account at %.*s.")),
            FS(h->firm)),
        with_link(cx, tr(l.lang, S(TR("Choose it here within 60 minutes; the link works once:"))),
                  mail_link(cx, h, S("/password"), token)),
        tr(l.lang, S(TR("If it was not you, do nothing: your password stays as it is.")))};
    l.subject = arena_fmt(cx->a, tr_format(l.lang, TR("A new password for %.*s")), FS(h->firm));
    l.text = mail_text(cx, h, &l, part, COUNT(part));
    *ret = l;
    return E_OK;
}

static enum err invite_mail(struct cx *cx, const struct mail_house *h, const struct mail_row *m, struct letter *ret)
{
    struct letter l = {0};
    str token = {0};
    TRY(to_whom(cx, m, &l));
    TRY(url_needed(cx, h));
    TRY(link_new(cx, LINK_INVITE, l.user, l.addr, S(""), INVITE_MS, &token));
    str part[] = {
        arena_fmt(
            cx->a,
            tr_format(l.lang, TR("You have an account in Kontor at %.*s now. You log in with this address: %.*s.")),
            FS(h->firm), FS(l.addr)),
        with_link(cx, tr(l.lang, S(TR("Choose your password here within 7 days; the link works once:"))),
                  mail_link(cx, h, S("/password"), token))};
    l.subject = arena_fmt(cx->a, tr_format(l.lang, TR("%.*s invites you to Kontor")), FS(h->firm));
    l.text = mail_text(cx, h, &l, part, COUNT(part));
    *ret = l;
    return E_OK;
}

static enum err changed_mail(struct cx *cx, const struct mail_house *h, const struct mail_row *m, struct letter *ret)
{
    struct letter l = {0};
    TRY(to_whom(cx, m, &l));
    str part[] = {arena_fmt(cx->a,
                            tr_format(l.lang, TR("The password of your account at %.*s was changed by a link sent to "
                                                 "this address. All your sessions were ended.")),
                            FS(h->firm)),
                  tr(l.lang, S(TR("If it was not you, tell your administrator at once.")))};
    l.subject = tr(l.lang, S(TR("Your password was changed")));
    l.text = mail_text(cx, h, &l, part, COUNT(part));
    *ret = l;
    return E_OK;
}

/* ---- who comes in, and who does not ---- */
static enum err locked_mail(struct cx *cx, const struct mail_house *h, const struct mail_row *m, struct letter *ret)
{
    struct letter l = {0};
    str token = {0};
    TRY(to_whom(cx, m, &l));
    TRY(not_too_often(cx, m, &l, HOUR_MS));
    TRY(url_needed(cx, h));
    TRY(link_new(cx, LINK_UNLOCK, l.user, l.addr, S(""), UNLOCK_MS, &token));
    str part[] = {
        tr(l.lang,
           S(TR("There were too many wrong passwords for your account, from devices that are not known here. None such "
                "gets in for half an hour now; devices that you have used before are not concerned."))),
        with_link(
            cx,
            tr(l.lang, S(TR("If it was you, this link lets you try again at once; it works once, for 30 minutes:"))),
            mail_link(cx, h, S("/unlock"), token)),
        tr(l.lang, S(TR("If it was not you, you need not do anything: nobody got in.")))};
    l.subject = tr(l.lang, S(TR("Too many wrong passwords for your account")));
    l.text = mail_text(cx, h, &l, part, COUNT(part));
    *ret = l;
    return E_OK;
}

/* As people of that language write it, by the user's own clock. */
static str when(struct cx *cx, int64_t user, str lang, int64_t ms)
{
    struct db_rows r = {0};
    int min = auth_firm_tz(cx);
    if (db_query(cx, &r, "SELECT timezone FROM \"user\" WHERE id = $1", V(user)) == E_OK && r.n)
        (void)zone_named_min(db_str(&r, 0, 0), ms, &min);
    int64_t day = time_day(ms, min);
    struct date d = day_date(day);
    int m = (int)((ms - day_start_ms(day, min)) / 60000);
    str zone = arena_fmt(cx->a, "UTC%c%02d:%02d", min < 0 ? '-' : '+', (min < 0 ? -min : min) / 60,
                         (min < 0 ? -min : min) % 60);
    if (str_eq(lang, S("de")) || str_eq(lang, S("ru")))
        return arena_fmt(cx->a, "%02d.%02d.%04" PRId64 ", %02d:%02d (%.*s)", d.d, d.m, d.y, m / 60, m % 60, FS(zone));
    return arena_fmt(cx->a, "%04" PRId64 "-%02d-%02d, %02d:%02d (%.*s)", d.y, d.m, d.d, m / 60, m % 60, FS(zone));
}

static enum err device_mail(struct cx *cx, const struct mail_house *h, const struct mail_row *m, struct letter *ret)
{
    struct letter l = {0};
    const struct json *j = NULL;
    str agent = {0}, addr = {0};
    TRY(to_whom(cx, m, &l));
    TRY(json_parse(cx, m->args, &j));
    TRY(json_str_of(cx, j, S("agent"), S(""), &agent));
    TRY(json_str_of(cx, j, S("addr"), S(""), &addr));
    str name = agent_name(cx->a, agent);
    if (!name.n) name = tr(l.lang, S(TR("An unknown program")));
    str what = arena_fmt(cx->a, "%.*s\n%.*s\n%.*s", FS(name), FS(when(cx, l.user, l.lang, m->at)), FS(addr));
    str sessions = h->url.n ? arena_fmt(cx->a, "\n%.*s/settings/account", FS(h->url)) : S("");
    str part[] = {
        tr(l.lang, S(TR("Somebody has logged in to your account from a device that was not known here:"))), what,
        tr(l.lang, S(TR("If it was you, all is well."))),
        arena_fmt(cx->a, "%.*s%.*s",
                  FS(tr(l.lang, S(TR("If it was not you, end that session and change your password at once:")))),
                  FS(sessions))};
    l.subject = tr(l.lang, S(TR("A new device has logged in to your account")));
    l.text = mail_text(cx, h, &l, part, COUNT(part));
    *ret = l;
    return E_OK;
}

/* ---- another address, somebody new ---- */
/* To the new address, which is his when he follows it; it is bound to the old one, so that it ends with that. */
static enum err address_mail(struct cx *cx, const struct mail_house *h, const struct mail_row *m, struct letter *ret)
{
    struct letter l = {0}, old = {0};
    str token = {0};
    TRY(mail_to_user(cx, m, &l));
    TRY(to_whom(cx, m, &old));
    TRY(url_needed(cx, h));
    TRY(link_new(cx, LINK_ADDRESS, l.user, old.addr, m->addr, CONFIRM_MS, &token));
    str part[] = {
        arena_fmt(cx->a,
                  tr_format(l.lang,
                            TR("This is to be the address of your account at %.*s, by which you log in and get mail.")),
                  FS(h->firm)),
        with_link(cx, tr(l.lang, S(TR("Confirm it here within 24 hours; the link works once:"))),
                  mail_link(cx, h, S("/address"), token)),
        tr(l.lang, S(TR("If it was not you, do nothing: the account keeps its old address.")))};
    l.subject = tr(l.lang, S(TR("Confirm your new e-mail address")));
    l.text = mail_text(cx, h, &l, part, COUNT(part));
    *ret = l;
    return E_OK;
}

/* To the old one. */
static enum err moved_mail(struct cx *cx, const struct mail_house *h, const struct mail_row *m, struct letter *ret)
{
    struct letter l = {0};
    TRY(mail_to_user(cx, m, &l));
    str part[] = {
        arena_fmt(
            cx->a,
            tr_format(l.lang,
                      TR("Your account at %.*s has another e-mail address now. Mail no longer goes to this one.")),
            FS(h->firm)),
        tr(l.lang, S(TR("If it was not you, tell your administrator at once.")))};
    l.subject = tr(l.lang, S(TR("Your e-mail address was changed")));
    l.text = mail_text(cx, h, &l, part, COUNT(part));
    *ret = l;
    return E_OK;
}

/* Whoever has an account already is told so, at his own address alone. Nothing that was typed by a stranger stands in
 * the mail: it may go to somebody who has asked for nothing. */
static enum err signup_mail(struct cx *cx, const struct mail_house *h, const struct mail_row *m, struct letter *ret)
{
    struct letter l = {.addr = m->addr, .lang = cx->lang};
    const struct json *j = NULL;
    str token = {0};
    int64_t user = 0;
    TRY(json_parse(cx, m->args, &j));
    TRY(json_str_of(cx, j, S("language"), cx->lang, &l.lang));
    enum err e = auth_user_by_mail(cx, m->addr, &user);
    if (e != E_OK && e != E_NOTFOUND) return e;
    bool known = e == E_OK;
    TRY(known ? E_OK : url_needed(cx, h));
    if (!known) TRY(link_new(cx, LINK_SIGNUP, 0, m->addr, m->args, CONFIRM_MS, &token));
    str part[] = {
        arena_fmt(cx->a, tr_format(l.lang, TR("Somebody, probably you, wants an account at %.*s with this address.")),
                  FS(h->firm)),
        known ? tr(l.lang, S(TR("You have one already: log in, or ask for a new password there.")))
              : with_link(
                    cx,
                    tr(l.lang, S(TR("Confirm it here within 24 hours and choose your password; the link works once:"))),
                    mail_link(cx, h, S("/welcome"), token)),
        tr(l.lang, S(TR("If it was not you, do nothing.")))};
    l.subject = arena_fmt(cx->a, tr_format(l.lang, TR("Your registration at %.*s")), FS(h->firm));
    l.text = mail_text(cx, h, &l, part, COUNT(part));
    *ret = l;
    return E_OK;
}

const struct mail_kind auth_mails[] = {{S0("reset"), reset_mail},     {S0("invite"), invite_mail},
                                       {S0("changed"), changed_mail}, {S0("locked"), locked_mail},
                                       {S0("device"), device_mail},   {S0("address"), address_mail},
                                       {S0("moved"), moved_mail},     {S0("signup"), signup_mail}};
const size_t auth_mails_n = COUNT(auth_mails);
