/* SPDX-License-Identifier: MIT */
/* record/record.h - the one door: records are read and written here and nowhere else.
 *
 * Every write does, in one transaction: rights, version check, validation, the row, its contact points and
 * links, search text, duplicate keys, roll-ups, and one row of the change log. Every read has the rights
 * in its SQL: what one may not see answers E_NOTFOUND.
 */
#pragma once
#include "acl/acl.h"
#include "meta/filter.h"
#include "meta/meta.h"

/* What can be asked of a list: a field, or one of the record that its link points to ("company.owner"). */
struct list_column {
    const struct field *link, *f; /* link NULL: f is the record's own */
};
struct linked {
    struct list_column column;
    const struct val *v;   /* NULL: no such record, or not to be seen */
};
struct record {
    const struct entity *e;
    int64_t id, version;
    const struct val *v;   /* e->n values; those not asked for are VAL_NULL with has[] false */
    const bool *has;
    const struct linked *linked; /* as asked, in that order */
    size_t n_linked;
};
/* One new value of a create or update. */
struct set {
    const struct field *f;
    struct val v;
};
struct fields {            /* which fields to read; nothing asked and all = false: the list columns */
    bool all, list;        /* list: the list columns too */
    bool bare;             /* beside those asked for only the title: no owner, no team, not whether it is deleted */
    const struct field *const *f;
    size_t n;
    const struct list_column *linked; /* by lists and record_each alone */
    size_t n_linked;
};
#define FIELDS_ALL ((struct fields){.all = true})
enum { LINKED_MAX = 40 };
/* "name,phones,company.owner" in that order; E_BAD at "fields" for what is not there or not to be read. */
MUST enum err record_columns(struct cx *cx, const struct entity *e, str text, const struct list_column **ret,
                             size_t *ret_n);
struct fields record_fields(struct cx *cx, const struct list_column *c, size_t n);

/* ---- reading ---- */
/* Titles of links are filled. E_NOTFOUND also when unseen, or (unless `deleted`) in the trash. */
MUST enum err record_get(struct cx *cx, const struct entity *e, int64_t id, struct record *ret);
MUST enum err record_get_deleted(struct cx *cx, const struct entity *e, int64_t id, struct record *ret);
/* Winner of a merged record, 0 when it was not merged. */
MUST enum err record_redirect(struct cx *cx, const struct entity *e, int64_t id, int64_t *ret);
/* Rows without a value come last in both directions; what is equal in all is in order of id, as the first one goes. */
enum { SORT_MAX = 4 };
struct sort {
    const struct field *f;
    bool desc;
};
struct query {
    const struct cond *where;      /* NULL = all */
    struct sort sort[SORT_MAX];
    size_t n_sort;                 /* 0: newest first (by id) */
    str cursor;                    /* from the page before; "" = the first */
    size_t limit;                  /* 1..200 */
    bool deleted;                  /* the trash instead */
    bool exported;                 /* only what the asker may export */
    bool shared;                   /* only what is shared with the asker */
    struct fields fields;
    const int64_t *ids;            /* only these (search results), in no order; n_ids = 0: no restriction */
    size_t n_ids;
    const struct sql *also;        /* one more condition on alias t (search_where); NULL = none */
};
struct page {
    const struct record *v;
    size_t n;
    str next;                      /* cursor, "" at the end */
};
MUST enum err record_list(struct cx *cx, const struct entity *e, const struct query *q, struct page *ret);
enum { COUNT_EXACT_MAX = 10000 };
/* Exact up to `max` (0 = without bound), else *ret_exact is false and *ret = max. */
MUST enum err record_count(struct cx *cx, const struct entity *e, const struct cond *where, bool deleted, int64_t max,
                           int64_t *ret, bool *ret_exact);
/* The same of a query: where, deleted, also. */
MUST enum err record_count_query(struct cx *cx, const struct entity *e, const struct query *q, int64_t max,
                                 int64_t *ret, bool *ret_exact);
/* All that match, in id order, in constant memory: for exports. One snapshot. */
typedef enum err record_each_fn(struct cx *cx, void *arg, const struct record *r);
MUST enum err record_each(struct cx *cx, const struct entity *e, const struct query *q, record_each_fn *fn, void *arg);
/* Title of a record in hand; of records by id ("" when unseen). */
str record_title(const struct record *r);
MUST enum err record_titles(struct cx *cx, const struct entity *e, const int64_t *ids, size_t n, str *ret);

/* Users and roles: who comes in, and what he may. A session that has not lately proved who it is (cx->unproved) writes
 * none of them, by whatever door (log_write). */
bool record_lets_in(str entity);

