/* SPDX-License-Identifier: MIT */
/* privacy/privacy_int.h - what the files of this room share. */
#pragma once
#include "base/map.h"
#include "privacy/privacy.h"
#include "record/erase.h"

struct piece {
    const struct entity *e;
    int64_t id;
    bool goes;
};
struct obstacle { /* law has it kept */
    const struct entity *e;
    int64_t id, until_ms;
};
/* The first day that law has it kept no more, as its start (UTC ms); 0: it may go today. */
int64_t kept_until(const struct cx *cx, const struct entity *e, int64_t created_ms);
struct plan {
    struct record main;
    bool shared_too;
    LIST(struct piece) gone;     /* the first one is the record itself */
    LIST(struct piece) shared;
    LIST(struct obstacle) kept;
    LIST(int64_t) files;
    struct map seen;             /* id -> struct piece */
    struct erase_words words;    /* what these are made from */
    struct redact all;           /* every word and id: for records that name it */
    struct redact far;           /* names that tell (privacy.h), marks, ids: for texts that are not linked to it */
    struct redact sure;          /* marks that nobody else has, ids: what drops a row, and finds those of the log */
};
/* As the system. words: all, far and sure are wanted too. also: further ids that go ("1,2,3"), of an erasure that an
 * older base does not know of yet. before: the plan of the round before this one, whose words and ids count as
 * well; may be NULL. */
struct plan_ask {
    const struct entity *e;
    int64_t id;
    bool shared_too, words;
    str also;
    const struct plan *before;
};
MUST enum err plan_make(struct cx *cx, const struct plan_ask *ask, struct plan *ret);

/* ---- numbers by kind, what an erasure did ---- */
struct tally {
    LIST(struct told { str name; int64_t n; }) v;
};
void tally_add(struct cx *cx, struct tally *t, str name, int64_t n);

/* ---- places (places.def) ---- */
/* Walks through all of them; rows with a mark or an id go, texts lose the words. Outside db_write. */
MUST enum err places_clear(struct cx *cx, const struct plan *p, struct tally *t);
MUST enum err places_count(struct cx *cx, const struct plan *p, struct tally *t);
/* Uploads that no record took: those that hold a mark, and sheets of imports that wrote the record. */
MUST enum err uploads_clear(struct cx *cx, const struct plan *p, const struct erase_env *env, int64_t *ret_n);
void bytes_drop(struct cx *cx, const struct erase_env *env, int64_t file);

/* ---- the file beside the base ---- */
struct erased { /* a row of `erasure` */
    int64_t id, at, who, record, rule;
    str ref, ground, entity, records, mark;
    bool shared_too;
};
/* Its row, inside db_write. */
MUST enum err erasure_insert(struct cx *cx, const struct erased *x);
/* From here on it goes to its end; *ret_dropped: not at all, for the rule that ordered it does not mean it any more,
 * law has it kept (`kept`), or another job than `job` is at it. Outside db_write. */
MUST enum err erasure_begin(struct cx *cx, int64_t id, int64_t job, bool kept, bool *ret_dropped);
/* Adds it, unless it is there. Any thread. */
MUST enum err erased_note(struct cx *cx, const struct erase_env *env, const struct erased *x);
/* A line that cannot be read is logged and left out; it stays in the file. */
MUST enum err erased_read(struct cx *cx, const struct erase_env *env, struct erased **ret, size_t *ret_n);
