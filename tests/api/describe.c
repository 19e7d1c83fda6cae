/* SPDX-License-Identifier: MIT */
/* The description: own fields and entities; files and exports, which are looked at here without jobs. */
#include "api/openapi.h"
#include "api_bed.h"
#include "os/os.h"

#include <stdlib.h>

static void own_fields(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "GET /api/v1/meta", NULL, 200, "\"name\":\"person\"|@ETag: \"m|\"kind\":\"phones\"|!session|!credential", NULL, "meta", NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'decimal','scale':2,'label':{'de':'Umsatz 2025','en':'Revenue 2025'}}", 201,
          "\"name\":\"x_umsatz_2025\"", NULL, "f", NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "x_umsatz_2025|Revenue 2025", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Eigen','x_umsatz_2025':'12480.50'}", 201, "\"x_umsatz_2025\":\"12480.50\"", "person.create", "p", NULL},
         {REPA1, "GET /api/v1/person?sort=-x_umsatz_2025&fields=x_umsatz_2025", NULL, 200, "12480.50", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/count/person?filter={'field':'x_umsatz_2025','op':'gt','value':'12480.49'}", NULL, 200, "\"value\":1", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'x_umsatz_2025':'viel'}", 422, "\"field\":\"x_umsatz_2025\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/person/x_umsatz_2025", "{'label':{'en':'Turnover'}}", 200, "x_umsatz_2025", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "Turnover|!Revenue 2025", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/person/x_umsatz_2025", "{'kind':'bool','dry':true}", 200, "\"dry\":true,\"fits\":0,\"misfits\":1|\"value\":\"12480.50\"|Eigen", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/person/x_umsatz_2025", "{'kind':'int'}", 409, "\"field\":\"kind\"|\"misfits\":1", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p", NULL, 200, "\"x_umsatz_2025\":\"12480.50\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/person/x_umsatz_2025", "{'kind':'text'}", 200, "\"fits\":1,\"misfits\":0", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?filter={'field':'x_umsatz_2025','op':'contains','value':'480'}&fields=x_umsatz_2025", NULL, 200, "12480", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/person/x_umsatz_2025", "{'kind':'decimal','scale':2}", 200, "\"fits\":1", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/meta/field/person/x_umsatz_2025", "{'kind':'int','dry':true}", 403, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/person/x_umsatz_2025", "{'kind':'link','to':'company'}", 422, "\"field\":\"kind\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/person/name", "{'label':'x'}", 404, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/meta/field/person/name", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/meta/field/person/x_umsatz_2025", "{'label':'x'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/meta/field/person/x_umsatz_2025", NULL, 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/meta/field/person/x_umsatz_2025/restore", NULL, 403, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/meta/field/person/x_umsatz_2025", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "\"trash\":[{\"name\":\"x_umsatz_2025\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/meta", NULL, 200, "!x_umsatz_2025|!\"trash\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p", NULL, 200, "!x_umsatz_2025", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'x_umsatz_2025':'1.00'}", 422, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=x_umsatz_2025", NULL, 400, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?filter={'field':'x_umsatz_2025','op':'empty'}", NULL, 422, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field/person/x_umsatz_2025/restore", NULL, 200, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p", NULL, 200, "12480.50", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{\"entity\":\"person\",\"kind\":\"text\",\"label\":\"x\\\"); drop table person--\"}", 201, "x_x_drop_table_person", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'text','label':'__proto__'}", 201, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'nosuch','label':'y'}", 422, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'nosuch','kind':'text','label':'y'}", 422, "\"field\":\"entity\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'text'}", 422, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'link','label':'y','to':'nosuch'}", 422, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'decimal','scale':99,'label':'y'}", 422, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'company','kind':'formula','label':'Half','def':{'op':'div','of':[{'field':'employees'},2]}}", 201, "x_half", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/company", "{'name':'Formel GmbH','employees':7}", 201, "\"x_half\":\"3.50\"", "company.create", NULL, NULL},
         {ADMIN, "POST /api/v1/company", "{'name':'Formel GmbH','x_half':7}", 422, "\"field\":\"x_half\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/company?sort=-x_half&fields=name,x_half&filter={'field':'x_half','op':'gt','value':'3.4'}", NULL, 200, "Formel GmbH|3.50", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/export/company?format=jsonl", NULL, 200, "\"x_half\":\"3.50\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "\"kind\":\"formula\"|\"result\":\"decimal\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_half", "{'def':{'op':'mul','of':[{'field':'x_half'},2]}}", 422, "\"field\":\"def\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_half", "{'def':{'op':'div','of':[{'field':'employees'},4]}}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/export/company?format=jsonl", NULL, 200, "\"x_half\":\"1.75\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'company','kind':'formula','label':'Bad','def':{'op':'add','of':[1,{'field':'nosuch'}]}}", 422, "\"field\":\"def.of.1\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'choice','label':'Ampel','choices':[['r',['Red']],['g',['Green']]]}", 201, "x_ampel", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'x_ampel':'r'}", 200, "\"x_ampel\":\"r\"", "person.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'x_ampel':'b'}", 422, NULL, NULL, NULL, NULL});
    ROWS(t,
         {ADMIN, "POST /api/v1/meta/entity", "{'label':'Gerät','plural':'Geräte'}", 201, "\"name\":\"x_gerat\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/x_gerat", "{'name':'Bohrer'}", 201, "Bohrer", "x_gerat.create", "ding", NULL},
         {ADMIN, "DELETE /api/v1/meta/entity/x_gerat", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/x_gerat/$ding", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "\"trash\":[{\"name\":\"x_gerat\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/meta/entity/x_gerat/restore", NULL, 403, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/entity/person/restore", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/entity/x_gerat/restore", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/x_gerat/$ding", NULL, 200, "Bohrer", NULL, NULL, NULL});
    struct cx *cx = &t->b.cx;
    struct answer r = api_call(t, cx->a, REPA1, S("GET /api/v1/meta"), S(""), S(""));
    str tag = answer_head(&r, S("ETag"));
    r = api_call(t, cx->a, REPA1, S("GET /api/v1/meta"), S(""), arena_fmt(cx->a, "If-None-Match: %.*s", FS(tag)));
    T_INT(r.status, 304);
    /* what one may do stands in the description: another role is another description */
    ROWS(t, {ADMIN, "PATCH /api/v1/role/$rolerep", "{'rights':{'*':{'see':'own','export':'own'}}}", 200, NULL, "role.update", NULL, NULL});
    r = api_call(t, cx->a, REPA1, S("GET /api/v1/meta"), S(""), arena_fmt(cx->a, "If-None-Match: %.*s", FS(tag)));
    T_INT(r.status, 200);
    T(str_find(r.body, S("\"export\":true")) >= 0);
}

static void own_entities(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/meta/entity", "{'label':{'en':'Machine','ru':'Станок'},'plural':{'en':'Machines'},'icon':'cog'}", 201, "\"x_machine\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/entity", "{}", 422, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'x_machine','kind':'link','to':'company','label':'Firm'}", 201, "x_firm", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/company", "{'name':'Dreherei'}", 201, NULL, "company.create", "c", NULL},
         {REPA1, "POST /api/v1/x_machine", "{'name':'Drehbank','x_firm':'$c'}", 201, "Dreherei", "x_machine.create", "m", NULL},
         {REPA1, "PATCH /api/v1/x_machine/$m", "{'name':'Fräse','version':1}", 200, "\"version\":2", "x_machine.update", NULL, NULL},
         {REPA1, "GET /api/v1/x_machine?q=frase", NULL, 200, "Fräse", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/x_machine/$m/history", NULL, 200, "Drehbank", NULL, NULL, NULL},
         {REPA2, "GET /api/v1/x_machine/$m", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/x_machine/$m", NULL, 204, NULL, "x_machine.delete", NULL, NULL},
         {REPA1, "POST /api/v1/x_machine/$m/restore", NULL, 200, NULL, "x_machine.restore", NULL, NULL},
         {REPA1, "DELETE /api/v1/meta/entity/x_machine", NULL, 403, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/meta/entity/person", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/meta/entity/nosuch", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/meta/entity/x_machine", NULL, 200, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/x_machine/$m", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/x_machine", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/company/$c", NULL, 200, "Dreherei", NULL, NULL, NULL});
}

