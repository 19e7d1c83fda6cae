/* SPDX-License-Identifier: MIT */
/* api/mcp.h - what the two files of the MCP server share (Model Context Protocol, revision 2025-06-18,
 * transport "Streamable HTTP": modelcontextprotocol.io/specification/2025-06-18/basic/transports).
 *
 * A session is a batch of the change log, opened by initialize under the title "mcp"; all that is known of it stands in
 * that row. Its tools call the handlers of the REST API: there is no second way to records.
 */
#pragma once
#include "api/api_int.h"

/* Codes of JSON-RPC 2.0 (section 5.1). */
enum rpc_code { RPC_PARSE = -32700, RPC_REQUEST = -32600, RPC_METHOD = -32601, RPC_PARAMS = -32602 };
/* An answer to a request: its id and either a result, which the caller writes as one value, or an error. */
struct rpc {
    const struct json *id;
    const struct json *params; /* NULL: none */
    int64_t batch;             /* of the session; 0 at initialize */
};
/* {"jsonrpc","id","result": - the caller writes the value and calls rpc_end. */
struct jw rpc_result(const struct rpc *r, struct resp *rs);
void rpc_end(struct jw *w);
/* The whole answer {"jsonrpc","id","error"}; the message is for programmers, in English. E_OK. */
MUST enum err rpc_error(const struct rpc *r, struct resp *rs, enum rpc_code code, str message);
/* tools/list: those that the key may use. */
MUST enum err mcp_tools_list(struct cx *cx, const struct req *rq, const struct rpc *r, struct resp *rs);
/* tools/call: what a tool refuses is its result with isError; an error of ours is the reply's. */
MUST enum err mcp_tools_call(struct cx *cx, const struct req *rq, const struct rpc *r, struct resp *rs);
