/* SPDX-License-Identifier: MIT */
/* xfer/words.c - reasons in the user's language. The English text is the key; one without a row here is
 * shown as it is. */
#include "xfer/import_int.h"

static const str words[][LANG_MAX] = {
    {S0("Row"), S0("Zeile"), S0("Eilutė"), S0("Строка")},
    {S0("Fate"), S0("Ergebnis"), S0("Rezultatas"), S0("Итог")},
    {S0("Title"), S0("Name"), S0("Pavadinimas"), S0("Название")},
    {S0("Reason"), S0("Grund"), S0("Priežastis"), S0("Причина")},
    {S0("Cell"), S0("Zelle"), S0("Langelis"), S0("Ячейка")},
    {S0("new"), S0("neu"), S0("nauja"), S0("новая")},
    {S0("joined"), S0("zusammengeführt"), S0("sujungta"), S0("объединена")},
    {S0("changed"), S0("geändert"), S0("pakeista"), S0("изменена")},
    {S0("refused"), S0("abgelehnt"), S0("atmesta"), S0("отклонена")},
    {S0("empty"), S0("leer"), S0("tuščia"), S0("пустая")},
    {S0("A formula: set aside, not computed"), S0("Eine Formel: nicht übernommen, nicht ausgeführt"),
     S0("Formulė: nevykdyta ir neperimta"), S0("Формула: не выполнялась и не взята")},
    {S0("An error value of the workbook"), S0("Ein Fehlerwert der Tabelle"), S0("Lentelės klaidos reikšmė"), S0("Ошибка в ячейке таблицы")},
    {S0("No such date"), S0("Dieses Datum gibt es nicht"), S0("Tokios datos nėra"), S0("Такой даты нет")},
    {S0("Not a number"), S0("Keine Zahl"), S0("Ne skaičius"), S0("Не число")},
    {S0("Does not fit the field"), S0("Passt nicht in das Feld"), S0("Netinka laukui"), S0("Не подходит к полю")},
    {S0("A rounded number: its last digits are lost"), S0("Eine gerundete Nummer: die letzten Ziffern fehlen"),
     S0("Suapvalintas numeris: paskutiniai skaitmenys prarasti"), S0("Округлённый номер: последние цифры потеряны")},
    {S0("Not a telephone number"), S0("Keine Telefonnummer"), S0("Ne telefono numeris"), S0("Не номер телефона")},
    {S0("No such number; kept as typed"), S0("Diese Nummer gibt es nicht; wie geschrieben behalten"),
     S0("Tokio numerio nėra; palikta kaip įrašyta"), S0("Такого номера нет; оставлен как написан")},
    {S0("Too many columns of telephone numbers"), S0("Zu viele Spalten mit Telefonnummern"),
     S0("Per daug telefonų stulpelių"), S0("Слишком много столбцов с телефонами")},
    {S0("Not a mail address"), S0("Keine Mailadresse"), S0("Ne el. pašto adresas"), S0("Не адрес эл. почты")},
    {S0("Not a tax number"), S0("Keine Steuernummer"), S0("Ne mokesčių mokėtojo kodas"), S0("Не ИНН")},
    {S0("A total of the other rows"), S0("Summe der anderen Zeilen"), S0("Kitų eilučių suma"), S0("Итог других строк")},
    {S0("Nothing usable is left in this row"), S0("In dieser Zeile bleibt nichts Brauchbares"),
     S0("Eilutėje neliko nieko tinkamo"), S0("В строке не осталось ничего пригодного")},
    {S0("Neither a person nor a firm"), S0("Weder Person noch Firma"), S0("Nei asmens, nei įmonės"), S0("Нет ни человека, ни организации")},
    {S0("The same number and mail as an earlier row; please check the name"),
     S0("Gleiche Nummer und Mail wie eine frühere Zeile; bitte den Namen prüfen"),
     S0("Tas pats numeris ir paštas kaip ankstesnėje eilutėje; patikrinkite vardą"),
     S0("Тот же номер и почта, что в строке выше; проверьте имя")},
    {S0("Joined with an earlier row"), S0("Mit einer früheren Zeile zusammengeführt"), S0("Sujungta su ankstesne eilute"),
     S0("Объединена со строкой выше")},
    {S0("Already in the base"), S0("Schon im Bestand"), S0("Jau yra bazėje"), S0("Уже есть в базе")},
};

str word_for(str lang, str english)
{
    enum lang l = lang_of(lang);
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_eq(words[i][LANG_EN], english)) return words[i][l];
    return english;
}
