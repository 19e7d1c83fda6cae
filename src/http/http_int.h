/* SPDX-License-Identifier: MIT */
/* http/http_int.h - what the files of this room share. Tests may look.
 *
 * Who owns what: a `conn` belongs to its loop's thread and lives while its `job` runs. A `job` belongs
 * to the loop until it is queued, then to one worker, then to the loop again (by post). A `wire` is
 * a piece of reply that the socket did not take yet. Only `http_stream` and `http_sse` are shared
 * between threads, each under its lock.
 */
#pragma once
#include "http/http.h"
#include "os/os.h"

#include <netinet/in.h>
#include <stdatomic.h>

/* ---- http_parse.c: bytes to request, no input or output ---- */
struct http_head {
    struct req rq;           /* slices of the input or of the arena */
    struct header h[HTTP_HEADERS_MAX];
    size_t bytes;            /* of the head, up to and with the empty line */
    int64_t length;          /* Content-Length, -1 = none */
    bool chunked, keep, expect, v10, encoded; /* encoded: the body has a Content-Encoding */
};
enum { PARSE_MORE = 0, PARSE_OK = 200 };
/* PARSE_MORE, PARSE_OK or the status to answer before closing. Limits must be filled. */
int http_parse_head(struct arena *a, const struct http_limits *l, str in, struct http_head *ret);
/* Percent-decodes; false: bad escape, NUL, control byte or not UTF-8. `plus`: '+' is a space. */
bool http_decode(struct arena *a, str in, bool plus, str *ret);

/* ---- http_chunk.c: the chunked coding of requests ---- */
struct chunk {
    int state;
    unsigned digits;
    uint64_t left;           /* of the size line, then of the data */
    uint32_t ext, trailer;   /* bytes so far in this body */
    bool named;              /* the trailer line has its colon */
    uint32_t col;
};
enum chunk_got { CHUNK_MORE, CHUNK_DATA, CHUNK_END, CHUNK_BAD };
/* Eats from *in. CHUNK_DATA: *data is a part of the body; call again. */
enum chunk_got http_chunk_feed(struct chunk *c, str *in, str *data);

/* ---- http_file.c, http_out.c: what goes on the wire ---- */
struct reply {
    const struct resp *rs;
    int status;
    str type, etag, encoding, range;
    bool vary, immutable, is_asset;
    bool close, tls, no_body, no_length; /* no_length: chunked or ends with the connection */
    bool chunked, v10;
    str body;                /* memory; an asset's lives for ever */
    int fd;                  /* > 0: this file from `off` */
    int64_t off, length;
    str csp;
    int rate_left;           /* requests that its address may send at once, and one more; 0 = it has no limit */
    str rate_policy;
};
/* Chooses encoding, 304, 206, 416 and HEAD; opens rs->file. Takes over rs->file_fd. */
void http_plan(struct cx *cx, const struct req *rq, struct resp *rs, struct reply *ret);
struct http_date {
    int64_t sec;
    char text[32];           /* "Sun, 22 Nov 2026 06:21:00 GMT" */
};
void http_date_at(struct http_date *d, int64_t unix_sec);
size_t http_head_max(const struct reply *r); /* bytes that http_head_put may need */
size_t http_head_put(const struct reply *r, const struct http_date *d, char *to);
/* A whole reply to a request that never became one; `to` has HTTP_ERROR_MAX bytes. */
enum { HTTP_ERROR_MAX = 2560, HTTP_ERROR_BODY = 512, RETRY_AFTER_S = 2 };
/* `wait_s`: Retry-After of 429 and 503 at the least. */
size_t http_error_put(int status, bool tls, int64_t wait_s, const struct http_date *d, char *to);

/* http_opts.refused, if anybody asks for it: of what is no fault of ours, and no client that was only slow. */
void refusal_tell(const struct http_server *s, str addr, bool is_proxy, int status);

