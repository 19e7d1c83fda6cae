/* SPDX-License-Identifier: MIT */
/* api/app.c - what of the process handlers share: the present description and the firm. */
#include "api/api.h"

struct meta *app_meta_hold(struct app *app)
{
    pthread_mutex_lock(app->meta_lock);
    struct meta *m = app->meta;
    meta_hold(m);
    pthread_mutex_unlock(app->meta_lock);
    return m;
}

enum err app_meta_reload(struct cx *cx)
{
    struct meta *fresh = NULL, *old = NULL;
    if (!cx->app) return E_OK;
    TRY(meta_load(cx, &fresh));
    pthread_mutex_lock(cx->app->meta_lock);
    old = cx->app->meta;
    cx->app->meta = fresh;
    pthread_mutex_unlock(cx->app->meta_lock);
    meta_drop(&old);
    return E_OK;
}

enum err app_firm(struct cx *cx, struct firm *ret)
{
    struct db_rows r = {0};
    struct firm f = {0};
    TRY(db_query(cx, &r,
                 "SELECT key, value FROM setting WHERE key IN ('firm_name', 'firm_country', "
                 "'firm_currency', 'firm_language') LIMIT 4"));
    for (size_t i = 0; i < r.n; i++) {
        str key = db_str(&r, i, 0), value = db_str(&r, i, 1);
        if (str_eq(key, S("firm_name"))) f.name = value;
        if (str_eq(key, S("firm_country"))) f.country = value;
        if (str_eq(key, S("firm_currency"))) f.currency = value;
        if (str_eq(key, S("firm_language"))) f.lang = value;
    }
    if (f.country.n) cx->country = f.country;
    *ret = f;
    return E_OK;
}
