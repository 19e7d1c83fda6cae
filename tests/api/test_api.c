/* SPDX-License-Identifier: MIT */
/* Scenarios of the REST API. No route may be without one: those that need a socket are in test_api_live.c. */
#include "api_bed.h"

#include <stdlib.h>

static void none_forgotten(void)
{
    for (size_t i = 0; i < api_routes_n; i++) {
        bool live = str_eq(api_routes[i].path, S("/metrics"));
        if (!api_route_called(i) && !live) fprintf(stderr, "no scenario calls %.*s %.*s\n", FS(method_name[api_routes[i].method]), FS(api_routes[i].path));
        T(live || api_route_called(i));
    }
}

/* A kind that nobody writes is none; those of the command line are looked for in tests/cli. */
static void every_kind(void)
{
    for (size_t k = 0; k < EVENT_N; k++) {
        bool seen = event_kinds[k].by_cli || api_event_seen((enum event_kind)k);
        if (!seen) fprintf(stderr, "no scenario has the event %.*s\n", FS(event_kinds[k].name));
        T(seen);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*fn)(void);
    } all[] = {{"session", session_tests}, {"records", records_tests}, {"lists", lists_tests}, {"rights", rights_tests}, {"roles", roles_tests},
               {"matrix", matrix_tests}, {"shipped", shipped_tests}, {"describe", describe_tests}, {"undo", undo_tests}, {"files", files_tests}, {"finding", finding_tests}, {"keys", keys_tests}, {"mcp", mcp_tests}, {"bulk", bulk_tests}, {"factor", factor_tests}, {"hooks", hooks_tests}, {"idps", idps_tests}, {"syncing", syncing_tests}, {"mail", mail_tests}, {"privacy", privacy_tests}, {"sharing", sharing_tests}, {"retaining", retaining_tests}, {"security", security_tests},
               {"limits", limits_tests}, {"attacks", attacks_tests}, {"attacks_write", attacks_write_tests}};
    for (size_t i = 0; i < COUNT(all); i++)
        for (int k = 1; k < argc || (argc < 2 && k == 1); k++)
            if (argc < 2 || strcmp(argv[k], all[i].name) == 0) all[i].fn();
    if (argc < 2) none_forgotten();
    if (argc < 2) every_kind();
    return t_end("api");
}
