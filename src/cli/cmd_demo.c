/* SPDX-License-Identifier: MIT */
/* cli/cmd_demo.c - a sample firm to try things out on. */
#include "cli/cli_int.h"
#include "demo/demo.h"
#include "os/os.h"

enum { SEED_MAX = 1000000000 };

enum err cmd_demo(struct cli *c)
{
    struct demo_result r = {0};
    struct cli_json j;
    int64_t seed = 1, from = os_mono_ms();
    struct demo_opt o = {.lang = cli_opt(c, "lang"), .progress = cli_progress, .arg = c};
    if (!o.lang.n) o.lang = c->cx->lang;
    TRY(cli_int(c, "people", 0, 1, DEMO_PEOPLE_MAX, &o.people));
    TRY(cli_int(c, "seed", 1, 0, SEED_MAX, &seed));
    o.seed = (uint64_t)seed;
    TRY(demo_make(c->cx, &o, &r));
    int64_t ms = os_mono_ms() - from;
    if (!c->json) {
        cli_say(c,
                "%" PRId64 " people, %" PRId64 " companies, %" PRId64 " interactions, %" PRId64
                " tasks, %" PRId64 " users%s (%" PRId64 " s)\n",
                r.people, r.companies, r.interactions, r.tasks, r.users,
                r.is_stopped ? ", stopped before the end" : "", ms / 1000);
        cli_say(c, "batch %" PRId64 ": kontor undo %" PRId64 " takes it back\n", r.batch, r.batch);
        return E_OK;
    }
    cli_json_begin(c, &j);
    jw_obj(&j.w);
    jw_kint(&j.w, S("people"), r.people);
    jw_kint(&j.w, S("companies"), r.companies);
    jw_kint(&j.w, S("interactions"), r.interactions);
    jw_kint(&j.w, S("tasks"), r.tasks);
    jw_kint(&j.w, S("users"), r.users);
    jw_kint(&j.w, S("teams"), r.teams);
    jw_kint(&j.w, S("branches"), r.branches);
    jw_kint(&j.w, S("groups"), r.groups);
    jw_kid(&j.w, S("batch"), r.batch);
    jw_kbool(&j.w, S("stopped"), r.is_stopped);
    jw_kint(&j.w, S("ms"), ms);
    jw_obj_end(&j.w);
    return cli_json_end(c, &j);
}
