#include "services/coordinator/core/firewall.h"

#include "common/base/prng.h"
#include "tests/support/linking.h"

#include <string.h>

TestSuite(firewall, .init = linking_set_up, .fini = linking_tear_down);

/* ---- the decision table, written by hand from the paper ---------------------- */

struct decision {
    const char *class_of_kind;
    const char *cells[5]; /* community, socialorg, socialworker, volunteer, charity */
};

/* open, licensed, support or shut, and the rule. */
static const struct decision DECISIONS[] = {
    {"UNSPECIFIED", {"open", "open", "open", "open", "open"}},
    {"ADMINISTRATIVE",
     {"open admin-as-listed", "open admin-by-purchase", "shut admin-not-to-socialworker",
      "shut admin-not-to-volunteer", "shut admin-not-on-charity"}},
    {"AUTONOMY",
     {"open own-affair", "open own-affair", "open own-affair", "open own-affair",
      "open charity-boosts"}},
    {"PROFESSIONAL",
     {"shut community-not-profession", "open carrier-organisation", "licensed licensed-worker",
      "support volunteers-support", "open charity-boosts"}},
    {"VOLUNTEERABLE",
     {"open open-to-all", "open open-to-all", "open open-to-all", "open open-to-all",
      "open charity-boosts"}},
    {"PURCHASABLE",
     {"shut purchase-not-pushed", "open purchase-from-societies", "open purchase-from-societies",
      "support volunteers-support", "open charity-boosts"}},
};

static const char *cell_text(struct firewall_cell cell)
{
    static const char *const GATES[] = {"open", "licensed", "support", "shut"};
    static char text[80];
    (void)snprintf(text, sizeof text, "%s%s%s", GATES[cell.gate], cell.rule != 0 ? " " : "",
                   cell.rule != 0 ? rule_text(cell.rule)->id : "");
    return text;
}

Test(firewall, every_pair_of_role_and_class_is_decided_as_the_table_says)
{
    const ProtobufCEnumDescriptor *classes = &coordinator__kind_class__descriptor;
    cr_assert_eq(classes->n_values, sizeof DECISIONS / sizeof DECISIONS[0]);
    for (unsigned line = 0; line < classes->n_values; line++) {
        cr_assert_str_eq(classes->values[line].name + strlen("KIND_CLASS_"),
                         DECISIONS[line].class_of_kind);
        for (int column = 0; column < 5; column++) {
            struct firewall_cell cell =
                firewall_cell((Role)(ROLE_COMMUNITY + column), (KindClass)line);
            cr_assert_str_eq(cell_text(cell), DECISIONS[line].cells[column], "%s, column %d",
                             DECISIONS[line].class_of_kind, column);
        }
    }
}

Test(firewall, who_is_not_one_of_the_societies_is_shut_out_of_every_class)
{
    static const int OTHERS[] = {0, ROLE_COORDINATOR, 7, 99, -1};
    for (unsigned line = 0; line < 6; line++) {
        for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
            cr_assert_str_eq(cell_text(firewall_cell((Role)OTHERS[i], (KindClass)line)),
                             "shut societies-only");
        }
    }
    cr_assert_str_eq(cell_text(firewall_cell(ROLE_SOCIALORG, (KindClass)6)), "shut societies-only",
                     "a class of tomorrow is not open today");
}

/* ---- duties and support ------------------------------------------------------- */

static AdoptKind kind_of_class(KindClass class_of_kind, PlanStep **recipe)
{
    AdoptKind kind = kind_of("kind", recipe);
    kind.service_class = class_of_kind;
    return kind;
}

Test(firewall, a_kind_may_shut_what_its_class_leaves_open)
{
    RoleDuty duty = COORDINATOR__ROLE_DUTY__INIT;
    duty.role = ROLE_SOCIALORG;
    duty.duty = DUTY_MUST_NOT;
    AdoptKind kind = kind_of_class(KIND_CLASS_AUTONOMY, NULL);
    kind.duties = (RoleDuty *[]){&duty};
    kind.n_duties = 1;
    cr_assert_eq(firewall_refusal(&kind, ROLE_SOCIALORG, true), RULE(KIND_FORBIDS_ROLE));
    cr_assert_eq(firewall_refusal(&kind, ROLE_VOLUNTEER, true), 0);
}

Test(firewall, no_kind_may_open_what_its_class_shuts)
{
    RoleDuty duty = COORDINATOR__ROLE_DUTY__INIT;
    duty.role = ROLE_SOCIALWORKER;
    duty.duty = DUTY_MUST;
    AdoptKind kind = kind_of_class(KIND_CLASS_ADMINISTRATIVE, NULL);
    kind.duties = (RoleDuty *[]){&duty};
    kind.n_duties = 1;
    cr_assert_eq(firewall_refusal(&kind, ROLE_SOCIALWORKER, true), RULE(ADMIN_NOT_TO_SOCIALWORKER));
}

