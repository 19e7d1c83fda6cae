/* SPDX-License-Identifier: MIT */
/* xfer/cards.h - vCards as rows, and records as vCards. */
#pragma once
#include "fmt/vcard.h"
#include "xfer/row.h"

/* A card as a row of a person's plan (ORG gives the firm; a card without a person is a firm alone). */
MUST enum err card_row(struct cx *cx, const struct entity *person, const struct entity *company,
                       const struct vcard *card,
                       struct row *ret);
/* A person or company with all its fields. Lives in cx->a. */
void card_of(struct cx *cx, const struct record *r, struct vcard *ret);
