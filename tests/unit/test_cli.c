/* SPDX-License-Identifier: MIT */
/* The option parser, the settings' file, near words, and the sanity of the one table. */
#include "cli/cli_int.h"
#include "cli/upgrading.h"
#include "t.h"

#include <stdio.h>
#include <unistd.h>

enum { WORDS = 8 };
struct line {
    const char *cmd;
    const char *word[WORDS];
    const char *want; /* "": fine; else a part of the error */
};

static enum err parse(struct cx *cx, struct cli *c, const char *cmd, const char *const *word)
{
    str argv[WORDS] = {{0}};
    size_t n = 0;
    for (; n < WORDS && word[n]; n++) argv[n] = str_from(word[n]);
    *c = (struct cli){.cx = cx};
    c->cmd = command_find(c, str_from(cmd));
    T(c->cmd != NULL);
    str *own = NEW_N(cx->a, str, WORDS);
    memcpy(own, argv, sizeof *own * n);
    return args_parse(c, own, n);
}

static void test_parser(void)
{
    static const struct line lines[] = {
        {"count", {"person"}, ""},
        {"count", {"person", "--filter", "{}"}, ""},
        {"count", {"--filter={}", "person"}, ""},
        {"count", {"person", "--filter="}, ""},
        {"count", {"--", "--odd"}, ""},
        {"count", {"-"}, ""},
        {"count", {"--help"}, ""},
        {"count", {"-h"}, ""},
        {"count", {NULL}, "ENTITY is missing"},
        {"count", {"person", "company"}, "'company' is one argument too many"},
        {"count", {"person", "--filtre", "{}"}, "unknown option --filtre: did you mean --filter?"},
        {"count", {"person", "--filt={}"}, "did you mean --filter?"},
        {"count", {"person", "--zzzzzzzz"}, "unknown option --zzzzzzzz (kontor count --help"},
        {"count", {"person", "--filter"}, "--filter needs JSON"},
        {"count", {"person", "--json=1"}, "--json takes no value"},
        {"count", {"person", "--json", "--json"}, "--json is given twice"},
        {"count", {"person", "-x"}, "unknown option -x"},
        {"count", {"person", "--"}, ""},
        {"export", {"person", "-o", "f"}, ""},
        {"export", {"person", "-of"}, ""},
        {"export", {"person", "-o"}, "--output needs FILE"},
        {"export", {"person", "-o", "a", "--output", "b"}, "given twice"},
        {"export", {"person", "-hx"}, "unknown option -hx"},
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct cx cx = t_cx();
        struct cli c;
        enum err e = parse(&cx, &c, lines[i].cmd, lines[i].word);
        bool fine = lines[i].want[0] == 0;
        T(fine == (e == E_OK));
        if (!fine && str_find(cx.msg, str_from(lines[i].want)) < 0)
            T_STR(cx.msg, str_from(lines[i].want));
        if (!fine) T(c.is_usage && e == E_BAD);
        t_cx_free(&cx);
    }
}

static void test_values(void)
{
    struct cx cx = t_cx();
    struct cli c;
    int64_t n = 0;
    const char *const a[] = {"--filter", "-1", "person", "--json", "--data=/x/", NULL};
    T(parse(&cx, &c, "count", a) == E_OK);
    T_STR(cli_opt(&c, "filter"), S("-1"));
    T_STR(cli_opt(&c, "data"), S("/x/"));
    T(cli_has(&c, "json") && c.json && !cli_has(&c, "deleted"));
    T_INT((int64_t)c.n_args, 1);
    T_STR(c.args[0], S("person"));
    const char *const b[] = {"--limit", "12", "--", "-x", NULL};
    T(parse(&cx, &c, "sql", b) == E_OK);
    T_STR(c.args[0], S("-x"));
    T_OK(&cx, cli_int(&c, "limit", 7, 0, 100, &n));
    T_INT(n, 12);
    T(cli_int(&c, "limit", 7, 0, 11, &n) == E_BAD && c.is_usage);
    T_INT(n, 12);
    const char *const d[] = {"select", NULL};
    T(parse(&cx, &c, "sql", d) == E_OK);
    T_STR(cli_opt(&c, "limit"), S("1000")); /* the default that help shows */
    const char *const f[] = {"select", "--limit=12x", NULL};
    T(parse(&cx, &c, "sql", f) == E_OK);
    T(cli_int(&c, "limit", 7, 0, 100, &n) == E_BAD);
    t_cx_free(&cx);
}

