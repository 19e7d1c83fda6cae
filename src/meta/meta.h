/* SPDX-License-Identifier: MIT */
/* meta/meta.h - the description: entities, fields, kinds; and values as all rooms hold them.
 *
 * An entity is described once, in JSON: built-in ones in src/meta/entities/, own ones (and own fields of
 * built-in ones) in the tables meta_entity and meta_field. The loader gives one immutable snapshot;
 * nobody sees a difference between built-in and own. A snapshot is held while it is used and freed
 * when the last holder drops it.
 */
#pragma once
#include "base/base.h"
#include "base/json.h"
#include "db/db.h"

enum lang { LANG_EN, LANG_DE, LANG_LT, LANG_RU, LANG_MAX };
extern const str lang_code[LANG_MAX];
enum lang lang_of(str code);                     /* unknown: LANG_EN */

/* ---- values ----
 * VT_INT: int, bool (0/1), date (days since 1970-01-01), timestamp (UTC ms), duration (s), rating, decimal and
 *   percent (scaled by field.scale), money (minor units, s = currency), link/user/file (id, s = title when read; of
 *   files and pictures also v: one item with type and, as its id, the bytes).
 * VT_TEXT: text, longtext, url, choice (key), json.     VT_LIST: everything with several parts. */
enum vt { VT_NULL, VT_INT, VT_TEXT, VT_LIST };
struct item {
    str type;    /* phones, mails, addresses, urls: mobile, work, ... ("" = none) */
    str typed;   /* as typed; links: the title */
    str norm;    /* E.164, lower-case mail; choices, tags: the key */
    str ext;     /* phone extension; links, when read: the hue of the linked record, "" = none */
    str extra;   /* JSON object text, "" = none: parts of an address, operator of a phone */
    int64_t id;  /* links: the record; lines: the child */
};
struct val {
    enum vt t;
    int64_t i;
    str s;
    const struct item *v;
    size_t n;
};
#define VAL_NULL     ((struct val){.t = VT_NULL})
#define VAL_INT(x)   ((struct val){.t = VT_INT, .i = (x)})
#define VAL_TEXT(x)  ((struct val){.t = VT_TEXT, .s = (x)})
bool val_eq(const struct val *a, const struct val *b); /* titles do not count */

/* ---- filter operators; a kind names those it knows ---- */
#define OP_LIST(X)                                                                                \
    X(OP_EQ, "eq") X(OP_NE, "ne") X(OP_LT, "lt") X(OP_LE, "le") X(OP_GT, "gt") X(OP_GE, "ge")     \
    X(OP_IN, "in") X(OP_NOTIN, "notin") X(OP_CONTAINS, "contains") X(OP_STARTS, "starts")         \
    X(OP_EMPTY, "empty") X(OP_NOTEMPTY, "notempty") X(OP_WITHIN, "within")
#define X(e, name) e,
enum op { OP_LIST(X) OP_MAX };
#undef X
extern const str op_name[OP_MAX];
#define OPM(op) (1u << (op))

/* ---- kinds: one file each, kind_<name>.c ---- */
enum storage {
    ST_NONE,   /* computed when read */
    ST_INT,    /* BIGINT col */
    ST_TEXT,   /* TEXT col */
    ST_FOLDED, /* TEXT col and col_f: its folded text, what filters and sorting use */
    ST_MONEY,  /* BIGINT col (minor units) and TEXT col_cur */
    ST_KEYS,   /* TEXT col: "|key|key|" */
    ST_POINTS, /* rows of contact_point */
    ST_LINKS,  /* rows of link */
    ST_LINES,  /* records of the child entity whose field `via` points here */
};
struct field;
struct expr;
struct kind {
    str name;
    enum storage store;
    unsigned ops;      /* mask of OPM() */
    bool sort, search; /* may be sorted by; gives search text unless the field says no */
    bool file, picture; /* the value is the id of a stored file; of one that is a picture */
    /* JSON as the API takes it -> value in normal form. E_INVALID at the field. j is never NULL; JT_NULL
     * has been handled by the caller. */
    enum err (*from_json)(struct cx *cx, const struct field *f, const struct json *j, struct val *ret);
    /* Human text (import, forms without JSON), not empty, trimmed -> value. */
    enum err (*from_text)(struct cx *cx, const struct field *f, str s, struct val *ret);
    void (*to_json)(struct cx *cx, const struct field *f, const struct val *v, struct jw *w);
    /* For export: a cell a person reads and an import takes back. */
    void (*to_text)(struct cx *cx, const struct field *f, const struct val *v, struct buf *out);
    /* Words for the search text, unfolded, separated by blanks. NULL: to_text. */
    void (*to_search)(struct cx *cx, const struct field *f, const struct val *v, struct buf *out);
};
extern const struct kind *const kinds[];
extern const size_t kinds_n;
const struct kind *kind_find(str name);                  /* NULL when unknown */

