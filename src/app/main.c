/* SPDX-License-Identifier: MIT */
/* app/main.c - the program: the commands of `cli`, and `serve`, which lives here because it knows everybody. */
#include "app/app.h"
#include "cli/cli.h"

int main(int argc, char **argv) { return cli_main(argc, argv, &serve_command, 1); }
