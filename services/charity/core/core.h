#pragma once

#include "common/fold/core.h"

/*
 * Charity resources: a provider is a fund or a store, a step asks for so many
 * fen or pieces of exactly one purpose, and every move of them is in the books.
 */
extern const struct wu_core CHARITY_CORE;
