/* SPDX-License-Identifier: MIT */
/* api/roles.c - the roles that an installation begins with; whoever manages users changes them as he likes.
 *
 * Colleagues, teams and roles are seen by all (acl.h). What a role does not name it does not allow. */
#include "api/api.h"

#define KEEP(reach) \
    "\"see\":\"" reach "\",\"create\":\"" reach "\",\"change\":\"" reach "\",\"delete\":\"" reach "\""
#define WHOLE KEEP("all") ",\"export\":\"all\",\"import\":\"all\",\"mass\":\"all\""
#define MINE "{\"see\":\"all\",\"create\":\"all\",\"change\":\"own\"}"
#define HIS "{\"see\":\"own\",\"create\":\"own\",\"change\":\"own\"}"
#define WRITE "{\"see\":\"all\",\"create\":\"all\",\"change\":\"all\"}"
#define LOOK "{\"see\":\"all\"}"
#define LISTS "\"group\":" LOOK ",\"tag\":" LOOK
#define OWN_TASKS "\"task\":{" KEEP("own") "}"

const struct shipped_role shipped_role[SHIPPED_ROLES] = {
    {{S0("Administrator"), S0("Administrator"), S0("Administratorius"), S0("Администратор")},
     S0("{\"*\":{" WHOLE "},\"sys\":[\"settings\",\"users\",\"log\",\"backup\",\"privacy\"]}")},
    {{S0("Small office: everyone everything"), S0("Kleines Büro: alle dürfen alles"),
      S0("Mažas biuras: visiems viskas"), S0("Малый офис: всем всё")},
     S0("{\"*\":{" WHOLE "}}")},
    {{S0("Head of sales"), S0("Vertriebsleitung"), S0("Pardavimų vadovas"), S0("Руководитель продаж")},
     S0("{\"*\":{" KEEP("branch") ",\"export\":\"branch\",\"import\":\"branch\",\"mass\":\"branch\"},"
        "\"group\":" WRITE ",\"tag\":" WRITE ",\"sys\":[\"log\"]}")},
    {{S0("Seller"), S0("Verkauf"), S0("Pardavėjas"), S0("Продавец")},
     S0("{\"*\":{" KEEP("own") "},\"tag\":" LOOK ","
        "\"group\":{\"see\":\"all\",\"create\":\"none\",\"change\":\"none\",\"delete\":\"none\"}}")},
    /* takes calls: knows all, takes nothing away */
    {{S0("Operator"), S0("Telefonzentrale"), S0("Operatorius"), S0("Оператор")},
     S0("{\"*\":" LOOK ",\"person\":" WRITE ",\"company\":" WRITE ",\"interaction\":" MINE ",\"task\":" MINE "}")},
    /* whom to deliver to */
    {{S0("Warehouse"), S0("Lager"), S0("Sandėlis"), S0("Склад")},
     S0("{\"company\":" LOOK "," LISTS "," OWN_TASKS ","
        "\"person\":{\"see\":\"all\",\"fields\":{\"birthday\":\"hidden\",\"note\":\"hidden\"}}}")},
    {{S0("Finance"), S0("Buchhaltung"), S0("Buhalterija"), S0("Бухгалтерия")},
     S0("{\"*\":{\"see\":\"all\",\"export\":\"all\"},\"company\":{\"change\":\"all\"},"
        "\"bank_account\":{" KEEP("all") "}," OWN_TASKS ",\"person\":{\"fields\":{\"birthday\":\"hidden\"}}}")},
    /* hears the complaint, tells what becomes of it */
    {{S0("Claims"), S0("Reklamationen"), S0("Pretenzijos"), S0("Рекламации")},
     S0("{\"*\":" LOOK ",\"interaction\":" WRITE ",\"task\":" WRITE ",\"person\":{\"change\":\"all\"}}")},
    /* whom to write to: groups and tags, not the talks */
    {{S0("Content"), S0("Marketing"), S0("Rinkodara"), S0("Маркетинг")},
     S0("{\"person\":{\"see\":\"all\",\"change\":\"all\",\"export\":\"all\",\"fields\":{\"birthday\":\"read\"}},"
        "\"company\":" LOOK ",\"consent\":" LOOK ",\"group\":{" WHOLE "},\"tag\":{" WHOLE "}," OWN_TASKS "}")},
    /* from outside: what is his, and nothing to carry away */
    {{S0("Dealer"), S0("Händler"), S0("Prekybos atstovas"), S0("Дилер")},
     S0("{\"person\":" HIS ",\"company\":" HIS ",\"interaction\":{\"see\":\"own\",\"create\":\"own\"},"
        "\"group\":" LOOK "," OWN_TASKS "}")},
};
