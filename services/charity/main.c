#include "common/daemon/daemon.h"
#include "services/charity/core/core.h"

int main(int argc, char **argv)
{
    return wu_daemon_main(&CHARITY_CORE, argc, argv);
}
