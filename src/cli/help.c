/* SPDX-License-Identifier: MIT */
/* cli/help.c - help, man pages and the settings' table of the manual: all from the one table. */
#include "cli/cli_int.h"

enum { COLUMN = 26 };

static str usage_of(struct cx *cx, const struct opt *o)
{
    char letter[5] = {'-', o->letter, ',', ' ', 0};
    return arena_fmt(cx->a, "%s--%.*s%s%.*s", o->letter ? letter : "", FS(o->name),
                     o->arg.n ? " " : "", FS(o->arg));
}

static void row(struct cli *c, str left, str help, str dflt)
{
    cli_say(c, "  %-*.*s%s%.*s", COLUMN, FS(left), left.n >= COLUMN ? " " : "", FS(help));
    if (dflt.n) cli_say(c, " [%.*s]", FS(dflt));
    cli_put(c, S("\n"));
}

void help_all(struct cli *c)
{
    cli_put(c, S("Kontor " KONTOR_VERSION " - the office's customer base in one program\n\n"
                 "usage: kontor COMMAND [ARGUMENTS] [OPTIONS]\n\n"));
    for (size_t i = 0; command_at(c, i); i++)
        row(c, command_at(c, i)->name, command_at(c, i)->help, S(""));
    cli_put(c,
            S("\nkontor COMMAND --help tells more of one; kontor --version says which this is.\n"));
}

void help_command(struct cli *c, const struct command *cmd)
{
    struct opts o = command_opts(c->cx, cmd);
    cli_say(c, "usage: kontor %.*s%s%.*s [OPTIONS]\n\n%.*s\n", FS(cmd->name),
            cmd->args.n ? " " : "", FS(cmd->args), FS(cmd->help));
    if (cmd->text.n) cli_say(c, "\n%.*s\n", FS(cmd->text));
    cli_put(c, S("\noptions:\n"));
    for (size_t i = 0; i < o.n; i++) row(c, usage_of(c->cx, &o.v[i]), o.v[i].help, o.v[i].dflt);
    if (cmd->examples.n) cli_say(c, "\nexamples:\n%.*s\n", FS(cmd->examples));
}

/* ---- man(7) ---- */
/* Text of ours in roff: backslashes, dashes, and a dot or quote that begins a line. */
static void roff(struct cli *c, str s)
{
    bool bol = true;
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        if (bol && (ch == '.' || ch == '\'')) cli_put(c, S("\\&"));
        if (ch == '\\') cli_put(c, S("\\e"));
        else if (ch == '-') cli_put(c, S("\\-"));
        else if (ch == '\n' && i + 1 < s.n && s.p[i + 1] == '\n')
            cli_put(c, S("\n.PP"));
        else cli_put(c, str_cut(s, i, i + 1));
        bol = ch == '\n';
    }
}

static void man_head(struct cli *c, str page, str help)
{
    cli_put(c, S(".\\\" SPDX-License-Identifier: MIT\n.TH \""));
    roff(c, page);
    cli_put(c, S("\" 1 \"\" \"Kontor " KONTOR_VERSION "\" \"Kontor\"\n.SH NAME\n"));
    roff(c, page);
    cli_put(c, S(" \\- "));
    roff(c, help);
    cli_put(c, S("\n"));
}

static void man_synopsis(struct cli *c, const struct command *cmd)
{
    cli_put(c, S("\\fBkontor "));
    roff(c, cmd->name);
    cli_put(c, S("\\fR "));
    roff(c, cmd->args);
    cli_put(c, S(" [OPTIONS]\n"));
}

static void man_item(struct cli *c, str left, str help, str dflt)
{
    cli_put(c, S(".TP\n\\fB"));
    roff(c, left);
    cli_put(c, S("\\fR\n"));
    roff(c, help);
    if (dflt.n) {
        cli_put(c, S(" ["));
        roff(c, dflt);
        cli_put(c, S("]"));
    }
    cli_put(c, S("\n"));
}

static void man_lines(struct cli *c, str text)
{
    str line = {0}, rest = text;
    cli_put(c, S(".PP\n.nf\n"));
    while (rest.n) {
        (void)str_split(rest, '\n', &line, &rest);
        roff(c, str_trim(line));
        cli_put(c, S("\n"));
    }
    cli_put(c, S(".fi\n"));
}

static void man_body(struct cli *c, const struct command *cmd, bool common)
{
    struct opts o = common ? command_opts(c->cx, cmd) : (struct opts){cmd->opt, cmd->n_opt};
    roff(c, cmd->help);
    cli_put(c, S(".\n"));
    if (cmd->text.n) {
        cli_put(c, S(".PP\n"));
        roff(c, cmd->text);
        cli_put(c, S("\n"));
    }
    for (size_t i = 0; i < o.n; i++)
        man_item(c, usage_of(c->cx, &o.v[i]), o.v[i].help, o.v[i].dflt);
    if (cmd->examples.n) man_lines(c, cmd->examples);
}

