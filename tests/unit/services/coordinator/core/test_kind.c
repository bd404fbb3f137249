#include "tests/support/linking.h"

#include <string.h>

TestSuite(kind, .init = linking_set_up, .fini = linking_tear_down);

static const KindRow *kind_row(const char *code)
{
    struct kind_key key;
    cr_assert(wu_key_text(key.code, sizeof key.code, code));
    return kinds_get(world_txn(linking_world()), &key);
}

static const KindRow *version_row(const char *code, uint32_t version)
{
    struct kind_version_key key = {.version = version};
    cr_assert(wu_key_text(key.code, sizeof key.code, code));
    return kind_versions_get(world_txn(linking_world()), &key);
}

static const KindAdopted *adopted(void)
{
    return world_find(linking_world(), WU_TYPE(COORDINATOR_KIND_ADOPTED), 0,
                      &coordinator__kind_adopted__descriptor);
}

Test(kind, an_adopted_kind_is_told_to_everybody)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    AdoptKind kind = kind_of("visit", (PlanStep *[]){&visiting, NULL});
    assert_accepted(adopt(&kind));

    cr_assert_eq(world_output_count(linking_world()), 1);
    const struct world_output *output = world_output(linking_world(), 0);
    cr_assert_not_null(strstr(output->topic, ".coordinator.kind"));
    cr_assert_str_eq(adopted()->code, "visit");
    cr_assert_eq(adopted()->version, 1);
    cr_assert_eq(adopted()->confirm_within_ms, 3 * WU_DAY_MS);
    cr_assert_eq(kind_row("visit")->version, 1);
    cr_assert_eq(kind_row("visit")->kind->n_recipe, 1);
}

Test(kind, the_same_again_is_no_new_version)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    AdoptKind kind = kind_of("visit", (PlanStep *[]){&visiting, NULL});
    struct wu_id first;
    struct wu_id again;
    wu_id_from_pb(adopt(&kind)->id, &first);
    world_clear(linking_world());
    wu_id_from_pb(adopt(&kind)->id, &again);
    cr_assert(wu_id_equal(&first, &again));
    cr_assert_eq(world_output_count(linking_world()), 0);
    cr_assert_eq(kind_row("visit")->version, 1);
}

Test(kind, a_change_is_the_next_version_and_the_old_one_stays)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    AdoptKind kind = kind_of("visit", (PlanStep *[]){&visiting, NULL});
    struct wu_id first;
    struct wu_id next;
    wu_id_from_pb(adopt(&kind)->id, &first);
    world_clear(linking_world());
    visiting.quantity = 3;
    wu_id_from_pb(adopt(&kind)->id, &next);

    cr_assert(wu_id_equal(&first, &next),
              "a kind keeps its id, so that a snapshot has one of each");
    cr_assert_eq(adopted()->version, 2);
    cr_assert_eq(kind_row("visit")->version, 2);
    cr_assert_eq(version_row("visit", 1)->kind->recipe[0]->quantity, 1);
    cr_assert_eq(version_row("visit", 2)->kind->recipe[0]->quantity, 3);
}

Test(kind, an_assessment_alone_is_enough)
{
    AdoptKind kind = kind_of("grief", NULL);
    kind.assess = true;
    kind.assess_field = "counselling";
    assert_accepted(adopt(&kind));
}

/* Everything is wrong at first; each correction uncovers the next refusal. */
Test(kind, refusals_come_in_their_order)
{
    PlanStep step = plan_step(LINKAGE__ROLE__ROLE_COMMUNITY, "", false);
    step.quantity = 0;
    PlanStep *recipe[18] = {NULL};
    for (size_t i = 0; i < 17; i++) {
        recipe[i] = &step;
    }
    AdoptKind kind = kind_of("", recipe);
    kind.assess = true;
    kind.deliver_within_ms = 0;

    assert_refused(adopt(&kind), "KIND_CODE_INVALID");
    kind.code = "a-code-that-is-32-bytes-long-too";
    assert_refused(adopt(&kind), "KIND_CODE_INVALID");
    kind.code = "a-code-that-is-31-bytes-long-ok";
    assert_refused(adopt(&kind), "KIND_FIELD_INVALID");
    kind.assess = false;
    assert_refused(adopt(&kind), "KIND_SPAN_INVALID");
    kind.deliver_within_ms = DELIVER_MS;
    assert_refused(adopt(&kind), "KIND_TOO_MANY_STEPS");
    kind.n_recipe = 16;
    assert_refused(adopt(&kind), "KIND_ROLE_INVALID");
    step.role = ROLE_CHARITY;
    assert_refused(adopt(&kind), "KIND_SERVICE_INVALID");
    step.service = "rice";
    assert_refused(adopt(&kind), "KIND_QUANTITY_INVALID");
    step.quantity = 1;
    assert_refused(adopt(&kind), "KIND_NOTHING_REQUIRED");
    cr_assert_eq(world_output_count(linking_world()), 0, "a refusal leaves no trace");
    step.required = true;
    assert_accepted(adopt(&kind));
}
