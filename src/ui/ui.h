/* SPDX-License-Identifier: MIT */
/* ui/ui.h - the web app inside the program: assets compressed at build time, index.html for every page's path. */
#pragma once
#include "http/http.h"

extern const struct route ui_routes[];
extern const size_t ui_routes_n;
extern const str ui_csp; /* Content-Security-Policy of the page */
enum err ui_get(struct cx *cx, const struct req *rq, struct resp *rs);
