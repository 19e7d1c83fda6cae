/* SPDX-License-Identifier: MIT */
/* http/http_route.c - the route table as a tree of path segments: a literal wins over a parameter,
 * a parameter over "{rest...}". Literals of a node are sorted. */
#include "http/http_int.h"

struct node {
    str seg;
    LIST(struct node *) kids;
    struct node *param, *rest;
    const struct route *by[METHOD_MAX];
};
struct router {
    struct node root;
};

/* Index of the literal, or where it belongs. */
static size_t place(const struct node *n, str seg, bool *found)
{
    size_t lo = 0, hi = n->kids.n;
    *found = false;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = str_cmp(n->kids.v[mid]->seg, seg);
        if (c == 0) return *found = true, mid;
        if (c < 0) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

static struct node *kid(struct arena *a, struct node *n, str seg)
{
    bool found = false;
    struct node **slot = NULL;
    if (str_has_prefix(seg, S("{"))) slot = str_has_suffix(seg, S("...}")) ? &n->rest : &n->param;
    else {
        size_t i = place(n, seg, &found);
        if (!found) {
            (void)LIST_ADD(a, &n->kids);
            memmove(&n->kids.v[i + 1], &n->kids.v[i], (n->kids.n - 1 - i) * sizeof *n->kids.v);
            n->kids.v[i] = NULL;
        }
        slot = &n->kids.v[i];
    }
    if (!*slot) *slot = NEW(a, struct node);
    (*slot)->seg = seg;
    return *slot;
}

struct router *router_new(struct arena *a, const struct route *routes, size_t n)
{
    struct router *r = NEW(a, struct router);
    for (size_t i = 0; i < n; i++) {
        struct node *at = &r->root;
        str seg = S(""), rest = routes[i].path;
        int params = 0;
        assert(rest.n && rest.p[0] == '/' && routes[i].fn);
        rest = str_cut(rest, 1, rest.n);
        for (bool more = true; more;) {
            more = str_split(rest, '/', &seg, &rest);
            params += str_has_prefix(seg, S("{"));
            at = kid(a, at, seg);
        }
        assert(params <= HTTP_PARAMS_MAX);
        assert(!at->by[routes[i].method]); /* two rows of one method and path */
        at->by[routes[i].method] = &routes[i];
    }
    return r;
}

/* The node of `path` (without its first slash); fills params from `n_param` on. */
static const struct node *find(const struct node *n, str path, struct req *rq, int n_param)
{
    str seg = S(""), rest = S("");
    bool more = str_split(path, '/', &seg, &rest), found = false;
    size_t i = place(n, seg, &found);
    const struct node *hit = NULL;
    if (found) hit = more ? find(n->kids.v[i], rest, rq, n_param) : n->kids.v[i];
    if (hit) return hit;
    if (n->param && seg.n) {
        rq->param[n_param] = seg;
        hit = more ? find(n->param, rest, rq, n_param + 1) : n->param;
        if (hit) return hit;
    }
    if (!n->rest || !path.n) return NULL;
    rq->param[n_param] = path;
    return n->rest;
}

static str allowed(struct arena *a, const struct node *n)
{
    struct buf b = buf_new(a, 128);
    for (int m = 0; m < METHOD_MAX; m++) {
        bool can = n->by[m] || m == OPTIONS || (m == HEAD && n->by[GET]);
        if (!can) continue;
        if (b.n) buf_add(&b, S(", "));
        buf_add(&b, method_name[m]);
    }
    return buf_str(&b);
}

static bool is_empty(const struct node *n)
{
    for (int m = 0; m < METHOD_MAX; m++)
        if (n->by[m]) return false;
    return true;
}

enum err router_find(const struct router *r, struct cx *cx, struct req *rq, str *allow)
{
    const struct node *n = NULL;
    rq->route = NULL;
    if (rq->path.n && rq->path.p[0] == '/')
        n = find(&r->root, str_cut(rq->path, 1, rq->path.n), rq, 0);
    if (!n || is_empty(n)) return fail(cx, E_NOTFOUND, "There is nothing at this address");
    rq->route = n->by[rq->method];
    if (!rq->route && rq->method == HEAD) rq->route = n->by[GET];
    if (rq->route) return E_OK;
    *allow = allowed(cx->a, n);
    return fail(cx, E_METHOD, "This address does not know the method %.*s",
                FS(method_name[rq->method]));
}
