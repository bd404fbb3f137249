#include "common/daemon/daemon.h"
#include "services/volunteer/core/core.h"

int main(int argc, char **argv)
{
    return wu_daemon_main(&VOLUNTEER_CORE, argc, argv);
}
