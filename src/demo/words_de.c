/* SPDX-License-Identifier: MIT */
/* demo/words_de.c - a German trading firm. Numbers kept for films by the Bundesnetzagentur come first. */
#include "demo/demo_int.h"

const struct demo_words demo_words_de = {
    .code = "de",
    .country = "DE",
    .order = "%f %l",
    .named = "%w %b",
    .pair = "%a & %b",
    .money = "%m €",
    .male = "Jörg|Jürgen|Günther|Björn|Sönke|Götz|Hans-Jürgen|Karl-Heinz|Thomas|Michael|Andreas|"
            "Stefan|Peter|Wolfgang|Klaus|Frank|"
            "Matthias|Martin|Christian|Markus|Uwe|Ralf|Dirk|Bernd|Jens|Holger|Torsten|Sebastian|"
            "Florian|Lukas|Jonas|Felix|"
            "Maximilian|Tobias|Jan|Tim|Philipp|Daniel|Alexander|Fabian|Moritz|Paul|Leon|Emre|"
            "Mehmet|Luca|Niklas|Henrik|Ulrich|Rüdiger",
    .female = "Käthe|Jördis|Bärbel|Sabine|Petra|Monika|Andrea|Claudia|Susanne|Birgit|Martina|"
              "Gabriele|Heike|Silke|Anja|Katrin|"
              "Stefanie|Nicole|Julia|Anna|Lena|Laura|Sarah|Katharina|Christina|Melanie|Sandra|"
              "Tanja|Ute|Ulrike|Renate|Ingrid|"
              "Hannelore|Elke|Franziska|Johanna|Sophie|Marie|Lea|Emilia|Ayşe|Elif|Miriam|Verena|"
              "Antje|Wiebke|Grit|Doreen|Eva|Ruth",
    .last = "Müller|Schmidt|Schneider|Fischer|Weber|Meyer|Wagner|Becker|Schulz|Hoffmann|Schäfer|"
            "Koch|Bauer|Richter|Klein|Wolf|"
            "Schröder|Neumann|Schwarz|Zimmermann|Braun|Krüger|Hofmann|Hartmann|Lange|Schmitt|"
            "Werner|Krause|Lehmann|Köhler|"
            "Herrmann|König|Walter|Mayer|Huber|Kaiser|Fuchs|Peters|Lang|Scholz|Möller|Weiß|Jung|"
            "Hahn|Schubert|Vogel|Friedrich|"
            "Keller|Günther|Frank|Berger|Winkler|Roth|Beck|Lorenz|Baumann|Franke|Albrecht|Schuster|"
            "Simon|Ludwig|Böhm|Winter|"
            "Kraus|Martin|Schumacher|Krämer|Vogt|Stein|Jäger|Otto|Sommer|Groß|Seidel|Heinrich|"
            "Brandt|Haas|Schreiber|Graf|"
            "Dietrich|Ziegler|Kühn|Kuhn|Pohl|Engel|Horn|Busch|Bergmann|Thomas|Voigt|Sauer|Arnold|"
            "Wolff|Pfeiffer|Grüßner|Yılmaz",
    .brands =
        "Nordlicht|Rheintal|Hansa|Alpina|Westend|Südwerk|Elbblick|Neckar|Sauerland|Havel|Weserland|"
        "Donau|Kiefer|Adler|"
        "Falke|Concordia|Phönix|Merkur|Taunus|Eifel|Spree|Altstadt|Bergisch|Ostsee|Mosel|Harz",
    .trades =
        "Elektro/Elektrogroßhandel/NYM-Kabel 3x1,5/LED-Panels/Sicherungskästen/Steckdosen|"
        "Holz/Holzhandel/Eichendielen/Sperrholz 18 mm/Terrassendielen/Fensterkanteln|"
        "Sanitär/Heizung und Sanitär/Heizkörper/Kupferrohr 15 mm/Gasthermen/Pressfittings|"
        "Feinkost/Lebensmittelgroßhandel/Olivenöl 5 l/Dosentomaten/Basmatireis/Röstkaffee|"
        "Verpackungen/Verpackungen/Faltkartons/Stretchfolie/Europaletten/Klebeband|"
        "Bürobedarf/Bürobedarf/Kopierpapier A4/Toner/Bürostühle/Ordner|"
        "Werkzeuge/Werkzeughandel/Akkuschrauber/Holzschrauben/Trennscheiben/Arbeitshandschuhe|"
        "Autoteile/Fahrzeugteile/Bremsbeläge/Ölfilter/Winterreifen/Starterbatterien|"
        "Bodenbeläge/Bodenbeläge/Teppichfliesen/Vinylplanken/Trittschalldämmung/Sockelleisten|"
        "Textil/Textilien und "
        "Arbeitskleidung/Warnwesten/Baumwollstoff/Sicherheitsschuhe/Poloshirts|"
        "Druck/Druckerei/Broschüren/Etiketten/Messestände/Visitenkarten|"
        "Gastro/Gastronomiebedarf/Kaffeemaschinen/Kühlschränke/Edelstahltische/Gläser|"
        "Garten/Garten- und Landschaftsbau/Gehwegplatten/Gartenhäuser/Mutterboden/Heckenpflanzen|"
        "Stahl/Stahlhandel/Winkelstahl/Stahlblech 2 mm/Baustahlmatten/Quadratrohr 40x40",
    .forms = "%n GmbH/%n Gesellschaft mit beschränkter Haftung|%n GmbH & Co. KG/%n GmbH & Co. "
             "Kommanditgesellschaft|"
             "%n AG/%n Aktiengesellschaft|%n OHG/%n offene Handelsgesellschaft|%n e. K./%n "
             "eingetragener Kaufmann",
    .streets =
        "Hauptstraße|Bahnhofstraße|Gartenstraße|Schillerstraße|Goethestraße|Mühlenweg|Am "
        "Hafen|Lindenallee|Kirchgasse|"
        "Industriestraße|Bergstraße|Ringstraße|Mozartstraße|An der Brücke|Gewerbepark|Königsallee",
    .street_line = "%s %h",
    .mobile_kept = "0171 39200 ##",
    .mobile = "0151 2#######|0160 9#######|0170 2######|0172 3######|0175 4######|0176 2#######",
    .titles =
        "Geschäftsführer/Geschäftsführerin|Einkäufer/Einkäuferin|Leiter Einkauf/Leiterin Einkauf|"
        "Vertriebsleiter/Vertriebsleiterin|Buchhalter/Buchhalterin|Lagerleiter/"
        "Lagerleiterin|Bauleiter/Bauleiterin|"
        "Büroleiter/Büroleiterin|Produktionsleiter/Produktionsleiterin|Projektingenieur/"
        "Projektingenieurin|"
        "Sachbearbeiter/Sachbearbeiterin|Inhaber/Inhaberin|Disponent/Disponentin|Prokurist/"
        "Prokuristin",
    .departments = "Einkauf|Vertrieb|Buchhaltung|Lager|Geschäftsleitung|Produktion|Versand",
    .sources = "Messe|Empfehlung|Webseite|Kaltakquise|Anzeige|Bestandskunde",
    .notes = "Am besten vormittags anrufen.|Zahlt immer innerhalb von 14 Tagen mit Skonto.|Fragt "
             "bei jeder Bestellung nach Rabatt.|"
             "Möchte Lieferscheine per E-Mail.|Freitags nicht anrufen.|Entscheidet gemeinsam mit "
             "dem Inhaber.|Legt Wert auf Förmlichkeit.",
    .groups = "Großkunden|Stammkunden|Neue Kontakte|Lieferanten|Preisliste per "
              "Post|Weihnachtskarten|Messe Köln|Säumige Zahler",
    .tags = "vip|newsletter|handwerk|einzelhandel|großhandel|export|rabatt 5 %|messe|rückruf",
    .branches = "Zentrale|Niederlassung Nord|Niederlassung Süd",
    .teams = "Innendienst|Außendienst|Einkauf|Kundendienst",
    .mailhosts = "post.example|mail.example|briefkasten.example|netz.example",
    .tasks = "%f zurückrufen wegen %p|Angebot über %p an %n senden|Zahlungseingang von %n "
             "prüfen|Besuch bei %n vorbereiten|"
             "%f die neue Preisliste schicken|Entscheidung zu %p bei %f erfragen|Muster abholen: "
             "%p|Reklamation mit %f klären",
    .city = {{"Berlin", "101##", "Berlin", "Europe/Berlin", "030 23125###", "030 4#######"},
             {"Hamburg", "200##", "Hamburg", "Europe/Berlin", "040 66969###", "040 3#######"},
             {"München", "803##", "Bayern", "Europe/Berlin", "089 99998###", "089 5#######"},
             {"Köln", "506##", "Nordrhein-Westfalen", "Europe/Berlin", "0221 4710###",
              "0221 2######"},
             {"Frankfurt am Main", "603##", "Hessen", "Europe/Berlin", "069 90009###",
              "069 2#######"},
             {"Stuttgart", "701##", "Baden-Württemberg", "Europe/Berlin", NULL, "0711 2######"},
             {"Düsseldorf", "402##", "Nordrhein-Westfalen", "Europe/Berlin", NULL, "0211 3######"},
             {"Leipzig", "041##", "Sachsen", "Europe/Berlin", NULL, "0341 2######"},
             {"Dresden", "010##", "Sachsen", "Europe/Berlin", NULL, "0351 4######"},
             {"Hannover", "301##", "Niedersachsen", "Europe/Berlin", NULL, "0511 3######"},
             {"Nürnberg", "904##", "Bayern", "Europe/Berlin", NULL, "0911 2######"},
             {"Bremen", "281##", "Bremen", "Europe/Berlin", NULL, "0421 3######"},
             {"Lübeck", "235##", "Schleswig-Holstein", "Europe/Berlin", NULL, "0451 7######"},
             {"Würzburg", "970##", "Bayern", "Europe/Berlin", NULL, "0931 3######"}},
    .thread = {
        {"Angebot %d: %p",
         "%f anrufen und nachfragen, ob das Angebot passt; bei der Menge sind 3 % Nachlass "
         "möglich.",
         {{'c', 0,
           "%f fragt nach einem Preis für %q Stück %p, Lieferung frei Baustelle, Bedarf in drei "
           "Wochen."},
          {'l', 2, "Angebot %d verschickt: %q Stück %p, %m netto. Gültig 30 Tage."},
          {'c', 8,
           "%f hat das Angebot und vergleicht mit zwei anderen. Preis in Ordnung, fragt nach dem "
           "Liefertermin."},
          {'m', 9,
           "Termin mit %f bei %n. Lieferung in zwei Teilen vereinbart, Bestellnummer kommt per "
           "Mail."},
          {'l', 5, "Auftrag schriftlich bestätigt, %m netto. Dank ausgesprochen."}}},
        {"Reklamation: %p",
         "Bei %f nachfragen, ob der Ersatz angekommen ist.",
         {{'c', 0,
           "%f ist verärgert: Von %q Stück %p kam ein ganzer Karton beschädigt an. Fotos liegen "
           "vor."},
          {'n', 1, "Lager hat geprüft: richtig verpackt, Schaden durch die Spedition. Vorgang %d."},
          {'l', 2, "Entschuldigung und Gutschrift %d über %m verschickt, Ersatz geht morgen raus."},
          {'c', 6, "Ersatz ist da, %f ist zufrieden und dankt für die schnelle Hilfe."}}},
        {"Anruf: Lieferung %p",
         "%f den neuen Liefertermin noch am Vormittag durchgeben.",
         {{'c', 0, "%f möchte wissen, wo die Lieferung bleibt (%p). Rückruf zugesagt."},
          {'c', 1,
           "Zurückgerufen: Der Lkw kommt Donnerstag zwischen 8 und 11 Uhr. Stapler ist vor Ort."},
          {'n', 4, "Vollständig geliefert, Lieferschein %d unterschrieben."}}},
        {"Zahlungserinnerung %d",
         "Wenn bis Freitag kein Geld da ist: zweite Mahnung, keine Lieferung mehr auf Rechnung.",
         {{'l', 0, "Erste Erinnerung zu Rechnung %d über %m, seit drei Wochen fällig."},
          {'c', 7, "%f sagt, die Rechnung lag in der Buchhaltung; wird diese Woche bezahlt."},
          {'n', 6, "%m eingegangen, erledigt."}}},
        {"Besuch bei %n",
         "Muster und die neue Preisliste mitnehmen: %p.",
         {{'c', 0, "Besuch mit %f vereinbart; Interesse am neuen Sortiment."},
          {'m', 9,
           "Besuch bei %f: Betrieb gezeigt bekommen. Verbraucht %q Stück %p im Monat, kauft bisher "
           "beim Wettbewerber."},
          {'l', 3, "Protokoll und Preisliste geschickt, Muster liegen bei: %p."},
          {'c', 12, "%f probiert die Muster nächste Woche aus. Entscheidung bis Quartalsende."}}},
        {"Neue Preisliste",
         "%f die Änderung bei %p persönlich erklären.",
         {{'l', 0, "Neue Preisliste verschickt, %p wird ab nächstem Monat 4 % teurer."},
          {'c', 5,
           "%f bittet um den alten Preis für Bestellungen in diesem Monat. Bis %q Stück "
           "zugesagt."}}},
        {"Jahresgespräch",
         "Umsatzzahlen und Reklamationen des Vorjahres vorbereiten.",
         {{'m', 0,
           "Jahresgespräch mit %f: Umsatz %m, über Vorjahr. Wünscht Festpreis bis Dezember für "
           "%p."},
          {'l', 6, "Rahmenvertrag %d zur Unterschrift geschickt."},
          {'n', 10, "Vertrag %d unterschrieben zurück."}}}}};
