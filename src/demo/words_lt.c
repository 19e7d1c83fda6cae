/* SPDX-License-Identifier: MIT */
/* demo/words_lt.c - a Lithuanian trading firm. No numbers are kept for examples here. */
#include "demo/demo_int.h"

const struct demo_words demo_words_lt = {
    .code = "lt",
    .country = "LT",
    .order = "%f %l",
    .named = "%b %w",
    .pair = "%a ir %b",
    .money = "%m €",
    .male =
        "Jonas|Petras|Antanas|Juozas|Kazys|Vytautas|Algirdas|Gediminas|Mindaugas|Tomas|Andrius|"
        "Darius|Saulius|Rimantas|Arvydas|"
        "Kęstutis|Žygimantas|Šarūnas|Giedrius|Mantas|Lukas|Paulius|Martynas|Justinas|Karolis|Rokas|"
        "Dominykas|Nerijus|Audrius|"
        "Egidijus|Remigijus|Ramūnas|Valdas|Vidmantas|Edvardas|Stasys|Povilas|Jokūbas|Matas|Ąžuolas",
    .female = "Ona|Marija|Janina|Irena|Danutė|Birutė|Rasa|Daiva|Jūratė|Rūta|Eglė|Aušra|Lina|Vilma|"
              "Jolanta|Ingrida|Kristina|Inga|"
              "Asta|Giedrė|Živilė|Gintarė|Ieva|Austėja|Gabija|Viktorija|Agnė|Laura|Simona|Monika|"
              "Justina|Neringa|Nijolė|Regina|"
              "Aldona|Žaneta|Edita|Sandra|Ugnė|Emilija",
    .last =
        "Kazlauskas/Kazlauskienė/Kazlauskaitė|Petrauskas/Petrauskienė/Petrauskaitė|Jankauskas/"
        "Jankauskienė/Jankauskaitė|"
        "Stankevičius/Stankevičienė/Stankevičiūtė|Vasiliauskas/Vasiliauskienė/"
        "Vasiliauskaitė|Žukauskas/Žukauskienė/Žukauskaitė|"
        "Butkus/Butkienė/Butkutė|Paulauskas/Paulauskienė/Paulauskaitė|Urbonas/Urbonienė/Urbonaitė|"
        "Kavaliauskas/Kavaliauskienė/Kavaliauskaitė|Navickas/Navickienė/Navickaitė|Ramanauskas/"
        "Ramanauskienė/Ramanauskaitė|"
        "Savickas/Savickienė/Savickaitė|Pocius/Pocienė/Pociūtė|Rimkus/Rimkienė/Rimkutė|Šimkus/"
        "Šimkienė/Šimkutė|"
        "Žilinskas/Žilinskienė/Žilinskaitė|Balčiūnas/Balčiūnienė/Balčiūnaitė|Mažeika/Mažeikienė/"
        "Mažeikaitė|"
        "Sakalauskas/Sakalauskienė/Sakalauskaitė|Bagdonas/Bagdonienė/Bagdonaitė|Adomaitis/"
        "Adomaitienė/Adomaitytė|"
        "Gudaitis/Gudaitienė/Gudaitytė|Baranauskas/Baranauskienė/Baranauskaitė|Norkus/Norkienė/"
        "Norkutė|"
        "Petraitis/Petraitienė/Petraitytė|Jonaitis/Jonaitienė/Jonaitytė|Černiauskas/Černiauskienė/"
        "Černiauskaitė|"
        "Vaitkus/Vaitkienė/Vaitkutė|Mockus/Mockienė/Mockutė|Dambrauskas/Dambrauskienė/"
        "Dambrauskaitė|"
        "Barkauskas/Barkauskienė/Barkauskaitė|Šeškus/Šeškienė/Šeškutė|Žemaitis/Žemaitienė/"
        "Žemaitytė|"
        "Grigas/Grigienė/Grigaitė|Tamošiūnas/Tamošiūnienė/Tamošiūnaitė|Lukošius/Lukošienė/"
        "Lukošiūtė|"
        "Jurgaitis/Jurgaitienė/Jurgaitytė|Malinauskas/Malinauskienė/Malinauskaitė|Bružas/Bružienė/"
        "Bružaitė|"
        "Kučinskas/Kučinskienė/Kučinskaitė|Čepaitis/Čepaitienė/Čepaitytė|Gelžinis/Gelžinienė/"
        "Gelžinytė|"
        "Stonkus/Stonkienė/Stonkutė|Venckus/Venckienė/Venckutė|Zabiela/Zabielienė/"
        "Zabielaitė|Ąžuolis/Ąžuolienė/Ąžuolytė|"
        "Banys/Banienė/Banytė|Domarkas/Domarkienė/Domarkaitė|Raudys/Raudienė/Raudytė",
    .brands = "Baltijos|Nemuno|Žemaitijos|Aukštaitijos|Dzūkijos|Vilnios|Gintaro|Šiaurės|Pajūrio|"
              "Senamiesčio|Neries|Ąžuolo|Saulės|"
              "Perkūno|Sostinės|Uosto|Merkio|Dubysos|Šventosios|Rambyno|Kopų|Vėtros|Vyčio|Beržo",
    .trades =
        "mediena/Medienos prekyba/ąžuolinės lentos/fanera 18 mm/terasinės lentos/langų ruošiniai|"
        "elektra/Elektros prekių didmena/kabelis 3x1,5/LED šviestuvai/skirstomieji "
        "skydai/kištukiniai lizdai|"
        "santechnika/Šildymas ir santechnika/radiatoriai/variniai vamzdžiai 15 mm/dujiniai "
        "katilai/presuojamos jungtys|"
        "maistas/Maisto didmena/alyvuogių aliejus 5 l/konservuoti pomidorai/basmati ryžiai/malta "
        "kava|"
        "pakuotės/Pakuotės/kartoninės dėžės/pakavimo plėvelė/padėklai/lipni juosta|"
        "biuras/Biuro prekės/popierius A4/spausdintuvų dažai/biuro kėdės/segtuvai|"
        "įrankiai/Įrankiai/akumuliatoriniai suktuvai/medsraigčiai/pjovimo diskai/darbo pirštinės|"
        "autodalys/Automobilių dalys/stabdžių kaladėlės/alyvos filtrai/žieminės "
        "padangos/akumuliatoriai|"
        "grindys/Grindų dangos/kiliminės plytelės/vinilinės lentelės/paklotas/grindjuostės|"
        "tekstilė/Tekstilė ir darbo drabužiai/signalinės liemenės/medvilninis audinys/apsauginiai "
        "batai/polo marškinėliai|"
        "spauda/Spaustuvė/brošiūros/etiketės/parodų stendai/vizitinės kortelės|"
        "langai/Langai ir durys/plastikiniai langai/vidaus durys/palangės/žaliuzės|"
        "metalas/Metalo prekyba/kampuočiai/plieno lakštai 2 mm/armatūros tinklai/vamzdžiai 40x40",
    .forms = "UAB „%n“/Uždaroji akcinė bendrovė „%n“|UAB „%n“/Uždaroji akcinė bendrovė „%n“|MB "
             "„%n“/Mažoji bendrija „%n“|"
             "AB „%n“/Akcinė bendrovė „%n“|IĮ „%n“/Individuali įmonė „%n“",
    .streets = "Gedimino pr.|Laisvės al.|Vilniaus g.|Kauno g.|Taikos pr.|Savanorių pr.|Žalgirio "
               "g.|Liepų g.|Mokyklos g.|Pramonės g.|"
               "Ukmergės g.|Basanavičiaus g.|Tilžės g.|Birutės g.|Uosto g.",
    .street_line = "%s %h",
    .mobile = "8 612 #####|8 655 #####|8 698 #####|8 687 #####|8 620 #####|8 671 #####|8 640 "
              "#####|8 683 #####|8 616 #####|8 699 #####|8 650 #####|8 676 #####",
    .titles = "Direktorius/Direktorė|Pirkimų vadybininkas/Pirkimų vadybininkė|Pardavimų "
              "vadovas/Pardavimų vadovė|"
              "Vadybininkas/Vadybininkė|Buhalteris/Buhalterė|Sandėlio vedėjas/Sandėlio "
              "vedėja|Statybos vadovas/Statybos vadovė|"
              "Administratorius/Administratorė|Gamybos vadovas/Gamybos vadovė|Projektų "
              "vadovas/Projektų vadovė|"
              "Savininkas/Savininkė|Logistas/Logistė",
    .departments = "Pirkimai|Pardavimai|Buhalterija|Sandėlis|Administracija|Gamyba|Logistika",
    .sources = "Paroda|Rekomendacija|Svetainė|Skambutis|Reklama|Esamas klientas",
    .notes = "Geriausia skambinti iki pietų.|Visada sumoka per 14 dienų.|Prie kiekvieno užsakymo "
             "prašo nuolaidos.|"
             "Važtaraščius pageidauja gauti el. paštu.|Penktadieniais neskambinti.|Sprendžia kartu "
             "su savininku.",
    .groups = "Pagrindiniai klientai|Nuolatiniai klientai|Nauji kontaktai|Tiekėjai|Kainoraštis "
              "paštu|Kalėdiniai sveikinimai|Paroda Litexpo|Vėluoja mokėti",
    .tags =
        "vip|naujienlaiškis|statybos|mažmena|didmena|eksportas|nuolaida 5 %|paroda|perskambinti",
    .branches = "Centrinė būstinė|Kauno filialas|Klaipėdos filialas",
    .teams = "Pardavimai|Regiono vadybininkai|Pirkimai|Aptarnavimas",
    .mailhosts = "pastas.example|mail.example|laiskai.example|tinklas.example",
    .tasks = "Perskambinti: %f (%p)|Išsiųsti pasiūlymą: %p, %n|Patikrinti mokėjimą: %n|Pasiruošti "
             "vizitui: %n|"
             "Išsiųsti naują kainoraštį: %f|Sužinoti sprendimą: %f, %p|Paruošti pavyzdžius: "
             "%p|Išspręsti pretenziją: %f",
    .city = {{"Vilnius", "LT-01###", "Vilniaus apskr.", "Europe/Vilnius", NULL, "8 5 2######"},
             {"Kaunas", "LT-44###", "Kauno apskr.", "Europe/Vilnius", NULL, "8 37 3#####"},
             {"Klaipėda", "LT-91###", "Klaipėdos apskr.", "Europe/Vilnius", NULL, "8 46 3#####"},
             {"Šiauliai", "LT-76###", "Šiaulių apskr.", "Europe/Vilnius", NULL, "8 41 5#####"},
             {"Panevėžys", "LT-35###", "Panevėžio apskr.", "Europe/Vilnius", NULL, "8 45 5#####"},
             {"Alytus", "LT-62###", "Alytaus apskr.", "Europe/Vilnius", NULL, "8 315 5####"},
             {"Marijampolė", "LT-68###", "Marijampolės apskr.", "Europe/Vilnius", NULL,
              "8 343 5####"},
             {"Mažeikiai", "LT-89###", "Telšių apskr.", "Europe/Vilnius", NULL, "8 443 2####"},
             {"Utena", "LT-28###", "Utenos apskr.", "Europe/Vilnius", NULL, "8 389 6####"},
             {"Jonava", "LT-55###", "Kauno apskr.", "Europe/Vilnius", NULL, "8 349 5####"},
             {"Telšiai", "LT-87###", "Telšių apskr.", "Europe/Vilnius", NULL, "8 444 5####"},
             {"Tauragė", "LT-72###", "Tauragės apskr.", "Europe/Vilnius", NULL, "8 446 6####"}},
    .thread = {
        {"Pasiūlymas %d: %p",
         "Paskambinti (%f) ir paklausti, ar pasiūlymas tinka; perkant daugiau galima 3 % nuolaida.",
         {{'c', 0, "%f prašo kainos: %p, %q vnt., pristatyti į objektą per tris savaites."},
          {'l', 2, "Išsiųstas pasiūlymas %d: %p, %q vnt., %m be PVM. Galioja 30 dienų."},
          {'c', 8,
           "Pasiūlymą gavo (%f), lygina su dviem kitais. Kaina tinka, klausia dėl pristatymo "
           "datos."},
          {'m', 9,
           "Susitikimas: %f, %n. Sutarta pristatyti dviem dalimis, užsakymo numeris bus el. "
           "paštu."},
          {'l', 5, "Užsakymas patvirtintas raštu, %m be PVM. Padėkota."}}},
        {"Pretenzija: %p",
         "Paklausti (%f), ar gavo pakeistas prekes.",
         {{'c', 0,
           "%f skundžiasi: iš %q vnt. (%p) visa dėžė atvyko apgadinta. Nuotraukos atsiųstos."},
          {'n', 1, "Sandėlis patikrino: supakuota tinkamai, apgadino vežėjas. Bylos numeris %d."},
          {'l', 2,
           "Išsiųstas atsiprašymas ir kreditinė sąskaita %d, %m; naujos prekės išvyksta rytoj."},
          {'c', 6, "Prekės gautos, klientas patenkintas ir dėkoja už greitą pagalbą."}}},
        {"Skambutis dėl pristatymo: %p",
         "Iki pietų pranešti naują pristatymo datą (%f).",
         {{'c', 0, "%f teiraujasi, kur užsakymas (%p). Pažadėta perskambinti."},
          {'c', 1,
           "Perskambinta: vilkikas bus ketvirtadienį nuo 8 iki 11 val. Krautuvas vietoje yra."},
          {'n', 4, "Pristatyta viskas, važtaraštis %d pasirašytas."}}},
        {"Priminimas apmokėti %d",
         "Jei iki penktadienio pinigų nebus: antras priminimas, daugiau neduoti į skolą.",
         {{'l', 0, "Pirmas priminimas dėl sąskaitos %d, %m, vėluoja tris savaites."},
          {'c', 7, "%f sako, kad sąskaita buvo buhalterijoje; sumokės šią savaitę."},
          {'n', 6, "Gauta %m, klausimas uždarytas."}}},
        {"Vizitas: %n",
         "Pasiimti pavyzdžius (%p) ir naują kainoraštį.",
         {{'c', 0, "Sutartas vizitas (%f); domina naujas asortimentas."},
          {'m', 9,
           "Vizitas: %f aprodė įmonę. Per mėnesį sunaudoja %q vnt. (%p), kol kas perka iš "
           "konkurento."},
          {'l', 3, "Išsiųstas protokolas, kainoraštis ir pavyzdžiai: %p."},
          {'c', 12, "Kitą savaitę išbandys pavyzdžius. Sprendimas iki ketvirčio pabaigos."}}},
        {"Naujas kainoraštis",
         "Asmeniškai paaiškinti pokyčius (%f): %p.",
         {{'l', 0, "Išsiųstas naujas kainoraštis; nuo kito mėnesio brangsta 4 %: %p."},
          {'c', 5, "%f prašo senos kainos šio mėnesio užsakymams. Pažadėta iki %q vnt."}}},
        {"Metinis pokalbis",
         "Paruošti apyvartos skaičius ir praėjusių metų pretenzijas.",
         {{'m', 0,
           "Metinis pokalbis (%f): apyvarta %m, daugiau nei pernai. Pageidauja fiksuotos kainos "
           "iki gruodžio: %p."},
          {'l', 6, "Sutartis %d išsiųsta pasirašyti."},
          {'n', 10, "Sutartis %d grįžo pasirašyta."}}}}};