/* ---- http_addr.c ---- */
struct addr {
    unsigned char ip[16];    /* IPv4 as ::ffff:a.b.c.d; all zero = unix socket */
};
enum { ADDR_TEXT = 48 };
struct addr addr_of(const struct sockaddr_storage *sa);
str addr_text(const struct addr *a, char to[ADDR_TEXT]);
bool addr_parse(str s, struct addr *ret);
bool addr_in_list(const struct addr *a, str list); /* comma list of addresses, address/bits, "unix" */
bool addr_is_v4(const struct addr *a);
bool addr_is_local(const struct addr *a);          /* this machine: loopback or unix socket */
/* A proxy, or this machine: who may come where nothing protects the way (http_opts.proxies_only). */
bool addr_may_come(const struct addr *a, str trusted);
/* The client's address: X-Forwarded-For read from the right while it names trusted proxies. */
struct addr addr_client(struct arena *a, const struct req *rq, const struct addr *peer, str trusted, bool *tls);
/* The same of a head that no parser took; it has to be whole, for a proxy may have put its line at the end, behind
 * those of the client's own making. */
struct addr addr_forwarded(struct arena *a, str head, const struct addr *peer, str trusted);
bool addr_same(const struct addr *a, const struct addr *b);
bool host_known(str host, str list); /* of Host: in the comma list, or an address; an empty list knows all */

/* ---- http_rate.c: what one address (IPv6: /64) may take; any thread ---- */
enum { ADDR_CELLS = 16384 };
struct addr_counts {         /* connections by address: two rows of hashed counters, the lower one is right */
    uint64_t seed[2];
    _Atomic uint32_t n[2][ADDR_CELLS];
    /* the requests' token bucket (as GCRA): when it would be full again, in microseconds of os_mono */
    _Atomic int64_t full_us[2][ADDR_CELLS];
};
uint32_t addr_count(struct addr_counts *t, const struct addr *a, int by);
/* Takes a token for one request: 0, or the milliseconds until there is one. `per_s` tokens a second, at most `burst`.
 * A refusal takes none, so who waits is served. *ret_left: how many more there are just now. */
int64_t addr_rate(struct addr_counts *t, const struct addr *a, int64_t now_us, int per_s, int burst, int *ret_left);
/* Seconds for Retry-After: at least `least`, spread at random, or all who were refused come back at once. */
int http_retry_s(int64_t least);

