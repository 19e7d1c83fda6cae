/* SPDX-License-Identifier: MIT */
/* backup/s3.h - backups in an S3-compatible store: AWS Signature Version 4 over libcurl, path-style addresses.
 *
 * Every upload is signed together with the SHA-256 of its content, so the store refuses what the wire has
 * damaged. Names hold [A-Za-z0-9._/-] alone. A file larger than part_bytes goes in parts: of each one its sum is
 * signed and a part that fails is sent again; what does not become whole is taken back.
 */
#pragma once
#include "base/base.h"

enum { S3_PARTS_MAX = 10000 };
struct s3 {
    str endpoint;       /* "https://s3.eu-central-1.amazonaws.com"; no '/' at the end */
    str bucket, region; /* region "" = us-east-1 */
    str key, secret;
    str prefix;         /* put before every name: "" or "kontor/" */
    int timeout_s;      /* without a byte moving; 0 = 60 */
    str ca;             /* certificates trusted beside the system's (os/outgoing_call.h) */
    int64_t part_bytes; /* larger files go in parts of this size; 0 = 64 MiB */
    bool plain;         /* the setting plain_outgoing: http to another machine is taken, too */
    int retry_ms;       /* before the second try of a part, then twice as long; 0 = 1000 */
};
/* E_INVALID at "s3_endpoint": backups would go to another machine unencrypted, and not by s->plain. */
MUST enum err s3_sealed(struct cx *cx, const struct s3 *s);
/* The size of a file's parts: `part` as wanted (0 = 64 MiB), or larger where S3_PARTS_MAX of them would not do;
 * 0 = no store takes it (5 TiB; 5 GiB a part). */
int64_t s3_part_size(int64_t bytes, int64_t part);
/* sha: hex SHA-256 of the file. E_AUTH: key, secret or rights; E_LIMIT: too large; E_BUSY: not reached or the store's
 * own trouble; E_BAD: whatever else it said, in cx->msg. */
MUST enum err s3_put(struct cx *cx, const struct s3 *s, str path, int64_t bytes, str sha, str name);
/* Uploads in parts that a killed program left: those of names that are `is_ours`, begun before that moment by the
 * store's clock, are taken back. What cannot be listed or taken back stays, and is logged. */
void s3_leftovers(struct cx *cx, const struct s3 *s, bool (*is_ours)(str name), int64_t before_ms);
MUST enum err s3_head(struct cx *cx, const struct s3 *s, str name, int64_t *ret_bytes); /* E_NOTFOUND */
MUST enum err s3_get(struct cx *cx, const struct s3 *s, str name, str to_path);         /* a new file */
MUST enum err s3_delete(struct cx *cx, const struct s3 *s, str name);                   /* absent = E_OK */
