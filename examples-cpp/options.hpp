// The command line of the servers.
#ifndef OPTIONS_HPP
#define OPTIONS_HPP

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <string>

#include "peer.hpp"

struct server_options {
    std::string host = "127.0.0.1", port = "8080", origins;
    bool compression = ws::has_deflate();
    struct limits limits;
    ws::pmd_params pmd{};

    ws::accept_spec accept_spec() const {
        ws::accept_spec spec;
        spec.protocols = "chat, superchat";
        spec.pmd = compression ? &pmd : nullptr;
        spec.origins = origins.empty() ? std::string_view() : origins;
        return spec;
    }
};

inline constexpr std::string_view options_help =
    "  --host HOST                  the address to listen on (127.0.0.1)\n"
    "  --port PORT                  0 for a free one (8080)\n"
    "  --origin LIST                pages that may connect, e.g. \"https://a.example\n"
    "                               https://b.example:8443\"; without it, any page may\n"
    "  --handshake-timeout SECONDS  time limit for the opening handshake, and for the\n"
    "                               closing handshake (10)\n"
    "  --send-timeout SECONDS       drop a peer that has read nothing for so long while\n"
    "                               output waits for it (30)\n"
    "  --no-compression             decline permessage-deflate\n"
    "  --compress-from BYTES        send shorter messages uncompressed (1024)\n"
    "  --help                       print this text\n";

[[noreturn]] inline void reject(std::string_view what, std::string_view why) {
    std::cerr << what << ": " << why << " (see --help)\n";
    std::exit(2);
}

inline std::uint64_t parse_number(std::string_view option, std::string_view text,
                                  std::uint64_t min, std::uint64_t max) {
    std::uint64_t n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc() || end != text.data() + text.size() || n < min || n > max)
        reject(option, "not a number from " + std::to_string(min) + " to " +
                           std::to_string(max));
    return n;
}

inline server_options parse_options(int argc, char **argv, std::string_view purpose) {
    server_options o;
    for (int i = 1; i < argc; i++) {
        const std::string_view name = argv[i];
        const auto value = [&]() -> std::string_view {
            if (i + 1 == argc)
                reject(name, "needs a value");
            return argv[++i];
        };
        const auto time = [&] {
            return seconds(static_cast<long>(parse_number(name, value(), 1, 86400)));
        };
        if (name == "--host")
            o.host = value();
        else if (name == "--port")
            o.port = std::to_string(parse_number(name, value(), 0, 65535));
        else if (name == "--origin")
            o.origins = value();
        else if (name == "--handshake-timeout")
            o.limits.handshake = time();
        else if (name == "--send-timeout")
            o.limits.send = time();
        else if (name == "--no-compression")
            o.compression = false;
        else if (name == "--compress-from")
            o.limits.compress_from = parse_number(name, value(), 0, UINT64_MAX);
        else if (name == "--help") {
            std::cout << "Usage: " << argv[0] << " [OPTION...]\n\n"
                      << purpose << "\n\n"
                      << options_help;
            std::exit(0);
        } else {
            reject(name, "unknown option");
        }
    }
    if (ws::check(o.accept_spec()))
        reject("--origin", "not a list of origins like \"https://a.example\"");
    return o;
}

#endif
