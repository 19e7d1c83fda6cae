/* SPDX-License-Identifier: MIT */
/* Pictures and files of records: who may take one, who may see one, what a picture is. */
#include "api_bed.h"
#include "base/time.h"

#include <dirent.h>
#include <stdio.h>

#define PNG  "\x89PNG\r\n\x1A\n picture"
#define TYPE "Content-Type: application/octet-stream"

static int64_t files_there(const struct api_bed *t)
{
    int64_t n = 0;
    char path[400];
    (void)snprintf(path, sizeof path, "%.*s/files", FS(t->app->data_dir));
    DIR *d = opendir(path);
    for (const struct dirent *e = NULL; d && (e = readdir(d));) n += e->d_name[0] != '.';
    if (d) (void)closedir(d);
    return n;
}

static void taken_and_seen(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/file?name=a.bin", PNG, 201, "\"name\":\"a.bin\"|\"type\":\"image/png\"|\"bytes\":16", NULL, "pic", TYPE},
         {REPB1, "POST /api/v1/file?name=b.png", PNG, 201, NULL, NULL, "theirs", TYPE},
         {REPA1, "POST /api/v1/person", "{'name':'A','photo':'$theirs'}", 422, "\"field\":\"photo\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'A','photo':'1234567890123'}", 422, "\"field\":\"photo\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'A'}", 201, NULL, "person.create", "p", NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':{'id':'$theirs'}}", 422, "\"field\":\"photo\"", NULL, NULL, NULL},
         {MGRA, "GET /api/v1/file/$pic", NULL, 404, NULL, NULL, NULL, NULL}, /* still REPA1's alone */
         {ADMIN, "GET /api/v1/file/$pic", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/file/$pic", NULL, 200,
          "@Content-Disposition: inline; filename*=UTF-8''a.bin|@Content-Security-Policy: sandbox; default-src 'none'|@Cache-Control: private, no-cache", NULL, NULL, NULL},
         {MGRA, "PATCH /api/v1/person/$p", "{'photo':'$pic'}", 422, "\"field\":\"photo\"", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$pic'}", 200,
          "\"photo\":{\"id\":\"$pic\",\"title\":\"a.bin\",\"type\":\"image/png\",\"bytes\":16}", "person.update", "set", NULL},
         {REPA1, "GET /api/v1/person?fields=name,photo", NULL, 200, "\"photo\":{\"id\":\"$pic\",\"title\":\"a.bin\",\"type\":\"image/png\"", NULL, NULL, NULL},
         {MGRA, "GET /api/v1/file/$pic", NULL, 200, NULL, NULL, NULL, NULL}, /* a colleague who sees the record */
         {REPB1, "GET /api/v1/file/$pic", NULL, 404, NULL, NULL, NULL, NULL}, /* one who does not */
         {REPA2, "GET /api/v1/file/$pic", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'B','photo':'$pic'}", 422, "\"field\":\"photo\"", NULL, NULL, NULL}, /* it is another's */
         {MGRA, "PATCH /api/v1/person/$p", "{'owner':'$repa2','photo':null}", 200, "\"photo\":null", "person.update", "given", NULL},
         {REPA1, "GET /api/v1/file/$pic", NULL, 404, NULL, NULL, NULL, NULL}, /* the uploader, who sees the record no more */
         {MGRA, "POST /api/v1/undo", "{'change':'$given.seq'}", 200, "\"undone\":1", "person.update", NULL, NULL},
         {REPA1, "GET /api/v1/person/$p", NULL, 200, "\"photo\":{\"id\":\"$pic\",\"title\":\"a.bin\"", NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/person/$p", NULL, 204, NULL, "person.delete", NULL, NULL},
         {MGRA, "GET /api/v1/file/$pic", NULL, 200, NULL, NULL, NULL, NULL}, /* as the trash shows it */
         {REPA1, "POST /api/v1/person/$p/restore", NULL, 200, "\"photo\":{\"id\":\"$pic\"", "person.restore", NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$set.seq','force':true}", 200, NULL, "person.update", "redo", NULL},
         {REPA1, "GET /api/v1/person/$p", NULL, 200, "\"photo\":null", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'batch':'$redo.batch'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "GET /api/v1/person/$p", NULL, 200, "\"photo\":{\"id\":\"$pic\"", NULL, NULL, NULL});
}

