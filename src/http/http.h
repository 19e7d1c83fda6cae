/* SPDX-License-Identifier: MIT */
/* http/http.h - requests, replies, the route table and the server. Knows nothing of a CRM.
 *
 * One epoll loop a core (SO_REUSEPORT), a strict HTTP/1.1 parser (RFC 9110, 9112), own timers and
 * limits. A handler is a plain function on a struct: it runs in the loop when its route is R_FAST,
 * else on a worker thread while the connection waits, so it may block on the database (and on nothing
 * else). Tests call http_dispatch() without a socket.
 */
#pragma once
#include "base/base.h"

enum method { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, METHOD_MAX };
extern const str method_name[METHOD_MAX];

struct header {
    str name, value; /* as received; value trimmed */
};
enum { HTTP_PARAMS_MAX = 4, HTTP_HEADERS_MAX = 64 };
struct req {
    enum method method;
    str target;                 /* as received */
    str path;                   /* decoded once, valid UTF-8, no NUL, no dot segments */
    str query;                  /* behind '?', still encoded */
    const struct header *headers;
    size_t n_headers;
    str body;                   /* whole, when it fits HTTP_BODY_MEMORY and the route's limit */
    str body_file;              /* else the path of a spooled temporary file, removed after the reply */
    int64_t body_bytes;
    str host, remote;           /* remote: address without port; of the client behind a trusted proxy */
    bool tls;
    const struct route *route;
    str param[HTTP_PARAMS_MAX]; /* {names} of the route's path in order, decoded */
};
str http_header(const struct req *rq, str name);                      /* "" when absent; any case */
bool http_query(struct cx *cx, const struct req *rq, str key, str *ret); /* decoded; false when absent */
bool http_cookie(const struct req *rq, str name, str *ret);

struct resp {
    int status;             /* 0 = 200 */
    str type;               /* "" = application/json */
    struct buf body;        /* born with the route's reply limit; http_body(rs) to write */
    struct header head[12];
    size_t n_head;
    str file;               /* reply with this file (Range, ETag by the server) instead of body */
    int file_fd;            /* > 0: the same, opened; the server closes it */
    const struct asset *asset; /* reply with an embedded asset (precompressed, ETag, Range) */
    struct http_stream *stream; /* set by http_stream_begin */
    struct http_sse *sse;       /* set by http_sse_begin */
    struct http_job *job;       /* the server's own; NULL without a socket: streams then fill body */
    bool again;             /* asked for in the loop: throw this reply away and run the handler on a worker */
    bool may_wait;          /* the request's memory is its own: the handler may leave a `later` */
    struct http_later {
        void (*start)(void *arg);  /* the last thing done with the request where the handler ran: from here on it
                                    * belongs to whoever start has told, until http_later_done */
        void (*finish)(void *arg); /* in the loop, after http_later_done: fills this reply, lets go of what was held */
        void *arg;
    } later;                /* start NULL = the reply is here */
};
/* The reply that a `later` has promised can be had now: by finish. Any thread, once. */
void http_later_done(struct resp *rs);
/* Where the handler runs: in a loop, where it must be short; on a worker because it asked to be run `again`. */
enum http_place { PLACE_NONE, PLACE_LOOP, PLACE_WORKER, PLACE_AGAIN };
enum http_place http_place(const struct resp *rs);
str http_day(struct arena *a, int64_t ms);            /* "Mon, 30 Nov 2026 08:00:00 GMT" */
void http_head(struct resp *rs, str name, str value);  /* adds a header; CR, LF, NUL in value refuse it */

/* ---- routes ---- */
enum route_flags {
    R_FAST = 1,     /* short: runs in the loop on SQLite */
    R_OPEN = 2,     /* without log-in */
    R_WRITE = 4,    /* changes something: CSRF check, Origin, Idempotency-Key honoured */
    R_UPLOAD = 8,   /* body may be spooled to a file */
    R_STREAM = 16,  /* long reply */
    R_BARE = 32,    /* needs no database: it is given none */
    R_PERSON = 64,  /* for people who logged in: with no API key */
    R_RIGHTS = 128, /* rights to records and settings alone say what it gives: for every API key that has them */
    R_LATER = 256,  /* begun in the loop where is_fast says so; no thread waits for its reply (struct http_later) */
    R_AT_PASSWORD = 512, /* also with a session that lacks this step of its log-in still: an own password, ... */
    R_AT_FACTOR = 1024,  /* ... the second factor, ... */
    R_AT_ENROL = 2048,   /* ... one that has to be set up */
    R_HALF = R_AT_PASSWORD | R_AT_FACTOR | R_AT_ENROL,
    R_PROOF = 4096,      /* bears on who comes in: somebody must have proved lately who he is */
    R_PAGE = 8192,       /* what somebody looks at: counted as a page, ... */
    R_ACT = 16384,       /* ... and what he does, as an action (usage.h) */
    R_PROOF_OWN = 32768, /* bears on how he himself comes in: proved since his log-in, and just now */
    R_BEARER = 65536,    /* for API keys alone, no session opens it; Origin is looked at */
};
typedef enum err handler_fn(struct cx *cx, const struct req *rq, struct resp *rs);
struct route {
    enum method method;
    str path;       /* "/api/v1/{entity}/{id}": literal segments win over {params}; "{rest...}" last
                     * takes all that is left, slashes too */
    handler_fn *fn;
    unsigned flags;
    unsigned right; /* the application's own right number, 0 = any who is in */
    size_t body_max;
    str doc;        /* for the API document: a line, and behind it the shape (api/openapi.c) */
};
struct router;
/* Compiles the table; asserts on duplicates. Lives as long as the arena. */
struct router *router_new(struct arena *a, const struct route *routes, size_t n);
/* E_NOTFOUND, or E_METHOD (fills `allow`). HEAD finds GET. */
MUST enum err router_find(const struct router *r, struct cx *cx, struct req *rq, str *allow);

