/* SPDX-License-Identifier: MIT */
/* cli/args.c - options: --x v, --x=v, -o v, -ov, flags, `--` ends the options. They may stand anywhere. */
#include "cli/cli_int.h"

enum { WORD_MAX = 40 };

/* ---- the nearest word (Levenshtein) ---- */
static size_t distance(str a, str b)
{
    size_t row[WORD_MAX + 1];
    if (a.n > WORD_MAX || b.n > WORD_MAX) return WORD_MAX;
    for (size_t j = 0; j <= b.n; j++) row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diag = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t best = diag + (a.p[i - 1] != b.p[j - 1]);
            diag = row[j];
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b.n];
}

str nearest(struct cx *cx, str s, const str *name, size_t n)
{
    (void)cx;
    str best = S("");
    size_t least = s.n < 5 ? 2 : 3; /* exclusive: one slip in a short word, two in a longer one */
    for (size_t i = 0; i < n; i++) {
        size_t d = distance(s, name[i]);
        if (d < least) best = name[i], least = d;
        else if (!best.n && s.n > 2 && str_has_prefix(name[i], s)) best = name[i];
    }
    return best;
}

/* ---- options ---- */
static enum err unknown(struct cli *c, const struct opts *o, str name)
{
    str *names = NEW_N(c->cx->a, str, o->n + 1);
    for (size_t i = 0; i < o->n; i++) names[i] = o->v[i].name;
    str near = nearest(c->cx, name, names, o->n);
    if (near.n)
        return cli_usage(c, "unknown option --%.*s: did you mean --%.*s?", FS(name), FS(near));
    return cli_usage(c, "unknown option --%.*s (kontor %.*s --help lists them)", FS(name),
                     FS(c->cmd->name));
}

static const struct opt *find_long(const struct opts *o, str name)
{
    for (size_t i = 0; i < o->n; i++)
        if (str_eq(o->v[i].name, name)) return &o->v[i];
    return NULL;
}

static const struct opt *find_letter(const struct opts *o, char letter)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->v[i].letter && o->v[i].letter == letter) return &o->v[i];
    return NULL;
}

struct walk {
    const str *argv;
    size_t n, i;
    struct opts o;
    LIST(str) args;
    LIST(struct cli_value) value;
};

enum lang cli_lang(str v, str *ret_text)
{
    str code = {0}, text = {0};
    *ret_text = v;
    if (!str_split(v, '=', &code, &text)) return LANG_MAX;
    for (enum lang l = 0; l < LANG_MAX; l++) {
        if (!str_eq(code, lang_code[l])) continue;
        *ret_text = text;
        return l;
    }
    return LANG_MAX;
}

/* One option once; one with languages once in each. */
static bool is_twice(const struct cli_value *was, const struct opt *o, str v)
{
    str text = {0};
    return was->opt == o && (o->kind != OPT_LANGS || cli_lang(was->v, &text) == cli_lang(v, &text));
}

static enum err keep(struct cli *c, struct walk *w, const struct opt *o, const str *inside)
{
    str v = S("");
    if (o->kind == OPT_FLAG && inside) return cli_usage(c, "--%.*s takes no value", FS(o->name));
    if (o->kind != OPT_FLAG) {
        if (!inside && w->i + 1 >= w->n)
            return cli_usage(c, "--%.*s needs %.*s", FS(o->name), FS(o->arg));
        v = inside ? *inside : w->argv[++w->i];
    }
    for (size_t i = 0; i < w->value.n; i++)
        if (is_twice(&w->value.v[i], o, v)) return cli_usage(c, "--%.*s is given twice", FS(o->name));
    *LIST_ADD(c->cx->a, &w->value) = (struct cli_value){o, v};
    return E_OK;
}

static enum err take_long(struct cli *c, struct walk *w, str a)
{
    str name = {0}, v = {0};
    bool has = str_split(a, '=', &name, &v);
    const struct opt *o = find_long(&w->o, name);
    return o ? keep(c, w, o, has ? &v : NULL) : unknown(c, &w->o, name);
}

static enum err take_letter(struct cli *c, struct walk *w, str a)
{
    const struct opt *o = find_letter(&w->o, a.p[1]);
    str inside = str_cut(a, 2, a.n);
    if (!o)
        return cli_usage(c, "unknown option -%.1s (kontor %.*s --help lists them)", a.p + 1,
                         FS(c->cmd->name));
    if (inside.n && o->kind == OPT_FLAG) return cli_usage(c, "unknown option %.*s", FS(a));
    return keep(c, w, o, inside.n ? &inside : NULL);
}

static enum err check_count(struct cli *c)
{
    if (c->n_args < c->cmd->min_args)
        return cli_usage(c, "%.*s is missing: kontor %.*s %.*s", FS(c->cmd->args), FS(c->cmd->name),
                         FS(c->cmd->args));
    if (c->n_args > c->cmd->max_args)
        return cli_usage(c, "'%.*s' is one argument too many", FS(c->args[c->cmd->max_args]));
    return E_OK;
}

enum err args_parse(struct cli *c, const str *argv, size_t n)
{
    struct walk w = {.argv = argv, .n = n, .o = command_opts(c->cx, c->cmd)};
    bool options = true;
    for (; w.i < n; w.i++) {
        str a = argv[w.i];
        if (!options || a.n < 2 || a.p[0] != '-') *LIST_ADD(c->cx->a, &w.args) = a;
        else if (str_eq(a, S("--"))) options = false;
        else if (a.p[1] == '-') TRY(take_long(c, &w, str_cut(a, 2, a.n)));
        else TRY(take_letter(c, &w, a));
    }
    c->args = w.args.v;
    c->n_args = w.args.n;
    c->value = w.value.v;
    c->n_value = w.value.n;
    c->json = cli_has(c, "json");
    return cli_has(c, "help") ? E_OK : check_count(c);
}

/* ---- what commands ask ---- */
static const struct cli_value *given(const struct cli *c, const char *opt)
{
    for (size_t i = 0; i < c->n_value; i++)
        if (str_eq(c->value[i].opt->name, str_from(opt))) return &c->value[i];
    return NULL;
}

bool cli_has(const struct cli *c, const char *opt) { return given(c, opt) != NULL; }

str cli_opt(const struct cli *c, const char *opt)
{
    const struct cli_value *v = given(c, opt);
    if (v) return v->v;
    for (size_t i = 0; i < c->cmd->n_opt; i++)
        if (str_eq(c->cmd->opt[i].name, str_from(opt))) return c->cmd->opt[i].dflt;
    return S("");
}

enum err cli_int(struct cli *c, const char *opt, int64_t dflt, int64_t min, int64_t max,
                 int64_t *ret)
{
    str v = cli_opt(c, opt);
    int64_t i = dflt;
    if (v.n && (!str_to_int(v, &i) || i < min || i > max))
        return cli_usage(c, "--%s takes a number from %" PRId64 " to %" PRId64 ", not '%.*s'", opt,
                         min, max, FS(v));
    *ret = i;
    return E_OK;
}
