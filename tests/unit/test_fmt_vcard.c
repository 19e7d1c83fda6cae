/* SPDX-License-Identifier: MIT */
/* vCards as phones and mail programs write them, hostile ones, and what we write read back. */
#include "fmt/vcard.h"
#include "t.h"

struct seen {
    struct buf b;
    size_t cards;
    bool terse; /* count only */
};

static void say(struct buf *b, const char *name, str s)
{
    if (s.n) buf_fmt(b, "%s=%.*s ", name, FS(s));
}

static void say_items(struct buf *b, const char *name, const struct vcard_item *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_fmt(b, "%s=%.*s(%.*s%s%s%.*s) ", name, FS(v[i].value), FS(v[i].types),
                v[i].is_pref ? "!" : "", v[i].label.n ? "/" : "", FS(v[i].label));
}

static enum err see(struct cx *cx, void *arg, const struct vcard *c)
{
    struct seen *s = arg;
    struct buf *b = &s->b;
    (void)cx;
    s->cards++;
    if (s->terse) return E_OK;
    buf_fmt(b, "{%d ", c->version);
    say(b, "uid", c->uid);
    say(b, "kind", c->kind);
    say(b, "fn", c->fn);
    if (c->family.n || c->given.n)
        buf_fmt(b, "n=%.*s,%.*s,%.*s,%.*s,%.*s ", FS(c->family), FS(c->given), FS(c->additional),
                FS(c->prefix), FS(c->suffix));
    say(b, "nick", c->nickname);
    say(b, "org", c->org);
    say(b, "unit", c->unit);
    say(b, "title", c->title);
    say_items(b, "tel", c->tels.v, c->tels.n);
    say_items(b, "mail", c->emails.v, c->emails.n);
    say_items(b, "url", c->urls.v, c->urls.n);
    for (size_t i = 0; i < c->adrs.n; i++)
        buf_fmt(b, "adr=%.*s|%.*s|%.*s|%.*s(%.*s) ", FS(c->adrs.v[i].street), FS(c->adrs.v[i].city),
                FS(c->adrs.v[i].zip), FS(c->adrs.v[i].country), FS(c->adrs.v[i].types));
    say(b, "bday", c->bday);
    say(b, "bday?", c->bday_text);
    say(b, "note", c->note);
    for (size_t i = 0; i < c->categories.n; i++) say(b, "cat", c->categories.v[i]);
    for (size_t i = 0; i < c->members.n; i++) say(b, "member", c->members.v[i]);
    if (c->photo.bytes.n) buf_fmt(b, "photo=%zu:%.*s ", c->photo.bytes.n, FS(c->photo.type));
    say(b, "link", c->photo.uri);
    for (size_t i = 0; i < c->extra.n; i++)
        buf_fmt(b, "x=%.*s%s%.*s%.*s:%.*s ", FS(c->extra.v[i].group),
                c->extra.v[i].group.n ? "." : "", FS(c->extra.v[i].name), FS(c->extra.v[i].params),
                FS(c->extra.v[i].value));
    if (c->left_out) buf_fmt(b, "left=%zu ", c->left_out);
    buf_add(b, c->is_unclosed ? S("...") : S("}"));
    return E_OK;
}

static str flat(struct cx *cx, str in)
{
    struct seen s = {.b = buf_new(cx->a, 1 << 20)};
    if (vcard_read(cx, in, S("de"), see, &s) != E_OK) return cx->msg;
    return buf_str(&s.b);
}

