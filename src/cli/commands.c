/* SPDX-License-Identifier: MIT */
/* cli/commands.c - the one table: what there is, what it takes, what help says. */
#include "cli/cli_int.h"

#define FLAG(name, help)                                                                           \
    {                                                                                              \
        S0(name), 0, OPT_FLAG, S0(""), S0(""), S0(help)                                            \
    }
#define TEXT(name, arg, dflt, help)                                                                \
    {                                                                                              \
        S0(name), 0, OPT_TEXT, S0(arg), S0(dflt), S0(help)                                         \
    }
#define LANGS(name, help)                                                                          \
    {                                                                                              \
        S0(name), 0, OPT_LANGS, S0("[LANG=]TEXT"), S0(""), S0(help)                                \
    }
#define IN_FILE(name, help)                                                                        \
    {                                                                                              \
        S0(name), 0, OPT_IN, S0("FILE"), S0(""), S0(help)                                          \
    }
#define OUT_FILE(name, letter, help)                                                               \
    {                                                                                              \
        S0(name), letter, OPT_OUT, S0("FILE"), S0(""), S0(help)                                    \
    }
#define JSON       FLAG("json", "answer in JSON (docs/cli.md), errors too")
#define LIMIT_DFLT "1000"

static const struct opt common[] = {{S0("help"), 'h', OPT_FLAG, S0(""), S0(""), S0("this text")}};
static const struct opt with_store[] = {
    TEXT("config", "FILE", "", "settings from here instead of /etc/kontor/kontor.conf"),
    TEXT("as", "MAIL", "", "with this user's rights, as his work; else as the system itself"),
};

