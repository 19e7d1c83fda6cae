/* SPDX-License-Identifier: MIT */
/* privacy/note.c - the file of erasures beside the base: one JSON object a line, no data of anybody. */
#include "base/log.h"
#include "os/os.h"
#include "privacy/privacy_int.h"

#include <pthread.h>

enum { LINE_MAX = 1024 * 1024 };
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER; /* two erasures may end together */

static str path_of(struct cx *cx, const struct erase_env *env)
{
    return arena_fmt(cx->a, "%.*s/" ERASURES_FILE, FS(env->data_dir));
}

static enum err file_read(struct cx *cx, const struct erase_env *env, str *ret)
{
    *ret = S("");
    if (!env->data_dir.n) return E_OK;
    enum err e = os_read_file(cx, path_of(cx, env), ERASURES_MAX_BYTES, ret);
    return e == E_NOTFOUND ? E_OK : e;
}

static enum err line_read(struct cx *cx, str line, struct erased *x)
{
    const struct json *j = NULL;
    TRY(json_parse(cx, line, &j));
    TRY(json_str_of(cx, j, S("ref"), S(""), &x->ref));
    TRY(json_str_of(cx, j, S("ground"), S(""), &x->ground));
    TRY(json_str_of(cx, j, S("entity"), S(""), &x->entity));
    TRY(json_str_of(cx, j, S("records"), S(""), &x->records));
    TRY(json_id_of(cx, j, S("record"), 0, &x->record));
    TRY(json_id_of(cx, j, S("who"), 0, &x->who));
    TRY(json_int_of(cx, j, S("at"), 0, &x->at));
    TRY(json_bool_of(cx, j, S("shared"), false, &x->shared_too));
    return x->ref.n && x->record > 0 ? E_OK : E_BAD;
}

enum err erased_read(struct cx *cx, const struct erase_env *env, struct erased **ret, size_t *ret_n)
{
    str text = {0}, line = {0};
    LIST(struct erased) v = {0};
    TRY(file_read(cx, env, &text));
    for (int n = 1; text.n; n++) {
        struct erased x = {0};
        (void)str_split(text, '\n', &line, &text);
        if (!str_trim(line).n) continue;
        if (line_read(cx, line, &x) == E_OK) *LIST_ADD(cx->a, &v) = x;
        else
            log_say(cx, LOG_ERROR, S("privacy"),
                    "line %d of the file erasures cannot be read: what it tells of is not erased "
                    "again",
                    n);
    }
    *ret = v.v;
    *ret_n = v.n;
    return E_OK;
}

static str line_of(struct cx *cx, const struct erased *x)
{
    struct buf b = buf_new(cx->a, LINE_MAX);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    jw_kstr(&w, S("ref"), x->ref);
    jw_kint(&w, S("at"), x->at);
    jw_kid(&w, S("who"), x->who);
    jw_kstr(&w, S("ground"), x->ground);
    jw_kstr(&w, S("entity"), x->entity);
    jw_kid(&w, S("record"), x->record);
    jw_kbool(&w, S("shared"), x->shared_too);
    jw_kstr(&w, S("records"), x->records);
    jw_obj_end(&w);
    return buf_str(&b);
}

static enum err note(struct cx *cx, const struct erase_env *env, const struct erased *x)
{
    struct erased *v = NULL;
    size_t n = 0;
    str text = {0};
    TRY(erased_read(cx, env, &v, &n));
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].ref, x->ref)) return E_OK;
    TRY(file_read(cx, env, &text));
    bool whole = !text.n || str_has_suffix(text, S("\n"));
    return os_write_file_atomic(
        cx, path_of(cx, env),
        arena_fmt(cx->a, "%.*s%s%.*s\n", FS(text), whole ? "" : "\n", FS(line_of(cx, x))), 0600);
}

enum err erased_note(struct cx *cx, const struct erase_env *env, const struct erased *x)
{
    if (!env->data_dir.n) return E_OK;
    pthread_mutex_lock(&writing);
    enum err e = note(cx, env, x);
    pthread_mutex_unlock(&writing);
    return e;
}
