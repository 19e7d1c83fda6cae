/* SPDX-License-Identifier: MIT */
/* register/register.h - one face for the registers of firms: find a company by number or name, get candidates and the
 * fields to take from them. And what registers, imports and syncs propose for records that are there already.
 *
 * Providers are rows of a table (providers.c). Each is asked with short time-outs over https (plain http on loopback
 * alone), without redirects, with a limit on the answer's size; good answers are kept for 30 days. Never called inside
 * db_write: while the net is waited for, no connection of the database is held.
 */
#pragma once
#include "meta/meta.h"

enum { REGISTERS_MAX = 4, REG_FIRMS_MAX = 10, REG_NAME_MAX = 200, REG_NUMBER_MAX = 40, REG_KEEP_DAYS = 30 };
struct register_conf {
    str providers;             /* "vies,gleif,dadata"; "off" or "" = none */
    str vies_url, gleif_url, dadata_url;
    str dadata_key;            /* "" = DaData is not asked */
    str ca;                    /* certificates trusted beside the system's (os/outgoing_call.h) */
    int timeout_ms;            /* of one provider; 0 = 5,000 */
};
/* A provider that is unknown, an address that is neither https nor loopback: E_INVALID. */
MUST enum err register_conf_check(struct cx *cx, const struct register_conf *c);

struct reg_query {
    str country;               /* ISO 3166, "" = unknown */
    str number, name;          /* one of them at least */
};
enum reg_state { REG_UNKNOWN, REG_ACTIVE, REG_CLOSING, REG_INSOLVENT, REG_CLOSED, REG_STATES };
extern const str reg_state_name[REG_STATES];
struct reg_firm {
    str source;                /* the provider's name */
    str name, full_name, inn, kpp, ogrn, vat_id, reg_no;
    str address, street, city, zip, region, country; /* address: one line when there are no parts */
    enum reg_state state;
};
enum reg_how { REG_FOUND, REG_NOTHING, REG_DOWN };  /* down: not reached, in trouble, or no sense in its answer */
struct reg_asked {
    str source;
    int64_t at;                /* when the answer was given */
    enum reg_how how;
    bool cached;
};
struct reg_answer {
    struct reg_firm v[REG_FIRMS_MAX];
    size_t n;
    struct reg_asked asked[REGISTERS_MAX]; /* those that take such a question */
    size_t n_asked;
};
/* E_INVALID: the question has no sense. A provider in trouble is no error: it is told in `asked`. */
MUST enum err register_find(struct cx *cx, const struct register_conf *c, const struct reg_query *q,
                            struct reg_answer *ret);
/* The values of a company that the candidate gives, as an object of the API. */
void reg_fields_json(const struct reg_firm *f, struct jw *w);
