/* SPDX-License-Identifier: MIT */
/* Pictures and files of records: who may take one, who may see one, what a picture is. */
#include "api_bed.h"
#include "api/scan.h"
#include "base/time.h"
#include "os/os.h"
#include "stub.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PNG  "@picture:clear.png"
#define TYPE "Content-Type: application/octet-stream"

static int64_t in_folder(const struct api_bed *t, const char *folder)
{
    int64_t n = 0;
    char path[400];
    (void)snprintf(path, sizeof path, "%.*s/%s", FS(t->app->data_dir), folder);
    DIR *d = opendir(path);
    for (const struct dirent *e = NULL; d && (e = readdir(d));) n += e->d_name[0] != '.';
    if (d) (void)closedir(d);
    return n;
}

static int64_t files_there(const struct api_bed *t) { return in_folder(t, "files"); }

static void taken_and_seen(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/file?name=a.bin&as=picture", PNG, 201, "\"name\":\"a.png\"|\"type\":\"image/png\"|\"bytes\":", NULL, "pic", TYPE},
         {REPB1, "POST /api/v1/file?name=b.png&as=picture", PNG, 201, NULL, NULL, "theirs", TYPE},
         {REPA1, "POST /api/v1/person", "{'name':'A','photo':'$theirs'}", 422, "\"field\":\"photo\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'A','photo':'1234567890123'}", 422, "\"field\":\"photo\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'A'}", 201, NULL, "person.create", "p", NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':{'id':'$theirs'}}", 422, "\"field\":\"photo\"", NULL, NULL, NULL},
         {MGRA, "GET /api/v1/file/$pic", NULL, 404, NULL, NULL, NULL, NULL}, /* still REPA1's alone */
         {ADMIN, "GET /api/v1/file/$pic", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/file/$pic", NULL, 200,
          "@Content-Disposition: inline; filename*=UTF-8''a.png|@Content-Security-Policy: sandbox; default-src 'none'|@Cache-Control: private, no-cache", NULL, NULL, NULL},
         {MGRA, "PATCH /api/v1/person/$p", "{'photo':'$pic'}", 422, "\"field\":\"photo\"", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$pic'}", 200,
          "\"photo\":{\"id\":\"$pic\",\"title\":\"a.png\",\"type\":\"image/png\",\"bytes\":", "person.update", "set", NULL},
         {REPA1, "GET /api/v1/person?fields=name,photo", NULL, 200, "\"photo\":{\"id\":\"$pic\",\"title\":\"a.png\",\"type\":\"image/png\"", NULL, NULL, NULL},
         {MGRA, "GET /api/v1/file/$pic", NULL, 200, NULL, NULL, NULL, NULL}, /* a colleague who sees the record */
         {REPB1, "GET /api/v1/file/$pic", NULL, 404, NULL, NULL, NULL, NULL}, /* one who does not */
         {REPA2, "GET /api/v1/file/$pic", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'B','photo':'$pic'}", 422, "\"field\":\"photo\"", NULL, NULL, NULL}, /* it is another's */
         {MGRA, "PATCH /api/v1/person/$p", "{'owner':'$repa2','photo':null}", 200, "\"photo\":null", "person.update", "given", NULL},
         {REPA1, "GET /api/v1/file/$pic", NULL, 404, NULL, NULL, NULL, NULL}, /* the uploader, who sees the record no more */
         {MGRA, "POST /api/v1/undo", "{'change':'$given.seq'}", 200, "\"undone\":1", "person.update", NULL, NULL},
         {REPA1, "GET /api/v1/person/$p", NULL, 200, "\"photo\":{\"id\":\"$pic\",\"title\":\"a.png\"", NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/person/$p", NULL, 204, NULL, "person.delete", NULL, NULL},
         {MGRA, "GET /api/v1/file/$pic", NULL, 200, NULL, NULL, NULL, NULL}, /* as the trash shows it */
         {REPA1, "POST /api/v1/person/$p/restore", NULL, 200, "\"photo\":{\"id\":\"$pic\"", "person.restore", NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$set.seq','force':true}", 200, NULL, "person.update", "redo", NULL},
         {REPA1, "GET /api/v1/person/$p", NULL, 200, "\"photo\":null", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'batch':'$redo.batch'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "GET /api/v1/person/$p", NULL, 200, "\"photo\":{\"id\":\"$pic\"", NULL, NULL, NULL});
}

