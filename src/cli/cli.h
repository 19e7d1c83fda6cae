/* SPDX-License-Identifier: MIT */
/* cli/cli.h - the command line: one table of commands and options, from which come the parser, --help and the man
 * pages; one table of settings (settings.def), read from file, environment and options.
 *
 * A command is a function on a `struct cli`. It reads and writes through c->in, c->out and c->err alone and never
 * exits, because the same function runs inside a running server for a client on its socket (cli/remote.h).
 */
#pragma once
#include "api/api.h"
#include "auth/auth.h"
#include "backup/backup.h"
#include "base/base.h"
#include "base/json.h"
#include "cli/store.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

enum opt_kind {
    OPT_FLAG, /* --yes */
    OPT_TEXT, /* --filter JSON */
    OPT_IN,   /* a file that is read: handed over when a server does the work */
    OPT_OUT,  /* a file that is written: fetched back from a server */
    OPT_LANGS /* --label TEXT, --label de=TEXT: once for each language and once for the others */
};
struct opt {
    str name;      /* without the dashes */
    char letter;   /* -o; 0 = none */
    enum opt_kind kind;
    str arg;       /* "FILE", for help; "" for flags */
    str dflt;      /* shown in help; also what cli_opt gives */
    str help;      /* one line */
};
enum command_flags {
    CMD_STORE = 1,   /* needs the data: c->cx is ready; runs in the server when one holds the folder */
    CMD_CREATE = 2,  /* may make it */
    CMD_IN_ARG = 4,  /* its first argument is a file that is read */
    CMD_SETTINGS = 8, /* takes every setting as an option, not only those of all commands (serve) */
    CMD_BACKUP = 16,  /* takes the settings of backups too */
    CMD_STOPS = 32    /* Ctrl-C ends it at its next clean place (cli_progress), not in the midst */
};
struct cli;
struct cli_out;
typedef enum err command_fn(struct cli *c);
struct command {
    str name, help;             /* help: one line */
    const struct opt *opt;
    size_t n_opt;
    str args;                   /* "FILE", "ENTITY [ID]"; "" = none */
    size_t min_args, max_args;
    unsigned flags;
    str text;                   /* further paragraphs for help and man, separated by an empty line */
    str examples;               /* one per line */
    command_fn *fn;
};

/* One setting of settings.def, and what it is. */
enum set_for { FOR_ALL, FOR_SERVE, FOR_BACKUP }; /* all commands; serve; serve and backup */
struct setting {
    str name, arg, dflt, help; /* the option is --name with '-' for '_', the environment's KONTOR_NAME */
    enum set_for who;
};
extern const struct setting settings[];
extern const size_t settings_n;

struct cli_value {
    const struct opt *opt;
    str v;
};
struct cli {
    struct cx *cx;              /* an arena at least; with CMD_STORE db, meta, firm, who */
    const struct command *cmd;
    const str *args;            /* behind the command's name */
    size_t n_args;
    struct cli_value *value;
    size_t n_value;
    str *setting;               /* by place in settings[] */
    int in, out, err;
    bool json;                  /* --json */
    bool is_tty;                /* the person sits at in and err */
    struct store *store;        /* CMD_STORE */
    struct auth *auth;          /* CMD_STORE */
    struct app *app;            /* the server's, else NULL */
    bool (*gone)(void *arg);    /* is the client still there? NULL = no client */
    void *gone_arg;
    int signals;                /* signalfd of CMD_STOPS, 0 = none */
    bool is_usage;              /* the error is one of usage: exit 2 */
    struct cli_out *put;        /* output on its way to `out` */
    bool is_broken;             /* out takes no more */
    const struct command *extra;
    size_t n_extra;
};

/* Runs a command line; `extra` are commands of higher rooms (serve). Gives the exit code: 0 done, 1 failed, 2 wrong
 * usage. */
int cli_main(int argc, char **argv, const struct command *extra, size_t n_extra);

/* ---- for commands ---- */
bool cli_has(const struct cli *c, const char *opt);        /* was it given? */
str cli_opt(const struct cli *c, const char *opt);         /* its value, else its default, else "" */
MUST enum err cli_int(struct cli *c, const char *opt, int64_t dflt, int64_t min, int64_t max, int64_t *ret);
bool cli_is_yes(const struct cli *c, const char *name);    /* a setting of yes or no */
str cli_setting(const struct cli *c, const char *name);    /* file, environment, option or default */
/* Where backups go, how many stay, which store takes them, as the settings say; *ret_s3 is what ret->s3 points to. */
/* The certificates of outgoing_ca, "" = none are set. */
MUST enum err cli_outgoing_ca(struct cli *c, str *ret);
MUST enum err cli_backup_opts(struct cli *c, struct s3 *ret_s3, struct backup_opts *ret);
/* An error of usage (exit 2). */
MUST enum err cli_usage(struct cli *c, const char *fmt, ...) PRINTF(2, 3);
/* Makes the buffer of the output: before any scratch of the arena, which would take it along. */
void cli_out_begin(struct cli *c);
/* To c->out, buffered. What a closed pipe refuses is told once at the end (E_INTERNAL from cli_flush). */
void cli_put(struct cli *c, str s);
void cli_say(struct cli *c, const char *fmt, ...) PRINTF(2, 3);
MUST enum err cli_flush(struct cli *c);
void cli_note(struct cli *c, const char *fmt, ...) PRINTF(2, 3); /* to c->err, at once; the caller ends the line */
/* JSON into a buffer of at most CLI_JSON_MAX; cli_json_end puts it out with a newline. */
enum { CLI_JSON_MAX = 64 * 1024 * 1024, CLI_FILE_MAX = 16 * 1024 * 1024 };
struct cli_json {
    struct buf b;
    struct jw w;
};
void cli_json_begin(struct cli *c, struct cli_json *j);
MUST enum err cli_json_end(struct cli *c, struct cli_json *j);
/* One line from the person; false at the end of input. */
bool cli_line(struct cli *c, str *ret);
/* Asks "text [y/N] "; false unless he sits there and says yes. */
bool cli_confirm(struct cli *c, const char *text);
/* From --password-file, else asked for without echo, else the first line of in. */
MUST enum err cli_password(struct cli *c, str *ret);
/* An entity by its name; E_NOTFOUND names the nearest. */
MUST enum err cli_entity(struct cli *c, str name, const struct entity **ret);
/* --filter of this entity; NULL without one. */
MUST enum err cli_filter(struct cli *c, const struct entity *e, const struct cond **ret);
/* Progress of an import or copy for the person; arg is the cli. False when the client went away or (CMD_STOPS)
 * pressed Ctrl-C. */
bool cli_progress(void *arg, int64_t done, int64_t total);
