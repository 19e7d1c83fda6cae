/* SPDX-License-Identifier: MIT */
/* ui/ui.c - finds an asset by its path; a path without an extension is a page of the app: index.html. */
#include "ui/ui.h"

#include "ui/ui_int.h"

const str ui_csp = S0("default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr "
                      "'unsafe-inline'; img-src 'self' data: blob:; "
                      "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src "
                      "'self'; form-action 'self'; base-uri 'none'; "
                      "frame-ancestors 'none'; "
                      "require-trusted-types-for 'script'; trusted-types svelte-trusted-html kontor");
const struct route ui_routes[] = {
    {GET, S0("/{rest...}"), ui_get, R_FAST | R_OPEN | R_BARE, 0, 0, S0("The web app")},
    {GET, S0("/"), ui_get, R_FAST | R_OPEN | R_BARE, 0, 0, S0("The web app")}};
const size_t ui_routes_n = COUNT(ui_routes);

static const struct asset *find(str path)
{
    size_t lo = 0, hi = ui_assets_n; /* sorted by path at build time */
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = str_cmp(ui_assets[mid].path, path);
        if (c == 0) return &ui_assets[mid];
        if (c < 0) lo = mid + 1;
        else hi = mid;
    }
    return NULL;
}

static bool is_page(str path)
{
    if (str_find(path, S("/.")) >= 0) return false; /* .git, .env, .well-known: nobody's page */
    for (size_t i = path.n; i > 0 && path.p[i - 1] != '/'; i--)
        if (path.p[i - 1] == '.') return false;
    return !str_has_prefix(path, S("/api/")) && !str_has_prefix(path, S("/assets/"));
}

enum err ui_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct asset *a = find(rq->path);
    if (!a && is_page(rq->path)) a = find(S("/index.html"));
    if (!a) return fail(cx, E_NOTFOUND, "There is nothing at this address");
    rs->asset = a;
    return E_OK;
}