/* A picture is what we have drawn ourselves; all else is never shown by a browser as ours, whatever its bytes say. */
static void no_picture(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{'name':'A'}", 201, NULL, "person.create", "p", NULL},
         {REPA1, "POST /api/v1/file?name=x.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>", 201, "\"type\":\"application/octet-stream\"", NULL, "svg", TYPE},
         {REPA1, "POST /api/v1/file?name=x.png&as=picture", "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>", 422, "WebP", NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/file?name=x.png&as=icon", PNG, 400, "\"field\":\"as\"", NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/file?name=x.png&as=picture", "@picture:huge.png", 413, "60 million", NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/file?name=x.png", "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>", 415, "\"field\":\"name\"", NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/file?name=x.JPG", "<!doctype html><script>alert(1)</script>", 415, "\"field\":\"name\"", NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/file?name=x.png.%20", "<!doctype html>", 415, "\"field\":\"name\"", NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/file?name=x.pdf", "MZ\x90 program", 415, "\"field\":\"name\"", NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/file?name=x.docx", "%PDF-1.7", 415, "\"field\":\"name\"", NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/file?name=x.webp", "RIFF1234WAVEfmt ", 415, "\"field\":\"name\"", NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/file?name=x.html", "<!doctype html><script>alert(1)</script>", 201, "\"type\":\"application/octet-stream\"", NULL, "html", TYPE},
         {REPA1, "POST /api/v1/file?name=x.svg&as=picture", "@picture:clear.gif", 201, "\"name\":\"x.png\",\"type\":\"image/png\"", NULL, "gif", "Content-Type: image/svg+xml"},
         {REPA1, "POST /api/v1/file?name=x&as=picture", "@picture:turned.jpg", 201, "\"name\":\"x.jpg\",\"type\":\"image/jpeg\"", NULL, "jpg", TYPE},
         {REPA1, "POST /api/v1/file?name=x&as=picture", "@picture:plain.webp", 201, "\"type\":\"image/jpeg\"", NULL, "webp", TYPE},
         {REPA1, "POST /api/v1/file?name=x", "@picture:plain.webp", 201, "\"type\":\"image/webp\"|\"bytes\":66", NULL, "raw", TYPE},
         {REPA1, "POST /api/v1/file?name=x.pdf", "%PDF-1.7", 201, NULL, NULL, "wave0", TYPE},
         {REPA1, "POST /api/v1/file?name=x.wav", "RIFF1234WAVEfmt ", 201, "\"type\":\"application/octet-stream\"", NULL, "wave", TYPE},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$svg'}", 422, "\"field\":\"photo\"", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$html'}", 422, "\"field\":\"photo\"", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$raw'}", 422, "\"field\":\"photo\"|picture", NULL, NULL, NULL}, /* one, but not drawn by us */
         {REPA1, "GET /api/v1/file/$svg", NULL, 200, "@Content-Disposition: attachment; filename*=UTF-8''x.svg|@Content-Security-Policy: sandbox", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/file/$raw", NULL, 200, "@Content-Disposition: attachment", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/file/$jpg", NULL, 200, "@Content-Disposition: inline|!Exif|!SECRET|!script", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$gif'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$jpg'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$webp'}", 200, "\"type\":\"image/jpeg\"", "person.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$gif'}", 200, "\"type\":\"image/png\"", "person.update", NULL, NULL}, /* back to an older one */
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'file','label':'Vertrag'}", 201, "x_vertrag", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'x_vertrag':'$html'}", 200, "\"x_vertrag\":{\"id\":\"$html\",\"title\":\"x.html\",\"type\":\"application/octet-stream\",\"bytes\":40}",
          "person.update", NULL, NULL},
         {MGRA, "GET /api/v1/file/$html", NULL, 200, "@Content-Disposition: attachment", NULL, NULL, NULL});
    T_INT(files_there(t), 8); /* nothing is left of those that were refused */
}

