#include "common/daemon/daemon.h"
#include "services/socialworker/core/core.h"

int main(int argc, char **argv)
{
    return wu_daemon_main(&SOCIALWORKER_CORE, argc, argv);
}