#define CARD(v, body) S0("BEGIN:VCARD\r\nVERSION:" v "\r\n" body "END:VCARD\r\n")
static const struct {
    str in, want;
} cards[] = {
    {CARD("3.0", "FN:Jörg Müller\r\nN:Müller;Jörg;;Dr.;\r\nORG:Elektro\\, Müller\\; "
                 "GmbH;Einkauf;Kabel\r\n"),
     S0("{30 fn=Jörg Müller n=Müller,Jörg,,Dr., org=Elektro, Müller; GmbH unit=Einkauf, Kabel }")},
    {CARD("3.0", "TEL;TYPE=CELL,VOICE;TYPE=pref:+49 151 "
                 "234\r\nTEL;type=\"work,fax\":1\r\nEMAIL;TYPE=INTERNET:a@b.example\r\n"),
     S0("{30 tel=+49 151 234(cell,voice!) tel=1(work,fax) mail=a@b.example(internet) }")},
    {CARD("4.0", "TEL;VALUE=uri;PREF=1;TYPE=home:tel:+49-30-1\r\nEMAIL:mailto:a@b.example\r\nKIND:"
                 "group\r\nMEMBER:urn:uuid:1\r\n"),
     S0("{40 kind=group tel=+49-30-1(home!) mail=a@b.example() member=urn:uuid:1 }")},
    {CARD("3.0", "NOTE:a long\r\n  text\\nwith\r\n\tfolds\r\nNOTE:two\r\nCATEGORIES:a,b\\,c\r\n"),
     S0("{30 note=a long text\nwithfolds\ntwo cat=a cat=b,c }")},
    {CARD("3.0", "item1.TEL:5\r\nitem1.X-ABLabel:_$!<Mobile>!$_\r\nitem2.URL;type=pref:http://x/"
                 ";y\r\nitem2.X-ABLabel:Büro\r\n"),
     S0("{30 tel=5(/mobile) url=http://x/;y(!/Büro) }")},
    {CARD("2.1", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=98=D0=B2=D0=B0=D0=BD=D0=BE=\r\n=D0="
                 "B2;=D0=9F\r\nTEL;CELL;PREF:7\r\n"),
     S0("{21 n=Иванов,П,,, tel=7(cell!) }")},
    {CARD("2.1", "FN;CHARSET=WINDOWS-1251;QUOTED-PRINTABLE:=C8=E2=E0=ED\r\nNOTE;ENCODING=QUOTED-"
                 "PRINTABLE:a=0D=0Ab=3D\r\n"),
     S0("{21 fn=Иван note=a\r\nb= }")},
    {CARD("2.1", "FN:M\xFCller\r\n"), S0("{21 fn=Müller }")},
    {CARD("4.0", "ADR;TYPE=work;LABEL=\"a:b;c^n^'d\":;;Hauptstr. "
                 "1;Köln;;50667;Deutschland\r\nADR:;;;;;;\r\n"),
     S0("{40 adr=Hauptstr. 1|Köln|50667|Deutschland(work) }")},
    {CARD("3.0", "BDAY:1971-04-03\r\n"), S0("{30 bday=1971-04-03 }")},
    {CARD("3.0", "BDAY:19710403T000000Z\r\n"), S0("{30 bday=1971-04-03 }")},
    {CARD("4.0", "BDAY:--0403\r\n"), S0("{40 bday=--04-03 }")},
    {CARD("4.0", "BDAY:--0229\r\n"), S0("{40 bday=--02-29 }")},
    {CARD("4.0", "BDAY:1971-04\r\n"), S0("{40 bday=1971-04 }")},
    {CARD("3.0", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-03\r\n"), S0("{30 bday=--04-03 }")},
    {CARD("3.0", "BDAY:31.02.1980\r\n"), S0("{30 bday?=31.02.1980 }")},
    {CARD("3.0", "BDAY:1980-02-31\r\n"), S0("{30 bday?=1980-02-31 }")},
    {CARD("3.0", "PHOTO;ENCODING=b;TYPE=JPEG:/9j/\r\n 4AAQ\r\n"), S0("{30 photo=6:image/jpeg }")},
    {CARD("2.1", "PHOTO;PNG;BASE64:\r\n/9j/\r\n4AAQ\r\n\r\n"), S0("{21 photo=6:image/png }")},
    {CARD("4.0", "PHOTO:data:image/png;base64,/9j/4AAQSg==\r\n"), S0("{40 photo=7:image/png }")},
    {CARD("3.0", "PHOTO;VALUE=uri:https://x.example/p.jpg\r\n"),
     S0("{30 link=https://x.example/p.jpg }")},
    {CARD("3.0", "PHOTO;ENCODING=b:!!!\r\n"), S0("{30 left=1 }")},
    {CARD("3.0", "X-SKYPE;TYPE=a:jörg\r\ng1.X-B:1\r\nno colon here\r\n:no name\r\n"),
     S0("{30 x=X-SKYPE;TYPE=a:jörg x=g1.X-B:1 }")},
    {CARD("2.1", "FN:Boss\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:Inner\r\nEND:VCARD\r\nTEL:1\r\n"),
     S0("{21 fn=Boss tel=1() }")},
    {S0("begin:vcard\nfn:a\nBEGIN:VCARD\nFN:b\nend:vcard\nFN:c\n"), S0("{0 fn=a ...{0 fn=b }")},
    {S0("\xEF\xBB\xBF"
        "BEGIN:VCARD\rFN:mac\rEND:VCARD\r"),
     S0("{0 fn=mac }")},
    {S0("BEGIN:VCARD\nFN:cut"), S0("{0 fn=cut ...")},
    {S0("hello"), S0("The file has no vCard in it")},
    {S0(""), S0("The file has no vCard in it")},
};

static void reads(void)
{
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(cards); i++) T_STR(flat(&cx, cards[i].in), cards[i].want);
    t_cx_free(&cx);
}

struct rewrite {
    struct buf b;
    int version;
};
static enum err write_one(struct cx *cx, void *arg, const struct vcard *c)
{
    struct rewrite *r = arg;
    (void)cx;
    vcard_put(&r->b, c, r->version);
    return E_OK;
}

static void check_folding(str text)
{
    for (str head, tail = text; tail.n;) {
        (void)str_split(tail, '\n', &head, &tail);
        T(head.n <= 76 && utf8_valid(head) && str_has_suffix(head, S("\r")));
    }
}

static str written(struct cx *cx, str in, int version)
{
    struct rewrite r = {.b = buf_new(cx->a, 64 << 20), .version = version};
    if (!T_OK(cx, vcard_read(cx, in, S("de"), write_one, &r))) return S("");
    T(!r.b.full);
    return buf_str(&r.b);
}

/* What is read, written and read again is the same card, but for the version and the made-up FN. */
static void writes_back(void)
{
    static const int versions[] = {30, 40};
    struct cx cx = t_cx();
    str full = S("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u1\r\nFN:Jörg; "
                 "Müller\r\nN:Müller;Jörg;\\;;;\r\nNICKNAME:J\r\nORG:A\\,B;C\r\n"
                 "TITLE:t\r\nTEL;TYPE=cell;TYPE=pref:1\r\nitem1.EMAIL;TYPE=work:a@b\r\nitem1.X-"
                 "ABLabel:mein\r\nADR;TYPE=home:;;Str\\, 1;Köln;;5;DE\r\n"
                 "URL:http://x/a,b;c\r\nBDAY:1971-04-03\r\nNOTE:eins\\nzwei — ein langer Text mit "
                 "Umlauten äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöü\r\n"
                 "CATEGORIES:a,b\r\nPHOTO;ENCODING=b;TYPE=PNG:/9j/"
                 "4AAQSg==\r\nX-SKYPE;TYPE=a:j\\,k\r\nEND:VCARD\r\n");
    for (size_t v = 0; v < COUNT(versions); v++) {
        str once = written(&cx, full, versions[v]);
        check_folding(once);
        str want = flat(&cx, full), got = flat(&cx, once);
        T_STR(str_cut(got, 3, got.n), str_cut(want, 3, want.n));
        T_STR(written(&cx, once, versions[v]), once);
    }
    T_STR(written(&cx, S("BEGIN:VCARD\nBDAY:--0403\nORG:Firma\nEND:VCARD\n"), 30),
          S("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Firma\r\nN:;;;;\r\nORG:Firma\r\nBDAY;X-APPLE-OMIT-"
            "YEAR=1604:1604-04-03\r\nEND:VCARD\r\n"));
    T_STR(written(&cx, S("BEGIN:VCARD\nBDAY:1971-04-03\nEMAIL:a@b\nEND:VCARD\n"), 40),
          S("BEGIN:VCARD\r\nVERSION:4.0\r\nFN:a@b\r\nN:;;;;\r\nEMAIL:a@b\r\nBDAY:19710403\r\nEND:"
            "VCARD\r\n"));
    t_cx_free(&cx);
}

/* No value can begin a line of its own. */
static void writes_no_foreign_lines(void)
{
    struct cx cx = t_cx();
    str evil = S("x\r\nTEL:666\nEND:VCARD");
    struct vcard c = {.fn = evil,
                      .family = evil,
                      .uid = evil,
                      .note = evil,
                      .bday = evil,
                      .rev = evil,
                      .kind = evil};
    *LIST_ADD(cx.a, &c.tels) = (struct vcard_item){evil, evil, evil, false};
    *LIST_ADD(cx.a, &c.urls) = (struct vcard_item){evil, evil, evil, true};
    *LIST_ADD(cx.a, &c.extra) = (struct vcard_prop){evil, S("X-A"), S(";A=\r\nTEL:666"), evil};
    *LIST_ADD(cx.a, &c.extra) = (struct vcard_prop){S(""), evil, evil, evil};
    c.photo.uri = evil;
    struct buf b = buf_new(cx.a, 1 << 20);
    vcard_put(&b, &c, 30);
    T(str_find(buf_str(&b), S("\nTEL:666")) < 0);
    T_INT(str_find(buf_str(&b), S("\nEND:VCARD")), (int64_t)b.n - 12);
    t_cx_free(&cx);
}

static void fill(struct buf *b, str s, size_t n)
{
    for (size_t i = 0; i < n; i++) buf_add(b, s);
}

static void withstands(void)
{
    struct cx cx = t_cx();
    struct buf b = buf_new(cx.a, 256 << 20);
    buf_add(&b, S("BEGIN:VCARD\r\nFN:a\r\nNOTE:"));
    fill(&b, S("0123456789012345678901234567890123456789\r\n "), 500000);
    buf_add(&b, S("\r\nTEL:1\r\nEND:VCARD\r\n"));
    T_STR(flat(&cx, buf_str(&b)), S("{0 fn=a tel=1() left=1 }"));
    b.n = 0;
    buf_add(&b, S("BEGIN:VCARD\r\n"));
    fill(&b, S("TEL;TYPE=x:1\r\n"), 1000000);
    buf_add(&b, S("END:VCARD\r\n"));
    struct seen s = {.terse = true};
    T_OK(&cx, vcard_read(&cx, buf_str(&b), S("de"), see, &s));
    T_INT((int64_t)s.cards, 1);
    b.n = 0;
    fill(&b, S("BEGIN:VCARD\rFN:b\rEND:VCARD\r"), 200000);
    T_OK(&cx, vcard_read(&cx, buf_str(&b), S("de"), see, &s));
    T_INT((int64_t)s.cards, 200001);
    b.n = 0;
    buf_add(&b, S("BEGIN:VCARD\nTEL"));
    fill(&b, S(";a=\"b"), 100000);
    buf_add(&b, S(":1\nEND:VCARD\n"));
    T_STR(flat(&cx, buf_str(&b)), S("{0 left=1 }"));
    t_cx_free(&cx);
}

static enum err refuse(struct cx *cx, void *arg, const struct vcard *c)
{
    (void)arg, (void)c;
    return fail(cx, E_CONFLICT, "enough");
}

static void stops_for_the_caller(void)
{
    struct cx cx = t_cx();
    T_INT(vcard_read(&cx, cards[0].in, S("de"), refuse, NULL), E_CONFLICT);
    t_cx_free(&cx);
}

TESTS("fmt_vcard", reads, writes_back, writes_no_foreign_lines, withstands, stops_for_the_caller)
