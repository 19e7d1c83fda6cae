/* SPDX-License-Identifier: MIT */
/* The table is open addressing over (hash, group); equal hashes stand as several entries. The hash is
 * keyed, so nobody can choose colliding rows; a false hit would need equal 64 bits and a fitting name. */
#include "xfer/join.h"

#include "base/map.h"
#include "fmt/fold.h"
#include "os/os.h"
#include "xfer/head.h"

#include <stdio.h>

struct entry { /* 12 bytes: a million rows have some five million of them */
    uint64_t hash; /* 0 = free */
    uint32_t group;
} __attribute__((packed, aligned(4)));
struct group {
    int64_t id;
    uint32_t block, at; /* its name: block of names, place in it */
    uint16_t name_n;
    bool is_firm, is_stub, has_tax;
    uint32_t firm; /* of a person; of a firm: fields given so far */
    uint32_t tax;  /* of a firm: its hash */
};
enum { CHUNK = 16384, NAME_BLOCK = 1 << 20, CHUNKS_MAX = 4096, NAME_MAX = 400 };
struct joiner {
    str folder;
    struct scratch *groups, *table;
    struct entry *slot;
    size_t slots, used;
    struct group *chunk[CHUNKS_MAX];
    char *names[CHUNKS_MAX];
    uint32_t n_groups, n_names;
    size_t name_at;
    bool ask_people, ask_firms;
};

struct joiner *joiner_new(str folder)
{
    struct scratch *groups = scratch_new(folder);
    struct joiner *j = scratch_get(groups, sizeof *j + folder.n);
    if (folder.n) memcpy(j + 1, folder.p, folder.n);
    j->folder = (str){(char *)(j + 1), folder.n};
    j->groups = groups;
    j->table = scratch_new(folder);
    j->slots = 1 << 12;
    j->slot = scratch_get(j->table, j->slots * sizeof *j->slot);
    j->n_groups = 1; /* 0 is nobody */
    j->chunk[0] = scratch_get(groups, CHUNK * sizeof(struct group));
    return j;
}

void joiner_free(struct joiner **j)
{
    if (!*j) return;
    struct scratch *groups = (*j)->groups;
    scratch_free(&(*j)->table);
    *j = NULL;
    scratch_free(&groups);
}

void joiner_ask_base(struct joiner *j, bool people, bool firms)
{
    j->ask_people = people;
    j->ask_firms = firms;
}

size_t joiner_bytes(const struct joiner *j) { return scratch_bytes(j->groups) + scratch_bytes(j->table); }

static struct group *group_at(const struct joiner *j, uint32_t g)
{
    return &j->chunk[g / CHUNK][g % CHUNK];
}
static str group_name(const struct joiner *j, const struct group *g)
{
    return (str){j->names[g->block] + g->at, g->name_n};
}

static uint32_t group_new(struct joiner *j, int64_t id, str name)
{
    uint32_t g = j->n_groups++;
    if (g % CHUNK == 0) {
        assert(g / CHUNK < CHUNKS_MAX);
        j->chunk[g / CHUNK] = scratch_get(j->groups, CHUNK * sizeof(struct group));
    }
    size_t n = name.n > NAME_MAX ? NAME_MAX : name.n;
    if (j->n_names == 0 || j->name_at + n > NAME_BLOCK) {
        assert(j->n_names < CHUNKS_MAX);
        j->names[j->n_names++] = scratch_get(j->groups, NAME_BLOCK);
        j->name_at = 0;
    }
    struct group *p = group_at(j, g);
    *p = (struct group){
        .id = id, .block = j->n_names - 1, .at = (uint32_t)j->name_at, .name_n = (uint16_t)n};
    memcpy(j->names[p->block] + p->at, name.p, n);
    j->name_at += n;
    return g;
}

static void slot_put(struct entry *slot, size_t slots, uint64_t hash, uint32_t group)
{
    size_t i = hash & (slots - 1);
    while (slot[i].hash) {
        if (slot[i].hash == hash && slot[i].group == group) return;
        i = (i + 1) & (slots - 1);
    }
    slot[i] = (struct entry){hash, group};
}

static void table_put(struct joiner *j, uint64_t hash, uint32_t group)
{
    if ((j->used + 1) * 4 > j->slots * 3) {
        struct scratch *table = scratch_new(j->folder);
        struct entry *slot = scratch_get(table, j->slots * 2 * sizeof *slot);
        for (size_t i = 0; i < j->slots; i++)
            if (j->slot[i].hash) slot_put(slot, j->slots * 2, j->slot[i].hash, j->slot[i].group);
        scratch_free(&j->table);
        j->table = table;
        j->slot = slot;
        j->slots *= 2;
    }
    slot_put(j->slot, j->slots, hash, group);
    j->used++;
}