static const struct opt init_opts[] = {
    TEXT("admin", "MAIL", "", "the administrator's mail address, his name at log-in"),
    TEXT("name", "NAME", "", "his name; else what stands before the @"),
    TEXT("country", "CC", "",
         "the firm's country, two letters: for phone numbers, dates, addresses"),
    TEXT("language", "LANG", "en", "en, de, lt or ru"),
    TEXT("currency", "CUR", "", "three letters; else the country's"),
    TEXT("firm", "NAME", "", "the firm's name; else the mail's domain"),
    TEXT("trade", "NAME", "", "fields and groups of a trade: trade, workshop, agency, clinic or real_estate"),
    IN_FILE("password-file", "its first line is the password; - for the input"),
    JSON,
};
static const struct opt user_opts[] = {
    TEXT("name", "NAME", "", "add: the user's name; else what stands before the @"),
    TEXT("role", "NAME", "", "add: a role's name; else that of the first administrator's"),
    TEXT("language", "LANG", "", "add: en, de, lt or ru; else the firm's"),
    IN_FILE("password-file", "add, password: its first line is the password; - for the input"),
    JSON,
};
static const struct opt key_opts[] = {
    TEXT("name", "NAME", "", "make: what the key is for"),
    TEXT("scopes", "A,B,...", "read", "make: what it opens: read, write, read:person, ... (docs/api.md)"),
    TEXT("role", "NAME", "", "make: a role whose rights it does not go beyond; else the user's own"),
    TEXT("days", "N", "90", "make: how long it is good; 0: until it is ended"),
    JSON,
};
static const struct opt field_opts[] = {
    LANGS("label", "add, change: its label; the field's name is made from it. de=TEXT: in German; once for each "
                   "language"),
    LANGS("help-text", "add, change: the hint beside it in forms, in the same way"),
    TEXT("kind", "KIND", "", "add: text, int, decimal, date, choice, ...; else text"),
    TEXT("choices", "A,B,...", "", "add, change: what a choice offers"),
    TEXT("scale", "N", "", "add: decimal places, 0 to 9; else 2"),
    TEXT("to", "ENTITY", "", "add: where a link points; whose records a roll-up gathers"),
    TEXT("via", "FIELD", "", "add, change: by which of their links a roll-up gathers them"),
    TEXT("def", "JSON", "", "add, change: what a formula or a roll-up says (docs/api.md)"),
    LANGS("section", "add, change: where it stands in the form; a new text makes a new section, de=TEXT names it"),
    TEXT("pos", "N", "", "add, change: its place among the own fields, 0 = the first"),
    TEXT("default", "VALUE", "", "add, change: what a new record has there (JSON, or a text); '' takes it away"),
    TEXT("rule", "JSON", "", "add, change: a filter that must hold for a value (docs/api.md); '' takes it away"),
    FLAG("required", "add, change: it may not be empty"),
    FLAG("no-required", "change: it may be empty again"),
    FLAG("dry-run", "change: tell what a new kind would make of the values, change nothing"),
    FLAG("force", "change: values that do not fit the new kind are emptied (they stay in the histories)"),
    FLAG("unique", "add, change: no value twice"),
    FLAG("no-unique", "change: values may stand twice again"),
    FLAG("index", "add, change: quick to sort and filter by"),
    FLAG("no-index", "change: no longer so"),
    JSON,
};
static const struct opt entity_opts[] = {
    LANGS("label", "add, change: its label; a new entity's name is made from it. de=TEXT: in German; once for each "
                   "language"),
    LANGS("plural", "add, change: the label of many, in the same way; else the same"),
    TEXT("icon", "NAME", "", "add, change: its icon; else a box"),
    TEXT("sections", "JSON", "", "change: the sections of its card, [{\"name\",\"label\",\"fields\"}] (docs/api.md)"),
    TEXT("list", "A,B,...", "", "change: the columns of its list"),
    JSON,
};
static const struct opt import_opts[] = {
    FLAG("yes", "do it; without it what would happen is shown, and at a terminal asked"),
    FLAG("dry-run", "only show what would happen"),
    TEXT("entity", "NAME", "", "person, company, user, ...; else found out"),
    TEXT("sheet", "N", "", "of a workbook, from 0; else the best one"),
    IN_FILE("mapping", "columns as in docs/api.md (POST /import/dry), JSON"),
    TEXT("saved", "NAME", "", "the mapping kept under this name instead"),
    TEXT("save", "NAME", "", "keep the mapping under this name"),
    OUT_FILE("report", 0, "each row's fate as XLSX (JSON lines when it ends in .jsonl)"),
    OUT_FILE("refused", 0, "the refused rows as XLSX with the reason, to mend and import again"),
    TEXT("batch", "ID", "", "go on with a run that was broken off"),
    JSON,
};
static const struct opt undo_opts[] = {
    FLAG("keep", "undo the rest where somebody has edited since"),
    FLAG("force", "undo over later edits too"),
    FLAG("change", "the number is that of one change, not of a batch"),
    JSON,
};
static const struct opt export_opts[] = {
    TEXT("format", "FORMAT", "", "csv, xlsx, vcf or jsonl; else as FILE ends, else csv"),
    OUT_FILE("output", 'o', "else the standard output"),
    TEXT("filter", "JSON", "", "only those that fit (docs/api.md)"),
    TEXT("fields", "A,B,...", "", "only these columns; company.owner: of the linked record"),
    JSON,
};
static const struct opt count_opts[] = {
    TEXT("filter", "JSON", "", "only those that fit (docs/api.md)"),
    FLAG("deleted", "those in the trash instead"),
    JSON,
};
static const struct opt who_opts[] = {JSON};
static const struct opt sql_opts[] = {
    TEXT("limit", "N", LIMIT_DFLT, "at most so many rows; a note tells when there were more"),
    JSON,
};
static const struct opt upgrade_opts[] = {
    FLAG("check", "rehearse on a copy in the data folder; the data stay as they are"),
    JSON,
};
static const struct opt doctor_opts[] = {
    FLAG("settings", "print the table of settings for the manual instead"),
    FLAG("limits", "print the table of the server's limits for the manual instead"),
    JSON,
};
static const struct opt verify_opts[] = {JSON};
static const struct opt audit_opts[] = {
    TEXT("kept", "N:LETTERS", "",
         "verify: a head that was kept elsewhere must be in the log, else its end was cut off"),
    FLAG("other-keys", "verify: rows sealed with a key that is lost are no fault"),
    FLAG("accepted", "verify: faults in seals that were accepted are told, and no reason for exit 1"),
    TEXT("reason", "TEXT", "", "accept: what became of looking into it"),
    JSON,
};
static const struct opt vault_opts[] = {
    JSON,
};
static const struct opt backup_opts[] = {
    FLAG("list", "those that are there, newest first, instead of making one"),
    JSON,
};
static const struct opt restore_opts[] = {
    FLAG("without-list",
         "a database file that has no manifest beside it (a copy made before an upgrade)"),
    JSON,
};
static const struct opt move_opts[] = {
    TEXT("to", "URL", "", "postgresql://... or sqlite:FILE; empty or not there yet"),
    JSON,
};
static const struct opt demo_opts[] = {
    TEXT("people", "N", "3000",
         "how many, 1 to 1,000,000; a company for every five, three interactions each"),
    TEXT("lang", "LANG", "", "en, de, lt or ru; else the firm's language"),
    TEXT("seed", "N", "1", "another number gives other people"),
    JSON,
};
static const struct opt man_opts[] = {
    TEXT("to", "DIR", "", "write kontor.1 and one page a command there")};

