#include "common/daemon/daemon.h"
#include "services/community/core/core.h"

int main(int argc, char **argv)
{
    return wu_daemon_main(&COMMUNITY_CORE, argc, argv);
}