/* A picture is what its bytes say; all else is never shown by a browser as ours. */
static void no_picture(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{'name':'A'}", 201, NULL, "person.create", "p", NULL},
         {REPA1, "POST /api/v1/file?name=x.png", "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>", 201, "\"type\":\"application/octet-stream\"", NULL, "svg", TYPE},
         {REPA1, "POST /api/v1/file?name=x.jpg", "<!doctype html><script>alert(1)</script>", 201, "\"type\":\"application/octet-stream\"", NULL, "html", TYPE},
         {REPA1, "POST /api/v1/file?name=x.svg", "GIF89a....", 201, "\"type\":\"image/gif\"", NULL, "gif", "Content-Type: image/svg+xml"},
         {REPA1, "POST /api/v1/file?name=x", "\xFF\xD8\xFF\xE0", 201, "\"type\":\"image/jpeg\"", NULL, "jpg", TYPE},
         {REPA1, "POST /api/v1/file?name=x", "RIFF1234WEBPVP8 ", 201, "\"type\":\"image/webp\"", NULL, "webp", TYPE},
         {REPA1, "POST /api/v1/file?name=x.webp", "RIFF1234WAVEfmt ", 201, "\"type\":\"application/octet-stream\"", NULL, "wave", TYPE},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$svg'}", 422, "\"field\":\"photo\"|WebP", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$html'}", 422, "\"field\":\"photo\"|WebP", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$wave'}", 422, "\"field\":\"photo\"|WebP", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/file/$svg", NULL, 200, "@Content-Disposition: attachment; filename*=UTF-8''x.png|@Content-Security-Policy: sandbox", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$gif'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$jpg'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$webp'}", 200, "\"type\":\"image/webp\"", "person.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$gif'}", 200, "\"type\":\"image/gif\"", "person.update", NULL, NULL}, /* back to an older one */
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'file','label':'Vertrag'}", 201, "x_vertrag", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'x_vertrag':'$html'}", 200, "\"x_vertrag\":{\"id\":\"$html\",\"title\":\"x.jpg\",\"type\":\"application/octet-stream\",\"bytes\":40}",
          "person.update", NULL, NULL},
         {MGRA, "GET /api/v1/file/$html", NULL, 200, "@Content-Disposition: attachment", NULL, NULL, NULL});
}

/* The winner has the loser's photo and its bytes; undo gives them back, redo takes them again. */
static void merged(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/file?name=a.png", PNG, 201, NULL, NULL, "pic", TYPE},
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
         {REPA1, "POST /api/v1/file?name=a.png", PNG, 201, NULL, NULL, "pic", TYPE},
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
         {REPA1, "POST /api/v1/file?name=a.png", PNG, 201, NULL, NULL, "pic", TYPE},
         {REPA1, "POST /api/v1/file?name=b.png", PNG, 201, NULL, NULL, "new", TYPE},
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
         {REPA1, "POST /api/v1/file?name=a.png", PNG, 201, "\"name\":\"a.png\"", NULL, "f", TYPE "\nIdempotency-Key: up"},
         {REPA1, "POST /api/v1/file?name=a.png", PNG, 201, "\"id\":\"$f\"|\"name\":\"a.png\"|\"bytes\":16", NULL, NULL, TYPE "\nIdempotency-Key: up"},
         {REPA1, "POST /api/v1/file?name=a.png", PNG "!", 422, "Idempotency-Key", NULL, NULL, TYPE "\nIdempotency-Key: up"},
         {REPA1, "POST /api/v1/file?name=b.png", PNG, 422, "Idempotency-Key", NULL, NULL, TYPE "\nIdempotency-Key: up"},
         {REPA1, "POST /api/v1/file?name=a.png", PNG, 201, "!\"id\":\"$f\"", NULL, NULL, TYPE "\nIdempotency-Key: up2"},
         {REPA2, "POST /api/v1/file?name=a.png", PNG, 201, "!\"id\":\"$f\"", NULL, NULL, TYPE "\nIdempotency-Key: up"},
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
    T_OK(&cx, api_tidy(&cx));
}

static void untaken(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    int64_t almost = 14 * DAY_MS - 3600000, more = 2 * 3600000;
    int64_t months = INT64_C(60) * DAY_MS;
    str failed = S("failed"), open = S("open");
    ROWS(t,
         {ADMIN, "POST /api/v1/file?name=left.csv", "Name\nA\n", 201, NULL, NULL, "left", TYPE},
         {ADMIN, "POST /api/v1/file?name=said.png", PNG, 201, NULL, NULL, "said", TYPE},
         {ADMIN, "POST /api/v1/file?name=asked.csv", "Name\nA\n", 201, NULL, NULL, "asked", TYPE},
         {ADMIN, "POST /api/v1/file?name=begun.png", PNG, 201, NULL, NULL, "begun", TYPE},
         {ADMIN, "POST /api/v1/file?name=taken.png", PNG, 201, NULL, NULL, "taken", TYPE},
         {ADMIN, "POST /api/v1/file?name=was.png", PNG, 201, NULL, NULL, "was", TYPE},
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
    static void (*const all[])(struct api_bed *) = {taken_and_seen, no_picture, merged, merged_again, older, upload_once, untaken};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