#define OPTS(a) a, COUNT(a)
const struct command commands[] = {
    {S0("init"), S0("make a new data folder: firm, roles, administrator"), OPTS(init_opts), S0(""),
     0, 0, CMD_STORE | CMD_CREATE,
     S0("The folder of --data is made when it is not there. A folder that is set up already is "
        "left alone (exit 1)."),
     S0("kontor init --data /srv/kontor --country DE --language de --admin chef@firma.de "
        "--password-file pw"),
     cmd_init},
    {S0("user"), S0("add, list and switch off users, set passwords, reset second factors"), OPTS(user_opts),
     S0("add|password|reset-factor|disable|enable MAIL, or list"), 1, 2, CMD_STORE, S0(""),
     S0("kontor user add anna@firma.de --name 'Anna Berg' --role Verkauf --password-file "
        "pw\nkontor user list --json"),
     cmd_user},
    {S0("key"), S0("make, list and end API keys"), OPTS(key_opts), S0("make MAIL | list [MAIL] | end ID"), 1, 2,
     CMD_STORE,
     S0("A program that shows the key works as this user, with his rights or less. make prints the key, once: it is "
        "kept nowhere. end shuts the program out at its next request."),
     S0("KEY=$(kontor key make shop@firma.de --name 'Web shop' --scopes read,write:company --role Shop --days "
        "365)\nkontor key list --json\nkontor key end 905969664000000"),
     cmd_key},
    {S0("field"), S0("add, change and list own fields"), OPTS(field_opts),
     S0("add ENTITY [JSON] | change ENTITY FIELD [JSON] | trash|restore ENTITY FIELD | list [ENTITY]"), 1, 4, CMD_STORE,
     S0("JSON is an object as POST /api/v1/meta/field takes it (docs/api.md); options stand over it. A field in the "
        "trash keeps its data."),
     S0("kontor field add person --label Kundennummer --unique\nkontor field add company "
        "'{\"kind\":\"choice\",\"label\":{\"en\":\"Size\"},\"choices\":[[\"s\",\"small\"],[\"l\",\"large\"]]}'\n"
        "kontor field change person x_kundennummer --default neu --label de=Kundennummer --label en='Customer number' "
        "--section main --pos 0\n"
        "kontor field add company --label 'Calls made' --kind rollup --to interaction --via company --def "
        "'{\"agg\":\"count\",\"where\":{\"field\":\"status\",\"op\":\"eq\",\"value\":\"done\"}}'\n"
        "kontor field trash person x_kundennummer"),
     cmd_field},
    {S0("entity"), S0("add, change and list own entities"), OPTS(entity_opts),
     S0("add [JSON] | change ENTITY [JSON] | trash|restore ENTITY | list"), 1, 3, CMD_STORE,
     S0("JSON is an object as POST /api/v1/meta/entity takes it (docs/api.md); options stand over it. Its records stay "
        "when it is in the trash."),
     S0("kontor entity add --label Machine --label de=Maschine --plural Machines --icon cog\n"
        "kontor entity change x_machine --list name,owner,changed_at --sections "
        "'[{\"name\":\"main\",\"label\":{\"en\":\"Main\",\"de\":\"Allgemein\"},\"fields\":[\"name\",\"owner\"]}]'\n"
        "kontor entity list --json"),
     cmd_entity},
    {S0("import"), S0("take in a table (CSV, XLSX) or vCards"), OPTS(import_opts), S0("FILE"), 1, 1,
     CMD_STORE | CMD_IN_ARG | CMD_STOPS,
     S0("Headings, columns, character set and what each row is are found out. Nothing is written "
        "before --yes or a yes at the "
        "terminal. One run is one batch: kontor undo BATCH takes all of it back."),
     S0("kontor import kunden.xlsx\nkontor import kunden.csv --yes --json --report fates.xlsx"),
     cmd_import},
    {S0("undo"), S0("take back a batch: an import, a merge, an undo"), OPTS(undo_opts), S0("BATCH"),
     1, 1, CMD_STORE | CMD_STOPS,
     S0("Where somebody has edited since, nothing is done and the places are listed; --keep or "
        "--force decide. Undoing an undo "
        "does it again. Ctrl-C stops a large one half-way; the same command goes on."),
     S0("kontor undo 905969664000000"), cmd_undo},
    {S0("export"), S0("write records to a file"), OPTS(export_opts), S0("ENTITY"), 1, 1, CMD_STORE,
     S0("All that match, from one moment, with all columns; the number of rows and the SHA-256 of "
        "the file are told. ENTITY 'all' "
        "with jsonl is everything."),
     S0("kontor export person -o people.xlsx\nkontor export all --format jsonl -o "
        "everything.jsonl"),
     cmd_export},
    {S0("count"), S0("how many records there are"), OPTS(count_opts), S0("ENTITY"), 1, 1, CMD_STORE,
     S0(""), S0("kontor count person --filter '{\"field\":\"phones\",\"op\":\"notempty\"}'"),
     cmd_count},
    {S0("who"), S0("whose number is this?"), OPTS(who_opts), S0("NUMBER"), 1, 1, CMD_STORE,
     S0("Any notation is taken; the last seven digits are enough. Exit 0 also when nobody has it."),
     S0("kontor who '8 (916) 123-45-67' --json"), cmd_who},
    {S0("sql"), S0("ask the database (reading alone)"), OPTS(sql_opts), S0("SELECT"), 1, 1, 0,
     S0("One SELECT, WITH or VALUES, on a connection that cannot write. Works beside a running "
        "server."),
     S0("kontor sql \"SELECT state, count(*) AS n FROM batch GROUP BY state\" --json"), cmd_sql},
    {S0("upgrade"), S0("bring the data to this program's form"), OPTS(upgrade_opts), S0(""), 0, 0,
     0,
     S0("Every start does the same by itself, with a verified copy beside the database before. "
        "--check does it on a copy and tells how "
        "it went."),
     S0("kontor upgrade --check --data /srv/kontor"), cmd_upgrade},
    {S0("verify"), S0("read the whole database or a backup and check it"), OPTS(verify_opts),
     S0("[BACKUP]"), 0, 1, 0,
     S0("Pages and indexes, orphans, search text, roll-ups, what each field of each record holds against what was "
        "written, the log against its seals; each finding names records and says what to do. Works beside a running "
        "server; exit 1 when something is wrong."),
     S0("kontor verify --data /srv/kontor\nkontor verify "
        "/srv/kontor/backups/kontor-20261122-030000.db"),
     cmd_verify},
    {S0("audit"), S0("is the log what Kontor wrote?"), OPTS(audit_opts),
     S0("verify | head | accept SEAL | kinds"), 1, 2, 0,
     S0("Every change is sealed within a second or two, with a key that lies beside the database (secret.key). verify "
        "names each row that was changed, added or taken away behind Kontor's back; exit 1 when there is one. head "
        "tells the last seal: keep it elsewhere, and a cut end is found too. The system log has it each hour, a "
        "backup's list as of its moment. Works beside a running server.\n\n"
        "A security event or its seal that was changed stays, with all behind it, past its time. accept says that "
        "the fault was looked into, and why it may go: an event of its own, signed with the key. verify goes on "
        "telling of it. kinds prints the table of security events for the manual."),
     S0("kontor audit verify --data /srv/kontor --kept 1204:bB0ta1...\n"
        "kontor audit accept 1187 --reason 'disk error on 3 May, row restored from backup'"), cmd_audit},
    {S0("vault"), S0("a new key for the secrets in the database"), OPTS(vault_opts), S0("rotate"), 1, 1, 0,
     S0("Puts a new key before the others in secret.key and seals every secret of the database anew with it, in one "
        "transaction; the older keys stay, for the seals of the log. Stop the server first; several servers need the "
        "new file before they start again. Killed in the midst, the same command goes on."),
     S0("kontor vault rotate --data /srv/kontor"), cmd_vault},
    {S0("backup"), S0("make a copy and prove that it can be restored"), OPTS(backup_opts), S0(""),
     0, 0, CMD_BACKUP,
     S0("Works beside a running server. The copy is opened, checked and counted; its list with "
        "checksums stands beside it. Old ones are let "
        "go as backup_keep says."),
     S0("kontor backup --data /srv/kontor --json"), cmd_backup},
    {S0("restore"), S0("bring a backup back to life in a new data folder"), OPTS(restore_opts),
     S0("BACKUP"), 1, 1, 0,
     S0("BACKUP is the .db file, its list and attachments beside it. --data is a new or empty "
        "folder; with --db the data go into that empty "
        "PostgreSQL database. Nothing is ever written over."),
     S0("kontor restore /srv/kontor/backups/kontor-20261122-030000.db --data /srv/new"),
     cmd_restore},
    {S0("move"), S0("move everything between SQLite and PostgreSQL, with proof"), OPTS(move_opts),
     S0(""), 0, 0, 0,
     S0("Rows and checksums of every table are compared on both sides. The source stays as it was; "
        "stop the server first. Give the new "
        "address with --db or as db in kontor.conf from then on."),
     S0("kontor move --data /srv/kontor --to postgresql://kontor@db/kontor"), cmd_move},
    {S0("demo"), S0("fill in a believable sample firm"), OPTS(demo_opts), S0(""), 0, 0,
     CMD_STORE | CMD_STOPS,
     S0("One batch: kontor undo BATCH takes it back. The same language, size and seed give the "
        "same people."),
     S0("kontor demo --people 10000 --lang de"), cmd_demo},
    {S0("doctor"), S0("look for what is wrong and say what to do"), OPTS(doctor_opts), S0(""), 0, 0,
     0, S0(""), S0("kontor doctor"), cmd_doctor},
    {S0("man"), S0("print the manual page"), OPTS(man_opts), S0("[COMMAND]"), 0, 1, 0, S0(""),
     S0("kontor man | man -l -"), cmd_man},
};
const size_t commands_n = COUNT(commands);

