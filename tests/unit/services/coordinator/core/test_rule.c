#include "services/coordinator/core/rule.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

Test(rule, each_of_the_schema_has_its_text)
{
    const ProtobufCEnumDescriptor *schema = &coordinator__rule__descriptor;
    unsigned texts = 0;
    for (const struct rule_text *text = RULE_TEXTS; text->rule != 0; text++) {
        texts++;
    }
    cr_assert_eq(texts + 1, schema->n_values, "unspecified is the only one without");
    for (unsigned i = 0; i < schema->n_values; i++) {
        if (schema->values[i].value != 0) {
            cr_assert_not_null(rule_text((Rule)schema->values[i].value), "%s",
                               schema->values[i].name);
        }
    }
    cr_assert_null(rule_text((Rule)0));
}

/* LISTED_WORK is "listed-work": one name, on the wire and on the screen. */
Test(rule, its_id_is_its_name_in_the_schema)
{
    for (const struct rule_text *text = RULE_TEXTS; text->rule != 0; text++) {
        const ProtobufCEnumValue *value =
            protobuf_c_enum_descriptor_get_value(&coordinator__rule__descriptor, text->rule);
        const char *name = value->name + strlen("RULE_");
        cr_assert_eq(strlen(name), strlen(text->id), "%s", text->id);
        for (size_t i = 0; name[i] != '\0'; i++) {
            char expected = name[i] == '_' ? '-' : (char)tolower((unsigned char)name[i]);
            cr_assert_eq(expected, text->id[i], "%s", text->id);
        }
        cr_assert(text->source[0] == 'R' || text->source[0] == 'N', "%s", text->id);
        cr_assert_neq(text->zh[0], '\0');
        cr_assert_neq(text->en[0], '\0');
    }
}
