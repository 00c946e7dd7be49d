// Accepts connections on the loopback, one after another, and passes each to serve().
#ifndef SERVE_CLIENTS_HPP
#define SERVE_CLIENTS_HPP

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <system_error>

inline int checked(int result, const char *what) {
    if (result < 0)
        throw std::system_error(errno, std::generic_category(), what);
    return result;
}

[[noreturn]] inline void serve_clients(int argc, char **argv, void (*serve)(int fd)) {
    sockaddr_in address{};
    socklen_t len = sizeof address;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(argc == 3 ? std::atoi(argv[2]) : 8080));
    auto *name = reinterpret_cast<sockaddr *>(&address);
    int listener = checked(socket(AF_INET, SOCK_STREAM, 0), "socket");
    checked(bind(listener, name, len), "bind");
    checked(listen(listener, SOMAXCONN), "listen");
    checked(getsockname(listener, name, &len), "getsockname");
    std::printf("listening on http://127.0.0.1:%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    for (;;) {
        int fd = checked(accept(listener, nullptr, nullptr), "accept");
        serve(fd);
        close(fd);
    }
}

#endif
