/* SPDX-License-Identifier: MIT */
/* record/record_int.h - what the files of this room share. */
#pragma once
#include "record/log.h"
#include "record/record.h"

/* ---- reading ---- */
struct reading {             /* which columns of e stand where in a row: 0 id, 1 version, then the fields' */
    const struct entity *e;
    const bool *want;        /* by field.at */
    const uint16_t *col;     /* by field.at: column of the row, 0 = none */
};
MUST enum err reading_of(struct cx *cx, const struct entity *e, const struct fields *want, struct reading *ret);
void reading_select(struct cx *cx, const struct reading *r, struct sql *q); /* "SELECT ... FROM table t" */
struct record reading_row(struct cx *cx, const struct reading *r, const struct db_val *row);
/* Points, links, lines of n records (the values are written in place). */
MUST enum err fill_parts(struct cx *cx, const struct reading *r, struct record *v, size_t n);
MUST enum err fill_titles(struct cx *cx, const struct reading *r, struct record *v, size_t n);
/* A record that was just made, as record_get would give it, out of the values in hand: titles alone are looked up.
 * ret->v NULL: its maker may not see it. Only where made_is_all. */
bool made_is_all(const struct entity *e);
MUST enum err made_record(struct cx *cx, const struct entity *e, int64_t id, const struct val *v, struct record *ret);
/* The columns of linked records. */
MUST enum err fill_linked(struct cx *cx, const struct fields *want, struct record *v, size_t n);
/* Where a record that reading_row made keeps its value of f. */
struct val *value_place(struct record *r, const struct field *f);
/* Where a list goes on: behind this id and what it is sorted by. */
struct cursor {
    bool started;
    int64_t id;
    struct db_val v[SORT_MAX]; /* DB_NULL: without a value */
};
/* "" is the beginning; E_BAD at "cursor" for one of another list. */
MUST enum err cursor_read(struct cx *cx, const struct entity *e, const struct query *q, struct cursor *ret);
/* v: q->n_sort values. */
str cursor_text(struct cx *cx, const struct entity *e, const struct query *q, int64_t id, const struct db_val *v);
/* What a record with the values v (e->n) is sorted by: q->n_sort values, DB_NULL without one; NULL without a sort. */
const struct db_val *sort_keys(struct cx *cx, const struct query *q, const struct val *v);
/* Ids go up or down the list? */
bool sort_down(const struct query *q);
/* The fields that a list reads: those asked for, and those it sorts by; E_BAD at "sort" when that cannot be. */
MUST enum err list_fields(struct cx *cx, const struct query *q, struct fields *ret);
/* record_as_of without titles. */
MUST enum err values_as_of(struct cx *cx, const struct entity *e, int64_t id, int64_t at_ms, struct record *ret);
enum deleted { LIVING, DELETED, EITHER };
/* One record with all fields under the right `act`; with or without titles. */
MUST enum err read_one(struct cx *cx, const struct entity *e, int64_t id, enum action act, enum deleted d, bool titles,
                       struct record *ret);

/* ---- writing: all inside db_write ---- */
/* One column's value past the door: no version, no log. */
MUST enum err value_write(struct cx *cx, const struct entity *e, int64_t id, const struct field *f,
                          const struct val *v);
MUST enum err points_write(struct cx *cx, const struct entity *e, int64_t id, const struct field *f,
                           const struct val *v, bool replace);
MUST enum err links_write(struct cx *cx, int64_t id, const struct field *f, const struct val *v, bool replace);
/* Rolls up into the parents that `old` and `now` (each NULL when the record does not count) point to. */
MUST enum err rollups_follow(struct cx *cx, const struct entity *e, const struct val *old, const struct val *now);
/* The same for the purposes that hold of a person, when e is `consent`: called by it. */
MUST enum err consents_follow(struct cx *cx, const struct entity *e, const struct val *old, const struct val *now);
/* Roll-up f of all parents, from the children that are there. */
MUST enum err rollup_fill(struct cx *cx, const struct field *f);
/* The record's roll-up f has another value: formulas that read it, and roll-ups of it, follow. */
MUST enum err rollup_moved(struct cx *cx, const struct field *f, int64_t id);
bool rollup_is_read(const struct cx *cx, const struct field *f);
/* The change's row; old_json "" = NULL. */
MUST enum err log_write(struct cx *cx, const struct entity *e, int64_t id, str op, int64_t version,
                        str old_json, int64_t *ret_seq);
/* Beside it, in the same transaction: what bears on who comes in and what he may (users, roles). */
MUST enum err watched_write(struct cx *cx, const struct entity *e, int64_t id, str op, str old_json);
/* {"field":old,...} of the fields whose at is set in `changed`; loser: LOG_LOSER, 0 = none. */
str log_old_json(struct cx *cx, const struct entity *e, const struct val *old, const bool *changed, int64_t loser);
/* Beside fields `old` may name the other half of a merge, under keys that no field can have. */
#define LOG_WINNER "@winner" /* in the loser's "merge", and in the "restore" that takes it back */
#define LOG_LOSER  "@loser"  /* in the winner's "update" */
str log_merge_json(struct cx *cx, str key, int64_t other);
/* 0 = none */
MUST enum err log_merge_other(struct cx *cx, str old_json, str key, int64_t *ret);
/* `old` of a change back to sets; fields that are gone are passed over. */
MUST enum err log_old_sets(struct cx *cx, const struct entity *e, str old_json, struct set **ret, size_t *ret_n);

