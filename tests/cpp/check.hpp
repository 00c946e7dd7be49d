// The assertions of the tests in C.
#ifndef CHECK_HPP
#define CHECK_HPP

#include <cstddef>
#include <cstdint>

extern "C" {
#include "../c/check.h"
}

#endif