/* ---- writing (each opens db_write itself; inside a running one it joins it) ---- */
struct written {
    int64_t id, version, seq;      /* seq: the change's row */
    struct record *after;          /* in: where the record as the write leaves it is wanted (create, update, restore);
                                    * out: v NULL when its writer may not see it any more */
};
/* id 0 = made here. E_INVALID names the field. */
MUST enum err record_create(struct cx *cx, const struct entity *e, int64_t id, const struct set *s, size_t n,
                            struct written *ret);
/* The same in two steps: all that needs no writing, then record_creation_write (a db_write_fn), whose arg is the
 * creation. `ret` is filled by the second. */
struct creation;
MUST enum err record_creation(struct cx *cx, const struct entity *e, int64_t id, const struct set *s, size_t n,
                              struct written *ret, struct creation **ret_creation);
MUST enum err record_creation_write(struct cx *cx, void *creation);
/* version 0 = whatever it is. E_CONFLICT when it has moved on. Nothing changed: ret->seq = 0, no log row. */
MUST enum err record_update(struct cx *cx, const struct entity *e, int64_t id, int64_t version, const struct set *s,
                            size_t n, struct written *ret);
MUST enum err record_delete(struct cx *cx, const struct entity *e, int64_t id, int64_t version, struct written *ret);
MUST enum err record_restore(struct cx *cx, const struct entity *e, int64_t id, struct written *ret);
/* Loser goes to the trash with a redirect; his links, interactions, points move to the winner; `take` names
 * the fields whose value comes from the loser. One batch: undo gives both back. */
MUST enum err record_merge(struct cx *cx, const struct entity *e, int64_t winner, int64_t loser, int64_t version,
                           const struct field *const *take, size_t n, struct written *ret);

/* An own field is changed (meta_field_change); when its kind becomes another, its values are read again as a person
 * would type them, the columns are made anew, and search texts follow. Values that do not fit: E_CONFLICT with the
 * report and nothing done, unless in.force: then they are emptied and stand in their records' histories. in.dry: only
 * the report. One transaction, some ten microseconds a value. */
enum { RECAST_SAMPLE = 50 };
struct recast_misfit {
    int64_t id;
    str title, value, why;
};
struct recast {
    bool dry, force, needed; /* needed: the kind becomes another */
    int64_t fits, misfits;
    LIST(struct recast_misfit) sample;
    struct arena *a;
};
MUST enum err record_field_change(struct cx *cx, str entity, str name, const struct json *in, struct recast *ret);
/* A computed field was added or changed in this transaction: its value for all records that are there. */
MUST enum err record_field_fill(struct cx *cx, str entity, str name);
/* What each person's consents come to, of a base that is older than the field that says so (person.consents). Inside
 * db_write, with the description in cx. */
MUST enum err record_consents_fill(struct cx *cx);
/* Is v[f->at] a right number of its sort (field.check), judged by the country the values v tell? It is brought to its
 * normal form; if not, *ret_why is for tr(). An import asks itself: its writes are not refused for that. */
bool record_id_fits(struct cx *cx, const struct entity *e, struct val *v, const struct field *f, str *ret_why);

/* ---- stored files: their rows; the bytes are the caller's ---- */
/* One is its uploader's alone until a record takes it into a field; from then on it is that record's. */
struct stored {
    int64_t id, bytes;
    str name, type; /* type begins with "image/" only when the bytes say so */
    bool picture;   /* drawn by us: fit to be shown */
};
MUST enum err stored_add(struct cx *cx, const struct stored *f);
/* What the asker has uploaded, or had made, from that moment on: bytes. */
MUST enum err stored_since(struct cx *cx, int64_t from_ms, int64_t *ret);
/* What the user himself has uploaded, whatever became of it. */
MUST enum err stored_own(struct cx *cx, int64_t id, struct stored *ret);
/* For a download: the uploader while it belongs to nothing, then whoever sees the record and the field. */
MUST enum err stored_seen(struct cx *cx, int64_t id, struct stored *ret);
/* At most max ids above `after`, in order, of what was uploaded before that moment and belongs to no record. */
MUST enum err stored_untaken(struct cx *cx, int64_t before_ms, int64_t after, int64_t *ids, size_t max, size_t *ret_n);
/* *ret: the row is gone, for nothing has taken it meanwhile. */
MUST enum err stored_drop(struct cx *cx, int64_t id, bool *ret);

/* ---- JSON ---- */
/* API object -> sets; unknown, read-only and doubled fields are E_INVALID naming the field. "version" and "id" are
 * passed over. */
MUST enum err record_sets(struct cx *cx, const struct entity *e, const struct json *in,
                          const struct set **ret, size_t *ret_n);
void record_json(struct cx *cx, const struct record *r, struct jw *w);
/* The same, into an object that is open. */
void record_members_json(struct cx *cx, const struct record *r, struct jw *w);
