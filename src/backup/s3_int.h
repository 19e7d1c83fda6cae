/* SPDX-License-Identifier: MIT */
/* backup/s3_int.h - one signed request to a store, shared by whole files (s3.c) and parts (s3_parts.c). */
#pragma once
#include "backup/s3.h"

#include <curl/curl.h>
#include <stdio.h>

enum { S3_SAID_MAX = 64 * 1024, S3_ETAG_MAX = 200 };

struct s3_call {
    CURL *h;
    struct curl_slist *headers;
    FILE *up;
    int64_t left;             /* of the file, to be sent */
    int down;                 /* -1, or where a good answer's body goes */
    struct buf said;          /* the beginning of the answer otherwise */
    bool disk;                /* writing failed */
    char etag[S3_ETAG_MAX + 1]; /* of the answer, with its quotes; "" = none */
    char sha[65];             /* what the object says of itself in x-amz-meta-sha256 */
};
void s3_call_end(struct s3_call *c); /* for OWNED; begin with {.down = -1} */
/* name "": the bucket itself. query: "" or "a=b&c=d", names in order, values percent-encoded; sum: hex SHA-256 of the
 * body. */
MUST enum err s3_call_begin(struct cx *cx, const struct s3 *s, str name, str query, str sum, struct s3_call *c);
MUST enum err s3_call_header(struct cx *cx, struct s3_call *c, str line);
/* The body: so many bytes of the file from there on. */
MUST enum err s3_call_file(struct cx *cx, struct s3_call *c, str path, int64_t from, int64_t bytes);
/* POST of a text, which must live as long as c. */
MUST enum err s3_call_post(struct cx *cx, struct s3_call *c, str body);
MUST enum err s3_call_run(struct cx *cx, struct s3_call *c);
/* What the answer in c->said gives as <Code>: an error of that meaning. `status` as HTTP gave it. */
MUST enum err s3_call_refused(struct cx *cx, const struct s3_call *c, long status);
MUST enum err s3_call_delete(struct cx *cx, struct s3_call *c);
/* HEAD: c->sha and the size. */
MUST enum err s3_head_call(struct cx *cx, const struct s3 *s, str name, struct s3_call *c, int64_t *ret_bytes);
extern const char s3_empty_sum[];

/* The file in parts of part_bytes: begun, sent, put together; taken back when it does not become whole. */
MUST enum err s3_put_parts(struct cx *cx, const struct s3 *s, str path, int64_t bytes, str sha, str name);