/* What a firm of one trade adds: once, and again what was thrown away meanwhile. */
static void trades(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "GET /api/v1/trade", NULL, 200, "\"name\":\"trade\"|\"name\":\"workshop\"|\"de\":\"Handel\"|!\"there\":true", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/trade", "{'trade':'workshop'}", 403, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/trade", "{'trade':'nosuch'}", 422, "\"field\":\"trade\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/trade", "{}", 422, "\"field\":\"trade\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/group", "{'name':'wartungsVertrag'}", 201, NULL, "group.create", NULL, NULL},
         {ADMIN, "POST /api/v1/trade", "{'trade':'workshop'}", 201, "{\"entity\":\"x_device\"},|\"field\":\"x_devices\"|\"groups\":2", "group.create group.create", "made",
          "Idempotency-Key: workshop"},
         {ADMIN, "POST /api/v1/trade", "{'trade':'workshop'}", 201, "\"groups\":2", NULL, NULL, "Idempotency-Key: workshop"},
         {ADMIN, "POST /api/v1/trade", "{'trade':'workshop'}", 201, "\"groups\":0,\"made\":[]|\"batch\":null", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/trade", NULL, 200, "\"there\":true", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "Gerät|Įrenginys|Seriennummer|\"list\":[\"name\",\"x_customer\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/company", "{'name':'Dreherei'}", 201, "\"x_devices\":null", "company.create", "c", NULL},
         {ADMIN, "POST /api/v1/x_device", "{'name':'Kessel','x_customer':'$c','x_serial_number':'K-7','x_condition':'fine'}", 201, "Dreherei", "x_device.create", NULL, NULL},
         {ADMIN, "GET /api/v1/company/$c", NULL, 200, "\"x_devices\":1", NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/meta/field/company/x_devices", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/trade", "{'trade':'workshop'}", 201, "\"made\":[{\"entity\":\"company\",\"field\":\"x_devices\"}]", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/company/$c", NULL, 200, "\"x_devices\":1", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/undo", "{'batch':'$made.batch'}", 200, "\"undone\":2", "group.delete group.delete", NULL, NULL});
    ROWS(t,
         {ADMIN, "POST /api/v1/trade", "{'trade':'trade'}", 201, "x_price_group|x_credit_limit|\"groups\":3", "group.create group.create group.create", NULL, NULL},
         {ADMIN, "POST /api/v1/trade", "{'trade':'agency'}", 201, "x_contract_until|\"groups\":3", "group.create group.create group.create", NULL, NULL},
         {ADMIN, "POST /api/v1/trade", "{'trade':'clinic'}", 201, "x_insurance|\"groups\":3", "group.create group.create group.create", NULL, NULL},
         {ADMIN, "POST /api/v1/trade", "{'trade':'real_estate'}", 201, "{\"entity\":\"x_property\"}|x_rooms_wanted|\"groups\":2", "group.create group.create", NULL,
          NULL},
         {ADMIN, "GET /api/v1/trade", NULL, 200, "!\"there\":false", NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/meta/field/company/x_devices", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/meta/field/x_device/x_condition", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/x_device/x_next_service", "{'kind':'text'}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/trade", "{'trade':'workshop'}", 409, "\"field\":\"trade\"|Nächste Wartung", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "\"trash\":[{\"name\":\"x_condition\"", NULL, NULL, NULL});
}