/* ---- shares (share.h), inside db_write ---- */
#define LOG_SHARE "@share" /* in a "share": {"to":receiver,"old":what he had or null,"new":likewise} */
/* May the asker give the record in hand on? By his roles, without what is shared with him. */
MUST enum err share_may(struct cx *cx, const struct record *r, bool *ret);
/* A share lets change a record, and not make it one's own by a change after which the roles' conditions let one do more
 * with it. Before and after a change by people; costs nothing without conditions or shares. E_DENIED. */
struct lent {
    bool yes; /* by a share alone */
    unsigned had;
};
MUST enum err lent_before(struct cx *cx, const struct entity *e, int64_t id, struct lent *ret);
MUST enum err lent_after(struct cx *cx, const struct entity *e, int64_t id, const struct lent *l);
/* What the loser's receivers have they have of the winner from now on: of two shares the wider. */
MUST enum err shares_merge(struct cx *cx, const struct entity *e, int64_t winner, int64_t version, int64_t loser);
/* Has the share of which such a row tells changed since? */
MUST enum err share_moved(struct cx *cx, int64_t id, str old_json, bool *ret);
/* Takes a "share" back. *ret_kept: it was changed since, and not force; *ret_done: something was written. */
MUST enum err share_back(struct cx *cx, const struct record *r, str old_json, bool force, bool *ret_kept,
                         bool *ret_done);
/* The value of LOG_SHARE for the history: "right", "until", "why" of both sides and the receiver by name. Nothing when
 * it is neither the asker's (or of a team of his) nor `may` he share the record. */
MUST enum err share_json(struct cx *cx, bool may, str old_json, struct jw *w);

/* ---- formulas (meta/formula.h); each costs nothing where there is none ---- */
/* The stored formulas over the values v of a record of e: all of them (changed NULL), else those that read what is
 * marked in changed, where theirs are marked too. */
MUST enum err formulas_fill(struct cx *cx, const struct entity *e, struct val *v, bool *changed);
/* Record id of e has changed in the fields marked: formulas of others that look at it follow, and theirs. */
MUST enum err formulas_follow(struct cx *cx, const struct entity *e, int64_t id, const bool *changed);
/* Field f of record id was written past the door (a roll-up): its own formulas and those of others follow. */
MUST enum err formulas_again(struct cx *cx, const struct field *f, int64_t id);
/* Values of formulas that are computed when read. */
MUST enum err formulas_live(struct cx *cx, const struct reading *r, struct record *v, size_t n);
/* The columns that formulas_live needs beside those wanted. */
void formulas_need(const struct reading *r, bool *need);

/* ---- files (record_files.c); each costs nothing where an entity has no field for them ---- */
/* Names, types and sizes into the values. */
MUST enum err files_fill(struct cx *cx, const struct reading *r, struct record *v, size_t n);
/* Binds what fields (all, or those marked in changed) hold to record id: own uploads that belong to nothing yet, or
 * what belongs to it, to `loser` or to a record merged into it already. Else E_INVALID at the field. Inside
 * db_write. */
MUST enum err files_bind(struct cx *cx, const struct entity *e, int64_t id, int64_t loser, const struct val *v,
                         const bool *changed);
/* The same for a change of old, whose values in those fields get their names for the log. */
MUST enum err files_change(struct cx *cx, const struct record *old, int64_t loser, const struct val *v,
                           const bool *changed);
/* A merge is taken back: what the winner had from record r is r's again. */
MUST enum err files_back(struct cx *cx, const struct record *r, int64_t winner);

/* ---- checks, before the writer ---- */
/* rights on fields, doubles */
MUST enum err check_sets(struct cx *cx, const struct entity *e, const struct set *s, size_t n);
/* Numbers of firms, banks and accounts among the sets: E_INVALID at the field, or *s in normal form. old: the record's
 * values before, NULL when it is made. Costs nothing where an entity has none. */
MUST enum err check_ids(struct cx *cx, const struct entity *e, const struct val *old, const struct set **s, size_t n);
MUST enum err check_required(struct cx *cx, const struct entity *e, const struct val *v);
MUST enum err check_rules(struct cx *cx, const struct entity *e, int64_t id, const struct val *v);
/* targets exist and are seen */
MUST enum err check_links(struct cx *cx, const struct entity *e, const struct set *s, size_t n);
/* a link to its own entity (a company's holding, what an interaction follows on) must not lead back to record id */
MUST enum err check_circles(struct cx *cx, const struct entity *e, int64_t id, const struct set *s, size_t n);
MUST enum err apply_defaults(struct cx *cx, const struct entity *e, struct val *v);
/* The loser's way to the winner. */
MUST enum err redirect_put(struct cx *cx, const struct entity *e, int64_t loser, int64_t winner);
/* Trash and back without the version check; op "delete" or "merge" / "restore"; old_json: of the log's row. */
MUST enum err trash_write(struct cx *cx, const struct entity *e, const struct record *r, bool away,
                          str op, str old_json, struct written *ret);
/* Writes sets over the record in hand: the inner half of record_update. */
MUST enum err update_write(struct cx *cx, const struct entity *e, const struct record *old,
                           const struct set *s, size_t n,
                           struct written *ret);
/* The same for the winner of a merge: logged even when no field of his changes. */
MUST enum err update_write_winner(struct cx *cx, const struct entity *e, const struct record *old, const struct set *s,
                                  size_t n, int64_t loser, struct written *ret);
