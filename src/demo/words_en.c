/* SPDX-License-Identifier: MIT */
/* demo/words_en.c - a British trading firm. Numbers at desks: the ranges that Ofcom keeps for drama come first. */
#include "demo/demo_int.h"

const struct demo_words demo_words_en = {
    .code = "en",
    .country = "GB",
    .order = "%f %l",
    .named = "%b %w",
    .pair = "%a & %b",
    .money = "£%m",
    .male = "James|Oliver|Harry|George|Jack|Thomas|William|Daniel|Samuel|Edward|Henry|Arthur|"
            "Robert|Michael|David|Peter|Andrew|"
            "Simon|Stephen|Mark|Paul|Alan|Colin|Graham|Keith|Neil|Ian|Martin|Adam|Luke|Matthew|"
            "Nathan|Owen|Rhys|Callum|Ewan|"
            "Hamish|Patrick|Sean|Declan|Amir|Imran|Raj|Sanjay|Kofi|Tariq|Leon|Marcus|Felix|Toby",
    .female = "Emma|Olivia|Amelia|Charlotte|Emily|Sophie|Grace|Lucy|Hannah|Alice|Jessica|Rebecca|"
              "Sarah|Laura|Helen|Karen|Julie|"
              "Susan|Margaret|Elizabeth|Catherine|Victoria|Rachel|Claire|Nicola|Fiona|Eleanor|"
              "Beatrice|Harriet|Rosie|Megan|Bethan|"
              "Isla|Eilidh|Niamh|Aoife|Priya|Anita|Fatima|Aisha|Zara|Leila|Abigail|Jane|Ruth|Diane|"
              "Wendy|Heather|Alison|Joanne",
    .last = "Smith|Jones|Taylor|Brown|Williams|Wilson|Johnson|Davies|Robinson|Wright|Thompson|"
            "Evans|Walker|White|Roberts|Green|"
            "Hall|Wood|Jackson|Clarke|Hughes|Edwards|Turner|Hill|Moore|Cooper|Ward|Morris|King|"
            "Watson|Harrison|Baker|Morgan|"
            "Patel|Young|Allen|Mitchell|Phillips|Lee|Bell|Parker|Bennett|Cook|Shaw|Richardson|"
            "Carter|Collins|Marshall|Bailey|"
            "Gray|Cox|Adams|Wilkinson|Foster|Chapman|Mason|Russell|Powell|Webb|Rogers|Hunt|Mills|"
            "Holmes|Palmer|Matthews|Gibson|"
            "Fisher|Barnes|Knight|Lloyd|Butler|Stone|Fletcher|Murray|Fraser|MacDonald|Campbell|"
            "Stewart|O'Brien|Murphy|Kelly|"
            "Khan|Ahmed|Singh|Kaur|Begum|Osborne|Pritchard|Whitfield|Ashworth|Thornton|Hargreaves|"
            "Eastwood|Lockwood|Sutcliffe",
    .brands = "Northgate|Riverside|Albion|Kingsway|Harbour|Beacon|Oakfield|Westbrook|Summit|"
              "Pennine|Cotswold|Severn|Trident|"
              "Castle|Orchard|Mercia|Lakeland|Highfield|Bridgewater|Crown|Anchor|Sterling|Meridian|"
              "Falcon|Redwood|Silverdale",
    .trades =
        "Timber/Timber and joinery/oak boards/plywood sheets 18 mm/decking/window frames|"
        "Electrical/Electrical wholesale/NYM cable 3x1.5/LED panels/distribution boards/socket "
        "outlets|"
        "Plumbing Supplies/Heating and plumbing/radiators/copper pipe 15 mm/gas boilers/press "
        "fittings|"
        "Foods/Food wholesale/olive oil 5 l/tinned tomatoes/basmati rice/ground coffee|"
        "Packaging/Packaging/cardboard boxes/stretch film/pallets/adhesive tape|"
        "Office Supplies/Office supplies/copier paper A4/toner/desk chairs/ring binders|"
        "Tools/Tools and fixings/cordless drills/wood screws/cutting discs/work gloves|"
        "Motor Parts/Vehicle parts/brake pads/oil filters/winter tyres/batteries|"
        "Flooring/Flooring/carpet tiles/vinyl planks/underlay/skirting boards|"
        "Textiles/Textiles and workwear/hi-vis jackets/cotton fabric/safety boots/polo shirts|"
        "Print/Printing/brochures/labels/exhibition stands/business cards|"
        "Catering Equipment/Catering equipment/coffee machines/fridges/steel worktops/glassware|"
        "Garden/Garden and landscape/paving slabs/garden sheds/topsoil/hedge plants|"
        "Steel/Metal trade/angle bars/steel sheet 2 mm/welded mesh/tube 40x40",
    .forms = "%n Ltd/%n Limited|%n Ltd/%n Limited|%n LLP/%n Limited Liability Partnership|%n "
             "plc/%n Public Limited Company",
    .streets = "High Street|Station Road|Church Lane|Victoria Road|Mill Lane|London Road|Park "
               "Avenue|Queen Street|Albert Street|"
               "The Crescent|Bridge Street|Manor Road|Springfield Way|Canal Wharf|Foundry "
               "Lane|Market Place",
    .street_line = "%h %s",
    .mobile = "07400 ######|07712 ######|07801 ######|07952 ######|07523 ######",
    .titles = "Managing Director|Buyer|Head of Purchasing|Sales Manager|Accounts Manager|Warehouse "
              "Manager|Site Manager|"
              "Office Manager|Production Manager|Project Engineer|Receptionist|Owner|Logistics "
              "Coordinator|IT Manager",
    .departments = "Purchasing|Sales|Accounts|Warehouse|Management|Production|Logistics",
    .sources = "Trade fair|Recommendation|Website|Cold call|Advertisement|Existing customer",
    .notes = "Prefers to be called in the morning.|Pays within 14 days, always on time.|Asks for a "
             "discount on every order.|"
             "Wants delivery notes by e-mail.|Drinks tea, never coffee.|Do not call on "
             "Fridays.|Decides together with the owner.",
    .groups = "Key accounts|Regular customers|New contacts|Suppliers|Price list by mail|Christmas "
              "cards|Trade fair Birmingham|Slow payers",
    .tags = "vip|newsletter|builder|retail|wholesale|export|discount 5%|trade fair|call back",
    .branches = "Head office|North|South West",
    .teams = "Inside sales|Field sales|Purchasing|Service",
    .mailhosts = "mail.example|post.example|inbox.example|letters.example",
    .tasks = "Call %f back about %p|Send the offer for %p to %n|Check the payment from %n|Prepare "
             "the visit to %n|"
             "Send the new price list to %f|Ask %f for a decision on %p|Collect the samples of "
             "%p|Clear the complaint with %f",
    .city = {{"London", "SE1 #AA", "Greater London", "Europe/London", "020 7946 0###",
              "020 7### ####"},
             {"Leeds", "LS1 #AB", "West Yorkshire", "Europe/London", "0113 496 0###",
              "0113 2## ####"},
             {"Sheffield", "S1 #GD", "South Yorkshire", "Europe/London", "0114 496 0###",
              "0114 2## ####"},
             {"Nottingham", "NG1 #FB", "Nottinghamshire", "Europe/London", NULL, "0115 9## ####"},
             {"Leicester", "LE1 #PD", "Leicestershire", "Europe/London", "0116 496 0###",
              "0116 2## ####"},
             {"Bristol", "BS1 #TR", "Bristol", "Europe/London", "0117 496 0###", "0117 9## ####"},
             {"Reading", "RG1 #AG", "Berkshire", "Europe/London", "0118 496 0###", "0118 9## ####"},
             {"Birmingham", "B2 #QA", "West Midlands", "Europe/London", "0121 496 0###",
              "0121 6## ####"},
             {"Edinburgh", "EH1 #BQ", "Scotland", "Europe/London", "0131 496 0###",
              "0131 5## ####"},
             {"Glasgow", "G2 #DL", "Scotland", "Europe/London", "0141 496 0###", "0141 3## ####"},
             {"Liverpool", "L1 #JQ", "Merseyside", "Europe/London", "0151 496 0###",
              "0151 7## ####"},
             {"Manchester", "M1 #AE", "Greater Manchester", "Europe/London", "0161 496 0###",
              "0161 8## ####"},
             {"Newcastle", "NE1 #EE", "Tyne and Wear", "Europe/London", "0191 498 0###",
              "0191 2## ####"},
             {"Cardiff", "CF10 #AT", "Wales", "Europe/London", "029 2018 0###", "029 20## ####"}},
    .thread = {
        {"Offer %d: %p",
         "Ring %f and ask whether the offer fits; be ready to give 3 % on the quantity.",
         {{'c', 0,
           "%f asks for a price for %q pcs of %p, delivery to the site, needed within three "
           "weeks."},
          {'l', 2,
           "Offer %d sent: %q pcs %p, %m net, free delivery from %m on. Valid for 30 days."},
          {'c', 8,
           "%f has the offer, compares with two others. Price is fine, asks about the delivery "
           "date."},
          {'m', 9,
           "Met %f at %n. Agreed on delivery in two parts; order number to follow by mail."},
          {'l', 5, "Order confirmed in writing, %m net. Thanks sent."}}},
        {"Complaint: %p",
         "Ask %f whether the replacement has arrived and all is well.",
         {{'c', 0, "%f is annoyed: of %q pcs %p a whole box came damaged. Has sent photographs."},
          {'n', 1, "Warehouse checked: packed correctly, damage by the carrier. Claim number %d."},
          {'l', 2, "Apology and credit note %d over %m sent, replacement goes out tomorrow."},
          {'c', 6, "Replacement arrived, %f is content and thanks for the quick help."}}},
        {"Call: delivery of %p",
         "Tell %f the new delivery date before noon.",
         {{'c', 0, "%f wants to know where the delivery of %p is. Promised to call back."},
          {'c', 1,
           "Called back: the lorry comes on Thursday between 8 and 11. Fork lift is there."},
          {'n', 4, "Delivered complete, delivery note %d signed."}}},
        {"Payment reminder %d",
         "If the money is not there by Friday: second reminder, no more deliveries on account.",
         {{'l', 0, "First reminder for invoice %d, %m, due three weeks ago."},
          {'c', 7, "%f says the invoice lay with accounts; will be paid this week."},
          {'n', 6, "%m received, matter closed."}}},
        {"Visit to %n",
         "Take samples of %p and the new price list along.",
         {{'c', 0, "Agreed on a visit with %f; interested in the new range."},
          {'m', 9,
           "Visit with %f: shown round the works. Uses %q pcs of %p a month, buys from a "
           "competitor so far."},
          {'l', 3, "Minutes and price list sent, samples of %p enclosed."},
          {'c', 12, "%f tries the samples next week. Will decide before the quarter's end."}}},
        {"New price list",
         "Explain the change for %p to %f in person.",
         {{'l', 0, "New price list sent, %p goes up by 4 % from next month."},
          {'c', 5,
           "%f asks for the old price for orders placed this month. Granted up to %q pcs."}}},
        {"Annual talk",
         "Prepare turnover figures and last year's complaints.",
         {{'m', 0,
           "Annual talk with %f: turnover %m, up on last year. Wants a fixed price for %p until "
           "December."},
          {'l', 6, "Framework agreement %d sent for signature."},
          {'n', 10, "Agreement %d came back signed."}}}}};
