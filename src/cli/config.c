/* SPDX-License-Identifier: MIT */
/* cli/config.c - settings: what stands later in this list wins: the default, /etc/kontor/kontor.conf or --config,
 * kontor.conf in the data folder, the environment, the option. */
#include "base/log.h"
#include "cli/cli_int.h"
#include "os/os.h"

#include <stdlib.h>

#define SETTING(name, arg, dflt, who, help) {S0(#name), S0(arg), S0(dflt), S0(help), who},
const struct setting settings[] = {
#include "cli/settings.def"
};
#undef SETTING
const size_t settings_n = COUNT(settings);

enum { CONFIG_MAX = 1024 * 1024 };
#define CONFIG_SYSTEM "/etc/kontor/kontor.conf"

str setting_option(struct cx *cx, const struct setting *s)
{
    str o = arena_dup(cx->a, s->name);
    char *p = NEW_N(cx->a, char, o.n + 1);
    for (size_t i = 0; i < o.n; i++) p[i] = o.p[i] == '_' ? '-' : o.p[i];
    return (str){p, o.n};
}

str setting_env(struct cx *cx, const struct setting *s)
{
    struct buf b = buf_new(cx->a, 100);
    buf_add(&b, S("KONTOR_"));
    for (size_t i = 0; i < s->name.n; i++) {
        char ch = s->name.p[i];
        buf_byte(&b, ch >= 'a' && ch <= 'z' ? (char)(ch - 'a' + 'A') : ch);
    }
    return arena_dup(cx->a, buf_str(&b));
}

static size_t place(str name)
{
    for (size_t i = 0; i < settings_n; i++)
        if (str_eq(settings[i].name, name)) return i;
    return settings_n;
}

str cli_setting(const struct cli *c, const char *name)
{
    size_t i = place(str_from(name));
    assert(i < settings_n);
    return c->setting[i];
}

bool cli_is_yes(const struct cli *c, const char *name)
{
    str s = cli_setting(c, name);
    return str_eq_nocase(s, S("yes")) || str_eq_nocase(s, S("on")) || str_eq(s, S("1")) ||
           str_eq_nocase(s, S("true"));
}

static enum err config_line(struct cli *c, str path, int line, str text)
{
    str key = {0}, v = {0}, names[COUNT(settings)];
    if (!str_split(text, '=', &key, &v))
        return fail(c->cx, E_INVALID, "%.*s line %d: it must read key = value", FS(path), line);
    key = str_trim(key);
    size_t i = place(key);
    if (i < settings_n) {
        c->setting[i] = str_trim(v);
        return E_OK;
    }
    for (size_t k = 0; k < settings_n; k++) names[k] = settings[k].name;
    str near = nearest(c->cx, key, names, settings_n);
    if (near.n)
        return fail(c->cx, E_INVALID, "%.*s line %d: unknown setting '%.*s': did you mean %.*s?",
                    FS(path), line, FS(key), FS(near));
    return fail(c->cx, E_INVALID, "%.*s line %d: unknown setting '%.*s'", FS(path), line, FS(key));
}

enum err config_text(struct cli *c, str path, str text)
{
    str line = {0}, rest = text;
    for (int n = 1; rest.n; n++) {
        (void)str_split(rest, '\n', &line, &rest);
        line = str_trim(line);
        if (!line.n || line.p[0] == '#') continue;
        TRY(config_line(c, path, n, line));
    }
    return E_OK;
}

static enum err config_file(struct cli *c, str path, bool must)
{
    str text = {0};
    enum err e = os_read_file(c->cx, path, CONFIG_MAX, &text);
    if (!must && (e == E_NOTFOUND || e == E_DENIED)) return E_OK;
    TRY(e);
    return config_text(c, path, text);
}

static void from_env(struct cli *c)
{
    for (size_t i = 0; i < settings_n; i++) {
        const char *v = getenv(setting_env(c->cx, &settings[i]).p);
        if (v) c->setting[i] = str_from(v);
    }
}

static void from_options(struct cli *c)
{
    for (size_t i = 0; i < settings_n; i++) {
        const char *name = arena_z(c->cx->a, setting_option(c->cx, &settings[i]));
        if (cli_has(c, name)) c->setting[i] = cli_opt(c, name);
    }
}

static enum err level_set(struct cli *c)
{
    static const str level[] = {S0("error"), S0("warn"), S0("info"), S0("debug")};
    str v = cli_setting(c, "log_level");
    for (size_t i = 0; i < COUNT(level); i++)
        if (str_eq(v, level[i])) {
            if (i != LOG_INFO || c->cmd->flags & CMD_SETTINGS)
                log_level_set((enum log_level)i); /* commands are quieter */
            return E_OK;
        }
    return fail_at(c->cx, E_INVALID, S("log_level"), "error, warn, info or debug, not '%.*s'",
                   FS(v));
}

enum err config_load(struct cli *c)
{
    c->setting = NEW_N(c->cx->a, str, settings_n);
    for (size_t i = 0; i < settings_n; i++) c->setting[i] = settings[i].dflt;
    if (cli_has(c, "config")) TRY(config_file(c, cli_opt(c, "config"), true));
    else TRY(config_file(c, S(CONFIG_SYSTEM), false));
    from_env(c);
    from_options(c);
    str dir = cli_setting(c, "data");
    while (dir.n > 1 && dir.p[dir.n - 1] == '/') dir.n--;
    TRY(config_file(c, arena_fmt(c->cx->a, "%.*s/kontor.conf", FS(dir)), false));
    from_env(c);
    from_options(c);
    c->setting[place(S("data"))] = dir; /* the folder's own file cannot move it */
    if (!dir.n) return cli_usage(c, "--data needs a folder");
    return level_set(c);
}
