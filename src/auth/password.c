/* SPDX-License-Identifier: MIT */
/* auth/password.c - which passwords are refused: short, long, common, or the firm's own words.
 *
 * No rules of composition (NIST SP 800-63B, OWASP ASVS 6.2): length, and lists of what is tried first: those that
 * leaked most often, as they stand there, and words of our users' languages. Such a word with digits and signs around
 * it, or with the usual letter swaps, is as common.
 */
#include "auth/auth_int.h"

#include "fmt/fold.h"

static const str common[] = {
    S0("password"),      S0("passwort"),   S0("slaptazodis"), S0("parol"),        S0("parole"),
    S0("пароль"),        S0("kennwort"),   S0("geheim"),      S0("qwerty"),       S0("qwertz"),
    S0("qwertyuiop"),    S0("qwertzuiop"), S0("asdfghjkl"),   S0("asdfgh"),       S0("zxcvbnm"),
    S0("yxcvbnm"),       S0("йцукен"),     S0("йцукенг"),     S0("qazwsx"),       S0("qazwsxedc"),
    S0("abc"),           S0("abcd"),       S0("abcdef"),      S0("abcdefgh"),     S0("admin"),
    S0("administrator"), S0("root"),       S0("user"),        S0("benutzer"),     S0("guest"),
    S0("gast"),          S0("test"),       S0("demo"),        S0("login"),        S0("welcome"),
    S0("willkommen"),    S0("hallo"),      S0("hello"),       S0("labas"),        S0("privet"),
    S0("привет"),        S0("letmein"),    S0("iloveyou"),    S0("ichliebedich"), S0("schatz"),
    S0("liebe"),         S0("love"),       S0("lubov"),       S0("любовь"),       S0("dragon"),
    S0("drache"),        S0("monkey"),     S0("football"),    S0("fussball"),     S0("baseball"),
    S0("basketball"),    S0("superman"),   S0("batman"),      S0("master"),       S0("shadow"),
    S0("sunshine"),      S0("sommer"),     S0("summer"),      S0("winter"),       S0("herbst"),
    S0("fruhling"),      S0("spring"),     S0("autumn"),      S0("princess"),     S0("prinzessin"),
    S0("michael"),       S0("thomas"),     S0("daniel"),      S0("andreas"),      S0("alexander"),
    S0("natasha"),       S0("наташа"),     S0("secret"),      S0("changeme"),     S0("default"),
    S0("computer"),      S0("internet"),   S0("samsung"),     S0("google"),       S0("trustno"),
    S0("starwars"),      S0("pokemon"),    S0("ferrari"),     S0("mercedes"),     S0("porsche"),
    S0("berlin"),        S0("hamburg"),    S0("munchen"),     S0("vilnius"),      S0("kaunas"),
    S0("lietuva"),       S0("moscow"),     S0("moskva"),      S0("москва"),       S0("россия"),
    S0("deutschland"),   S0("kontor"),     S0("crm"),         S0("firma"),        S0("office"),
    S0("buro"),          S0("company"),    S0("maximilian"),  S0("killer"),       S0("freedom"),
    S0("whatever"),      S0("pass"),       S0("passw"),       S0("zaq"),          S0("qwe"),
    S0("qweasd"),        S0("qweasdzxc"),  S0("asd"),         S0("zxc"),          S0("aaa"),
    S0("mustang"),       S0("access"),     S0("flower"),      S0("cookie"),       S0("banana"),
    S0("charlie"),       S0("hunter"),     S0("ranger"),      S0("jordan"),       S0("jennifer"),
    S0("chocolate"),
};

static char unswap(char c)
{
    switch (c) {
    case '0': return 'o';
    case '1': return 'l';
    case '3': return 'e';
    case '4': return 'a';
    case '5':
    case '$': return 's';
    case '7': return 't';
    case '@': return 'a';
    default: return c;
    }
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80; }

static str core_of(str s) /* without what stands around the letters */
{
    while (s.n && !is_letter(s.p[0])) s.p++, s.n--;
    while (s.n && !is_letter(s.p[s.n - 1])) s.n--;
    return s;
}

static str swapped_back(struct arena *a, str s)
{
    char *p = arena_get(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) p[i] = unswap(s.p[i]);
    return (str){p, s.n};
}

static bool listed(str s)
{
    for (size_t i = 0; i < COUNT(common); i++)
        if (str_eq(common[i], s)) return true;
    return false;
}

static bool common_word(struct arena *a, str folded)
{
    str core = core_of(folded);
    if (!core.n || listed(core)) return true; /* no letters at all: digits and signs */
    return listed(core_of(swapped_back(a, folded))) || listed(swapped_back(a, core));
}

static bool leaked(str s)
{
    size_t lo = 0, hi = auth_leaked_n; /* both at the beginning of a line */
    while (lo < hi) {
        size_t from = lo + (hi - lo) / 2, end;
        while (from > lo && auth_leaked[from - 1] != '\n') from--;
        for (end = from; auth_leaked[end] != '\n';) end++;
        int c = str_cmp((str){auth_leaked + from, end - from}, s);
        if (!c) return true;
        if (c < 0) lo = end + 1;
        else hi = from;
    }
    return false;
}

static bool one_character(str s)
{
    for (size_t i = 1; i < s.n; i++)
        if (s.p[i] != s.p[0]) return false;
    return true;
}

enum err auth_password_check(struct cx *cx, str password, const str *words, size_t n)
{
    size_t len = utf8_len(password);
    if (len < PASSWORD_MIN)
        return fail_at(cx, E_INVALID, S("password"), "A password has at least %d characters",
                       PASSWORD_MIN);
    if (len > PASSWORD_MAX)
        return fail_at(cx, E_INVALID, S("password"), "A password has at most %d characters",
                       PASSWORD_MAX);
    str f = fold_text(cx->a, password), core = core_of(f);
    bool long_enough = len >= 20; /* a sentence of digits is fine */
    if (one_character(f) || leaked(f) || (!long_enough && common_word(cx->a, f)))
        return fail_at(cx, E_INVALID, S("password"),
                       "This password is too easy to guess: please choose another");
    for (size_t i = 0; i < n; i++) {
        str w = fold_text(cx->a, words[i]), local = {0}, rest = {0};
        str_split(w, '@', &local, &rest);
        if ((w.n >= 4 && str_eq(core, core_of(w))) ||
            (local.n >= 4 && str_eq(core, core_of(local))))
            return fail_at(cx, E_INVALID, S("password"),
                           "The password must not be your own name or the firm's");
    }
    return E_OK;
}
