/* SPDX-License-Identifier: MIT */
/* fmt/cbor.h - is this CBOR (RFC 8949) whose lengths can be believed? */
#pragma once
#include "base/base.h"

/* A sequence of whole items of definite length, and no text, array or map says to be longer than the bytes that follow.
 * Asked before a library that takes memory for as many members as a header claims. */
bool cbor_bounded(str s);