/* Where a field stands, what it begins with, what must hold of it. */
static void order_and_promises(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'company','kind':'text','label':'Eins'}", 201, "x_eins", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'company','kind':'int','label':'Zwei','section':'Zahlen','default':7}", 201, "x_zwei", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'company','kind':'text','label':'Drei','pos':0,'section':'main'}", 201, "x_drei", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200,
          "{\"name\":\"Zahlen\",\"label\":{\"en\":\"Zahlen\"},\"fields\":[\"x_zwei\"]}|\"name\":\"own\"|\"fields\":[\"x_eins\"]|,\"x_drei\"]|\"section\":\"Zahlen\"|\"default\":7", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/company", "{'name':'Vorgabe AG'}", 201, "\"x_zwei\":7", "company.create", NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_zwei", "{'section':'own','default':null,'pos':0}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "\"fields\":[\"x_zwei\",\"x_eins\"]|!\"Zahlen\"|!\"default\":7", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/company", "{'name':'Leer AG'}", 201, "!\"x_zwei\":7", "company.create", NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_zwei", "{'section':{'label':{'en':'Figures','de':'Zahlen'}}}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_eins", "{'section':'Figures'}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200,
          "{\"name\":\"Figures\",\"label\":{\"en\":\"Figures\",\"de\":\"Zahlen\"},\"fields\":[\"x_zwei\",\"x_eins\"]}|\"section\":\"Figures\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_eins", "{'section':{'name':'main','label':'Anders'}}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "!Anders|,\"x_eins\"]", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_eins", "{'section':''}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_eins", "{'section':7}", 422, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_zwei", "{'section':'','pos':99}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "\"fields\":[\"x_eins\",\"x_zwei\"]", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_zwei", "{'pos':-1}", 422, "\"field\":\"pos\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_zwei", "{'default':'viele'}", 422, "\"field\":\"default\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_zwei", "{'default':5,'kind':'date'}", 422, "\"field\":\"default\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'company','kind':'link','to':'person','label':'Wer','default':'1'}", 422, "\"field\":\"default\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'company','kind':'int','label':'Regel','rule':{'field':'x_regel','op':'ge','value':3}}", 201, "x_regel", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "\"rule\":{\"field\":\"x_regel\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/company", "{'name':'Wenig AG','x_regel':2}", 422, "\"field\":\"x_regel\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_regel", "{'rule':{'field':'nosuch','op':'ge','value':3}}", 422, "\"field\":\"rule\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_regel", "{'rule':{'any':'person','has':{}}}", 422, "\"field\":\"rule\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_regel", "{'rule':{'field':'x_zwei','op':'gt','value':3}}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/meta/field/company/x_zwei", NULL, 409, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_zwei", "{'kind':'text'}", 409, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/meta/field/company/x_regel", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/meta/field/company/x_zwei", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field/company/x_regel/restore", NULL, 409, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field/company/x_zwei/restore", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field/company/x_regel/restore", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_regel", "{'rule':[]}", 422, "\"field\":\"rule\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_regel", "{'rule':null}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/company", "{'name':'Wenig AG','x_regel':2}", 201, NULL, "company.create", NULL, NULL});
}

