/* SPDX-License-Identifier: MIT */
/* app/app.h - `kontor serve`. */
#pragma once
#include "cli/cli.h"

extern const struct command serve_command;
