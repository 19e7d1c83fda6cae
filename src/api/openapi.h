/* SPDX-License-Identifier: MIT */
/* api/openapi.h - what the two files of the API document share. */
#pragma once
#include "api/api_int.h"

/* JSON with ' for ", as one value. */
void openapi_quoted(struct jw *w, struct arena *a, const char *text);
enum openapi_form { FORM_READ, FORM_NEW, FORM_CHANGE };
/* "person": {...}, "personNew", "personChange": a member; fields that the asker may not read are left out, and in the
 * forms those he may not write. */
void openapi_entity(struct cx *cx, const struct entity *e, enum openapi_form form, struct jw *w);