/* What stands twice already is told. */
static void twice(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'company','kind':'text','label':'Kennung'}", 201, "x_kennung", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'company','kind':'link','to':'person','label':'Chef'}", 201, "x_chef", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Chefin'}", 201, NULL, "person.create", "p", NULL},
         {ADMIN, "POST /api/v1/company", "{'name':'Kenn Eins','x_kennung':'Ab 7','x_chef':'$p'}", 201, NULL, "company.create", NULL, NULL},
         {ADMIN, "POST /api/v1/company", "{'name':'Kenn Zwei','x_kennung':'ab 7','x_chef':'$p'}", 201, NULL, "company.create", "zwei", NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_kennung", "{'unique':true}", 409, "\"field\":\"unique\"|: Ab 7", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_chef", "{'unique':true}", 409, "\"field\":\"unique\"", NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/company/$zwei", NULL, 204, NULL, "company.delete", NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_kennung", "{'unique':true}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/company", "{'name':'Kenn Drei','x_kennung':'AB 7'}", 409, NULL, NULL, NULL, NULL});
}

/* Lines need a link back; a length of time is taken as people write it. */
static void other_kinds(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'lines','label':'y'}", 422, "\"field\":\"via\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'lines','label':'y','to':'company','via':'parent'}", 422, "\"field\":\"via\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'duration','label':'Dauer'}", 201, "x_dauer", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Lang','x_dauer':'1:30'}", 201, "\"x_dauer\":5400", "person.create", NULL, NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Lang','x_dauer':'lange'}", 422, "\"field\":\"x_dauer\"", NULL, NULL, NULL});
}

/* What a roll-up gathers stays of its kind, and stays there. */
static void gathered(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/meta/entity", "{'label':'Auftrag'}", 201, "x_auftrag", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'x_auftrag','kind':'link','to':'company','label':'Kunde'}", 201, "x_kunde", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'x_auftrag','kind':'int','label':'Menge'}", 201, "x_menge", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'company','kind':'rollup','label':'Stueck','to':'x_auftrag','via':'x_kunde','def':{'agg':'sum','field':'x_menge'}}", 201, "x_stueck", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'company','kind':'rollup','label':'Letzter','to':'x_auftrag','via':'x_kunde','def':{'agg':'latest','field':'name','by':'changed_at'}}", 201, "x_letzter", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/company", "{'name':'Sammler AG'}", 201, NULL, "company.create", "s", NULL},
         {ADMIN, "POST /api/v1/x_auftrag", "{'name':'Erster','x_kunde':'$s','x_menge':3}", 201, NULL, "x_auftrag.create", NULL, NULL},
         {ADMIN, "GET /api/v1/company/$s", NULL, 200, "\"x_stueck\":3|\"x_letzter\":\"Erster\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_stueck", "{'def':{'agg':'count'}}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/company/$s", NULL, 200, "\"x_stueck\":1", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_stueck", "{'def':{'agg':'count','where':{'field':'x_menge','op':'gt','value':3}}}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/company/$s", NULL, 200, "\"x_stueck\":0", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/x_auftrag", "{'name':'Alter','x_kunde':'$s','x_menge':4}", 201, NULL, "x_auftrag.create", "w", NULL},
         {ADMIN, "GET /api/v1/company/$s", NULL, 200, "\"x_stueck\":1", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "\"def\":{\"agg\":\"count\",\"where\":{\"field\":\"x_menge\",\"op\":\"gt\",\"value\":3}}", NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/x_auftrag/$w", NULL, 204, NULL, "x_auftrag.delete", NULL, NULL},
         {ADMIN, "GET /api/v1/company/$s", NULL, 200, "\"x_stueck\":0", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_stueck", "{'def':{'agg':'count','where':{'field':'owner','op':'eq','value':'me'}}}", 422, "\"field\":\"def.where\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_stueck", "{'def':{'agg':'max','field':'x_menge'}}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_letzter", "{'label':'Jüngster'}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_letzter", "{'def':{'agg':'latest','field':'x_menge','by':'changed_at'}}", 422, "\"field\":\"def.agg\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_letzter", "{'def':{'agg':'count'}}", 422, "\"field\":\"def.agg\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/x_auftrag/x_menge", "{'kind':'text'}", 409, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/meta/field/x_auftrag/x_menge", NULL, 409, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/meta/field/x_auftrag/x_kunde", NULL, 409, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/company/$s", NULL, 200, "\"x_stueck\":3|\"x_letzter\":\"Erster\"", NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/meta/field/company/x_stueck", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/meta/field/x_auftrag/x_menge", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field/company/x_stueck/restore", NULL, 422, "\"field\":\"def.field\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field/x_auftrag/x_menge/restore", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/x_auftrag", "{'name':'Zweiter','x_kunde':'$s','x_menge':9}", 201, NULL, "x_auftrag.create", NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field/company/x_stueck/restore", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/company/$s", NULL, 200, "\"x_stueck\":9", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'x_auftrag','kind':'link','to':'company','label':'Zahler'}", 201, "x_zahler", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/company/x_stueck", "{'via':'x_zahler'}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/company/$s", NULL, 200, "\"x_stueck\":null", NULL, NULL, NULL});
}