/* ---- the machine ---- */
enum post_kind { POST_JOB, POST_STREAM, POST_SSE };
struct post {                /* a message to a loop, embedded in what it is about */
    struct post *next;
    enum post_kind kind;
    _Atomic bool posted;
};
struct wire {
    struct wire *next;
    char *own;               /* freed at the end, or NULL */
    str a, b;                /* sent in this order; b outlives the connection (asset) or is in own */
    int fd;                  /* > 0: then this file */
    int64_t off, left;
};
struct http_stream {
    struct post post;
    pthread_mutex_t lock;
    pthread_cond_t room;
    struct http_job *job;
    char *q;
    size_t n, cap;
    char trailer[HTTP_TRAILER_MAX]; /* lines behind the last chunk */
    size_t n_trailer;
    bool gone, broken, chunked, mute; /* mute: HEAD */
};
struct http_sse {            /* under loop->sse_lock */
    struct post post;
    struct loop *loop;
    struct conn *conn;       /* NULL until the reply's head is out */
    int64_t id;
    void *tag;
    void (*gone)(void *tag);
    char *q;
    size_t n, cap;
    bool ended, freed;
};
struct http_job {
    struct post post;
    struct http_job *next;   /* in the workers' queue */
    struct loop *loop;
    struct conn *conn;
    bool in_loop;            /* not a job at all: the handler runs in the loop */
    char *head;              /* the request's own bytes */
    size_t head_n, body_at, body_n; /* body_at: in head, when it came with it */
    char *body;
    size_t body_cap;
    int64_t got, want, max;  /* want: Content-Length, -1 = chunked */
    struct chunk chunk;
    int spool;               /* > 0: descriptor */
    char spool_path[256];
    int64_t spooled;         /* bytes of it that s->spool_bytes counts */
    bool upload, fast, apart, keep, v10;
    int rate_left;           /* of its connection */
    bool again;              /* it was tried in the loop */
    struct arena *a;         /* of one that was begun apart, with its request and its reply; else NULL */
    struct req *rq;
    struct resp *rs;
    struct wire *out;        /* the reply */
    int status;
    _Atomic(struct http_stream *) stream; /* set by the worker, seen by the loop */
    _Atomic bool gone;       /* the client is */
    struct http_sse *sse;
};
enum timer { T_HEADER, T_BODY, T_WRITE, T_IDLE, T_LINGER, T_SSE, T_MAX, T_NONE = T_MAX };
enum conn_state { C_HANDSHAKE, C_HEAD, C_BODY, C_WORK, C_SSE, C_LINGER };
struct inbuf {
    size_t n, cap;
    char p[];
};
struct conn {
    struct loop *loop;
    struct conn *t_next, *t_prev;       /* in the timer's list */
    struct conn *all_next, *all_prev;   /* of the loop */
    struct conn *ready_next;            /* in a line of the loop */
    struct inbuf *in;                   /* what was read and not used yet */
    struct wire *pend, *pend_last;
    struct http_job *job;
    struct http_sse *sse;
    void *ssl;
    int64_t due_ms;
    struct addr addr;
    int fd;
    unsigned progress;                  /* bytes since the timer was set */
    int rate_left;                      /* as of the request in hand: see struct reply */
    uint32_t queued_ms, pause_ms;       /* when it last stood in line, by its loop's clock; how long between, about */
    unsigned char state, timer, line;
    bool readable, hup, eof, dirty, ready, dead, served;
    bool last, close_after;             /* this is the last request; close when its reply is out */
};
struct tlist {
    struct conn *first, *last;
    int ms;
};
/* Whose turn it is: those who let some time pass between what they ask go before those who ask without a pause, so that
 * a crowd makes itself wait and not the others. */
enum line { LINE_CALM, LINE_HASTY, LINE_MAX };
struct line_of {
    struct conn *first, *last;
};
enum { RBUF = 64 * 1024, OBUF = 64 * 1024, SPARES = 32 };
struct loop {
    struct http_server *s;
    int index, ep, listen_fd, wake_fd, spare_fd;
    pthread_t thread;
    bool started;
    void *user;                         /* of thread_start */
    int64_t now_ms;
    struct tlist timer[T_MAX];
    struct conn *all;
    struct line_of line[LINE_MAX];      /* who has unserved input */
    uint32_t lag_ms;                    /* how long the last hasty one stood in line */
    _Atomic(struct post *) posts;
    struct http_head head;
    struct http_job here;               /* the pseudo job of handlers that run in the loop */
    struct http_date date;
    char *rbuf, *obuf;
    size_t obuf_n;
    pthread_mutex_t sse_lock;
    struct http_sse **slot;
    uint32_t *slot_gen;
    size_t slots;
    bool drained;
    struct arena *spare[SPARES];        /* of requests that are through, for the next ones */
    int spares;
    _Atomic int64_t seen_ms;            /* when it last came round */
    _Atomic int64_t conns, open, requests, bad, bytes_in, bytes_out, sse_open, by_status[6];
};
struct workers {
    pthread_mutex_t lock;
    pthread_cond_t work, ended;
    struct http_job *first, *last;
    int queued, threads, idle;
    bool stop;
};
struct http_server {
    struct http_opts o;
    struct http_limits l;
    str rate_policy;                    /* for RateLimit-Policy */
    struct arena *a;                    /* copies of the options */
    int n_loops, port;
    struct loop *loop;
    struct workers w;
    struct addr_counts addrs;
    _Atomic int conns;
    _Atomic int apart;                  /* requests begun apart and not through yet */
    _Atomic int64_t body_bytes, spool_bytes; /* of all jobs: in memory, on the disk */
    _Atomic bool draining, closing, stop;
    pthread_mutex_t tls_lock;
    void *tls;                          /* SSL_CTX */
    int64_t tls_mtime, tls_bad_mtime;   /* of the pair in use, and of one that did not load */
    _Atomic int64_t tls_checked_ms;
    char unix_path[108];
};

