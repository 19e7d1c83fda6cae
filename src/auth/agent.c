/* SPDX-License-Identifier: MIT */
/* auth/agent.c - what a browser calls itself, in two words: as web/src/lib/agent.ts. */
#include "auth/link_int.h"

struct called {
    str by, name;
};
/* Order counts: most call themselves Chrome or Safari, too. */
static const struct called browsers[] = {{S0(" Edg"), S0("Edge")},
                                         {S0(" OPR/"), S0("Opera")},
                                         {S0("YaBrowser/"), S0("Yandex Browser")},
                                         {S0("SamsungBrowser/"), S0("Samsung Internet")},
                                         {S0("Firefox/"), S0("Firefox")},
                                         {S0("FxiOS/"), S0("Firefox")},
                                         {S0("Chrome/"), S0("Chrome")},
                                         {S0("CriOS/"), S0("Chrome")},
                                         {S0("Chromium/"), S0("Chrome")},
                                         {S0("Safari/"), S0("Safari")}};
static const struct called systems[] = {{S0("Android"), S0("Android")}, {S0("iPhone"), S0("iPhone")},
                                        {S0("iPad"), S0("iPad")},       {S0("Windows"), S0("Windows")},
                                        {S0("Mac OS X"), S0("macOS")},  {S0("Macintosh"), S0("macOS")},
                                        {S0("CrOS"), S0("ChromeOS")},   {S0("Linux"), S0("Linux")}};

static str first_of(const struct called *v, size_t n, str agent)
{
    for (size_t i = 0; i < n; i++)
        if (str_find(agent, v[i].by) >= 0) return v[i].name;
    return S("");
}

str agent_name(struct arena *a, str agent)
{
    str browser = first_of(browsers, COUNT(browsers), agent), system = first_of(systems, COUNT(systems), agent);
    str word = str_trim(agent);
    if (browser.n || system.n)
        return arena_fmt(a, "%.*s%s%.*s", FS(browser), browser.n && system.n ? " · " : "", FS(system));
    for (size_t i = 0; i < word.n; i++) /* of what is no browser, its name's first word */
        if (strchr(" /;(", word.p[i]) || (unsigned char)word.p[i] < ' ' || i == 40) word.n = i;
    return utf8_valid(word) ? word : S("");
}
