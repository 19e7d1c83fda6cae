/* SPDX-License-Identifier: MIT */
/* api/archiving.c - all data of a record as an archive: made in a file without a name, then sent. */
#include "api/api_int.h"

#include "base/log.h"
#include "os/os.h"
#include "privacy/archive.h"
#include "xfer/export.h"

#include <fcntl.h>

enum { CARD_MAX = 32 * 1024 * 1024 };

static enum err card_piece(struct cx *cx, void *arg, str piece)
{
    (void)cx;
    buf_add(arg, piece);
    return E_OK;
}

/* People and companies as a card that address books take. */
static enum err card_put(struct cx *cx, const struct record *r, struct zip_put *z)
{
    struct buf b = buf_new(cx->a, CARD_MAX);
    struct export_result done = {0};
    struct sql one = sql_new(cx);
    struct export_opt o = {.entity = r->e->name, .format = EXPORT_VCF, .also = &one};
    if (!str_eq(r->e->name, S("person")) && !str_eq(r->e->name, S("company"))) return E_OK;
    sql_lit(&one, "t.id = ");
    sql_val(cx, &one, V(r->id));
    TRY(xfer_export(cx, &o, card_piece, &b, &done));
    return b.full ? E_OK : zip_put_text(cx, z, S("contact.vcf"), buf_str(&b));
}

static enum err archive_make(struct cx *cx, const struct record *r, str path)
{
    struct zip_put *z OWNED(zip_put_drop) = NULL;
    TRY(zip_put_new(cx, path, &z));
    TRY(archive_put(cx, r, cx->app->data_dir, z));
    TRY(card_put(cx, r, z));
    return zip_put_end(cx, &z);
}

enum err api_archive(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    int64_t id = 0;
    struct record r = {0};
    str path = {0};
    int fd OWNED(os_close_fd) = -1;
    TRY(path_entity(cx, rq, &e));
    TRY(path_id(cx, rq, 1, &id));
    TRY(archive_may(cx, e, id, &r));
    TRY(os_temp_file(cx, arena_fmt(cx->a, "%.*s/kontor-archive-", FS(cx->app->data_dir)), &fd,
                     &path));
    enum err made = archive_make(cx, &r, path);
    if (made == E_OK) {
        rs->file_fd = open(path.p, O_RDONLY | O_CLOEXEC); /* libzip has put another file there */
        if (rs->file_fd < 0) made = fail(cx, E_INTERNAL, "The archive cannot be written");
    }
    os_unlink(cx, path);
    TRY(made);
    struct event told = {
        .kind = EVENT_ARCHIVE_MADE, .subject = id, .detail = event_detail(cx, EVENT_KEY_ENTITY, e->name)};
    TRY(event_write(cx, &told, NULL));
    rs->type = S("application/zip");
    http_head(rs, S("Content-Disposition"),
              arena_fmt(cx->a, "attachment; filename=\"%.*s-%" PRId64 ".zip\"", FS(e->name), id));
    http_head(rs, S("Cache-Control"), S("no-store"));
    log_say(cx, LOG_INFO, S("privacy"), "all data of %.*s %" PRId64 " were taken out as an archive",
            FS(e->name), id);
    return E_OK;
}