static void entity_changed(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/meta/entity", "{'label':'Wagen'}", 201, "x_wagen", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'x_wagen','kind':'int','label':'Sitze'}", 201, "x_sitze", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/entity/x_wagen", "{'plural':{'en':'Cars','de':'Wägen'},'icon':'car'}", 200, "x_wagen", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "Wägen|\"icon\":\"car\"|\"en\":\"Wagen\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/entity/x_wagen", "{'sections':[{'name':'a','label':'Vorn','fields':['name','x_sitze']},{'name':'b','label':'Hinten','fields':['owner']}],'list':['name','x_sitze']}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "\"fields\":[\"name\",\"x_sitze\"]}|\"list\":[\"name\",\"x_sitze\"]|Hinten", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/entity/x_wagen", "{'sections':[{'name':'a','label':'Vorn','fields':['nosuch']}]}", 422, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/entity/x_wagen", "{'sections':[{'name':'a','label':{'en':'Front','de':'Vorn','ru':'Спереди'},'fields':['name','x_sitze']},{'name':'b','label':'Hinten','fields':['owner']}]}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "\"label\":{\"en\":\"Front\",\"de\":\"Vorn\",\"ru\":\"Спереди\"}|\"list\":[\"name\",\"x_sitze\"]", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/entity/x_wagen", "{'sections':7}", 422, "\"field\":\"sections\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/entity/x_wagen", "{'list':[7]}", 422, "\"field\":\"list\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/entity/x_wagen", "{'label':{}}", 422, "\"field\":\"label\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/entity/x_wagen", "{'fields':[]}", 422, "\"field\":\"fields\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/entity/person", "{'icon':'x'}", 404, NULL, NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/meta/entity/x_wagen", "{'icon':'x'}", 403, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "Hinten", NULL, NULL, NULL});
}

static void files(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/file?name=kunden.csv", "a;b\n1;2\n", 201, "\"name\":\"kunden.csv\"|\"bytes\":8|text/csv", NULL, "f", "Content-Type: text/csv"},
         {REPA1, "GET /api/v1/file/$f", NULL, 200, "@Content-Disposition: attachment; filename*=UTF-8''kunden.csv", NULL, NULL, NULL},
         {REPA2, "GET /api/v1/file/$f", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/file?name=a%0d%0aSet-Cookie:x%22/../b.svg", "<svg onload=alert(1)>", 201, "\"type\":\"application/octet-stream\"|!\\r", NULL, "g",
          "Content-Type: image/svg+xml"},
         {REPA1, "GET /api/v1/file/$g", NULL, 200, "@Content-Disposition: attachment; filename*=UTF-8''aSet-Cookie%3Ax..b.svg|!@Set-Cookie: x", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/file?name=Kunden%20%E2%80%93%20%D0%9A%D0%BB%D0%B8%D0%B5%D0%BD%D1%82%D1%8B.xlsx", "PK", 201, "Клиенты.xlsx|spreadsheetml", NULL, "h",
          "Content-Type: application/octet-stream"},
         {REPA1, "GET /api/v1/file/$h", NULL, 200, "@Content-Disposition: %D0%9A%D0%BB", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/file", "x", 201, "\"name\":\"file\"", NULL, NULL, "Content-Type: application/octet-stream"},
         {REPA1, "POST /api/v1/file?name=leer.csv", NULL, 422, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/file/..%2f..%2fetc%2fpasswd", NULL, 400, NULL, NULL, NULL, NULL},
         {ANON, "POST /api/v1/file?name=x", "x", 401, NULL, NULL, NULL, "Content-Type: application/octet-stream"});
}

