/* SPDX-License-Identifier: MIT */
/* cli/cmd_import.c - import and undo. */
#include "cli/cli_int.h"
#include "os/os.h"
#include "record/log.h"
#include "xfer/import.h"

enum { SHOWN = 15 };

static str name_of(str path)
{
    size_t n = path.n;
    while (n && path.p[n - 1] != '/') n--;
    return str_cut(path, n, path.n);
}

static enum err options(struct cli *c, struct import_opt *o)
{
    str text = {0}, batch = cli_opt(c, "batch");
    *o = (struct import_opt){.path = c->args[0],
                             .name = name_of(c->args[0]),
                             .entity = cli_opt(c, "entity"),
                             .sheet = -1,
                             .report_path = cli_opt(c, "report"),
                             .refused_path = cli_opt(c, "refused"),
                             .alone = c->store->lock_fd > 0 && !db_is_pg(c->cx),
                             .progress = cli_progress,
                             .arg = c};
    if (!utf8_valid(o->name)) o->name = S("import");
    if (batch.n && (!str_to_int(batch, &o->batch) || o->batch <= 0))
        return cli_usage(c, "--batch takes the number of a batch");
    TRY(cli_int(c, "sheet", -1, 0, 10000, &o->sheet));
    o->tmpdir =
        c->store->data_dir.n ? arena_fmt(c->cx->a, "%.*s/tmp", FS(c->store->data_dir)) : S("/tmp");
    TRY(os_mkdirs(c->cx, o->tmpdir, 0700));
    if (cli_has(c, "mapping") && cli_has(c, "saved")) return cli_usage(c, "--mapping or --saved, not both");
    if (cli_has(c, "saved")) return mapping_find(c->cx, cli_opt(c, "saved"), &o->mapping);
    if (!cli_has(c, "mapping")) return E_OK;
    TRY(os_read_file(c->cx, cli_opt(c, "mapping"), CLI_FILE_MAX, &text));
    enum err e = json_parse(c->cx, text, &o->mapping);
    return e == E_OK ? e : fail_at(c->cx, e, S("mapping"), "%.*s", FS(c->cx->msg));
}

static void say_row(struct cli *c, const struct fate_row *r)
{
    cli_say(c, "  %.*s%srow %" PRId64 ": %.*s%s%.*s%s%.*s\n", FS(r->sheet), r->sheet.n ? ", " : "",
            r->row, FS(fate_name[r->fate]), r->title.n ? " " : "", FS(r->title),
            r->why.n ? ": " : "", FS(r->why));
    for (size_t i = 0; i < r->n_cells; i++)
        cli_say(c, "      %.*s '%.*s': %.*s\n", FS(r->cells[i].column), FS(r->cells[i].text),
                FS(r->cells[i].why));
}

static void say_result(struct cli *c, const struct import_result *r)
{
    size_t shown = 0;
    cli_say(c,
            "%s%" PRId64 " rows: %" PRId64 " new, %" PRId64 " joined, %" PRId64 " changed, %" PRId64
            " refused, %" PRId64 " empty; %" PRId64 " companies, %" PRId64 " interactions; %" PRId64
            " cells left out",
            r->is_dry ? "would be " : "", r->rows, r->fates[FATE_NEW], r->fates[FATE_JOINED],
            r->fates[FATE_CHANGED], r->fates[FATE_REFUSED], r->fates[FATE_EMPTY], r->companies,
            r->interactions, r->problems);
    cli_say(c, " (%" PRId64 ".%01d s)\n", r->ms / 1000, (int)(r->ms % 1000 / 100));
    for (size_t i = 0; i < r->left_out.n; i++)
        cli_say(c,
                "left out: sheet '%.*s' with %" PRId64
                " rows: other headings (--sheet takes one sheet)\n",
                FS(r->left_out.v[i].name), r->left_out.v[i].rows);
    for (size_t i = 0; i < r->totals.n; i++)
        cli_say(c, "total of %.*s: %.*s in the file, %.*s here\n", FS(r->totals.v[i].column),
                FS(r->totals.v[i].text), FS(r->totals.v[i].why));
    for (size_t i = 0; i < r->sample.n && shown < SHOWN; i++)
        if (r->sample.v[i].fate == FATE_REFUSED || r->sample.v[i].n_cells)
            say_row(c, &r->sample.v[i]), shown++;
    if (r->is_stopped) cli_put(c, S("stopped before the end\n"));
    if (r->batch)
        cli_say(c, "batch %" PRId64 ": kontor undo %" PRId64 " takes it back\n", r->batch,
                r->batch);
}

static enum err put_result(struct cli *c, const struct import_result *r)
{
    struct cli_json j;
    if (!c->json) {
        say_result(c, r);
        return E_OK;
    }
    cli_json_begin(c, &j);
    import_json(r, &j.w);
    return cli_json_end(c, &j);
}

