/* SPDX-License-Identifier: MIT */
/* api/security_text.c - rows of the security log in the reader's language: kinds and codes by the table
 * (audit/event.def), ids by the titles that his rights let him see, names of entities and fields by their labels. */
#include "api/security.h"

#include "auth/key.h"
#include "base/time.h"
#include "base/tr.h"
#include "privacy/retain.h"

enum { TOLD_MAX = 8 * 1024 };

/* ---- titles ---- */
struct names {
    LIST(int64_t) id;
    str *title;
};
static void name_want(struct cx *cx, struct names *n, int64_t id)
{
    bool known = id < 1;
    for (size_t i = 0; i < n->id.n && !known; i++) known = n->id.v[i] == id;
    if (!known) *LIST_ADD(cx->a, &n->id) = id;
}

static str name_of(const struct names *n, int64_t id)
{
    for (size_t i = 0; i < n->id.n; i++)
        if (n->id.v[i] == id) return n->title[i];
    return S("");
}

static enum err names_read(struct cx *cx, const struct entity *e, struct names *n)
{
    n->title = NEW_N(cx->a, str, n->id.n + 1);
    return n->id.n ? record_titles(cx, e, n->id.v, n->id.n, n->title) : E_OK;
}

struct telling {
    const struct event_row *v;
    size_t n;
    const struct json **detail; /* NULL: none */
    const struct event_kind_info **kind;
    struct names user, role, key, rule;
};

static int64_t id_in(const struct json *j, enum event_key key)
{
    const struct json *v = json_get(j, event_keys[key].name);
    int64_t id = 0;
    return v && v->t == JT_STR && str_to_int(v->s, &id) ? id : 0;
}

static enum event_subject subject_of(const struct telling *t, size_t i)
{
    return t->kind[i] ? t->kind[i]->subject : EVENT_OF_NONE;
}

/* Those that are there yet. */
static enum err rule_names(struct cx *cx, struct names *n)
{
    struct retention *r = NULL;
    size_t n_rules = 0;
    n->title = NEW_N(cx->a, str, n->id.n + 1);
    if (n->id.n) TRY(retention_list(cx, &r, &n_rules));
    for (size_t i = 0; i < n->id.n; i++)
        for (size_t k = 0; k < n_rules; k++)
            if (r[k].id == n->id.v[i]) n->title[i] = r[k].name;
    return E_OK;
}

static enum err all_names(struct cx *cx, struct telling *t)
{
    for (size_t i = 0; i < t->n; i++) {
        enum event_subject of = subject_of(t, i);
        name_want(cx, &t->user, t->v[i].who);
        name_want(cx, &t->user, of == EVENT_OF_USER ? t->v[i].subject : 0);
        name_want(cx, &t->user, id_in(t->detail[i], EVENT_KEY_AS));
        name_want(cx, &t->user, id_in(t->detail[i], EVENT_KEY_OF));
        name_want(cx, &t->role, of == EVENT_OF_ROLE ? t->v[i].subject : 0);
        name_want(cx, &t->key, t->v[i].api_key);
        name_want(cx, &t->key, of == EVENT_OF_KEY ? t->v[i].subject : 0);
        name_want(cx, &t->rule, of == EVENT_OF_RULE ? t->v[i].subject : 0);
    }
    TRY(names_read(cx, ENT(cx, "user"), &t->user));
    TRY(names_read(cx, ENT(cx, "role"), &t->role));
    TRY(rule_names(cx, &t->rule));
    t->key.title = NEW_N(cx->a, str, t->key.id.n + 1);
    return key_names(cx, t->key.id.v, t->key.id.n, acl_sys(cx, SYS_USERS), t->key.title);
}

/* Records of several entities: a look for each entity. */
static const struct entity *record_entity(struct cx *cx, const struct telling *t, size_t i)
{
    const struct json *e =
        subject_of(t, i) == EVENT_OF_RECORD ? json_get(t->detail[i], S("entity")) : NULL;
    return e && e->t == JT_STR ? meta_entity(cx->meta, e->s) : NULL;
}

static enum err record_names(struct cx *cx, const struct telling *t, struct event_told *ret)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct entity *e = record_entity(cx, t, i);
        struct names of = {0};
        if (!e || ret[i].entity.n || !acl_may(cx, e, ACT_SEE)) continue;
        for (size_t k = i; k < t->n; k++)
            if (record_entity(cx, t, k) == e) name_want(cx, &of, t->v[k].subject);
        TRY(names_read(cx, e, &of));
        for (size_t k = i; k < t->n; k++) {
            if (record_entity(cx, t, k) != e) continue;
            ret[k].entity = e->name;
            ret[k].subject = name_of(&of, t->v[k].subject);
        }
    }
    return E_OK;
}

/* ---- parameters ---- */
static str field_label(struct cx *cx, const struct entity *e, str name)
{
    const struct field *f = e ? entity_field(e, name) : NULL;
    return f ? label_of(f->label, cx->lang) : name;
}

static str entity_label(struct cx *cx, str name)
{
    const struct entity *e = meta_entity(cx->meta, name);
    return e ? label_of(e->label, cx->lang) : name;
}

static void fields_say(struct cx *cx, struct buf *b, const struct entity *e, const struct json *v)
{
    for (size_t i = 0; i < v->n; i++)
        buf_fmt(b, "%s%.*s", i ? ", " : "", FS(field_label(cx, e, v->v[i].s)));
}

