/* SPDX-License-Identifier: MIT */
/* app/main.c - the program: the commands of `cli`, and `serve`, which lives here because it knows everybody;
 * and, started by the server alone, the processes that draw pictures and hash passwords. */
#include "app/app.h"
#include "auth/auth.h"
#include "cli/cli.h"
#include "picture/picture.h"

#include <string.h>

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], PICTURE_ARG) == 0) return picture_child(); /* the server starts itself so */
    if (argc == 2 && strcmp(argv[1], HASHER_ARG) == 0) return hasher_child();
    return cli_main(argc, argv, &serve_command, 1);
}
