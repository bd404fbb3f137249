#pragma once

#include "services/provider/names.h"
#include "wushe/socialworker/state/v1/worker_row.pb-c.h"
#include "wushe/socialworker/v1/worker.pb-c.h"

/* Schema names for generated ones. */
typedef Socialworker__AddWorker AddWorker;
typedef Socialworker__WorkerLevel WorkerLevel;
typedef SocialworkerState__WorkerRow WorkerRow;
typedef SocialworkerState__WorkerNumberRow WorkerNumberRow;
typedef SocialworkerState__AssignmentRow AssignmentRow;
typedef SocialworkerState__WorkerStanding WorkerStanding;

#define WORKER_LEVEL(name) SOCIALWORKER__WORKER_LEVEL__WORKER_LEVEL_##name
#define WORKER_STANDING(name) SOCIALWORKER_STATE__WORKER_STANDING__WORKER_STANDING_##name