static void exports(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{\"name\":\"=HYPERLINK(1)\",\"phones\":[\"0151 23456789\"]}", 201, NULL, "person.create", NULL, NULL},
         {REPB1, "POST /api/v1/person", "{'name':'CANARY'}", 201, NULL, "person.create", NULL, NULL},
         {ADMIN, "GET /api/v1/export/person?format=csv", NULL, 200, "CANARY|Rolf Eins|\"'=HYPERLINK|@Content-Disposition: attachment; filename=\"person.csv\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/export/person?format=csv&fields=phones,name", NULL, 200, ";CANARY|HYPERLINK|!Rolf Eins|!;CANARY;", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/export/person?format=csv&fields=phones,nonsense", NULL, 400, "\"field\":\"fields\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/export/person?format=jsonl", NULL, 200, "CANARY|\"e164\":\"+4915123456789\"|@X-Row-Count: |@X-Checksum: sha256=", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/export/person?format=vcf", NULL, 200, "BEGIN:VCARD|CANARY", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/export/person?format=xlsx", NULL, 200, "PK", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/export/person?format=pdf", NULL, 422, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/export/nosuch?format=csv", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/export/person?format=csv&filter={'field':'name','op':'eq','value':'canary'}", NULL, 200, "CANARY|!HYPERLINK", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/export/person?format=csv&filter={'field':'nosuch','op':'eq','value':'canary'}", NULL, 422, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/export/person?format=csv&q=canary", NULL, 200, "CANARY|!HYPERLINK", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/export/person?format=csv&q=nichtsdergleichen", NULL, 404, NULL, NULL, NULL, NULL},
         {MGRA, "GET /api/v1/export/person?format=csv", NULL, 200, "HYPERLINK|!CANARY", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/export/person?format=csv", NULL, 403, "!HYPERLINK", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/export/person?format=jsonl", NULL, 403, NULL, NULL, NULL, NULL},
         {ANON, "GET /api/v1/export/person?format=csv", NULL, 401, NULL, NULL, NULL, NULL});
}

static void import_asked(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/file?name=k.csv", "Name;Telefon;Firma\nAnna Beispiel;0151 23456789;Beispiel GmbH\nBert Muster;0221 5550;Muster AG\n", 201, NULL, NULL, "f",
          "Content-Type: text/csv"},
         {ADMIN, "POST /api/v1/import/plan", "{'file':'$f'}", 200, "\"heading\":\"Telefon\"|Anna Beispiel|\"separator\":\";\"|\"targets\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/import/plan", "{'file':'$f','entity':'nosuch'}", 422, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/import/plan", "{}", 404, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/import/plan", "{'file':'x'}", 422, "\"field\":\"file\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/import/dry", "{'file':'$f'}", 202, NULL, NULL, "d", NULL},
         {ADMIN, "GET /api/v1/job/$d.job", NULL, 200, "\"state\":\"waiting\"|\"kind\":\"import_dry\"|\"result\":null", NULL, NULL, NULL},
         {MGRA, "GET /api/v1/job/$d.job", NULL, 404, NULL, NULL, NULL, NULL},
         {MGRA, "DELETE /api/v1/job/$d.job", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/job/$d.job", NULL, 204, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/job/$d.job", NULL, 200, "\"state\":\"cancelled\"", NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/job/$d.job", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/import/run", "{'file':'$f'}", 202, NULL, NULL, "r", "Idempotency-Key: imp"},
         {ADMIN, "POST /api/v1/import/run", "{'file':'$f'}", 202, "\"job\":\"$r.job\"", NULL, NULL, "Idempotency-Key: imp"},
         {ADMIN, "GET /api/v1/job/1", NULL, 404, NULL, NULL, NULL, NULL});
}

