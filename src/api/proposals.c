/* SPDX-License-Identifier: MIT */
/* api/proposals.c - values that sources propose for a record: listed, taken, refused. */
#include "api/api_int.h"

#include "register/proposal.h"

enum err api_proposal_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    int64_t id = 0;
    struct jw w = reply_json(rs);
    TRY(path_entity(cx, rq, &e));
    TRY(path_id(cx, rq, 1, &id));
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    TRY(proposal_list_json(cx, e, id, &w));
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}

static enum err propose(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    const struct json *j = NULL;
    int64_t id = 0;
    size_t n = 0;
    str source = {0};
    TRY(path_entity(cx, rq, &e));
    TRY(path_id(cx, rq, 1, &id));
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("source"), S(""), &source));
    TRY(proposal_put(cx, e, id, source, json_get(j, S("fields")), &n));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kint(&w, S("proposed"), (int64_t)n);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_proposal_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, propose);
}

static enum err take(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    struct written wr = {0};
    int64_t id = 0;
    TRY(path_id(cx, rq, 0, &id));
    TRY(proposal_take(cx, id, &e, &wr));
    return reply_after(cx, e, &wr, rs);
}

enum err api_proposal_take(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, take);
}

enum err api_proposal_refuse(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    TRY(path_id(cx, rq, 0, &id));
    TRY(proposal_refuse(cx, id));
    rs->status = 204;
    return E_OK;
}
