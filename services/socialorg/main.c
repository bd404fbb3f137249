#include "common/daemon/daemon.h"
#include "services/socialorg/core/core.h"

int main(int argc, char **argv)
{
    return wu_daemon_main(&SOCIALORG_CORE, argc, argv);
}
