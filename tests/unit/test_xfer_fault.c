/* SPDX-License-Identifier: MIT */
/* Each database call of an import fails once in turn, on both engines: all or nothing of the slice is there, the error
 * is told, and going on with the batch (or a new attempt, when there is none yet) makes the base whole. */
#include "bed.h"
#include "os/os.h"
#include "record/log.h"
#include "xfer/import.h"

#include <unistd.h>

enum { CALLS_MAX = 400 };
static const char path[] = "/tmp/kontor-test-fault.csv", refused[] = "/tmp/kontor-test-fault-refused.xlsx";

static int64_t one(const struct db_rows *r) { return r->n ? db_int(r, 0, 0) : -1; }
#define ASK(t, sql) ({ struct db_rows r_ = {0}; T_OK(&(t)->cx, db_query(&(t)->cx, &r_, sql)); one(&r_); })

/* A new column each time, so that making the field is among what fails. */
static void file_make(struct bed *t, int64_t nth)
{
    struct cx *cx = &t->cx;
    str csv = arena_fmt(cx->a,
                        "Name;Firma;Telefon;E-Mail;Gruppe;Umsatz %" PRId64 ";Notiz\n"
                        "Anna Eins;Eins GmbH;0171 1111111;anna@eins.example;Handel;10,50;01.02.2024 angerufen (Maria)\n"
                        "Berta Zwei und Carl Zwei;Zwei KG;040 1234567;;Handel;;03.04.2024 Brief geschickt\n"
                        "Anna Eins;Eins GmbH;0171 1111111;a2@eins.example;;5;05.06.2024 Besuch\n"
                        ";Drei AG;;max@;;;\n", nth);
    T_OK(cx, os_write_file_atomic(cx, str_from(path), csv, 0600));
}

static enum err attempt(struct bed *t, int64_t batch, int64_t fault, struct import_result *r)
{
    struct import_opt o = {.path = str_from(path), .name = S("fault.csv"), .sheet = -1, .batch = batch, .refused_path = str_from(refused)};
    *r = (struct import_result){0};
    t->cx.err = E_OK;
    t->cx.msg = S("");
    db_fault_at(t->b, fault);
    enum err e = xfer_run(&t->cx, &o, r);
    db_fault_at(t->b, 0);
    return e;
}

static void base_is(struct bed *t, int64_t people, int64_t firms)
{
    T_INT(ASK(t, "SELECT count(*) FROM person WHERE deleted_at IS NULL"), people);
    T_INT(ASK(t, "SELECT count(*) FROM company WHERE deleted_at IS NULL"), firms);
    T_INT(ASK(t, "SELECT count(*) FROM interaction WHERE deleted_at IS NULL"), firms ? 3 : 0);
    T_INT(ASK(t, "SELECT count(*) FROM \"group\" WHERE deleted_at IS NULL"), firms ? 1 : 0);
    T_INT(ASK(t, "SELECT count(*) FROM contact_point c JOIN person p ON p.id = c.record WHERE p.deleted_at IS NULL"), people ? 3 : 0);
}

static bool fault(struct bed *t, int64_t nth)
{
    struct cx *cx = &t->cx;
    struct import_result r = {0};
    struct undo_result u = {0};
    file_make(t, nth);
    enum err e = attempt(t, 0, nth, &r);
    bool failed = e != E_OK;
    if (failed) {
        T(e == E_BUSY || e == E_INTERNAL || e == E_UNCERTAIN);
        T(cx->msg.n > 0);
        bool there = ASK(t, "SELECT count(*) FROM person WHERE deleted_at IS NULL") > 0;
        base_is(t, there ? 3 : 0, there ? 3 : 0);
        if (!there) T_INT(access(refused, F_OK), -1); /* nothing tells of what did not come in */
        bed_reload(t);
        T_OK(cx, attempt(t, r.batch, 0, &r));
    }
    bed_reload(t);
    base_is(t, 3, 3);
    T_INT(ASK(t, "SELECT count(*) FROM batch WHERE way = 'import' AND state NOT IN ('done', 'undone')"), 0);
    T_OK(cx, undo_batch(cx, r.batch, UNDO_ASK, &u));
    base_is(t, 0, 0);
    unlink(refused);
    return failed;
}

static void faults(struct bed *t)
{
    int64_t nth = 1;
    t->cx.lang = S("de");
    t->cx.country = S("DE");
    while (nth < CALLS_MAX && fault(t, nth)) nth++;
    T(nth > 20 && nth < CALLS_MAX);
    fprintf(stderr, "import: %" PRId64 " calls failed in turn\n", nth - 1);
    unlink(path);
}

static void t_faults(void) { bed_both(faults); }
TESTS("xfer_fault", t_faults)
