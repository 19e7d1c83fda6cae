/* SPDX-License-Identifier: MIT */
/* api/openapi.h - what the three files of the API document share. */
#pragma once
#include "api/api_int.h"

/* JSON with ' for ", as one value. */
void openapi_quoted(struct jw *w, struct arena *a, const char *text);
enum openapi_form { FORM_READ, FORM_NEW, FORM_CHANGE };
/* "person": {...}, "personNew", "personChange": a member; fields that the asker may not read are left out, and in the
 * forms those he may not write. */
void openapi_entity(struct cx *cx, const struct entity *e, enum openapi_form form, struct jw *w);

/* Does the route know the parameter of this part of a query ("name=value")? One of the web app's pages knows all. */
bool openapi_takes(struct cx *cx, const struct route *r, str part);
/* Is the row one of each entity: is {entity} in its path? */
bool openapi_is_of_each(const struct route *r);
/* The codes that the route may refuse with, bit e for err_info[e]; `entity`: whose the path is, "" = no entity's. */
uint32_t openapi_refusals(const struct route *r, str entity);
/* They as members of "responses", which is open: a status each, and what comes before a request is read. */
void openapi_refusals_json(struct cx *cx, struct jw *w, uint32_t set);
/* "headers" and "responses" of the components, which are open: all that those members lead to. */
void openapi_answers(struct cx *cx, struct jw *w);
/* The schema of all codes, as one value. */
void openapi_codes(struct jw *w);