/* http_io.c */
enum { IO_EOF = 0, IO_AGAIN = -1, IO_BAD = -2 };
ssize_t io_read(struct conn *c, char *to, size_t n);
ssize_t io_write(struct conn *c, const char *p, size_t n);
/* Sends or keeps. Takes over own and fd. False: the connection is broken. */
bool conn_push(struct conn *c, struct wire w);
int conn_flush(struct conn *c);         /* 1 all gone, 0 the socket is full, -1 broken */
bool obuf_flush(struct conn *c);        /* what pipelined replies left in the loop's buffer */
void wires_free(struct conn *c);
void wire_free(struct wire *w);

/* http_conn.c */
void conn_run(struct conn *c);
void conn_open(struct loop *lp, int fd, const struct addr *a);
void conn_close(struct conn *c);
void conn_timeout(struct conn *c);
void conn_job_done(struct http_job *j);
void conn_reply_error(struct conn *c, int status);
/* The same for what the client did: tells it (refusal_tell). head: what has come of the head, "" = nothing. */
void conn_refuse(struct conn *c, int status, str head);
void conn_reply_busy(struct conn *c, int status, int64_t wait_s); /* with Retry-After of at least that */
void conn_go_sse(struct conn *c, struct http_sse *e);

/* http_body.c: a request's body on its way in */
struct http_job *job_new(struct conn *c, str head, str body);
void job_free(struct http_job **j);
/* Eats from *in; 0 = more to come, 200 = whole, else the status to answer. */
int job_feed(struct http_job *j, str *in);

/* http_loop.c */
void loop_post(struct loop *lp, struct post *p);
void timer_set(struct conn *c, enum timer t);
void loop_ready(struct conn *c);        /* to the end of its line */
void loop_unready(struct conn *c);      /* out of it */
void *loop_main(void *arg);
MUST enum err loop_listen(struct cx *cx, struct loop *lp);
void count_status(struct loop *lp, int status);

/* http_worker.c */
bool worker_submit(struct http_server *s, struct http_job *j); /* false: the queue is full */
void workers_stop(struct http_server *s);
/* The job's request once more, out of its own copy. */
struct req *job_request(struct http_job *j, struct arena *a);
/* The reply as a wire for the loop. */
void job_build(struct http_job *j, struct cx *cx, struct http_date *date, const struct req *rq, struct resp *rs);
/* Who asks, and how; gives his address. */
struct addr req_from_conn(struct http_server *s, struct arena *a, struct conn *c, struct req *rq);

/* http_apart.c */
bool apart_serve(struct conn *c, struct http_job *j); /* false: too many, or we stop: it takes a worker */
void apart_end(struct http_job *j);     /* fills the reply and gives the memory back */
void apart_wait(struct http_server *s); /* until none is left; no new one begins when s->closing is set */

/* http_stream.c, http_sse.c */
void stream_pump(struct conn *c);       /* loop: sends what the worker queued */
struct wire stream_take(struct http_stream *st);
void stream_gone(struct http_stream *st);
void stream_free(struct http_job *j);
void sse_pump(struct conn *c);
void sse_post(struct http_sse *e);
void sse_drop(struct http_sse *e);      /* loop: the connection ended; tells the subscriber */

/* http_tls.c */
MUST enum err tls_load(struct cx *cx, struct http_server *s);
void tls_reload(struct http_server *s); /* when the certificate's file is new */
void tls_unload(struct http_server *s);
void *tls_conn(struct http_server *s, int fd);
void tls_conn_free(void *ssl);
int tls_handshake(void *ssl);           /* 1 done, IO_AGAIN, IO_BAD */
ssize_t tls_read(void *ssl, char *to, size_t n);
ssize_t tls_write(void *ssl, const char *p, size_t n);
