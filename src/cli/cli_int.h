/* SPDX-License-Identifier: MIT */
/* cli/cli_int.h - what the files of this room share. */
#pragma once
#include "audit/event.h"
#include "cli/cli.h"

/* ---- the table (commands.c) ---- */
extern const struct command commands[];
extern const size_t commands_n;
/* By name, also among c->extra; NULL when unknown. */
const struct command *command_find(const struct cli *c, str name);
/* i-th of all, own ones first, NULL behind the last. */
const struct command *command_at(const struct cli *c, size_t i);
/* Options of every command (i < n_own), then those of cmd, then settings. `ret` lives in cx->a. */
struct opts {
    const struct opt *v;
    size_t n;
};
struct opts command_opts(struct cx *cx, const struct command *cmd);

/* ---- args.c ---- */
/* Options and arguments behind the command's name, checked against its table. */
MUST enum err args_parse(struct cli *c, const str *argv, size_t n);
/* The one of `name` that a slip of the fingers away from s means; "" = none is near. */
str nearest(struct cx *cx, str s, const str *name, size_t n);

/* The language of "de=Text" and the text behind; LANG_MAX: all of it is text. */
enum lang cli_lang(str v, str *ret_text);

/* ---- cmd_users.c ---- */
/* By its name; "" = that of the first administrator. E_NOTFOUND at "role". */
MUST enum err cli_role(struct cli *c, str name, int64_t *ret);
/* By his mail address, also who is switched off. E_NOTFOUND at "mail". */
MUST enum err cli_user(struct cli *c, str mail, int64_t *ret);

/* ---- own_json.c ---- */
struct own_told {
    const struct entity *e;    /* whose field it is; an entity that is changed, NULL: a new one */
    const struct field *field; /* that is changed; NULL: a new one, or none at all */
    bool is_field;
    str text;                  /* an object as the API takes it, "" = none; the options stand over it */
};
MUST enum err own_json(struct cli *c, const struct own_told *t, const struct json **ret);

/* ---- config.c ---- */
/* Fills c->setting: defaults, /etc/kontor/kontor.conf or --config, DIR/kontor.conf, KONTOR_..., options. */
MUST enum err config_load(struct cli *c);
/* Lines `key = value` into c->setting; E_INVALID names file and line. */
MUST enum err config_text(struct cli *c, str path, str text);
str setting_option(struct cx *cx, const struct setting *s); /* "tls-cert" */
str setting_env(struct cx *cx, const struct setting *s);    /* "KONTOR_TLS_CERT" */

/* ---- help.c ---- */
void help_all(struct cli *c);
void help_command(struct cli *c, const struct command *cmd);
void man_all(struct cli *c);
void man_command(struct cli *c, const struct command *cmd);
/* Was that store_open refused because another program holds the folder? */
bool is_held(const struct cli *c, enum err e);
void settings_md(struct cli *c);
void limits_md(struct cli *c); /* of the server */

/* ---- telling.c ---- */
/* An event of a command that has no open store, into the base at `url`, beside its server if there is one. E_PRECOND:
 * the base has not this program's schema. */
MUST enum err cli_event(struct cli *c, str url, const struct event *e);
/* The same for more than an event: fn has c->cx->db, and writes in transactions of its own. */
typedef enum err cli_base_fn(struct cli *c, void *arg);
MUST enum err cli_with_base(struct cli *c, str url, cli_base_fn *fn, void *arg);
void kinds_md(struct cli *c); /* of security events */

/* ---- run.c: what main and the server's side share ---- */
/* c->cx has the store's things: acts as --as, runs the command. */
MUST enum err command_run(struct cli *c);
/* Says what went wrong on c->err; gives the exit code. */
int command_end(struct cli *c, enum err e);

/* ---- out.c ---- */
/* SIGINT, SIGTERM and SIGHUP only make c->gone true; before threads begin, which would take them otherwise. */
void signals_take(struct cli *c);
void signals_give(struct cli *c); /* as before; safe when they were not taken */

/* ---- remote_client.c ---- */
/* Has the server that holds the folder do it. E_NOTFOUND: there is none. */
MUST enum err remote_run(struct cli *c, int *ret_code);

/* ---- the commands ---- */
enum err cmd_init(struct cli *c);
enum err cmd_user(struct cli *c);
enum err cmd_key(struct cli *c);
enum err cmd_import(struct cli *c);
enum err cmd_undo(struct cli *c);
enum err cmd_export(struct cli *c);
enum err cmd_count(struct cli *c);
enum err cmd_who(struct cli *c);
enum err cmd_sql(struct cli *c);
enum err cmd_upgrade(struct cli *c);
enum err cmd_doctor(struct cli *c);
enum err cmd_verify(struct cli *c);
enum err cmd_audit(struct cli *c);
/* The log against its seals, and the head that the server keeps in `data` against the base at url: into a report that
 * is there already. */
struct verify_report;
MUST enum err audit_into(struct cli *c, str data, str url, struct verify_report *to);
enum err cmd_vault(struct cli *c);
enum err cmd_man(struct cli *c);
enum err cmd_backup(struct cli *c);
enum err cmd_restore(struct cli *c);
enum err cmd_move(struct cli *c);
enum err cmd_demo(struct cli *c);
enum err cmd_field(struct cli *c);
enum err cmd_entity(struct cli *c);