static uint64_t key_hash(char kind, str norm)
{
    uint64_t h = hash_keyed(norm) ^ ((uint64_t)(unsigned char)kind * 0x9e3779b97f4a7c15u);
    return h ? h : 1;
}

/* ue, oe and ae count as u, o and a: Mueller is Müller. */
static uint64_t words_hash(char kind, str words)
{
    char out[2 * NAME_MAX];
    size_t n = 0;
    for (size_t i = 0; i < words.n && n < sizeof out; i++) {
        char c = words.p[i];
        bool pair = c == 'e' && n && (out[n - 1] == 'u' || out[n - 1] == 'o' || out[n - 1] == 'a');
        if (!pair) out[n++] = c;
    }
    return key_hash(kind, (str){out, n});
}

/* ---- people ---- */
enum { COMPAT_ONE_WORD = 40, SHARED_MAX = 50 };

struct candidate {
    uint32_t group;
    bool phone, mail;
};

/* The groups that share keys with the row, each with what is shared. */
static size_t candidates(struct joiner *j, const struct row *r, struct candidate v[SHARED_MAX])
{
    size_t n = 0;
    for (size_t k = 0; k < r->keys.n; k++) {
        bool phone = r->keys.v[k].kind == KEY_PHONE;
        uint64_t hash = key_hash(phone ? 'p' : 'm', r->keys.v[k].norm);
        for (size_t i = hash & (j->slots - 1); j->slot[i].hash; i = (i + 1) & (j->slots - 1)) {
            if (j->slot[i].hash != hash) continue;
            size_t c = 0;
            while (c < n && v[c].group != j->slot[i].group) c++;
            if (c == SHARED_MAX) break;
            if (c == n) v[n++] = (struct candidate){.group = j->slot[i].group};
            v[c].phone |= phone;
            v[c].mail |= !phone;
        }
    }
    return n;
}

static bool names_fit(struct arena *a, str x, str y, bool both, bool *ret_unsure)
{
    struct arena_mark m = arena_mark(a);
    int score = fold_compat(a, x, y);
    arena_back(a, m);
    *ret_unsure = score < COMPAT_MIN;
    return score >= COMPAT_MIN || (both && score >= COMPAT_ONE_WORD);
}

struct base_hit { /* a record of the base that shares keys with the row */
    int64_t id;
    bool phone, mail;
};

static enum err hits_add(struct cx *cx, const struct key *k, struct base_hit v[SHARED_MAX],
                         size_t *n)
{
    struct db_rows rows = {0};
    bool phone = k->kind == KEY_PHONE;
    TRY(db_query(
        cx, &rows,
        "SELECT DISTINCT record FROM contact_point WHERE norm = $1 AND entity = 'person' LIMIT 50",
        V(k->norm)));
    for (size_t i = 0; i < rows.n; i++) {
        size_t c = 0;
        while (c < *n && v[c].id != db_int(&rows, i, 0)) c++;
        if (c == SHARED_MAX) break;
        if (c == *n) v[(*n)++] = (struct base_hit){.id = db_int(&rows, i, 0)};
        v[c].phone |= phone;
        v[c].mail |= !phone;
    }
    return E_OK;
}

/* Which records is asked of the index of points; their names of `record`, so that the unseen join nobody. */
static enum err person_in_base(struct cx *cx, const struct row *r, struct joined *ret)
{
    const struct entity *e = ENT(cx, "person");
    struct base_hit v[SHARED_MAX];
    size_t n = 0;
    for (size_t i = 0; i < r->keys.n; i++) TRY(hits_add(cx, &r->keys.v[i], v, &n));
    for (size_t i = 0; i < n; i++) {
        struct record rec = {0};
        bool unsure = false;
        enum err err = record_get(cx, e, v[i].id, &rec);
        if (err == E_NOTFOUND) continue;
        TRY(err);
        str name = record_title(&rec);
        if (!names_fit(cx->a, r->name, name, v[i].phone && v[i].mail, &unsure)) continue;
        if (ret->why != JOIN_NEW && unsure) continue;
        *ret = (struct joined){JOIN_BASE, 0, v[i].id, name, unsure};
        if (!unsure) return E_OK;
    }
    return E_OK;
}