Test(firewall, volunteers_stand_beside_a_carrier)
{
    AdoptKind kind = kind_of_class(KIND_CLASS_PROFESSIONAL, NULL);
    PlanStep visit = plan_step(ROLE_VOLUNTEER, "visit", true);
    PlanStep care = plan_step(ROLE_SOCIALORG, "care", true);
    PlanStep extra = plan_step(ROLE_SOCIALORG, "care", false);
    PlanStep *alone[] = {&visit};
    PlanStep *carried[] = {&visit, &care};
    PlanStep *not_carried[] = {&visit, &extra};

    struct firewall_finding finding = firewall_plan(&kind, alone, 1, false);
    cr_assert_eq(finding.rule, RULE(VOLUNTEERS_SUPPORT));
    cr_assert_eq(finding.at, 1);
    cr_assert_eq(firewall_plan(&kind, not_carried, 2, false).rule, RULE(VOLUNTEERS_SUPPORT));
    cr_assert_eq(firewall_plan(&kind, carried, 2, false).rule, 0);
    cr_assert_eq(firewall_plan(&kind, alone, 1, true).rule, 0, "the assessment carries it");
}

Test(firewall, a_plan_has_a_required_step_for_whoever_must)
{
    RoleDuty duties[3];
    static const Role ROLES[] = {ROLE_COMMUNITY, ROLE_SOCIALWORKER, ROLE_CHARITY};
    RoleDuty *list[3];
    for (int i = 0; i < 3; i++) {
        coordinator__role_duty__init(&duties[i]);
        duties[i].role = ROLES[i];
        duties[i].duty = DUTY_MUST;
        list[i] = &duties[i];
    }
    AdoptKind kind = kind_of_class(KIND_CLASS_UNSPECIFIED, NULL);
    kind.duties = list;
    kind.n_duties = 3;
    PlanStep rice = plan_step(ROLE_CHARITY, "rice", true);
    PlanStep *plan[] = {&rice};
    cr_assert_eq(firewall_plan(&kind, plan, 1, true).rule, 0,
                 "the community raised it, a social worker assessed it");
    struct firewall_finding finding = firewall_plan(&kind, plan, 1, false);
    cr_assert_eq(finding.rule, RULE(KIND_NEEDS_ROLE));
    cr_assert_eq(finding.at, 0, "what is missing is at no place");
    rice.required = false;
    cr_assert_eq(firewall_plan(&kind, plan, 1, true).rule, RULE(KIND_NEEDS_ROLE));
}

Test(firewall, professional_work_takes_at_least_a_registered_worker)
{
    AdoptKind kind = kind_of_class(KIND_CLASS_PROFESSIONAL, NULL);
    kind.licence_field = "judicial";
    cr_assert_eq(firewall_licence(&kind).level_min, 1);
    cr_assert_str_eq(firewall_licence(&kind).field, "judicial");
    kind.level_min = 3;
    cr_assert_eq(firewall_licence(&kind).level_min, 3);
    AdoptKind other = kind_of_class(KIND_CLASS_VOLUNTEERABLE, NULL);
    cr_assert_eq(firewall_licence(&other).level_min, 0);
}

/* ---- where a step comes to be --------------------------------------------------- */

Test(firewall, a_kind_is_not_adopted_against_its_class)
{
    static const struct {
        KindClass class_of_kind;
        Role role;
        const char *code;
    } REFUSED[] = {
        {KIND_CLASS_ADMINISTRATIVE, ROLE_SOCIALWORKER, "KIND_IS_ERRAND"},
        {KIND_CLASS_ADMINISTRATIVE, ROLE_VOLUNTEER, "KIND_USES_VOLUNTEERS_AS_STAFF"},
        {KIND_CLASS_ADMINISTRATIVE, ROLE_CHARITY, "KIND_SPENDS_CHARITY_ON_DUTY"},
        {KIND_CLASS_PURCHASABLE, ROLE_VOLUNTEER, "KIND_LEAVES_VOLUNTEERS_ALONE"},
    };
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        PlanStep step = plan_step(REFUSED[i].role, "work", true);
        AdoptKind kind = kind_of_class(REFUSED[i].class_of_kind, (PlanStep *[]){&step, NULL});
        assert_refused(adopt(&kind), REFUSED[i].code);
    }
    PlanStep care = plan_step(ROLE_SOCIALORG, "care", true);
    RoleDuty duty = COORDINATOR__ROLE_DUTY__INIT;
    duty.role = ROLE_COMMUNITY;
    duty.duty = DUTY_MUST;
    AdoptKind pushed = kind_of_class(KIND_CLASS_PURCHASABLE, (PlanStep *[]){&care, NULL});
    pushed.duties = (RoleDuty *[]){&duty};
    pushed.n_duties = 1;
    assert_refused(adopt(&pushed), "KIND_PUSHES_PURCHASE");
    pushed.service_class = KIND_CLASS_PROFESSIONAL;
    pushed.level_min = 1;
    PlanStep work = plan_step(ROLE_SOCIALWORKER, "work", true);
    pushed.recipe = (PlanStep *[]){&work};
    assert_refused(adopt(&pushed), "KIND_NOT_COMMUNITYS_PROFESSION");
    duty.duty = DUTY_MUST_NOT;
    assert_accepted(adopt(&pushed));
}

