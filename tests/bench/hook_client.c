/* What a hook in C could cost at best, for tests/bench/hook.py: hook_client SPOOL <payload

   It only sends: no deadline, no spool, no private marks, no ignore rules, no recall. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **words) {
    static char payload[1 << 20];
    size_t size = 0;
    for (ssize_t got; size < sizeof payload && (got = read(0, payload + size, sizeof payload - size)) > 0;) size += got;

    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char link[4096];
    if (count < 2 || snprintf(link, sizeof link, "%s/socket", words[1]) >= (int)sizeof link) return 2;
    if (readlink(link, address.sun_path, sizeof address.sun_path - 1) < 0) return 3;
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(connection, (struct sockaddr *)&address, sizeof address)) return 4;
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) || peer.uid != getuid()) return 5;

    struct timespec now;
    unsigned long long chance;
    clock_gettime(CLOCK_REALTIME, &now);
    if (getrandom(&chance, sizeof chance, 0) != sizeof chance) return 6;
    char fields[128], header[160];
    int fields_size = snprintf(fields, sizeof fields, "%020lld-%016llx%c%s%c%s%c", now.tv_sec * 1000000000LL + now.tv_nsec,
                               chance, 0, "claude-code", 0, "Stop", 0);
    int header_size = snprintf(header, sizeof header, "agent-memory-envelope-1 %d %zu\n", fields_size, size);
    if (write(connection, header, header_size) != header_size) return 7;
    if (write(connection, fields, fields_size) != fields_size) return 7;
    if (write(connection, payload, size) != (ssize_t)size) return 7;
    char stored;
    if (read(connection, &stored, 1) != 1) return 8;
    puts("{\"continue\":true}");
    return 0;
}
