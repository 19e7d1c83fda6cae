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

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*fn)(void);
    } all[] = {{"session", session_tests}, {"records", records_tests}, {"lists", lists_tests}, {"rights", rights_tests}, {"roles", roles_tests},
               {"matrix", matrix_tests}, {"describe", describe_tests}, {"undo", undo_tests}, {"files", files_tests}, {"finding", finding_tests}, {"keys", keys_tests}, {"bulk", bulk_tests}, {"factor", factor_tests}, {"hooks", hooks_tests}, {"idps", idps_tests}, {"syncing", syncing_tests}, {"mail", mail_tests}, {"privacy", privacy_tests}, {"sharing", sharing_tests}, {"retaining", retaining_tests}, {"security", security_tests},
               {"limits", limits_tests}, {"attacks", attacks_tests}, {"attacks_write", attacks_write_tests}};
    for (size_t i = 0; i < COUNT(all); i++)
        if (argc < 2 || strcmp(argv[1], all[i].name) == 0) all[i].fn();
    if (argc < 2) none_forgotten();
    return t_end("api");
}