/* ---- the description ---- */
enum check { CHECK_NONE, CHECK_INN, CHECK_KPP, CHECK_OGRN, CHECK_VAT, CHECK_IBAN, CHECK_BIC, CHECK_MAX };
extern const str check_name[CHECK_MAX];
struct choice {
    str key, label[LANG_MAX];
    int hue;               /* OKLCH hue for its tag, -1 = none */
};
struct cond;
struct field {
    str name;              /* stable: API, filter, column */
    const struct kind *kind;
    const struct entity *entity;
    uint32_t at;           /* its place in record.v */
    str label[LANG_MAX], help[LANG_MAX];
    str col, col2;         /* quoted column names; col2: _f, _cur or __p; "" when none */
    bool required, unique, readonly, own, search, index, system, trashed, hidden;
    int scale;             /* decimal, percent: digits behind the point */
    enum check check;      /* text: the number it must be (form and check digits), see record/record_ids.c */
    int64_t max;           /* text: characters (0 = the kind's default); int, rating: greatest value */
    str to;                /* link, links, lines, rollup: target entity's name */
    const struct entity *target; /* NULL when `to` is "" */
    str index_by;          /* an index of this field and that one: lists of one value in that order; "" = none */
    str via;               /* lines, rollup: the child's link field */
    str section;           /* own: the section it stands in, or the text of a new one; "" = that of own fields */
    const str *section_label; /* LANG_MAX texts of that section, if it is none of the entity's; or NULL */
    const struct choice *choices;
    size_t n_choices;
    str result;            /* formula: the kind of its values; its `kind` is that kind under the name "formula" */
    bool live;             /* formula: computed when read, no column */
    bool read;             /* some formula reads it */
    const struct cond *where; /* rollup: what a record must meet to be gathered (meta/filter.h); NULL = nothing, or it
                                 cannot be read any more (rollup_has_where) */
    const struct expr *expr; /* formula: meta/formula.h; NULL when it cannot be read (any more): no value */
    const struct json *dflt, *rule, *def; /* default value; filter that must hold; kind's own settings; or NULL */
};
struct section {
    str name, label[LANG_MAX];
    const uint32_t *fields;
    size_t n;
};
/* A formula elsewhere that looks at a field of this entity through a link. */
struct dependant {
    const struct field *formula, *link, *f; /* formula and link on one entity, f on this one */
};
enum { /* the fields every entity begins with */
    F_CREATED_AT, F_CREATED_BY, F_CHANGED_AT, F_CHANGED_BY, F_OWNER, F_TEAM, F_FIRM, F_DELETED_AT, F_SYSTEM_N
};
enum { FIELDS_MAX = 1024, ENTITIES_MAX = 512, FIELD_NAME_MAX = 60, KEPT_YEARS_MAX = 100 };
struct entity {
    str name;              /* singular, stable: path and table name */
    str table;             /* quoted */
    uint32_t at;           /* its place in meta.entity */
    str label[LANG_MAX], plural[LANG_MAX], icon;
    const struct field *f;
    size_t n;
    uint32_t title;        /* the field whose text names the record */
    uint32_t hue;          /* the number field with the hue (0 to 360) it is shown in, 0 = none */
    const uint32_t *list;  /* columns of a list by default */
    size_t n_list;
    const struct section *sections;
    size_t n_sections;
    bool own, trashed, internal; /* internal: not offered in the navigation */
    bool admin;            /* users, roles, ...: seen by all, written with SYS_USERS */
    bool checks;           /* has a field with a check */
    bool files;            /* has a field whose value is a stored file */
    const uint32_t *formulas; /* stored formulas, each behind those it reads */
    size_t n_formulas;
    const struct dependant *dependants;
    size_t n_dependants;
    bool live;             /* has a formula that is computed when read */
    bool search, dups;     /* takes part in search, in duplicate checks */
    bool personal;         /* holds data of people: its records can be erased by law, alone or with whom they hang on */
    bool append;           /* records are added, never changed or thrown away: what is so no more is a new one */
    int64_t kept_years;    /* law has its records kept so long from their creation: no erasure before; 0 = none */
};
struct meta {
    int64_t version;       /* grows with every change of the description */
    uint64_t serial;       /* of this loading in this process: what points into it is good while this is the same */
    const struct entity *entity;
    size_t n;
    /* private to meta.c */
    struct arena *a;
    int holders;
    const struct map *by_name;
};
/* Built-in descriptions and those in the database (cx->db may be NULL: built-in alone). The caller holds it. */
MUST enum err meta_load(struct cx *cx, struct meta **ret);
void meta_hold(struct meta *m);
void meta_drop(struct meta **m);                          /* frees with the last holder; accepts NULL */
const struct entity *meta_entity(const struct meta *m, str name);       /* NULL when unknown or trashed */
const struct field *entity_field(const struct entity *e, str name);     /* NULL when unknown or trashed */
#define ENT(cx, lit) meta_entity((cx)->meta, S(lit))
#define FLD(e, lit)  entity_field((e), S(lit))
str label_of(const str *labels, str lang);                 /* falls back to English, then to the first given */
/* Creates missing tables, columns and indexes of all entities (idempotent; inside db_write). */
MUST enum err meta_sync(struct cx *cx, const struct meta *m);
/* Is f what an engine speaks of that refused a value, for it is there already? told: an index, or table and column. */
bool field_is_unique_index(struct cx *cx, const struct field *f, str told);
/* Tags of record id about to be written into f: each in the spelling it has elsewhere, and once; a new one is noted.
 * old (or NULL) is what the record had: a spelling that it alone has can be changed. Other kinds stay. Inside
 * db_write. */