enum err join_person(struct cx *cx, struct joiner *j, const struct row *r, struct joined *ret)
{
    struct candidate v[SHARED_MAX];
    struct joined part = {0};
    *ret = (struct joined){0};
    if (r->keys.n == 0) return E_OK;
    size_t n = candidates(j, r, v);
    for (size_t i = 0; i < n; i++) {
        const struct group *g = group_at(j, v[i].group);
        bool unsure = false;
        if (!names_fit(cx->a, r->name, group_name(j, g), v[i].phone && v[i].mail, &unsure))
            continue;
        struct joined hit = {JOIN_FILE, v[i].group, g->id, group_name(j, g), unsure};
        if (unsure) part = hit;
        else *ret = hit;
        if (!unsure) return E_OK;
    }
    if (part.why != JOIN_NEW) *ret = part;
    else if (j->ask_people) return person_in_base(cx, r, ret);
    return E_OK;
}

uint32_t joiner_put_person(struct joiner *j, const struct row *r, uint32_t group, int64_t id,
                           uint32_t firm)
{
    if (r->keys.n == 0 && group == 0) return 0;
    if (group == 0) group = group_new(j, id, r->name);
    if (firm) group_at(j, group)->firm = firm;
    for (size_t k = 0; k < r->keys.n; k++)
        table_put(j, key_hash(r->keys.v[k].kind == KEY_PHONE ? 'p' : 'm', r->keys.v[k].norm),
                  group);
    return group;
}

/* ---- people without number and mail ---- */
enum { NAMED_MAX = 8, NAMESAKES = 20, SAME_PLACE = 95, HOUSE_DIGITS = 3 };
static const uint32_t SEVERAL = UINT32_MAX;

/* Two words or more. */
static bool is_full_name(str folded) { return memchr(folded.p, ' ', folded.n) && folded.n < NAME_MAX; }

/* A town alone is shared by many; a house number stands in few digits, a postcode in more. */
static bool is_house(str address)
{
    for (size_t i = 0, n = 0; i <= address.n; i++) {
        bool digit = i < address.n && address.p[i] >= '0' && address.p[i] <= '9';
        if (!digit && n > 0 && n <= HOUSE_DIGITS) return true;
        n = digit ? n + 1 : 0;
    }
    return false;
}

static const struct val *value_of(const struct entity *e, const struct row *r, const char *name)
{
    const struct field *f = entity_field(e, str_from(name));
    for (size_t i = 0; f && i < r->main.n; i++)
        if (r->main.v[i].f == f && r->main.v[i].v.t != VT_NULL) return &r->main.v[i].v;
    return NULL;
}

/* What says that it is another person of that name. */
static const char *const marks[] = {"birthday", "inn"};

static str mark_of(struct arena *a, const struct entity *e, const struct row *r)
{
    struct buf b = buf_new(a, 200);
    for (size_t i = 0; i < COUNT(marks); i++) {
        const struct val *v = value_of(e, r, marks[i]);
        if (v && v->t == VT_INT) buf_fmt(&b, "/%" PRId64, v->i);
        if (v && v->t == VT_TEXT) buf_fmt(&b, "/%.*s", FS(v->s));
    }
    return buf_str(&b);
}

/* The hashes under which a person of the row's name stands: with his firm, with each address. */
static size_t named_keys(struct cx *cx, const struct row *r, uint32_t firm_group, str mark, uint64_t ret[NAMED_MAX])
{
    struct arena *a = cx->a;
    const struct entity *e = ENT(cx, "person");
    str name = fold_text(a, r->name);
    size_t n = 0;
    if (!is_full_name(name)) return 0;
    if (firm_group) ret[n++] = words_hash('N', arena_fmt(a, "%u/%.*s%.*s", firm_group, FS(name), FS(mark)));
    const struct val *v = value_of(e, r, "addresses");
    for (size_t i = 0; v && i < v->n && n < NAMED_MAX; i++)
        if (is_house(v->v[i].typed)) {
            str at = fold_text(a, v->v[i].typed);
            ret[n++] = words_hash('A', arena_fmt(a, "%.*s%.*s/%.*s", FS(name), FS(mark), FS(at)));
        }
    return n;
}

static bool contradicts(const struct entity *e, const struct row *r, const struct record *rec)
{
    for (size_t i = 0; i < COUNT(marks); i++) {
        const struct field *f = entity_field(e, str_from(marks[i]));
        const struct val *v = value_of(e, r, marks[i]), *has = f ? &rec->v[f->at] : NULL;
        if (v && has && has->t != VT_NULL && !val_eq(v, has)) return true;
    }
    return false;
}

static bool same_house(struct cx *cx, const struct val *x, const struct val *y)
{
    for (size_t i = 0; x && i < x->n; i++)
        for (size_t k = 0; y->t == VT_LIST && k < y->n; k++)
            if (is_house(x->v[i].typed) && fold_compat(cx->a, x->v[i].typed, y->v[k].typed) >= SAME_PLACE) return true;
    return false;
}