static enum err half_done(struct cli *c, enum err e, str msg, int64_t batch)
{
    return fail(c->cx, e,
                "%.*s (batch %" PRId64 " is half done: --batch goes on, kontor undo takes it back)",
                FS(msg), batch);
}

/* What is wrong with the file says which file. */
static enum err named(struct cli *c, enum err e)
{
    if (e != E_TYPE && e != E_NOTFOUND && e != E_LIMIT) return e;
    return fail(c->cx, e, "%.*s: %.*s", FS(c->args[0]), FS(arena_dup(c->cx->a, c->cx->msg)));
}

enum err cmd_import(struct cli *c)
{
    struct import_opt o = {0};
    struct import_result r = {0};
    if (cli_has(c, "yes") && cli_has(c, "dry-run"))
        return cli_usage(c, "--yes or --dry-run, not both");
    TRY(options(c, &o));
    struct source_opt so = {.path = o.path, .entity = o.entity, .mapping = o.mapping, .sheet = o.sheet};
    if (cli_has(c, "save")) TRY(named(c, mapping_keep(c->cx, &so, cli_opt(c, "save"))));
    if (!cli_has(c, "yes")) {
        o.dry = true;
        TRY(named(c, xfer_dry(c->cx, &o, &r)));
        TRY(put_result(c, &r));
        if (cli_has(c, "dry-run") || c->json) return E_OK;
        TRY(cli_flush(c));
        if (!cli_confirm(c, "Import it?")) {
            cli_note(c, "kontor: nothing was written (--yes does it)\n");
            return E_OK;
        }
        o.dry = false;
        r = (struct import_result){0};
    }
    enum err e = xfer_run(c->cx, &o, &r);
    if (e != E_OK && r.batch) return half_done(c, e, c->cx->msg, r.batch);
    TRY(named(c, e));
    TRY(put_result(c, &r));
    return r.is_stopped ? half_done(c, E_CONFLICT, S("stopped"), r.batch) : E_OK;
}

/* ---- undo ---- */
static enum err undo_put(struct cli *c, const struct undo_result *r, enum err e)
{
    struct cli_json j;
    if (c->json) {
        cli_json_begin(c, &j);
        jw_obj(&j.w);
        jw_kid(&j.w, S("batch"), r->batch);
        jw_kint(&j.w, S("undone"), r->undone);
        jw_kint(&j.w, S("conflicts"), (int64_t)r->n_kept_all);
        undo_notes_json(&j.w, r);
        jw_obj_end(&j.w);
        return cli_json_end(c, &j);
    }
    for (size_t i = 0; i < r->n_kept; i++) {
        cli_say(c, "  %.*s %" PRId64 " %.*s:", FS(r->kept[i].e->name), r->kept[i].id,
                FS(r->kept[i].title));
        for (size_t f = 0; f < r->kept[i].n; f++) cli_say(c, " %.*s", FS(r->kept[i].field[f]));
        cli_put(c, S(" edited since\n"));
    }
    for (size_t i = 0; i < r->n_left; i++)
        cli_say(c, "  %.*s %" PRId64 " %.*s: not taken back: %.*s\n", FS(r->left[i].e->name),
                r->left[i].id, FS(r->left[i].title), FS(r->left[i].why));
    if (e == E_OK)
        cli_say(c,
                "%" PRId64 " changes taken back%s; batch %" PRId64
                " (undoing that does them again)\n",
                r->undone, r->n_kept_all ? ", the later edits above kept" : "", r->batch);
    return E_OK;
}

static enum err undo_run_all(struct cli *c, int64_t id, enum undo_mode mode, struct undo_result *r)
{
    int64_t merge = 0;
    if (cli_has(c, "change")) {
        TRY(undo_merge_of(c->cx, id, &merge));
        if (!merge) return undo_change(c->cx, id, mode, r);
        id = merge;
    }
    TRY(undo_open(c->cx, id, mode, NULL, NULL, r));
    return r->running ? undo_run(c->cx, r->batch, cli_progress, c, r) : E_OK;
}

enum err cmd_undo(struct cli *c)
{
    struct undo_result r = {0};
    int64_t id = 0;
    enum undo_mode mode = cli_has(c, "force")  ? UNDO_FORCE
                          : cli_has(c, "keep") ? UNDO_KEEP
                                               : UNDO_ASK;
    if (cli_has(c, "keep") && cli_has(c, "force"))
        return cli_usage(c, "--keep or --force, not both");
    if (!str_to_int(c->args[0], &id) || id <= 0)
        return cli_usage(c, "'%.*s' is not the number of a batch", FS(c->args[0]));
    enum err e = undo_run_all(c, id, mode, &r);
    if (e != E_OK && !(e == E_CONFLICT && r.n_kept)) return e;
    str msg = c->cx->msg, at = c->cx->at;
    TRY(undo_put(c, &r, e));
    c->cx->msg = msg;
    c->cx->at = at;
    return e;
}