static str time_said(struct cx *cx, str ms)
{
    int64_t at = 0;
    return str_to_int(ms, &at) ? str_cut(time_text(cx->a, at), 0, 10) : ms;
}

static str person_said(const struct telling *t, str id)
{
    int64_t user = 0;
    str title = str_to_int(id, &user) ? name_of(&t->user, user) : S("");
    return title.n ? title : id;
}

static void value_say(struct cx *cx, struct buf *b, const struct telling *t,
                      const struct event_key_info *k, const struct json *v, const struct entity *e)
{
    const struct event_code_info *code = event_code_find(k->name, v->s);
    const struct event_kind_info *kind = event_kind_find(v->s);
    switch (k->form) {
    case EVENT_FORM_CODE: buf_add(b, code ? tr(cx->lang, code->text) : v->s); break;
    case EVENT_FORM_KIND: buf_add(b, kind ? tr(cx->lang, kind->text) : v->s); break;
    case EVENT_FORM_USER: buf_add(b, person_said(t, v->s)); break;
    case EVENT_FORM_ENTITY: buf_add(b, entity_label(cx, v->s)); break;
    case EVENT_FORM_FIELDS: fields_say(cx, b, e, v); break;
    case EVENT_FORM_TIME: buf_add(b, time_said(cx, v->s)); break;
    case EVENT_FORM_TEXT: buf_add(b, v->s); break;
    case EVENT_FORM_FLAG:
    case EVENT_FORM_PROOF: break;
    }
}

static bool is_said(const struct event_key_info *k, const struct json *v)
{
    if (!k || k->form == EVENT_FORM_PROOF) return false;
    if (k->form == EVENT_FORM_FLAG) return v->t == JT_BOOL && v->b;
    return v->t == JT_ARR ? v->n > 0 : v->s.n > 0;
}

/* Whose fields they are: of the records that were taken out, or of the user or role that was written. */
static const struct entity *fields_of(struct cx *cx, const struct telling *t, size_t i)
{
    const struct json *e = json_get(t->detail[i], S("entity"));
    enum event_subject of = subject_of(t, i);
    if (e && e->t == JT_STR) return meta_entity(cx->meta, e->s);
    return of == EVENT_OF_USER ? ENT(cx, "user") : of == EVENT_OF_ROLE ? ENT(cx, "role") : NULL;
}

static str detail_said(struct cx *cx, const struct telling *t, size_t i)
{
    const struct json *j = t->detail[i];
    struct buf b = buf_new(cx->a, TOLD_MAX);
    for (size_t k = 0; j && k < j->n; k++) {
        const struct event_key_info *key = event_key_find(j->v[k].key);
        if (!is_said(key, &j->v[k])) continue;
        buf_fmt(&b, "%s%.*s", b.n ? "; " : "", FS(tr(cx->lang, key->text)));
        if (key->form == EVENT_FORM_FLAG) continue;
        buf_add(&b, S(": "));
        value_say(cx, &b, t, key, &j->v[k], fields_of(cx, t, i));
    }
    return b.full ? S("...") : buf_str(&b);
}

str event_subject_name(enum event_subject of)
{
    static const str names[] = {
        [EVENT_OF_NONE] = S0(""),           [EVENT_OF_USER] = S0("user"),
        [EVENT_OF_ROLE] = S0("role"),       [EVENT_OF_KEY] = S0("key"),
        [EVENT_OF_PASSKEY] = S0("passkey"), [EVENT_OF_BLOCK] = S0("block"),
        [EVENT_OF_RECORD] = S0("record"),   [EVENT_OF_EVENT] = S0("event"),
        [EVENT_OF_SEAL] = S0("seal"),       [EVENT_OF_SETTING] = S0("setting"),
        [EVENT_OF_RULE] = S0("rule")};
    return names[of];
}

static void row_told(struct cx *cx, const struct telling *t, size_t i, struct event_told *ret)
{
    const struct event_row *v = &t->v[i];
    enum event_subject of = subject_of(t, i);
    ret->text = t->kind[i] ? tr(cx->lang, t->kind[i]->text) : v->kind;
    ret->detail = t->detail[i];
    ret->who = name_of(&t->user, v->who);
    ret->key = name_of(&t->key, v->api_key);
    ret->of = event_subject_name(of);
    if (of == EVENT_OF_USER) ret->subject = name_of(&t->user, v->subject);
    if (of == EVENT_OF_ROLE) ret->subject = name_of(&t->role, v->subject);
    if (of == EVENT_OF_RULE) ret->subject = name_of(&t->rule, v->subject);
    if (of == EVENT_OF_KEY) ret->subject = name_of(&t->key, v->subject);
    ret->told = detail_said(cx, t, i);
}

enum err events_told(struct cx *cx, const struct event_row *v, size_t n, struct event_told **ret)
{
    struct telling t = {.v = v,
                        .n = n,
                        .detail = NEW_N(cx->a, const struct json *, n + 1),
                        .kind = NEW_N(cx->a, const struct event_kind_info *, n + 1)};
    *ret = NEW_N(cx->a, struct event_told, n + 1);
    for (size_t i = 0; i < n; i++) {
        t.kind[i] = event_kind_find(v[i].kind);
        if (!v[i].detail.n || json_parse(cx, v[i].detail, &t.detail[i]) != E_OK) t.detail[i] = NULL;
    }
    TRY(all_names(cx, &t));
    for (size_t i = 0; i < n; i++) row_told(cx, &t, i, &(*ret)[i]);
    return record_names(cx, &t, *ret);
}