/* ---- embedded assets ---- */
struct asset {
    str path, type, etag;
    str raw, gzip, br;      /* gzip and br may be empty */
    bool immutable;         /* hashed name: cache for a year */
};

/* ---- long replies: blocks the worker while the client is slow; E_UNCERTAIN when he went away ---- */
MUST enum err http_stream_begin(struct cx *cx, struct resp *rs);
MUST enum err http_stream_write(struct cx *cx, struct resp *rs, str bytes);
/* What is only known at the end, as a trailer field (RFC 9110 6.5) that a header "Trailer" has announced; without a
 * stream a header. Past HTTP_TRAILER_MAX bytes of all of them, and to HTTP/1.0, nothing. */
enum { HTTP_TRAILER_MAX = 256 };
void http_stream_trailer(struct cx *cx, struct resp *rs, str name, str value);

/* ---- event streams (WHATWG server-sent events) ----
 * The handler subscribes its connection; `tag` is handed back to `gone` when it ends. Events are
 * pushed from any thread by id; a client that does not read is cut at HTTP_SSE_QUEUE bytes. */
MUST enum err http_sse_begin(struct cx *cx, struct resp *rs, void *tag, void (*gone)(void *tag), int64_t *ret_id);
struct http_server;
bool http_sse_send(struct http_server *s, int64_t id, str event, int64_t event_id, str data); /* false: gone */
void http_sse_end(struct http_server *s, int64_t id);

/* Is each entry of a list of proxies an address, a network, or "unix"? */
bool http_addrs_ok(str list);

/* ---- the server ---- */
struct http_limits {            /* 0 = the default in http_limits.def, where each is explained */
#define X(type, name, dflt, text) type name;
#include "http/http_limits.def"
#undef X
};
struct http_opts {
    str listen;                 /* "127.0.0.1:8080", "[::1]:8080", "unix:/path" */
    str tls_cert, tls_key;      /* "" = plain */
    str trusted_proxies;        /* comma list whose X-Forwarded-For counts: "10.0.0.1", "10.0.0.0/8", "unix" */
    bool proxies_only;          /* nobody else may connect, but this machine itself: 403 */
    str spool_dir;              /* for uploads */
    struct http_limits limit;
    /* Called on a loop (fast) or worker thread for each request. It must always fill rs. `thread` is
     * what thread_start returned for this thread (per-thread arena, database connection). */
    void *arg;
    void *(*thread_start)(void *arg);
    void (*thread_end)(void *arg, void *thread);
    bool (*is_fast)(void *arg, const struct req *rq); /* after routing: rq->route may be NULL */
    void (*handle)(void *arg, void *thread, struct req *rq, struct resp *rs);
    /* 4xx before any handler; any thread; NULL = not told. is_proxy: it came by a trusted proxy that did not say for
     * whom, or in a head that could not be read: addr is the proxy's. */
    void (*refused)(void *arg, str addr, bool is_proxy, int status);
    struct arena *(*arena)(void *thread);             /* request memory: reset by the server after the reply */
    struct arena *(*lend)(void *thread, struct arena *a); /* the thread's memory is `a` now; gives what it was. NULL: no
                                                       * route is R_LATER */
    const struct router *router;
    str hosts;                  /* names we answer to beside addresses, no ports, comma between; "" = any; else 421 */
    str csp;                    /* Content-Security-Policy of text/html; "" = the strict one of all others */
};
MUST enum err http_start(struct cx *cx, const struct http_opts *o, struct http_server **ret);
int http_port(const struct http_server *s);           /* the port really bound (for :0) */
void http_drain(struct http_server *s, int max_ms);   /* stop accepting, finish what runs, close idle */
void http_stop(struct http_server **s);
struct http_stats {
    int64_t conns, conns_open, requests, bad, bytes_in, bytes_out, sse_open, by_status[6];
};
struct http_stats http_stats(const struct http_server *s);
/* Since when the slowest loop has not come round; it does at least once a second. */
int64_t http_silent_ms(const struct http_server *s);

/* A bucket of tokens, one more each each_us, depth_us / each_us of them: *full_us is the moment when it is full again,
 * 0 at first. Microseconds by which it is overdrawn after one more token: > 0 and left as it was; or <= 0, taken, and
 * minus what is left. Any thread. */
int64_t http_bucket_take(_Atomic int64_t *full_us, int64_t now_us, int64_t each_us, int64_t depth_us);

/* Finds the route, runs it, turns an error into problem+json (RFC 9457: type, title, status, detail,
 * code, field, request_id). No socket needed: the unit of all API tests. `guard` runs between routing
 * and handler (log-in, CSRF, rights); NULL = none. */
typedef enum err guard_fn(struct cx *cx, struct req *rq, struct resp *rs);
void http_dispatch(struct cx *cx, const struct router *r, guard_fn *guard, struct req *rq, struct resp *rs);
void http_problem(struct cx *cx, enum err e, struct resp *rs);
str http_status_text(int status); /* "Not Found"; of one that is unknown "Status" */
/* What a handler gave: an error, or an answer that does not fit, becomes a problem. */
void http_outcome(struct cx *cx, enum err e, struct resp *rs);
