/* SPDX-License-Identifier: MIT */
/* api/status.c - alive, ready, and figures for Prometheus (text format 0.0.4). */
#include "api/api_int.h"

#include "os/os.h"

enum err api_healthz(struct cx *cx, const struct req *rq, struct resp *rs)
{
    (void)cx, (void)rq;
    rs->type = S("text/plain; charset=utf-8");
    buf_add(&rs->body, S("ok\n"));
    return E_OK;
}

enum err api_readyz(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT 1"));
    return api_healthz(cx, rq, rs);
}

static void figure(struct resp *rs, const char *name, const char *type, const char *help, int64_t v)
{
    buf_fmt(&rs->body, "# HELP kontor_%s %s\n# TYPE kontor_%s %s\nkontor_%s %" PRId64 "\n", name,
            help, name, type, name, v);
}

/* The label's name holds no letters that would have to be escaped (external_check). */
static enum err sync_figures(struct cx *cx, struct resp *rs)
{
    struct sync_count *c = NULL;
    size_t n = 0;
    if (cx->app->syncer) {
        struct sync_stats s = syncer_stats(cx->app->syncer);
        figure(rs, "sync_received_total", "counter", "Items that other systems handed over", s.received);
        figure(rs, "sync_applied_total", "counter", "Items written", s.applied);
        figure(rs, "sync_unchanged_total", "counter", "Items that changed nothing", s.unchanged);
        figure(rs, "sync_refused_total", "counter", "Items refused", s.refused);
        figure(rs, "sync_retried_total", "counter", "Items put off", s.retried);
    }
    TRY(sync_counts(cx, S(""), 0, &c, &n));
    for (size_t i = 0; i < n; i++) {
        for (int k = 0; k < SYNC_APPLIED; k++)
            buf_fmt(&rs->body, "kontor_sync_open{system=\"%.*s\",state=\"%.*s\"} %" PRId64 "\n", FS(c[i].system),
                    FS(sync_state_name[k]), c[i].open[k]);
        buf_fmt(&rs->body, "kontor_sync_oldest_seconds{system=\"%.*s\"} %" PRId64 "\n", FS(c[i].system),
                c[i].oldest_ms ? (cx->now_ms - c[i].oldest_ms) / 1000 : 0);
    }
    return E_OK;
}

enum err api_metrics(struct cx *cx, const struct req *rq, struct resp *rs)
{
    (void)rq;
    if (!acl_sys(cx, SYS_LOG))
        return fail(cx, E_DENIED, "Only those who may read the log can see these figures");
    struct http_stats h = http_stats(cx->app->http);
    struct db_stats d = dbase_stats(cx->app->db);
    rs->type = S("text/plain; version=0.0.4; charset=utf-8");
    figure(rs, "http_requests_total", "counter", "Requests answered", h.requests);
    figure(rs, "http_bad_total", "counter", "Requests refused by the parser", h.bad);
    figure(rs, "http_connections_total", "counter", "Connections accepted", h.conns);
    figure(rs, "http_connections", "gauge", "Connections open", h.conns_open);
    figure(rs, "http_event_streams", "gauge", "Event streams open", h.sse_open);
    figure(rs, "http_in_bytes_total", "counter", "Bytes received", h.bytes_in);
    figure(rs, "http_out_bytes_total", "counter", "Bytes sent", h.bytes_out);
    for (int i = 1; i < 6; i++)
        buf_fmt(&rs->body, "kontor_http_replies_total{class=\"%dxx\"} %" PRId64 "\n", i,
                h.by_status[i]);
    figure(rs, "db_writes_total", "counter", "Writes asked for", d.writes);
    figure(rs, "db_commits_total", "counter", "Durable commits", d.commits);
    figure(rs, "db_queries_total", "counter", "Statements run", d.queries);
    figure(rs, "db_errors_total", "counter", "Statements failed", d.errors);
    figure(rs, "db_wal_bytes", "gauge", "Size of the write-ahead log", d.wal_bytes);
    figure(rs, "memory_anon_bytes", "gauge", "Own memory", os_rss_anon_bytes());
    figure(rs, "open_files", "gauge", "Open file descriptors", os_open_fds());
    figure(rs, "up_seconds", "gauge", "Seconds since the start",
           (os_now_ms() - cx->app->started_ms) / 1000);
    return sync_figures(cx, rs);
}