/* The winner has the loser's photo and its bytes; undo gives them back, redo takes them again. */
static void merged(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/file?name=a.png&as=picture", PNG, 201, NULL, NULL, "pic", TYPE},
         {REPA1, "POST /api/v1/person", "{'name':'Doppelt','photo':'$pic'}", 201, "\"title\":\"a.png\"", "person.create", "l", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Doppelt'}", 201, NULL, "person.create", "w", NULL},
         {REPA1, "POST /api/v1/person/$w/merge", "{'loser':'$l'}", 200, "\"photo\":{\"id\":\"$pic\"", "person.merge person.update", "m", NULL},
         {MGRA, "GET /api/v1/file/$pic", NULL, 200, NULL, NULL, NULL, NULL},
         {MGRA, "PATCH /api/v1/person/$w", "{'owner':'$repa2'}", 200, NULL, "person.update", "away", NULL},
         {REPA1, "GET /api/v1/file/$pic", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/file/$pic", NULL, 200, NULL, NULL, NULL, NULL},
         {MGRA, "POST /api/v1/undo", "{'change':'$away.seq'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$m.seq','force':true}", 200, NULL, "person.update person.restore", "u", NULL},
         {REPA1, "GET /api/v1/person/$w", NULL, 200, "\"photo\":null", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$l", NULL, 200, "\"photo\":{\"id\":\"$pic\"", NULL, NULL, NULL},
         {MGRA, "PATCH /api/v1/person/$w", "{'owner':'$repa2'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "GET /api/v1/file/$pic", NULL, 200, NULL, NULL, NULL, NULL}, /* the loser's again */
         {REPA2, "GET /api/v1/file/$pic", NULL, 404, NULL, NULL, NULL, NULL});
}

static void merged_again(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/file?name=a.png&as=picture", PNG, 201, NULL, NULL, "pic", TYPE},
         {REPA1, "POST /api/v1/person", "{'name':'Doppelt','photo':'$pic'}", 201, NULL, "person.create", "l", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Doppelt'}", 201, NULL, "person.create", "w", NULL},
         {REPA1, "POST /api/v1/person/$w/merge", "{'loser':'$l'}", 200, NULL, "person.merge person.update", "m", NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$m.seq'}", 200, NULL, "person.update person.restore", "u", NULL},
         {REPA1, "POST /api/v1/undo", "{'batch':'$u.batch'}", 200, NULL, "person.merge person.update", NULL, NULL},
         {REPA1, "GET /api/v1/person/$w", NULL, 200, "\"photo\":{\"id\":\"$pic\"", NULL, NULL, NULL},
         {MGRA, "GET /api/v1/file/$pic", NULL, 200, NULL, NULL, NULL, NULL});
}

/* What was there before is seen by those who see the record's history. */
static void older(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/file?name=a.png&as=picture", PNG, 201, NULL, NULL, "pic", TYPE},
         {REPA1, "POST /api/v1/file?name=b.png&as=picture", PNG, 201, NULL, NULL, "new", TYPE},
         {REPA1, "POST /api/v1/person", "{'name':'A','photo':'$pic'}", 201, NULL, "person.create", "p", NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$new'}", 200, NULL, "person.update", NULL, NULL},
         {MGRA, "GET /api/v1/file/$pic", NULL, 200, NULL, NULL, NULL, NULL},
         {REPB1, "GET /api/v1/file/$pic", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p/history", NULL, 200, "\"old\":{\"id\":\"$pic\",\"title\":\"a.png\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=-changed_at", NULL, 200, "\"photo\":{\"id\":\"$new\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person", NULL, 200, "\"photo\":{\"id\":\"$new\",\"title\":\"b.png\"", NULL, NULL, NULL});
}

/* A repeated upload is the same file, and its bytes are there once. */
static void upload_once(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    ROWS(t,
         {REPA1, "POST /api/v1/file?name=a.png&as=picture", PNG, 201, "\"name\":\"a.png\"", NULL, "f", TYPE "\nIdempotency-Key: up"},
         {REPA1, "POST /api/v1/file?name=a.png&as=picture", PNG, 201, "\"id\":\"$f\"|\"name\":\"a.png\"|\"bytes\":", NULL, NULL, TYPE "\nIdempotency-Key: up"},
         {REPA1, "POST /api/v1/file?name=a.png&as=picture", "@picture:plain.jpg", 422, "Idempotency-Key", NULL, NULL, TYPE "\nIdempotency-Key: up"},
         {REPA1, "POST /api/v1/file?name=b.png&as=picture", PNG, 422, "Idempotency-Key", NULL, NULL, TYPE "\nIdempotency-Key: up"},
         {REPA1, "POST /api/v1/file?name=a.png&as=picture", PNG, 201, "!\"id\":\"$f\"", NULL, NULL, TYPE "\nIdempotency-Key: up2"},
         {REPA2, "POST /api/v1/file?name=a.png&as=picture", PNG, 201, "!\"id\":\"$f\"", NULL, NULL, TYPE "\nIdempotency-Key: up"},
         {REPA1, "GET /api/v1/file/$f", NULL, 200, NULL, NULL, NULL, NULL});
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT count(*) FROM file"));
    T_INT(db_int(&r, 0, 0), 3);
    T_INT(files_there(t), 3);
}

/* ---- housekeeping ---- */
static enum err age(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE file SET created_at = created_at - $1", V(*(int64_t *)arg));
}
static enum err job_ends(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE job SET state = $1 WHERE kind = 'import_dry'", V(*(str *)arg));
}

static enum err propose(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "INSERT INTO proposal (id, record, entity, field, value, source, at, state)"
                             " SELECT 7, 7, 'person', 'photo', '\"' || CAST(id AS TEXT) || '\"', 'x', 0, $1 FROM file WHERE name = 'said.png'",
                   V(*(str *)arg));
}

static void tidy(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    cx.app = t->app;
    cx.who.user = 0;
    cx.now_ms = clock_ms(); /* what the test has made is older than this */
    T_OK(&cx, api_tidy(&cx));
}

/* ---- in pieces ---- */
#define PIECE "Content-Type: application/offset+octet-stream\nUpload-Offset: "

static void part_lost(struct api_bed *t, const char *name)
{
    struct cx *cx = &t->b.cx;
    str id = api_expand(t, cx->a, name);
    T(unlink(arena_z(cx->a, arena_fmt(cx->a, "%.*s/uploads/%.*s", FS(t->app->data_dir), FS(id)))) == 0);
}

static void in_pieces(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/upload", NULL, 400, "Upload-Length", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/upload", NULL, 400, "Upload-Length", NULL, NULL, "Upload-Length: -1"},
         {REPA1, "POST /api/v1/upload", NULL, 422, "empty", NULL, NULL, "Upload-Length: 0"},
         {REPA1, "POST /api/v1/upload", NULL, 413, "1073 MB", NULL, NULL, "Upload-Length: 1073741825"},
         {REPA1, "POST /api/v1/upload", NULL, 412, "@Tus-Version: 1.0.0", NULL, NULL, "Upload-Length: 11\nTus-Resumable: 0.2.2"},
         {REPA1, "POST /api/v1/upload", NULL, 400, "base64", NULL, NULL, "Upload-Length: 11\nUpload-Metadata: filename !!!"},
         {REPA1, "POST /api/v1/upload", NULL, 400, "\"field\":\"as\"", NULL, NULL, "Upload-Length: 11\nUpload-Metadata: as aWNvbg=="},
         {REPA1, "POST /api/v1/upload", NULL, 201, "\"offset\":0,\"length\":11,\"file\":null|@Tus-Resumable: 1.0.0|@Upload-Offset: 0|@Location: /api/v1/upload/|@Upload-Expires: ", NULL, "u",
          "Upload-Length: 11\nUpload-Metadata: filename w6QuY3N2,relevant\nTus-Resumable: 1.0.0\nIdempotency-Key: tus"},
         {REPA1, "POST /api/v1/upload", NULL, 201, "\"id\":\"$u\"", NULL, NULL, "Upload-Length: 11\nUpload-Metadata: filename w6QuY3N2,relevant\nIdempotency-Key: tus"},
         {REPA1, "POST /api/v1/upload", NULL, 422, "Idempotency-Key", NULL, NULL, "Upload-Length: 12\nUpload-Metadata: filename w6QuY3N2,relevant\nIdempotency-Key: tus"},
         {REPA1, "GET /api/v1/file/$u", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/upload/$u", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/upload/$u", "Name\n", 404, NULL, NULL, NULL, PIECE "0"},
         {REPA1, "PATCH /api/v1/upload/$u", "Name\n", 415, "offset+octet-stream", NULL, NULL, "Upload-Offset: 0\n" TYPE},
         {REPA1, "PATCH /api/v1/upload/$u", "Name\n", 409, "@Upload-Offset: 0", NULL, NULL, PIECE "1"},
         {REPA1, "PATCH /api/v1/upload/$u", "Name\nA\nB\nCC\n", 413, "told", NULL, NULL, PIECE "0"},
         {REPA1, "PATCH /api/v1/upload/$u", "Name\n", 204, "@Upload-Offset: 5|@Upload-Length: 11", NULL, NULL, PIECE "0"},
         {REPA1, "PATCH /api/v1/upload/$u", "Name\n", 409, "@Upload-Offset: 5", NULL, NULL, PIECE "0"}, /* its answer got lost */
         {REPA1, "HEAD /api/v1/upload/$u", NULL, 200, "@Upload-Offset: 5|@Upload-Length: 11|@Cache-Control: no-store", NULL, NULL, NULL});
    part_lost(t, "$u"); /* and its bytes with it: it begins again */
    ROWS(t,
         {REPA1, "GET /api/v1/upload/$u", NULL, 200, "\"offset\":0,", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/upload/$u", "Name\n", 204, "@Upload-Offset: 5", NULL, NULL, PIECE "0"},
         {REPA1, "PATCH /api/v1/upload/$u", "A\nB\nC\n", 204, "@Upload-Offset: 11|!@Upload-Expires", NULL, NULL, PIECE "5"},
         {REPA1, "PATCH /api/v1/upload/$u", NULL, 204, "@Upload-Offset: 11", NULL, NULL, PIECE "11"},
         {REPA1, "PATCH /api/v1/upload/$u", "D", 409, "@Upload-Offset: 11", NULL, NULL, PIECE "11"},
         {REPA1, "GET /api/v1/upload/$u", NULL, 200, "\"offset\":11,\"length\":11,\"file\":{\"id\":\"$u\",\"name\":\"\u00e4.csv\",\"type\":\"text/csv; charset=utf-8\",\"bytes\":11}", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/file/$u", NULL, 200, "@Content-Disposition: attachment; filename*=UTF-8''%C3%A4.csv", NULL, NULL, NULL},
         {REPA2, "GET /api/v1/file/$u", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/upload/$u", NULL, 409, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/upload", NULL, 201, NULL, NULL, "v", "Upload-Length: 3"},
         {REPA1, "PATCH /api/v1/upload/$v", "ab", 204, NULL, NULL, NULL, PIECE "0"},
         {REPA2, "DELETE /api/v1/upload/$v", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/upload/$v", NULL, 204, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/upload/$v", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/upload/$v", "c", 404, NULL, NULL, NULL, PIECE "2"});
    T_INT(in_folder(t, "files"), 1);
    T_INT(in_folder(t, "uploads"), 0);
}

static str part_bytes(struct api_bed *t, const char *folder, const char *name)
{
    struct cx *cx = &t->b.cx;
    str bytes = {0};
    T_OK(cx, os_read_file(cx, arena_fmt(cx->a, "%.*s/%s/%.*s", FS(t->app->data_dir), folder, FS(api_expand(t, cx->a, name))), 1 << 20, &bytes));
    return bytes;
}

static void put(struct api_bed *t, const char *folder, str name, str bytes)
{
    struct cx *cx = &t->b.cx;
    T_OK(cx, os_write_file_atomic(cx, arena_fmt(cx->a, "%.*s/%s/%.*s", FS(t->app->data_dir), folder, FS(name)), bytes, 0600));
}

/* What a kill left behind the bytes that were acknowledged is cut off, not told as had. */
static void torn(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    ROWS(t,
         {REPA1, "POST /api/v1/upload", NULL, 201, NULL, NULL, "u", "Upload-Length: 11"},
         {REPA1, "PATCH /api/v1/upload/$u", "Name\n", 204, "@Upload-Offset: 5", NULL, NULL, PIECE "0"});
    put(t, "uploads", api_expand(t, cx->a, "$u"), S("Name\n??????????????????"));
    ROWS(t,
         {REPA1, "GET /api/v1/upload/$u", NULL, 200, "\"offset\":5,", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/upload/$u", "A\n", 204, "@Upload-Offset: 7", NULL, NULL, PIECE "5"});
    T_STR(part_bytes(t, "uploads", "$u"), S("Name\nA\n"));
    ROWS(t, {REPA1, "PATCH /api/v1/upload/$u", "B\nC\n", 204, "@Upload-Offset: 11", NULL, NULL, PIECE "7"});
    T_STR(part_bytes(t, "files", "$u"), S("Name\nA\nB\nC\n"));
}

/* Bytes that no row tells of go after a day, what is told stays, and so does what is no upload. */
static void strays(struct api_bed *t)
{
    static const char *const gone[] = {"files/77", "files/78.in", "files/79.in.new", "uploads/77"}, *const stay[] = {"files/notes", "files/80"};
    struct cx *cx = &t->b.cx;
    const struct timespec long_ago[] = {{.tv_sec = os_now_ms() / 1000 - 2 * 86400}, {.tv_sec = os_now_ms() / 1000 - 2 * 86400}};
    ROWS(t,
         {REPA1, "POST /api/v1/file?name=a.csv", "Name\nA\n", 201, NULL, NULL, "f", TYPE},
         {REPA1, "POST /api/v1/upload", NULL, 201, NULL, NULL, "u", "Upload-Length: 11"},
         {REPA1, "PATCH /api/v1/upload/$u", "Name\n", 204, NULL, NULL, NULL, PIECE "0"});
    str told[] = {arena_fmt(cx->a, "files/%.*s", FS(api_expand(t, cx->a, "$f"))), arena_fmt(cx->a, "uploads/%.*s", FS(api_expand(t, cx->a, "$u")))};
    str all[COUNT(gone) + COUNT(stay) + COUNT(told)];
    size_t n = 0;
    for (size_t i = 0; i < COUNT(gone); i++) all[n++] = str_from(gone[i]);
    for (size_t i = 0; i < COUNT(stay); i++) all[n++] = str_from(stay[i]);
    for (size_t i = 0; i < COUNT(told); i++) all[n++] = told[i];
    for (size_t i = 0; i < n; i++) {
        str path = arena_fmt(cx->a, "%.*s/%.*s", FS(t->app->data_dir), FS(all[i]));
        if (i < COUNT(gone) + COUNT(stay)) T_OK(cx, os_write_file_atomic(cx, path, S("x"), 0600));
        if (!str_eq(all[i], S("files/80"))) T(utimensat(AT_FDCWD, path.p, long_ago, 0) == 0); /* 80 is of today */
    }
    tidy(t);
    for (size_t i = 0; i < n; i++) {
        bool there = access(arena_fmt(cx->a, "%.*s/%.*s", FS(t->app->data_dir), FS(all[i])).p, F_OK) == 0;
        T(there == (i >= COUNT(gone)));
        if (there != (i >= COUNT(gone))) fprintf(stderr, "  %.*s\n", FS(all[i]));
    }
}

static void picture_in_pieces(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/upload", NULL, 201, NULL, NULL, "u", "Upload-Length: 378\nUpload-Metadata: filename eC5qcGc=,as cGljdHVyZQ=="},
         {REPA1, "PATCH /api/v1/upload/$u", "@picture:plain.jpg", 204, "@Upload-Offset: ", NULL, NULL, PIECE "0"},
         {REPA1, "POST /api/v1/person", "{'name':'A','photo':'$u'}", 201, "\"type\":\"image/jpeg\"", "person.create", NULL, NULL},
         {REPA1, "POST /api/v1/upload", NULL, 201, NULL, NULL, "v", "Upload-Length: 4\nUpload-Metadata: as cGljdHVyZQ=="},
         {REPA1, "PATCH /api/v1/upload/$v", "none", 422, "WebP", NULL, NULL, PIECE "0"},
         {REPA1, "GET /api/v1/upload/$v", NULL, 404, NULL, NULL, NULL, NULL}); /* it would be refused again */
    T_INT(in_folder(t, "files"), 1);
    T_INT(in_folder(t, "uploads"), 0);
}

static enum err uploads_aged(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE upload SET created_at = created_at - $1", V(*(int64_t *)arg));
}

static void too_many_pieces(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    int64_t week = 7 * DAY_MS + 1000;
    for (int i = 0; i < 20; i++) ROWS(t, {REPA1, "POST /api/v1/upload", NULL, 201, NULL, NULL, "u", "Upload-Length: 10"});
    ROWS(t,
         {REPA1, "POST /api/v1/upload", NULL, 413, "20", NULL, NULL, "Upload-Length: 10"},
         {REPA2, "POST /api/v1/upload", NULL, 201, NULL, NULL, NULL, "Upload-Length: 10"},
         {REPA1, "PATCH /api/v1/upload/$u", "12345", 204, NULL, NULL, NULL, PIECE "0"});
    tidy(t);
    ROWS(t, {REPA1, "GET /api/v1/upload/$u", NULL, 200, "\"offset\":5,", NULL, NULL, NULL});
    T_OK(cx, db_write(cx, uploads_aged, &week));
    tidy(t);
    ROWS(t, {REPA1, "GET /api/v1/upload/$u", NULL, 404, NULL, NULL, NULL, NULL});
    T_INT(in_folder(t, "uploads"), 0);
}

/* ---- bounds of a day ---- */
static void a_day(struct api_bed *t)
{
    int64_t day = DAY_MS;
    t->app->intake.day_bytes = 20;
    ROWS(t,
         {REPA1, "POST /api/v1/file?name=a.csv", "Name\nA\nB\nC\n", 201, NULL, NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/file?name=a.csv", "Name\nA\nB\nC\n", 413, "day", NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/upload", NULL, 413, "day", NULL, NULL, "Upload-Length: 10"},
         {REPA1, "POST /api/v1/upload", NULL, 201, NULL, NULL, NULL, "Upload-Length: 6"},
         {REPA1, "POST /api/v1/upload", NULL, 413, "day", NULL, NULL, "Upload-Length: 6"}, /* what is under way counts */
         {REPA2, "POST /api/v1/file?name=a.csv", "Name\nA\nB\nC\n", 201, NULL, NULL, NULL, TYPE});
    T_OK(&t->b.cx, db_write(&t->b.cx, age, &day));
    ROWS(t, {REPA1, "POST /api/v1/file?name=a.csv", "Name\nA\nB\nC\n", 201, NULL, NULL, NULL, TYPE});
    t->app->intake.day_bytes = 0;
}

/* ---- the scanner ---- */
static void scanned(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    struct stub stub = stub_start(cx, "tests/api/clamd_stub.py");
    static char large[70001];
    memset(large, 'a', sizeof large - 1);
    t->app->intake.scan = str_cut(stub.base, 7, stub.base.n);
    ROWS(t,
         {REPA1, "POST /api/v1/file?name=a.csv", "Name\nA\n", 201, NULL, NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/file?name=a.csv", "Name\nvirus\n", 422, "Eicar-Signature", NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/file?name=a.csv", "silent", 503, NULL, NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/file?name=a.csv", "odd", 503, NULL, NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/file?name=a.csv", large, 503, NULL, NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/file?name=a.png&as=picture", PNG, 201, NULL, NULL, NULL, TYPE},
         {REPA1, "POST /api/v1/upload", NULL, 201, NULL, NULL, "v", "Upload-Length: 5"},
         {REPA1, "PATCH /api/v1/upload/$v", "virus", 422, "Eicar-Signature", NULL, NULL, PIECE "0"},
         {REPA1, "GET /api/v1/upload/$v", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/upload", NULL, 201, NULL, NULL, "w", "Upload-Length: 5"});
    stub_stop(&stub);
    ROWS(t,
         {REPA1, "PATCH /api/v1/upload/$w", "Name\n", 503, NULL, NULL, NULL, PIECE "0"},
         {REPA1, "GET /api/v1/upload/$w", NULL, 200, "\"offset\":5,\"length\":5,\"file\":null", NULL, NULL, NULL});
    t->app->intake.scan = S("");
    ROWS(t,
         {REPA1, "PATCH /api/v1/upload/$w", NULL, 204, "@Upload-Offset: 5", NULL, NULL, PIECE "5"}, /* it is there again */
         {REPA1, "GET /api/v1/file/$w", NULL, 200, "@Content-Disposition: attachment", NULL, NULL, NULL});
    T_INT(files_there(t), 3);
    static const struct {
        const char *at;
        enum err want;
    } all[] = {{"", E_OK}, {"unix:/run/clamd", E_OK}, {"clam.lan:3310", E_OK}, {"[::1]:3310", E_OK}, {"localhost:3310", E_OK}, {"unix:", E_INVALID}, {"clam.lan", E_INVALID}, {"clam:0", E_INVALID}, {"clam:70000", E_INVALID}, {":3310", E_INVALID}};
    for (size_t i = 0; i < COUNT(all); i++) T_INT(scan_check(cx, str_from(all[i].at), true), all[i].want);
    T_INT(scan_check(cx, S("clam.lan:3310"), false), E_INVALID); /* clamd knows no TLS */
    T(str_eq(cx->at, S("scan")) && str_find(cx->msg, S("plain_outgoing")) > 0);
    T_INT(scan_check(cx, S("127.evil.example:3310"), false), E_INVALID);
    T_OK(cx, scan_check(cx, S("127.0.0.1:3310"), false));
    T_OK(cx, scan_check(cx, S("[::1]:3310"), false));
    T_OK(cx, scan_check(cx, S("unix:/run/clamd"), false));
}

static void untaken(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    int64_t almost = 14 * DAY_MS - 3600000, more = 2 * 3600000;
    int64_t months = INT64_C(60) * DAY_MS;
    str failed = S("failed"), open = S("open");
    ROWS(t,
         {ADMIN, "POST /api/v1/file?name=left.csv", "Name\nA\n", 201, NULL, NULL, "left", TYPE},
         {ADMIN, "POST /api/v1/file?name=said.png&as=picture", PNG, 201, NULL, NULL, "said", TYPE},
         {ADMIN, "POST /api/v1/file?name=asked.csv", "Name\nA\n", 201, NULL, NULL, "asked", TYPE},
         {ADMIN, "POST /api/v1/file?name=begun.png&as=picture", PNG, 201, NULL, NULL, "begun", TYPE},
         {ADMIN, "POST /api/v1/file?name=taken.png&as=picture", PNG, 201, NULL, NULL, "taken", TYPE},
         {ADMIN, "POST /api/v1/file?name=was.png&as=picture", PNG, 201, NULL, NULL, "was", TYPE},
         {ADMIN, "POST /api/v1/import/dry", "{'file':'$asked','entity':'person'}", 202, NULL, NULL, "dry", NULL},
         {ADMIN, "POST /api/v1/draft", "{'data':{'photo':'$begun'}}", 201, NULL, NULL, "d", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'A','photo':'$taken'}", 201, NULL, "person.create", "p", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'B','photo':'$was'}", 201, NULL, "person.create", "q", NULL},
         {ADMIN, "PATCH /api/v1/person/$q", "{'photo':null}", 200, NULL, "person.update", NULL, NULL});
    T_OK(cx, db_write(cx, propose, &open));
    T_OK(cx, db_write(cx, age, &almost));
    tidy(t);
    T_INT(files_there(t), 6);
    T_OK(cx, db_write(cx, age, &more));
    T_OK(cx, db_write(cx, job_ends, &failed)); /* it may be tried again */
    tidy(t);
    T_INT(files_there(t), 5);
    ROWS(t,
         {ADMIN, "GET /api/v1/file/$said", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/file/$left", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/file/$asked", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/file/$begun", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/file/$taken", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/file/$was", NULL, 200, NULL, NULL, NULL, NULL}, /* its history has it */
         {ADMIN, "DELETE /api/v1/draft/$d", NULL, 204, NULL, NULL, NULL, NULL});
    T_OK(cx, db_write(cx, age, &months)); /* but not for ever */
    tidy(t);
    T_INT(files_there(t), 3);
    ROWS(t,
         {ADMIN, "GET /api/v1/file/$asked", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/file/$begun", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/file/$taken", NULL, 200, NULL, NULL, NULL, NULL});
}

void files_tests(void)
{
    static void (*const all[])(struct api_bed *) = {taken_and_seen, no_picture, merged, merged_again, older, upload_once, in_pieces, torn, strays, picture_in_pieces, too_many_pieces, a_day, scanned, untaken};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