/* Of this firm; or of none that is known, and living there. */
static bool is_named_one(struct cx *cx, const struct entity *e, const struct row *r, int64_t firm,
                         const struct record *rec)
{
    const struct val *of = &rec->v[FLD(e, "company")->at], *at = &rec->v[FLD(e, "addresses")->at];
    if (contradicts(e, r, rec)) return false;
    if (firm && of->t == VT_INT) return of->i == firm;
    return same_house(cx, value_of(e, r, "addresses"), at);
}

/* The one person of that name in the base who is of this firm, or lives there. */
static enum err named_in_base(struct cx *cx, const struct row *r, int64_t firm, struct joined *ret)
{
    const struct entity *e = ENT(cx, "person");
    struct db_rows rows = {0};
    size_t n = 0;
    str name = fold_text(cx->a, r->name);
    if (!FLD(e, "company") || !FLD(e, "addresses") || !is_full_name(name)) return E_OK;
    TRY(db_query(cx, &rows, "SELECT id FROM person WHERE name_f = $1 AND deleted_at IS NULL ORDER BY id LIMIT 20",
                 V(name)));
    for (size_t i = 0; i < rows.n; i++) {
        struct record rec = {0};
        enum err err = record_get(cx, e, db_int(&rows, i, 0), &rec);
        if (err == E_NOTFOUND) continue;
        TRY(err);
        if (is_named_one(cx, e, r, firm, &rec) && n++ == 0)
            *ret = (struct joined){JOIN_BASE, 0, rec.id, record_title(&rec), false};
    }
    if (n > 1 || rows.n == NAMESAKES) *ret = (struct joined){0}; /* which of them, nothing tells */
    return E_OK;
}

/* The one of the row's name who stands under the hashes: 0 nobody, SEVERAL when nothing tells which. Who lives there
 * and is known to be of another firm is not he. */
static uint32_t only_one(const struct joiner *j, const uint64_t *hash, size_t n, uint32_t firm_group)
{
    uint32_t only = 0;
    for (size_t k = 0; k < n; k++)
        for (size_t i = hash[k] & (j->slots - 1); j->slot[i].hash; i = (i + 1) & (j->slots - 1)) {
            uint32_t g = j->slot[i].group, of = group_at(j, g)->firm;
            bool by_firm = firm_group && k == 0;
            if (j->slot[i].hash != hash[k] || (!by_firm && firm_group && of && of != firm_group)) continue;
            if (only && only != g) return SEVERAL;
            only = g;
        }
    return only;
}

/* Rows without number and mail that say the same are of one person, whoever else has his name. */
static str bare(struct arena *a, str mark) { return arena_fmt(a, "%.*s=", FS(mark)); }

enum err join_named(struct cx *cx, struct joiner *j, const struct row *r, int64_t firm, uint32_t firm_group,
                    struct joined *ret)
{
    uint64_t hash[NAMED_MAX];
    str mark = mark_of(cx->a, ENT(cx, "person"), r);
    size_t n = named_keys(cx, r, firm_group, bare(cx->a, mark), hash);
    uint32_t g = only_one(j, hash, n, firm_group);
    *ret = (struct joined){0};
    if (!g) {
        n = named_keys(cx, r, firm_group, mark, hash);
        g = only_one(j, hash, n, firm_group);
    }
    if (g == SEVERAL) return E_OK;
    if (g) *ret = (struct joined){JOIN_FILE, g, group_at(j, g)->id, group_name(j, group_at(j, g)), false};
    return !g && j->ask_people ? named_in_base(cx, r, firm, ret) : E_OK;
}

uint32_t joiner_put_named(struct cx *cx, struct joiner *j, const struct row *r, uint32_t group, int64_t id,
                          uint32_t firm_group)
{
    uint64_t hash[3 * NAMED_MAX];
    str mark = mark_of(cx->a, ENT(cx, "person"), r);
    size_t n = named_keys(cx, r, firm_group, S(""), hash);
    if (n && mark.n) n += named_keys(cx, r, firm_group, mark, hash + n);
    if (n && !r->keys.n) n += named_keys(cx, r, firm_group, bare(cx->a, mark), hash + n);
    if (n && group == 0) group = group_new(j, id, r->name);
    if (n && firm_group) group_at(j, group)->firm = firm_group;
    for (size_t k = 0; k < n; k++) table_put(j, hash[k], group);
    return group;
}