/* Each parameter that a row names is in the document: one without a line of its own would be left out. */
static void parameters_there(struct cx *cx, str document)
{
    for (size_t i = 0; i < api_routes_n; i++)
        for (str word = {0}, doc = {0}, rest = api_routes[i].doc, shape = str_split(rest, '\n', &doc, &rest) ? rest : S(""); shape.n;) {
            str_split(shape, ' ', &word, &shape);
            if (!str_has_prefix(word, S("?")) || str_eq(word, S("?*"))) continue;
            str want = arena_fmt(cx->a, "{\"name\":\"%.*s\",\"in\":\"query\"", FS(str_cut(word, 1, word.n)));
            T(str_find(document, want) >= 0);
            if (str_find(document, want) < 0) fprintf(stderr, "  %.*s of %.*s\n", FS(word), FS(api_routes[i].path));
        }
}

/* "/api/v1/{entity}/{id}" as an address that its route answers. */
static str filled(struct arena *a, str path)
{
    struct buf b = buf_new(a, 1000);
    str seg = {0};
    bool more = str_split(str_cut(path, 1, path.n), '/', &seg, &path);
    for (;; more = str_split(path, '/', &seg, &path)) {
        bool open = str_has_prefix(seg, S("{"));
        buf_fmt(&b, "/%.*s", FS(!open ? seg : str_eq(seg, S("{entity}")) ? S("person") : str_eq(seg, S("{name}")) || str_eq(seg, S("{system}")) ? S("x_m") : S("1")));
        if (!more) return buf_str(&b);
    }
}

/* What opens a route that takes API keys alone. */
static str bearer_of(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    struct key k = {.user = t->who[ADMIN].id, .name = S("k"), .scopes = S("read write")};
    str token = {0};
    cx.now_ms = clock_ms();
    T_OK(&cx, key_new(&cx, &k, &token));
    return arena_fmt(cx.a, "Authorization: Bearer %.*s", FS(token));
}

/* A parameter that a route does not know is named, whatever the route; those it knows are no such thing. */
static void parameters_known(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    str bearer = bearer_of(t);
    for (size_t i = 0; i < api_routes_n; i++) {
        const struct route *r = &api_routes[i];
        bool open = str_find(r->doc, S("?*")) >= 0, by_key = r->flags & R_BEARER;
        api_enter(t, ADMIN, t->who[ADMIN].id); /* some routes would end his session */
        api_prove(t, ADMIN);
        str req = arena_fmt(cx->a, "%.*s %.*s?", FS(method_name[r->method]), FS(filled(cx->a, r->path)));
        str unknown = arena_fmt(cx->a, "%.*sno%%5Fsuch=1", FS(req));
        struct answer got = api_call(t, cx->a, by_key ? ANON : ADMIN, unknown, S(""), by_key ? bearer : S(""));
        T((got.status == 400 && str_eq(answer_value(cx, &got, S("field")), S("no%5Fsuch"))) != open);
        if ((got.status == 400) == open) fprintf(stderr, "  %.*sno_such=1: %d %.*s\n", FS(req), got.status, FS(got.body));
        for (str word = {0}, doc = {0}, rest = r->doc, shape = str_split(rest, '\n', &doc, &rest) ? rest : S(""); shape.n;) {
            str_split(shape, ' ', &word, &shape);
            if (!str_has_prefix(word, S("?")) || open) continue;
            got = api_call(t, cx->a, ADMIN, arena_fmt(cx->a, "%.*s%.*s=", FS(req), FS(str_cut(word, 1, word.n))), S(""), S(""));
            T(str_find(got.body, S("does not know this parameter")) < 0);
        }
    }
    ROWS(t,
         {ADMIN, "GET /api/v1/person?fiedls=name", NULL, 400, "\"code\":\"bad_request\"|\"field\":\"fiedls\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/person?limit=1&&sort=name&x", NULL, 400, "\"field\":\"x\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/person?%6cimit=1&", NULL, 200, NULL, NULL, NULL, NULL},
         {ANON, "GET /api/v1/person?x=1", NULL, 401, NULL, NULL, NULL, NULL},
         {ANON, "GET /api/v1/sso/1/callback?code=x&state=y&session_state=z&iss=q", NULL, 303, NULL, NULL, NULL, NULL},
         {ANON, "GET /login?sso=state", NULL, 200, NULL, NULL, NULL, NULL});
}

/* A word of a row's shape is one that the document understands; a refusal stands there only when nothing else of the row
 * says it already. */
