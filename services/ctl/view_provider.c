#include "services/ctl/views.h"
#include "services/provider/tables.h"

const LinkageState__StepRow *ctl_view_step(struct wu_txn *txn, const struct ctl_view_offer *offer)
{
    return steps_get(txn,
                     &(struct step_key){offer->linkage_id, offer->step_no, offer->provider_id});
}

const LinkageState__ProviderRow *ctl_view_provider(struct wu_txn *txn,
                                                   const struct wu_id *provider_id)
{
    return providers_get(txn, &(struct provider_key){*provider_id});
}
