/* SPDX-License-Identifier: MIT */
/* Pictures and files of records: who may take one, who may see one, what a picture is. */
#include "api_bed.h"

#define PNG  "\x89PNG\r\n\x1A\n picture"
#define TYPE "Content-Type: application/octet-stream"

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

void files_tests(void)
{
    static void (*const all[])(struct api_bed *) = {taken_and_seen, no_picture, merged, merged_again, older};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