static void shapes(struct cx *cx)
{
    for (size_t i = 0; i < api_routes_n; i++) {
        str doc = {0}, rest = {0}, word = {0};
        str_split(api_routes[i].doc, '\n', &doc, &rest);
        for (str left = rest; left.n;) {
            str_split(left, ' ', &word, &left);
            bool known = word.n && (strchr("<?+!^", word.p[0]) || (word.p[0] >= '2' && word.p[0] <= '4'));
            T(known);
            if (!known || word.p[0] != '!') continue;
            size_t at = (size_t)(word.p - rest.p);
            struct route without = api_routes[i];
            without.doc = arena_fmt(cx->a, "%.*s\n%.*s%.*s", FS(doc), FS(str_cut(rest, 0, at)), FS(left));
            bool adds = openapi_refusals(&without, S("")) != openapi_refusals(&api_routes[i], S(""));
            T(adds);
            if (!adds) fprintf(stderr, "  %.*s says %.*s twice\n", FS(api_routes[i].path), FS(word));
        }
    }
}

/* What an operation can be refused with: by its flags, its path, its shape, and by whose records it is about. */
static void refusals(struct cx *cx, const struct answer *r)
{
    static const struct {
        const char *at, *want;
    } all[] = {{"/api/v1/person.get.responses.401", "auth"},           {"/api/v1/door.get.responses.401", ""},
               {"/api/v1/door.get.responses.403", ""},                 {"/api/v1/session.post.responses.401", "auth"},
               {"/api/v1/person.post.responses.403", "denied"},        {"/api/v1/user.post.responses.403", "denied.proof"},
               {"/api/v1/user/{id}/share.post.responses.403", "denied.proof"}, {"/api/v1/user.get.responses.403", "denied"},
               {"/api/v1/idp.post.responses.403", "denied.proof"},     {"/api/v1/person.post.responses.409", "conflict"},
               {"/api/v1/person/{id}.patch.responses.412", "precondition"}, {"/api/v1/person/{id}.get.responses.412", ""},
               {"/api/v1/person/{id}.get.responses.404", "not_found"}, {"/api/v1/door.get.responses.404", ""},
               {"/api/v1/person.post.responses.413", "limit"},         {"/api/v1/person.post.responses.415", "media_type"},
               {"/api/v1/person.get.responses.415", ""},               {"/api/v1/person.get.responses.422", "invalid.too_slow"},
               {"/api/v1/person.post.responses.422", "invalid"},       {"/api/v1/person.get.responses.429", "rate"},
               {"/api/v1/person.post.responses.503", "busy.uncertain"}, {"/api/v1/person.get.responses.503", "busy"},
               {"/api/v1/person.post.responses.507", "disk_full"},     {"/api/v1/person.get.responses.default", "unread"},
               {"/api/v1/person.get.responses.4XX", ""}};
    for (size_t i = 0; i < COUNT(all); i++) {
        str got = answer_value(cx, r, arena_fmt(cx->a, "paths.%s.$ref", all[i].at));
        str want = all[i].want[0] ? arena_fmt(cx->a, "#/components/responses/%s", all[i].want) : S("");
        T_STR(got, want);
        if (!str_eq(got, want)) fprintf(stderr, "  %s\n", all[i].at);
    }
}

/* The API document holds own fields and entities, and nothing that its reader may not see or do. */
static void document(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'money','label':'Umsatz'}", 201, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/entity", "{'label':'Maschine'}", 201, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$rolerep", "{'rights':{'person':{'see':'own','change':'own','fields':{'birthday':'hidden','note':'read'}},'company':{'see':'team'}}}", 200, NULL, "role.update", NULL, NULL},
         {ADMIN, "GET /api/v1/openapi.json", NULL, 200,
          "\"openapi\":\"3.1.0\"|\"/api/v1/person/{id}\"|\"/api/v1/export/person\"|\"x_umsatz\"|\"/api/v1/x_maschine\"|\"x_maschinePage\"|\"birthday\"|\"Idempotency-Key\"|\"If-Match\"|\"too_slow\"|\"/api/v1/key\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/openapi.json", NULL, 200, "\"/api/v1/company\"|\"note\"|!\"birthday\"|!\"/api/v1/task\"|!x_maschine|!\"/api/v1/export/person\"", NULL, NULL, NULL});
    const char *dir = getenv("KONTOR_API_RECORD");
    struct cx *cx = &t->b.cx;
    struct answer r = api_call(t, cx->a, ADMIN, S("GET /api/v1/openapi.json"), S(""), S(""));
    if (dir) T_OK(cx, os_write_file_atomic(cx, arena_fmt(cx->a, "%s/openapi.json", dir), r.body, 0644));
    parameters_there(cx, r.body);
    shapes(cx);
    refusals(cx, &r);
    T_STR(answer_value(cx, &r, S("paths./api/v1/person/{id}.get.parameters.2.name")), S("fields"));
}

void describe_tests(void)
{
    static void (*const all[])(struct api_bed *) = {own_fields, own_entities, trades, order_and_promises, other_kinds, twice, gathered, entity_changed, files, exports, import_asked, document, parameters_known};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
