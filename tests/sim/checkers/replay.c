/* Folding a journal again gives the same bytes: sampled, between lives and at the end. */
#include "tests/sim/checkers/checkers.h"

#include "common/journal/replay.h"

#include <stdio.h>

void replay_check(struct sim *sim, struct place *place)
{
    char scratch[128];
    struct wu_replay_report report;
    struct wu_error error = {{0}};
    (void)snprintf(scratch, sizeof scratch, "%.90s/again", sim->options.folder);
    disk_clear(scratch);
    enum wu_status status = wu_replay_verify(place->store, place->core, scratch, &report, &error);
    sim->report->replay_count++;
    if (status != WU_OK) {
        sim_violated(sim, "replay", "node %u folded again is not the same: %s %.300s",
                     place->number, report.first_difference, error.text);
    }
}

static void ended(void *state, struct sim *sim)
{
    (void)state;
    for (uint32_t number = 1; number <= sim->place_count && !sim->stopped; number++) {
        place_close(place_of(sim, number)); /* one environment per path per process */
        if (sim_chance(sim, "verify at the end", 400)) {
            replay_check(sim, place_of(sim, number));
        }
    }
}

const struct checker CHECK_REPLAY = {.name = "replay", .ended = ended};