MUST enum err tags_settle(struct cx *cx, const struct field *f, int64_t id, const struct val *old, struct val *v);
/* Record id is erased: the tags v that nobody else has are known no longer. Inside db_write. */
MUST enum err tags_forget(struct cx *cx, const struct field *f, int64_t id, const struct val *v);
/* Calls fn for each field that f, a formula or a roll-up, is computed from (others: for none). */
typedef void field_fn(void *arg, const struct field *f);
void field_sources(const struct field *f, field_fn *fn, void *arg);
/* What the asker may do with an entity (written into w as one value) and with its fields; fields he may not read are
 * left out of the description. */
struct meta_rights {
    void (*entity)(struct cx *cx, const struct entity *e, struct jw *w);
    bool (*reads)(const struct cx *cx, const struct field *f);
    bool (*writes)(const struct cx *cx, const struct field *f);
};
/* GET /api/v1/meta: see docs/api.md. */
void meta_json(struct cx *cx, const struct meta *m, struct jw *w, bool trash, const struct meta_rights *rights);
/* One entity of it as one value, without its trash; what may not be read is left out. */
void meta_entity_json(struct cx *cx, const struct entity *e, struct jw *w, const struct meta_rights *rights);

/* Does its description tell a condition? With f->where NULL it cannot be read, and the roll-up stays as it is. */
bool rollup_has_where(const struct field *f);

/* ---- own fields and entities: writes meta_field / meta_entity and the table; the caller reloads ---- */
/* Takes the API's JSON. The name is made from the label: x_umsatz_2025; ret_name lives in cx->a. */
MUST enum err meta_field_add(struct cx *cx, const struct json *in, str *ret_name);
/* *ret_recast: the kind becomes another one. The new columns are there, empty; the old ones stand aside under the names
 * of field_aside until the caller has brought the values over and calls field_aside_drop with them. */
MUST enum err meta_field_change(struct cx *cx, str entity, str name, const struct json *in, bool *ret_recast);
str field_aside(struct arena *a, str column);
MUST enum err field_aside_drop(struct cx *cx, const struct entity *e, const struct field *aside);
MUST enum err meta_field_trash(struct cx *cx, str entity, str name, bool trashed);
MUST enum err meta_entity_add(struct cx *cx, const struct json *in, str *ret_name);
/* Label, plural, icon, sections, list, "personal" and "kept_years" of an own entity; what `in` does not name stays. */
MUST enum err meta_entity_change(struct cx *cx, str name, const struct json *in);
MUST enum err meta_entity_trash(struct cx *cx, str name, bool trashed);
