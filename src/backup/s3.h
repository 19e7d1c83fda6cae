/* SPDX-License-Identifier: MIT */
/* backup/s3.h - backups in an S3-compatible store: AWS Signature Version 4 over libcurl, path-style addresses.
 *
 * Every upload is signed together with the SHA-256 of its content, so the store refuses what the wire has
 * damaged. Names hold [A-Za-z0-9._/-] alone. One PUT per file: at most 5 GB.
 */
#pragma once
#include "base/base.h"

struct s3 {
    str endpoint;       /* "https://s3.eu-central-1.amazonaws.com"; no '/' at the end */
    str bucket, region; /* region "" = us-east-1 */
    str key, secret;
    str prefix;         /* put before every name: "" or "kontor/" */
    int timeout_s;      /* without a byte moving; 0 = 60 */
};
/* sha: hex SHA-256 of the file. E_AUTH: key, secret or rights; E_LIMIT: too large; E_BUSY: not reached or the store's
 * own trouble; E_BAD: whatever else it said, in cx->msg. */
MUST enum err s3_put(struct cx *cx, const struct s3 *s, str path, int64_t bytes, str sha, str name);
MUST enum err s3_head(struct cx *cx, const struct s3 *s, str name, int64_t *ret_bytes); /* E_NOTFOUND */
MUST enum err s3_get(struct cx *cx, const struct s3 *s, str name, str to_path);         /* a new file */
MUST enum err s3_delete(struct cx *cx, const struct s3 *s, str name);                   /* absent = E_OK */