static void man_codes(struct cli *c)
{
    cli_put(c, S(".SH \"EXIT STATUS\"\n"));
    man_item(c, S("0"), S("done"), S(""));
    man_item(c, S("1"),
             S("it failed: one line on the standard error says why; with --json an object"), S(""));
    man_item(c, S("2"), S("the command line was wrong"), S(""));
}

void man_command(struct cli *c, const struct command *cmd)
{
    man_head(c, arena_fmt(c->cx->a, "kontor-%.*s", FS(cmd->name)), cmd->help);
    cli_put(c, S(".SH SYNOPSIS\n"));
    man_synopsis(c, cmd);
    cli_put(c, S(".SH DESCRIPTION\n"));
    man_body(c, cmd, true);
    man_codes(c);
    cli_put(c, S(".SH \"SEE ALSO\"\n.BR kontor (1)\n"));
}

static void man_settings(struct cli *c)
{
    cli_put(c, S(".SH CONFIGURATION\nEvery setting may stand as a line \\fIname = value\\fR in "
                 "/etc/kontor/kontor.conf (or the file "
                 "of \\-\\-config) and in kontor.conf of the data folder, in the environment, or "
                 "as an option; the later wins.\n"));
    for (size_t i = 0; i < settings_n; i++) {
        str left = arena_fmt(c->cx->a, "%.*s (%.*s, --%.*s %.*s)", FS(settings[i].name),
                             FS(setting_env(c->cx, &settings[i])),
                             FS(setting_option(c->cx, &settings[i])), FS(settings[i].arg));
        man_item(c, left, settings[i].help, settings[i].dflt);
    }
}

void man_all(struct cli *c)
{
    man_head(c, S("kontor"), S("the office's customer base in one program"));
    cli_put(c, S(".SH SYNOPSIS\n\\fBkontor\\fR COMMAND [ARGUMENTS] [OPTIONS]\n.SH DESCRIPTION\n"
                 "Kontor keeps people, firms and what was said, done and agreed with them. A "
                 "command works on a data folder: "
                 "when a server holds it, the server does the work on the caller's behalf; else "
                 "the command opens the folder "
                 "itself.\n.SH COMMANDS\n"));
    for (size_t i = 0; command_at(c, i); i++) {
        cli_put(c, S(".SS \""));
        roff(c, command_at(c, i)->name);
        cli_put(c, S("\"\n"));
        man_synopsis(c, command_at(c, i));
        cli_put(c, S(".PP\n"));
        man_body(c, command_at(c, i), false);
    }
    cli_put(c, S(".SH \"OPTIONS OF EVERY COMMAND\"\n"));
    struct opts o = command_opts(c->cx, &(struct command){.flags = CMD_STORE});
    for (size_t i = 0; i < o.n; i++)
        man_item(c, usage_of(c->cx, &o.v[i]), o.v[i].help, o.v[i].dflt);
    man_settings(c);
    man_codes(c);
    cli_put(c, S(".SH FILES\n"));
    man_item(c, S("DIR/kontor.db"), S("the database (SQLite)"), S(""));
    man_item(c, S("DIR/kontor.conf"), S("settings of this data folder"), S(""));
    man_item(c, S("DIR/kontor.sock"),
             S("where the running server takes commands of its own account and of root"), S(""));
    man_item(c, S("DIR/lock"), S("held by the program that works with the folder"), S(""));
}

void settings_md(struct cli *c)
{
    cli_put(c, S("| setting | environment | option | default | meaning |\n|--|--|--|--|--|\n"));
    for (size_t i = 0; i < settings_n; i++) {
        const struct setting *s = &settings[i];
        cli_say(c, "| `%.*s` | `%.*s` | `--%.*s %.*s` | %s%.*s%s | %.*s |\n", FS(s->name),
                FS(setting_env(c->cx, s)), FS(setting_option(c->cx, s)), FS(s->arg),
                s->dflt.n ? "`" : "", FS(s->dflt), s->dflt.n ? "`" : "", FS(s->help));
    }
}

void limits_md(struct cli *c)
{
    static const struct {
        str name, help;
        int64_t dflt;
    } limit[] = {
#define X(type, name, dflt, text) {S0(#name), S0(text), dflt},
#include "http/http_limits.def"
#undef X
    };
    cli_put(c, S("| limit | default | meaning |\n|--|--|--|\n"));
    for (size_t i = 0; i < COUNT(limit); i++)
        cli_say(c, "| `%.*s` | %" PRId64 " | %.*s |\n", FS(limit[i].name), limit[i].dflt,
                FS(limit[i].help));
}
