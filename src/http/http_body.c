/* SPDX-License-Identifier: MIT */
/* http/http_body.c - a request that waits for its body, in memory or spooled to a file. */
#include "http/http_int.h"

#include <stdlib.h>
#include <unistd.h>

enum { LOOK_EVERY = 4 * 1024 * 1024 }; /* how often an upload asks for the free bytes of the disk */

struct http_job *job_new(struct conn *c, str head, str body)
{
    struct http_job *j = calloc(1, sizeof *j);
    if (!j) abort();
    j->post.kind = POST_JOB;
    j->loop = c->loop;
    j->conn = c;
    j->head_n = head.n;
    j->body_at = head.n;
    j->body_n = body.n;
    j->keep = !c->last;
    j->rate_left = c->rate_left;
    j->got = (int64_t)body.n;
    j->head = malloc(head.n + body.n + 1);
    if (!j->head) abort();
    memcpy(j->head, head.p, head.n);
    if (body.n) memcpy(j->head + head.n, body.p, body.n);
    return j;
}

void job_free(struct http_job **jp)
{
    struct http_job *j = *jp;
    if (!j) return;
    if (j->stream) stream_free(j);
    if (j->spool > 0) (void)close(j->spool);
    if (j->spool_path[0]) (void)unlink(j->spool_path);
    atomic_fetch_sub(&j->loop->s->spool_bytes, j->spooled);
    if (j->out) wire_free(j->out);
    free(j->out);
    atomic_fetch_sub(&j->loop->s->body_bytes, (int64_t)j->body_cap);
    free(j->body);
    free(j->head);
    free(j);
    *jp = NULL;
}

static int spool_open(struct http_job *j)
{
    struct cx cx = {.a = arena_new()};
    str dir = j->loop->s->o.spool_dir, path = S("");
    int fd = -1;
    enum err e =
        os_temp_file(&cx, arena_fmt(cx.a, "%.*s/up-", FS(dir.n ? dir : S("/tmp"))), &fd, &path);
    if (e == E_OK && path.n < sizeof j->spool_path) {
        memcpy(j->spool_path, path.p, path.n + 1);
        j->spool = fd;
        e = os_write_all(&cx, fd, (str){j->body, j->body_n});
    } else if (e == E_OK) {
        os_unlink(&cx, path);
        os_close_fd(&fd);
        e = E_INTERNAL;
    }
    arena_free(&cx.a);
    atomic_fetch_sub(&j->loop->s->body_bytes, (int64_t)j->body_cap);
    free(j->body);
    j->body = NULL;
    j->body_n = j->body_cap = 0;
    return e == E_OK ? 0 : err_info[e].http;
}

static int add_memory(struct http_job *j, str part)
{
    struct http_server *s = j->loop->s;
    if (!part.n) return 0;
    if (part.n > j->body_cap - j->body_n) {
        size_t cap = j->body_cap ? j->body_cap * 2 : 4096;
        while (cap < j->body_n + part.n) cap *= 2;
        int64_t more = (int64_t)(cap - j->body_cap);
        if (atomic_fetch_add(&s->body_bytes, more) + more > (int64_t)s->l.body_total_bytes) {
            atomic_fetch_sub(&s->body_bytes, more);
            return 503;
        }
        j->body = realloc(j->body, cap);
        if (!j->body) abort();
        j->body_cap = cap;
    }
    memcpy(j->body + j->body_n, part.p, part.n);
    j->body_n += part.n;
    return 0;
}

/* Before it is known who sends: all that is under way has an end, and the database keeps room to write. */
static int spool_room(struct http_job *j, size_t n)
{
    struct http_server *s = j->loop->s;
    int64_t before = j->spooled, more = (int64_t)n;
    j->spooled += more;
    if (atomic_fetch_add(&s->spool_bytes, more) + more > (int64_t)s->l.spool_total_bytes) return 503;
    if (before && before / LOOK_EVERY == j->spooled / LOOK_EVERY) return 0;
    struct cx cx = {.a = arena_new()};
    int64_t left = os_free_bytes(&cx, s->o.spool_dir.n ? s->o.spool_dir : S("/tmp"));
    arena_free(&cx.a);
    return left >= 0 && left < (int64_t)s->l.disk_reserve_bytes ? 507 : 0;
}

static int add(struct http_job *j, str part)
{
    size_t limit = j->loop->s->l.body_memory_bytes;
    j->got += (int64_t)part.n;
    if (j->got > j->max) return 413;
    if (j->upload && j->spool <= 0 && j->body_n + part.n > limit) {
        int st = spool_open(j);
        if (st) return st;
    }
    if (j->spool <= 0) return add_memory(j, part);
    int full = spool_room(j, part.n);
    if (full) return full;
    struct cx cx = {.a = arena_new()};
    enum err e = os_write_all(&cx, j->spool, part);
    arena_free(&cx.a);
    return e == E_OK ? 0 : err_info[e].http;
}

static int feed_chunked(struct http_job *j, str *in)
{
    for (;;) {
        str part = S("");
        switch (http_chunk_feed(&j->chunk, in, &part)) {
        case CHUNK_MORE: return 0;
        case CHUNK_END: return 200;
        case CHUNK_BAD: return 400;
        case CHUNK_DATA: break;
        }
        int st = add(j, part);
        if (st) return st;
    }
}

int job_feed(struct http_job *j, str *in)
{
    if (j->want < 0) return feed_chunked(j, in);
    int64_t left = j->want - j->got;
    str part = str_cut(*in, 0, (int64_t)in->n < left ? in->n : (size_t)left);
    *in = str_cut(*in, part.n, in->n);
    int st = part.n ? add(j, part) : 0;
    return st ? st : j->got == j->want ? 200 : 0;
}
