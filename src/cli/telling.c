/* SPDX-License-Identifier: MIT */
/* cli/telling.c - commands that work on a base as a whole, beside its server or without one, say so in its security
 * log. */
#include "cli/cli_int.h"
#include "os/os.h"

enum { TELL_TIMEOUT_MS = 60000 };

static enum err told_in(struct cli *c, const struct event *e, cli_base_fn *fn, void *arg)
{
    int schema = 0;
    TRY(db_schema_version(c->cx, &schema));
    if (schema != db_schema_latest())
        return fail(c->cx, E_PRECOND,
                    "the data has another form than this program: run kontor upgrade first");
    c->cx->now_ms = os_now_ms(); /* a backup takes its time */
    if (fn) return fn(c, arg);
    return event_write(c->cx, e, NULL);
}

static enum err with_writing(struct cli *c, str url, const struct event *e, cli_base_fn *fn,
                             void *arg)
{
    struct dbase *b = NULL;
    struct db *held = c->cx->db;
    struct db_opts o = {.url = url, .readers = 1, .statement_timeout_ms = TELL_TIMEOUT_MS};
    TRY(dbase_open(c->cx, &o, &b));
    c->cx->db = db_get(b);
    enum err err = told_in(c, e, fn, arg);
    db_put(&c->cx->db);
    c->cx->db = held;
    dbase_close(&b);
    return err;
}

enum err cli_event(struct cli *c, str url, const struct event *e)
{
    return with_writing(c, url, e, NULL, NULL);
}

enum err cli_with_base(struct cli *c, str url, cli_base_fn *fn, void *arg)
{
    return with_writing(c, url, NULL, fn, arg);
}

/* ---- the table of kinds, for the manual ---- */
static void keys_put(struct cli *c, str keys)
{
    str word = {0};
    for (size_t n = 0; keys.n; n++) {
        (void)str_split(keys, ' ', &word, &keys);
        cli_say(c, "%s`%.*s`", n ? " " : "", FS(word));
    }
}

static const char *subject_name(enum event_subject of)
{
    static const char *const names[] = {
        [EVENT_OF_NONE] = "",           [EVENT_OF_USER] = "user",
        [EVENT_OF_ROLE] = "role",       [EVENT_OF_KEY] = "API key",
        [EVENT_OF_PASSKEY] = "passkey", [EVENT_OF_BLOCK] = "block",
        [EVENT_OF_RECORD] = "record",   [EVENT_OF_EVENT] = "event",
        [EVENT_OF_SEAL] = "seal",       [EVENT_OF_SETTING] = "webhook, provider",
        [EVENT_OF_RULE] = "rule"};
    return names[of];
}

static void codes_put(struct cli *c, size_t key)
{
    for (size_t i = 0, n = 0; i < EVENT_CODES_N; i++)
        if (event_codes[i].key == (enum event_key)key)
            cli_say(c, "%s`%.*s` (%.*s)", n++ ? ", " : "", FS(event_codes[i].name),
                    FS(event_codes[i].text));
}

void kinds_md(struct cli *c)
{
    cli_put(c, S("| kind | subject | parameters | what |\n|--|--|--|--|\n"));
    for (size_t i = 0; i < EVENT_N; i++) {
        const struct event_kind_info *k = &event_kinds[i];
        cli_say(c, "| `%.*s` | %s | ", FS(k->name), subject_name(k->subject));
        keys_put(c, k->keys);
        cli_say(c, " | %.*s%s%.*s%s |\n", FS(k->text), k->more.n ? ": " : "", FS(k->more),
                k->by_cli ? " (command line)" : "");
    }
    cli_put(c, S("| parameter | codes | what |\n|--|--|--|\n"));
    for (size_t i = EVENT_KEY_NONE + 1; i < EVENT_KEYS_N; i++) {
        cli_say(c, "| `%.*s` | ", FS(event_keys[i].name));
        codes_put(c, i);
        cli_say(c, " | %.*s |\n", FS(event_keys[i].more));
    }
}
