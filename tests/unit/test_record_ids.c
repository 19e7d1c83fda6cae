/* SPDX-License-Identifier: MIT */
/* Tax, register, bank and account numbers on save: judged by the country, kept in normal form, refused at the field. */
#include "record_make.h"

static void refused(struct cx *cx, const char *entity, const char *json, const char *at, const char *says)
{
    struct written w = {0};
    T(try_create(cx, entity, json, &w) == E_INVALID);
    T_STR(cx->at, str_from(at));
    has(cx->msg, str_from(says), __LINE__);
}

static int64_t kept(struct cx *cx, const char *entity, const char *json, const char *part)
{
    int64_t id = create(cx, entity, json);
    has(shown(cx, entity, id), str_from(part), __LINE__);
    return id;
}

static void tax_numbers(struct bed *t)
{
    struct cx *cx = &t->cx; /* at home in Germany: a number of the tax office has no check digit known here */
    kept(cx, "company", "{\"name\":\"A\",\"inn\":\"12/345/67890\"}", "\"inn\":\"12/345/67890\"");
    kept(cx, "person", "{\"name\":\"A\",\"inn\":\"500100732250\"}", "\"inn\":\"500100732250\"");
    refused(cx, "company", "{\"name\":\"A\",\"inn\":\"7707083894\",\"addresses\":[{\"country\":\"Россия\"}]}", "inn", "check digit");
    kept(cx, "company", "{\"name\":\"A\",\"inn\":\"77 0708 3893\",\"kpp\":\"7707 01001\",\"ogrn\":\"1027700132195\",\"addresses\":[{\"country\":\"RU\"}]}",
         "\"inn\":\"7707083893\"");
    cx->country = S("RU");
    refused(cx, "company", "{\"name\":\"A\",\"inn\":\"7707083894\"}", "inn", "mistyped");
    refused(cx, "person", "{\"name\":\"A\",\"inn\":\"77070838\"}", "inn", "length");
    refused(cx, "company", "{\"name\":\"A\",\"kpp\":\"77070100\"}", "kpp", "length");
    refused(cx, "company", "{\"name\":\"A\",\"ogrn\":\"1027700132196\"}", "ogrn", "check digit");
    kept(cx, "company", "{\"name\":\"A\",\"inn\":\"12/345/67890\",\"addresses\":[{\"country\":\"Deutschland\"}]}", "12/345/67890");
    kept(cx, "company", "{\"name\":\"A\",\"inn\":\"12/345/67890\",\"vat_id\":\"de 136 695 976\"}", "\"vat_id\":\"DE136695976\"");
    refused(cx, "company", "{\"name\":\"A\",\"vat_id\":\"DE136695977\"}", "vat_id", "check digit");
    refused(cx, "company", "{\"name\":\"A\",\"vat_id\":\"unknown\"}", "vat_id", "country");
    kept(cx, "company", "{\"name\":\"A\",\"vat_id\":\"CHE-123.456.788 MWST\"}", "\"vat_id\":\"CHE123456788MWST\"");
    cx->country = S("DE");
    kept(cx, "company", "{\"name\":\"A\",\"vat_id\":\"136695976\"}", "\"vat_id\":\"DE136695976\"");
    kept(cx, "company", "{\"name\":\"A\",\"vat_id\":\"GR 094259216\"}", "\"vat_id\":\"EL094259216\"");
}

static void accounts(struct bed *t)
{
    struct cx *cx = &t->cx;
    kept(cx, "bank_account", "{\"account\":\"de89 3704 0044 0532 0130 00\",\"bic\":\"cobadeff\"}", "\"account\":\"DE89370400440532013000\"");
    kept(cx, "bank_account", "{\"account\":\"0532013000 / 37040044\"}", "0532013000 / 37040044");
    refused(cx, "bank_account", "{\"account\":\"DE88370400440532013000\"}", "account", "check digit");
    refused(cx, "bank_account", "{\"account\":\"DE8937040044053201300\"}", "account", "length");
    refused(cx, "bank_account", "{\"account\":\"1\",\"bic\":\"COBADEF\"}", "bic", "length");
    kept(cx, "bank_account", "{\"account\":\"40702810900000005555\",\"bic\":\"044525225\"}", "40702810900000005555");
    refused(cx, "bank_account", "{\"account\":\"40702810900000005556\",\"bic\":\"044525225\"}", "account", "check digit");
    refused(cx, "company", "{\"name\":\"A\",\"bank_accounts\":[{\"account\":\"LT00\"}]}", "account", "length");
}

/* What was there before is no hindrance, and undo brings back what it took. */
static void old_values(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    struct undo_result u = {0};
    int64_t id = create(cx, "company", "{\"name\":\"A\",\"inn\":\"7707083894\"}"); /* Germany does not mind */
    cx->country = S("RU");
    T_OK(cx, try_change(cx, "company", id, "{\"name\":\"B\",\"inn\":\"7707083894\"}", &w));
    int64_t seq = change(cx, "company", id, "{\"inn\":\"7707083893\"}");
    T(try_change(cx, "company", id, "{\"inn\":\"7707083895\"}", &w) == E_INVALID);
    T_STR(cx->at, S("inn"));
    HAS(shown(cx, "company", id), "\"inn\":\"7707083893\"");
    T_OK(cx, undo_change(cx, seq, UNDO_ASK, &u));
    HAS(shown(cx, "company", id), "\"inn\":\"7707083894\"");
}

static enum err add(struct cx *cx, void *arg)
{
    str name = {0};
    return meta_field_add(cx, arg, &name);
}

static void own_field(struct bed *t)
{
    struct cx *cx = &t->cx;
    const struct json *good = parsed(cx, "{\"entity\":\"group\",\"label\":\"Konto\",\"kind\":\"text\",\"check\":\"iban\"}"),
                      *no_text = parsed(cx, "{\"entity\":\"group\",\"label\":\"Zahl\",\"kind\":\"int\",\"check\":\"iban\"}"),
                      *nothing = parsed(cx, "{\"entity\":\"group\",\"label\":\"Was\",\"kind\":\"text\",\"check\":\"shoe\"}");
    union { const struct json *in; void *out; } g = {good}, i = {no_text}, x = {nothing};
    T_OK(cx, db_write(cx, add, g.out));
    T(db_write(cx, add, i.out) == E_INVALID);
    T_STR(cx->at, S("check"));
    T(db_write(cx, add, x.out) == E_INVALID);
    bed_reload(t);
    refused(cx, "group", "{\"name\":\"G\",\"x_konto\":\"DE00 1234\"}", "x_konto", "length");
    kept(cx, "group", "{\"name\":\"G\",\"x_konto\":\"LT12 1000 0111 0100 1000\"}", "LT121000011101001000");
}

static void both(void)
{
    static void (*const all[])(struct bed *) = {tax_numbers, accounts, old_values, own_field};
    for (size_t i = 0; i < COUNT(all); i++) bed_both(all[i]);
}

TESTS("record_ids", both)
