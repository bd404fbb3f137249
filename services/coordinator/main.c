#include "common/daemon/daemon.h"
#include "services/coordinator/core/core.h"

int main(int argc, char **argv)
{
    return wu_daemon_main(&COORDINATOR_CORE, argc, argv);
}
