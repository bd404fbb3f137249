#include "services/ctl/commands.h"

/*
 * Every command there is. Options are named in the help text, for that is
 * where a misspelt one finds its nearest.
 */
#define HEADING(text)                           \
    {                                           \
        .name = "", .usage = "", .help = (text) \
    }

const struct ctl_command CTL_COMMANDS[] = {
    HEADING("The city"),
    {"init", "DIR [OPTIONS]",
     "Make a city in a new folder, or one node of a larger one.\n"
     "\n"
     "Without --role: coordinator 1, community 2, socialorg 3, socialworker 4, volunteer 5 and\n"
     "charity 6, each in a folder of its own with node.yaml and node.key, and the roster that "
     "lets\n"
     "them in. What is there already stays as it is, so init may be repeated.\n"
     "\n"
     "  --division CODE    12 digits, default 420100000000\n"
     "  --port N           mail; public topics use the port after it. Default 7601\n"
     "\n"
     "With --role: that one node, in DIR itself, and the line to add to its coordinator's roster.\n"
     "\n"
     "  --role ROLE        community, socialorg, socialworker, volunteer, charity, coordinator\n"
     "  --node N           its number, the only one with it in the whole tree\n"
     "  --hub-node N       the coordinator it dials; a coordinator may go without\n"
     "  --hub-mail ADDR    that one's listen_mail, as seen from here: tcp://host:port\n"
     "  --hub-public ADDR  its listen_public\n"
     "  --hub-key KEY      its public key, the 40 characters in its node.key",
     cmd_init},
    {"status", "",
     "How every node and every link is.\n"
     "\n"
     "STATE is the node's own word: serving, joining (until its coordinator has answered it),\n"
     "draining, full or diverged; down when its door does not answer.\n"
     "JOURNAL is the last number folded. OPEN counts linkages (coordinator), needs (community) or\n"
     "steps (the others) that are not at their end, DEAD the dead letters, REFUSED the outside\n"
     "bytes turned away since it started. Of a link, LAG is what was sent and not acknowledged, "
     "IN\n"
     "NEXT the next record expected from that peer.\n"
     "\n"
     "Exit status 3 when a node is down, 5 when a link is halted.",
     cmd_status},
    {"doctor", "",
     "Check whether each node can take, keep, route and deliver, with a remedy for what cannot.\n"
     "\n"
     "Looks at doors, stores and disks, links and dead letters, keys and rosters, ports, socket\n"
     "paths, clocks, libraries and limits. Exit status 5 when a check failed.",
     cmd_doctor},

    HEADING("Needs and what comes of them"),
    {"raise", "--kind KIND --community COMMUNITY [OPTIONS]",
     "Raise a resident's need.\n"
     "\n"
     "  --kind KIND        code of the catalogue, e.g. elderly-meal\n"
     "  --community NAME   a community's name, a part only it has, or its 12 digits\n"
     "  --urgency WORD     urgent, difficult, anxious or longing (default)\n"
     "  --source WORD      resident (default), inspection or agency\n"
     "  --from TIME        help is wanted from then on, default +1h\n"
     "  --until TIME       and until then, default +7d\n"
     "  --ref TEXT         its number on paper: the same one again raises nothing new\n"
     "  --happened TIME    when it was said, if entered late\n"
     "\n"
     "TIME is '2026-11-24 09:30' in the city's time, an ISO 8601 time, or +30m, +24h, +7d from "
     "now.",
     cmd_raise},
    {"need list", "[--awaiting] [--limit N]",
     "Needs of the residents, newest first.\n"
     "\n"
     "  --awaiting         only those delivered that wait for the resident's word, most pressing "
     "first\n"
     "  --limit N          at most N, default 50",
     cmd_need_list},
    {"need confirm", "NEED|--all --verdict WORD [--rating 1-5]",
     "Say for the resident whether a need was met.\n"
     "\n"
     "  --verdict WORD     met, partly or not-met\n"
     "  --rating N         1 to 5\n"
     "  --all              every need that waits for a word, with the same verdict",
     cmd_need_confirm},
    {"household register", "--community CODE < FIELDS",
     "Register a household. Its address is read from standard input: 'address: TEXT'.\n"
     "\n"
     "  --community CODE   12 digits",
     cmd_household_register},
    {"resident register", "--community CODE [--household NUMBER] < FIELDS",
     "Register a resident. Who it is is read from standard input and sealed by the node.\n"
     "\n"
     "One field per line, 'KIND: TEXT'. KIND is name, phone, address, and of what is sensitive\n"
     "id-number, health, family, money or note. A name there must be.\n"
     "\n"
     "  --community CODE   12 digits\n"
     "  --household NUMBER where they live",
     cmd_resident_register},
    {"resident change", "RESIDENT [--household NUMBER] < FIELDS",
     "Fields of these kinds are now these; the others stay.\n"
     "\n"
     "  --household NUMBER they live there now",
     cmd_resident_change},
    {"resident find", "--by CODE < FIELD",
     "The resident who has a phone or ID number: 'phone: NUMBER' on standard input.\n"
     "\n"
     "  --by CODE          code of the person who asks, never a name; it stands in the access log",
     cmd_resident_find},
    {"resident list", "[--all]",
     "Residents by number, without anything that says who they are.\n"
     "\n"
     "  --all              erased ones too",
     cmd_resident_list},
    {"resident show", "RESIDENT --by CODE --purpose PURPOSE [--kind KIND]",
     "Read what is sealed, if the resident agreed. It stands in their access log, also a refusal.\n"
     "\n"
     "  --by CODE          code of the person who reads, never a name\n"
     "  --purpose PURPOSE  own-request (the resident asks), service, visit or statistics\n"
     "  --kind KIND        only that",
     cmd_resident_show},
    {"resident access-log", "RESIDENT", "Who read what of a resident, when and what for.",
     cmd_resident_access_log},
    {"resident erase", "RESIDENT --by CODE",
     "Destroy the key of a resident: nothing of theirs is read again, here or in any copy.\n"
     "\n"
     "What was done for them stays on the record, without them.\n"
     "\n"
     "  --by CODE          code of the person who does it, never a name",
     cmd_resident_erase},
    {"consent record", "RESIDENT --purpose PURPOSE [OPTIONS]",
     "Record what a resident agreed to.\n"
     "\n"
     "  --purpose PURPOSE  service, visit or statistics\n"
     "  --recipient ROLE   community, socialorg ...; left out: whoever is confirmed for their "
     "need\n"
     "  --sensitive        also what is sensitive\n"
     "  --until TIME       default +365d",
     cmd_consent_record},
    {"consent withdraw", "RESIDENT CONSENT", "Take a consent back; it covers nothing from now on.",
     cmd_consent_withdraw},
    {"consent list", "RESIDENT", "What a resident agreed to, and took back.", cmd_consent_list},
    {"linkage list", "[OPTIONS]",
     "Linkages of the coordinator, newest first.\n"
     "\n"
     "  --open             only those not at their end\n"
     "  --stalled          only open ones that nothing will happen to any more, or whose time is\n"
     "                     over: somebody must look at them\n"
     "  --state STATE      assessing, reserving, delivering, awaiting-confirmation, closed or\n"
     "                     refused\n"
     "  --community CODE   12 digits: that division and everything below it\n"
     "  --limit N          at most N, default 50",
     cmd_linkage_list},
    {"linkage show", "NUMBER",
     "One linkage as it stands: need, steps, people, bookings and outcome.", cmd_linkage_show},
    {"linkage trace", "NUMBER",
     "The story of one linkage: who did what, when and why, society by society.\n"
     "\n"
     "WHO is a body and its node, WHY a reason or the rule that was applied. What is still waited\n"
     "for comes last.",
     cmd_linkage_trace},
    {"linkage why", "NUMBER [--lang zh|en]",
     "The decisions in one linkage: which rules made them, and what would have changed them.\n"
     "\n"
     "For each offer who could be asked, with the parts of each score in permille; of each place\n"
     "the best three, and those who were asked before. The formula is in the README of the\n"
     "coordinator.\n"
     "\n"
     "  --lang LANGUAGE    zh or en (default)",
     cmd_linkage_why},
    {"receipt verify", "NUMBER | --all",
     "Make receipts again from the journal and compare them byte by byte.\n"
     "\n"
     "The coordinator's journal is folded again into a copy, up to the last event of that\n"
     "linkage, and each line of its story is compared; then the scores are added up. The node\n"
     "may be running; nothing of it is changed. Exit status 5 when something differs.\n"
     "\n"
     "  --all              of every linkage",
     cmd_receipt_verify},
    {"linkage totals", "", "How linkages ended: by outcome and reason, and by kind.",
     cmd_linkage_totals},
    {"linkage due", "NUMBER",
     "The clocks of one linkage: who has it in hand, and how each due date came about.\n"
     "\n"
     "A span in working days is counted day by day, with the days that were skipped and why.",
     cmd_linkage_due},
    {"escalation list", "[--division CODE] [--limit N]",
     "Open linkages whose clocks ran out, by the level they have come up to.\n"
     "\n"
     "  --division CODE    12 digits: only those that came to that street, district or city\n"
     "  --limit N          at most N, default 50",
     cmd_escalation_list},
    {"linkage approve", "NUMBER --by CODE [--reason TEXT]",
     "Say yes for the lead body to a linkage that waits for it.\n"
     "\n"
     "  --by CODE          code of the person who speaks for it, never a name\n"
     "  --reason TEXT      no personal data",
     cmd_linkage_approve},
    {"linkage refuse", "NUMBER --by CODE --reason TEXT",
     "Say no for the lead body: the linkage ends, unmet.\n"
     "\n"
     "  --by CODE          code of the person who speaks for it, never a name\n"
     "  --reason TEXT      why, no personal data",
     cmd_linkage_refuse},
    {"step add", "LINKAGE --role ROLE --service CODE --by CODE [OPTIONS]",
     "Add a step by hand to a linkage that is reserving or delivering, if no rule forbids it.\n"
     "\n"
     "  --role ROLE        socialorg, socialworker, volunteer or charity\n"
     "  --service CODE     what is asked for\n"
     "  --quantity N       default 1; money in fen\n"
     "  --required         without it the linkage is not met\n"
     "  --by CODE          code of the person who adds it, never a name",
     cmd_step_add},
    {"override list", "[--waiting] [--limit N]",
     "What a rule forbids and two people have let pass, or may still.\n"
     "\n"
     "  --waiting          only those that wait for a second person\n"
     "  --limit N          at most N, default 50",
     cmd_override_list},
    {"override request", "LINKAGE --role ROLE --service CODE --reason WORD --by CODE [OPTIONS]",
     "Ask for one step that a rule forbids. A second person has a day to confirm it.\n"
     "\n"
     "A step that no rule forbids is added at once.\n"
     "\n"
     "  --role ROLE        socialorg, socialworker, volunteer or charity\n"
     "  --service CODE     what is asked for\n"
     "  --quantity N       default 1; money in fen\n"
     "  --required         without it the linkage is not met\n"
     "  --reason WORD      nobody-else, harm-if-late, by-law or street-agreed\n"
     "  --by CODE          code of the person who asks, never a name",
     cmd_override_request},
    {"override confirm", "OVERRIDE --by CODE",
     "Say yes to an override that somebody else has asked for.\n"
     "\n"
     "  --by CODE          code of the second person",
     cmd_override_confirm},
    {"emergency declare", "--authority NAME --area CODE --kinds LIST --until TIME --reason TEXT",
     "Relax order and approval in one area, for some kinds, until a fixed time.\n"
     "\n"
     "Volunteers and charity are then called at once, and the lead body is not waited for. "
     "Nothing\n"
     "else is relaxed. Each gate relaxed is written down for the review.\n"
     "\n"
     "  --authority NAME   the body that declares it\n"
     "  --area CODE        12 digits: that division and everything below it\n"
     "  --kinds LIST       codes of the catalogue, a comma between them\n"
     "  --until TIME       at most 30 days from now: '2026-11-24 09:30', an ISO 8601 time, or +7d\n"
     "  --reason TEXT      why",
     cmd_emergency_declare},
    {"emergency end", "EMERGENCY --by CODE --reason TEXT",
     "End an emergency before its time.\n"
     "\n"
     "  --by CODE          code of the person, never a name\n"
     "  --reason TEXT      why it is over",
     cmd_emergency_end},
    {"emergency list", "[--open]",
     "Emergencies, and how many linkages each relaxed a gate for.\n"
     "\n"
     "  --open             only those that stand",
     cmd_emergency_list},
    {"emergency review", "EMERGENCY", "Every gate that an emergency relaxed, with its linkage.",
     cmd_emergency_review},
    {"dispute list", "[--open] [--limit N]",
     "Steps that were passed back as not theirs, and what was ruled.\n"
     "\n"
     "The second pass-back makes it a dispute: nobody is asked until an office has ruled.\n"
     "\n"
     "  --open             only those that wait for a ruling\n"
     "  --limit N          at most N, default 50",
     cmd_dispute_list},
    {"dispute rule",
     "LINKAGE STEP --belongs-to PROVIDER|--nobody|--withdraw --by OFFICE --reason TEXT",
     "Rule on a step that was passed back twice. The ruling is the precedent for the next like "
     "it.\n"
     "\n"
     "  --belongs-to NAME  the body whose step it is, by name or number; it is bound\n"
     "  --nobody           it is out of everybody's remit here: the step ends\n"
     "  --withdraw         of a step that was ruled on: its ruling is a precedent no longer\n"
     "  --by OFFICE        code of the office that rules\n"
     "  --reason TEXT      why, no personal data",
     cmd_dispute_rule},
    {"precedent list", "",
     "What was ruled, how often it was cited since, and the change of the catalogue it proposes.",
     cmd_precedent_list},
    {"contention list", "[--limit N]",
     "Scarce resources: who has them, who wanted them too, by which rule, and who does not agree.",
     cmd_contention_list},
    {"contention dissent", "PROVIDER SERVICE LINKAGE --by CODE --text TEXT",
     "Put on record that a claimant does not agree with who got it.\n"
     "\n"
     "PROVIDER is its number and LINKAGE the claimant's, as 'contention list' shows them.\n"
     "\n"
     "  --by CODE          who speaks\n"
     "  --text TEXT        why, no personal data",
     cmd_contention_dissent},
    {"department add", "CODE --name NAME --division CODE [OPTIONS]",
     "Make an outside party known that communities may summon; again: change it.\n"
     "\n"
     "  --name NAME        what it is called\n"
     "  --division CODE    12 digits: it answers for that and everything below\n"
     "  --general MINUTES  to arrive at a general whistle, default 1440\n"
     "  --key MINUTES      at a key one, default 120\n"
     "  --urgent MINUTES   at an urgent one, default 30",
     cmd_department_add},
    {"department list", "",
     "Departments, how often they were summoned, came in time, and how they were rated.",
     cmd_department_list},
    {"whistle blow", "DEPARTMENT --community CODE --matter TEXT [OPTIONS]",
     "Summon a department to a community. When it does not arrive in time the grade is raised.\n"
     "\n"
     "  --community CODE   12 digits: who summons\n"
     "  --matter TEXT      what it is about, no personal data\n"
     "  --grade WORD       general (default), key or urgent\n"
     "  --linkage NUMBER   the case it is about",
     cmd_whistle_blow},
    {"whistle arrived", "NUMBER --by CODE",
     "The department is there.\n"
     "\n"
     "  --by CODE          who saw it",
     cmd_whistle_arrived},
    {"whistle rate", "NUMBER 1-5 [--text TEXT]",
     "The community's word on how it was answered: once, and it stays.\n"
     "\n"
     "  --text TEXT        why, no personal data",
     cmd_whistle_rate},
    {"whistle list", "[--open] [--limit N]",
     "Whistles, oldest first.\n"
     "\n"
     "  --open             only those a department still has to come to\n"
     "  --limit N          at most N, default 50",
     cmd_whistle_list},
    {"whistle totals", "",
     "How often each community summons: never and too often are both worth a look.",
     cmd_whistle_totals},
    {"calendar show", "[YEAR]",
     "Holidays and make-up days, of every year or of one.\n"
     "\n"
     "Each other day is what its weekday says. 'wushectl import days' brings them in; those of "
     "the\n"
     "State Council are in seeds/calendar.",
     cmd_calendar_show},
    {"calendar due", "--days N [--from TIME]",
     "When a span of working days ends, counted day by day.\n"
     "\n"
     "  --days N           1 to 366\n"
     "  --from TIME        default now; that day itself is not counted",
     cmd_calendar_due},
    {"step list", "[OPTIONS]",
     "Steps on the desks of the societies: waiting, reserved or confirmed.\n"
     "\n"
     "  --role ROLE        of one society: socialorg, socialworker, volunteer or charity\n"
     "  --provider CODE    of one body, by its code\n"
     "  --waiting          only those that wait for a person's answer\n"
     "  --confirmed        only those whose work is to be done\n"
     "  --limit N          at most N, default 50",
     cmd_step_list},
    {"step accept", "LINKAGE STEP|--all [OPTIONS]",
     "Accept an offer that waits for a person.\n"
     "\n"
     "  --text TEXT        what the person says, no personal data\n"
     "  --provider CODE    of one body, by its code: when several were offered the step\n"
     "  --all              every offer that waits\n"
     "  --role ROLE        with --all: of one society",
     cmd_step_accept},
    {"step decline", "LINKAGE STEP [OPTIONS]",
     "Decline an offer that waits for a person; it goes to the next candidate.\n"
     "\n"
     "  --text TEXT        why, no personal data\n"
     "  --provider CODE    of one body, by its code: when several were offered the step\n"
     "  --not-ours         it is not this body's to do: the second such answer makes it a dispute",
     cmd_step_decline},
    {"step deliver", "LINKAGE STEP|--all [OPTIONS]",
     "Report that the work of a step is done.\n"
     "\n"
     "  --quantity N       what was really given, default as offered; money in fen\n"
     "  --minutes N        of people's time\n"
     "  --note TEXT        no personal data\n"
     "  --plan RECIPE      of an assessment: the steps it asks for, e.g.\n"
     "                     'socialorg:home-care:1;volunteer:elder-visit:2?', '?' for optional\n"
     "  --provider CODE    of one body, by its code\n"
     "  --all              every confirmed step, as offered\n"
     "  --role ROLE        with --all: of one society",
     cmd_step_deliver},
    {"org register", "BODY KIND [OPTIONS]",
     "Put on record that an organisation is registered or filed; again: renew or change it.\n"
     "\n"
     "Without it, and after its day, a body is offered nothing.\n"
     "\n"
     "KIND is association, service-agency, foundation, community-group, enterprise or individual.\n"
     "\n"
     "  --credit-code CODE             18 characters; of all but groups and individuals\n"
     "  --filing-number TEXT           of those\n"
     "  --registered-until DAY         to the end of that day\n"
     "  --founder-count N              or members\n"
     "  --resident-founder-count N     of those, who live where it works\n"
     "  --rating N                     1 to 5 for 1A to 5A\n"
     "  --rated-until DAY              to the end of that day\n"
     "  --scope LIST                   services it may give, 'meals;visits'; default any\n"
     "  --areas LIST                   divisions where it may work, default anywhere\n"
     "  --checks LIST                  what was looked at; of enterprises and individuals\n"
     "  --by CODE                      who says so, never a name",
     cmd_org_register},
    {"org suspend", "BODY --reason TEXT --by CODE [--until TIME]",
     "Let an organisation take nothing more; what it holds goes to others.\n"
     "\n"
     "  --reason TEXT      why, no personal data\n"
     "  --until TIME       default until it is lifted\n"
     "  --by CODE          who says so",
     cmd_org_suspend},
    {"org lift", "BODY --reason TEXT --by CODE",
     "Lift a suspension: another person than the one who made it, and not bound to the body.\n"
     "\n"
     "  --reason TEXT      why, no personal data\n"
     "  --by CODE          who says so",
     cmd_org_lift},
    {"org list", "[--limit N]",
     "Social organisations: how they stand, and whether residents lead them.", cmd_org_list},
    {"org policy", "--by CODE [OPTIONS]",
     "Set the rules that the city sets for itself; what is left out is the default.\n"
     "\n"
     "  --resident-permille-min N      of founders, fewer is not resident-led; default 500\n"
     "  --conflict-hops-max N          how far interests are followed, 1 to 3; default 3\n"
     "  --disclosure-days N            for dealings of related parties, default 30\n"
     "  --by CODE                      who sets it",
     cmd_org_policy},
    {"incubation advance", "BODY STAGE --mentor BODY --evidence TEXT --by CODE",
     "Say that a new organisation is one stage further: seed, nursed, trial, graduated.\n"
     "\n"
     "  --mentor BODY      the organisation that nurses it\n"
     "  --evidence TEXT    what shows it\n"
     "  --by CODE          who says so",
     cmd_incubation_advance},
    {"incubation list", "", "New organisations, their stages and who nurses them.",
     cmd_incubation_list},
    {"interest declare", "PARTY [--other PARTY] --kind WORD --by CODE [OPTIONS]",
     "Declare an interest of a person or a body, or that there is none.\n"
     "\n"
     "  --other PARTY      whom PARTY is bound to\n"
     "  --kind WORD        none, employed, officer, owner, family, donor, supplier or other\n"
     "  --ended            it is over\n"
     "  --found            somebody else found it\n"
     "  --text TEXT        no personal data\n"
     "  --by CODE          who says so",
     cmd_interest_declare},
    {"interest list", "[PARTY]", "Who is bound to whom: all, or of one party.", cmd_interest_list},
    {"decision list", "[--reopened]",
     "What was decided about organisations, by whom, and what is to be disclosed.\n"
     "\n"
     "  --reopened         only what an interest opened again",
     cmd_decision_list},
    {"decision review", "BODY KIND [--uphold] --reason TEXT --by CODE",
     "Look again at a decision that an interest opened: it is upheld, or it is void.\n"
     "\n"
     "KIND is registration, lift or incubation.\n"
     "\n"
     "  --uphold           it was right all the same\n"
     "  --reason TEXT      why, no personal data\n"
     "  --by CODE          somebody who had no part in it",
     cmd_decision_review},
    {"decision disclose", "BODY KIND --where TEXT --by CODE",
     "Put on record where a dealing of related parties was made public.\n"
     "\n"
     "  --where TEXT       where it can be read\n"
     "  --by CODE          who says so",
     cmd_decision_disclose},
    {"ledger show", "",
     "The charity's accounts: given, free, held and issued, and that each sum is zero.\n"
     "\n"
     "Exit status 5 when a sum is not zero.",
     cmd_ledger_show},

    HEADING("What it comes to"),
    {"unmet list", "[OPTIONS]",
     "The register of needs that were refused, unmet, or met partly or not; oldest first.\n"
     "\n"
     "OPEN is how long the case was open. DECLINED FOR is the reason given most often by those "
     "who\n"
     "were asked for what was missing.\n"
     "\n"
     "  --division CODE    12 digits: it and everything below it\n"
     "  --kind KIND        of one kind\n"
     "  --reason WORD      any word of the last three columns, e.g. unmet, all-declined or\n"
     "                     no-capacity\n"
     "  --since TIME       that ended then or later\n"
     "  --until TIME       and before then\n"
     "  --limit N          at most N, default 50",
     cmd_unmet_list},
    {"unmet totals", "[OPTIONS]",
     "How many needs were not met, by community and reason.\n"
     "\n"
     "  --together         by reason only\n"
     "  --division CODE    as of 'unmet list', and so are the next four\n"
     "  --kind KIND\n"
     "  --reason WORD\n"
     "  --since TIME\n"
     "  --until TIME",
     cmd_unmet_totals},
    {"radar show", "[--month MONTH] [--community CODE] [--pairs]",
     "Four ways in which a linkage goes wrong, by community, in permille of a month.\n"
     "\n"
     "Misinterpretation: against the catalogue, or left to one society. Substitution: minutes of\n"
     "those who should not have done it. Form: delivered without the resident's word, or nothing\n"
     "given. Resistance: no without a rule, no answer, passed back, slow. The formulas are in\n"
     "services/coordinator/README.md. A case counts in the month in which it ended.\n"
     "\n"
     "  --month MONTH      2026-11, default this month\n"
     "  --community CODE   12 digits: that division and everything below it\n"
     "  --pairs            resistance by community and provider",
     cmd_radar_show},
    {"radar cases", "WHAT [--month MONTH] [--community CODE] [--limit N]",
     "The cases a figure of the radar is made of.\n"
     "\n"
     "WHAT is misinterpretation, substitution, form or resistance, or one term of them, e.g.\n"
     "one-society or passed-back.\n"
     "\n"
     "  --month MONTH      2026-11, default this month\n"
     "  --community CODE   12 digits: that division and everything below it\n"
     "  --limit N          at most N, default 50",
     cmd_radar_cases},
    {"report balance", "[--month MONTH] [--community CODE]",
     "What each community got, and how evenly.\n"
     "\n"
     "Gini in permille: 0 when all got the same. In the order of their numbers, not of their\n"
     "results.\n"
     "\n"
     "  --month MONTH      2026-11, default this month\n"
     "  --community CODE   12 digits: that division and everything below it",
     cmd_report_balance},
    {"report network", "[--month MONTH] [--community CODE] [--limit N]",
     "Who works with whom: pairs of a community and a provider that delivered for it.\n"
     "\n"
     "Then where what is declared and what happens differ: an open provider of the community or "
     "its\n"
     "street that delivered nothing, and one that delivered and is not announced for it now.\n"
     "\n"
     "  --month MONTH      2026-11, default this month\n"
     "  --community CODE   12 digits: that division and everything below it\n"
     "  --limit N          at most N edges, default 50",
     cmd_report_network},
    {"report tiers", "[--month MONTH] [--community CODE]",
     "Communities among their like, in bands; there is no order in it and no rating.\n"
     "\n"
     "Like is who had about as many cases. A band is how much of it was delivered, more than a\n"
     "tenth above or below what the tier did together. With fewer than 10 cases nothing is said.\n"
     "What was refused is left out, and its number told.\n"
     "\n"
     "  --month MONTH      2026-11, default this month\n"
     "  --community CODE   12 digits: that division and everything below it",
     cmd_report_tiers},
    {"report modes", "[--month MONTH] [--community CODE]",
     "The same month of communities that link three societies, and of those that link five.\n"
     "\n"
     "  --month MONTH      2026-11, default this month\n"
     "  --community CODE   12 digits: that division and everything below it",
     cmd_report_modes},
    {"community mode", "[COMMUNITY three|five --reason TEXT]",
     "Let a community link three societies or five; without words: who was told to.\n"
     "\n"
     "With three, volunteers and charity are not called: their optional steps are left out, and\n"
     "a need that cannot do without them is unmet. Open cases stay as they are.\n"
     "\n"
     "  --reason TEXT      why, no personal data",
     cmd_community_mode},

    HEADING("The catalogue of service kinds"),
    {"catalogue check", "PATH",
     "Read the catalogue in a file, or in the *.yaml of a folder, and tell all that is wrong.\n"
     "\n"
     "Needs no city. Each fault comes with its file and line, and what to do about it; what a\n"
     "coordinator would refuse is told too. Exit status 5 when there is one.",
     cmd_catalogue_check},
    {"catalogue apply", "PATH [OPTIONS]",
     "Bring a catalogue to a coordinator: what differs from what is in force, and nothing else.\n"
     "\n"
     "Kinds in no file stay as they are: one ends by its own valid_until. With a fault in any "
     "file\n"
     "nothing is sent. Applying it again changes nothing.\n"
     "\n"
     "  --from DAY         from then on, default now; a kind's own later valid_from goes before "
     "it\n"
     "  --node N           which coordinator, when the home has several",
     cmd_catalogue_apply},
    {"catalogue show", "[CODE] [OPTIONS]",
     "The kinds in force by code; or all there is to one kind.\n"
     "\n"
     "  --version N        of one kind: that version\n"
     "  --at DAY           what was in force then, or will be as things stand\n"
     "  --node N           which coordinator, when the home has several",
     cmd_catalogue_show},
    {"catalogue diff", "PATH [OPTIONS]",
     "What applying a catalogue would change, field by field. Exit status 5 when it would.\n"
     "\n"
     "  --at DAY           against what will be in force then, default now\n"
     "  --node N           which coordinator, when the home has several",
     cmd_catalogue_diff},
    {"catalogue rehearse", "DRAFT [OPTIONS]",
     "What a draft catalogue would have done to the needs of a period.\n"
     "\n"
     "Folds the coordinator's journal again in a copy, as it was. At each need of the period it "
     "is\n"
     "asked twice, with the providers as they stood then, whether it is taken and who would be\n"
     "asked first for each step: under the kind in force, and under the draft's. Kinds that are "
     "in\n"
     "no file are taken as they were; the draft's own days are not looked at. Not run again: what\n"
     "providers answered and whom that left free, what an assessment changed in the recipe.\n"
     "\n"
     "  --from DAY         default: the beginning\n"
     "  --to DAY           that day too, default: now\n"
     "  --limit N          at most N cases that differ, default 50; the totals count all\n"
     "  --node N           which coordinator, when the home has several",
     cmd_catalogue_rehearse},

    HEADING("Bringing in what is on file"),
    {"import", "needs|people|organisations|registrations|resources|kinds|days FILE [OPTIONS]",
     "Bring in a CSV file in UTF-8, row by row; importing it again changes nothing.\n"
     "\n"
     "FILE may be - for standard input. The first row names the columns, in any order:\n"
     "  needs          ref kind division [urgency source raised_at from until]\n"
     "  people         society body number name skills [division level registered_until capacity\n"
     "                 free]\n"
     "  organisations  society code name division [services capacity answers]\n"
     "  registrations  body kind until founders residents by [credit_code filing_number rating\n"
     "                 rated_until scope areas checks]: as 'wushectl org register --help' tells\n"
     "  resources      fund class service quantity receipt\n"
     "  kinds          code name_zh name_en reply_minutes deliver_hours confirm_hours recipe\n"
     "                 [assess_field]\n"
     "  days           date day [name]: holidays and make-up days\n"
     "Lists in a cell are separated by ';'. What cells hold:\n"
     "  society        community, socialorg, socialworker, volunteer or charity\n"
     "  division       12 digits\n"
     "  body, fund     the code of one of the organisations\n"
     "  capacity       cases at a time; of an organisation 0 or nothing: no limit of its own\n"
     "  answers        auto (or nothing), or by_hand: a person accepts each offer\n"
     "  day            rest, work or usual (as its weekday says); date: 2026-10-01\n"
     "  level          assistant, social_worker or senior; registered_until: a day, 2027-12-31\n"
     "  free           a volunteer's week: 1:0800-1200;6:0900-1800, 1 is Monday\n"
     "  class          money, quantity in yuan, 1234.50; or goods, quantity in pieces\n"
     "  recipe         role:service:quantity, money in fen, '?' for optional:\n"
     "                 socialorg:home-care:1;charity:money-elderly:20000?\n"
     "  raised_at, from, until     times as 'wushectl raise --help' tells\n"
     "A row that cannot be read or is refused goes to the file of rejects with line, code and\n"
     "reason: mend it there and import that file. Exit status 1 when there are rejects.\n"
     "\n"
     "  --mapping FILE     needs only: how another system's file becomes ours\n"
     "  --rejects FILE     default FILE with .rejects before .csv",
     cmd_import},

    HEADING("Operating"),
    {"store dump", "NODE [TABLE] [OPTIONS]",
     "A node's tables, or the rows of one, each as a line of JSON.\n"
     "\n"
     "NODE is a role or a number. Without TABLE: every table with its entries and key fields.\n"
     "TABLE may go without what stands before its dot. Each line is\n"
     "{\"table\":..,\"key\":{..},\"row\":{..}}; an index has no row. The node may be running: a "
     "long\n"
     "dump sees what was committed as it goes.\n"
     "\n"
     "  --limit N          at most N rows",
     cmd_store_dump},
    {"store verify", "[NODE ...]",
     "Fold a node's journal again and compare every derived row, byte by byte.\n"
     "\n"
     "NODE is a role or a number; all nodes when none is named. The node may be running. The copy\n"
     "is made in the node's folder and removed. Exit status 5 when something differs.",
     cmd_store_verify},
    {"dead-letters list", "[NODE]",
     "Inputs whose handler failed: they had no effect and wait for a decision.",
     cmd_dead_letters_list},
    {"dead-letters show", "NODE NUMBER", "One dead letter with its record and payload decoded.",
     cmd_dead_letters_show},
    {"dead-letters retry", "NODE NUMBER|all",
     "Fold a dead letter again, now.\n"
     "\n"
     "When it succeeds it is no longer a dead letter, and a command's sender that asks again gets\n"
     "the new answer. With all: each of the node's, oldest first.",
     cmd_dead_letters_retry},
    {"dead-letters drop", "NODE NUMBER --reason TEXT",
     "Give a dead letter up, with a reason that stays in the journal.\n"
     "\n"
     "  --reason TEXT      why it may be dropped",
     cmd_dead_letters_drop},
    {"roster list", "[--hub NODE]",
     "Who may connect to the coordinator, and what each may do.\n"
     "\n"
     "  --hub NODE         which coordinator, when the home has several",
     cmd_roster_list},
    {"roster revoke", "NODE [--hub NODE]",
     "Shut a node out: its line in the roster becomes state=revoked.\n"
     "\n"
     "A running coordinator is told to read the roster again when its process number lies in the\n"
     "file pid of its folder; it then cuts the node's connection.\n"
     "\n"
     "  --hub NODE         which coordinator, when the home has several",
     cmd_roster_revoke},
    {"generation begin", "NODE --reason TEXT",
     "Start again the streams whose follower holds another past.\n"
     "\n"
     "A node whose store is older than what it has sent (restored from a backup, say) is "
     "diverged:\n"
     "its peers hold records that it does not know, and it takes nothing in. Run this on that\n"
     "node. Its halted streams start again at 1 under its next generation, with what they got\n"
     "since they stood still; what the store has lost stays lost here and known to its peers.\n"
     "\n"
     "  --reason TEXT      what happened; it stays in the journal",
     cmd_generation_begin},
    {.name = NULL},
};
