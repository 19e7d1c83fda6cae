/* SPDX-License-Identifier: MIT */
/* tests/unit/markup_oracle.h - a parser of HTML5 that is not ours (gumbo) reads what html_clean wrote. */
#pragma once
#include "base/base.h"

#include <gumbo.h>
#include <string.h>

static inline bool oracle_listed(const char *name, const char *list)
{
    size_t n = strlen(name);
    for (const char *at = list; (at = strstr(at, name)); at += n)
        if (at > list && at[-1] == ' ' && at[n] == ' ') return true;
    return false;
}

static inline bool oracle_attr(const GumboElement *e, const GumboAttribute *t)
{
    bool a = e->tag == GUMBO_TAG_A, cell = e->tag == GUMBO_TAG_TD || e->tag == GUMBO_TAG_TH;
    if (a && strcmp(t->name, "href") == 0)
        return strncasecmp(t->value, "https://", 8) == 0 || strncasecmp(t->value, "http://", 7) == 0 || strncasecmp(t->value, "mailto:", 7) == 0 || strncasecmp(t->value, "tel:", 4) == 0;
    if (a && strcmp(t->name, "rel") == 0) return strcmp(t->value, "noopener noreferrer nofollow") == 0;
    if (a && strcmp(t->name, "target") == 0) return strcmp(t->value, "_blank") == 0;
    return cell && strcmp(t->name, "align") == 0 && oracle_listed(t->value, " left right center ");
}

/* NULL, or what should not be there. (Nothing is nested deeper than HTML_DEPTH and what gumbo itself puts around it.) */
static inline const char *oracle_walk(const GumboNode *n)
{
    static const char elements[] = " html head body p br hr b strong i em u s del sub sup code pre blockquote ul ol li h1 h2 h3 h4 h5 h6 table thead tbody tr th td a ";
    if (n->type == GUMBO_NODE_COMMENT || n->type == GUMBO_NODE_CDATA || n->type == GUMBO_NODE_TEMPLATE) return "no element, no text";
    if (n->type != GUMBO_NODE_ELEMENT) return NULL;
    const GumboElement *e = &n->v.element;
    if (e->tag == GUMBO_TAG_UNKNOWN || e->tag_namespace != GUMBO_NAMESPACE_HTML) return "an unknown element";
    if (!oracle_listed(gumbo_normalized_tagname(e->tag), elements)) return gumbo_normalized_tagname(e->tag);
    for (unsigned i = 0; i < e->attributes.length; i++)
        if (!oracle_attr(e, e->attributes.data[i])) return ((const GumboAttribute *)e->attributes.data[i])->name;
    for (unsigned i = 0; i < e->children.length; i++) {
        const char *bad = oracle_walk(e->children.data[i]);
        if (bad) return bad;
    }
    return NULL;
}

static inline const char *oracle(str html)
{
    GumboOutput *o = gumbo_parse_with_options(&kGumboDefaultOptions, html.p ? html.p : "", html.n);
    const char *bad = oracle_walk(o->root);
    gumbo_destroy_output(&kGumboDefaultOptions, o);
    return bad;
}