uint32_t joiner_firm_of(const struct joiner *j, uint32_t group)
{
    const struct group *g = group ? group_at(j, group) : NULL;
    return g && !g->is_firm ? g->firm : 0;
}

/* ---- firms ---- */

static uint32_t tax_hash(str tax) { return (uint32_t)hash_keyed(tax) | 1; }

static uint32_t firm_by(const struct joiner *j, uint64_t hash, str tax)
{
    for (size_t i = hash & (j->slots - 1); j->slot[i].hash; i = (i + 1) & (j->slots - 1)) {
        if (j->slot[i].hash != hash) continue;
        const struct group *g = group_at(j, j->slot[i].group);
        if (!tax.n || !g->has_tax || g->tax == tax_hash(tax)) return j->slot[i].group;
    }
    return 0;
}

static bool taxes_differ(const struct record *r, const struct field *inn, str tax)
{
    return inn && tax.n && r->v[inn->at].t == VT_TEXT && !str_eq(r->v[inn->at].s, tax);
}

static enum err firm_in_base(struct cx *cx, str name, str key, str tax, struct joined *ret)
{
    const struct entity *e = ENT(cx, "company");
    const struct field *inn = FLD(e, "inn");
    struct db_rows rows[2] = {{0}};
    if (tax.n)
        TRY(db_query(
            cx, &rows[0],
            "SELECT id FROM company WHERE inn = $1 AND deleted_at IS NULL ORDER BY id LIMIT 20",
            V(tax)));
    TRY(db_query(
        cx, &rows[1],
        "SELECT id FROM company WHERE name_f = $1 AND deleted_at IS NULL ORDER BY id LIMIT 20",
        V(fold_text(cx->a, name))));
    for (size_t k = 0; k < COUNT(rows); k++)
        for (size_t i = 0; i < rows[k].n; i++) {
            struct record r = {0};
            enum err err = record_get(cx, e, db_int(&rows[k], i, 0), &r);
            if (err == E_NOTFOUND) continue;
            TRY(err);
            if (k == 1 &&
                (taxes_differ(&r, inn, tax) || !str_eq(firm_key(cx->a, record_title(&r)), key)))
                continue;
            *ret = (struct joined){JOIN_BASE, 0, r.id, record_title(&r), false};
            return E_OK;
        }
    return E_OK;
}

enum err join_firm(struct cx *cx, struct joiner *j, str name, str key, str tax, uint32_t firm_of,
                   struct joined *ret)
{
    bool unsure = false;
    uint32_t g = tax.n ? firm_by(j, key_hash('t', tax), tax) : 0;
    *ret = (struct joined){0};
    if (!g) g = firm_by(j, words_hash('n', key), tax);
    if (!g && firm_of) {
        const struct group *f = group_at(j, firm_of);
        bool taxes_fit = !tax.n || !f->has_tax || f->tax == tax_hash(tax);
        if (taxes_fit && names_fit(cx->a, name, group_name(j, f), false, &unsure)) g = firm_of;
    }
    if (g)
        *ret =
            (struct joined){JOIN_FILE, g, group_at(j, g)->id, group_name(j, group_at(j, g)), false};
    else if (j->ask_firms) return firm_in_base(cx, name, key, tax, ret);
    return E_OK;
}

uint32_t joiner_put_firm(struct joiner *j, str name, str key, str tax, uint32_t group, int64_t id,
                         bool stub)
{
    bool is_new = group == 0;
    if (is_new) group = group_new(j, id, name);
    struct group *g = group_at(j, group);
    g->is_firm = true;
    if (is_new) g->is_stub = stub;
    if (tax.n && !g->has_tax) {
        g->has_tax = true;
        g->tax = tax_hash(tax);
        table_put(j, key_hash('t', tax), group);
    }
    table_put(j, words_hash('n', key), group);
    return group;
}

bool joiner_take_stub(struct joiner *j, uint32_t group)
{
    struct group *g = group_at(j, group);
    bool was = g->is_stub;
    g->is_stub = false;
    return was;
}

uint32_t joiner_seen_fields(struct joiner *j, uint32_t group, uint32_t bits)
{
    struct group *g = group_at(j, group);
    uint32_t before = g->firm;
    g->firm |= bits;
    return before;
}

bool joiner_touch(struct joiner *j, int64_t id)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%" PRId64, id);
    uint64_t hash = key_hash('r', (str){text, n > 0 ? (size_t)n : 0});
    for (size_t i = hash & (j->slots - 1); j->slot[i].hash; i = (i + 1) & (j->slots - 1))
        if (j->slot[i].hash == hash) return false;
    table_put(j, hash, 0);
    return true;
}
