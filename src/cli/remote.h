/* SPDX-License-Identifier: MIT */
/* cli/remote.h - the socket DIR/kontor.sock, on which the running server does the work of commands, because it holds
 * the data folder.
 *
 * A client sends its command line and, by SCM_RIGHTS, its three descriptors; the server runs the same command
 * function on them and answers the exit code. Only the server's own account and root are heard (SO_PEERCRED).
 * On the wire: length (4 bytes, host order) with the descriptors, then that many bytes of texts each ended by NUL:
 * "kontor1", the version, "tty" or "", the command, its options and arguments. The answer is the exit code's digit.
 */
#pragma once
#include "api/api.h"
#include "base/base.h"

enum { REMOTE_MAX = 8, REMOTE_BYTES = 256 * 1024 };
struct remote;
/* Begins to listen in app->data_dir. One in the folder: the caller holds its lock. */
MUST enum err remote_start(struct cx *cx, struct app *app, struct remote **ret);
/* Running commands are told that their client is gone and waited for; the socket is removed. Accepts NULL. */
void remote_stop(struct remote **r);