static void test_nearest(void)
{
    static const str words[] = {S0("filter"), S0("json"), S0("data"), S0("dry-run")};
    static const struct {
        str in, want;
    } rows[] = {{S0("filtre"), S0("filter")},  {S0("jsn"), S0("json")}, {S0("dat"), S0("data")},
                {S0("dryrun"), S0("dry-run")}, {S0("xyzzy"), S0("")},   {S0(""), S0("")},
                {S0("fil"), S0("filter")},     {S0("zata"), S0("data")}};
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(rows); i++)
        T_STR(nearest(&cx, rows[i].in, words, COUNT(words)), rows[i].want);
    char *huge = NEW_N(cx.a, char, 100000);
    memset(huge, 'f', 99999);
    T_STR(nearest(&cx, (str){huge, 99999}, words, COUNT(words)), S(""));
    t_cx_free(&cx);
}

static void test_config(void)
{
    struct cx cx = t_cx();
    struct cli c = {.cx = &cx, .setting = NEW_N(cx.a, str, settings_n)};
    T_OK(&cx,
         config_text(&c, S("f"),
                     S("# words\n\n data = /srv/k \r\nlisten=[::1]:80\nurl = a=b\ntls_key =")));
    T_STR(cli_setting(&c, "data"), S("/srv/k"));
    T_STR(cli_setting(&c, "listen"), S("[::1]:80"));
    T_STR(cli_setting(&c, "url"), S("a=b"));
    T_STR(cli_setting(&c, "tls_key"), S(""));
    T(config_text(&c, S("f"), S("data = x\nlissten = y")) == E_INVALID);
    T_STR(cx.msg, S("f line 2: unknown setting 'lissten': did you mean listen?"));
    T(config_text(&c, S("f"), S("nothing")) == E_INVALID);
    T_STR(cx.msg, S("f line 1: it must read key = value"));
    T(config_text(&c, S("f"), S("= x")) == E_INVALID);
    T_OK(&cx, config_text(&c, S("f"), S("")));
    T_STR(setting_option(&cx, &(struct setting){.name = S("tls_cert")}), S("tls-cert"));
    T_STR(setting_env(&cx, &(struct setting){.name = S("tls_cert")}), S("KONTOR_TLS_CERT"));
    t_cx_free(&cx);
}

/* Every option once in a command, every letter once; nothing without its words. */
static void test_table(void)
{
    struct cx cx = t_cx();
    struct cli c = {.cx = &cx};
    for (size_t i = 0; i < commands_n; i++) {
        const struct command *cmd = &commands[i];
        struct opts o = command_opts(&cx, cmd);
        T(cmd->fn && cmd->help.n && cmd->name.n && cmd->max_args >= cmd->min_args &&
          (cmd->max_args > 0) == (cmd->args.n > 0));
        T(command_find(&c, cmd->name) == cmd);
        for (size_t k = 0; k < o.n; k++) {
            T(o.v[k].help.n && (o.v[k].kind == OPT_FLAG) == (o.v[k].arg.n == 0));
            for (size_t j = 0; j < k; j++)
                T(!str_eq(o.v[j].name, o.v[k].name) &&
                  (!o.v[k].letter || o.v[j].letter != o.v[k].letter));
        }
    }
    t_cx_free(&cx);
}

/* ---- an upgrade says how far it is ---- */
struct said {
    _Atomic int n;
    char line[4][80]; /* the first ones */
};
static void say(void *arg, str line)
{
    struct said *s = arg;
    int n = s->n;
    if (n < (int)COUNT(s->line)) (void)snprintf(s->line[n], sizeof s->line[n], "%.*s", FS(line));
    s->n = n + 1;
}

static void test_upgrading(void)
{
    struct said s = {0};
    struct upgrading never = {.say = say, .arg = &s}, slow = never, fast = never;
    upgrading_end(&never);
    T_INT(s.n, 0);
    slow.tick_ms = 3600000; /* a line for each phase */
    upgrading_at(&slow, DB_COPYING, 0, 0);
    upgrading_at(&slow, DB_COPYING, 5, 10);
    upgrading_at(&slow, DB_CHECKING, 0, 0);
    upgrading_at(&slow, DB_CHANGING, 1, 4);
    upgrading_at(&slow, DB_TABLES, 0, 0);
    upgrading_end(&slow);
    upgrading_end(&slow);
    T_INT(s.n, 4);
    T(str_eq(str_from(s.line[0]), S("upgrade: copying the data first")));
    T(str_eq(str_from(s.line[1]), S("upgrade: checking that copy")));
    T(str_eq(str_from(s.line[2]), S("upgrade: changing the data, 25 %")));
    T(str_eq(str_from(s.line[3]), S("upgrade: making new columns and indexes")));
    s.n = 0;
    fast.tick_ms = 1; /* and again while one lasts */
    upgrading_at(&fast, DB_COPYING, 0, 0);
    upgrading_at(&fast, DB_COPYING, 5, 10);
    while (s.n < 4) (void)usleep(1000);
    upgrading_end(&fast);
    T(str_has_prefix(str_from(s.line[3]), S("upgrade: copying the data first, 50 %")));
}

TESTS("cli", test_upgrading, test_parser, test_values, test_nearest, test_config, test_table)