/* grief, as purchased work: assessed, then by an organisation. */
static void adopt_purchased(size_t recipe_count)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    AdoptKind kind = kind_of("grief", (PlanStep *[]){&visiting, NULL});
    kind.n_recipe = recipe_count;
    kind.assess = true;
    kind.assess_field = "counselling";
    kind.service_class = KIND_CLASS_PURCHASABLE;
    assert_accepted(adopt(&kind));
    join("station", ROLE_SOCIALWORKER, "counselling", STREET);
    join("home", ROLE_SOCIALORG, "visiting", STREET);
    raise_plain(1, "grief");
    reserve(BY(.who = "station"));
    world_clear(linking_world());
}

Test(firewall, a_plan_that_a_rule_refuses_gives_way_to_the_recipe_and_its_maker_hears_why)
{
    adopt_purchased(1);
    PlanStep visit = plan_step(ROLE_SOCIALORG, "visiting", true);
    PlanStep pushed = plan_step(ROLE_COMMUNITY, "visiting", true);
    deliver(BY(.who = "station", .plan = (PlanStep *[]){&visit, &pushed, NULL}));
    assert_said("plan 1.1 refused at 2: purchase-not-pushed", "offer 2.1 to home");
    const HistoryEntry *note = last_note(1, WU_TYPE(LINKAGE_PLAN_REFUSED));
    cr_assert_eq(note->rules[0], RULE(PURCHASE_NOT_PUSHED));
    cr_assert_eq(note->code, 2);
    cr_assert_eq(linkage_row(1)->n_steps, 2);
}

Test(firewall, without_a_recipe_to_fall_back_on_the_linkage_ends_with_the_rule)
{
    adopt_purchased(0);
    PlanStep pushed = plan_step(ROLE_COMMUNITY, "visiting", true);
    deliver(BY(.who = "station", .plan = (PlanStep *[]){&pushed, NULL}));
    assert_said("plan 1.1 refused at 1: purchase-not-pushed", "closed UNMET FORBIDDEN",
                "counted grief UNMET FORBIDDEN");
    cr_assert_eq(outcome_count(OUTCOME_UNMET, UNMET_FORBIDDEN), 1);
    cr_assert_eq(timer_count(), 0);
}

/* ---- properties ------------------------------------------------------------------ */

enum { RANDOM_KINDS = 3000, RANDOM_STEPS = 4 };

static void draw_steps(struct wu_prng *prng, PlanStep steps[RANDOM_STEPS],
                       PlanStep *list[RANDOM_STEPS + 1], size_t *ret_count)
{
    *ret_count = wu_prng_below(prng, RANDOM_STEPS + 1);
    for (size_t i = 0; i < *ret_count; i++) {
        steps[i] = plan_step((Role)wu_prng_below(prng, 7), "work", wu_prng_below(prng, 2) == 0);
        list[i] = &steps[i];
    }
    list[*ret_count] = NULL;
}

static size_t draw_duties(struct wu_prng *prng, RoleDuty duties[5], RoleDuty *list[5])
{
    size_t count = 0;
    for (int role = ROLE_COMMUNITY; role <= ROLE_CHARITY; role++) {
        if (wu_prng_below(prng, 3) == 0) {
            coordinator__role_duty__init(&duties[count]);
            duties[count].role = (Role)role;
            duties[count].duty = (Duty)(DUTY_MUST + wu_prng_below(prng, 3));
            list[count] = &duties[count];
            count++;
        }
    }
    return count;
}

/* A rule that refuses always names itself; a kind that passes has no step that does not. */
Test(firewall, random_kinds_are_refused_by_a_rule_that_names_itself)
{
    struct wu_prng prng = {20261125};
    size_t adopted = 0;
    size_t refused = 0;
    for (size_t n = 0; n < RANDOM_KINDS; n++) {
        PlanStep steps[RANDOM_STEPS];
        PlanStep *list[RANDOM_STEPS + 1];
        RoleDuty duties[5];
        RoleDuty *duty_list[5];
        size_t count = 0;
        draw_steps(&prng, steps, list, &count);
        AdoptKind kind = kind_of("random", list);
        kind.service_class = (KindClass)wu_prng_below(&prng, 6);
        kind.assess = wu_prng_below(&prng, 3) == 0;
        kind.assess_field = kind.assess ? "field" : "";
        kind.level_min = (uint32_t)wu_prng_below(&prng, 3);
        kind.duties = duty_list;
        kind.n_duties = draw_duties(&prng, duties, duty_list);

        struct firewall_finding finding = firewall_plan(&kind, list, count, kind.assess);
        const Bus__Answer *answer = adopt(&kind);
        if (answer->status == BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED) {
            cr_assert_eq(finding.rule, 0, "kind %zu passes with a step against rule %d", n,
                         (int)finding.rule);
            adopted++;
        } else {
            cr_assert_not_null(strstr(answer->text, "(rule "), "%s", answer->text);
            refused++;
        }
        if (finding.rule != 0) {
            cr_assert_not_null(rule_text(finding.rule));
        }
        world_clear(linking_world());
    }
    cr_assert_gt(adopted, RANDOM_KINDS / 100);
    cr_assert_gt(refused, RANDOM_KINDS / 2);
}