const struct command *command_at(const struct cli *c, size_t i)
{
    if (i < c->n_extra) return &c->extra[i];
    return i - c->n_extra < commands_n ? &commands[i - c->n_extra] : NULL;
}

const struct command *command_find(const struct cli *c, str name)
{
    for (size_t i = 0; command_at(c, i); i++)
        if (str_eq(command_at(c, i)->name, name)) return command_at(c, i);
    return NULL;
}

static bool takes_setting(const struct command *cmd, const struct setting *s)
{
    if (cmd->flags & CMD_SETTINGS) return true;
    if (s->who == FOR_BACKUP) return cmd->flags & CMD_BACKUP;
    return s->who == FOR_ALL && cmd->fn != cmd_man;
}

struct opts command_opts(struct cx *cx, const struct command *cmd)
{
    LIST(struct opt) all = {0};
    for (size_t i = 0; i < cmd->n_opt; i++) *LIST_ADD(cx->a, &all) = cmd->opt[i];
    for (size_t i = 0; i < settings_n; i++)
        if (takes_setting(cmd, &settings[i]))
            *LIST_ADD(cx->a, &all) = (struct opt){setting_option(cx, &settings[i]),
                                                  0,
                                                  OPT_TEXT,
                                                  settings[i].arg,
                                                  settings[i].dflt,
                                                  settings[i].help};
    for (size_t i = 0; i < COUNT(with_store); i++)
        if (cmd->fn != cmd_man && (i == 0 || cmd->flags & CMD_STORE))
            *LIST_ADD(cx->a, &all) = with_store[i];
    for (size_t i = 0; i < COUNT(common); i++) *LIST_ADD(cx->a, &all) = common[i];
    return (struct opts){all.v, all.n};
}
