/* SPDX-License-Identifier: MIT */
/* app/wiring.h - requests, jobs and events put together over one open store. */
#pragma once
#include "api/api.h"
#include "cli/store.h"
#include "os/os.h"

struct wired;
struct wired_opts {
    struct http_opts http;     /* listen, TLS, limits; the rest is filled here */
    struct register_conf registers; /* its texts live as long as the server */
    struct os_child hasher;    /* stays the caller's; none: passwords are hashed by who asks */
    struct pictures *pictures; /* stays the caller's; NULL: none are taken */
    struct intake_conf intake; /* its text lives as long as the server */
    struct backup_conf backups; /* its texts and the store live as long as the server */
    struct event_sink *sink;   /* audit/out.h; NULL = nowhere; outlives the server */
    str outgoing_ca;           /* PEM, as outgoing_allow */
    str outgoing_allow;        /* os/outgoing.h; lives as long as the server */
    int sync_waiting;          /* sync/sync.h, waiting_max */
    bool plain_outgoing;       /* os/outgoing.h, mail/mail.h */
    str url;                   /* where users find us; "" = made of the address listened on */
};
MUST enum err wired_start(struct cx *cx, struct store *st, const struct wired_opts *o, struct wired **ret);
struct app *wired_app(struct wired *w);
/* The housekeeping of a day; arg: struct wired. */
MUST enum err wired_tidy(void *arg, struct cx *cx);
/* For tests that count database calls: the threads that work by themselves end, requests go on. */
void wired_still(struct wired *w);
void wired_stop(struct wired **w, int drain_ms);
