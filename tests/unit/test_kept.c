/* SPDX-License-Identifier: MIT */
/* What law keeps, and until which day; what people agreed to before there was a field that says what it comes to. */
#include "base/time.h"
#include "cli/store.h"
#include "privacy/privacy_int.h"
#include "record_make.h"
#include "erasure_make.h"

static enum err column_drop(struct cx *cx, void *arg)
{
    (void)arg;
    return db_ddl(cx, S("ALTER TABLE person DROP COLUMN consents"));
}

static enum err forget(struct cx *cx, void *arg)
{
    (void)arg;
    TRY(db_exec(cx, NULL, "UPDATE person SET consents = NULL"));
    return db_exec(cx, NULL, "DELETE FROM setting WHERE key = 'meta_digest'");
}

static str in_force(struct cx *cx, int64_t person)
{
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT coalesce(consents, '') FROM person WHERE id = $1", V(person)));
    return r.n ? db_str(&r, 0, 0) : S("?");
}

/* A base of before person.consents has consents, too: when it is opened by this version, each person's are summed up. */
static void consents_of_before(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t p = create(cx, "person", "{\"name\":\"Klara Konsens\"}"), q = create(cx, "person", "{\"name\":\"Quirin\"}");
    create(cx, "consent", J("{\"person\":\"" ID "\",\"purpose\":\"Newsletter\",\"given\":\"2026-01-05T10:00:00Z\"}", p));
    create(cx, "consent", J("{\"person\":\"" ID "\",\"purpose\":\"Calls\"}", p));
    create(cx, "consent", J("{\"person\":\"" ID "\",\"purpose\":\"Calls\"}", q));
    create(cx, "consent", J("{\"person\":\"" ID "\",\"purpose\":\"calls\",\"withdrawn\":\"2100-01-01T00:00:00Z\"}", q));
    T_OK(cx, db_write(cx, column_drop, NULL));
    T_OK(cx, store_sync(cx, cx->meta));
    T_STR(in_force(cx, p), S("|Newsletter|Calls|"));
    T_STR(in_force(cx, q), S(""));
    T_OK(cx, db_write(cx, forget, NULL)); /* it is there: nothing is summed up again */
    T_OK(cx, store_sync(cx, cx->meta));
    T_STR(in_force(cx, p), S(""));
}

/* How long law has a record kept: whole years of the calendar where we are, leap days and all. */
static void kept_days(void)
{
    static const struct {
        const char *made, *now, *until; /* until "": it may go */
        int years, tz;
    } of[] = {
        {"2016-01-01T12:00:00Z", "2026-01-01T23:00:00Z", "2026-01-02", 10, 0}, /* three leap days within */
        {"2016-01-01T12:00:00Z", "2026-01-02T00:00:00Z", "", 10, 0},
        {"2016-02-29T12:00:00Z", "2026-02-28T12:00:00Z", "2026-03-01", 10, 0},
        {"2016-02-29T12:00:00Z", "2026-03-01T00:00:00Z", "", 10, 0},
        {"2015-02-28T12:00:00Z", "2016-02-28T12:00:00Z", "2016-03-01", 1, 0},
        {"2025-12-31T23:30:00Z", "2027-01-01T12:00:00Z", "2027-01-02", 1, 60}, /* it was the 1st in Berlin */
        {"2025-12-31T23:30:00Z", "2027-01-01T12:00:00Z", "", 1, 0},
        {"2025-12-31T23:30:00Z", "2025-12-31T23:30:00Z", "", 0, 0},
        {"2030-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2031-01-02", 1, 0}, /* of a clock that was ahead */
    };
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(of); i++) {
        struct entity e = {.kept_years = of[i].years};
        int64_t made = 0;
        T(time_parse(str_from(of[i].made), 0, &made) && time_parse(str_from(of[i].now), 0, &cx.now_ms));
        cx.tz_min = of[i].tz;
        int64_t until = kept_until(&cx, &e, made);
        T_STR(until ? day_text(cx.a, time_day(until, cx.tz_min)) : S(""), str_from(of[i].until));
        T(until == 0 || until > cx.now_ms);
    }
    t_cx_free(&cx);
}

int main(void)
{
    kept_days();
    bed_both(consents_of_before);
    return t_end("kept");
}
